/*
 * modes.c
 *	  The modes append, upsert and replace.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/rel.h"

#include "load/batch.h"
#include "load/write.h"
#include "registry/acting.h"

/* INSERT INTO target ... SELECT ... FROM the batch */
static void
add_insert(StringInfo sql, const RmlLoad *load)
{
	appendStringInfo(sql, "INSERT INTO %s AS target (", load->target_name);
	rml_add_names(sql, load, RML_ALL, "");
	appendStringInfoString(sql, ") SELECT ");
	rml_add_names(sql, load, RML_ALL, "batch.");
	appendStringInfoString(sql, " FROM " RML_BATCH " AS batch");
}

static void
add_not_there(StringInfo sql, const RmlLoad *load)
{
	appendStringInfo(sql, " WHERE NOT EXISTS (SELECT FROM %s%s AS there WHERE ", rml_only(load), load->target_name);
	rml_add_same_key(sql, load, "there", "batch");
	appendStringInfoChar(sql, ')');
}

static void
add_on_conflict(StringInfo sql, const RmlLoad *load)
{
	appendStringInfoString(sql, " ON CONFLICT (");
	rml_add_names(sql, load, RML_KEY, "");
	appendStringInfoString(sql, ") DO ");
}

void
rml_append(const RmlLoad *load, RmlCounts *counts)
{
	StringInfoData sql;

	initStringInfo(&sql);
	add_insert(&sql, load);
	if (load->key_is_unique)
	{
		add_on_conflict(&sql, load);
		appendStringInfoString(&sql, "NOTHING");
	}
	else if (load->key != NIL)
	{
		rml_keep_loads_out(load);
		add_not_there(&sql, load);
	}
	counts->inserted += rml_write_batch(load, sql.data, NULL);
}

/*
 * A row that ON CONFLICT has updated is marked as locked by this transaction,
 * one that it has inserted is not.  Rows of partitions cannot be asked, nor can
 * those of a table of which only some columns may be read.
 */
static bool
tells_inserted(const RmlLoad *load)
{
	return load->target->rd_rel->relkind == RELKIND_RELATION &&
		pg_class_aclcheck(RelationGetRelid(load->target), GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* A bigint of the only row of a result. */
static uint64
get_count(int column)
{
	bool		null;

	return (uint64) DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &null));
}

/* Rows of the batch whose key is not there: as nothing else is, true unless others write at the same time. */
static uint64
count_new(const RmlLoad *load)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT pg_catalog.count(*)::pg_catalog.int8 FROM " RML_BATCH " AS batch");
	add_not_there(&sql, load);
	(void) rml_write(sql.data);
	return get_count(1);
}

/* INSERT ... ON CONFLICT, where a condition holds (NULL: always) */
static void
add_upsert(StringInfo sql, const RmlLoad *load, const char *condition)
{
	add_insert(sql, load);
	if (condition != NULL)
		appendStringInfo(sql, " WHERE %s", condition);
	add_on_conflict(sql, load);
	if (!rml_has_others(load))
	{
		appendStringInfoString(sql, "NOTHING");
		return;
	}
	appendStringInfoString(sql, "UPDATE SET ");
	rml_add_assignments(sql, load, "excluded.");
	appendStringInfoString(sql, " WHERE ");
	rml_add_differs(sql, load, "target.", "excluded.");
}

static void
add_written(RmlCounts *counts, uint64 written, uint64 inserted)
{
	inserted = Min(inserted, written);
	counts->inserted += inserted;
	counts->updated += written - inserted;
}

#define WAS_INSERTED "target.xmax OPERATOR(pg_catalog.=) 0"

void
rml_upsert(const RmlLoad *load, RmlCounts *counts)
{
	StringInfoData sql;
	uint64		written;
	uint64		inserted;

	initStringInfo(&sql);
	add_upsert(&sql, load, NULL);
	if (tells_inserted(load))
	{
		appendStringInfoString(&sql, " RETURNING " WAS_INSERTED);
		written = rml_write_batch(load, sql.data, &inserted);
	}
	else
	{
		inserted = count_new(load);
		written = rml_write_batch(load, sql.data, NULL);
	}
	add_written(counts, written, inserted);
}

bool
rml_writes_in_pieces(const RmlLoad *load)
{
	/* where each piece would search the whole target, all rows are written at once */
	return (load->mode == RML_APPEND && (load->key == NIL || load->key_is_unique)) ||
		(load->mode == RML_UPSERT && tells_inserted(load));
}

/* ---- replace ---- */

/* Without a key every row is deleted and inserted, which rows that refer to them would not survive. */
static void
refuse_if_referenced(const RmlLoad *load)
{
	RmlParam	param = rml_param_oid(OIDOID, RelationGetRelid(load->target));

	if (rml_sql_read("SELECT c.conname::pg_catalog.text, c.conrelid::pg_catalog.regclass::pg_catalog.text FROM pg_catalog.pg_constraint c"
					 " WHERE c.contype OPERATOR(pg_catalog.=) 'f' AND c.confrelid OPERATOR(pg_catalog.=) $1"
					 " AND c.conrelid OPERATOR(pg_catalog.<>) $1 ORDER BY c.oid LIMIT 1", 1, &param) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			 errmsg("rows of %s cannot all be replaced, as others refer to them", load->target_name),
			 errdetail("Constraint \"%s\" of table %s does.",
					   SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1),
					   SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2)),
			 errhint("Give option \"key\": rows whose key is there still are kept then.")));
}

static void
replace_all(const RmlLoad *load, RmlCounts *counts)
{
	refuse_if_referenced(load);
	counts->deleted += rml_write(psprintf("DELETE FROM %s%s", rml_only(load), load->target_name));
	rml_append(load, counts);
}

/*
 * One statement: rows that go may be referred to by rows that are changed, and
 * have unique values that others take over.  So they go first, and foreign keys
 * are looked at in the end.
 */
static void
replace_by_key(const RmlLoad *load, RmlCounts *counts)
{
	bool		told = tells_inserted(load);
	uint64		n_new = told ? 0 : count_new(load);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "WITH gone AS (DELETE FROM %s%s AS there WHERE NOT EXISTS (SELECT FROM " RML_BATCH " AS batch WHERE ",
					 rml_only(load), load->target_name);
	rml_add_same_key(&sql, load, "there", "batch");
	appendStringInfoString(&sql, ") RETURNING 1), written AS (");
	add_upsert(&sql, load, "(SELECT pg_catalog.count(*) FROM gone) IS NOT NULL");
	appendStringInfo(&sql, " RETURNING %s AS is_new) SELECT (SELECT pg_catalog.count(*) FROM gone)::pg_catalog.int8,"
					 " pg_catalog.count(*)::pg_catalog.int8, pg_catalog.count(*) FILTER (WHERE is_new)::pg_catalog.int8 FROM written",
					 told ? WAS_INSERTED : "false");
	(void) rml_write(sql.data);
	counts->deleted += get_count(1);
	add_written(counts, get_count(2), told ? get_count(3) : n_new);
}

void
rml_replace(const RmlLoad *load, RmlCounts *counts)
{
	if (load->key != NIL)
		replace_by_key(load, counts);
	else
		replace_all(load, counts);
}
