/*
 * bootstrap.c
 *	  Metrics of resampled rows.
 *
 * Poisson(1) counts instead of draws with replacement: for many rows the same
 * (Chamandy et al., Estimating Uncertainty for Massive Data Streams, 2012).
 */
#include "math/bootstrap.h"

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

static inline uint8_t
count_of(uint64_t u)
{
	int			count = (u >= thresholds[0]) + (u >= thresholds[1]) + (u >= thresholds[2]);

	while (count >= 3 && count < N_THRESHOLDS && u >= thresholds[count])
		count++;
	return (uint8_t) count;
}

void
rml_bootstrap_counts(uint64_t seed, uint64_t row, uint8_t *counts, int n)
{
	uint64_t	key = mix(mix(seed) + row);

	for (int i = 0; i < n; i++)
		counts[i] = count_of(mix(key + (uint64_t) i));
}

void
rml_replicas_add(RmlReplicas *replicas, const uint8_t *counts, double weight, bool positive)
{
	double	   *tie = replicas->tie[positive];

	for (int i = 0; i < replicas->n; i++)
		tie[i] += weight * counts[i];
}

void
rml_replicas_end_tie(RmlReplicas *replicas)
{
	for (int i = 0; i < replicas->n; i++)
	{
		double		negatives = replicas->tie[0][i];
		double		positives = replicas->tie[1][i];
		double		fp = replicas->before[0][i] + negatives;
		double		tp = replicas->before[1][i] + positives;
		double		distance;

		if (negatives == 0 && positives == 0)
			continue;
		replicas->area[i] += negatives * (replicas->before[1][i] + positives / 2);
		if (positives > 0)
			replicas->precision[i] += positives * (tp / (tp + fp));
		distance = fabs(tp / replicas->total[1][i] - fp / replicas->total[0][i]);
		if (distance > replicas->ks[i])
			replicas->ks[i] = distance;
		replicas->before[0][i] = fp;
		replicas->before[1][i] = tp;
		replicas->tie[0][i] = replicas->tie[1][i] = 0;
	}
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
