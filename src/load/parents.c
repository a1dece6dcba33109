/*
 * parents.c
 *	  Finds rows whose foreign keys refer to nothing, without writing.
 *
 * A foreign key is checked by a trigger after all rows are inserted, which does
 * not tell COPY's line: each such row would cost many attempts, and all rows of
 * a file that comes before its parents as many transaction IDs.  The query here
 * is that of PostgreSQL's ri_triggers.c, but for the lock, as the owner of the
 * table that is referred to.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_constraint.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "load/parents.h"
#include "registry/acting.h"

/* A foreign key. */
typedef struct ForeignKey
{
	ForeignKeyCacheInfo info;
	char	   *name;
	bool		may_come;		/* what is missing now */
	Datum	   *values;			/* of all rows, nkeys for each */
	bool	   *nulls;
} ForeignKey;

struct RmlParents
{
	Relation	rel;
	MemoryContext context;
	int			n_keys;
	ForeignKey *keys;
	int			n;				/* rows */
	int			room;
};

/* A trigger of a user may insert parents. */
static bool
has_triggers_of_users(Relation rel)
{
	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		if (!rel->trigdesc->triggers[i].tgisinternal)
			return true;
	}
	return false;
}

static void
add_key(RmlParents *parents, const ForeignKeyCacheInfo *info)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(info->conoid));
	ForeignKey *key = &parents->keys[parents->n_keys];
	Form_pg_constraint row;

	if (!HeapTupleIsValid(tuple))
		return;
	row = (Form_pg_constraint) GETSTRUCT(tuple);
	/* one that is deferred may be mended later */
	if (!row->condeferred && rml_asks_for_equal(row))
	{
		key->info = *info;
		key->name = pstrdup(NameStr(row->conname));
		key->may_come = info->confrelid == RelationGetRelid(parents->rel) || has_triggers_of_users(parents->rel);
		parents->n_keys++;
	}
	ReleaseSysCache(tuple);
}

RmlParents *
rml_parents_begin(Relation rel)
{
	List	   *list = RelationGetFKeyList(rel);
	RmlParents *parents;
	ListCell   *cell;

	if (list == NIL)
		return NULL;
	parents = palloc0(sizeof(RmlParents));
	parents->rel = rel;
	parents->context = CurrentMemoryContext;
	parents->keys = palloc0(sizeof(ForeignKey) * list_length(list));
	/* a copy: looking up a constraint may rebuild the relation's own */
	list = copyObject(list);
	foreach(cell, list)
		add_key(parents, lfirst(cell));
	return parents->n_keys > 0 ? parents : NULL;
}

static void
make_room(RmlParents *parents)
{
	if (parents->n < parents->room)
		return;
	parents->room = Max(1024, parents->room * 2);
	for (int k = 0; k < parents->n_keys; k++)
	{
		ForeignKey *key = &parents->keys[k];
		Size		n = (Size) parents->room * key->info.nkeys;

		key->values = key->values != NULL ? repalloc_huge(key->values, n * sizeof(Datum)) : palloc(n * sizeof(Datum));
		key->nulls = key->nulls != NULL ? repalloc_huge(key->nulls, n * sizeof(bool)) : palloc(n * sizeof(bool));
	}
}

void
rml_parents_add(RmlParents *parents, TupleTableSlot *slot)
{
	MemoryContext caller = MemoryContextSwitchTo(parents->context);

	make_room(parents);
	for (int k = 0; k < parents->n_keys; k++)
	{
		ForeignKey *key = &parents->keys[k];

		for (int i = 0; i < key->info.nkeys; i++)
		{
			Form_pg_attribute column = TupleDescAttr(RelationGetDescr(parents->rel), key->info.conkey[i] - 1);
			int			at = parents->n * key->info.nkeys + i;
			Datum		value = slot_getattr(slot, column->attnum, &key->nulls[at]);

			key->values[at] = key->nulls[at] ? (Datum) 0 : datumCopy(value, column->attbyval, column->attlen);
		}
	}
	parents->n++;
	MemoryContextSwitchTo(caller);
}

/* ---- looking up ---- */

static SPIPlanPtr
prepare(const RmlParents *parents, const ForeignKey *key)
{
	StringInfoData sql;
	Oid			types[INDEX_MAX_KEYS];
	Oid			parent = key->info.confrelid;
	SPIPlanPtr	plan;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT 1 FROM %s%s x", get_rel_relkind(parent) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(parent)), get_rel_name(parent)));
	for (int i = 0; i < key->info.nkeys; i++)
	{
		const char *column = quote_identifier(get_attname(parent, key->info.confkey[i], false));
		char		parameter[16];

		types[i] = TupleDescAttr(RelationGetDescr(parents->rel), key->info.conkey[i] - 1)->atttypid;
		snprintf(parameter, sizeof(parameter), "$%d", i + 1);
		appendStringInfoString(&sql, i == 0 ? " WHERE " : " AND ");
		generate_operator_clause(&sql, column, get_atttype(parent, key->info.confkey[i]), key->info.conpfeqop[i],
								 parameter, types[i]);
	}
	plan = SPI_prepare(sql.data, key->info.nkeys, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/* A key that is partly NULL refers to nothing, or is refused by MATCH FULL, which is rare. */
static bool
any_null(const ForeignKey *key, int row)
{
	for (int i = 0; i < key->info.nkeys; i++)
	{
		if (key->nulls[row * key->info.nkeys + i])
			return true;
	}
	return false;
}

/* Says what ri_triggers.c says. */
static void
describe(const RmlParents *parents, const ForeignKey *key, int row, RmlRowFault *fault)
{
	StringInfoData names;
	StringInfoData values;

	initStringInfo(&names);
	initStringInfo(&values);
	for (int i = 0; i < key->info.nkeys; i++)
	{
		Form_pg_attribute column = TupleDescAttr(RelationGetDescr(parents->rel), key->info.conkey[i] - 1);
		Oid			output;
		bool		varlena;

		getTypeOutputInfo(column->atttypid, &output, &varlena);
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", NameStr(column->attname));
		appendStringInfo(&values, "%s%s", i > 0 ? ", " : "",
						 OidOutputFunctionCall(output, key->values[row * key->info.nkeys + i]));
	}
	fault->sqlstate = ERRCODE_FOREIGN_KEY_VIOLATION;
	fault->column = NULL;
	fault->message = psprintf("insert or update on table \"%s\" violates foreign key constraint \"%s\": Key (%s)=(%s) is not present in table \"%s\".",
							  RelationGetRelationName(parents->rel), key->name, names.data, values.data,
							  get_rel_name(key->info.confrelid));
}

static bool
has_parent(const ForeignKey *key, SPIPlanPtr plan, int row)
{
	static const char no_nulls[INDEX_MAX_KEYS] = {0};
	int			result;

	result = SPI_execute_plan(plan, &key->values[row * key->info.nkeys], no_nulls, true, 1);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(result));
	SPI_freetuptable(SPI_tuptable);
	return SPI_processed > 0;
}

static void
look_up_key(const RmlParents *parents, const ForeignKey *key, RmlParent *result)
{
	RmlOwnerScope scope;
	SPIPlanPtr	plan;
	Oid			owner;
	int			context;

	rml_act_begin(&scope, key->info.confrelid);
	GetUserIdAndSecContext(&owner, &context);
	SetUserIdAndSecContext(owner, context | SECURITY_NOFORCE_RLS);
	plan = prepare(parents, key);
	for (int row = 0; row < parents->n; row++)
	{
		CHECK_FOR_INTERRUPTS();
		if (result[row] == RML_PARENT_FOUND && !any_null(key, row) && !has_parent(key, plan, row))
			result[row] = key->may_come ? RML_PARENT_MAY_COME : RML_PARENT_MISSING;
	}
	rml_act_end(&scope);
}

void
rml_parents_look_up(RmlParents *parents, RmlParent *result, RmlRowFault *faults)
{
	RmlParent  *before = palloc(sizeof(RmlParent) * Max(parents->n, 1));

	for (int row = 0; row < parents->n; row++)
		result[row] = RML_PARENT_FOUND;
	for (int k = 0; k < parents->n_keys; k++)
	{
		memcpy(before, result, sizeof(RmlParent) * parents->n);
		look_up_key(parents, &parents->keys[k], result);
		for (int row = 0; row < parents->n; row++)
		{
			if (result[row] == RML_PARENT_MISSING && before[row] != RML_PARENT_MISSING)
				describe(parents, &parents->keys[k], row, &faults[row]);
		}
	}
	pfree(before);
}
