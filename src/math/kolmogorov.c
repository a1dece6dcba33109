/*
 * kolmogorov.c
 *	  Distributions of the statistics of Kolmogorov and Smirnov.
 *
 * Two samples, exactly: lattice paths from (0, 0) to (n, m) that leave the strip |x/n - y/m| < d (Hodges, "The Significance
 * Probability of the Smirnov Two-Sample Test", 1958).  Shares of paths and not their numbers are computed, sums of
 * positive terms only, so that the smallest have all their digits.  For equal sizes the reflections of Gnedenko and Korolyuk.
 *
 * One sample: the methods and the regions in which each is used are those of Simard and L'Ecuyer ("Computing the Two-Sided
 * Kolmogorov-Smirnov Distribution", 2011), as scipy has them: Ruben and Gambino's formulas at the ends, Durbin's matrix by
 * Marsaglia, Tsang and Wang (2003), the series of Pelz and Good (1976), and the upper tail as twice the one-sided one by
 * the sum of Birnbaum and Tingey (1951), above a million values its limit.  The series has an error of its own, up
 * to 1e-5 of the probability for n > 140; with another method than scipy's the results would differ by that.
 */
#include "math/kolmogorov.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "math/special.h"

/* Sizes up to which the sum of Birnbaum and Tingey is taken. */
#define MAX_SUMMED 1000000

static double
clip(double p)
{
	return p < 0 ? 0 : p > 1 ? 1 : p;
}

/* ---- two samples ---- */

/*
 * Paths of n + n steps that reach a distance of h from the diagonal: 2 sum over k of (-1)^(k+1) C(2n, n - kh) / C(2n, n),
 * from the innermost of its nested form.
 */
static double
reflections(int64_t n, int64_t h, RmlHost *host)
{
	double		p = 0;

	for (int64_t k = n / h; k >= 1; k--)
	{
		double		ratio = 1;	/* C(2n, n - kh) / C(2n, n - (k-1)h) */

		for (int64_t j = 1; j <= h; j++)
			ratio *= (double) (n - k * h + j) / (double) (n + (k - 1) * h + j);
		p = ratio * (1 - p);
		rml_poll(host);
	}
	return 2 * p;
}

/*
 * Of the paths to (i, j) the share that has left the strip, for one i after the other.  The last step came from (i - 1, j)
 * with probability i / (i + j).
 */
static double
paths_outside(int64_t n, int64_t m, int64_t difference, RmlHost *host)
{
	double	   *share = rml_alloc(host, (size_t) (m + 1) * sizeof(double));
	double	   *inverse = rml_alloc(host, (size_t) (n + m + 1) * sizeof(double));
	int64_t		low = 0;
	double		p;

	inverse[0] = 0;
	for (int64_t k = 1; k <= n + m; k++)
		inverse[k] = 1 / (double) k;
	for (int64_t j = 0; j <= m; j++)
		share[j] = j * n < difference ? 0 : 1;
	for (int64_t i = 1; i <= n; i++)
	{
		int64_t		center = i * m;
		int64_t		high = (center + difference - 1) / n;
		double		left;

		/* j is within the strip if |i m - j n| < difference */
		while (center - low * n >= difference)
			share[low++] = 1;
		if (high > m)
			high = m;
		left = low > 0 ? 1 : 0;
		for (int64_t j = low; j <= high; j++)
			left = share[j] = share[j] * ((double) i * inverse[i + j]) + left * ((double) j * inverse[i + j]);
		rml_poll(host);
	}
	p = share[m];
	host->release(host, share);
	host->release(host, inverse);
	return p;
}

double
rml_ks_two_samples(int64_t n, int64_t m, double d, RmlHost *host)
{
	double		size = (double) n * (double) m;

	if (n <= RML_KS_EXACT && m <= RML_KS_EXACT)
	{
		int64_t		difference = (int64_t) rint(d * size);

		/* of equal sizes the differences are multiples of n */
		if (difference <= 0 || (n == m && difference < n))
			return 1;
		if (n == m)
			return clip(reflections(n, difference / n, host));
		return clip(paths_outside(n < m ? n : m, n < m ? m : n, difference, host));
	}
	return rml_ks_one_sample((int64_t) rint(size / ((double) n + (double) m)), d, host);
}

/* ---- one sample ---- */

double
rml_ks_one_sided(int64_t n, double d, RmlHost *host)
{
	double		size = (double) n;
	double		sum = 0,
				rest = 0;

	if (d <= 0)
		return 1;
	if (d >= 1)
		return 0;
	if (n > MAX_SUMMED)
		return exp(-(6 * size * d + 1) * (6 * size * d + 1) / (18 * size));

	/* d C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j): binomial densities, each over d + j/n */
	for (int64_t j = 0; j < n && d + (double) j / size < 1; j++)
	{
		double		above = size * d + (double) j;
		double		below = size * (1 - d) - (double) j;
		double		term;

		if (below <= 0)
			break;
		if (j == 0)
			term = exp(size * log1p(-d));
		else
			term = rml_binomial_density((double) j, size, above, below) * (size * d / above);
		term -= rest;
		rest = (sum + term) - sum - term;
		sum += term;
		if (j % 4096 == 0)
			rml_poll(host);
	}
	return clip(sum);
}

/* c = a b, of m by m. */
static void
multiply(double *c, const double *a, const double *b, int m)
{
	memset(c, 0, (size_t) m * (size_t) m * sizeof(double));
	for (int i = 0; i < m; i++)
		for (int k = 0; k < m; k++)
		{
			double		factor = a[i * m + k];

			if (factor != 0)
				for (int j = 0; j < m; j++)
					c[i * m + j] += factor * b[k * m + j];
		}
}

/* Divides the matrix by a power of two that brings its middle near 1; the exponent. */
static int
scale(double *a, int m, int middle)
{
	int			exponent;

	frexp(a[middle], &exponent);
	for (int i = 0; i < m * m; i++)
		a[i] = ldexp(a[i], -exponent);
	return exponent;
}

/* Durbin's matrix: 1/(i-j+1)!, but for the first column and the last row. */
static void
durbin_matrix(double *a, int m, double h)
{
	double		factorial = 1;	/* 1/k!, which may vanish */
	double		power = 1;

	memset(a, 0, (size_t) m * (size_t) m * sizeof(double));
	for (int k = 0; k < m; k++)
	{
		/* element (i, j) with i - j + 1 = k */
		for (int j = 0; j < m; j++)
			if (k + j - 1 >= 0 && k + j - 1 < m)
				a[(k + j - 1) * m + j] = factorial;
		factorial /= k + 1;
	}
	factorial = 1;
	for (int i = 0; i < m; i++)
	{
		factorial /= i + 1;
		power *= h;
		a[i * m] = (1 - power) * factorial;
		a[(m - 1) * m + (m - 1 - i)] = (1 - power) * factorial;
	}
	a[(m - 1) * m] = (1 - 2 * power + (h > 0.5 ? pow(2 * h - 1, m) : 0)) * factorial;
}

/* P(D_n < d): n!/n^n times the middle of the matrix's n-th power. */
static double
durbin(int64_t n, double d, RmlHost *host)
{
	double		nd = (double) n * d;
	int			k = (int) ceil(nd);
	int			m = 2 * k - 1;
	int			middle = (k - 1) * m + k - 1;
	size_t		size = (size_t) m * (size_t) m * sizeof(double);
	double	   *base = rml_alloc(host, size);
	double	   *power = rml_alloc(host, size);
	double	   *product = rml_alloc(host, size);
	int64_t		exponent = 0,
				base_exponent = 0;
	double		p;

	durbin_matrix(base, m, k - nd);
	memset(power, 0, size);
	for (int i = 0; i < m; i++)
		power[i * m + i] = 1;
	for (int64_t left = n; left > 0; left /= 2)
	{
		double	   *swap;

		if (left % 2 == 1)
		{
			multiply(product, power, base, m);
			swap = power;
			power = product;
			product = swap;
			exponent += base_exponent + scale(power, m, middle);
		}
		multiply(product, base, base, m);
		swap = base;
		base = product;
		product = swap;
		base_exponent = 2 * base_exponent + scale(base, m, middle);
		rml_poll(host);
	}
	p = power[middle];
	for (int64_t i = 1; i <= n; i++)
	{
		p *= (double) i / (double) n;
		if (p < 1e-200)
		{
			p = ldexp(p, 600);
			exponent -= 600;
		}
	}
	host->release(host, base);
	host->release(host, power);
	host->release(host, product);
	return ldexp(p, exponent < -100000 ? -100000 : exponent > 100000 ? 100000 : (int) exponent);
}

/*
 * P(D_n < d) by the series of Pelz and Good: K0 + K1/n^(1/2) + K2/n + K3/n^(3/2), of z = d sqrt(n).  With
 * s = (pi (2k-1)/2)^2 and t = (pi k)^2, the terms of k = 1, 2, ... are, over sqrt(2 pi):
 *	K0: 1/z e; K1: (s - z^2) / (6 z^4) e
 *	K2: (6z^6 + 2z^4 + (2z^4 - 5z^2) s + (1 - 2z^2) s^2) / (72 z^7) e - t / (36 z^3) f
 *	K3: ((5 - 30z^2) s^3 + (212z^4 - 60z^2) s^2 + (135z^4 - 96z^6) s - 30z^6 - 90z^8) / (6480 z^10) e
 *		+ (3z^2 - t) t / (216 z^6) f
 * where e = exp(-s / 2z^2), f = exp(-t / 2z^2).
 */
static double
pelz_good(double n, double d)
{
	double		z = sqrt(n) * d;
	double		z2 = z * z,
				z4 = z2 * z2,
				z6 = z4 * z2;
	double		k[4] = {0};
	double		half_pi2 = M_PI * M_PI / 4;

	if (half_pi2 / 2 / z2 > 708)
		return 0;
	/* the smallest terms first */
	for (int i = (int) ceil(16 * z / M_PI); i >= 1; i--)
	{
		double		s = half_pi2 * (2 * i - 1) * (2 * i - 1);
		double		t = M_PI * M_PI * i * i;
		double		e = exp(-s / (2 * z2));
		double		f = exp(-t / (2 * z2));

		k[0] += e / z;
		k[1] += (s - z2) / (6 * z4) * e;
		k[2] += (6 * z6 + 2 * z4 + ((2 * z4 - 5 * z2) + (1 - 2 * z2) * s) * s) / (72 * z6 * z) * e - t / (36 * z2 * z) * f;
		k[3] += (((5 - 30 * z2) * s + (212 * z4 - 60 * z2)) * s + (135 * z4 - 96 * z6)) * s / (6480 * z6 * z4) * e
			- (30 * z6 + 90 * z4 * z4) / (6480 * z6 * z4) * e + (3 * z2 - t) * t / (216 * z6) * f;
	}
	return sqrt(2 * M_PI) * (k[0] + (k[1] + (k[2] + k[3] / sqrt(n)) / sqrt(n)) / sqrt(n));
}

double
rml_ks_one_sample(int64_t n, double d, RmlHost *host)
{
	double		size = (double) n;
	double		nd = size * d;
	double		nd2 = nd * d;

	if (d >= 1)
		return 0;
	if (nd <= 0.5)
		return 1;
	if (nd <= 1)
	{
		/* n! (2d - 1/n)^n, the first factor by Stirling's formula */
		double		p = 1;

		if (n > 140)
			p = exp(rml_log_factorial_ratio(size) + size * log(2 * nd - 1));
		else
			for (int64_t i = 1; i <= n; i++)
				p *= (double) i / size * (2 * nd - 1);
		return clip(1 - p);
	}
	if (nd >= size - 1)
		return clip(2 * pow(1 - d, size));
	if (d >= 0.5)
		return clip(2 * rml_ks_one_sided(n, d, host));
	if (n <= 140)
		return clip(nd2 <= 4 ? 1 - durbin(n, d, host) : 2 * rml_ks_one_sided(n, d, host));
	if (nd2 >= 370)
		return 0;
	if (nd2 >= 2.2)
		return clip(2 * rml_ks_one_sided(n, d, host));
	if (n <= 100000 && nd * sqrt(d) <= 1.4)
		return clip(1 - durbin(n, d, host));
	return clip(1 - pelz_good(size, d));
}
