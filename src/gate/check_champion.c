/*
 * check_champion.c
 *	  Checks of a challenger beside the version in production: that it is not
 *	  worse, that its scores are distributed alike.
 *
 * Without a champion, or if the challenger is it, there is nothing to compare
 * with, and these pass; but for the PSI against the version's own baseline.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "gate/gate.h"
#include "math/bootstrap.h"
#include "stats/watch.h"

/* True if there is no other version to compare with; then the check has passed. */
static bool
stands_alone(const RmlGateRun *run, RmlGateOutcome *outcome)
{
	if (run->has_champion && !run->is_champion)
		return false;
	outcome->passed = true;
	outcome->value = NAN;
	outcome->detail = run->is_champion ? "the version is the champion itself" : "no version is in production";
	return true;
}

/* ---- no worse ---- */

static const char *const champion_keys[] = {"metric", "tolerance", "confidence", "replicates", NULL};

/* Those that riskml.compare() gives intervals for. */
static const char *const compared[] = {
	"auc", "gini", "ks_score", "average_precision", "accuracy", "log_loss", "brier", "rmse", "mae",
};

static bool
is_loss(const char *metric)
{
	return strcmp(metric, "log_loss") == 0 || strcmp(metric, "brier") == 0 || strcmp(metric, "rmse") == 0 || strcmp(metric, "mae") == 0;
}

static void
read_champion(RmlGateReader *reader, RmlGate *gate)
{
	gate->metric = rml_gate_word(reader, "metric", compared, lengthof(compared));
	if (gate->metric == NULL)
		rml_gate_missing(reader, "metric");
	if (rml_gate_number(reader, "tolerance", &gate->tolerance) && gate->tolerance < 0)
		rml_gate_wrong(reader, "tolerance", "must not be negative, but is %g", gate->tolerance);
	gate->confidence = 0.95;
	if (rml_gate_number(reader, "confidence", &gate->confidence) && !(gate->confidence > 0.5 && gate->confidence < 1))
		rml_gate_wrong(reader, "confidence", "must be above 0.5 and below 1, but is %g", gate->confidence);
	gate->replicates = 1000;
	(void) rml_gate_integer(reader, "replicates", 1, RML_MAX_REPLICATES, &gate->replicates);
}

/* DeLong's method needs no replicates, which are most of what a comparison costs. */
static int
replicates_of(const RmlGateRun *run, const RmlGate *gate)
{
	bool		is_rank = strcmp(gate->metric, "auc") == 0 || strcmp(gate->metric, "gini") == 0;

	return is_rank && run->weight == NULL ? 0 : gate->replicates;
}

/* By how much the challenger is worse at most: the end of an interval that has as much on both sides. */
static void
run_champion(RmlGateRun *run, const RmlGate *gate, RmlGateOutcome *outcome)
{
	const RmlGateDifference *difference;

	outcome->threshold = gate->tolerance;
	if (stands_alone(run, outcome))
		return;
	difference = rml_evidence_difference(run, gate->metric, 2 * gate->confidence - 1, replicates_of(run, gate));
	if (difference == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the models cannot be compared by %s", gate->metric)));
	outcome->value = is_loss(gate->metric) ? difference->high : 0 - difference->low;
	outcome->passed = outcome->value <= gate->tolerance;
	if (isnan(outcome->value))
		outcome->detail = psprintf("the difference of %s has no interval on these rows", gate->metric);
	else
		outcome->detail = psprintf("%s is %.6g, that of the champion, version %d, %.6g: with confidence %g it is worse by %.6g at most (%s), and must not be by more than %g",
								   gate->metric, difference->challenger, run->champion.version, difference->champion, gate->confidence,
								   outcome->value, difference->method, gate->tolerance);
}

const RmlGateCheck rml_gate_champion = {"champion", champion_keys, read_champion, run_champion};

/* ---- scores distributed alike ---- */

static const char *const psi_keys[] = {"max", "bins", "against", NULL};

static void
read_psi(RmlGateReader *reader, RmlGate *gate)
{
	static const char *const against[] = {"champion", "baseline"};

	gate->has_max = rml_gate_number(reader, "max", &gate->max);
	if (!gate->has_max)
		rml_gate_missing(reader, "max");
	if (gate->max < 0)
		rml_gate_wrong(reader, "max", "must not be negative, but is %g", gate->max);
	gate->against_baseline = rml_gate_word(reader, "against", against, lengthof(against)) == against[1];
	gate->bins = 10;
	if (rml_gate_integer(reader, "bins", 2, 1000, &gate->bins) && gate->against_baseline)
		rml_gate_wrong(reader, "bins", "does not go with a baseline, which has its own bins");
}

/* Scores of a model, as an array: one of them, or as many as it has. */
static char *
scores_sql(const char *pinned, const RmlWatchedModel *model)
{
	char	   *scores = rml_score_sql(pinned, model->n_scores == 0);

	return model->n_scores == 0 ? psprintf("ARRAY[%s]", scores) : scores;
}

static double
run_number(const char *sql, int n, Oid *types, Datum *values)
{
	double		number;

	if (SPI_execute_with_args(sql, n, types, values, NULL, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "the PSI could not be computed");
	number = rml_gate_result_number(0, 1);
	SPI_freetuptable(SPI_tuptable);
	return number;
}

/* The largest PSI of all scores, by bins of the champion's. */
static double
psi_of_champion(RmlGateRun *run, const RmlGate *gate)
{
	RmlWatchedModel models[2];
	StringInfoData sql;

	for (int i = 0; i < 2; i++)
		rml_watched_model(&models[i], run->pinned[i]);
	if (models[0].n_scores != models[1].n_scores)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the models have %d and %d scores, which cannot be compared", Max(models[0].n_scores, 1), Max(models[1].n_scores, 1))));
	/* the query is seen by the first of these only, so it may use their names */
	initStringInfo(&sql);
	appendStringInfo(&sql, "WITH scores AS MATERIALIZED (SELECT %s AS challenger, %s AS champion FROM %s)",
					 scores_sql(run->pinned[0], &models[0]), scores_sql(run->pinned[1], &models[1]), run->scored.subject.from);
	appendStringInfoString(&sql, " SELECT pg_catalog.max(p.psi) FROM (");
	for (int i = 1; i <= Max(models[0].n_scores, 1); i++)
		appendStringInfo(&sql, "%sSELECT riskml.psi(b.d, (SELECT riskml.histogram_like(s.challenger[%d], b.d) FROM scores AS s)) AS psi"
						 " FROM (SELECT riskml.quantile_histogram(s.champion[%d], %d) AS d FROM scores AS s) AS b",
						 i > 1 ? " UNION ALL " : "", i, i, gate->bins);
	appendStringInfoString(&sql, ") AS p");
	return run_number(sql.data, 0, NULL, NULL);
}

static double
psi_of_baseline(RmlGateRun *run)
{
	RmlWatchedModel model;
	Oid			type = JSONBOID;
	Datum		baseline;

	rml_watched_model(&model, run->pinned[0]);
	if (model.baseline == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the version has no baseline"),
				 errhint("Take one with riskml.set_baseline().")));
	baseline = JsonbPGetDatum(model.baseline);
	return run_number(psprintf("WITH scores AS MATERIALIZED (SELECT %s AS challenger FROM %s)"
							   " SELECT pg_catalog.max(riskml.psi(b.d, (SELECT riskml.histogram_like(s.challenger[b.i], b.d) FROM scores AS s)))"
							   " FROM (SELECT i, ($1 OPERATOR(pg_catalog.->) 'scores' OPERATOR(pg_catalog.->)"
							   " CASE WHEN %d OPERATOR(pg_catalog.=) 0 THEN 'score' ELSE pg_catalog.format('scores[%%s]', i) END)::riskml.distribution AS d"
							   " FROM pg_catalog.generate_series(1, %d) AS i) AS b",
							   scores_sql(run->pinned[0], &model), run->scored.subject.from, model.n_scores, Max(model.n_scores, 1)),
					  1, &type, &baseline);
}

static void
run_psi(RmlGateRun *run, const RmlGate *gate, RmlGateOutcome *outcome)
{
	outcome->threshold = gate->max;
	if (gate->against_baseline)
	{
		rml_gate_judge(gate, "PSI of the scores against the baseline", psi_of_baseline(run), outcome);
		return;
	}
	if (stands_alone(run, outcome))
		return;
	rml_gate_judge(gate, psprintf("PSI of the scores against those of the champion, version %d,", run->champion.version),
				   psi_of_champion(run, gate), outcome);
}

const RmlGateCheck rml_gate_psi = {"psi", psi_keys, read_psi, run_psi};
