/*
 * ranking.c
 *	  auc(), gini(), ks_score() and average_precision(), and the sorted rows that
 *	  curves and tests read, too.
 *
 * Without weights the rows of each class are sorted by themselves, as plain
 * numbers.  Aggregates over the same arguments share the rows and, but for
 * curves, one pass through them.  Files of a group are closed by a callback,
 * as its memory is freed while the query goes on.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"

#include "compat.h"
#include "stats/ranking.h"
#include "stats/rows.h"

RML_SQL_FUNCTION(riskml_rank_boolean);
RML_SQL_FUNCTION(riskml_rank_int);
RML_SQL_FUNCTION(riskml_rank_boolean_weight);
RML_SQL_FUNCTION(riskml_rank_int_weight);
RML_SQL_FUNCTION(riskml_rank_boolean_bins);
RML_SQL_FUNCTION(riskml_rank_int_bins);
RML_SQL_FUNCTION(riskml_rank_boolean_bins_weight);
RML_SQL_FUNCTION(riskml_rank_int_bins_weight);
RML_SQL_FUNCTION(riskml_auc);
RML_SQL_FUNCTION(riskml_gini);
RML_SQL_FUNCTION(riskml_ks_score);
RML_SQL_FUNCTION(riskml_average_precision);

static void
close_files(Datum argument)
{
	RmlRanking *ranking = (RmlRanking *) DatumGetPointer(argument);

	rml_sorter_close(&ranking->sorter[0]);
	rml_sorter_close(&ranking->sorter[1]);
}

/*
 * Are rows read more than once?  An aggregate that is one number reads them once,
 * but for weights whose sum overflows.
 */
static bool
is_read_again(FunctionCallInfo fcinfo, bool weighted)
{
	return weighted || AggStateIsShared(fcinfo) || AggGetAggref(fcinfo)->aggtype != FLOAT8OID;
}

static RmlRanking *
new_ranking(FunctionCallInfo fcinfo, bool weighted)
{
	MemoryContext context;
	RmlRanking *ranking;
	Size		memory = (Size) work_mem * 1024;
	bool		again;

	if (AggCheckCallContext(fcinfo, &context) != AGG_CONTEXT_AGGREGATE)
		elog(ERROR, "called outside of an aggregate");
	ranking = MemoryContextAllocZero(context, sizeof(RmlRanking));
	ranking->weighted = weighted;
	again = is_read_again(fcinfo, weighted);
	if (weighted)
		rml_sorter_init(&ranking->sorter[0], context, 2, 2, memory, again);
	for (int i = 0; i < 2 && !weighted; i++)
		rml_sorter_init(&ranking->sorter[i], context, 1, 1, memory / 2, again);
	AggRegisterCallback(fcinfo, close_files, PointerGetDatum(ranking));
	return ranking;
}

/* ---- rows ---- */

static inline bool
is_positive(FunctionCallInfo fcinfo, bool label_is_int)
{
	return label_is_int ? rml_label_of_int(PG_GETARG_INT32(2)) : PG_GETARG_BOOL(2);
}

/* Ascending, they are scores from the largest on. */
static inline uint64
descending_key(double score)
{
	return ~rml_key_of_double(rml_check_score(score));
}

static inline Datum
add_row(FunctionCallInfo fcinfo, bool label_is_int)
{
	RmlRanking *ranking;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		return PG_GETARG_DATUM(0);
	}
	ranking = PG_ARGISNULL(0) ? new_ranking(fcinfo, false) : (RmlRanking *) PG_GETARG_POINTER(0);
	*rml_sorter_put(&ranking->sorter[is_positive(fcinfo, label_is_int)]) = descending_key(PG_GETARG_FLOAT8(1));
	PG_RETURN_POINTER(ranking);
}

/* A row of weight 0 is none. */
static inline Datum
add_weighted_row(FunctionCallInfo fcinfo, bool label_is_int, int weight_argument)
{
	RmlRanking *ranking = PG_ARGISNULL(0) ? NULL : (RmlRanking *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(weight_argument))
	{
		uint64		key = descending_key(PG_GETARG_FLOAT8(1));
		bool		positive = is_positive(fcinfo, label_is_int);
		double		weight = rml_check_weight(PG_GETARG_FLOAT8(weight_argument));
		uint64	   *record;

		if (weight > 0)
		{
			if (ranking == NULL)
				ranking = new_ranking(fcinfo, true);
			rml_sum_add(&ranking->weight[positive], weight);
			record = rml_sorter_put(&ranking->sorter[0]);
			record[0] = key;
			record[1] = rml_key_of_double(positive ? weight : -weight);
		}
	}
	if (ranking == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(ranking);
}

Datum
riskml_rank_boolean(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, false);
}

Datum
riskml_rank_int(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, true);
}

Datum
riskml_rank_boolean_weight(PG_FUNCTION_ARGS)
{
	return add_weighted_row(fcinfo, false, 3);
}

Datum
riskml_rank_int_weight(PG_FUNCTION_ARGS)
{
	return add_weighted_row(fcinfo, true, 3);
}

/* Takes the number of bins, which is that of the first row. */
static Datum
with_bins(FunctionCallInfo fcinfo, Datum state)
{
	RmlRanking *ranking = (RmlRanking *) DatumGetPointer(state);
	int			bins = rml_bins_argument(fcinfo, 3);

	if (fcinfo->isnull)
		return state;
	if (ranking->bins != 0)
		rml_require_same_bins(ranking->bins, bins);
	ranking->bins = bins;
	return state;
}

Datum
riskml_rank_boolean_bins(PG_FUNCTION_ARGS)
{
	return with_bins(fcinfo, add_row(fcinfo, false));
}

Datum
riskml_rank_int_bins(PG_FUNCTION_ARGS)
{
	return with_bins(fcinfo, add_row(fcinfo, true));
}

Datum
riskml_rank_boolean_bins_weight(PG_FUNCTION_ARGS)
{
	return with_bins(fcinfo, add_weighted_row(fcinfo, false, 4));
}

Datum
riskml_rank_int_bins_weight(PG_FUNCTION_ARGS)
{
	return with_bins(fcinfo, add_weighted_row(fcinfo, true, 4));
}

/* ---- ties ---- */

struct RmlTies
{
	RmlRanking *ranking;
	const uint64 *head[2];		/* the sorters' next records */
};

RmlTies *
rml_ties_open(RmlRanking *ranking)
{
	RmlTies    *ties = palloc0(sizeof(RmlTies));

	ties->ranking = ranking;
	for (int i = 0; i < (ranking->weighted ? 1 : 2); i++)
	{
		rml_sorter_rewind(&ranking->sorter[i]);
		ties->head[i] = rml_sorter_next(&ranking->sorter[i]);
	}
	return ties;
}

static bool
next_weighted(RmlTies *ties, RmlTie *tie)
{
	RmlSum		sums[2] = {{0}};
	uint64		key;

	if (ties->head[0] == NULL)
		return false;
	key = ties->head[0][0];
	do
	{
		double		weight = rml_double_of_key(ties->head[0][1]);

		rml_sum_add(&sums[weight > 0], fabs(weight) * ties->ranking->scale);
		ties->head[0] = rml_sorter_next(&ties->ranking->sorter[0]);
	} while (ties->head[0] != NULL && ties->head[0][0] == key);
	tie->score = rml_double_of_key(~key);
	tie->negatives = rml_sum_value(sums[0]);
	tie->positives = rml_sum_value(sums[1]);
	return true;
}

/* How many rows of a class have this key, which is read past. */
static double
count_key(RmlTies *ties, int class, uint64 key)
{
	uint64		count = 0;

	while (ties->head[class] != NULL && *ties->head[class] == key)
	{
		count++;
		ties->head[class] = rml_sorter_next(&ties->ranking->sorter[class]);
	}
	return (double) count;
}

bool
rml_ties_next(RmlTies *ties, RmlTie *tie)
{
	const uint64 *negative = ties->head[0];
	const uint64 *positive = ties->head[1];
	uint64		key;

	if (ties->ranking->weighted)
		return next_weighted(ties, tie);
	if (negative == NULL && positive == NULL)
		return false;
	key = negative == NULL ? *positive : positive == NULL ? *negative : Min(*negative, *positive);
	tie->score = rml_double_of_key(~key);
	tie->negatives = count_key(ties, 0, key);
	tie->positives = count_key(ties, 1, key);
	return true;
}

/* ---- after the last row ---- */

/* Weights whose sum overflows are added up at a smaller scale. */
static void
add_up_small(RmlRanking *ranking)
{
	RmlTies    *ties = rml_ties_open(ranking);
	RmlTie		tie;

	memset(ranking->weight, 0, sizeof(ranking->weight));
	while (rml_ties_next(ties, &tie))
	{
		rml_sum_add(&ranking->weight[0], tie.negatives);
		rml_sum_add(&ranking->weight[1], tie.positives);
	}
}

static void
find_scale(RmlRanking *ranking)
{
	double		factor;

	ranking->scale = 1;
	if (!isfinite(rml_sum_value(ranking->weight[0])) || !isfinite(rml_sum_value(ranking->weight[1])))
	{
		ranking->scale = ldexp(1, -64);
		add_up_small(ranking);
	}
	/* products of two sums are still finite, and what weighs 1e-150 of all is still a normal number */
	factor = rml_scale_to(Max(rml_sum_value(ranking->weight[0]), rml_sum_value(ranking->weight[1])), 500);
	ranking->scale *= factor;
	for (int i = 0; i < 2; i++)
		ranking->total[i] = rml_sum_value(ranking->weight[i]) * factor;
}

RmlRanking *
rml_ranking_finished(FunctionCallInfo fcinfo)
{
	RmlRanking *ranking;

	if (PG_ARGISNULL(0))
		return NULL;
	ranking = (RmlRanking *) PG_GETARG_POINTER(0);
	if (ranking->finished)
		return ranking;
	if (ranking->weighted)
		find_scale(ranking);
	else
	{
		ranking->total[0] = (double) rml_sorter_count(&ranking->sorter[0]);
		ranking->total[1] = (double) rml_sorter_count(&ranking->sorter[1]);
	}
	ranking->finished = true;
	return ranking;
}

RmlRanking *
rml_ranking_of_both(FunctionCallInfo fcinfo)
{
	RmlRanking *ranking = rml_ranking_finished(fcinfo);

	return ranking == NULL || ranking->total[0] == 0 || ranking->total[1] == 0 ? NULL : ranking;
}

static const RmlRoc *
roc_of(FunctionCallInfo fcinfo)
{
	RmlRanking *ranking = rml_ranking_of_both(fcinfo);
	RmlTies    *ties;
	RmlTie		tie;

	if (ranking == NULL)
		return NULL;
	if (ranking->summed)
		return &ranking->roc;
	memset(&ranking->roc, 0, sizeof(RmlRoc));
	ranking->roc.negatives = ranking->total[0];
	ranking->roc.positives = ranking->total[1];
	ties = rml_ties_open(ranking);
	for (uint64 n = 0; rml_ties_next(ties, &tie); n++)
	{
		if ((n & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		rml_roc_add(&ranking->roc, &tie);
	}
	ranking->summed = true;
	return &ranking->roc;
}

Datum
riskml_auc(PG_FUNCTION_ARGS)
{
	const RmlRoc *roc = roc_of(fcinfo);

	if (roc == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_roc_auc(roc));
}

Datum
riskml_gini(PG_FUNCTION_ARGS)
{
	const RmlRoc *roc = roc_of(fcinfo);

	if (roc == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_roc_gini(roc));
}

Datum
riskml_ks_score(PG_FUNCTION_ARGS)
{
	const RmlRoc *roc = roc_of(fcinfo);

	if (roc == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(roc->ks);
}

Datum
riskml_average_precision(PG_FUNCTION_ARGS)
{
	const RmlRoc *roc = roc_of(fcinfo);

	if (roc == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_roc_average_precision(roc));
}
