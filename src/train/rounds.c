/*
 * rounds.c
 *	  What a training has measured after each round.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "train/rounds.h"

#define MAX_SERIES 200			/* of each fold */
#define MAX_NAME 200			/* bytes of a metric's */
#define N_SETS 2

static const char *const sets[N_SETS] = {"train", "validation"};

/* One metric on one set of rows, by round. */
typedef struct Series
{
	int			set;
	char	   *metric;
	double	   *values;
	int			n;
	int			room;
} Series;

/* Those of the model itself, or of a fold. */
typedef struct Track
{
	int			rounds;
	int			n;
	Series		series[MAX_SERIES];
} Track;

struct RmlTrainRounds
{
	int			max_rounds;
	int			folds;
	Track	  **tracks;			/* 0: the model; then the folds */
	MemoryContext context;
};

RmlTrainRounds *
rml_rounds_begin(int max_rounds, int folds)
{
	RmlTrainRounds *rounds = palloc0(sizeof(RmlTrainRounds));

	rounds->max_rounds = max_rounds;
	rounds->folds = folds;
	rounds->tracks = palloc(sizeof(Track *) * ((Size) folds + 1));
	for (int i = 0; i <= folds; i++)
		rounds->tracks[i] = palloc0(sizeof(Track));
	rounds->context = CurrentMemoryContext;
	return rounds;
}

/* ---- taking ---- */

static int
int_of(const RmlTrainer *trainer, const char *text, int most)
{
	char	   *end;
	long		value = strtol(text, &end, 10);

	if (*end != '\0' || end == text || value < 0 || value > most)
		rml_trainer_nonsense(trainer, "tells of a round that cannot be");
	return (int) value;
}

static Series *
find_series(Track *track, int set, const char *metric)
{
	for (int i = 0; i < track->n; i++)
	{
		if (track->series[i].set == set && strcmp(track->series[i].metric, metric) == 0)
			return &track->series[i];
	}
	return NULL;
}

static void
add_value(const RmlTrainer *trainer, Track *track, const char *key, const char *value)
{
	for (int set = 0; set < N_SETS; set++)
	{
		Size		length = strlen(sets[set]);
		Series	   *series;

		if (strncmp(key, sets[set], length) != 0 || key[length] != '-')
			continue;
		key += length + 1;
		series = find_series(track, set, key);
		if (series == NULL)
		{
			if (track->n == MAX_SERIES || track->rounds > 0 || !rml_list_is_word(key, MAX_NAME))
				break;
			series = &track->series[track->n++];
			*series = (Series) {.set = set, .metric = pstrdup(key), .room = 16, .values = palloc(sizeof(double) * 16)};
		}
		/* each once in each round */
		if (series->n != track->rounds)
			break;
		if (series->n == series->room)
			series->values = repalloc(series->values, sizeof(double) * (Size) (series->room *= 2));
		series->values[series->n++] = strtod(value, NULL);
		return;
	}
	rml_trainer_nonsense(trainer, "tells of a metric that cannot be");
}

char *
rml_rounds_take(RmlTrainRounds *rounds, const RmlTrainer *trainer, int pass, const char *list, Size size, int *fold, int *round)
{
	MemoryContext caller = MemoryContextSwitchTo(rounds->context);
	const char *fold_text = rml_list_get(list, size, "fold");
	const char *round_text = rml_list_get(list, size, "round");
	Track	   *track;
	StringInfoData shown;

	*fold = pass > 0 ? pass : fold_text != NULL ? int_of(trainer, fold_text, rounds->folds) : 0;
	*round = round_text != NULL ? int_of(trainer, round_text, rounds->max_rounds - 1) : -1;
	track = rounds->tracks[*fold];
	if (*round != track->rounds)
		rml_trainer_nonsense(trainer, "tells of rounds in disorder");
	initStringInfo(&shown);
	for (const char *key = list; key < list + size;)
	{
		const char *value = key + strlen(key) + 1;

		if (strcmp(key, "fold") != 0 && strcmp(key, "round") != 0)
		{
			add_value(trainer, track, key, value);
			appendStringInfo(&shown, "%s%s %s", shown.len > 0 ? ", " : "", key, value);
		}
		key = value + strlen(value) + 1;
	}
	for (int i = 0; i < track->n; i++)
	{
		if (track->series[i].n != *round + 1)
			rml_trainer_nonsense(trainer, "left a metric out");
	}
	track->rounds++;
	MemoryContextSwitchTo(caller);
	return shown.data;
}

/* ---- the best round of folds ---- */

/* Is more better?  By the beginning of its name, as for riskml_trainer. */
static bool
is_maximized(const char *metric)
{
	static const char *const beginnings[] = {"auc", "pre", "map", "ndcg"};

	if (strcmp(metric, "mape") == 0)
		return false;
	for (int i = 0; i < (int) lengthof(beginnings); i++)
	{
		if (strncmp(metric, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	}
	return false;
}

static int
common_rounds(const RmlTrainRounds *rounds)
{
	int			n = rounds->folds > 0 ? rounds->tracks[1]->rounds : 0;

	for (int i = 2; i <= rounds->folds; i++)
		n = Min(n, rounds->tracks[i]->rounds);
	return n;
}

/* A fold's series like that of the first fold; NULL: it has none. */
static const Series *
series_of(const RmlTrainRounds *rounds, int fold, const Series *like)
{
	return find_series(rounds->tracks[fold], like->set, like->metric);
}

static double
mean_of(const RmlTrainRounds *rounds, const Series *like, int round)
{
	double		sum = 0;

	for (int fold = 1; fold <= rounds->folds; fold++)
	{
		const Series *series = series_of(rounds, fold, like);

		sum += series != NULL && round < series->n ? series->values[round] : NAN;
	}
	return sum / rounds->folds;
}

static double
deviation_of(const RmlTrainRounds *rounds, const Series *like, int round)
{
	double		mean = mean_of(rounds, like, round);
	double		sum = 0;

	for (int fold = 1; fold <= rounds->folds; fold++)
	{
		const Series *series = series_of(rounds, fold, like);
		double		off = series != NULL && round < series->n ? series->values[round] - mean : NAN;

		sum += off * off;
	}
	return sqrt(sum / rounds->folds);
}

int
rml_rounds_best(const RmlTrainRounds *rounds, int patience)
{
	const Series *last = NULL;
	int			n = common_rounds(rounds);
	int			best = -1;
	double		best_mean = NAN;

	for (int i = 0; rounds->folds > 0 && i < rounds->tracks[1]->n; i++)
	{
		if (rounds->tracks[1]->series[i].set == 1)
			last = &rounds->tracks[1]->series[i];
	}
	for (int round = 0; last != NULL && round < n && round - best <= patience; round++)
	{
		double		mean = mean_of(rounds, last, round);

		if (best < 0 || (is_maximized(last->metric) ? mean > best_mean : mean < best_mean))
		{
			best = round;
			best_mean = mean;
		}
	}
	return best;
}

/* ---- as JSON ---- */

/* JSON has no infinity and no NaN. */
static void
append_number(StringInfo json, double value)
{
	if (isfinite(value))
		appendStringInfoString(json, double_to_shortest_decimal(value));
	else
		appendStringInfoString(json, "null");
}

/* {"train": {"auc": ...}, ...}, each written by `put`; behind a comma if something stands before it. */
static void
append_sets(StringInfo json, const RmlTrainRounds *rounds, const Track *track,
			void (*put) (StringInfo json, const RmlTrainRounds *rounds, const Series *series, int at), int at)
{
	for (int set = 0; set < N_SETS; set++)
	{
		bool		first = true;

		for (int i = 0; i < track->n; i++)
		{
			if (track->series[i].set != set)
				continue;
			if (first)
				appendStringInfo(json, "%s\"%s\": {", json->data[json->len - 1] == '{' ? "" : ", ", sets[set]);
			appendStringInfoString(json, first ? "" : ", ");
			escape_json(json, track->series[i].metric);
			appendStringInfoString(json, ": ");
			put(json, rounds, &track->series[i], at);
			first = false;
		}
		if (!first)
			appendStringInfoChar(json, '}');
	}
}

static void
put_rounds(StringInfo json, const RmlTrainRounds *rounds, const Series *series, int at)
{
	(void) rounds;
	(void) at;
	for (int i = 0; i < series->n; i++)
	{
		appendStringInfoString(json, i == 0 ? "[" : ", ");
		append_number(json, series->values[i]);
	}
	appendStringInfoString(json, series->n == 0 ? "[]" : "]");
}

static void
put_folds(StringInfo json, const RmlTrainRounds *rounds, const Series *series, int at)
{
	for (int fold = 1; fold <= rounds->folds; fold++)
	{
		const Series *same = series_of(rounds, fold, series);

		appendStringInfoString(json, fold == 1 ? "[" : ", ");
		append_number(json, same != NULL && at < same->n ? same->values[at] : NAN);
	}
	appendStringInfoChar(json, ']');
}

static void
put_mean(StringInfo json, const RmlTrainRounds *rounds, const Series *series, int at)
{
	append_number(json, mean_of(rounds, series, at));
}

static void
put_deviation(StringInfo json, const RmlTrainRounds *rounds, const Series *series, int at)
{
	append_number(json, deviation_of(rounds, series, at));
}

static Jsonb *
jsonb_of(const StringInfoData *json)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json->data)));
}

Jsonb *
rml_rounds_metrics(const RmlTrainRounds *rounds)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	append_sets(&json, rounds, rounds->tracks[0], put_rounds, 0);
	appendStringInfoChar(&json, '}');
	return jsonb_of(&json);
}

Jsonb *
rml_rounds_folds(const RmlTrainRounds *rounds, int at)
{
	int			n = common_rounds(rounds);
	const Track *track;
	StringInfoData json;

	if (n == 0)
		return NULL;
	if (at < 0 || at >= n)
		at = n - 1;
	track = rounds->tracks[1];
	initStringInfo(&json);
	appendStringInfo(&json, "{\"round\": %d", at);
	append_sets(&json, rounds, track, put_folds, at);
	appendStringInfoString(&json, ", \"mean\": {");
	append_sets(&json, rounds, track, put_mean, at);
	appendStringInfoString(&json, "}, \"std\": {");
	append_sets(&json, rounds, track, put_deviation, at);
	appendStringInfoString(&json, "}}");
	return jsonb_of(&json);
}
