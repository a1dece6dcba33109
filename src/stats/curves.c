/*
 * curves.c
 *	  roc_curve(), pr_curve(), gains() and hosmer_lemeshow(), of sorted rows.
 *
 * A curve is an array of rows.  It may have as many points as the table has rows, so
 * it is written where it stays, from one row's bytes as a pattern.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "compat.h"
#include "math/quantiles.h"
#include "math/special.h"
#include "stats/ranking.h"
#include "stats/rows.h"

RML_SQL_FUNCTION(riskml_roc_curve);
RML_SQL_FUNCTION(riskml_pr_curve);
RML_SQL_FUNCTION(riskml_gains);
RML_SQL_FUNCTION(riskml_hosmer_lemeshow);

#define DEFAULT_BINS 10

/* ---- points ---- */

typedef struct Point
{
	double		values[3];
} Point;

typedef struct Points
{
	Point	   *data;
	Size		n;
	Size		room;
} Points;

static void
add_point(Points *points, double a, double b, double c)
{
	if (points->n == points->room)
	{
		points->room = Max(64, points->room * 2);
		if (points->data == NULL)
			points->data = palloc(sizeof(Point) * points->room);
		else
			points->data = repalloc_huge(points->data, sizeof(Point) * points->room);
	}
	points->data[points->n++] = (Point) {{a, b, c}};
}

/* The rows of an array of a type of three float8. */
static Datum
array_of(FunctionCallInfo fcinfo, Points *points)
{
	Oid			type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	Datum		pattern_values[3] = {Float8GetDatum(0), Float8GetDatum(0), Float8GetDatum(0)};
	bool		nulls[3] = {0};
	TupleDesc	columns = lookup_rowtype_tupdesc(type, -1);
	HeapTupleHeader pattern = (HeapTupleHeader) DatumGetPointer(HeapTupleGetDatum(heap_form_tuple(columns, pattern_values, nulls)));
	Size		length = MAXALIGN(HeapTupleHeaderGetDatumLength(pattern));
	Size		size = ARR_OVERHEAD_NONULLS(1) + length * points->n;
	ArrayType  *array;
	char	   *at;

	ReleaseTupleDesc(columns);
	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a curve of %zu points is too long for a value", points->n),
				 errhint("Round the scores.")));
	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = type;
	ARR_DIMS(array)[0] = (int) points->n;
	ARR_LBOUND(array)[0] = 1;
	at = ARR_DATA_PTR(array);
	for (Size i = 0; i < points->n; i++)
	{
		memcpy(at, pattern, pattern->t_hoff);
		memcpy(at + pattern->t_hoff, points->data[i].values, sizeof(Point));
		at += length;
	}
	pfree(points->data);
	PG_RETURN_ARRAYTYPE_P(array);
}

static bool
next_tie(RmlTies *ties, RmlTie *tie, uint64 *n)
{
	if (((*n)++ & 0xffff) == 0)
		CHECK_FOR_INTERRUPTS();
	return rml_ties_next(ties, tie);
}

/* Are the three last points on a line of equal steps? scikit-learn leaves the middle one out. */
static bool
is_between(const RmlTie *before, const RmlTie *last)
{
	return before->positives == last->positives && before->negatives == last->negatives;
}

/*
 * Thresholds descend; the first, at which nothing is positive, is the largest
 * score + 1, as scikit-learn before 1.3 has it.
 */
Datum
riskml_roc_curve(PG_FUNCTION_ARGS)
{
	RmlRanking *ranking = rml_ranking_of_both(fcinfo);
	Points		points = {0};
	RmlSum		tp = {0};
	RmlSum		fp = {0};
	RmlTie		last = {0};
	RmlTie		tie;
	RmlTies    *ties;
	uint64		n = 0;

	if (ranking == NULL)
		PG_RETURN_NULL();
	ties = rml_ties_open(ranking);
	while (next_tie(ties, &tie, &n))
	{
		if (points.n == 0)
			add_point(&points, tie.score + 1, 0, 0);
		else if (points.n > 2 && is_between(&last, &tie))
			points.n--;
		rml_sum_add(&tp, tie.positives);
		rml_sum_add(&fp, tie.negatives);
		add_point(&points, tie.score, rml_sum_value(fp) / ranking->total[0], rml_sum_value(tp) / ranking->total[1]);
		last = tie;
	}
	return array_of(fcinfo, &points);
}

/* Thresholds ascend; behind the last, nothing is positive: recall 0, precision 1 by convention, at infinity. */
Datum
riskml_pr_curve(PG_FUNCTION_ARGS)
{
	RmlRanking *ranking = rml_ranking_of_both(fcinfo);
	Points		points = {0};
	RmlSum		tp = {0};
	RmlSum		fp = {0};
	RmlTie		tie;
	RmlTies    *ties;
	uint64		n = 0;

	if (ranking == NULL)
		PG_RETURN_NULL();
	ties = rml_ties_open(ranking);
	add_point(&points, INFINITY, 1, 0);
	while (next_tie(ties, &tie, &n))
	{
		double		positives;

		rml_sum_add(&tp, tie.positives);
		rml_sum_add(&fp, tie.negatives);
		positives = rml_sum_value(tp);
		add_point(&points, tie.score, positives / (positives + rml_sum_value(fp)), positives / ranking->total[1]);
	}
	for (Size i = 0, j = points.n - 1; i < j; i++, j--)
	{
		Point		swap = points.data[i];

		points.data[i] = points.data[j];
		points.data[j] = swap;
	}
	return array_of(fcinfo, &points);
}

/* ---- gains ---- */

typedef struct Gains
{
	RmlRanking *ranking;
	ArrayBuildState *rows;
	Oid			type;
	TupleDesc	columns;
	RmlSum		all[2];			/* negatives, positives of the bins so far */
	int			bin;
	RmlSum		here[2];		/* of this bin */
	double		least;
	double		largest;
} Gains;

/* Rows are never few enough that a bin without weight would be told. */
static void
put_bin(Gains *gains)
{
	double		unit = gains->ranking->weighted ? gains->ranking->scale : 1;
	double		total[2] = {gains->ranking->total[0], gains->ranking->total[1]};
	double		positives = rml_sum_value(gains->here[1]);
	double		rows = rml_sum_value(gains->here[0]) + positives;
	double		rate = total[1] / (total[0] + total[1]);
	double		tpr;
	double		fpr;
	double		share;
	Datum		values[11];
	bool		nulls[11] = {0};

	if (rows == 0)
		return;
	for (int i = 0; i < 2; i++)
	{
		rml_sum_merge(&gains->all[i], gains->here[i]);
		gains->here[i] = (RmlSum) {0};
	}
	tpr = rml_sum_value(gains->all[1]) / total[1];
	fpr = rml_sum_value(gains->all[0]) / total[0];
	share = (rml_sum_value(gains->all[0]) + rml_sum_value(gains->all[1])) / (total[0] + total[1]);
	values[0] = Int32GetDatum(gains->bin + 1);
	values[1] = Float8GetDatum(gains->least);
	values[2] = Float8GetDatum(gains->largest);
	values[3] = Float8GetDatum(rml_in_range(rows / unit));
	values[4] = Float8GetDatum(positives / unit);
	values[5] = Float8GetDatum(positives / rows);
	values[6] = Float8GetDatum(share);
	values[7] = Float8GetDatum(tpr);
	values[8] = Float8GetDatum(positives / rows / rate);
	values[9] = Float8GetDatum(tpr / share);
	values[10] = Float8GetDatum(tpr - fpr);
	nulls[7] = nulls[8] = nulls[9] = total[1] == 0;
	nulls[10] = total[0] == 0 || total[1] == 0;
	gains->rows = accumArrayResult(gains->rows, HeapTupleGetDatum(heap_form_tuple(gains->columns, values, nulls)), false,
								   gains->type, CurrentMemoryContext);
}

/*
 * Equal scores are in one bin, the one in which their middle lies, so that bins
 * do not depend on the order of rows.
 */
Datum
riskml_gains(PG_FUNCTION_ARGS)
{
	Gains		gains = {.ranking = rml_ranking_finished(fcinfo)};
	int			bins;
	double		total;
	RmlSum		before = {0};
	RmlTies    *ties;
	RmlTie		tie;
	uint64		n = 0;

	if (gains.ranking == NULL)
		PG_RETURN_NULL();
	bins = gains.ranking->bins ? gains.ranking->bins : DEFAULT_BINS;
	total = gains.ranking->total[0] + gains.ranking->total[1];
	gains.type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	gains.columns = lookup_rowtype_tupdesc(gains.type, -1);
	ties = rml_ties_open(gains.ranking);
	while (next_tie(ties, &tie, &n))
	{
		double		rows = tie.positives + tie.negatives;
		int			bin = Min((int) ((rml_sum_value(before) + rows / 2) / total * bins), bins - 1);

		if (bin != gains.bin)
			put_bin(&gains);
		if (bin != gains.bin || n == 1)
			gains.largest = tie.score;
		gains.bin = bin;
		gains.least = tie.score;
		rml_sum_add(&gains.here[0], tie.negatives);
		rml_sum_add(&gains.here[1], tie.positives);
		rml_sum_add(&before, rows);
	}
	put_bin(&gains);
	ReleaseTupleDesc(gains.columns);
	PG_RETURN_DATUM(makeArrayResult(gains.rows, CurrentMemoryContext));
}

/* ---- Hosmer and Lemeshow ---- */

/* Quantiles of the scores from 1 down to 0; weights count rows. */
static void
find_edges(RmlRanking *ranking, int groups, double *values)
{
	double		unit = ranking->weighted ? ranking->scale : 1;
	RmlQuantiles quantiles = {.parts = groups,.total = rml_in_range((ranking->total[0] + ranking->total[1]) / unit),.values = values};
	RmlTies    *ties = rml_ties_open(ranking);
	RmlTie		tie;
	RmlSum		rows = {0};
	uint64		n = 0;

	while (next_tie(ties, &tie, &n))
	{
		rml_sum_add(&rows, (tie.positives + tie.negatives) / unit);
		rml_quantiles_add(&quantiles, rml_sum_value(rows), tie.score);
	}
	rml_quantiles_add(&quantiles, INFINITY, tie.score);
}

typedef struct ScoreGroup
{
	RmlSum		observed[2];
	RmlSum		expected[2];
} ScoreGroup;

static void
sum_groups(RmlRanking *ranking, int groups, const double *edges, ScoreGroup *sums)
{
	double		unit = ranking->weighted ? ranking->scale : 1;
	RmlTies    *ties = rml_ties_open(ranking);
	RmlTie		tie;
	uint64		n = 0;
	int			group = 0;

	while (next_tie(ties, &tie, &n))
	{
		double		rows[2] = {tie.negatives / unit, tie.positives / unit};

		/* above edges[group + 1], up to edges[group]; the last one with its lower edge */
		while (group < groups - 1 && !(tie.score > edges[group + 1]))
			group++;
		for (int i = 0; i < 2; i++)
		{
			rml_sum_add(&sums[group].observed[i], rows[i]);
			rml_sum_add_product(&sums[group].expected[1], rows[i], tie.score);
			rml_sum_add_product(&sums[group].expected[0], rows[i], 1 - tie.score);
		}
	}
}

/* Adds what a group says; false if it has no rows. */
static bool
add_group(const ScoreGroup *group, RmlSum *statistic)
{
	if (rml_sum_value(group->observed[0]) + rml_sum_value(group->observed[1]) == 0)
		return false;
	for (int i = 0; i < 2; i++)
	{
		double		expected = rml_sum_value(group->expected[i]);
		double		difference = rml_sum_value(group->observed[i]) - expected;

		/* what was impossible and did not happen says nothing */
		if (difference != 0)
			rml_sum_add(statistic, expected == 0 ? INFINITY : difference / expected * difference);
	}
	return true;
}

/*
 * Groups by quantiles of the score, (lower, upper], as R's hoslem.test() of
 * ResourceSelection cuts them; equal edges make fewer groups, which is what the
 * degrees of freedom count: groups - 2.
 */
Datum
riskml_hosmer_lemeshow(PG_FUNCTION_ARGS)
{
	RmlRanking *ranking = rml_ranking_finished(fcinfo);
	int			groups;
	int			filled = 0;
	double	   *edges;
	ScoreGroup	   *sums;
	RmlSum		statistic = {0};
	double		value;
	TupleDesc	columns;
	Datum		values[3];
	bool		nulls[3] = {0};

	if (ranking == NULL)
		PG_RETURN_NULL();
	groups = ranking->bins ? ranking->bins : DEFAULT_BINS;
	edges = palloc0(sizeof(double) * (Size) (groups + 1));
	sums = palloc0(sizeof(ScoreGroup) * (Size) groups);
	find_edges(ranking, groups, edges);
	rml_check_probability(edges[0]);	/* the largest */
	rml_check_probability(edges[groups]);
	groups = rml_leave_equals_out(edges, groups + 1) - 1;
	groups = Max(groups, 1);
	sum_groups(ranking, groups, edges, sums);
	for (int i = 0; i < groups; i++)
		filled += add_group(&sums[i], &statistic);
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE || columns->natts != lengthof(values))
		elog(ERROR, "hosmer_lemeshow() does not return its type");
	value = isfinite(statistic.sum) ? rml_sum_value(statistic) : statistic.sum;
	values[0] = Float8GetDatum(value);
	values[1] = Int32GetDatum(Max(filled - 2, 0));
	nulls[2] = filled < 3;
	values[2] = Float8GetDatum(nulls[2] ? 0 : rml_chi2_sf(value, filled - 2));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
