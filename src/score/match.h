/*
 * match.h
 *	  How the features of a model find their columns in a row type.
 */
#ifndef RML_SCORE_MATCH_H
#define RML_SCORE_MATCH_H

#include "access/tupdesc.h"

#include "registry/cache.h"
#include "registry/column_names.h"
#include "registry/column_value.h"

/* What one feature came to. */
typedef struct RmlFeatureMatch
{
	AttrNumber	attno;			/* 0: none */
	RmlMatchHow how;
	RmlColumnKind kind;
	const RmlImageCategories *categories;	/* of the feature, or NULL; lasts as long
											 * as the pin on the model */
	int			sqlstate;		/* 0: fine */
	char	   *problem;		/* error message */
	const char *hint;			/* or NULL */
} RmlFeatureMatch;

/*
 * Matches every feature of the model; matches has n_features entries.  A fault
 * of the whole row (wrong number of positions) is reported on feature 0.  With
 * first_fault, stops at the first feature that has one.
 */
extern void rml_match(const RmlModel *model, const char *model_name, TupleDesc desc,
					  bool anonymous, bool first_fault, RmlFeatureMatch *matches);

/*
 * Matches n values that come with the exact names of features (text) and their
 * types; features without a value have attno 0.
 */
extern void rml_match_values(const RmlModel *model, const char *model_name, const Datum *names,
							 const Oid *types, int n, RmlFeatureMatch *matches);

/* Name of a way to match, for users. */
extern const char *rml_match_how_name(RmlMatchHow how);

/* How a column of this kind is read for a feature: "number", "code" or "category". */
extern const char *rml_match_read_as(const RmlFeatureMatch *match);

#endif
