/*
 * evidence.c
 *	  What several checks of a run share: the challenger's metrics on all rows,
 *	  and its comparisons with the champion.  Each is computed once, when a check
 *	  first asks; if that fails, it fails for all that ask.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "gate/gate.h"
#include "quality/attempt.h"
#include "stats/evaluate.h"

typedef struct Metric
{
	const char *name;
	double		value;
} Metric;

typedef struct Comparison
{
	RmlGateRun *run;
	double		confidence;
	int			replicates;
	const char *error;
	List	   *differences;	/* RmlGateDifference * */
} Comparison;

struct RmlEvidence
{
	bool		is_read;
	const char *error;
	double		rows;			/* with a label, */
	const char *rows_error;		/* unless they cannot be scored */
	List	   *metrics;		/* Metric * */
	List	   *comparisons;	/* Comparison * */
};

double
rml_gate_result_number(uint64 row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? NAN : DatumGetFloat8(value);
}

typedef struct Reading
{
	void		(*function) (void *);
	void	   *argument;
} Reading;

static void
read_only(void *argument)
{
	const Reading *reading = argument;

	/* until the subtransaction ends: functions in a query are not to write either */
	XactReadOnly = true;
	reading->function(reading->argument);
}

char *
rml_gate_attempt(void (*function) (void *), void *argument)
{
	Reading		reading = {function, argument};

	return rml_attempt(read_only, &reading);
}

/* What rml_gate_attempt() gave: SQLSTATE and message. */
static void
raise_again(const char *error)
{
	if (error != NULL)
		ereport(ERROR,
				(errcode(MAKE_SQLSTATE(error[0], error[1], error[2], error[3], error[4])),
				 errmsg("%s", error + strlen("XXXXX: "))));
}

static RmlEvidence *
evidence_of(RmlGateRun *run)
{
	if (run->evidence == NULL)
		run->evidence = palloc0(sizeof(RmlEvidence));
	return run->evidence;
}

/* ---- metrics ---- */

static void
read_metrics(void *argument)
{
	RmlGateRun *run = argument;
	RmlJudged	judged;
	TupleDesc	desc;

	rml_judged_open(&judged, run->pinned[0], &run->scored);
	if (SPI_execute(rml_metrics_sql(&judged, &run->scored, NULL), true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "the metrics could not be computed");
	desc = SPI_tuptable->tupdesc;
	for (int i = 0; i < desc->natts; i++)
	{
		Metric	   *metric = palloc(sizeof(Metric));

		metric->name = pstrdup(NameStr(TupleDescAttr(desc, i)->attname));
		metric->value = rml_gate_result_number(0, i + 1);
		run->evidence->metrics = lappend(run->evidence->metrics, metric);
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Of a model that has no metrics, as its labels are of another kind. */
static void
count_rows(void *argument)
{
	RmlGateRun *run = argument;

	if (SPI_execute(psprintf("SELECT pg_catalog.count(%s)::pg_catalog.float8 FROM %s", run->scored.label, run->scored.subject.from), true, 0) != SPI_OK_SELECT)
		elog(ERROR, "the rows could not be counted");
	run->evidence->rows = rml_gate_result_number(0, 1);
	SPI_freetuptable(SPI_tuptable);
}

static void
read_evidence(RmlGateRun *run)
{
	RmlEvidence *evidence = run->evidence;

	evidence->is_read = true;
	evidence->error = rml_gate_attempt(read_metrics, run);
	if (evidence->error == NULL)
		(void) rml_evidence_metric(run, "rows", &evidence->rows);
	else if (strncmp(evidence->error, unpack_sql_state(ERRCODE_WRONG_OBJECT_TYPE), 5) == 0)
		evidence->rows_error = rml_gate_attempt(count_rows, run);
	else
		evidence->rows_error = evidence->error;
}

static List *
metrics_of(RmlGateRun *run)
{
	RmlEvidence *evidence = evidence_of(run);

	if (!evidence->is_read)
		read_evidence(run);
	return evidence->metrics;
}

const char *
rml_evidence_rows(RmlGateRun *run, int64 *rows)
{
	(void) metrics_of(run);
	*rows = run->evidence->rows_error == NULL ? (int64) run->evidence->rows : -1;
	return run->evidence->rows_error;
}

bool
rml_evidence_metric(RmlGateRun *run, const char *metric, double *value)
{
	List	   *metrics = metrics_of(run);
	ListCell   *cell;

	raise_again(run->evidence->error);
	foreach(cell, metrics)
	{
		const Metric *found = lfirst(cell);

		if (strcmp(found->name, metric) != 0)
			continue;
		*value = found->value;
		return true;
	}
	return false;
}

char *
rml_evidence_metrics(RmlGateRun *run)
{
	StringInfoData names;
	ListCell   *cell;

	initStringInfo(&names);
	foreach(cell, metrics_of(run))
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", ((Metric *) lfirst(cell))->name);
	return names.data;
}

/* ---- comparisons ---- */

static void
read_comparison(void *argument)
{
	Comparison *comparison = argument;
	const RmlGateRun *run = comparison->run;
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, FLOAT8OID};
	Datum		values[] = {
		CStringGetTextDatum(run->pinned[1]), CStringGetTextDatum(run->pinned[0]), CStringGetTextDatum(run->query), CStringGetTextDatum(run->label),
		run->weight ? CStringGetTextDatum(run->weight) : (Datum) 0, Int32GetDatum(comparison->replicates), Float8GetDatum(comparison->confidence),
	};
	char		nulls[] = {' ', ' ', ' ', ' ', run->weight ? ' ' : 'n', ' ', ' ', '\0'};

	if (SPI_execute_with_args("SELECT metric, value_a, value_b, low, high, method\n"
							  "FROM riskml.compare($1::riskml.model_ref, $2::riskml.model_ref, $3, $4, $5, $6, 0, $7)\n"
							  "WHERE method OPERATOR(pg_catalog.<>) 'between the scores'",
							  lengthof(types), types, values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "the models could not be compared");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		RmlGateDifference *difference = palloc(sizeof(RmlGateDifference));

		difference->metric = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		difference->champion = rml_gate_result_number(i, 2);
		difference->challenger = rml_gate_result_number(i, 3);
		difference->low = rml_gate_result_number(i, 4);
		difference->high = rml_gate_result_number(i, 5);
		difference->method = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 6);
		comparison->differences = lappend(comparison->differences, difference);
	}
	SPI_freetuptable(SPI_tuptable);
}

static Comparison *
comparison_of(RmlGateRun *run, double confidence, int replicates)
{
	RmlEvidence *evidence = evidence_of(run);
	Comparison *comparison;
	ListCell   *cell;

	foreach(cell, evidence->comparisons)
	{
		comparison = lfirst(cell);
		if (comparison->confidence == confidence && comparison->replicates == replicates)
			return comparison;
	}
	comparison = palloc0(sizeof(Comparison));
	comparison->run = run;
	comparison->confidence = confidence;
	comparison->replicates = replicates;
	comparison->error = rml_gate_attempt(read_comparison, comparison);
	evidence->comparisons = lappend(evidence->comparisons, comparison);
	return comparison;
}

const RmlGateDifference *
rml_evidence_difference(RmlGateRun *run, const char *metric, double confidence, int replicates)
{
	Comparison *comparison = comparison_of(run, confidence, replicates);
	ListCell   *cell;

	raise_again(comparison->error);
	foreach(cell, comparison->differences)
	{
		const RmlGateDifference *difference = lfirst(cell);

		if (strcmp(difference->metric, metric) == 0)
			return difference;
	}
	return NULL;
}
