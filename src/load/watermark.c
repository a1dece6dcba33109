/*
 * watermark.c
 *	  How far a source has been loaded into a target: riskml.watermark.
 *
 * A run reads the rows from the watermark less its lag on, so that those that
 * were committed late are read by the next run, and moves the watermark in the
 * transaction that writes the rows.  The row of the watermark is locked before
 * the source is read.
 *
 * xmin: the watermark is the oldest transaction that had not ended when the
 * source was read.  A row's own is a number of 32 bits; it is compared by its
 * age, which is right for every row younger than the watermark.  A row that is
 * billions of transactions old may seem young, and is read again.
 */
#include "postgres.h"

#include <limits.h>

#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "compat.h"
#include "job/context.h"
#include "load/watermark.h"
#include "registry/owner.h"

RML_SQL_FUNCTION(riskml_set_watermark);

#define DEFAULT_LAG "5 minutes"
#define XMIN "xmin"				/* as name and type of a watermark */

/* ---- values as texts ---- */

static Datum
value_of(Oid type, const char *text)
{
	Oid			input;
	Oid			parameter;

	getTypeInputInfo(type, &input, &parameter);
	return OidInputFunctionCall(input, unconstify(char *, text), parameter, -1);
}

/* As every DateStyle reads it. */
static char *
text_of(Oid type, Datum value)
{
	int			level = NewGUCNestLevel();
	Oid			output;
	bool		varlena;
	char	   *text;

	(void) set_config_option("DateStyle", "ISO, YMD", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("TimeZone", "UTC", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	getTypeOutputInfo(type, &output, &varlena);
	text = OidOutputFunctionCall(output, value);
	AtEOXact_GUC(false, level);
	return text;
}

static bool
is_later(Oid type, const char *text, const char *than)
{
	return DatumGetInt32(FunctionCall2(&lookup_type_cache(type, TYPECACHE_CMP_PROC_FINFO)->cmp_proc_finfo,
									   value_of(type, text), value_of(type, than))) > 0;
}

/* Numbers of all types go on where another stopped. */
static Oid
stored_type(const RmlLoad *load)
{
	return load->watermark_kind == RML_WATERMARK_NUMBER ? NUMERICOID : load->watermark_type;
}

static const char *
stored_type_name(const RmlLoad *load)
{
	return load->watermark_kind == RML_WATERMARK_XMIN ? XMIN : format_type_be(stored_type(load));
}

/* ---- what is read ---- */

/* Where the lag's text is read. */
static void
in_option(void *arg)
{
	(void) arg;
	errcontext("option \"watermark_lag\" of load");
}

static Interval *
lag_as_interval(const RmlLoad *load)
{
	Datum		zero = DirectFunctionCall3(interval_in, CStringGetDatum("0"), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	Datum		lag = DirectFunctionCall3(interval_in,
										  CStringGetDatum(load->watermark_lag ? load->watermark_lag : DEFAULT_LAG),
										  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));

	if (DatumGetBool(DirectFunctionCall2(interval_lt, lag, zero)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"watermark_lag\" of load must not be negative")));
	return DatumGetIntervalP(lag);
}

static Datum
number(const char *text)
{
	return value_of(NUMERICOID, text);
}

static Datum
lag_as_number(const RmlLoad *load)
{
	Datum		lag = number(load->watermark_lag);

	if (DatumGetBool(DirectFunctionCall2(numeric_lt, lag, number("0"))) || numeric_is_nan(DatumGetNumeric(lag)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"watermark_lag\" of load must not be negative")));
	return lag;
}

/* The least number that is read: a bigint for integers, by which their indexes are searched. */
static void
set_number(const RmlLoad *load, const char *stored, Datum lag, RmlWatermark *watermark)
{
	Datum		from = DirectFunctionCall2(numeric_sub, number(stored), lag);

	watermark->type = load->watermark_type == NUMERICOID ? NUMERICOID : INT8OID;
	watermark->value = from;
	if (watermark->type == NUMERICOID)
		return;
	if (DatumGetBool(DirectFunctionCall2(numeric_lt, from, number("-9223372036854775808"))))
		watermark->value = Int64GetDatum(PG_INT64_MIN);
	else
		watermark->value = DirectFunctionCall1(numeric_int8, DirectFunctionCall1(numeric_floor, from));
}

/* Of a date the whole day is read, however short the lag. */
static void
set_value(const RmlLoad *load, const char *stored, RmlWatermark *watermark)
{
	ErrorContextCallback context = {.previous = error_context_stack, .callback = in_option};
	Datum		lag;
	Datum		value;

	error_context_stack = &context;
	lag = load->watermark_kind == RML_WATERMARK_NUMBER ? lag_as_number(load) : IntervalPGetDatum(lag_as_interval(load));
	error_context_stack = context.previous;
	if (stored == NULL)
		return;
	watermark->type = load->watermark_type;
	value = value_of(stored_type(load), stored);
	switch (load->watermark_kind)
	{
		case RML_WATERMARK_TIMESTAMPTZ:
			watermark->value = DirectFunctionCall2(timestamptz_mi_interval, value, lag);
			break;
		case RML_WATERMARK_TIMESTAMP:
			watermark->value = DirectFunctionCall2(timestamp_mi_interval, value, lag);
			break;
		case RML_WATERMARK_DATE:
			watermark->value = DirectFunctionCall1(timestamp_date, DirectFunctionCall2(date_mi_interval, value, lag));
			break;
		default:
			set_number(load, stored, lag, watermark);
	}
}

/* Can a column of the source be NULL? */
static bool
can_be_null(const RmlLoad *load)
{
	HeapTuple	tuple;
	bool		can = true;

	if (!OidIsValid(load->source.relation) || get_rel_relkind(load->source.relation) == RELKIND_FOREIGN_TABLE)
		return true;
	tuple = SearchSysCacheAttName(load->source.relation, load->watermark);
	if (HeapTupleIsValid(tuple))
	{
		can = !((Form_pg_attribute) GETSTRUCT(tuple))->attnotnull;
		ReleaseSysCache(tuple);
	}
	return can;
}

static void
read_from_value(const RmlLoad *load, RmlWatermark *watermark)
{
	const char *column = quote_identifier(load->watermark);

	set_value(load, watermark->stored, watermark);
	if (!OidIsValid(watermark->type))
		return;
	watermark->condition = psprintf("source.%s OPERATOR(pg_catalog.>=) $1", column);
	if (can_be_null(load))
		watermark->condition = psprintf("(%s OR source.%s IS NULL)", watermark->condition, column);
}

static uint64
next_transaction(void)
{
	return U64FromFullTransactionId(ReadNextFullTransactionId());
}

static void
read_from_transaction(RmlWatermark *watermark, bool same_cluster)
{
	uint64		next = next_transaction();
	uint64		from;

	(void) rml_sql("SELECT pg_snapshot_xmin(pg_current_snapshot())::text", 0, NULL);
	watermark->next = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (watermark->stored == NULL || !same_cluster)
		return;
	from = strtou64(watermark->stored, NULL, 10);
	if (from > next || next - from >= INT_MAX)
		return;
	watermark->condition = "pg_catalog.age(source.xmin) OPERATOR(pg_catalog.<=) $1";
	watermark->type = INT4OID;
	watermark->value = Int32GetDatum((int32) (next - from));
}

/* ---- the row ---- */

static void
act(RmlOwnerScope *scope)
{
	rml_act_begin(scope, get_relname_relid("watermark", get_namespace_oid("riskml", false)));
}

/* Targets and the hash of sources, which may be of any length. */
#define IS_THE_ROW "target = $1 AND source_hash = sha256($2)"

static void
set_key(RmlParam *params, Oid target, const char *source)
{
	params[0] = rml_param_oid(REGCLASSOID, target);
	params[1] = rml_param_datum(BYTEAOID, CStringGetTextDatum(source), false);
}

static RmlParam
run_param(void)
{
	int64		run = rml_context_run_id();

	return rml_param_datum(INT8OID, Int64GetDatum(run), run == 0);
}

static char *
column_of_row(int column)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
}

static Oid
owner_of_row(int column)
{
	bool		null;

	return DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &null));
}

static void
require_owner(Oid caller, Oid owner, const char *source, Oid target)
{
	if (has_privs_of_role(caller, owner))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("must be owner of the watermark of source %s for %s", source, get_rel_name(target)),
			 errdetail("It belongs to role \"%s\".", GetUserNameFromId(owner, true)),
			 errhint("Write the source as another query, which has a watermark of its own.")));
}

static void
check_same_column(const RmlLoad *load, const char *column, const char *type)
{
	if (strcmp(column, load->watermark) == 0 && strcmp(type, stored_type_name(load)) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the watermark of the source is column \"%s\" of type %s so far, not \"%s\" of type %s", column, type,
					load->watermark, stored_type_name(load)),
			 errhint("riskml.set_watermark() with the value NULL lets it begin anew.")));
}

/* A dropped table's are of no more use; a number that a table has had may come again. */
static void
remove_those_of_dropped_targets(void)
{
	if (!IsolationUsesXactSnapshot())
		(void) rml_sql("DELETE FROM riskml.watermark WHERE ctid = ANY (ARRAY(SELECT w.ctid FROM riskml.watermark w\n"
					   " WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = w.target) FOR UPDATE SKIP LOCKED))", 0, NULL);
}

void
rml_watermark_begin(const RmlLoad *load, RmlWatermark *watermark)
{
	MemoryContext caller = CurrentMemoryContext;
	RmlOwnerScope scope;
	RmlParam	params[6];
	bool		same_cluster;
	bool		is_new;

	memset(watermark, 0, sizeof(*watermark));
	act(&scope);
	set_key(params, RelationGetRelid(load->target), load->source.text);
	params[2] = rml_param_text(load->source.text);
	params[3] = rml_param_text(load->watermark);
	params[4] = rml_param_text(stored_type_name(load));
	params[5] = rml_param_oid(REGROLEOID, scope.caller);
	(void) rml_sql("INSERT INTO riskml.watermark AS w (target, source_hash, source, watermark_column, value_type, owner)\n"
				   "VALUES ($1, sha256($2), $3, $4, $5, $6)\n"
				   "ON CONFLICT (target, source_hash) DO UPDATE SET updated_at = w.updated_at\n"
				   "RETURNING w.value, w.watermark_column, w.value_type, w.owner::oid, w.system_identifier::text, w.xmax = 0",
				   6, params);
	watermark->stored = column_of_row(1);
	if (SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(owner_of_row(4))))
		require_owner(scope.caller, owner_of_row(4), load->source.text, RelationGetRelid(load->target));
	if (watermark->stored != NULL)
	{
		check_same_column(load, column_of_row(2), column_of_row(3));
		watermark->stored = MemoryContextStrdup(caller, watermark->stored);
	}
	same_cluster = column_of_row(5) != NULL && strtou64(column_of_row(5), NULL, 10) == GetSystemIdentifier();
	is_new = strcmp(column_of_row(6), "t") == 0;
	if (is_new)
		remove_those_of_dropped_targets();
	if (load->watermark_kind == RML_WATERMARK_XMIN)
	{
		read_from_transaction(watermark, same_cluster);
		watermark->next = MemoryContextStrdup(caller, watermark->next);
	}
	rml_act_end(&scope);
	MemoryContextSwitchTo(caller);
	if (load->watermark_kind != RML_WATERMARK_XMIN)
		read_from_value(load, watermark);
}

/* What is stored after a run. */
static const char *
value_after(const RmlLoad *load, const RmlWatermark *watermark, const RmlBatch *batch)
{
	char	   *maximum;

	if (load->watermark_kind == RML_WATERMARK_XMIN)
		return watermark->next;
	if (!batch->has_maximum)
		return watermark->stored;
	maximum = text_of(load->watermark_type, batch->maximum);
	return watermark->stored == NULL || is_later(stored_type(load), maximum, watermark->stored) ? maximum : watermark->stored;
}

void
rml_watermark_advance(const RmlLoad *load, const RmlWatermark *watermark, const RmlBatch *batch)
{
	const char *value = value_after(load, watermark, batch);
	char		cluster[32];
	RmlOwnerScope scope;
	RmlParam	params[8];

	snprintf(cluster, sizeof(cluster), UINT64_FORMAT, GetSystemIdentifier());
	act(&scope);
	set_key(params, RelationGetRelid(load->target), load->source.text);
	params[2] = rml_param_text(value);
	params[3] = rml_param_text(load->watermark);
	params[4] = rml_param_text(stored_type_name(load));
	params[5] = run_param();
	params[6] = rml_param_text(load->watermark_kind == RML_WATERMARK_XMIN ? cluster : NULL);
	params[7] = rml_param_oid(REGROLEOID, scope.caller);
	(void) rml_sql("UPDATE riskml.watermark SET value = $3, watermark_column = $4, value_type = $5, updated_at = now(), run_id = $6,\n"
				   " system_identifier = $7::numeric,\n"
				   " owner = CASE WHEN EXISTS (SELECT FROM pg_roles r WHERE r.oid = owner) THEN owner ELSE $8 END\n"
				   "WHERE " IS_THE_ROW, 8, params);
	rml_act_end(&scope);
}

/* ---- set_watermark() ---- */

static char *
checked_transaction(const char *text)
{
	char	   *end;
	uint64		value;

	errno = 0;
	value = strtou64(text, &end, 10);
	if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || value > next_transaction())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid watermark \"%s\" of type xmin", text),
				 errhint("It is the number of a transaction of the past, as pg_current_xact_id() gives it.")));
	return psprintf(UINT64_FORMAT, value);
}

/* A text as it is to be stored; an error unless it is of this type. */
static char *
checked(const char *type, const char *text)
{
	Oid			type_id;
	char	   *value;

	if (strcmp(type, XMIN) == 0)
		return checked_transaction(text);
	type_id = DatumGetObjectId(DirectFunctionCall1(regtypein, CStringGetDatum(type)));
	value = text_of(type_id, value_of(type_id, text));
	if (strstr(value, "infinity") != NULL || strstr(value, "Infinity") != NULL || strcmp(value, "NaN") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a watermark must be finite"),
				 errhint("NULL is the beginning.")));
	return value;
}

/* The row is not waited for, as the audit log is locked meanwhile. */
static void
lock_row(const RmlParam key[2], const char *source, Oid target)
{
	MemoryContext caller = CurrentMemoryContext;
	uint64		found = 0;

	PG_TRY();
	{
		found = rml_sql("SELECT watermark_column, value_type, value, owner::oid FROM riskml.watermark WHERE " IS_THE_ROW
						" FOR UPDATE NOWAIT", 2, key);
	}
	PG_CATCH();
	{
		const ErrorData *fault;

		MemoryContextSwitchTo(caller);
		fault = CopyErrorData();
		if (fault->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
			PG_RE_THROW();
		FlushErrorState();
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("source %s is being loaded into %s", source, get_rel_name(target)),
				 errhint("Set the watermark when that is over.")));
	}
	PG_END_TRY();
	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("source %s has no watermark for %s", source, get_rel_name(target)),
				 errhint("riskml.watermarks lists them; the first load makes one.")));
}

/* riskml.set_watermark(source, target, value, reason): the next load reads from there; NULL: from the beginning. */
Datum
riskml_set_watermark(PG_FUNCTION_ARGS)
{
	char	   *name = RML_TEXT_ARG(0, "source");
	char	   *value = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	RmlAuditEntry entry = {.action = "set_watermark", .reason = rml_reason_arg(fcinfo, 3)};
	RmlSource	source;
	RmlOwnerScope scope;
	RmlParam	params[3];
	Oid			target;
	char	   *before;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"target\" must not be null")));
	target = PG_GETARG_OID(1);
	rml_source_read(name, true, &source);
	rml_owner_begin(&scope);
	set_key(params, target, source.text);
	lock_row(params, source.text, target);
	require_owner(scope.caller, owner_of_row(4), source.text, target);
	before = column_of_row(3);
	if (value != NULL)
		value = checked(column_of_row(2), value);
	entry.model = quote_qualified_identifier(get_namespace_name(get_rel_namespace(target)), get_rel_name(target));
	entry.detail = psprintf("watermark %s of source %s: from %s to %s", column_of_row(1), source.text,
							before ? before : "the beginning", value ? value : "the beginning");
	params[2] = rml_param_text(value);
	(void) rml_sql("UPDATE riskml.watermark SET value = $3, updated_at = now(), run_id = NULL WHERE " IS_THE_ROW, 3, params);
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}
