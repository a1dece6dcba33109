/*
 * target.c
 *	  The table that rows are loaded into.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "load/target.h"

char *
rml_relation_name(Relation rel)
{
	return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)), RelationGetRelationName(rel));
}

bool
rml_column_takes(Form_pg_attribute column)
{
	return !column->attisdropped && column->attgenerated == '\0' &&
		column->attidentity != ATTRIBUTE_IDENTITY_ALWAYS;
}

/* What a relation of that kind is called; NULL: it can be loaded into. */
static const char *
wrong_kind(Relation rel)
{
	if (IsCatalogRelation(rel))
		return "a system catalog";
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
			return NULL;
		case RELKIND_VIEW:
			return "a view";
		case RELKIND_MATVIEW:
			return "a materialized view";
		case RELKIND_FOREIGN_TABLE:
			return "a foreign table";
		case RELKIND_SEQUENCE:
			return "a sequence";
		default:
			return "no table";
	}
}

/* An unlogged table is empty after a crash, what riskml remembers of it is not. */
static void
check_persistence(Relation rel, bool unlogged_ok, bool remembered)
{
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED && !unlogged_ok)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"%s\" is unlogged", RelationGetRelationName(rel)),
				 errdetail("It would be empty after a crash, although its rows count as loaded."),
				 errhint("Use ALTER TABLE ... SET LOGGED, or the option {\"unlogged_ok\": true}.")));
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP && remembered)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"%s\" is temporary", RelationGetRelationName(rel)),
				 errdetail("What was loaded into it would be remembered longer than the table exists.")));
}

Relation
rml_open_target(Oid target, LOCKMODE mode, bool unlogged_ok, bool remembered)
{
	Relation	rel = try_relation_open(target, mode);
	const char *kind;

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the table to load into does not exist"),
				 errdetail("Its OID was %u.", target)));
	kind = wrong_kind(rel);
	if (kind != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("cannot load into \"%s\": it is %s", RelationGetRelationName(rel), kind),
				 errhint("Rows are loaded into tables, partitioned ones too.")));
	check_persistence(rel, unlogged_ok, remembered);
	return rel;
}
