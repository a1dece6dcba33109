/*
 * fit.h
 *	  What a step sees of the data that it is fitted to.
 *
 * The query has run once, into a spill file of the raw columns that the recipe reads (texts as codes) and the label.  What a
 * step asks for is computed from there, through the steps before it, which are fitted by then.  What is allocated for a step
 * lasts as long as its fit().  An operand without any value is an error wherever its values are asked for, but in a scan.
 */
#ifndef RML_RECIPE_FIT_H
#define RML_RECIPE_FIT_H

#include "compat.h"
#include "recipe/reader.h"

typedef struct RmlFitting RmlFitting;

/* Runs the query, in the current memory context; fits nothing. */
extern RmlFitting *rml_fit_begin(RmlRecipe *recipe, const char *query, const char *label);
extern void rml_fit_end(RmlFitting *fitting);

/* Errors name this step from now on; if its op needs a label, each row must have one. */
extern void rml_fit_enter(RmlFitting *fitting, const RmlStep *step);

extern int64 rml_fit_rows(const RmlFitting *fitting);

/*
 * One pass in the order of the rows, blocks of at most 4096: values of the operand (NaN missing; texts: codes in rml_fit_dictionary()),
 * labels or NULL.
 */
typedef void (*RmlFitVisit) (const double *values, const double *labels, int n, void *arg);
extern void rml_fit_scan(RmlFitting *fitting, const RmlOperand *operand, bool with_label, RmlFitVisit visit, void *arg);

/* Of an operand that is a text; call it after a scan has begun. */
extern RmlDictionary *rml_fit_dictionary(const RmlFitting *fitting, const RmlOperand *operand);

/* The values that are not missing, ascending, in memory up to maintenance_work_mem, else sorted by tuplesort (sorted.h). */
typedef struct RmlSorted RmlSorted;
extern RmlSorted *rml_fit_sorted(RmlFitting *fitting, const RmlOperand *operand);
extern int64 rml_sorted_count(const RmlSorted *sorted);
extern void rml_sorted_rewind(RmlSorted *sorted);
extern const double *rml_sorted_next(RmlSorted *sorted, int *n);	/* a block, ascending; NULL at the end */
extern void rml_sorted_quantiles(RmlSorted *sorted, const double *q, int n, double *values);	/* q ascending; linear, numpy's */
extern void rml_sorted_free(RmlSorted *sorted);

/* How often each category is there, ascending (texts bytewise, numbers by value), missing apart. */
typedef struct RmlCount
{
	const char *text;			/* NULL: a number */
	int			length;
	double		number;
	int64		rows;
	int64		events;			/* label 1 */
	double		label_sum;		/* exact, whatever the order */
} RmlCount;

typedef struct RmlCounts
{
	RmlKind		kind;
	int			n;
	RmlCount   *counts;
	RmlCount	missing;
	int64		rows;
	double		label_mean;
} RmlCounts;

/* Them as a list; null is its last, if there are rows without a value and it is wanted. */
extern RmlCategories *rml_counts_categories(const RmlCounts *counts, bool with_null);

/* Of a category in a list. */
extern const RmlCount *rml_counts_find(const RmlCounts *counts, const RmlCategories *categories, int i);

extern RmlCounts *rml_fit_counts(RmlFitting *fitting, const RmlOperand *operand, bool with_label);

/* What was found: fields of the step. A number must be finite: 22003 naming step, feature, input. */
extern void rml_fit_set_number(RmlFitting *fitting, const char *field, double value);
extern void rml_fit_set_numbers(RmlFitting *fitting, const char *field, const double *values, int n);
extern void rml_fit_set_json(RmlFitting *fitting, const char *field, JsonbValue *value);
extern void rml_fit_set_categories(RmlFitting *fitting, const char *field, const RmlCategories *categories);
extern JsonbValue *rml_fit_category(const RmlCounts *counts, int i);	/* as JSON; i == n: null */

/* Raises an error of this step: "recipe step 3 (feature "x"): …" */
pg_noreturn extern void rml_fit_error(const RmlFitting *fitting, int sqlstate, const char *hint, const char *format,...) __attribute__((format(printf, 4, 5)));

/* Raises the error of an operand without any value, if it has none. */
extern void rml_fit_require_values(const RmlFitting *fitting, const RmlOperand *operand, int64 count);

#endif
