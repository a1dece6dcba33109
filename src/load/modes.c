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
begin_insert(StringInfo sql, const RmlLoad *load)
{
	initStringInfo(sql);
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

	begin_insert(&sql, load);
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
	counts->inserted += rml_write(sql.data);
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

/* Rows of the batch whose key is not there: as nothing else is, true unless others write at the same time. */
static uint64
count_new(const RmlLoad *load)
{
	StringInfoData sql;
	bool		null;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT pg_catalog.count(*)::pg_catalog.int8 FROM " RML_BATCH " AS batch");
	add_not_there(&sql, load);
	(void) rml_write(sql.data);
	return (uint64) DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
}

void
rml_upsert(const RmlLoad *load, RmlCounts *counts)
{
	bool		told = tells_inserted(load);
	uint64		inserted = told ? 0 : count_new(load);
	uint64		written;
	StringInfoData sql;

	begin_insert(&sql, load);
	add_on_conflict(&sql, load);
	if (rml_has_others(load))
	{
		appendStringInfoString(&sql, "UPDATE SET ");
		rml_add_assignments(&sql, load, "excluded.");
		appendStringInfoString(&sql, " WHERE ");
		rml_add_differs(&sql, load, "target.", "excluded.");
	}
	else
		appendStringInfoString(&sql, "NOTHING");
	if (told)
	{
		appendStringInfoString(&sql, " RETURNING target.xmax OPERATOR(pg_catalog.=) 0");
		written = rml_write_counting(sql.data, &inserted);
	}
	else
	{
		written = rml_write(sql.data);
		inserted = Min(inserted, written);
	}
	counts->inserted += inserted;
	counts->updated += written - inserted;
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

void
rml_replace(const RmlLoad *load, RmlCounts *counts)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "DELETE FROM %s%s AS there", rml_only(load), load->target_name);
	if (load->key != NIL)
	{
		appendStringInfoString(&sql, " WHERE NOT EXISTS (SELECT FROM " RML_BATCH " AS batch WHERE ");
		rml_add_same_key(&sql, load, "there", "batch");
		appendStringInfoChar(&sql, ')');
	}
	else
		refuse_if_referenced(load);
	counts->deleted = rml_write(sql.data);
	if (load->key != NIL)
		rml_upsert(load, counts);
	else
		rml_append(load, counts);
}
