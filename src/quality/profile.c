/*
 * profile.c
 *	  riskml.profile(): a suite proposed from what is in a relation.
 *
 * One scan of all columns, as the caller; then a sort of those that may be
 * unique.  The same rows in any order give the same suite.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "quality/profile.h"

RML_SQL_FUNCTION(riskml_profile);

/* A receiver of the executor: the rows of the relation. */
typedef struct Profile
{
	DestReceiver receiver;
	RmlColumnProfile **columns;
	char	  **names;			/* as SQL wants them */
	int			n;
	uint64		rows;
	MemoryContext row;			/* reset for each */
} Profile;

static void
begin_profile(Profile *profile, Oid relation)
{
	Relation	rel = relation_open(relation, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);

	profile->columns = palloc0(sizeof(RmlColumnProfile *) * (Size) desc->natts);
	profile->names = palloc0(sizeof(char *) * (Size) desc->natts);
	for (int i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attisdropped)
			continue;
		profile->names[profile->n] = pstrdup(NameStr(TupleDescAttr(desc, i)->attname));
		profile->columns[profile->n++] = rml_column_profile_begin(TupleDescAttr(desc, i));
	}
	relation_close(rel, AccessShareLock);
	profile->row = AllocSetContextCreate(CurrentMemoryContext, "riskml profile of a row", ALLOCSET_DEFAULT_SIZES);
}

static void
startup(DestReceiver *self, int operation, TupleDesc desc)
{
	(void) self;
	(void) operation;
	(void) desc;
}

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	Profile	   *profile = (Profile *) self;
	MemoryContext caller = MemoryContextSwitchTo(profile->row);

	slot_getallattrs(slot);
	for (int i = 0; i < profile->n; i++)
	{
		if (!slot->tts_isnull[i])
			rml_column_profile_add(profile->columns[i], slot->tts_values[i]);
	}
	profile->rows++;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(profile->row);
	return true;
}

static void
shutdown(DestReceiver *self)
{
	(void) self;
}

static char *
relation_sql(Oid relation)
{
	char	   *name = get_rel_name(relation);
	char		kind = get_rel_relkind(relation);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_VIEW && kind != RELKIND_MATVIEW &&
		kind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" has no rows to profile", name),
				 errhint("Give a table or a view.")));
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), name);
}

static void
read_rows(Profile *profile, const char *relation)
{
	SPIExecuteOptions options = {.read_only = true, .dest = &profile->receiver};
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	for (int i = 0; i < profile->n; i++)
		appendStringInfo(&sql, "%s%s", i == 0 ? "" : ", ", quote_identifier(profile->names[i]));
	appendStringInfo(&sql, " FROM %s", relation);
	/* "utility": the result is not SPI's */
	if (SPI_execute_extended(sql.data, &options) != SPI_OK_UTILITY)
		elog(ERROR, "the rows of a relation could not be read");
}

/* One sort for each column that may be unique. */
static void
find_unique(Profile *profile, const char *relation)
{
	StringInfoData sql;
	int			n = 0;

	initStringInfo(&sql);
	for (int i = 0; i < profile->n; i++)
	{
		const char *name = quote_identifier(profile->names[i]);

		if (rml_column_profile_may_be_unique(profile->columns[i]))
			appendStringInfo(&sql, "%s pg_catalog.count(DISTINCT %s) OPERATOR(pg_catalog.=) pg_catalog.count(%s)",
							 n++ == 0 ? "SELECT" : ",", name, name);
	}
	if (n == 0)
		return;
	appendStringInfo(&sql, " FROM %s", relation);
	if (SPI_execute(sql.data, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "values could not be counted");
	n = 0;
	for (int i = 0; i < profile->n; i++)
	{
		bool		null;

		if (rml_column_profile_may_be_unique(profile->columns[i]))
			rml_column_profile_set_unique(profile->columns[i], DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
																						SPI_tuptable->tupdesc, ++n, &null)));
	}
}

static char *
suite_of(const Profile *profile, Oid relation)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"name\": ");
	escape_json(&json, get_rel_name(relation));
	appendStringInfoString(&json, ", \"expectations\": [{\"type\": \"expect_table_columns_to_match_ordered_list\", \"kwargs\": {\"column_list\": [");
	for (int i = 0; i < profile->n; i++)
	{
		appendStringInfoString(&json, i == 0 ? "" : ", ");
		escape_json(&json, profile->names[i]);
	}
	appendStringInfoString(&json, "]}}");
	if (profile->rows > 0)
		appendStringInfoString(&json, ", {\"type\": \"expect_table_row_count_to_be_between\", \"kwargs\": {\"min_value\": 1}}");
	for (int i = 0; i < profile->n; i++)
		rml_column_profile_expect(profile->columns[i], profile->rows, &json);
	appendStringInfo(&json, "], \"meta\": {\"great_expectations_version\": \"1.3.0\", \"riskml\": {\"profiled_rows\": " UINT64_FORMAT "}}}",
					 profile->rows);
	return json.data;
}

/* riskml.profile(relation): a suite that the relation's rows pass. */
Datum
riskml_profile(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	Profile		profile = {.receiver = {receive, startup, shutdown, shutdown, DestNone}};
	int			level;
	char	   *relation;
	Datum		suite;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"relation\" must not be null")));
	relation = relation_sql(PG_GETARG_OID(0));
	/* texts of values are the same for everybody */
	level = NewGUCNestLevel();
	(void) set_config_option("DateStyle", "ISO, YMD", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("TimeZone", "UTC", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("extra_float_digits", "1", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	begin_profile(&profile, PG_GETARG_OID(0));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (profile.n > 0)
	{
		read_rows(&profile, relation);
		find_unique(&profile, relation);
	}
	SPI_finish();
	MemoryContextSwitchTo(caller);
	suite = DirectFunctionCall1(jsonb_in, CStringGetDatum(suite_of(&profile, PG_GETARG_OID(0))));
	AtEOXact_GUC(false, level);
	return suite;
}
