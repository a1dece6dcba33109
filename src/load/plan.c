/*
 * plan.c
 *	  What a load is to do: its options, and which column of the source goes
 *	  where.
 *
 * Everything here happens before a row is read.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "job/context.h"
#include "load/options.h"
#include "load/plan.h"
#include "load/target.h"
#include "load/unique.h"

/* ---- options ---- */

static const char *const modes[] = {
	[RML_APPEND] = "append",
	[RML_UPSERT] = "upsert",
	[RML_REPLACE] = "replace",
	[RML_SCD2] = "scd2",
};

static RmlMode
mode_of(const char *name)
{
	for (int i = 0; i < (int) lengthof(modes); i++)
	{
		if (strcmp(name, modes[i]) == 0)
			return (RmlMode) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown mode \"%s\" of load", name),
			 errhint("Modes are append, upsert, replace and scd2.")));
}

static void
check_options(const RmlLoad *load)
{
	if (load->key == NIL && (load->mode == RML_UPSERT || load->mode == RML_SCD2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mode \"%s\" of load needs option \"key\"", modes[load->mode]),
				 errhint("Name the columns that tell rows apart, as in {\"mode\": \"%s\", \"key\": [\"id\"]}.", modes[load->mode])));
	if (load->watermark == NULL && load->watermark_lag != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"watermark_lag\" of load needs option \"watermark\"")));
	if (load->watermark != NULL && load->mode == RML_REPLACE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mode \"replace\" of load takes no watermark"),
				 errdetail("It would remove the rows that are not read again."),
				 errhint("Use mode \"upsert\".")));
	if (load->watermark != NULL && load->key == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"watermark\" of load needs option \"key\""),
				 errdetail("The latest rows are read again by the next run, and recognised by their key.")));
}

void
rml_load_options(RmlLoad *load, Jsonb *options)
{
	char	   *mode = "append";
	const RmlOption known[] = {
		{"mode", RML_OPTION_TEXT, &mode},
		{"key", RML_OPTION_TEXTS, &load->key},
		{"watermark", RML_OPTION_TEXT, &load->watermark},
		{"watermark_lag", RML_OPTION_SCALAR, &load->watermark_lag},
		{"unlogged_ok", RML_OPTION_BOOL, &load->unlogged_ok},
	};

	rml_read_options("load", options, known, lengthof(known));
	load->mode = mode_of(mode);
	check_options(load);
}

/* ---- columns ---- */

AttrNumber
rml_version_column(const RmlLoad *load, const char *name)
{
	AttrNumber	number = get_attnum(RelationGetRelid(load->target), name);

	return number > 0 ? number : 0;
}

static bool
keeps_versions(const RmlLoad *load, const char *name)
{
	return load->mode == RML_SCD2 &&
		(strcmp(name, RML_VALID_FROM) == 0 || strcmp(name, RML_VALID_TO) == 0 || strcmp(name, RML_IS_CURRENT) == 0);
}

static int
source_column(const RmlSource *source, const char *name)
{
	for (int i = 0; i < source->columns->natts; i++)
	{
		if (strcmp(NameStr(TupleDescAttr(source->columns, i)->attname), name) == 0)
			return i + 1;
	}
	return 0;
}

static void
check_coercion(const RmlLoad *load, Form_pg_attribute from, Form_pg_attribute to)
{
	if (can_coerce_type(1, &from->atttypid, &to->atttypid, COERCION_ASSIGNMENT))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of %s is of type %s, but of type %s in the source", NameStr(to->attname), load->target_name,
					format_type_with_typemod(to->atttypid, to->atttypmod),
					format_type_with_typemod(from->atttypid, from->atttypmod)),
			 errhint("Use a query as the source, which casts the column.")));
}

/* Adds a column of the source, unless it is the watermark only. */
static void
add_column(RmlLoad *load, Form_pg_attribute from)
{
	const char *name = NameStr(from->attname);
	AttrNumber	number = get_attnum(RelationGetRelid(load->target), name);
	Form_pg_attribute to;
	RmlColumn  *column;

	if (source_column(&load->source, name) != from->attnum)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("the source has several columns \"%s\"", name),
				 errhint("Give each a name of its own with AS.")));
	if (number <= 0 && load->watermark != NULL && strcmp(name, load->watermark) == 0)
		return;
	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s has no column \"%s\", which the source has", load->target_name, name),
				 errhint("Use a query as the source, which leaves the column out or gives it another name.")));
	to = TupleDescAttr(RelationGetDescr(load->target), number - 1);
	if (!rml_column_takes(to))
		ereport(ERROR,
				(errcode(ERRCODE_GENERATED_ALWAYS),
				 errmsg("column \"%s\" of %s is always generated, but the source has it", name, load->target_name),
				 errhint("Use a query as the source, which leaves the column out.")));
	if (keeps_versions(load, name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("column \"%s\" is set by mode \"scd2\", but the source has it", name),
				 errhint("Use a query as the source, which leaves the column out or gives it another name.")));
	check_coercion(load, from, to);
	column = &load->columns[load->n_columns++];
	column->name = pstrdup(name);
	column->source = from->attnum;
	column->target = number;
}

/* A column that must have a value, and has none without the source. */
static void
check_not_null(const RmlLoad *load)
{
	TupleDesc	desc = RelationGetDescr(load->target);
	const TriggerDesc *triggers = load->target->trigdesc;

	if (triggers != NULL && triggers->trig_insert_before_row)
		return;					/* it may set the column */
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (column->attisdropped || !column->attnotnull || column->atthasdef || column->attidentity != '\0' ||
			column->attgenerated != '\0' || get_typdefault(column->atttypid) != NULL ||
			source_column(&load->source, NameStr(column->attname)) > 0 ||
			keeps_versions(load, NameStr(column->attname)))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("column \"%s\" of %s is NOT NULL without a default, but the source does not have it",
						NameStr(column->attname), load->target_name),
				 errhint("Use a query as the source, which gives the column.")));
	}
}

static void
plan_columns(RmlLoad *load)
{
	TupleDesc	source = load->source.columns;

	load->columns = palloc0(sizeof(RmlColumn) * (size_t) Max(source->natts, 1));
	for (int i = 0; i < source->natts; i++)
		add_column(load, TupleDescAttr(source, i));
	if (load->n_columns == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_DEFINITION),
				 errmsg("the source has no column that could be loaded")));
	check_not_null(load);
}

/* ---- the columns of mode scd2 ---- */

static void
check_version_column(const RmlLoad *load, const char *name, Oid type, bool required)
{
	AttrNumber	number = rml_version_column(load, name);
	Form_pg_attribute column;

	if (number == 0 && !required)
		return;
	if (number == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s has no column \"%s\", which mode \"scd2\" needs", load->target_name, name),
				 errhint("The target needs the columns valid_from and valid_to of type timestamp with time zone, and may have is_current of type boolean.")));
	column = TupleDescAttr(RelationGetDescr(load->target), number - 1);
	if (column->atttypid != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of %s must be of type %s for mode \"scd2\", not %s", name, load->target_name,
						format_type_be(type), format_type_be(column->atttypid))));
	if (!rml_column_takes(column) || (column->attnotnull && strcmp(name, RML_VALID_TO) == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("column \"%s\" of %s cannot be set by mode \"scd2\"", name, load->target_name),
				 errdetail(rml_column_takes(column) ? "The current version has NULL there, but the column is NOT NULL." :
						   "It is always generated.")));
}

/* ---- the key ---- */

static RmlColumn *
find_column(const RmlLoad *load, const char *name)
{
	for (int i = 0; i < load->n_columns; i++)
	{
		if (strcmp(load->columns[i].name, name) == 0)
			return &load->columns[i];
	}
	return NULL;
}

static void
check_key_column(const RmlLoad *load, const char *name, const RmlColumn *column)
{
	const TypeCacheEntry *type;
	Oid			type_id;

	if (column == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("key column \"%s\" is not in the source", name)));
	if (column->key)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("key column \"%s\" is named twice", name)));
	type_id = TupleDescAttr(RelationGetDescr(load->target), column->target - 1)->atttypid;
	type = lookup_type_cache(type_id, TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR);
	if (!OidIsValid(type->eq_opr) || !OidIsValid(type->lt_opr))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("column \"%s\" of %s cannot be part of a key: type %s has no order", name, load->target_name,
						format_type_be(type_id))));
}

static bool
needs_unique_index(const RmlLoad *load)
{
	return load->mode == RML_UPSERT || (load->mode == RML_REPLACE && load->key != NIL);
}

static void
plan_key(RmlLoad *load)
{
	Bitmapset  *numbers = NULL;
	ListCell   *cell;
	StringInfoData names;

	initStringInfo(&names);
	foreach(cell, load->key)
	{
		RmlColumn  *column = find_column(load, lfirst(cell));

		check_key_column(load, lfirst(cell), column);
		column->key = true;
		numbers = bms_add_member(numbers, column->target);
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", quote_identifier(column->name));
	}
	load->key_is_unique = numbers != NULL && rml_unique_on(load->target, numbers);
	if (needs_unique_index(load) && !load->key_is_unique)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("%s has no unique index on the key (%s)", load->target_name, names.data),
				 errdetail("It has to be on exactly these columns, neither partial nor deferrable."),
				 errhint("CREATE UNIQUE INDEX ON %s (%s);", load->target_name, names.data)));
}

/* Is a value of the source compared as one of the target is? */
static bool
compares_alike(const RmlLoad *load, const RmlColumn *column)
{
	Form_pg_attribute from = TupleDescAttr(load->source.columns, column->source - 1);
	Form_pg_attribute to = TupleDescAttr(RelationGetDescr(load->target), column->target - 1);

	return from->atttypid == to->atttypid && from->attcollation == to->attcollation &&
		(to->atttypmod == -1 || to->atttypmod == from->atttypmod);
}

/* A table with an index that says so need not be searched for rows of the same key. */
static bool
source_is_unique(const RmlLoad *load)
{
	Relation	rel;
	Bitmapset  *numbers = NULL;
	bool		unique;

	if (!OidIsValid(load->source.relation))
		return false;
	for (int i = 0; i < load->n_columns; i++)
	{
		const RmlColumn *column = &load->columns[i];

		if (!column->key)
			continue;
		if (!compares_alike(load, column))
			return false;
		numbers = bms_add_member(numbers, get_attnum(load->source.relation, column->name));
	}
	rel = relation_open(load->source.relation, AccessShareLock);
	unique = rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE || rel->rd_rel->relkind == RELKIND_MATVIEW ||
		(rel->rd_rel->relkind == RELKIND_RELATION && !rel->rd_rel->relhassubclass);
	unique = unique && rml_unique_within(rel, numbers);
	relation_close(rel, NoLock);
	return unique;
}

/* ---- the watermark ---- */

/* Rows of what is no table of this server have no transactions to go by. */
static void
check_transactions(const RmlSource *source)
{
	ListCell   *cell;

	if (OidIsValid(source->relation))
	{
		char		kind = get_rel_relkind(source->relation);
		bool		fits = kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE || kind == RELKIND_MATVIEW;

		foreach(cell, find_all_inheritors(source->relation, AccessShareLock, NULL))
			fits = fits && get_rel_relkind(lfirst_oid(cell)) != RELKIND_FOREIGN_TABLE;
		if (fits)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("watermark \"xmin\" needs a table of this server as the source"),
			 errdetail(OidIsValid(source->relation) ? "%s is none, or has a partition that is none." : "The source is a query.",
					   source->text),
			 errhint("Name a table or a materialized view as the source, or a column as the watermark.")));
}

static RmlWatermarkKind
kind_of_type(Oid type)
{
	switch (type)
	{
		case TIMESTAMPTZOID:
			return RML_WATERMARK_TIMESTAMPTZ;
		case TIMESTAMPOID:
			return RML_WATERMARK_TIMESTAMP;
		case DATEOID:
			return RML_WATERMARK_DATE;
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
			return RML_WATERMARK_NUMBER;
		default:
			return RML_WATERMARK_NONE;
	}
}

static void
plan_watermark_column(RmlLoad *load)
{
	int			number = source_column(&load->source, load->watermark);
	Oid			type;

	if (number == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("watermark column \"%s\" is not in the source", load->watermark)));
	type = TupleDescAttr(load->source.columns, number - 1)->atttypid;
	load->watermark_column = (AttrNumber) number;
	load->watermark_type = getBaseType(type);
	load->watermark_kind = kind_of_type(load->watermark_type);
	if (load->watermark_kind == RML_WATERMARK_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("watermark column \"%s\" is of type %s", load->watermark, format_type_be(type)),
				 errhint("A watermark is a timestamp with or without time zone, a date, an integer or numeric.")));
	if (load->watermark_kind == RML_WATERMARK_NUMBER && load->watermark_lag == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("watermark column \"%s\" is a number and needs option \"watermark_lag\"", load->watermark),
				 errhint("Say how far behind the highest number a row may still be committed; numbers of a sequence are taken before that.")));
}

/* Where the batch has it: in a written column of the same type, or in one of its own. */
static AttrNumber
watermark_in_batch(const RmlLoad *load)
{
	for (int i = 0; i < load->n_columns; i++)
	{
		const RmlColumn *column = &load->columns[i];
		Form_pg_attribute to = TupleDescAttr(RelationGetDescr(load->target), column->target - 1);

		if (column->source == load->watermark_column && to->atttypid == load->watermark_type && to->atttypmod == -1)
			return (AttrNumber) (i + 1);
	}
	return (AttrNumber) (load->n_columns + 1);
}

static void
plan_watermark(RmlLoad *load)
{
	if (load->watermark == NULL)
		return;
	if (OidIsValid(load->source.relation) && get_rel_persistence(load->source.relation) == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("source \"%s\" is temporary", get_rel_name(load->source.relation)),
				 errdetail("Its watermark would be remembered longer than the table exists.")));
	if (strcmp(load->watermark, "xmin") == 0)
	{
		check_transactions(&load->source);
		if (load->watermark_lag != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("watermark \"xmin\" takes no option \"watermark_lag\""),
					 errdetail("It is known which transactions had not ended.")));
		load->watermark_kind = RML_WATERMARK_XMIN;
		load->watermark_type = INT8OID;
		load->watermark_in_batch = (AttrNumber) (load->n_columns + 1);
		return;
	}
	plan_watermark_column(load);
	load->watermark_in_batch = watermark_in_batch(load);
}

/* ---- privileges ---- */

/* Said before reading, as reading may take hours. */
static void
check_privilege(const RmlLoad *load, AclMode privilege)
{
	Oid			target = RelationGetRelid(load->target);
	bool		granted = true;

	if (pg_class_aclcheck(target, GetUserId(), privilege) == ACLCHECK_OK)
		return;
	for (int i = 0; i < load->n_columns; i++)
		granted = granted &&
			((privilege == ACL_UPDATE && load->columns[i].key) ||
			 pg_attribute_aclcheck(target, load->columns[i].target, GetUserId(), privilege) == ACLCHECK_OK);
	if (!granted || privilege == ACL_DELETE)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(load->target->rd_rel->relkind),
					   RelationGetRelationName(load->target));
}

static void
check_privileges(const RmlLoad *load)
{
	check_privilege(load, ACL_INSERT);
	if (load->mode == RML_UPSERT || load->mode == RML_SCD2 || (load->mode == RML_REPLACE && load->key != NIL))
	{
		check_privilege(load, ACL_SELECT);
		check_privilege(load, ACL_UPDATE);
	}
	if (load->mode == RML_REPLACE)
		check_privilege(load, ACL_DELETE);
}

void
rml_load_plan(RmlLoad *load, Oid target)
{
	bool		remembered = load->watermark != NULL || rml_context_run_id() != 0;

	/* locks that keep others from writing are taken by LOCK TABLE, which judges privileges */
	load->target = rml_open_target(target, AccessShareLock, load->unlogged_ok, remembered);
	load->target_name = rml_relation_name(load->target);
	plan_columns(load);
	if (load->mode == RML_SCD2)
	{
		check_version_column(load, RML_VALID_FROM, TIMESTAMPTZOID, true);
		check_version_column(load, RML_VALID_TO, TIMESTAMPTZOID, true);
		check_version_column(load, RML_IS_CURRENT, BOOLOID, false);
	}
	plan_key(load);
	check_privileges(load);
	plan_watermark(load);
	load->source_is_unique = load->key != NIL && source_is_unique(load);
}
