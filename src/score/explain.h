/*
 * explain.h
 *	  Contributions to the margin of the row of a call site.
 *
 * Call rml_site_model() and one of rml_site_read_*() first; what is returned
 * lasts until the next row.
 */
#ifndef RML_SCORE_EXPLAIN_H
#define RML_SCORE_EXPLAIN_H

#include "score/site.h"

typedef struct RmlSiteExplain RmlSiteExplain;

/*
 * Of each feature, then the base value: n_features + 1.  Raises 22023 for an
 * output that the model does not have, 42809 for a model that cannot be
 * explained.
 */
extern const double *rml_site_feature_contributions(RmlSiteModel *entry, FunctionCallInfo fcinfo, int output, bool approximate);

/*
 * The same of each input (the features, or a recipe's columns), then the base
 * value: inputs.n + 1.
 */
extern const double *rml_site_contributions(RmlSiteModel *entry, FunctionCallInfo fcinfo, int output, bool approximate);

/*
 * Gives what features have to the inputs that they are made of, in equal
 * parts; features that `apart` (or NULL) has marked are left out.  The inputs
 * may be 0 or hold something already.  What no input is read for goes to the
 * base value.
 */
extern void rml_group_contributions(const RmlModel *model, const double *features, const bool *apart, double *inputs);

/* The inputs that a feature is made of, ascending; how many they are.  Only with a recipe, and once a row was explained. */
extern int	rml_feature_origins(const RmlModel *model, int feature, const int **origins);

extern void rml_site_explain_free(RmlSiteExplain *explain);

/* ---- values of inputs as text, for people: argument 1 of a call ---- */

/*
 * One for each input, palloc'd, NULL where it is missing.  A category has its
 * label, also where its code was given.
 */
extern char **rml_record_texts(RmlSiteModel *entry, FunctionCallInfo fcinfo);
extern char **rml_array_texts(RmlSiteModel *entry, FunctionCallInfo fcinfo);
extern char **rml_jsonb_texts(RmlSiteModel *entry, FunctionCallInfo fcinfo);

/* The same where values are arguments, the first of which is argument `first`. */
extern char **rml_columns_texts(RmlSiteModel *entry, FunctionCallInfo fcinfo, int first);

#endif
