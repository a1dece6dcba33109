/*
 * reader.h
 *	  The fields of a step, read and checked.
 *
 * A getter returns false, and leaves the value as it is, if the field is absent or wrong; what is wrong is reported by then.
 * So an op sets its defaults first, and reads on whatever a getter says.
 */
#ifndef RML_RECIPE_READER_H
#define RML_RECIPE_READER_H

#include "recipe/recipe.h"

typedef struct RmlReader RmlReader;

/* What it means that a field is absent. */
typedef enum RmlNeed
{
	RML_OPTIONAL,
	RML_REQUIRED,				/* a fault */
	RML_FITTED					/* the step is not fitted */
} RmlNeed;

/* A category: a text or a number. */
typedef struct RmlCategory
{
	RmlKind		kind;			/* RML_KIND_UNKNOWN: null, missing */
	const char *text;
	int			length;
	double		number;
} RmlCategory;

/* A list of categories, none of them twice. */
typedef struct RmlCategories
{
	RmlKind		kind;			/* RML_KIND_UNKNOWN: no category but null */
	int			n;				/* with null */
	int			null_at;		/* which one is null; -1: none */
	const char **texts;			/* NULL: they are numbers */
	int		   *lengths;
	double	   *numbers;
} RmlCategories;

extern bool rml_reader_has(const RmlReader *reader, const char *field);

/* Finite numbers only. */
extern bool rml_reader_number(RmlReader *reader, const char *field, RmlNeed need, double *value);
extern bool rml_reader_integer(RmlReader *reader, const char *field, RmlNeed need, int min, int max, int *value);
extern bool rml_reader_boolean(RmlReader *reader, const char *field, RmlNeed need, bool *value);

/* Not empty. */
extern bool rml_reader_text(RmlReader *reader, const char *field, RmlNeed need, const char **value);

/* One of the names; choices ends with NULL, choice is its index. */
extern bool rml_reader_choice(RmlReader *reader, const char *field, RmlNeed need, const char *const *choices, int *choice);

extern bool rml_reader_numbers(RmlReader *reader, const char *field, RmlNeed need, double **values, int *n);

/* Ascending, none twice. */
extern bool rml_reader_edges(RmlReader *reader, const char *field, RmlNeed need, double **edges, int *n);

extern bool rml_reader_texts(RmlReader *reader, const char *field, RmlNeed need, const char ***values, int *n);

/* How many rows: an integer >= 1 is a count, what is between 0 and 1 a share of all. */
extern bool rml_reader_frequency(RmlReader *reader, const char *field, RmlNeed need, double *value, bool *is_count);

/* Not null. */
extern bool rml_reader_category(RmlReader *reader, const char *field, RmlNeed need, RmlCategory *value);

/* null stands for missing.  may_be_empty: no category that is not null will do. */
extern bool rml_reader_categories(RmlReader *reader, const char *field, RmlNeed need, bool may_be_empty, RmlCategories **categories);

/* A list of such lists: all their categories one after the other, and the number of the list that each is in. */
extern bool rml_reader_bins(RmlReader *reader, const char *field, RmlNeed need, RmlCategories **categories, int **bins, int *n_bins);

/* "time_zone", into step->zone. */
extern void rml_reader_zone(RmlReader *reader);

/* What is known of an input by now, and what is required of it, in the place of `takes`. */
extern RmlKind rml_reader_input_kind(const RmlReader *reader, int input);
extern void rml_reader_require_kind(RmlReader *reader, int input, RmlKind kind);

/* The step makes these features; n = 0: unknown until it is fitted. */
extern void rml_reader_features(RmlReader *reader, int n, const char **names);

/* Reports a fault of a field (NULL: of the step).  The message is about the field, which it does not name: "must be positive". */
extern void rml_reader_fault(RmlReader *reader, const char *field, const char *hint, const char *format,...) __attribute__((format(printf, 4, 5)));

/* ---- for recipe.c ---- */

/* Raises the fault, or appends it to faults. */
extern void rml_recipe_report(List **faults, RmlRecipeFault fault);

/* What could be a feature that is not known yet is a column. */
extern void rml_operand_take_column(RmlRecipe *recipe, RmlOperand *operand);

extern RmlReader *rml_reader_create(RmlRecipe *recipe, RmlStep *step, List **faults);

/* Reports fields that the op has not. */
extern void rml_reader_check_fields(RmlReader *reader);

#endif
