/*
 * deferred.h
 *	  Constraints of a table that are checked when the transaction commits.
 */
#ifndef RML_LOAD_DEFERRED_H
#define RML_LOAD_DEFERRED_H

#include "nodes/pg_list.h"
#include "utils/relcache.h"

/* Those of the table and its partitions that are deferred unless somebody says otherwise. */
extern List *rml_deferred_constraints(Relation rel);

/* As SET CONSTRAINTS: immediate also checks what is pending. */
extern void rml_set_constraints(List *constraints, bool deferred);

#endif
