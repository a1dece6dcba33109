/*
 * by_key.h
 *	  Queries that look one row of a table up by its key.
 */
#ifndef RML_SCORE_BY_KEY_H
#define RML_SCORE_BY_KEY_H

#include "nodes/pg_list.h"
#include "utils/relcache.h"

/* Says something of an index; `arg` is what rml_has_index() was given. */
typedef bool (*RmlIndexTest) (Relation index, const void *arg);

/* Has the table, which is locked, an index that passes the test? */
extern bool rml_has_index(Oid relid, RmlIndexTest test, const void *arg);

/* A test: does it make rows unique by some of these columns, a List of their numbers? */
extern bool rml_is_unique_on(Relation index, const void *columns);

/* Numbers of the columns of a relation that a WHERE clause holds equal to something known, each perhaps twice. */
extern List *rml_equal_columns(Node *condition, int varno);

#endif
