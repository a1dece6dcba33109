/*
 * paired_scores.c
 *	  Rows scored by two models, and what distinguishes the scores.
 *
 * Rows are sorted by the first model's score, a row's number in that order being
 * what the bootstrap draws by, and for ranks again by the second one's, with what
 * is known of the first.  DeLong: each row's placement is the share of the other
 * class that it beats, and the variance of the difference of two AUCs is that of
 * the differences of placements in each class (DeLong et al. 1988; Sun & Xu 2014).
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "math/bootstrap.h"
#include "math/divergence.h"
#include "math/losses.h"
#include "math/moments.h"
#include "math/quantiles.h"
#include "math/roc.h"
#include "math/special.h"
#include "stats/paired_scores.h"
#include "stats/rows.h"

#define PSI_BINS 10
#define PSI_FLOOR 0.0001		/* a share of 0 */

/* Words of a record of the first sort, */
enum
{
	KEY_A, KEY_B, LABEL, WEIGHT, ROW_WORDS
};

/* and of the second. */
enum
{
	BY_B, NUMBER, SIGNED_WEIGHT, PLACEMENT_A, RANK_A, RANKED_WORDS
};

typedef struct Row
{
	double		a;
	double		b;
	double		label;
	double		weight;
} Row;

/* ---- rows ---- */

void
rml_pairs_begin(RmlPairs *pairs)
{
	/* two sorts are there at a time */
	rml_sorter_init(&pairs->rows, CurrentMemoryContext, ROW_WORDS, ROW_WORDS, (Size) work_mem * 1024 / 2, true);
	pairs->n_results = 0;
	pairs->heaviest = 0;
}

void
rml_pairs_add(RmlPairs *pairs, double a, double b, double label, double weight)
{
	uint64	   *record;

	if (weight == 0)
		return;
	pairs->heaviest = Max(pairs->heaviest, weight);
	record = rml_sorter_put(&pairs->rows);
	record[KEY_A] = ~rml_key_of_double(a);
	record[KEY_B] = ~rml_key_of_double(b);
	record[LABEL] = rml_key_of_double(label);
	record[WEIGHT] = rml_key_of_double(weight);
}

void
rml_pairs_end(RmlPairs *pairs)
{
	rml_sorter_close(&pairs->rows);
}

static bool
next_row(const RmlPairs *pairs, RmlSorter *rows, Row *row)
{
	const uint64 *record = rml_sorter_next(rows);

	if (record == NULL)
		return false;
	row->a = rml_double_of_key(~record[KEY_A]);
	row->b = rml_double_of_key(~record[KEY_B]);
	row->label = rml_double_of_key(record[LABEL]);
	row->weight = rml_double_of_key(record[WEIGHT]) * pairs->scale;
	return true;
}

/* ---- results ---- */

static RmlCompared *
add_result(RmlPairs *pairs, const char *metric, double a, double b)
{
	RmlCompared *result = &pairs->results[pairs->n_results++];

	Assert(pairs->n_results <= RML_MAX_COMPARED);
	*result = (RmlCompared) {metric, {a, b}, b - a, NAN, NAN, NAN, NULL};
	return result;
}

/* ---- means: metrics that are means over rows of what each costs ---- */

#define MOST_MEANS 2

typedef struct Means
{
	int			n;
	const char *names[MOST_MEANS];
	RmlSum		weight;
	RmlSum		sums[MOST_MEANS][2];
	double	   *replicas[MOST_MEANS][2];
} Means;

/* What a row costs with both models. */
static void
costs_of(const RmlPairs *pairs, const Row *row, double costs[MOST_MEANS][2])
{
	double		scores[2] = {row->a, row->b};

	for (int i = 0; i < 2; i++)
	{
		double		error = scores[i] - row->label;

		switch (pairs->task)
		{
			case RML_TASK_BINARY:
				costs[0][i] = rml_log_loss(scores[i], row->label != 0);
				costs[1][i] = error * error;
				break;
			case RML_TASK_REGRESSION:
				costs[0][i] = error * error;
				costs[1][i] = fabs(error);
				break;
			case RML_TASK_CLASSES:
				costs[0][i] = scores[i];
				costs[1][i] = ((int) row->label & (i == 0 ? RML_RIGHT_A : RML_RIGHT_B)) != 0;
				break;
		}
	}
}

static void
name_means(const RmlPairs *pairs, Means *means)
{
	static const char *const names[][MOST_MEANS] = {
		[RML_TASK_BINARY] = {"log_loss", "brier"},
		[RML_TASK_REGRESSION] = {"rmse", "mae"},
		[RML_TASK_CLASSES] = {"log_loss", "accuracy"},
	};

	means->n = pairs->task == RML_TASK_BINARY && !pairs->probability ? 0 : MOST_MEANS;
	memcpy(means->names, names[pairs->task], sizeof(means->names));
}

/* NaN without rows. */
static double
mean_of(const Means *means, int i, double sum, double weight)
{
	double		mean;

	if (weight == 0)
		return NAN;
	mean = rml_in_range(sum / weight);
	return strcmp(means->names[i], "rmse") == 0 ? sqrt(mean) : mean;
}

static double *
zeros(int n)
{
	return palloc0(sizeof(double) * (Size) RML_PADDED(Max(n, 1)));
}

/* Drawn rows: how often each of them counts in each replicate. */
typedef struct Draw
{
	double	   *counts;
	double	   *total[2];		/* weight in each replicate, by class */
	double	   *inverse[2];
} Draw;

static void
add_means(const RmlPairs *pairs, Means *means, const Row *row, const double *counts)
{
	double		costs[MOST_MEANS][2];

	if (means->n == 0)
		return;
	costs_of(pairs, row, costs);
	rml_sum_add(&means->weight, row->weight);
	for (int i = 0; i < means->n; i++)
	{
		for (int j = 0; j < 2; j++)
		{
			rml_sum_add_product(&means->sums[i][j], row->weight, costs[i][j]);
			rml_bootstrap_add(means->replicas[i][j], counts, row->weight * costs[i][j], RML_PADDED(pairs->replicates));
		}
	}
}

/* Sets the interval from differences, of which n are defined. */
static void
set_interval(const RmlPairs *pairs, RmlCompared *result, double *differences, int n)
{
	RmlInterval interval;

	result->method = "bootstrap";
	if (n == 0)
		return;
	interval = rml_interval_of(differences, n, pairs->confidence);
	result->low = interval.low;
	result->high = interval.high;
	result->p_value = interval.p_value;
}

static void
report_means(RmlPairs *pairs, const Means *means, const Draw *draw)
{
	double		weight = rml_sum_value(means->weight);
	double	   *differences = zeros(pairs->replicates);

	for (int i = 0; i < means->n; i++)
	{
		int			n = 0;
		RmlCompared *result = add_result(pairs, means->names[i], mean_of(means, i, rml_sum_value(means->sums[i][0]), weight),
										 mean_of(means, i, rml_sum_value(means->sums[i][1]), weight));

		for (int k = 0; k < pairs->replicates; k++)
		{
			double		drawn = draw->total[0][k] + draw->total[1][k];

			if (drawn > 0)
				differences[n++] = mean_of(means, i, means->replicas[i][1][k], drawn) - mean_of(means, i, means->replicas[i][0][k], drawn);
		}
		set_interval(pairs, result, differences, n);
	}
	pfree(differences);
}

/* ---- what both scores have in common ---- */

typedef struct Moments
{
	RmlSum		weight;
	RmlSum		x;
	RmlSum		y;
	RmlSum		xx;
	RmlSum		yy;
	RmlSum		xy;
} Moments;

/* Values are taken from a point near to them, so that products are not large. */
static void
add_moments(Moments *moments, double x, double y, double weight)
{
	rml_sum_add(&moments->weight, weight);
	rml_sum_add_product(&moments->x, weight, x);
	rml_sum_add_product(&moments->y, weight, y);
	rml_sum_add_product3(&moments->xx, weight, x, x);
	rml_sum_add_product3(&moments->yy, weight, y, y);
	rml_sum_add_product3(&moments->xy, weight, x, y);
}

static double
correlation(const Moments *moments)
{
	double		xx = rml_sum_about_means(moments->weight, moments->xx, moments->x, moments->x);
	double		yy = rml_sum_about_means(moments->weight, moments->yy, moments->y, moments->y);
	double		xy = rml_sum_about_means(moments->weight, moments->xy, moments->x, moments->y);
	double		r = xy / xx * sqrt(xx / yy);

	return !(xx > 0) || !(yy > 0) ? NAN : Max(-1, Min(1, r));
}

/* Counts by bins that are given by their lower edges, the largest first; the last bin has none. */
typedef struct Bins
{
	double		edges[PSI_BINS + 1];
	int			n_edges;
	RmlSum		weights[2][PSI_BINS + 1];
} Bins;

static void
count_in_bin(Bins *bins, int model, double score, double weight)
{
	int			bin = 0;

	while (bin < bins->n_edges && score < bins->edges[bin])
		bin++;
	rml_sum_add(&bins->weights[model][bin], weight);
}

/* Deciles of the first model's scores, without the least and the largest. */
static void
find_bins(RmlPairs *pairs, double total, Bins *bins)
{
	double		values[PSI_BINS + 1] = {0};
	RmlQuantiles quantiles = {.parts = PSI_BINS,.total = total / pairs->scale,.values = values};	/* in rows */
	RmlSum		end = {0};
	Row			row = {0};

	rml_sorter_rewind(&pairs->rows);
	while (next_row(pairs, &pairs->rows, &row))
	{
		rml_sum_add(&end, row.weight);
		rml_quantiles_add(&quantiles, rml_sum_value(end) / pairs->scale, row.a);
	}
	rml_quantiles_add(&quantiles, INFINITY, row.a);
	bins->n_edges = rml_leave_equals_out(values + 1, PSI_BINS - 1);
	memcpy(bins->edges, values + 1, sizeof(double) * (Size) bins->n_edges);
}

static double
psi_of(const Bins *bins, double total)
{
	double		shares[2][PSI_BINS + 1];

	for (int i = 0; i <= bins->n_edges; i++)
	{
		shares[0][i] = rml_sum_value(bins->weights[0][i]) / total;
		shares[1][i] = rml_sum_value(bins->weights[1][i]) / total;
	}
	return rml_psi(shares[0], shares[1], (size_t) bins->n_edges + 1, PSI_FLOOR);
}

/* ---- ranks ---- */

/* Rows in the order of one score, with what lies before a tie, and the tie. */
typedef struct Order
{
	RmlSorter  *rows;
	uint64		left;			/* rows of the tie that are still to be read */
	double		scale;			/* of weights */
	RmlSum		before[2];		/* by class */
	RmlSum		tie[2];
} Order;

static void
open_order(Order *order, RmlSorter *sorter, double scale)
{
	memset(order, 0, sizeof(*order));
	order->scale = scale;
	order->rows = sorter;
	rml_sorter_rewind(sorter);
}

/* Adds up the tie that begins with the next row. */
static void
read_tie(Order *order, double (*weight_of) (const uint64 *record))
{
	const uint64 *record;
	uint64		key = 0;

	for (int i = 0; i < 2; i++)
	{
		rml_sum_merge(&order->before[i], order->tie[i]);
		order->tie[i] = (RmlSum) {0};
	}
	rml_sorter_mark(order->rows);
	for (; (record = rml_sorter_next(order->rows)) != NULL; order->left++)
	{
		double		weight = weight_of(record) * order->scale;

		if (order->left == 0)
			key = record[0];
		else if (record[0] != key)
			break;
		rml_sum_add(&order->tie[weight > 0], fabs(weight));
	}
	rml_sorter_restore(order->rows);
}

/* The next row; true in *first if a tie begins with it.  Positive weights are those of class 1. */
static const uint64 *
next_in_order(Order *order, double (*weight_of) (const uint64 *record), bool *first)
{
	*first = order->left == 0;
	if (*first)
		read_tie(order, weight_of);
	if (order->left == 0)
		return NULL;
	order->left--;
	return rml_sorter_next(order->rows);
}

static double
weight_of_row(const uint64 *record)
{
	double		weight = rml_double_of_key(record[WEIGHT]);

	return rml_double_of_key(record[LABEL]) != 0 ? weight : -weight;
}

static double
weight_of_ranked(const uint64 *record)
{
	return rml_double_of_key(record[SIGNED_WEIGHT]);
}

/* Share of the other class that a row beats, in favour of class 1; ties count one half. */
static double
placement(const Order *order, bool positive, const double *total)
{
	double		before = rml_sum_value(order->before[!positive]);
	double		tie = rml_sum_value(order->tie[!positive]);

	/* a positive beats the negatives that come later, a negative is beaten by the positives before */
	return (positive ? total[0] - before - tie / 2 : before + tie / 2) / total[!positive];
}

/* Middle of a tie, by weight. */
static double
rank_of(const Order *order)
{
	return rml_sum_value(order->before[0]) + rml_sum_value(order->before[1]) +
		(rml_sum_value(order->tie[0]) + rml_sum_value(order->tie[1])) / 2;
}

typedef struct Ranks
{
	double		total[2];
	RmlRoc		roc[2];			/* by model */
	Moments		ranks;
	RmlSum		differences[2]; /* of placements, by class, */
	RmlSum		squares[2];		/* and their squares */
	RmlReplicas replicas[2];	/* by model */
} Ranks;

static void
begin_replicas(RmlReplicas *replicas, int n, const Draw *draw)
{
	replicas->n = RML_PADDED(n);
	for (int i = 0; i < 2; i++)
	{
		replicas->inverse[i] = draw->inverse[i];
		replicas->before[i] = zeros(n);
		replicas->tie[i] = zeros(n);
	}
	replicas->area = zeros(n);
	replicas->ks = zeros(n);
	replicas->precision = zeros(n);
}

/* A row in the order of a model's score. */
static void
add_ranked(RmlPairs *pairs, Ranks *ranks, int model, const Order *order, bool first, uint64 number, double weight, Draw *draw)
{
	RmlReplicas *replicas = &ranks->replicas[model];

	if (first)
	{
		RmlTie		tie = {.positives = rml_sum_value(order->tie[1]),.negatives = rml_sum_value(order->tie[0])};

		if (ranks->total[0] > 0 && ranks->total[1] > 0)
			rml_roc_add(&ranks->roc[model], &tie);
		rml_replicas_end_tie(replicas);
	}
	if (replicas->n == 0)
		return;
	rml_bootstrap_counts(pairs->seed, number, draw->counts, pairs->replicates);
	rml_replicas_add(replicas, draw->counts, fabs(weight), weight > 0);
}

/* In the order of the first score: what of it belongs to each row, for the second order. */
static void
rank_by_a(RmlPairs *pairs, Ranks *ranks, RmlSorter *ranked, Draw *draw)
{
	Order		order;
	const uint64 *record;
	bool		first;

	open_order(&order, &pairs->rows, pairs->scale);
	for (uint64 number = 0; (record = next_in_order(&order, weight_of_row, &first)) != NULL; number++)
	{
		double		weight = weight_of_row(record) * pairs->scale;
		uint64	   *out = rml_sorter_put(ranked);

		CHECK_FOR_INTERRUPTS();
		add_ranked(pairs, ranks, 0, &order, first, number, weight, draw);
		out[BY_B] = record[KEY_B];
		out[NUMBER] = number;
		out[SIGNED_WEIGHT] = rml_key_of_double(weight);
		out[PLACEMENT_A] = rml_key_of_double(placement(&order, weight > 0, ranks->total));
		out[RANK_A] = rml_key_of_double(rank_of(&order));
	}
	rml_replicas_end_tie(&ranks->replicas[0]);
}

static void
rank_by_b(RmlPairs *pairs, Ranks *ranks, RmlSorter *ranked, Draw *draw)
{
	Order		order;
	const uint64 *record;
	bool		first;
	double		center = (ranks->total[0] + ranks->total[1]) / 2;

	open_order(&order, ranked, 1);
	while ((record = next_in_order(&order, weight_of_ranked, &first)) != NULL)
	{
		double		weight = weight_of_ranked(record);
		bool		positive = weight > 0;
		double		difference = placement(&order, positive, ranks->total) - rml_double_of_key(record[PLACEMENT_A]);

		CHECK_FOR_INTERRUPTS();
		add_ranked(pairs, ranks, 1, &order, first, record[NUMBER], weight, draw);
		rml_sum_add(&ranks->differences[positive], difference);
		rml_sum_add_product(&ranks->squares[positive], difference, difference);
		add_moments(&ranks->ranks, rml_double_of_key(record[RANK_A]) - center, rank_of(&order) - center, fabs(weight));
	}
	rml_replicas_end_tie(&ranks->replicas[1]);
}

typedef enum Ranking
{
	AUC, GINI, KS, AVERAGE_PRECISION
} Ranking;

/* Variance of the difference of two AUCs; NaN with fewer than two rows of a class. */
static double
delong_variance(const Ranks *ranks)
{
	double		variance = 0;

	for (int i = 0; i < 2; i++)
	{
		double		n = ranks->total[i];
		RmlSum		rows = {n, 0};

		if (!(n >= 2))
			return NAN;
		variance += Max(rml_sum_about_means(rows, ranks->squares[i], ranks->differences[i], ranks->differences[i]), 0) / (n - 1) / n;
	}
	return variance;
}

static void
report_delong(RmlPairs *pairs, const Ranks *ranks, double values[][2])
{
	double		error = sqrt(delong_variance(ranks));
	double		difference = values[AUC][1] - values[AUC][0];
	double		half = error * -rml_normal_quantile((1 - pairs->confidence) / 2);
	double		p_value = error > 0 ? 2 * rml_normal_sf(fabs(difference) / error) : difference == 0;

	for (int i = 0; i < 2; i++)
	{
		RmlCompared *result = i == 0 ? add_result(pairs, "auc", values[AUC][0], values[AUC][1]) :
			add_result(pairs, "gini", values[GINI][0], values[GINI][1]);

		result->method = "DeLong";
		if (isnan(error) || isnan(difference))
			continue;
		result->low = result->difference - (i + 1) * half;
		result->high = result->difference + (i + 1) * half;
		result->p_value = p_value;
	}
}

/* A metric of a replicate that has both classes. */
static double
replica_of(const RmlReplicas *replicas, Ranking metric, int i)
{
	double		auc = replicas->area[i] * replicas->inverse[0][i] * replicas->inverse[1][i];

	switch (metric)
	{
		case AUC:
			return auc;
		case GINI:
			return 2 * auc - 1;
		case KS:
			return replicas->ks[i];
		case AVERAGE_PRECISION:
			break;
	}
	return replicas->precision[i] * replicas->inverse[1][i];
}

static void
report_replicated(RmlPairs *pairs, const Ranks *ranks, const char *name, Ranking metric, const double *values)
{
	double	   *differences = zeros(pairs->replicates);
	RmlCompared *result = add_result(pairs, name, values[0], values[1]);
	int			n = 0;

	for (int i = 0; i < pairs->replicates; i++)
	{
		if (ranks->replicas[0].inverse[0][i] > 0 && ranks->replicas[0].inverse[1][i] > 0)
			differences[n++] = replica_of(&ranks->replicas[1], metric, i) - replica_of(&ranks->replicas[0], metric, i);
	}
	set_interval(pairs, result, differences, n);
	pfree(differences);
}

static void
report_ranks(RmlPairs *pairs, const Ranks *ranks)
{
	double		values[4][2];
	bool		both = ranks->total[0] > 0 && ranks->total[1] > 0;

	for (int i = 0; i < 2; i++)
	{
		values[AUC][i] = both ? rml_roc_auc(&ranks->roc[i]) : NAN;
		values[GINI][i] = both ? rml_roc_gini(&ranks->roc[i]) : NAN;
		values[KS][i] = both ? ranks->roc[i].ks : NAN;
		values[AVERAGE_PRECISION][i] = both ? rml_roc_average_precision(&ranks->roc[i]) : NAN;
	}
	if (pairs->weighted)
	{
		report_replicated(pairs, ranks, "auc", AUC, values[AUC]);
		report_replicated(pairs, ranks, "gini", GINI, values[GINI]);
	}
	else
		report_delong(pairs, ranks, values);
	report_replicated(pairs, ranks, "ks_score", KS, values[KS]);
	report_replicated(pairs, ranks, "average_precision", AVERAGE_PRECISION, values[AVERAGE_PRECISION]);
}

/* ---- all of it ---- */

/* Sums that need no order but for the rows' numbers. */
typedef struct Sums
{
	RmlSum		total[2];		/* weight by class, all in [1] unless there are two */
	RmlSum		same;			/* weight of rows that both decide alike */
	Means		means;
	Moments		scores;
	Draw		draw;
} Sums;

static void
begin_sums(const RmlPairs *pairs, Sums *sums)
{
	memset(sums, 0, sizeof(*sums));
	name_means(pairs, &sums->means);
	for (int i = 0; i < 2; i++)
	{
		sums->draw.total[i] = zeros(pairs->replicates);
		sums->draw.inverse[i] = zeros(pairs->replicates);
		for (int j = 0; j < sums->means.n; j++)
			sums->means.replicas[j][i] = zeros(pairs->replicates);
	}
	sums->draw.counts = zeros(pairs->replicates);
}

static bool
is_same(const RmlPairs *pairs, const Row *row)
{
	if (pairs->task == RML_TASK_CLASSES)
		return ((int) row->label & RML_SAME) != 0;
	return (row->a >= pairs->threshold[0]) == (row->b >= pairs->threshold[1]);
}

static void
add_sums(RmlPairs *pairs, Sums *sums)
{
	Row			row;
	Row			start = {0};

	rml_sorter_rewind(&pairs->rows);
	for (uint64 number = 0; next_row(pairs, &pairs->rows, &row); number++)
	{
		bool		class = pairs->task != RML_TASK_BINARY || row.label != 0;

		CHECK_FOR_INTERRUPTS();
		if (number == 0)
			start = row;
		rml_bootstrap_counts(pairs->seed, number, sums->draw.counts, pairs->replicates);
		rml_bootstrap_add(sums->draw.total[class], sums->draw.counts, row.weight, RML_PADDED(pairs->replicates));
		rml_sum_add(&sums->total[class], row.weight);
		if (is_same(pairs, &row))
			rml_sum_add(&sums->same, row.weight);
		add_means(pairs, &sums->means, &row, sums->draw.counts);
		add_moments(&sums->scores, row.a - start.a, row.b - start.b, row.weight);
	}
	/* 0 where a class was not drawn */
	for (int k = 0; k < pairs->replicates; k++)
	{
		for (int i = 0; i < 2; i++)
			sums->draw.inverse[i][k] = sums->draw.total[i][k] > 0 ? 1 / sums->draw.total[i][k] : 0;
	}
}

static void
count_bins(RmlPairs *pairs, Bins *bins)
{
	Row			row;

	rml_sorter_rewind(&pairs->rows);
	while (next_row(pairs, &pairs->rows, &row))
	{
		count_in_bin(bins, 0, row.a, row.weight);
		count_in_bin(bins, 1, row.b, row.weight);
	}
}

/* Between the scores: a with itself, and b with a. */
static void
report_between(RmlPairs *pairs, const char *metric, double of_itself, double value)
{
	add_result(pairs, metric, of_itself, value)->method = "between the scores";
}

static void
compare_scores(RmlPairs *pairs, Sums *sums, double total)
{
	Ranks		ranks = {.total = {0}};
	RmlSorter	ranked;
	Bins		bins = {.n_edges = 0};

	rml_sorter_init(&ranked, CurrentMemoryContext, RANKED_WORDS, NUMBER + 1, (Size) work_mem * 1024 / 2, true);
	for (int i = 0; i < 2; i++)
	{
		ranks.total[i] = rml_sum_value(sums->total[i]);
		begin_replicas(&ranks.replicas[i], pairs->task == RML_TASK_BINARY ? pairs->replicates : 0, &sums->draw);
		ranks.roc[i].negatives = rml_sum_value(sums->total[0]);
		ranks.roc[i].positives = rml_sum_value(sums->total[1]);
	}
	rank_by_a(pairs, &ranks, &ranked, &sums->draw);
	rank_by_b(pairs, &ranks, &ranked, &sums->draw);
	rml_sorter_close(&ranked);
	if (pairs->task == RML_TASK_BINARY)
		report_ranks(pairs, &ranks);
	report_means(pairs, &sums->means, &sums->draw);
	find_bins(pairs, total, &bins);
	count_bins(pairs, &bins);
	report_between(pairs, "psi", 0, total > 0 ? psi_of(&bins, total) : NAN);
	if (pairs->task == RML_TASK_BINARY && pairs->decides)
		report_between(pairs, "agreement", 1, rml_sum_value(sums->same) / total);
	report_between(pairs, "pearson", 1, correlation(&sums->scores));
	report_between(pairs, "spearman", 1, correlation(&ranks.ranks));
}

void
rml_pairs_compare(RmlPairs *pairs)
{
	Sums		sums;
	double		total;

	pairs->scale = pairs->heaviest > 0 ? rml_scale_to(pairs->heaviest, 0) : 1;
	begin_sums(pairs, &sums);
	add_sums(pairs, &sums);
	total = rml_sum_value(sums.total[0]) + rml_sum_value(sums.total[1]);
	if (pairs->task != RML_TASK_CLASSES)
	{
		compare_scores(pairs, &sums, total);
		return;
	}
	report_means(pairs, &sums.means, &sums.draw);
	report_between(pairs, "agreement", 1, rml_sum_value(sums.same) / total);
}
