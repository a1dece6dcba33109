/*
 * distribution.h
 *	  Type riskml.distribution: counts in bins of numbers, or of categories.
 *
 * A flat varlena, aligned to 8 bytes:
 *
 *	  header		RmlDistribution up to counts
 *	  counts		int64[n]
 *	  numeric:		edges		float8[n + 1], strictly increasing, finite, no -0
 *	  categorical:	ends		uint32[n], where each category ends in bytes
 *					bytes		the categories, sorted bytewise and distinct
 *
 * Bins are [lower, upper), the last one [lower, upper].  No value of the type breaks these rules, nor has a
 * negative count, nor counts of more than an int64 together: whatever makes one calls rml_distribution_check()
 * or builds on one that is right.  Equal distributions have equal bytes.
 */
#ifndef RML_STATS_DISTRIBUTION_H
#define RML_STATS_DISTRIBUTION_H

#include "compat.h"

#define RML_DISTRIBUTION_VERSION 1
#define RML_MAX_BINS 100000

typedef enum RmlDistributionKind
{
	RML_NUMERIC = 1,
	RML_CATEGORICAL = 2
} RmlDistributionKind;

typedef struct RmlDistribution
{
	int32		vl_len_;
	uint8		version;
	uint8		kind;
	uint16		unused;
	int32		n;
	uint32		n_bytes;		/* of the categories */
	int64		nulls;
	int64		nans;
	int64		underflow;
	int64		overflow;		/* categorical: other values */
	float8		min,			/* of the numbers but NaN; min > max: none, or not known */
				max;
	int64		counts[FLEXIBLE_ARRAY_MEMBER];
} RmlDistribution;

/* The datum's own bytes where it is not toasted; not to be changed. */
#define DatumGetDistribution(datum) ((RmlDistribution *) PG_DETOAST_DATUM(datum))
#define PG_GETARG_DISTRIBUTION(n) DatumGetDistribution(PG_GETARG_DATUM(n))

static inline float8 *
rml_edges(const RmlDistribution *d)
{
	return (float8 *) (d->counts + d->n);
}

static inline uint32 *
rml_category_ends(const RmlDistribution *d)
{
	return (uint32 *) (d->counts + d->n);
}

static inline const char *
rml_category(const RmlDistribution *d, int i, uint32 *length)
{
	const uint32 *ends = rml_category_ends(d);
	uint32		start = i > 0 ? ends[i - 1] : 0;

	*length = ends[i] - start;
	return (const char *) (ends + d->n) + start;
}

static inline bool
rml_has_range(const RmlDistribution *d)
{
	return d->min <= d->max;
}

/* An empty one, palloc'd, with room for n bins. */
extern RmlDistribution *rml_numeric_new(int n);

/* A category and its length, for sorting bytewise. */
typedef struct RmlCategory
{
	const char *text;
	uint32		length;
	int64		count;
} RmlCategory;

extern int	rml_category_compare(const char *a, uint32 length_a, const char *b, uint32 length_b);

/* By the order of categories, as qsort() wants it. */
extern int	rml_compare_categories(const void *a, const void *b);

/* Of categories that are sorted. */
extern RmlDistribution *rml_categorical_of(const RmlCategory *categories, int n);

/* Index of a category, or -1. */
extern int	rml_category_find(const RmlDistribution *d, const char *text, uint32 length);

/* Raises an error unless the rules of the type hold; for what comes from outside. */
extern void rml_distribution_check(const RmlDistribution *d);

/* Raises an error unless these are edges; sets -0 to 0. */
extern void rml_edges_check(float8 *edges, int n_edges);

/* All values counted, but neither nulls nor NaN. */
extern int64 rml_distribution_total(const RmlDistribution *d);

/* Raises an error unless both can be compared: one kind, and the same edges. */
extern void rml_require_comparable(const RmlDistribution *a, const RmlDistribution *b);

/* Raises an error for a categorical one. */
extern void rml_require_numeric(const RmlDistribution *d, const char *what);

#endif
