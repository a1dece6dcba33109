/*
 * bootstrap.h
 *	  Metrics of resampled rows: each replicate counts each row a Poisson(1)
 *	  number of times, drawn by a hash of seed, replicate and the row's number.
 *
 * So replicates need no memory for rows, and the same rows in the same order
 * give the same numbers on every machine.
 */
#ifndef RML_MATH_BOOTSTRAP_H
#define RML_MATH_BOOTSTRAP_H

#include <stdbool.h>
#include <stdint.h>

#define RML_MAX_REPLICATES 10000

/*
 * Arrays with an element for each replicate are as long as this, so that loops
 * over them need no rest and compilers make vectors of them.
 */
#define RML_LANES 8
#define RML_PADDED(n) (((n) + RML_LANES - 1) / RML_LANES * RML_LANES)

/*
 * How often a row counts in each of n replicates, 0 in what pads them.
 *
 *	  mix(x): the finalizer of splitmix64 on x + 0x9e3779b97f4a7c15
 *	  u = mix(mix(mix(seed) + row) + replicate)
 *	  count = how many k >= 0 have u >= 2^64 P(X <= k), X of Poisson(1)
 */
extern void rml_bootstrap_counts(uint64_t seed, uint64_t row, double *counts, int n);

/* Adds factor * counts[i] to each. */
extern void rml_bootstrap_add(double *to, const double *counts, double factor, int n);

/* Replicates of what is computed over rows in the order of a score. */
typedef struct RmlReplicas
{
	int			n;
	const double *inverse[2];	/* of the weight of all negatives, and of all positives */
	bool		in_tie[2];		/* has the tie rows of the class? */
	double	   *before[2];		/* of the ties before, */
	double	   *tie[2];			/* of this one */
	double	   *area;			/* AUC times both totals */
	double	   *ks;
	double	   *precision;		/* average precision times the positives */
} RmlReplicas;

/* Adds a row of the tie that has begun. */
extern void rml_replicas_add(RmlReplicas *replicas, const double *counts, double weight, bool positive);

/* The tie has ended. */
extern void rml_replicas_end_tie(RmlReplicas *replicas);

/*
 * Interval of differences that holds `confidence` of them, by their percentiles, and
 * 2 (1 + less) / (n + 1) for the rarer of both signs (0 counts for both), at most 1.
 * Sorts the differences.  n > 0.
 */
typedef struct RmlInterval
{
	double		low;
	double		high;
	double		p_value;
} RmlInterval;

extern RmlInterval rml_interval_of(double *differences, int n, double confidence);

#endif
