/*
 * evaluate.c
 *	  riskml.evaluate(): a model judged on the rows of a query, in one pass.
 *
 * One statement with an aggregate for each metric.  A subquery that is not
 * pulled up (OFFSET 0) scores each row once for all of them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "compat.h"
#include "registry/acting.h"
#include "stats/evaluate.h"

RML_SQL_FUNCTION(riskml_evaluate);

/* Adds an aggregate over the rows; the column is named as the metric. */
static void
add(StringInfo list, const char *metric, const char *function, const char *arguments, const RmlScored *scored)
{
	appendStringInfo(list, ", riskml.%s(%s%s) AS %s", function, arguments, scored->weight ? ", weight" : "", metric);
}

static void
add_binary(StringInfo outer, StringInfo inner, const RmlJudged *judged, const RmlScored *scored)
{
	static const char *const ranking[] = {"auc", "gini", "ks_score", "average_precision"};
	static const char *const decisions[] = {"accuracy", "precision", "recall", "specificity", "f1", "mcc"};

	/* which rows are positive does not depend on the threshold */
	add(inner, "decision", "confusion", psprintf("score, label, %s::pg_catalog.float8",
												 quote_literal_cstr(psprintf("%.17g", judged->threshold))), scored);
	appendStringInfoString(outer, ", ((m.decision).tp OPERATOR(pg_catalog.+) (m.decision).fn) OPERATOR(pg_catalog./)"
						   " ((m.decision).tp OPERATOR(pg_catalog.+) (m.decision).fn OPERATOR(pg_catalog.+) (m.decision).fp OPERATOR(pg_catalog.+) (m.decision).tn) AS event_rate");
	for (int i = 0; i < (int) lengthof(ranking); i++)
	{
		add(inner, ranking[i], ranking[i], "score, label", scored);
		appendStringInfo(outer, ", m.%s", ranking[i]);
	}
	if (judged->probability)
	{
		add(inner, "log_loss", "log_loss", "score, label", scored);
		add(inner, "brier", "brier", "score, label", scored);
		add(inner, "expected_calibration_error", "expected_calibration_error", "score, label, 10", scored);
		appendStringInfoString(outer, ", m.log_loss, m.brier, m.expected_calibration_error");
	}
	for (int i = 0; judged->decides && i < (int) lengthof(decisions); i++)
		appendStringInfo(outer, ", (m.decision).%s", decisions[i]);
}

static void
add_metrics(StringInfo outer, StringInfo inner, const char *const *metrics, const char *const *functions, int n, const char *arguments,
			const RmlScored *scored)
{
	for (int i = 0; i < n; i++)
	{
		add(inner, metrics[i], functions[i], arguments, scored);
		appendStringInfo(outer, ", m.%s", metrics[i]);
	}
}

char *
rml_metrics_sql(const RmlJudged *judged, const RmlScored *scored, const char *segment)
{
	static const char *const regression[] = {"rmse", "mae", "r2", "mape"};
	static const char *const classes[] = {"log_loss", "accuracy"};
	static const char *const of_classes[] = {"multi_log_loss", "multi_accuracy"};
	StringInfoData outer;
	StringInfoData inner;
	const char *weight = "";
	const char *by = "";

	initStringInfo(&outer);
	initStringInfo(&inner);
	switch (judged->task)
	{
		case RML_TASK_BINARY:
			add_binary(&outer, &inner, judged, scored);
			break;
		case RML_TASK_REGRESSION:
			add_metrics(&outer, &inner, regression, regression, lengthof(regression), "score, label", scored);
			break;
		case RML_TASK_CLASSES:
			add_metrics(&outer, &inner, classes, of_classes, lengthof(classes), "score, label", scored);
			break;
	}
	if (scored->weight)
		weight = psprintf(", %s AS weight", scored->weight);
	if (segment)
		by = psprintf(", %s AS segment", segment);
	return psprintf("SELECT %sm.total::pg_catalog.float8 AS rows%s FROM"
					" (SELECT %spg_catalog.count(*) FILTER (WHERE score IS NOT NULL AND label IS NOT NULL%s) AS total%s"
					" FROM (SELECT %s AS score, %s AS label%s%s FROM %s OFFSET 0) AS scored%s) AS m",
					segment ? "m.segment::pg_catalog.text AS segment, " : "", outer.data,
					segment ? "segment, " : "", scored->weight ? " AND weight OPERATOR(pg_catalog.<>) 0" : "", inner.data,
					rml_judged_sql(judged), rml_label_sql(scored, judged->task), weight, by, scored->subject.from,
					segment ? " GROUP BY segment" : "");
}

/* riskml.evaluate(model, query, label, weight) */
Datum
riskml_evaluate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *model = RML_TEXT_ARG(0, "model");
	const char *query = RML_TEXT_ARG(1, "query");
	const char *label = RML_TEXT_ARG(2, "label");
	const char *weight = PG_ARGISNULL(3) ? NULL : RML_TEXT_ARG(3, "weight");
	RmlScored	scored;
	RmlJudged	judged;

	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	rml_scored_open(&scored, query, label, weight);
	rml_judged_open(&judged, model, &scored);
	if (SPI_execute(rml_metrics_sql(&judged, &scored, NULL), true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "the metrics could not be computed");
	for (int i = 0; i < SPI_tuptable->tupdesc->natts; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {0};

		values[0] = CStringGetTextDatum(NameStr(TupleDescAttr(SPI_tuptable->tupdesc, i)->attname));
		values[1] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &nulls[1]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}
