/*
 * write.c
 *	  The statements that write a batch to the target: what the modes share.
 *
 * They run as the caller and with the caller's search path, which triggers may
 * need; so everything in them is qualified.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "load/write.h"
#include "registry/acting.h"

/* ---- SQL ---- */

static bool
wanted(const RmlColumn *column, RmlWhich which)
{
	return which == RML_ALL || column->key == (which == RML_KEY);
}

void
rml_add_names(StringInfo sql, const RmlLoad *load, RmlWhich which, const char *prefix)
{
	const char *comma = "";

	for (int i = 0; i < load->n_columns; i++)
	{
		if (!wanted(&load->columns[i], which))
			continue;
		appendStringInfo(sql, "%s%s%s", comma, prefix, quote_identifier(load->columns[i].name));
		comma = ", ";
	}
}

/* By its schema, whatever the search path. */
static void
add_equality(StringInfo sql, Oid type)
{
	Oid			operator = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	appendStringInfo(sql, " OPERATOR(%s.%s) ", quote_identifier(get_namespace_name(form->oprnamespace)), NameStr(form->oprname));
	ReleaseSysCache(tuple);
}

void
rml_add_same_key(StringInfo sql, const RmlLoad *load, const char *left, const char *right)
{
	const char *and = "";

	for (int i = 0; i < load->n_columns; i++)
	{
		const RmlColumn *column = &load->columns[i];
		const char *name = quote_identifier(column->name);

		if (!column->key)
			continue;
		appendStringInfo(sql, "%s%s.%s", and, left, name);
		add_equality(sql, TupleDescAttr(RelationGetDescr(load->target), column->target - 1)->atttypid);
		appendStringInfo(sql, "%s.%s", right, name);
		and = " AND ";
	}
}

void
rml_add_assignments(StringInfo sql, const RmlLoad *load, const char *prefix)
{
	const char *comma = "";

	for (int i = 0; i < load->n_columns; i++)
	{
		const char *name = quote_identifier(load->columns[i].name);

		if (load->columns[i].key)
			continue;
		appendStringInfo(sql, "%s%s = %s%s", comma, name, prefix, name);
		comma = ", ";
	}
}

/* Are values of a column that its operator calls equal the same bytes, too? */
static bool
equal_is_same(const RmlLoad *load, const RmlColumn *column)
{
	Form_pg_attribute to = TupleDescAttr(RelationGetDescr(load->target), column->target - 1);

	switch (to->atttypid)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case UUIDOID:
		case BYTEAOID:
			return true;
		case TEXTOID:
		case VARCHAROID:
			return get_collation_isdeterministic(to->attcollation);
		default:
			return false;
	}
}

/* left.a and right.a differ: no NULL comes of it that could hide another column's true */
static void
add_column_differs(StringInfo sql, const char *name, const char *left, const char *right)
{
	appendStringInfo(sql, "%s%s OPERATOR(pg_catalog.<>) %s%s OR (%s%s IS NULL) OPERATOR(pg_catalog.<>) (%s%s IS NULL)",
					 left, name, right, name, left, name, right, name);
}

static void
add_images_differ(StringInfo sql, const char *names[], int n, const char *left, const char *right)
{
	for (int side = 0; side < 2; side++)
	{
		appendStringInfoString(sql, side == 0 ? "ROW(" : " OPERATOR(pg_catalog.*<>) ROW(");
		for (int i = 0; i < n; i++)
			appendStringInfo(sql, "%s%s%s", i == 0 ? "" : ", ", side == 0 ? left : right, names[i]);
		appendStringInfoString(sql, ")::pg_catalog.record");
	}
}

/* One by one where that is quick: rows to be compared as a whole have to be built first. */
void
rml_add_differs(StringInfo sql, const RmlLoad *load, const char *left, const char *right)
{
	const char **others = palloc(sizeof(char *) * (size_t) load->n_columns);
	int			n_others = 0;
	const char *or = "";

	appendStringInfoChar(sql, '(');
	for (int i = 0; i < load->n_columns; i++)
	{
		const RmlColumn *column = &load->columns[i];

		if (column->key)
			continue;
		if (!equal_is_same(load, column))
		{
			others[n_others++] = quote_identifier(column->name);
			continue;
		}
		appendStringInfoString(sql, or);
		add_column_differs(sql, quote_identifier(column->name), left, right);
		or = " OR ";
	}
	if (n_others > 0)
	{
		appendStringInfoString(sql, or);
		add_images_differ(sql, others, n_others, left, right);
	}
	appendStringInfoChar(sql, ')');
}

bool
rml_has_others(const RmlLoad *load)
{
	return load->n_columns > list_length(load->key);
}

const char *
rml_only(const RmlLoad *load)
{
	return load->target->rd_rel->relkind == RELKIND_RELATION ? "ONLY " : "";
}

/* ---- running ---- */

uint64
rml_write(const char *sql)
{
	int			result = SPI_execute(sql, false, 0);

	if (result < 0)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

typedef struct Counter
{
	DestReceiver pub;
	uint64		n_true;
} Counter;

static bool
count(TupleTableSlot *slot, DestReceiver *self)
{
	bool		null;
	Datum		value = slot_getattr(slot, 1, &null);

	((Counter *) self)->n_true += !null && DatumGetBool(value);
	return true;
}

static void
start(DestReceiver *self, int operation, TupleDesc columns)
{
	(void) self;
	(void) operation;
	(void) columns;
}

static void
do_nothing(DestReceiver *self)
{
	(void) self;
}

static int
run_piece(SPIPlanPtr *plan, const char *sql, const SPIExecuteOptions *options)
{
	if (*plan == NULL)
		*plan = SPI_prepare(sql, 0, NULL);
	if (*plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return SPI_execute_plan_extended(*plan, options);
}

uint64
rml_write_batch(const RmlLoad *load, const char *sql, uint64 *n_true)
{
	Counter		counter = {.pub = {count, start, do_nothing, do_nothing, DestTuplestore}};
	SPIExecuteOptions options = {.dest = n_true != NULL ? &counter.pub : NULL};
	int			result = load->piece_plan != NULL ? run_piece(load->piece_plan, sql, &options) :
		SPI_execute_extended(sql, &options);

	if (result < 0)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(result));
	if (n_true != NULL)
		*n_true = counter.n_true;
	return SPI_processed;
}

/* ---- locks ---- */

/*
 * Under REPEATABLE READ the snapshot may be older than the lock, and miss rows
 * that others have written before it was granted: they would be left.
 */
static void
check_snapshot(const RmlLoad *load)
{
	char	   *sql = psprintf("SELECT pg_catalog.count(*)::pg_catalog.int8 FROM %s%s", rml_only(load), load->target_name);
	int64		counts[2];
	bool		null;

	if (!IsolationUsesXactSnapshot())
		return;
	for (int i = 0; i < 2; i++)
	{
		(void) (i == 0 ? rml_sql_read(sql, 0, NULL) : rml_sql_latest(sql, 0, NULL));
		counts[i] = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
	}
	if (counts[0] != counts[1])
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access to %s due to concurrent writes", load->target_name),
				 errhint("Retry the transaction.")));
}

void
rml_keep_writers_out(const RmlLoad *load)
{
	(void) rml_write(psprintf("LOCK TABLE %s%s IN SHARE ROW EXCLUSIVE MODE", rml_only(load), load->target_name));
	check_snapshot(load);
}

void
rml_keep_loads_out(const RmlLoad *load)
{
	/* a lock that nothing else takes: one on the table would ask for more privileges */
	LockDatabaseObject(RelationRelationId, RelationGetRelid(load->target), 1, ExclusiveLock);
	check_snapshot(load);
}
