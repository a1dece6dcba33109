/*
 * define.c
 *	  Reads gates from JSON.  Every fault names the gate and the key.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "gate/gate.h"
#include "quality/json.h"
#include "registry/nearest.h"

#define MAX_GATES 100
#define MAX_GATES_BYTES (1024 * 1024)
#define MAX_INPUTS 100
#define MAX_SHOWN 100			/* bytes of what was given, in messages */

static const RmlGateCheck *const checks[] = {
	&rml_gate_metric, &rml_gate_champion, &rml_gate_psi, &rml_gate_segment, &rml_gate_monotone, &rml_gate_calibration,
};

struct RmlGateReader
{
	const char *who;			/* 'gate "auc"', or 'gate 2' if it has no name */
	JsonbContainer *object;
	const RmlGateCheck *check;
};

/* ---- faults ---- */

static char *
cut(const char *text)
{
	return pnstrdup(text, (Size) pg_mbcliplen(text, (int) strlen(text), MAX_SHOWN));
}

void
rml_gate_wrong(RmlGateReader *reader, const char *key, const char *format,...)
{
	StringInfoData what;

	initStringInfo(&what);
	for (;;)
	{
		va_list		arguments;
		int			needed;

		va_start(arguments, format);
		needed = appendStringInfoVA(&what, format, arguments);
		va_end(arguments);
		if (needed == 0)
			break;
		enlargeStringInfo(&what, needed);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s: key \"%s\" %s", reader->who, key, what.data)));
}

void
rml_gate_missing(RmlGateReader *reader, const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s: key \"%s\" is missing", reader->who, key)));
}

/* The word that was meant, if one is spelled nearly so; else all that there are. */
static char *
hint_of(const char *word, const char *const *words, int n)
{
	int			distance;
	const char *nearest = rml_nearest_word(word, words, n, &distance);
	StringInfoData all;

	if (distance <= Max(1, (int) strlen(word) / 3))
		return psprintf("Did you mean \"%s\"?", nearest);
	initStringInfo(&all);
	for (int i = 0; i < n; i++)
		appendStringInfo(&all, "%s%s", i > 0 ? ", " : "There are: ", words[i]);
	appendStringInfoChar(&all, '.');
	return all.data;
}

pg_noreturn static void
unknown_word(const RmlGateReader *reader, const char *what, const char *word, const char *const *words, int n)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s: unknown %s \"%s\"", reader->who, what, cut(word)),
			 errhint("%s", hint_of(word, words, n))));
}

/* ---- values ---- */

/* Infinite if it is out of range. */
static double
number_of(const JsonbValue *value)
{
	return value->type == jbvNumeric ? strtod(rml_json_out(value), NULL) : NAN;
}

static char *
shown(const JsonbValue *value)
{
	return cut(rml_json_out(value));
}

bool
rml_gate_number(RmlGateReader *reader, const char *key, double *value)
{
	JsonbValue *found = rml_json_member(reader->object, key);

	if (found == NULL)
		return false;
	if (found->type != jbvNumeric)
		rml_gate_wrong(reader, key, "must be a number, but is %s", shown(found));
	*value = number_of(found);
	if (!isfinite(*value))
		rml_gate_wrong(reader, key, "must be a finite number");
	return true;
}

bool
rml_gate_integer(RmlGateReader *reader, const char *key, int min, int max, int *value)
{
	JsonbValue *found = rml_json_member(reader->object, key);
	double		number;

	if (found == NULL)
		return false;
	number = number_of(found);
	if (!(number >= min && number <= max) || !rml_json_is_integer(found))
		rml_gate_wrong(reader, key, "must be an integer from %d to %d, but is %s", min, max, shown(found));
	*value = (int) number;
	return true;
}

bool
rml_gate_text(RmlGateReader *reader, const char *key, const char **value)
{
	JsonbValue *found = rml_json_member(reader->object, key);

	if (found == NULL)
		return false;
	if (found->type != jbvString || found->val.string.len == 0)
		rml_gate_wrong(reader, key, "must be a text, but is %s", shown(found));
	*value = rml_json_string(found);
	return true;
}

const char *
rml_gate_word(RmlGateReader *reader, const char *key, const char *const *words, int n)
{
	const char *word;

	if (!rml_gate_text(reader, key, &word))
		return NULL;
	for (int i = 0; i < n; i++)
	{
		if (strcmp(word, words[i]) == 0)
			return words[i];
	}
	unknown_word(reader, key, word, words, n);
}

typedef struct Inputs
{
	RmlGateReader *reader;
	RmlGate    *gate;
} Inputs;

static void
add_input(const char *name, const JsonbValue *value, void *argument)
{
	Inputs	   *inputs = argument;
	double		direction = number_of(value);

	if (direction != 1 && direction != -1)
		rml_gate_wrong(inputs->reader, "inputs", "must have 1 or -1 for \"%s\", but has %s", cut(name), shown(value));
	inputs->gate->inputs[inputs->gate->n_inputs++] = (RmlGateInput) {pstrdup(name), (int) direction};
}

void
rml_gate_inputs(RmlGateReader *reader, RmlGate *gate)
{
	JsonbValue *value = rml_json_member(reader->object, "inputs");
	Inputs		inputs = {reader, gate};
	int			n;

	if (value == NULL)
		rml_gate_missing(reader, "inputs");
	if (!rml_json_is_object(value))
		rml_gate_wrong(reader, "inputs", "must be an object of inputs and 1 or -1, but is %s", shown(value));
	n = (int) JsonContainerSize(value->val.binary.data);
	if (n < 1 || n > MAX_INPUTS)
		rml_gate_wrong(reader, "inputs", "must have from 1 to %d inputs, but has %d", MAX_INPUTS, n);
	gate->inputs = palloc(sizeof(RmlGateInput) * (Size) n);
	rml_json_members(value->val.binary.data, add_input, &inputs);
}

void
rml_gate_read_limits(RmlGateReader *reader, RmlGate *gate)
{
	gate->has_min = rml_gate_number(reader, "min", &gate->min);
	gate->has_max = rml_gate_number(reader, "max", &gate->max);
	if (!gate->has_min && !gate->has_max)
		rml_gate_missing(reader, "min\" or \"max");
	if (gate->has_min && gate->has_max && gate->min > gate->max)
		rml_gate_wrong(reader, "min", "must not exceed key \"max\"");
}

void
rml_gate_read_metric(RmlGateReader *reader, RmlGate *gate)
{
	static const char *const metrics[] = {
		"rows", "event_rate", "auc", "gini", "ks_score", "average_precision", "log_loss", "brier", "expected_calibration_error",
		"accuracy", "precision", "recall", "specificity", "f1", "mcc", "rmse", "mae", "r2", "mape",
	};

	gate->metric = rml_gate_word(reader, "metric", metrics, lengthof(metrics));
	if (gate->metric == NULL)
		rml_gate_missing(reader, "metric");
}

/* ---- gates ---- */

static void
check_key(const char *key, const JsonbValue *value, void *argument)
{
	RmlGateReader *reader = argument;
	const char *known[16] = {"name", "check"};
	int			n = 2;

	(void) value;
	for (const char *const *own = reader->check->keys; *own != NULL && n < (int) lengthof(known); own++)
		known[n++] = *own;
	for (int i = 0; i < n; i++)
	{
		if (strcmp(key, known[i]) == 0)
			return;
	}
	unknown_word(reader, "key", key, known, n);
}

static void
read_name(RmlGateReader *reader, RmlGate *gate, List *before)
{
	const char *fault;
	bool		printable;
	ListCell   *cell;

	if (!rml_gate_text(reader, "name", &gate->name))
		rml_gate_missing(reader, "name");
	fault = rml_name_fault(gate->name, (int) strlen(gate->name), &printable);
	if (fault != NULL)
		rml_gate_wrong(reader, "name", "cannot be the name of a gate: %s", fault);
	reader->who = psprintf("gate \"%s\"", gate->name);
	foreach(cell, before)
	{
		if (strcmp(((RmlGate *) lfirst(cell))->name, gate->name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("two gates have the name \"%s\"", gate->name)));
	}
}

static void
read_check(RmlGateReader *reader, RmlGate *gate)
{
	const char *names[lengthof(checks)];
	const char *name;

	for (int i = 0; i < (int) lengthof(checks); i++)
		names[i] = checks[i]->name;
	name = rml_gate_word(reader, "check", names, lengthof(checks));
	if (name == NULL)
		rml_gate_missing(reader, "check");
	for (int i = 0; i < (int) lengthof(checks); i++)
	{
		if (checks[i]->name == name)
			gate->check = checks[i];
	}
}

static RmlGate *
read_gate(const JsonbValue *value, int position, List *before)
{
	RmlGateReader reader = {.who = psprintf("gate %d", position)};
	RmlGate    *gate = palloc0(sizeof(RmlGate));

	if (!rml_json_is_object(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("gate %d must be a JSON object, but is %s", position, shown(value))));
	reader.object = value->val.binary.data;
	read_name(&reader, gate, before);
	read_check(&reader, gate);
	reader.check = gate->check;
	rml_json_members(reader.object, check_key, &reader);
	gate->check->read(&reader, gate);
	return gate;
}

List *
rml_gates_read(const Jsonb *gates)
{
	List	   *list = NIL;
	JsonbValue	array = {.type = jbvBinary};

	if (gates == NULL)
		return NIL;
	array.val.binary.data = unconstify(JsonbContainer *, &gates->root);
	array.val.binary.len = VARSIZE(gates) - VARHDRSZ;
	if (!JB_ROOT_IS_ARRAY(gates) || JB_ROOT_IS_SCALAR(gates))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("gates must be a JSON array of objects"),
				 errhint("Such as [{\"name\": \"auc\", \"check\": \"metric\", \"metric\": \"auc\", \"min\": 0.7}].")));
	if (JB_ROOT_COUNT(gates) > MAX_GATES || VARSIZE(gates) > MAX_GATES_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("gates exceed the limit of %d, or of %d bytes", MAX_GATES, MAX_GATES_BYTES)));
	for (int i = 0; i < (int) JB_ROOT_COUNT(gates); i++)
		list = lappend(list, read_gate(rml_json_element(&array, i), i + 1, list));
	return list;
}
