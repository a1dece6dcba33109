/*
 * power.c
 *	  The transforms of Box and Cox, and of Yeo and Johnson, and the lambda of maximum likelihood.
 *
 * Both are (exp(lambda a) - 1) / lambda of a logarithm a: of x (Box and Cox), of 1 + x
 * (Yeo and Johnson, x >= 0), or with 2 - lambda and the sign turned of 1 - x (x < 0).
 *
 * The likelihood is that of the variance of the transformed values.  That is taken
 * of their differences from the transformed median over the derivative there, which
 * are such functions of log(x / median) again: nothing cancels out, wherever the
 * values are.  Logarithms are in units of the greatest one, so that nothing
 * vanishes either.  If the median is negative, all values are mirrored, which
 * turns lambda into 2 - lambda.
 *
 * Less its terms that are linear in lambda, minus the likelihood is convex (Kouider
 * and Chen, 1995, Marchand et al., 2022), so Newton's method between bounds finds the
 * one maximum.
 */
#include "math/power.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#include "math/sums.h"

/* So near to 1, or to 0, lambda might as well be that, which the likelihood does not tell apart. */
#define RHO_NEAR 1e-9

/* How far transforms must be apart, in units of themselves: with fewer of their digits not even the likelihood is known well. */
#define LEAST_SPREAD 0x1p-40

/* Below, lambda a is nothing beside 1 for the logarithm a of any double. */
#define LAMBDA_ZERO 1e-19

/* Squares of exp(MOST), about what the transforms make of values, can be summed up: by a step that scales them. */
#define MOST 340.0

/* Those of exp(MOST_SUMMED), and of its derivatives, can here. */
#define MOST_SUMMED 300.0

#define SAMPLE 1024
#define MAX_ROUNDS 200

/* Of a step in units of the curvature: the next one would be about its square. */
#define LAST_STEP 1e-5

/* Values whose sums are not compensated yet. */
#define RUN 256

static double
power_of_log(double a, double lambda)
{
	return fabs(lambda) < LAMBDA_ZERO ? a : expm1(lambda * a) / lambda;
}

double
rml_power(RmlPower method, double x, double lambda)
{
	if (method == RML_BOX_COX)
		return x > 0 ? power_of_log(log(x), lambda) : NAN;
	return x < 0 ? -power_of_log(log1p(-x), 2 - lambda) : power_of_log(log1p(x), lambda);
}

/* ---- values as the likelihood sees them ---- */

typedef struct Shape
{
	RmlPower	method;
	bool		is_mirrored;
	double		least;			/* of the values, mirrored if so */
	double		greatest;
	double		center;			/* their median */
	double		log_center;		/* of the median, or of 1 more */
	double		unit;			/* of logarithms: rho is lambda times that */
	double		low;			/* bounds of rho */
	double		high;
} Shape;

static double
log_of(RmlPower method, double x)
{
	return method == RML_BOX_COX ? log(x) : log1p(x);
}

/* log_of(x) less that of the center. */
static double
log_beyond(const Shape *shape, double x)
{
	double		beyond = (x - shape->center) / (shape->method == RML_BOX_COX ? shape->center : 1 + shape->center);

	return beyond > -0.5 && beyond < 1 ? log1p(beyond) : log_of(shape->method, x) - shape->log_center;
}

/* Is x of the other branch than the median? */
static bool
is_across(const Shape *shape, double x)
{
	return shape->method == RML_YEO_JOHNSON && x < 0;
}

/* A function of rho, and its derivatives. */
typedef struct Term
{
	double		z;
	double		d;
	double		dd;
} Term;

/* (exp(rho a) - 1) / rho: a, a^2, a^3 times the integrals of exp(t u), u exp(t u), u^2 exp(t u) for u from 0 to 1. */
static Term
term_of(double a, double rho)
{
	double		t = rho * a;
	double		whole = expm1(t);
	double		g0 = fabs(t) < DBL_MIN ? 1 : whole / t;
	double		g1;
	double		g2;

	if (fabs(t) < 0.03)
	{
		g1 = 1 / 2.0 + t * (1 / 3.0 + t * (1 / 8.0 + t * (1 / 30.0 + t / 144)));
		g2 = 1 / 3.0 + t * (1 / 4.0 + t * (1 / 10.0 + t * (1 / 36.0 + t / 168)));
	}
	else
	{
		g1 = (whole + 1 - g0) / t;
		g2 = (whole + 1 - 2 * g1) / t;
	}
	return (Term) {a * g0, a * a * g1, a * a * a * g2};
}

/* A value's transform less that of the median, over the derivative there. */
static Term
term_of_value(const Shape *shape, double x, double rho)
{
	double		center = shape->log_center / shape->unit;
	double		damped;
	Term		zero;
	Term		h;

	if (!is_across(shape, x))
		return term_of(log_beyond(shape, x) / shape->unit, rho);
	zero = term_of(-center, rho);
	h = term_of(log1p(-x) / shape->unit, 2 * shape->unit - rho);
	damped = exp(-rho * center);
	return (Term) {zero.z - damped * h.z,
		zero.d + damped * (center * h.z + h.d),
		zero.dd - damped * (center * (center * h.z + 2 * h.d) + h.dd)};
}

/* ---- sums ---- */

enum
{
	Z, D, DD, ZZ, ZD, DD_ZDD, LOGS, N_SUMS
};

/* Calls what follows for each run of equal values. */
typedef struct Runs
{
	const RmlAscending *values;
	const double *block;
	int			n;
	int			at;
} Runs;

static Runs
runs_of(const RmlAscending *values)
{
	Runs		runs = {.values = values};

	values->rewind(values->arg);
	runs.block = values->next(values->arg, &runs.n);
	return runs;
}

static bool
next_run(Runs *runs, double *value, int *count)
{
	int			start;

	if (runs->block != NULL && runs->at == runs->n)
	{
		runs->block = runs->values->next(runs->values->arg, &runs->n);
		runs->at = 0;
	}
	if (runs->block == NULL)
		return false;
	start = runs->at++;
	while (runs->at < runs->n && runs->block[runs->at] == runs->block[start])
		runs->at++;
	*value = runs->block[start];
	*count = runs->at - start;
	return true;
}

static void
flush_sums(RmlSum *sums, double *run)
{
	for (int i = 0; i < N_SUMS; i++)
	{
		rml_sum_add(&sums[i], run[i]);
		run[i] = 0;
	}
}

static void
sum_up(const Shape *shape, const RmlAscending *values, double rho, double *means)
{
	RmlSum		sums[N_SUMS] = {{0, 0}};
	double		run[N_SUMS] = {0};
	Runs		runs = runs_of(values);
	double		x;
	int			count;

	for (int i = 1; next_run(&runs, &x, &count); i++)
	{
		double		value = shape->is_mirrored ? -x : x;
		Term		term = term_of_value(shape, value, rho);
		/* less the center's, so that these do not cancel out either */
		double		logs = is_across(shape, value) ? -log1p(-value) - shape->log_center : log_beyond(shape, value);

		run[Z] += count * term.z;
		run[D] += count * term.d;
		run[DD] += count * term.dd;
		run[ZZ] += count * (term.z * term.z);
		run[ZD] += count * (term.z * term.d);
		run[DD_ZDD] += count * (term.d * term.d + term.z * term.dd);
		run[LOGS] += count * logs;
		if (i % RUN == 0)
			flush_sums(sums, run);
	}
	flush_sums(sums, run);
	for (int i = 0; i < N_SUMS; i++)
		means[i] = rml_sum_value(sums[i]) / (double) values->n;
}

/* As the median is within a deviation of the mean, the variance does not cancel out. */
static double
variance_of(const double *means)
{
	return means[ZZ] - means[Z] * means[Z];
}

/* The likelihood's first two derivatives by rho, of a row on average. */
static bool
slope_at(const Shape *shape, const RmlAscending *values, double rho, double *slope, double *curvature)
{
	double		means[N_SUMS];
	double		variance;
	double		growth;

	sum_up(shape, values, rho, means);
	variance = variance_of(means);
	if (!(variance > 0))
		return false;
	growth = (means[ZD] - means[Z] * means[D]) / variance;
	*slope = means[LOGS] / shape->unit - growth;
	*curvature = 2 * growth * growth - (means[DD_ZDD] - means[D] * means[D] - means[Z] * means[DD]) / variance;
	return isfinite(*slope);
}

/* ---- the shape ---- */

static double
bound_by(double bound, double most, double log)
{
	return log > 0 ? fmin(bound, most / log) : bound;
}

/* Where neither sums nor squares of transforms overflow. */
static void
set_bounds(Shape *shape)
{
	double		center = shape->log_center;
	double		unit = shape->unit;
	double		top = log_of(shape->method, shape->greatest);

	shape->high = bound_by(bound_by(HUGE_VAL, MOST_SUMMED, (top - center) / unit), MOST, top / unit);
	if (is_across(shape, shape->least))
	{
		double		across = log1p(-shape->least);

		shape->low = fmax((2 * across - MOST_SUMMED) / (center + across), 2 - MOST / across) * unit;
	}
	else
	{
		double		bottom = log_of(shape->method, shape->least);

		shape->low = -bound_by(bound_by(HUGE_VAL, MOST_SUMMED, (center - bottom) / unit), MOST, -bottom / unit);
	}
}

static double
log_of_rank(const Shape *shape, double value)
{
	double		x = shape->is_mirrored ? -value : value;

	return log_beyond(shape, is_across(shape, x) ? 0 : x);
}

/*
 * Where transforms of most values keep enough digits.  Beside the transform, a spread of logarithms is
 * spread / log_center y / (exp(y) - 1) for y = -lambda log_center.
 */
static void
set_bounds_of_digits(Shape *shape, const double *sample)
{
	double		spread = fabs(log_of_rank(shape, sample[SAMPLE * 9 / 10]) - log_of_rank(shape, sample[SAMPLE / 10]));
	double		share = LEAST_SPREAD * fabs(shape->log_center) / (spread > 0 ? spread : shape->unit);
	double		most = 50;

	if (share >= 1 || share == 0)
		return;
	for (int i = 0; i < 20; i++)
		most = log1p(most / share);
	if (shape->log_center > 0)
		shape->low = fmax(shape->low, -most * shape->unit / shape->log_center);
	else
		shape->high = fmin(shape->high, -most * shape->unit / shape->log_center);
}

static void
mirror(Shape *shape)
{
	double		least = shape->least;

	shape->is_mirrored = true;
	shape->least = -shape->greatest;
	shape->greatest = -least;
	shape->center = -shape->center;
}

/* Reads all values once.  sample gets some, at even distances by rank. */
static void
take_shape(Shape *shape, RmlPower method, const RmlAscending *values, double *sample, int n_sample)
{
	Runs		runs = runs_of(values);
	int64_t		end = 0;
	int			taken = 0;
	double		x;
	int			count;

	*shape = (Shape) {.method = method, .least = NAN};
	while (next_run(&runs, &x, &count))
	{
		if (end == 0)
			shape->least = x;
		if (end <= values->n / 2)
			shape->center = x;
		shape->greatest = x;
		end += count;
		while (taken < n_sample && (int64_t) ((taken + 0.5) * (double) values->n / n_sample) < end)
			sample[taken++] = x;
	}
	if (method == RML_YEO_JOHNSON && shape->center < 0)
		mirror(shape);
	shape->log_center = log_of(method, shape->center);
	shape->unit = fmax(fabs(log_beyond(shape, shape->greatest)),
					   is_across(shape, shape->least) ? fmax(log1p(-shape->least), shape->log_center) : fabs(log_beyond(shape, shape->least)));
	if (shape->unit > 0)
		set_bounds(shape);
}

/* ---- likelihood and its maximum ---- */

double
rml_power_likelihood(RmlPower method, const RmlAscending *values, double lambda)
{
	Shape		shape;
	double		means[N_SUMS];
	double		n = (double) values->n;

	take_shape(&shape, method, values, NULL, 0);
	if (!(shape.unit > 0))
		return HUGE_VAL;
	if (shape.is_mirrored)
		lambda = 2 - lambda;
	sum_up(&shape, values, lambda * shape.unit, means);
	return n * ((lambda - 1) * means[LOGS] - shape.log_center - log(shape.unit) - log(variance_of(means)) / 2);
}

/* The next rho to try. */
static double
next_rho(double rho, double slope, double curvature, double low, double high)
{
	double		newton = rho - slope / curvature;
	double		stride = 1 + fabs(rho);

	if (curvature < 0 && newton >= low && newton <= high && fabs(newton - rho) <= 2 * stride)
		return newton;
	if (slope > 0)
		return rho + fmin(stride, (high - rho) / 2);
	return rho - fmin(stride, (rho - low) / 2);
}

static double
climb(const Shape *shape, const RmlAscending *values, double rho)
{
	double		low = shape->low;
	double		high = shape->high;
	double		slope;
	double		curvature;

	for (int round = 0; round < MAX_ROUNDS && slope_at(shape, values, rho, &slope, &curvature); round++)
	{
		double		from = rho;

		if (slope > 0)
			low = rho;
		else
			high = rho;
		rho = next_rho(rho, slope, curvature, low, high);
		if (rho == from || fabs(rho - from) * sqrt(fabs(curvature)) < LAST_STEP)
			break;
	}
	return rho;
}

typedef struct Sample
{
	double		values[SAMPLE];
	bool		is_read;
} Sample;

static void
rewind_sample(void *arg)
{
	((Sample *) arg)->is_read = false;
}

static const double *
read_sample(void *arg, int *n)
{
	Sample	   *sample = arg;

	if (sample->is_read)
		return NULL;
	sample->is_read = true;
	*n = SAMPLE;
	return sample->values;
}

bool
rml_power_fit(RmlPower method, const RmlAscending *values, double *lambda)
{
	Sample		sample;
	RmlAscending few = {SAMPLE, rewind_sample, read_sample, &sample};
	Shape		shape;
	double		rho;
	double		found;

	*lambda = 1;
	take_shape(&shape, method, values, sample.values, SAMPLE);
	if (!(shape.unit > 0))
		return false;
	set_bounds_of_digits(&shape, sample.values);
	rho = fmin(fmax(shape.unit, shape.low), shape.high);
	rho = climb(&shape, values, climb(&shape, &few, rho));
	found = fabs(rho - shape.unit) < RHO_NEAR ? 1 : fabs(rho) < RHO_NEAR ? 0 : rho / shape.unit;
	if (!isfinite(found) || rml_power(method, shape.least, found) == rml_power(method, shape.greatest, found))
		return false;
	*lambda = shape.is_mirrored ? 2 - found : found;
	return true;
}
