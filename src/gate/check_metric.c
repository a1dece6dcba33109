/*
 * check_metric.c
 *	  Checks of metrics: on all rows, of calibration, in each segment.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "gate/gate.h"
#include "stats/evaluate.h"

/* More would be a column of numbers, not of segments. */
#define MAX_SEGMENTS 10000
#define MAX_SHOWN 60			/* bytes of a segment's name */

/* ---- limits ---- */

static bool
is_within(const RmlGate *gate, double value)
{
	return !isnan(value) && !(gate->has_min && value < gate->min) && !(gate->has_max && value > gate->max);
}

/* The limit that a value breaks, else the one that it keeps. */
static double
limit_of(const RmlGate *gate, double value)
{
	if (gate->has_max && (!gate->has_min || value > gate->max))
		return gate->max;
	return gate->min;
}

static char *
limits_text(const RmlGate *gate)
{
	if (gate->has_min && gate->has_max)
		return psprintf("between %g and %g", gate->min, gate->max);
	return gate->has_min ? psprintf("at least %g", gate->min) : psprintf("at most %g", gate->max);
}

void
rml_gate_judge(const RmlGate *gate, const char *what, double value, RmlGateOutcome *outcome)
{
	outcome->value = value;
	outcome->passed = is_within(gate, value);
	outcome->threshold = limit_of(gate, value);
	if (isnan(value))
		outcome->detail = psprintf("%s has no value on these rows", what);
	else
		outcome->detail = psprintf("%s is %.6g and must be %s", what, value, limits_text(gate));
}

/* ---- on all rows ---- */

static const char *const metric_keys[] = {"metric", "min", "max", NULL};

static void
read_metric(RmlGateReader *reader, RmlGate *gate)
{
	rml_gate_read_metric(reader, gate);
	rml_gate_read_limits(reader, gate);
}

pg_noreturn static void
no_such_metric(RmlGateRun *run, const RmlGate *gate)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("the model has no metric %s, but %s", gate->metric, rml_evidence_metrics(run))));
}

static void
run_metric(RmlGateRun *run, const RmlGate *gate, RmlGateOutcome *outcome)
{
	double		value = NAN;

	if (!rml_evidence_metric(run, gate->metric, &value))
		no_such_metric(run, gate);
	rml_gate_judge(gate, gate->metric, value, outcome);
}

const RmlGateCheck rml_gate_metric = {"metric", metric_keys, read_metric, run_metric};

/* ---- calibration ---- */

static const char *const calibration_keys[] = {"metric", "max", "bins", NULL};

static void
read_calibration(RmlGateReader *reader, RmlGate *gate)
{
	static const char *const metrics[] = {"expected_calibration_error"};

	(void) rml_gate_word(reader, "metric", metrics, lengthof(metrics));
	gate->bins = 10;
	(void) rml_gate_integer(reader, "bins", 1, 1000, &gate->bins);
	gate->has_max = rml_gate_number(reader, "max", &gate->max);
	if (!gate->has_max)
		rml_gate_missing(reader, "max");
}

static void
run_calibration(RmlGateRun *run, const RmlGate *gate, RmlGateOutcome *outcome)
{
	RmlJudged	judged;

	rml_judged_open(&judged, run->pinned[0], &run->scored);
	if (!judged.probability)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the scores of a model with objective %s are not probabilities of two classes", judged.objective)));
	if (SPI_execute(psprintf("SELECT riskml.expected_calibration_error(%s, %s, %d%s%s) FROM %s", rml_judged_sql(&judged),
							 rml_label_sql(&run->scored, judged.task), gate->bins, run->scored.weight ? ", " : "",
							 run->scored.weight ? run->scored.weight : "", run->scored.subject.from), true, 0) != SPI_OK_SELECT)
		elog(ERROR, "the calibration error could not be computed");
	rml_gate_judge(gate, "expected calibration error", rml_gate_result_number(0, 1), outcome);
}

const RmlGateCheck rml_gate_calibration = {"calibration", calibration_keys, read_calibration, run_calibration};

/* ---- in each segment ---- */

static const char *const segment_keys[] = {"column", "metric", "min", "max", "min_rows", NULL};

static void
read_segment(RmlGateReader *reader, RmlGate *gate)
{
	if (!rml_gate_text(reader, "column", &gate->column))
		rml_gate_missing(reader, "column");
	read_metric(reader, gate);
	gate->min_rows = 100;
	(void) rml_gate_integer(reader, "min_rows", 1, INT_MAX, &gate->min_rows);
}

/* How far from its limits a segment is: the larger, the worse; without a value it is worst. */
static double
badness(const RmlGate *gate, double value)
{
	double		below = gate->has_min ? gate->min - value : -INFINITY;
	double		above = gate->has_max ? value - gate->max : -INFINITY;

	return isnan(value) ? INFINITY : Max(below, above);
}

static char *
segment_name(uint64 row)
{
	char	   *name = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1);

	if (name == NULL)
		return "NULL";
	return psprintf("\"%s\"", pnstrdup(name, (Size) pg_mbcliplen(name, (int) strlen(name), MAX_SHOWN)));
}

/* Judges the segments of the result; `metric` is the number of its column. */
static void
judge_segments(const RmlGate *gate, int metric, RmlGateOutcome *outcome)
{
	uint64		worst = 0;
	uint64		judged = 0;
	uint64		bad = 0;
	uint64		small = 0;
	double		value;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		if (rml_gate_result_number(i, 2) < gate->min_rows)
		{
			small++;
			continue;
		}
		value = rml_gate_result_number(i, metric);
		if (judged++ == 0 || badness(gate, value) > badness(gate, rml_gate_result_number(worst, metric)))
			worst = i;
		bad += !is_within(gate, value);
	}
	outcome->value = judged > 0 ? rml_gate_result_number(worst, metric) : NAN;
	outcome->threshold = limit_of(gate, outcome->value);
	outcome->passed = judged > 0 && bad == 0;
	if (judged == 0)
		outcome->detail = psprintf("none of " UINT64_FORMAT " segments has %d rows", SPI_processed, gate->min_rows);
	else
		outcome->detail = psprintf(UINT64_FORMAT " of " UINT64_FORMAT " segments fail; the worst is %s with %.0f rows, where %s %s and must be %s"
								   "; " UINT64_FORMAT " with fewer than %d rows were left out",
								   bad, judged, segment_name(worst), rml_gate_result_number(worst, 2), gate->metric,
								   isnan(outcome->value) ? "has no value" : psprintf("is %.6g", outcome->value), limits_text(gate), small, gate->min_rows);
}

static void
run_segment(RmlGateRun *run, const RmlGate *gate, RmlGateOutcome *outcome)
{
	RmlJudged	judged;
	int			metric;

	if (rml_subject_column(&run->scored.subject, gate->column) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("the query has no column \"%s\"", gate->column)));
	rml_judged_open(&judged, run->pinned[0], &run->scored);
	if (SPI_execute(rml_metrics_sql(&judged, &run->scored, psprintf("source.%s", quote_identifier(gate->column))), true, MAX_SEGMENTS + 1) != SPI_OK_SELECT)
		elog(ERROR, "the metrics could not be computed");
	metric = SPI_fnumber(SPI_tuptable->tupdesc, gate->metric);
	if (metric <= 0)
		no_such_metric(run, gate);
	if (SPI_processed > MAX_SEGMENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column \"%s\" has more than %d values", gate->column, MAX_SEGMENTS)));
	judge_segments(gate, metric, outcome);
}

const RmlGateCheck rml_gate_segment = {"segment", segment_keys, read_segment, run_segment};
