/*
 * validate.c
 *	  Judges a relation, or the rows of a query, by a suite.
 *
 * Each expectation is compiled, and what the server thinks of its SQL asked, in a
 * subtransaction: one that cannot be, for a column that is not there or a value
 * of another type, fails with exception_info, as in GX, and the others go on.  If
 * a statement fails while it runs, as for an overflow, each expectation is run by
 * itself.  Errors that are not the expectation's own, as a cancel or a missing
 * privilege, are passed on.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/json.h"

#include "compat.h"
#include "quality/attempt.h"
#include "quality/condition.h"
#include "quality/json.h"
#include "quality/rows.h"
#include "quality/suites.h"
#include "quality/types.h"
#include "quality/validate.h"
#include "registry/acting.h"

RML_SQL_FUNCTION(riskml_validate);
RML_SQL_FUNCTION(riskml_validate_query);
RML_SQL_FUNCTION(riskml_explain_suite);

typedef struct Work
{
	const RmlValidation *what;
	RmlSuite   *suite;
	RmlSubject	subject;
	RmlScan		scan;
	List	   *compiled;		/* RmlCompiled * */
} Work;

/* ---- compiling ---- */

/* A column, or a pair of them, or a list, or the rows. */
static void
settle_column(RmlCompiled *compiled)
{
	RmlTypeClass class = compiled->expectation->type->class;

	if (class != RML_CLASS_MAP && class != RML_CLASS_AGGREGATE)
		return;
	compiled->column_name = rml_kwarg_text(compiled->expectation, "column");
	compiled->column = rml_column_sql(compiled->scan->subject, compiled->column_name, &compiled->column_type);
}

static void
compile(void *argument)
{
	RmlCompiled *compiled = argument;
	int			n_measures = list_length(compiled->scan->measures);

	compiled->rows = rml_condition_sql(compiled->expectation, compiled->scan->subject);
	settle_column(compiled);
	compiled->expectation->type->compile(compiled);
	rml_scan_probe(compiled->scan, n_measures);
}

typedef struct Resolving
{
	Work	   *work;
	RmlExpectation *expectation;
} Resolving;

static void
resolve(void *argument)
{
	Resolving  *resolving = argument;

	rml_expectation_resolve(resolving->expectation, resolving->work->suite, resolving->work->what->parameters);
}

static void
compile_expectation(Work *work, RmlExpectation *expectation)
{
	RmlCompiled *compiled = palloc0(sizeof(RmlCompiled));
	Resolving	resolving = {work, expectation};
	int			n_measures = list_length(work->scan.measures);

	CHECK_FOR_INTERRUPTS();
	compiled->expectation = expectation;
	compiled->scan = &work->scan;
	compiled->error = rml_attempt(resolve, &resolving);
	if (compiled->error == NULL)
		compiled->error = rml_attempt(compile, compiled);
	if (compiled->error != NULL)
		rml_scan_rewind(&work->scan, n_measures);
	work->compiled = lappend(work->compiled, compiled);
}

static RmlFormat
format_of(const char *name)
{
	static const char *const names[] = {"BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"};

	for (int i = 0; name != NULL && i < (int) lengthof(names); i++)
	{
		if (pg_strcasecmp(name, names[i]) == 0)
			return (RmlFormat) i;
	}
	if (name != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown result_format \"%s\"", name),
				 errhint("It is BOOLEAN_ONLY, BASIC, SUMMARY or COMPLETE.")));
	return RML_SUMMARY;
}

/* SPI is connected. */
static void
begin(Work *work, const RmlValidation *what)
{
	ListCell   *cell;

	work->what = what;
	work->scan.format = format_of(what->result_format);
	work->scan.kept = rml_values_kept(work->scan.format);
	if (what->parameters != NULL && !JB_ROOT_IS_OBJECT(what->parameters))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameters must be a JSON object of names and values")));
	work->suite = what->suite ? rml_suite_find(what->suite) : rml_suite_read(NULL, what->definition);
	rml_subject_open(&work->subject, what->relation, what->query, what->filter);
	work->scan.subject = &work->subject;
	foreach(cell, work->suite->expectations)
		compile_expectation(work, lfirst(cell));
}

/* ---- running ---- */

static void
run(void *scan)
{
	rml_scan_run(scan);
}

static void
compile_and_run(void *argument)
{
	RmlCompiled *compiled = argument;

	compile(compiled);
	rml_scan_run(compiled->scan);
}

/* Each by itself, with a scan of its own. */
static void
run_each(Work *work)
{
	ListCell   *cell;

	foreach(cell, work->compiled)
	{
		RmlCompiled *compiled = lfirst(cell);
		RmlScan    *scan = palloc0(sizeof(RmlScan));

		if (compiled->error != NULL)
			continue;
		scan->subject = &work->subject;
		scan->format = work->scan.format;
		scan->kept = work->scan.kept;
		compiled->scan = scan;
		compiled->error = rml_attempt(compile_and_run, compiled);
	}
}

/* ---- the result ---- */

static void
append_member(StringInfo out, const RmlExpectation *expectation, const char *key)
{
	JsonbValue *value = rml_json_member(expectation->definition, key);

	if (value != NULL)
		appendStringInfo(out, ", \"%s\": %s", key, rml_json_out(value));
}

static void
append_text(StringInfo out, const char *key, const char *value)
{
	appendStringInfo(out, "\"%s\": ", key);
	if (value != NULL)
		escape_json(out, value);
	else
		appendStringInfoString(out, "null");
}

static void
append_config(StringInfo out, const RmlExpectation *expectation)
{
	JsonbValue *meta = rml_json_member(expectation->definition, "meta");

	appendStringInfo(out, "\"expectation_config\": {\"type\": \"%s\", \"kwargs\": %s, \"meta\": %s, \"severity\": \"%s\"", expectation->type->name,
					 JsonbToCString(NULL, &expectation->kwargs->root, VARSIZE(expectation->kwargs)),
					 meta ? rml_json_out(meta) : "{}", expectation->severity);
	append_member(out, expectation, "id");
	append_member(out, expectation, "description");
	append_member(out, expectation, "notes");
	appendStringInfoChar(out, '}');
}

static bool
append_result(StringInfo out, RmlCompiled *compiled)
{
	StringInfoData result;
	bool		success = false;

	initStringInfo(&result);
	if (compiled->error == NULL)
		compiled->judge(compiled, &success, &result);
	appendStringInfo(out, "{\"success\": %s, ", success ? "true" : "false");
	append_config(out, compiled->expectation);
	appendStringInfo(out, ", \"result\": %s, \"meta\": {}, \"exception_info\": {\"raised_exception\": %s, \"exception_traceback\": null, ",
					 compiled->error || compiled->scan->format == RML_BOOLEAN_ONLY ? "{}" : result.data, compiled->error ? "true" : "false");
	append_text(out, "exception_message", compiled->error);
	appendStringInfoString(out, "}}");
	return success;
}

static Jsonb *
result_of(const Work *work)
{
	StringInfoData out;
	ListCell   *cell;
	int			n = list_length(work->compiled);
	int			successful = 0;
	const char *separator = "";
	JsonbValue *id = rml_json_member(&work->suite->definition->root, "id");

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"results\": [");
	foreach(cell, work->compiled)
	{
		appendStringInfoString(&out, separator);
		successful += append_result(&out, lfirst(cell));
		separator = ", ";
	}
	appendStringInfo(&out, "], \"success\": %s, \"statistics\": {\"evaluated_expectations\": %d, \"successful_expectations\": %d, "
					 "\"unsuccessful_expectations\": %d, \"success_percent\": %s}, ",
					 successful == n ? "true" : "false", n, successful, n - successful,
					 n == 0 ? "null" : float8out_internal((double) successful / n * 100));
	append_text(&out, "suite_name", work->suite->name);
	appendStringInfo(&out, ", \"suite_parameters\": %s, \"id\": %s, \"meta\": {",
					 work->what->parameters ? JsonbToCString(NULL, &work->what->parameters->root, VARSIZE(work->what->parameters)) :
					 work->suite->parameters ? rml_json_out(work->suite->parameters) : "{}",
					 id ? rml_json_out(id) : "null");
	append_text(&out, work->what->query ? "query" : "relation", work->subject.name);
	appendStringInfoString(&out, ", ");
	append_text(&out, "filter", work->what->filter);
	appendStringInfoString(&out, "}}");
	return rml_json_in(out.data);
}

static Jsonb *
copy_to(MemoryContext context, const Jsonb *jsonb)
{
	return memcpy(MemoryContextAlloc(context, VARSIZE(jsonb)), jsonb, VARSIZE(jsonb));
}

Jsonb *
rml_validate(const RmlValidation *what)
{
	MemoryContext caller = CurrentMemoryContext;
	Work		work = {0};
	Jsonb	   *result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	begin(&work, what);
	if (work.scan.measures != NIL && rml_attempt(run, &work.scan) != NULL)
		run_each(&work);
	result = copy_to(caller, result_of(&work));
	SPI_finish();
	return result;
}

List *
rml_validation_row_checks(const RmlValidation *what, char **from)
{
	MemoryContext caller = CurrentMemoryContext;
	Work		work = {0};
	List	   *checks = NIL;
	ListCell   *cell;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	begin(&work, what);
	MemoryContextSwitchTo(caller);
	*from = pstrdup(work.subject.from);
	foreach(cell, work.compiled)
	{
		const RmlCompiled *compiled = lfirst(cell);
		RmlRowCheck *check;

		if (compiled->error != NULL || compiled->unexpected == NULL)
			continue;
		check = palloc0(sizeof(RmlRowCheck));
		check->index = compiled->expectation->index;
		check->type = compiled->expectation->type->name;
		check->column = compiled->column_name ? pstrdup(compiled->column_name) : NULL;
		check->severity = pstrdup(compiled->expectation->severity);
		check->unexpected = pstrdup(compiled->unexpected);
		checks = lappend(checks, check);
	}
	SPI_finish();
	MemoryContextSwitchTo(caller);
	return checks;
}

/* ---- SQL ---- */

static char *
text_arg(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static void
read_args(FunctionCallInfo fcinfo, RmlValidation *what)
{
	what->suite = RML_TEXT_ARG(1, "suite");
	what->filter = text_arg(fcinfo, 2);
	what->result_format = text_arg(fcinfo, 3);
	what->parameters = PG_ARGISNULL(4) ? NULL : PG_GETARG_JSONB_P(4);
}

static Oid
relation_arg(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"relation\" must not be null")));
	return PG_GETARG_OID(0);
}

/* riskml.validate(relation, suite, filter, result_format, parameters) */
Datum
riskml_validate(PG_FUNCTION_ARGS)
{
	RmlValidation what = {.relation = relation_arg(fcinfo)};

	read_args(fcinfo, &what);
	PG_RETURN_JSONB_P(rml_validate(&what));
}

/* riskml.validate_query(query, suite, filter, result_format, parameters) */
Datum
riskml_validate_query(PG_FUNCTION_ARGS)
{
	RmlValidation what = {.query = RML_TEXT_ARG(0, "query")};

	read_args(fcinfo, &what);
	PG_RETURN_JSONB_P(rml_validate(&what));
}

/* riskml.explain_suite(relation, suite, filter, result_format, parameters): the statements, and what cannot be asked */
Datum
riskml_explain_suite(PG_FUNCTION_ARGS)
{
	RmlValidation what = {.relation = relation_arg(fcinfo)};
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Work		work = {0};
	ListCell   *cell;
	bool		null = false;

	read_args(fcinfo, &what);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	begin(&work, &what);
	foreach(cell, rml_scan_statements(&work.scan))
	{
		Datum		sql = CStringGetTextDatum(lfirst(cell));

		tuplestore_putvalues(set->setResult, set->setDesc, &sql, &null);
	}
	foreach(cell, work.compiled)
	{
		const RmlCompiled *compiled = lfirst(cell);

		if (compiled->error != NULL)
		{
			Datum		sql = CStringGetTextDatum(psprintf("-- expectations[%d] %s: %s", compiled->expectation->index,
														   compiled->expectation->type->name, compiled->error));

			tuplestore_putvalues(set->setResult, set->setDesc, &sql, &null);
		}
	}
	SPI_finish();
	return (Datum) 0;
}
