/*
 * kind_expect.c
 *	  Steps that judge rows by a suite, before others go on with them.
 *
 * The severity of an expectation that fails says what happens: the step fails,
 * the step warns, or the rows that the expectation does not expect go to
 * quarantine.  What the validation came to is recorded in any case.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

#include "compat.h"
#include "job/context.h"
#include "job/kind.h"
#include "load/options.h"
#include "quality/bad_rows.h"
#include "quality/record.h"
#include "quality/validate.h"

#define SUBJECT "a step of kind \"expect\""
#define SHOWN 10				/* expectations in a message */

typedef enum Action
{
	PASS,
	WARN,
	QUARANTINE,
	FAIL
} Action;

static const char *const action_names[] = {
	[PASS] = "", [WARN] = "warn", [QUARANTINE] = "quarantine", [FAIL] = "fail"
};

/* As riskml.validation says it. */
static const char *const done_names[] = {
	[PASS] = "passed", [WARN] = "warned", [QUARANTINE] = "quarantined", [FAIL] = "failed"
};

typedef enum Severity
{
	SEVERITY_CRITICAL,
	SEVERITY_WARNING,
	SEVERITY_INFO,
	N_SEVERITIES
} Severity;

static const char *const severity_names[] = {
	[SEVERITY_CRITICAL] = "critical", [SEVERITY_WARNING] = "warning", [SEVERITY_INFO] = "info"
};

typedef struct Command
{
	char	   *relation;		/* or query */
	char	   *query;
	char	   *suite;			/* a name, or its definition */
	Jsonb	   *definition;
	char	   *filter;
	char	   *result_format;
	Jsonb	   *parameters;
	Jsonb	   *on_failure;
	List	   *key;
	bool		remove;
	char	   *good_rows;

	Action		actions[N_SEVERITIES];
} Command;

/* An expectation that failed. */
typedef struct Failure
{
	int			index;
	Action		action;
	char	   *title;			/* type and column, for messages */
	char	   *config;			/* JSON */
} Failure;

/* ---- the command ---- */

static JsonbValue *
get(JsonbContainer *object, const char *key, JsonbValue *room)
{
	return getKeyJsonValueFromContainer(object, key, (int) strlen(key), room);
}

static bool
suite_is_text(Jsonb *json)
{
	JsonbValue	room;
	const JsonbValue *suite = JB_ROOT_IS_OBJECT(json) ? get(&json->root, "suite", &room) : NULL;

	return suite == NULL || suite->type == jbvString;
}

static Action
action_of(const char *text)
{
	for (int i = WARN; i <= FAIL; i++)
	{
		if (text != NULL && strcmp(text, action_names[i]) == 0)
			return (Action) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"on_failure\" of " SUBJECT " must be an object of severities and what happens"),
			 errdetail("The severities are critical, warning and info; what happens is fail, warn or quarantine.")));
	return FAIL;
}

static void
read_actions(Command *command)
{
	char	   *texts[N_SEVERITIES] = {"fail", "warn", "warn"};
	RmlOption	known[N_SEVERITIES];

	for (int i = 0; i < N_SEVERITIES; i++)
		known[i] = (RmlOption) {severity_names[i], RML_OPTION_TEXT, &texts[i]};
	if (command->on_failure != NULL)
		rml_read_options("\"on_failure\" of " SUBJECT, command->on_failure, known, N_SEVERITIES);
	for (int i = 0; i < N_SEVERITIES; i++)
		command->actions[i] = action_of(texts[i]);
}

static void
refuse_command(const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the command of " SUBJECT " %s", message),
			 hint != NULL ? errhint("%s", hint) : 0));
}

static void
check_command(const Command *command)
{
	bool		quarantine = false;

	for (int i = 0; i < N_SEVERITIES; i++)
		quarantine = quarantine || command->actions[i] == QUARANTINE;
	if ((command->relation != NULL) == (command->query != NULL))
		refuse_command("needs either \"relation\" or \"query\"", NULL);
	if (command->suite == NULL && command->definition == NULL)
		refuse_command("lacks \"suite\"", "Give the name of a suite, or a suite as Great Expectations writes it.");
	if (quarantine && command->remove == (command->good_rows != NULL))
		refuse_command("has to say how good rows go on without those in quarantine",
					   "Either \"remove\": true removes bad rows from the relation, or \"good_rows\" names a table that gets the good ones.");
	if (!quarantine && (command->remove || command->good_rows != NULL || command->key != NIL))
		refuse_command("puts no rows into quarantine, but has \"remove\", \"good_rows\" or \"key\"",
					   "For example \"on_failure\": {\"critical\": \"quarantine\"}.");
	if (command->remove && command->query != NULL)
		refuse_command("cannot remove rows of a query", "Name a table in \"good_rows\".");
}

static void
read_command(const char *text, Command *command)
{
	Jsonb	   *json;

	if (text[strspn(text, " \t\r\n")] != '{')
		refuse_command("must be a JSON object", "For example {\"relation\": \"loans\", \"suite\": \"loans\"}.");
	memset(command, 0, sizeof(*command));
	json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	{
		const RmlOption known[] = {
			{"relation", RML_OPTION_TEXT, &command->relation},
			{"query", RML_OPTION_TEXT, &command->query},
			{"suite", suite_is_text(json) ? RML_OPTION_TEXT : RML_OPTION_JSON,
				suite_is_text(json) ? (void *) &command->suite : (void *) &command->definition},
			{"filter", RML_OPTION_TEXT, &command->filter},
			{"result_format", RML_OPTION_TEXT, &command->result_format},
			{"parameters", RML_OPTION_JSON, &command->parameters},
			{"on_failure", RML_OPTION_JSON, &command->on_failure},
			{"key", RML_OPTION_TEXTS, &command->key},
			{"remove", RML_OPTION_BOOL, &command->remove},
			{"good_rows", RML_OPTION_TEXT, &command->good_rows},
		};

		rml_read_options(SUBJECT, json, known, lengthof(known));
	}
	read_actions(command);
	check_command(command);
}

void
rml_check_expect(const char *text)
{
	Command		command;

	read_command(text, &command);
}

/* ---- what failed ---- */

static char *
text_of(JsonbContainer *object, const char *key)
{
	JsonbValue	room;
	const JsonbValue *value = object != NULL ? get(object, key, &room) : NULL;

	return value != NULL && value->type == jbvString ? pnstrdup(value->val.string.val, value->val.string.len) : NULL;
}

static JsonbContainer *
object_of(JsonbContainer *object, const char *key)
{
	JsonbValue	room;
	const JsonbValue *value = object != NULL ? get(object, key, &room) : NULL;

	return value != NULL && value->type == jbvBinary ? value->val.binary.data : NULL;
}

static bool
is_true(JsonbContainer *object, const char *key)
{
	JsonbValue	room;
	const JsonbValue *value = get(object, key, &room);

	return value != NULL && value->type == jbvBool && value->val.boolean;
}

static Severity
severity_of(JsonbContainer *config)
{
	char	   *text = text_of(config, "severity");

	for (int i = 0; text != NULL && i < N_SEVERITIES; i++)
	{
		if (strcmp(text, severity_names[i]) == 0)
			return (Severity) i;
	}
	return SEVERITY_CRITICAL;
}

static Failure *
failure_of(const Command *command, int index, JsonbContainer *entry)
{
	Failure    *failure = palloc0(sizeof(Failure));
	JsonbContainer *config = object_of(entry, "expectation_config");
	char	   *type = text_of(config, "type");
	char	   *column = text_of(object_of(config, "kwargs"), "column");

	failure->index = index;
	failure->action = command->actions[severity_of(config)];
	failure->title = psprintf("%s%s%s%s", type != NULL ? type : "an expectation", column != NULL ? " (" : "",
							  column != NULL ? column : "", column != NULL ? ")" : "");
	failure->config = config != NULL ? JsonbToCString(NULL, config, -1) : pstrdup("{}");
	return failure;
}

/* Failure *, in the suite's order. */
static List *
find_failures(const Command *command, Jsonb *result)
{
	JsonbContainer *results = object_of(&result->root, "results");
	List	   *failures = NIL;

	for (uint32 i = 0; results != NULL && i < JsonContainerSize(results); i++)
	{
		const JsonbValue *entry = getIthJsonbValueFromContainer(results, i);

		if (entry->type == jbvBinary && !is_true(entry->val.binary.data, "success"))
			failures = lappend(failures, failure_of(command, (int) i, entry->val.binary.data));
	}
	return failures;
}

static const RmlRowCheck *
find_check(const List *checks, int index)
{
	ListCell   *cell;

	foreach(cell, checks)
	{
		if (((const RmlRowCheck *) lfirst(cell))->index == index)
			return lfirst(cell);
	}
	return NULL;
}

/* Checks that failed and whose rows go to quarantine; what is not about rows makes the step fail. */
static void
choose_checks(List *failures, RmlBadRows *rows)
{
	List	   *checks = NIL;
	char	   *from = NULL;
	ListCell   *cell;

	foreach(cell, failures)
	{
		Failure    *failure = lfirst(cell);
		const RmlRowCheck *check;

		if (failure->action != QUARANTINE)
			continue;
		if (from == NULL)
			checks = rml_validation_row_checks(rows->what, &from);
		check = find_check(checks, failure->index);
		if (check == NULL)
			failure->action = FAIL;
		else
		{
			rows->checks = lappend(rows->checks, unconstify(RmlRowCheck *, check));
			rows->expectations = lappend(rows->expectations, failure->config);
		}
	}
	rows->from = from;
}

static Action
worst(const List *failures)
{
	Action		action = PASS;
	ListCell   *cell;

	foreach(cell, failures)
		action = Max(action, ((const Failure *) lfirst(cell))->action);
	return action;
}

pg_noreturn static void
fail(const char *suite, const List *failures)
{
	StringInfoData detail;
	ListCell   *cell;
	int			n = 0;

	initStringInfo(&detail);
	foreach(cell, failures)
	{
		const Failure *failure = lfirst(cell);

		if (failure->action != FAIL || n++ >= SHOWN)
			continue;
		appendStringInfo(&detail, "%s%s", detail.len > 0 ? "\n" : "", failure->title);
	}
	if (n > SHOWN)
		appendStringInfoString(&detail, "\n...");
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 suite != NULL ? errmsg("rows are not as suite \"%s\" expects", suite) : errmsg("rows are not as the suite expects"),
			 errdetail("%s", detail.data),
			 errhint("riskml.expectation_history shows what was found.")));
}

/* ---- the step ---- */

static Jsonb *
output_of(Jsonb *result, Action action, uint64 quarantined, int64 good, int64 validation, const List *failures)
{
	JsonbContainer *statistics = object_of(&result->root, "statistics");
	StringInfoData json;
	ListCell   *cell;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"success\": %s, \"action\": \"%s\", \"validation\": " INT64_FORMAT ", \"quarantined\": " UINT64_FORMAT,
					 action == PASS ? "true" : "false", done_names[action], validation, quarantined);
	if (good >= 0)
		appendStringInfo(&json, ", \"good_rows\": " INT64_FORMAT, good);
	if (statistics != NULL)
		appendStringInfo(&json, ", \"statistics\": %s", JsonbToCString(NULL, statistics, -1));
	appendStringInfoString(&json, ", \"failed\": [");
	foreach(cell, failures)
	{
		appendStringInfoString(&json, foreach_current_index(cell) > 0 ? ", " : "");
		escape_json(&json, ((const Failure *) lfirst(cell))->title);
	}
	appendStringInfoString(&json, "]}");
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}

static void
prepare(const Command *command, RmlValidation *what, RmlBadRows *rows)
{
	what->query = command->query;
	what->suite = command->suite;
	what->definition = command->definition;
	what->filter = command->filter;
	what->result_format = command->result_format;
	what->parameters = command->parameters;
	rows->what = what;
	rows->key = command->key;
	rows->source = command->query;
	if (command->relation != NULL)
	{
		what->relation = DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(command->relation)));
		rows->source = quote_qualified_identifier(get_namespace_name(get_rel_namespace(what->relation)),
												  get_rel_name(what->relation));
	}
	if (command->good_rows != NULL)
		rows->good_rows = DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(command->good_rows)));
	if (command->remove || command->good_rows != NULL)
		rml_bad_rows_check(rows);
}

void
rml_kind_expect(RmlWork *work)
{
	Command		command;
	RmlValidation what = {0};
	RmlBadRows	rows = {0};
	RmlRecord	record = {0};
	List	   *failures;
	Action		action;
	uint64		quarantined = 0;
	uint64		good = 0;
	int64		id;

	read_command(work->command, &command);
	prepare(&command, &what, &rows);
	record.result = rml_validate(&what);
	record.relation = rows.source;
	record.suite = command.suite != NULL ? command.suite : text_of(&record.result->root, "suite_name");
	record.filter = command.filter;
	rml_record_keep(&record);
	failures = find_failures(&command, record.result);
	choose_checks(failures, &rows);
	action = worst(failures);
	if (action == FAIL)
		fail(record.suite, failures);
	/* good rows go on even if all are */
	if (rows.checks != NIL || OidIsValid(rows.good_rows))
	{
		if (rows.from == NULL)
			(void) rml_validation_row_checks(&what, unconstify(char **, &rows.from));
		quarantined = rml_bad_rows_separate(&rows, &good);
	}
	id = rml_record_write(done_names[action], (int64) quarantined);
	rml_context_set_output(output_of(record.result, action, quarantined, OidIsValid(rows.good_rows) ? (int64) good : -1, id, failures));
	if (action != PASS)
		rml_record_warn(record.suite, rows.source, done_names[action], list_length(failures), (int64) quarantined);
	work->rows = OidIsValid(rows.good_rows) ? good : quarantined;
}
