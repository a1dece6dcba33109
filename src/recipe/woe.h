/*
 * woe.h
 *	  The step woe: its fields, and the bins it finds.
 */
#ifndef RML_RECIPE_WOE_H
#define RML_RECIPE_WOE_H

#include "math/binning.h"
#include "recipe/fit.h"
#include "recipe/reader.h"

typedef struct RmlWoe
{
	/* fields; pointers are NULL if they are absent */
	double	   *edges;			/* of bins [edge, next edge), the outer ones without end */
	int			n_edges;
	RmlCategories *categories;	/* of all bins, */
	int		   *bin_of;			/* and the bin that each is in */
	int			n_bins;			/* n_edges + 1, if there are edges */
	double	   *values;			/* of the bins */
	RmlCategories *special_values;
	double	   *special;		/* of the special values */
	bool		has_missing;
	double		missing;
	double		unknown;
	RmlWoeConvention convention;
	double		zero_adjust;
	int			max_prebins;
	double		min_bin_size;	/* share of all rows */
	RmlBinRules rules;			/* all but min_rows */
	bool		is_pure;		/* there is one bin, as any others would have no goods or no bads */
} RmlWoe;

/* Fields of a step "woe" that the step's author may set, NULL at the end. */
extern const char *const rml_woe_fields[];

static inline int
rml_woe_specials(const RmlWoe *woe)
{
	return woe->special_values ? woe->special_values->n : 0;
}

/* Rows of each bin, then of each special value, then of unknown categories, then those that are missing. */
typedef struct RmlWoeCounts
{
	RmlCell    *cells;
	int			unknown;		/* its number among them, */
	int			missing;		/* which is the last one */
	RmlCell		total;
} RmlWoeCounts;

/* What the cells' weights of evidence are computed with. */
extern RmlEvidence rml_woe_evidence(const RmlWoe *woe, const RmlWoeCounts *counts);

/*
 * Finds what is absent of the fields of a step, and counts rows.  A column without any value has no bin, or one without rows.
 * The label must have both values, 22023.
 */
extern RmlWoe *rml_woe_find(const RmlStep *step, RmlFitting *fitting, RmlWoeCounts *counts);

/* For op_woe.c: fits a step. */
extern void rml_woe_fit(const RmlStep *step, RmlFitting *fitting);

#endif
