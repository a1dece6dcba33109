/*
 * compat.h
 *	  The one place that knows PostgreSQL's versions; the newest API's shape is
 *	  emulated on older servers.
 */
#ifndef RML_COMPAT_H
#define RML_COMPAT_H

#include "access/genam.h"
#include "access/tupdesc.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "parser/parse_relation.h"
#include "storage/buffile.h"
#include "storage/proc.h"
#include "tcop/pquery.h"
#include "utils/acl.h"
#include "utils/tuplesort.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

#if PG_VERSION_NUM < 150000
#error "riskml needs PostgreSQL 15 or later"
#endif

/* 18's spelling: a prefix */
#ifndef pg_noreturn
#define pg_noreturn __attribute__((noreturn))
#endif

/*
 * Declares a function that SQL calls.  PG_FUNCTION_INFO_V1 exports it by
 * itself only from 16 on, and everything else in the library is hidden.
 */
#define RML_SQL_FUNCTION(fn) \
	extern PGDLLEXPORT Datum fn(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(fn)

static inline LocalTransactionId
rml_my_lxid(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

/* This process's number among all. */
static inline int
rml_my_procno(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProcNumber;
#else
	return MyProc->pgprocno;
#endif
}

/* An index scan that nobody watches. */
static inline IndexScanDesc
rml_index_beginscan(Relation table, Relation index, Snapshot snapshot, int n_keys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, NULL, n_keys, 0);
#else
	return index_beginscan(table, index, snapshot, n_keys, 0);
#endif
}

/* The setting that tests parallel queries. */
static inline int
rml_debug_parallel(void)
{
#if PG_VERSION_NUM >= 160000
	return debug_parallel_query;
#else
	return force_parallel_mode;
#endif
}

/* May the current user call this function? */
static inline bool
rml_may_execute(Oid function)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#else
	return pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

/* Does the current user own this database? */
static inline bool
rml_owns_database(Oid database)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(DatabaseRelationId, database, GetUserId());
#else
	return pg_database_ownercheck(database, GetUserId());
#endif
}

/* From 16 on a Var says which outer joins may make it NULL: a column as its row. */
static inline void
rml_copy_nulling_rels(Var *column, const Var *row)
{
#if PG_VERSION_NUM >= 160000
	column->varnullingrels = bms_copy(row->varnullingrels);
#else
	(void) column;
	(void) row;
#endif
}

/* OLD or NEW of a RETURNING list, 18 and later. */
static inline bool
rml_var_is_old_or_new(const Var *var)
{
#if PG_VERSION_NUM >= 180000
	return var->varreturningtype != VAR_RETURNING_DEFAULT;
#else
	(void) var;
	return false;
#endif
}

/* Names and Vars of the columns that a query's row has. */
static inline void
rml_expand_rte(RangeTblEntry *rte, const Var *row, List **names, List **vars)
{
#if PG_VERSION_NUM >= 180000
	expandRTE(rte, row->varno, (int) row->varlevelsup, VAR_RETURNING_DEFAULT, -1, false, names, vars);
#else
	expandRTE(rte, row->varno, (int) row->varlevelsup, -1, false, names, vars);
#endif
}

/* Has this expression defaults that are evaluated only if something fails? */
static inline bool
rml_has_defaults(const Node *node)
{
#if PG_VERSION_NUM >= 170000
	return IsA(node, JsonExpr);
#else
	(void) node;
	return false;
#endif
}

/* May this role give something to that one?  From 16 on SET is an option. */
static inline bool
rml_can_set_role(Oid member, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return member_can_set_role(member, role);
#else
	return is_member_of_role(member, role);
#endif
}

/* Runs a portal to its end, as a client's statement; false if there is more, which cannot be. */
static inline bool
rml_portal_run(Portal portal, DestReceiver *dest, QueryCompletion *done)
{
#if PG_VERSION_NUM >= 180000
	return PortalRun(portal, FETCH_ALL, true, dest, dest, done);
#else
	return PortalRun(portal, FETCH_ALL, true, true, dest, dest, done);
#endif
}

/* Could the row be inserted, as far as these unique indexes go? */
static inline bool
rml_check_index(ResultRelInfo *result, TupleTableSlot *slot, EState *estate, List *indexes)
{
	ItemPointerData conflict;
#if PG_VERSION_NUM >= 180000
	ItemPointerData none;

	ItemPointerSetInvalid(&none);
	return ExecCheckIndexConstraints(result, slot, estate, &conflict, &none, indexes);
#else
	return ExecCheckIndexConstraints(result, slot, estate, &conflict, indexes);
#endif
}

/* Reads from a temporary file, which must have so much. */
static inline void
rml_buffile_read(BufFile *file, void *bytes, size_t size)
{
#if PG_VERSION_NUM >= 160000
	BufFileReadExact(file, bytes, size);
#else
	if (BufFileRead(file, bytes, size) != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from temporary file: %m")));
#endif
}

/* A sort's next datum; the caller owns it, if it is not passed by value. */
static inline bool
rml_tuplesort_getdatum(Tuplesortstate *sort, Datum *value, bool *is_null)
{
#if PG_VERSION_NUM >= 160000
	return tuplesort_getdatum(sort, true, true, value, is_null, NULL);
#else
	return tuplesort_getdatum(sort, true, value, is_null, NULL);
#endif
}

/* Does a foreign key ask for a row with equal values, and is it enforced? */
static inline bool
rml_asks_for_equal(Form_pg_constraint key)
{
#if PG_VERSION_NUM >= 180000
	return key->conenforced && !key->conperiod;
#else
	(void) key;
	return true;
#endif
}

/* A lexer for pg_parse_json(): PostgreSQL 17 takes its memory as an argument. */
#if PG_VERSION_NUM >= 170000
#define rml_json_lexer(text, length, encoding) makeJsonLexContextCstringLen(NULL, text, length, encoding, false)
#else
#define rml_json_lexer(text, length, encoding) makeJsonLexContextCstringLen(text, length, encoding, false)
#endif

#endif
