/*
 * recipe.h
 *	  A recipe: the steps that make a model's features of raw columns.
 */
#ifndef RML_RECIPE_RECIPE_H
#define RML_RECIPE_RECIPE_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "registry/column_names.h"
#include "transform/program.h"

/* Limits on what a recipe may have; beyond them it is refused (54000). */
#define RML_RECIPE_MAX_STEPS 10000
#define RML_RECIPE_MAX_FEATURES 65536
#define RML_RECIPE_MAX_NAME 1000		/* bytes of a feature's or column's name */

typedef enum RmlKind
{
	RML_KIND_UNKNOWN,			/* of a column that only steps read that are not fitted yet */
	RML_KIND_NUMBER,
	RML_KIND_TEXT,
	RML_KIND_TIME
} RmlKind;

typedef struct RmlOp RmlOp;
typedef struct RmlStep RmlStep;
typedef struct RmlNames RmlNames;

/* A column that steps read. */
typedef struct RmlRawColumn
{
	const char *name;
	int			number;			/* its place in the recipe's columns */
	RmlKind		kind;
	int			step;			/* number of the step that said so, from 1 */
} RmlRawColumn;

/* What a step reads: a raw column, or a feature of an earlier step. */
typedef struct RmlOperand
{
	const char *name;
	RmlRawColumn *column;		/* NULL: a feature */
	RmlStep    *step;			/* that makes it, or NULL */
	int			feature;		/* which of its features, from 0; -1: unknown until that step is fitted */
} RmlOperand;

struct RmlStep
{
	int			number;			/* from 1 */
	const RmlOp *op;
	Jsonb	   *json;			/* the step's object */
	const char *name;			/* "feature" */
	int			n_inputs;
	RmlOperand *inputs;
	bool		is_output;
	bool		is_fitted;
	bool		is_faulty;		/* while faults are collected */
	const char *zone;			/* "time_zone" or NULL */
	RmlKind		kind;			/* of its first feature; all others are numbers.  Unknown: that of the first input */
	int			n_features;		/* 0: unknown until it is fitted */
	const char **features;		/* their names */
	bool	   *used;			/* by a later step, each */
	void	   *parameters;		/* the op's own, as its read() made them */
};

typedef struct RmlRecipe
{
	int			n_steps;
	RmlStep    *steps;
	List	   *columns;		/* RmlRawColumn *, in the order of their first use */
	bool		is_fitted;
	RmlNames   *names;			/* of columns and features */
} RmlRecipe;

/* A problem of a recipe. */
typedef struct RmlRecipeFault
{
	int			step;			/* 0: the recipe itself */
	const char *feature;		/* or NULL, as field, column, hint */
	const char *field;
	const char *column;
	bool		is_warning;
	int			sqlstate;
	const char *problem;		/* without "step N" */
	const char *hint;
	int			number;			/* its place among those that were found */
} RmlRecipeFault;

/*
 * Reads a recipe, in the current memory context.  With faults NULL the first error is raised (22023, or as the fault
 * says; the message begins "recipe step 3 (feature \"age\"): "); else all problems are appended (RmlRecipeFault *).
 */
extern RmlRecipe *rml_recipe_read(const Jsonb *json, List **faults);

/* Reads one step of it anew from other JSON, after fitting. */
extern void rml_recipe_reread_step(RmlRecipe *recipe, int step, Jsonb *json);

/*
 * An input that begins as the features of a step that is not fitted can be a column as well: it is if these are the columns of
 * the data and one has its name.
 */
extern void rml_recipe_take_columns(RmlRecipe *recipe, const RmlColumnNames *columns, List **faults);

/*
 * Says what kind an operand is, of the step with this number: 22023 if the recipe says otherwise.  For columns whose type is
 * known, before fitting.
 */
extern void rml_recipe_require_kind(RmlRecipe *recipe, int step, RmlOperand *operand, RmlKind kind);

/* What an operand is. */
extern RmlKind rml_operand_kind(const RmlOperand *operand);

/* Is it one of the recipe's outputs? */
extern bool rml_feature_is_output(const RmlStep *step, int feature);

/* For messages: "number", "text" or "time". */
extern const char *rml_kind_name(RmlKind kind);

/* 55000 with a hint, naming step and feature, unless all steps are fitted. */
extern void rml_recipe_require_fitted(const RmlRecipe *recipe);

/* The canonical text, UTF-8: what a version's identity has. */
extern char *rml_recipe_canonical(const Jsonb *json);

/* Compiles a fitted recipe, in the current memory context, in which host allocates. */
extern RmlProgram *rml_recipe_compile(const RmlRecipe *recipe);

/*
 * The same for training: steps that ask rml_build_given() get their values from the caller.  A text is its code in its column's
 * dictionary: dictionaries (NULL, or by the number of the column, each may be NULL) has those that there are, to which categories
 * of steps are added; nothing may be added afterwards.
 */
extern RmlProgram *rml_recipe_compile_training(const RmlRecipe *recipe, RmlDictionary *const *dictionaries);

/* The same with one output, the operand of a step; only the steps that it needs are to be fitted. */
extern RmlProgram *rml_recipe_compile_operand(const RmlRecipe *recipe, const RmlOperand *operand, RmlDictionary *const *dictionaries,
											  bool training);

#endif
