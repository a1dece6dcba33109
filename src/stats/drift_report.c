/*
 * drift_report.c
 *	  riskml.drift_report(): the columns of a query, or the inputs and the score
 *	  of a model, beside a baseline.
 *
 * One scan takes all distributions; the statistics are those of the functions on
 * two distributions.  Only reads.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "math/adjust.h"
#include "registry/acting.h"
#include "stats/watch.h"

RML_SQL_FUNCTION(riskml_drift_report_model);
RML_SQL_FUNCTION(riskml_drift_report_baseline);

/* Categories that are named which the baseline lacks. */
#define MAX_UNSEEN 20

/* What docs/drift-report.md says of the status. */
#define PSI_WARN 0.1
#define PSI_ALERT 0.25
#define MISSING_WARN 0.01
#define MISSING_ALERT 0.1
#define UNSEEN_ALERT 0.05

/* Columns of the result. */
enum
{
	COL_NAME, COL_ROLE, COL_KIND, COL_ROWS, COL_BASELINE_ROWS, COL_NULL_RATE, COL_BASELINE_NULL_RATE, COL_NAN_RATE, COL_BASELINE_NAN_RATE,
	COL_MIN, COL_MAX, COL_BASELINE_MIN, COL_BASELINE_MAX, COL_OUT_OF_RANGE, COL_UNSEEN, COL_UNSEEN_RATE,
	COL_PSI,					/* from here to p_value, as the statement below gives them */
	COL_PSI_THRESHOLD, COL_KL, COL_JENSEN_SHANNON, COL_HELLINGER, COL_TOTAL_VARIATION, COL_L_INFINITY, COL_KS, COL_WASSERSTEIN,
	COL_CHI2, COL_DF, COL_P_VALUE,
	COL_ADJUSTED_P_VALUE, COL_STATUS, COL_REASON, N_COLS
};

static const char statistics_sql[] =
	"SELECT s.psi, s.threshold, riskml.kl($1, $2), riskml.jensen_shannon($1, $2), riskml.hellinger($1, $2), riskml.total_variation($1, $2),\n"
	" riskml.l_infinity($1, $2), %s, c.statistic, c.df, c.p_value\n"
	"FROM riskml.stability($1, $2, $3) AS s, riskml.chi2($1, $2) AS c";

typedef struct Line
{
	const RmlWatched *column;
	const RmlDistribution *baseline;
	const RmlDistribution *found;
	const RmlDistribution *unseen;	/* categories that the baseline lacks, or NULL */
	Datum		values[N_COLS];
	bool		nulls[N_COLS];
	double		missing_p;		/* of the shares of nulls and NaN, adjusted */
} Line;

typedef struct Report
{
	RmlWatch	watch;
	int64		rows;
	Line	   *lines;
	int			n;
	double		alpha;
	RmlCorrection correction;
} Report;

static void
set(Line *line, int column, Datum value)
{
	line->values[column] = value;
	line->nulls[column] = false;
}

static void
set_number(Line *line, int column, double value)
{
	set(line, column, Float8GetDatum(value));
}

static double
number(const Line *line, int column)
{
	return line->nulls[column] ? NAN : DatumGetFloat8(line->values[column]);
}

/* ---- the scan ---- */

static void
require_kind(const RmlWatched *column)
{
	if ((column->baseline->kind == RML_CATEGORICAL) != column->is_text)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is %s, its baseline %s", column->name, column->is_text ? "categorical" : "numeric",
						column->is_text ? "numeric" : "categorical"),
				 errhint("Cast it in the query to what it was in that of the baseline, or make a new baseline.")));
}

/* Can a value that the baseline does not list not be one that it has counted among others? */
static bool
lists_all(const RmlDistribution *baseline)
{
	return baseline->kind == RML_CATEGORICAL && baseline->overflow == 0;
}

static Datum
categories_of(const RmlDistribution *d)
{
	Datum	   *texts = palloc(sizeof(Datum) * (Size) Max(d->n, 1));

	for (int i = 0; i < d->n; i++)
	{
		uint32		length;
		const char *text = rml_category(d, i, &length);

		texts[i] = PointerGetDatum(cstring_to_text_with_len(text, (int) length));
	}
	return PointerGetDatum(construct_array(texts, d->n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
scan(Report *report)
{
	List	   *expressions = NIL;
	RmlDistribution **found;
	Oid			type = rml_distribution_type();
	int			at;

	report->n = list_length(report->watch.columns);
	report->lines = palloc0(sizeof(Line) * (Size) report->n);
	for (int i = 0; i < report->n; i++)
	{
		const RmlWatched *column = list_nth(report->watch.columns, i);

		require_kind(column);
		report->lines[i].column = column;
		report->lines[i].baseline = column->baseline;
		expressions = lappend(expressions, psprintf("riskml.histogram_like(%s, $%d)", column->sql,
													rml_watch_value(&report->watch, type, PointerGetDatum(column->baseline))));
	}
	for (int i = 0; i < report->n; i++)
	{
		const RmlWatched *column = report->lines[i].column;

		if (lists_all(column->baseline))
			expressions = lappend(expressions, psprintf("riskml.category_histogram(%s, %d) FILTER (WHERE %s COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.<>) ALL ($%d))",
														column->sql, MAX_UNSEEN, column->sql,
														rml_watch_value(&report->watch, TEXTARRAYOID, categories_of(column->baseline))));
	}
	found = rml_watch_scan(&report->watch, expressions, &report->rows);
	at = report->n;
	for (int i = 0; i < report->n; i++)
	{
		report->lines[i].found = found[i];
		if (lists_all(report->lines[i].baseline))
			report->lines[i].unseen = found[at++];
	}
}

/* ---- what a distribution says by itself ---- */

static int64
count_rows(const RmlDistribution *d)
{
	return d ? rml_distribution_total(d) + d->nulls + d->nans : 0;
}

static void
set_rates(Line *line, const RmlDistribution *d, int null_rate, int nan_rate)
{
	int64		rows = count_rows(d);

	if (rows == 0)
		return;
	set_number(line, null_rate, (double) d->nulls / (double) rows);
	if (d->kind == RML_NUMERIC)
		set_number(line, nan_rate, (double) d->nans / (double) rows);
}

static void
set_range(Line *line, const RmlDistribution *d, int min, int max)
{
	if (d == NULL || d->kind != RML_NUMERIC || !rml_has_range(d))
		return;
	set_number(line, min, d->min);
	set_number(line, max, d->max);
}

static int
by_count(const void *a, const void *b)
{
	const RmlCategory *left = a;
	const RmlCategory *right = b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return rml_compare_categories(a, b);
}

/* The most frequent first. */
static Datum
unseen_names(const RmlDistribution *unseen)
{
	int			n = unseen ? unseen->n : 0;
	RmlCategory *categories = palloc(sizeof(RmlCategory) * (Size) Max(n, 1));
	Datum	   *texts = palloc(sizeof(Datum) * (Size) Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		categories[i].text = rml_category(unseen, i, &categories[i].length);
		categories[i].count = unseen->counts[i];
	}
	qsort(categories, n, sizeof(RmlCategory), by_count);
	for (int i = 0; i < n; i++)
		texts[i] = PointerGetDatum(cstring_to_text_with_len(categories[i].text, (int) categories[i].length));
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
describe(const Report *report, Line *line)
{
	const RmlDistribution *found = line->found;
	int64		total = found ? rml_distribution_total(found) : 0;

	memset(line->nulls, true, sizeof(line->nulls));
	set(line, COL_NAME, CStringGetTextDatum(line->column->name));
	set(line, COL_ROLE, CStringGetTextDatum(line->column->is_score ? "score" : "input"));
	set(line, COL_KIND, CStringGetTextDatum(line->column->is_text ? "categorical" : "numeric"));
	set(line, COL_ROWS, Int64GetDatum(report->rows));
	set(line, COL_BASELINE_ROWS, Int64GetDatum(count_rows(line->baseline)));
	set_rates(line, found, COL_NULL_RATE, COL_NAN_RATE);
	set_rates(line, line->baseline, COL_BASELINE_NULL_RATE, COL_BASELINE_NAN_RATE);
	set_range(line, found, COL_MIN, COL_MAX);
	set_range(line, line->baseline, COL_BASELINE_MIN, COL_BASELINE_MAX);
	if (total > 0 && !line->column->is_text)
		set_number(line, COL_OUT_OF_RANGE, (double) (found->underflow + found->overflow) / (double) total);
	if (total > 0 && lists_all(line->baseline))
	{
		set(line, COL_UNSEEN, unseen_names(line->unseen));
		set_number(line, COL_UNSEEN_RATE, (double) found->overflow / (double) total);
	}
}

/* ---- statistics ---- */

static SPIPlanPtr
prepare_statistics(bool is_text)
{
	Oid			type = rml_distribution_type();
	SPIPlanPtr	plan = SPI_prepare(psprintf(statistics_sql, is_text ? "NULL::pg_catalog.float8, NULL::pg_catalog.float8" :
											"riskml.ks($1, $2), riskml.wasserstein($1, $2)"), 3, (Oid[]) {type, type, FLOAT8OID});

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

static void
compare(const Report *report, Line *line, SPIPlanPtr plan)
{
	Datum		arguments[] = {PointerGetDatum(line->baseline), PointerGetDatum(line->found), Float8GetDatum(report->alpha)};

	if (line->found == NULL)
		return;
	if (SPI_execute_plan(plan, arguments, NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "two distributions could not be compared");
	for (int i = COL_PSI; i <= COL_P_VALUE; i++)
		line->values[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i - COL_PSI + 1, &line->nulls[i]);
}

static void
compare_all(Report *report)
{
	SPIPlanPtr	plans[2] = {NULL, NULL};

	for (int i = 0; i < report->n; i++)
	{
		Line	   *line = &report->lines[i];
		bool		is_text = line->column->is_text;

		CHECK_FOR_INTERRUPTS();
		describe(report, line);
		if (plans[is_text] == NULL)
			plans[is_text] = prepare_statistics(is_text);
		compare(report, line, plans[is_text]);
	}
}

static double
missing_p(const RmlDistribution *baseline, const RmlDistribution *found)
{
	if (found == NULL)
		return NAN;
	return rml_two_shares_p((double) (baseline->nulls + baseline->nans), (double) count_rows(baseline),
							(double) (found->nulls + found->nans), (double) count_rows(found));
}

static void
adjust(Report *report)
{
	Size		n = (Size) Max(report->n, 1);
	double	   *p = palloc(sizeof(double) * n);
	double	   *adjusted = palloc(sizeof(double) * n);
	int		   *order = palloc(sizeof(int) * n);

	for (int i = 0; i < report->n; i++)
		p[i] = number(&report->lines[i], COL_P_VALUE);
	rml_adjust_p(p, report->n, report->correction, order, adjusted);
	for (int i = 0; i < report->n; i++)
	{
		if (!isnan(adjusted[i]))
			set_number(&report->lines[i], COL_ADJUSTED_P_VALUE, adjusted[i]);
		p[i] = missing_p(report->lines[i].baseline, report->lines[i].found);
	}
	rml_adjust_p(p, report->n, report->correction, order, adjusted);
	for (int i = 0; i < report->n; i++)
		report->lines[i].missing_p = adjusted[i];
}

/* ---- the status ---- */

typedef enum Status
{
	DRIFT_OK,
	DRIFT_WARN,
	DRIFT_ALERT
} Status;

typedef struct Verdict
{
	Status		status;
	StringInfoData reason;
} Verdict;

static void
found_that(Verdict *verdict, Status status, char *reason)
{
	verdict->status = Max(verdict->status, status);
	appendStringInfo(&verdict->reason, "%s%s", verdict->reason.len > 0 ? "; " : "", reason);
}

static void
judge_psi(const Report *report, const Line *line, Verdict *verdict)
{
	double		psi = number(line, COL_PSI);

	if (psi >= PSI_WARN && psi > number(line, COL_PSI_THRESHOLD) && number(line, COL_ADJUSTED_P_VALUE) < report->alpha)
		found_that(verdict, psi >= PSI_ALERT ? DRIFT_ALERT : DRIFT_WARN, psprintf("psi %.3g", psi));
}

static double
share_missing(const RmlDistribution *d)
{
	int64		rows = count_rows(d);

	return rows == 0 ? NAN : (double) (d->nulls + d->nans) / (double) rows;
}

static void
judge_missing(const Report *report, const Line *line, Verdict *verdict)
{
	double		before = share_missing(line->baseline);
	double		now = share_missing(line->found);

	if (fabs(now - before) >= MISSING_WARN && line->missing_p < report->alpha)
		found_that(verdict, fabs(now - before) >= MISSING_ALERT ? DRIFT_ALERT : DRIFT_WARN,
				   psprintf("missing %.3g%%, was %.3g%%", 100 * now, 100 * before));
}

static void
judge_unseen(const Line *line, Verdict *verdict)
{
	double		rate = number(line, COL_UNSEEN_RATE);

	if (rate > 0)
		found_that(verdict, rate >= UNSEEN_ALERT ? DRIFT_ALERT : DRIFT_WARN, psprintf("unseen categories %.3g%%", 100 * rate));
}

static void
judge(const Report *report, Line *line)
{
	static const char *const names[] = {"ok", "warn", "alert"};
	Verdict		verdict = {.status = DRIFT_OK};

	initStringInfo(&verdict.reason);
	if (report->rows == 0)
		found_that(&verdict, DRIFT_ALERT, "no rows");
	else
	{
		judge_psi(report, line, &verdict);
		judge_missing(report, line, &verdict);
		judge_unseen(line, &verdict);
		if (count_rows(line->baseline) == 0)
			found_that(&verdict, DRIFT_WARN, "baseline without rows");
	}
	set(line, COL_STATUS, CStringGetTextDatum(names[verdict.status]));
	if (verdict.reason.len > 0)
		set(line, COL_REASON, CStringGetTextDatum(verdict.reason.data));
}

/* ---- SQL ---- */

static void
read_options(FunctionCallInfo fcinfo, Report *report)
{
	char	   *correction = RML_TEXT_ARG(3, "correction");

	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"alpha\" must not be null")));
	report->alpha = PG_GETARG_FLOAT8(2);
	if (!(report->alpha > 0 && report->alpha < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("alpha must be between 0 and 1, not %g", report->alpha)));
	if (!rml_correction_by_name(correction, &report->correction))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown correction \"%s\"", correction),
				 errhint("It is fdr_bh, bonferroni or none.")));
}

/* SPI is connected. */
static void
run(FunctionCallInfo fcinfo, Report *report)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;

	scan(report);
	compare_all(report);
	adjust(report);
	for (int i = 0; i < report->n; i++)
	{
		judge(report, &report->lines[i]);
		tuplestore_putvalues(set->setResult, set->setDesc, report->lines[i].values, report->lines[i].nulls);
	}
}

/* riskml.drift_report(model, query, alpha, correction) */
Datum
riskml_drift_report_model(PG_FUNCTION_ARGS)
{
	char	   *reference = RML_TEXT_ARG(0, "model");
	char	   *query = RML_TEXT_ARG(1, "query");
	Report		report = {0};
	RmlWatchedModel model;

	read_options(fcinfo, &report);
	InitMaterializedSRF(fcinfo, 0);
	rml_watched_model(&model, reference);
	if (model.baseline == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" has no baseline", model.binding.version, model.binding.name),
				 errhint("Its owner gives it one with riskml.set_baseline().")));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	rml_watch_model(&report.watch, &model, query);
	rml_watch_set_baseline(&report.watch, &model);
	run(fcinfo, &report);
	SPI_finish();
	return (Datum) 0;
}

/* riskml.drift_report(baseline, query, alpha, correction) */
Datum
riskml_drift_report_baseline(PG_FUNCTION_ARGS)
{
	char	   *query;
	Report		report = {0};

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"baseline\" must not be null")));
	query = RML_TEXT_ARG(1, "query");
	read_options(fcinfo, &report);
	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	rml_watch_baseline(&report.watch, PG_GETARG_JSONB_P(0), query);
	run(fcinfo, &report);
	SPI_finish();
	return (Datum) 0;
}
