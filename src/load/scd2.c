/*
 * scd2.c
 *	  The mode scd2: a row for each version of a key, with the time from and to
 *	  which it holds.
 *
 * The current version has valid_to NULL.  A row that differs from it closes it
 * at its moment and opens the next one; at the same moment it is changed in
 * place, and a row from before it is left out.  So the same rows may come again
 * and change nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "load/batch.h"
#include "load/write.h"

/* The time from which a row of the batch holds, in the precision that the target has. */
static char *
moment_of(const RmlLoad *load)
{
	Form_pg_attribute column = TupleDescAttr(RelationGetDescr(load->target), rml_version_column(load, RML_VALID_FROM) - 1);
	char	   *type = format_type_with_typemod(TIMESTAMPTZOID, column->atttypmod);
	const char *watermark = load->watermark_in_batch == 0 ? NULL :
		quote_identifier(load->watermark_in_batch > load->n_columns ? RML_WATERMARK_NAME :
						 load->columns[load->watermark_in_batch - 1].name);

	if (load->watermark_kind != RML_WATERMARK_TIMESTAMPTZ && load->watermark_kind != RML_WATERMARK_TIMESTAMP &&
		load->watermark_kind != RML_WATERMARK_DATE)
		return psprintf("pg_catalog.now()::%s", type);
	return psprintf("(CASE WHEN pg_catalog.isfinite(%s) THEN %s::%s ELSE pg_catalog.now() END)::%s",
					watermark, watermark, type, type);
}

/* The batch with its moments. */
static char *
batch_with_moments(const RmlLoad *load)
{
	return psprintf("(SELECT *, %s AS \"riskml moment\" FROM " RML_BATCH ") AS batch", moment_of(load));
}

/* UPDATE of the current versions that differ and whose begin compares so with the moment. */
static uint64
update_current(const RmlLoad *load, const char *set, const char *operator)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s%s AS target SET %s FROM %s WHERE ", rml_only(load), load->target_name, set,
					 batch_with_moments(load));
	rml_add_same_key(&sql, load, "target", "batch");
	appendStringInfo(&sql, " AND target." RML_VALID_TO " IS NULL AND batch.\"riskml moment\" OPERATOR(pg_catalog.%s)"
					 " coalesce(target." RML_VALID_FROM ", '-infinity'::pg_catalog.timestamptz) AND ", operator);
	rml_add_differs(&sql, load, "target.", "batch.");
	return rml_write(sql.data);
}

static uint64
open_versions(const RmlLoad *load, bool has_flag)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (", load->target_name);
	rml_add_names(&sql, load, RML_ALL, "");
	appendStringInfo(&sql, ", " RML_VALID_FROM ", " RML_VALID_TO "%s) SELECT ", has_flag ? ", " RML_IS_CURRENT : "");
	rml_add_names(&sql, load, RML_ALL, "batch.");
	appendStringInfo(&sql, ", batch.\"riskml moment\", NULL%s FROM %s WHERE NOT EXISTS (SELECT FROM %s%s AS there WHERE ",
					 has_flag ? ", true" : "", batch_with_moments(load), rml_only(load), load->target_name);
	rml_add_same_key(&sql, load, "there", "batch");
	/* one that was closed by hand after the moment is not opened again by a row that comes again */
	appendStringInfoString(&sql, " AND (there." RML_VALID_TO " IS NULL OR there." RML_VALID_TO
						   " OPERATOR(pg_catalog.>) batch.\"riskml moment\"))");
	return rml_write(sql.data);
}

void
rml_scd2(const RmlLoad *load, RmlCounts *counts)
{
	bool		has_flag = rml_version_column(load, RML_IS_CURRENT) != 0;
	StringInfoData set;

	if (rml_has_others(load))
	{
		initStringInfo(&set);
		rml_add_assignments(&set, load, "batch.");
		counts->updated = update_current(load, set.data, "=");
		counts->closed = update_current(load, has_flag ? RML_VALID_TO " = batch.\"riskml moment\", " RML_IS_CURRENT " = false" :
										RML_VALID_TO " = batch.\"riskml moment\"", ">");
	}
	counts->inserted = open_versions(load, has_flag);
}
