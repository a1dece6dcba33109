/*
 * op.h
 *	  What an operation of a recipe is.  An op stands in one place: how its fields are read, how it is compiled, fitted and
 *	  written as SQL.
 */
#ifndef RML_RECIPE_OP_H
#define RML_RECIPE_OP_H

#include "recipe/recipe.h"
#include "recipe/reader.h"
#include "recipe/build.h"
#include "recipe/fit.h"
#include "recipe/sql.h"

/* What an op's inputs may be. */
#define RML_TAKES_NUMBER	1
#define RML_TAKES_TEXT		2
#define RML_TAKES_TIME		4
#define RML_TAKES_CATEGORY	(RML_TAKES_NUMBER | RML_TAKES_TEXT)

struct RmlOp
{
	const char *name;
	int			takes;
	int			min_inputs;
	int			max_inputs;
	const char *const *fields;	/* names of its fields, NULL at the end */
	bool		needs_label;	/* to be fitted */

	/*
	 * Reads and checks the fields: sets step->parameters; kind, and the features by rml_reader_features(), unless it makes one number
	 * of the step's name.  Says by rml_reader_require_kind() what its inputs are, where not `takes` but the categories tell.
	 */
	void		(*read) (RmlStep *step, RmlReader *reader);

	/* Adds instructions; gives each of its features its slot. */
	void		(*compile) (const RmlStep *step, RmlBuilder *builder);

	/* Finds what is absent, and says it by rml_fit_set_*(); NULL: nothing is fitted. */
	void		(*fit) (const RmlStep *step, RmlFitting *fitting);

	/* The SQL expression of one of its features. */
	char	   *(*sql) (const RmlStep *step, int feature, RmlSqlWriter *writer);
};

/* Finds an op by name; NULL: none. */
extern const RmlOp *rml_op_find(const char *name);

/* The op that is spelled most like this. */
extern const char *rml_op_nearest(const char *name);

/* Tables of ops, each ends with a NULL name. */
extern const RmlOp rml_ops_numeric[];	/* pass impute clip winsorize log1p power bucketize quantile_bucketize ratio interaction */
extern const RmlOp rml_ops_scale[];		/* standardize robust_scale minmax_scale maxabs_scale */
extern const RmlOp rml_ops_time[];		/* date_part cyclic age_days */
extern const RmlOp rml_ops_category[];	/* onehot ordinal group_rare hash_bucket */
extern const RmlOp rml_ops_encode[];	/* frequency_encode target_encode */
extern const RmlOp rml_ops_woe[];		/* woe */

#endif
