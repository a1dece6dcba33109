/*
 * reasons.h
 *	  What the inputs of a version are called in adverse-action notices, as
 *	  riskml.set_reasons() stores it.
 */
#ifndef RML_REGISTRY_REASONS_H
#define RML_REGISTRY_REASONS_H

#include "utils/jsonb.h"

#include "explain/reasons.h"
#include "registry/cache.h"

/*
 * What is explained of a version: its inputs in their order, then the features
 * of a recipe that are named in its reasons and are no inputs, in theirs.
 */
typedef struct RmlModelReasons
{
	int			n_items;
	int			n_groups;
	const char **names;
	RmlReasonItem *items;
	const char **codes;			/* NULL: it has none */
	const char **texts;			/* the name, where none is given */
	int		   *item_of_feature;	/* of a feature with an item of its own, else -1; NULL without a recipe */
	char		hash[2 * RML_IDENTITY_SIZE + 1];	/* SHA-256 of the JSON as text in UTF-8, hex; empty: there are no reasons */
} RmlModelReasons;

/*
 * Those of a pinned model for the current statement.  They are kept for later
 * statements, and valid until the next call.
 */
extern const RmlModelReasons *rml_model_reasons(const RmlModel *model, const RmlBinding *binding);

#endif
