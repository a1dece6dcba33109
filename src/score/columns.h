/*
 * columns.h
 *	  riskml.*_columns(model, planned, features, VARIADIC values): features as
 *	  arguments of their own, as the planner passes them.
 */
#ifndef RML_SCORE_COLUMNS_H
#define RML_SCORE_COLUMNS_H

#include "score/site.h"

/* Arguments before the values, and how many of those one call takes. */
#define RML_COLUMN_ARGS 3
#define RML_MAX_COLUMN_VALUES (FUNC_MAX_ARGS - RML_COLUMN_ARGS)

/*
 * Finds out how inputs are read from the arguments: entry->columns.  The values
 * themselves may be absent from fcinfo, the first RML_COLUMN_ARGS may not.
 */
extern void rml_site_bind_columns(RmlSiteModel *entry, FunctionCallInfo fcinfo);

extern void rml_columns_free(RmlColumns *columns);

/* Fills entry->row from the arguments; raises what is wrong with them. */
extern void rml_site_read_columns(RmlSiteModel *entry, FunctionCallInfo fcinfo);

/* The same where the values begin with argument `first`. */
extern void rml_site_read_columns_from(RmlSiteModel *entry, FunctionCallInfo fcinfo, int first);

#endif
