/*
 * match.h
 *	  How the inputs of a model, its features or the columns of its recipe, find
 *	  their columns in a row type.
 */
#ifndef RML_SCORE_MATCH_H
#define RML_SCORE_MATCH_H

#include "access/tupdesc.h"

#include "registry/cache.h"
#include "registry/column_names.h"
#include "registry/column_value.h"

/* What one input came to. */
typedef struct RmlMatch
{
	AttrNumber	attno;			/* 0: none */
	RmlMatchHow how;
	RmlColumnKind kind;
	const RmlImageCategories *categories;	/* of a feature, or NULL; lasts as long
											 * as the pin on the model */
	const char *read_as;		/* "number", "code", "category", "time"; NULL: it cannot be */
	int			sqlstate;		/* 0: fine */
	char	   *problem;		/* error message */
	const char *hint;			/* or NULL */
} RmlMatch;

/*
 * Matches every input; matches has one entry for each.  A fault of the whole
 * row (wrong number of positions) is reported on the first.  With first_fault,
 * stops at the first input that has one.  Without a model's name the inputs are
 * those of a recipe alone.
 */
extern void rml_match(const RmlInputs *inputs, const char *model_name, TupleDesc desc,
					  bool anonymous, bool first_fault, RmlMatch *matches);

/*
 * Matches n values that come with the exact names of inputs (text) and their
 * types; inputs without a value have attno 0.
 */
extern void rml_match_values(const RmlInputs *inputs, const char *model_name, const Datum *names,
							 const Oid *types, int n, RmlMatch *matches);

/* Name of a way to match, for users. */
extern const char *rml_match_how_name(RmlMatchHow how);

#endif
