/*
 * bootstrap.c
 *	  Metrics of resampled rows.
 *
 * Poisson(1) counts instead of draws with replacement: for many rows the same
 * (Chamandy et al., Estimating Uncertainty for Massive Data Streams, 2012).
 */
#include "math/bootstrap.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "math/quantiles.h"

/* floor(2^64 P(X <= k)) */
static const uint64_t thresholds[] = {
	0x5e2d58d8b3bcdf1au, 0xbc5ab1b16779be35u, 0xeb715e1dc1582dc2u, 0xfb23979734a252f1u,
	0xff1025f59174dc3du, 0xffd90f3ba4055e19u, 0xfffa8b71fc72c913u, 0xffff540c0914b3c9u,
	0xffffed1f4aa8f120u, 0xfffffe216e641462u, 0xffffffd4d85d3183u, 0xfffffffc6da262b4u,
	0xffffffffba12d178u, 0xfffffffffb07c64cu, 0xffffffffffab8ea5u, 0xfffffffffffabe22u,
	0xffffffffffffb11au, 0xfffffffffffffba1u, 0xffffffffffffffc5u, 0xfffffffffffffffdu,
	0xffffffffffffffffu,
};

#define N_THRESHOLDS ((int) (sizeof(thresholds) / sizeof(thresholds[0])))

static inline uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static inline int
count_of(uint64_t u)
{
	/* without a branch that is hard to foresee */
	int			count = (u >= thresholds[0]) + (u >= thresholds[1]) + (u >= thresholds[2]) + (u >= thresholds[3]) + (u >= thresholds[4]);

	if (count == 5)
	{
		while (count < N_THRESHOLDS && u >= thresholds[count])
			count++;
	}
	return count;
}

void
rml_bootstrap_counts(uint64_t seed, uint64_t row, double *counts, int n)
{
	uint64_t	key = mix(mix(seed) + row);

	for (int i = 0; i < n; i++)
		counts[i] = count_of(mix(key + (uint64_t) i));
	for (int i = n; i < RML_PADDED(n); i++)
		counts[i] = 0;
}

void
rml_bootstrap_add(double *restrict to, const double *restrict counts, double factor, int n)
{
	for (int i = 0; i < n; i += RML_LANES)
	{
		for (int j = 0; j < RML_LANES; j++)
			to[i + j] += factor * counts[i + j];
	}
}

void
rml_replicas_add(RmlReplicas *replicas, const double *counts, double weight, bool positive)
{
	replicas->in_tie[positive] = true;
	rml_bootstrap_add(replicas->tie[positive], counts, weight, replicas->n);
}

/* Pairs with negatives of the tie: those with the positives above count one, with its own one half. */
static void
add_negatives(RmlReplicas *replicas)
{
	double	   *restrict area = replicas->area;
	double	   *restrict fp = replicas->before[0];
	double	   *restrict negatives = replicas->tie[0];
	const double *restrict tp = replicas->before[1];
	const double *restrict positives = replicas->tie[1];

	for (int i = 0; i < replicas->n; i += RML_LANES)
	{
		for (int j = i; j < i + RML_LANES; j++)
		{
			area[j] += negatives[j] * (tp[j] + positives[j] / 2);
			fp[j] += negatives[j];
			negatives[j] = 0;
		}
	}
}

/* Behind the negatives. */
static void
add_positives(RmlReplicas *replicas)
{
	double	   *restrict precision = replicas->precision;
	double	   *restrict tp = replicas->before[1];
	double	   *restrict positives = replicas->tie[1];
	const double *restrict fp = replicas->before[0];

	for (int i = 0; i < replicas->n; i += RML_LANES)
	{
		for (int j = i; j < i + RML_LANES; j++)
		{
			double		all = tp[j] + positives[j] + fp[j];

			tp[j] += positives[j];
			/* none at all: 0 times anything */
			precision[j] += positives[j] * (tp[j] / (all > DBL_MIN ? all : DBL_MIN));
			positives[j] = 0;
		}
	}
}

static void
add_distance(RmlReplicas *replicas)
{
	double	   *restrict ks = replicas->ks;
	const double *restrict fp = replicas->before[0];
	const double *restrict tp = replicas->before[1];
	const double *restrict of_negatives = replicas->inverse[0];
	const double *restrict of_positives = replicas->inverse[1];

	for (int i = 0; i < replicas->n; i += RML_LANES)
	{
		for (int j = i; j < i + RML_LANES; j++)
		{
			double		distance = fabs(tp[j] * of_positives[j] - fp[j] * of_negatives[j]);

			ks[j] = distance > ks[j] ? distance : ks[j];
		}
	}
}

void
rml_replicas_end_tie(RmlReplicas *replicas)
{
	if (replicas->in_tie[0])
		add_negatives(replicas);
	if (replicas->in_tie[1])
		add_positives(replicas);
	if (replicas->in_tie[0] || replicas->in_tie[1])
		add_distance(replicas);
	replicas->in_tie[0] = replicas->in_tie[1] = false;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

RmlInterval
rml_interval_of(double *differences, int n, double confidence)
{
	RmlInterval interval;
	int			not_above = 0;
	int			not_below = 0;

	qsort(differences, (size_t) n, sizeof(double), compare_doubles);
	for (int i = 0; i < n; i++)
	{
		not_above += differences[i] <= 0;
		not_below += differences[i] >= 0;
	}
	interval.low = rml_quantile_of(differences, n, (1 - confidence) / 2);
	interval.high = rml_quantile_of(differences, n, (1 + confidence) / 2);
	interval.p_value = fmin(1, 2.0 * (1 + (not_above < not_below ? not_above : not_below)) / (n + 1.0));
	return interval;
}
