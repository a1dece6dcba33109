/*
 * parameters.c
 *	  Values for {"$PARAMETER": "an expression"} in kwargs.
 *
 * An expression is a parameter's name, which may have a value of any type, or
 * arithmetic with numbers and moments: + - * / ^, functions, now(),
 * datetime(year, month, day, …), timedelta(days = 1).
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "quality/json.h"
#include "quality/parameters.h"

#define KEY "$PARAMETER"
#define DEFAULT_KEY "$PARAMETER."

/* ---- values of expressions ---- */

typedef enum Kind
{
	NUMBER,
	MOMENT,						/* a timestamp, in microseconds */
	SPAN						/* microseconds */
} Kind;

typedef struct Value
{
	Kind		kind;
	double		number;
	int64		time;
} Value;

typedef struct Reader
{
	const RmlExpectation *expectation;
	const char *kwarg;
	const char *text;
	const char *at;
	bool		only_checks;	/* names may be unknown: they stand for 1 */
	JsonbContainer *object;		/* that the parameter is in */
	const JsonbValue *suite;
	Jsonb	   *given;
} Reader;

static void
fault(const Reader *reader, const char *message)
{
	rml_expectation_fault(reader->expectation, "Expressions have numbers, names of parameters, + - * / ^, now(), datetime(), timedelta() and functions as abs().",
						  "kwarg \"%s\", parameter %s: %s at character %d", reader->kwarg, quote_literal_cstr(reader->text), message,
						  (int) (reader->at - reader->text) + 1);
}

static JsonbValue *
look_up(const Reader *reader, const char *name)
{
	JsonbValue *value = reader->given ? rml_json_member(&reader->given->root, name) : NULL;

	if (value == NULL && reader->suite != NULL)
		value = rml_json_member(reader->suite->val.binary.data, name);
	return value ? value : rml_json_member(reader->object, psprintf(DEFAULT_KEY "%s", name));
}

/* ---- reading ---- */

static bool
take(Reader *reader, char c)
{
	while (isspace((unsigned char) *reader->at))
		reader->at++;
	if (*reader->at != c)
		return false;
	reader->at++;
	return true;
}

static char *
read_name(Reader *reader)
{
	size_t		length = 0;

	while (isalnum((unsigned char) reader->at[length]) || reader->at[length] == '_' || reader->at[length] == '$' ||
		   reader->at[length] == '.' || IS_HIGHBIT_SET(reader->at[length]))
		length++;
	reader->at += length;
	return pnstrdup(reader->at - length, length);
}

static Value read_sum(Reader *reader);

static double
need_number(const Reader *reader, Value value)
{
	if (value.kind != NUMBER)
		fault(reader, "a number is needed");
	return value.number;
}

static Value
number_value(double number)
{
	return (Value) {.kind = NUMBER, .number = number};
}

static const char *const units[] = {"weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds"};
static const double unit_size[] = {604800e6, 86400e6, 3600e6, 60e6, 1e6, 1e3, 1};

/* Behind timedelta(; days may stand without their name, first. */
static Value
read_timedelta(Reader *reader)
{
	double		total = 0;

	for (bool first = true; !take(reader, ')'); first = false)
	{
		const char *start;
		char	   *name;
		int			unit = 0;

		if (!first && !take(reader, ','))
			fault(reader, "expected a comma");
		while (isspace((unsigned char) *reader->at))
			reader->at++;
		start = reader->at;
		name = read_name(reader);
		if (take(reader, '='))
		{
			while (unit < (int) lengthof(units) && strcmp(units[unit], name) != 0)
				unit++;
			if (unit == lengthof(units))
				fault(reader, "unknown argument of timedelta()");
		}
		else
		{
			reader->at = start;
			unit = 1;
		}
		total += unit_size[unit] * need_number(reader, read_sum(reader));
	}
	if (!(fabs(total) < 9e18))
		fault(reader, "out of range");
	return (Value) {.kind = SPAN, .time = (int64) total};
}

static Value
read_datetime(Reader *reader)
{
	int			parts[6] = {2000, 1, 1, 0, 0, 0};
	struct pg_tm tm = {0};
	Timestamp	moment = 0;

	for (int i = 0; !take(reader, ')'); i++)
	{
		double		number;

		if (i >= (int) lengthof(parts) || (i > 0 && !take(reader, ',')))
			fault(reader, "datetime() takes year, month, day, hour, minute, second");
		number = need_number(reader, read_sum(reader));
		if (!(number >= 0 && number <= 9999))
			fault(reader, "out of range");
		parts[i] = (int) number;
	}
	tm.tm_year = parts[0];
	tm.tm_mon = parts[1];
	tm.tm_mday = parts[2];
	tm.tm_hour = parts[3];
	tm.tm_min = parts[4];
	tm.tm_sec = parts[5];
	if (parts[0] < 1 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > day_tab[isleap(parts[0])][parts[1] - 1] ||
		parts[3] > 23 || parts[4] > 59 || parts[5] > 59 || tm2timestamp(&tm, 0, NULL, &moment) != 0)
		fault(reader, "no such moment");
	return (Value) {.kind = MOMENT, .time = moment};
}

static Value
now_here(void)
{
	struct pg_tm tm;
	fsec_t		fraction;
	int			zone;
	Timestamp	moment = 0;

	if (timestamp2tm(GetCurrentStatementStartTimestamp(), &zone, &tm, &fraction, NULL, NULL) == 0)
		(void) tm2timestamp(&tm, fraction, NULL, &moment);
	return (Value) {.kind = MOMENT, .time = moment};
}

static double
sign_of(double number)
{
	return number > 0 ? 1 : number < 0 ? -1 : 0;
}

static Value
call(Reader *reader, const char *name)
{
	static const struct
	{
		const char *name;
		double		(*function) (double);
	}			functions[] = {
		{"abs", fabs}, {"sin", sin}, {"cos", cos}, {"tan", tan}, {"exp", exp}, {"trunc", trunc}, {"round", rint}, {"sgn", sign_of}
	};
	double		argument;

	if (strcmp(name, "timedelta") == 0)
		return read_timedelta(reader);
	if (strcmp(name, "datetime") == 0)
		return read_datetime(reader);
	if (strcmp(name, "now") == 0)
	{
		if (!take(reader, ')'))
			fault(reader, "expected )");
		return now_here();
	}
	for (int i = 0; i < (int) lengthof(functions); i++)
	{
		if (strcmp(functions[i].name, name) != 0)
			continue;
		argument = need_number(reader, read_sum(reader));
		if (!take(reader, ')'))
			fault(reader, "expected )");
		return number_value(functions[i].function(argument));
	}
	fault(reader, psprintf("unknown function \"%s\"", name));
	return number_value(0);
}

static Value
value_of_name(const Reader *reader, const char *name)
{
	JsonbValue *value;

	if (reader->only_checks)
		return number_value(1);
	value = look_up(reader, name);
	if (value == NULL)
		rml_expectation_fault(reader->expectation, "Pass it with \"parameters\", or put it into \"suite_parameters\" of the suite.",
							  "kwarg \"%s\": parameter \"%s\" has no value", reader->kwarg, name);
	if (value->type != jbvNumeric)
		fault(reader, psprintf("parameter \"%s\" is no number", name));
	return number_value(rml_json_number(value));
}

static Value
read_atom(Reader *reader)
{
	char	   *end;
	char	   *name;
	double		number;

	check_stack_depth();
	if (take(reader, '-'))
	{
		Value		value = read_atom(reader);

		value.number = -value.number;
		value.time = -value.time;
		return value;
	}
	if (take(reader, '+'))
		return read_atom(reader);
	if (take(reader, '('))
	{
		Value		value = read_sum(reader);

		if (!take(reader, ')'))
			fault(reader, "expected )");
		return value;
	}
	if (isdigit((unsigned char) *reader->at) || *reader->at == '.')
	{
		number = strtod(reader->at, &end);
		if (end == reader->at)
			fault(reader, "expected a number");
		reader->at = end;
		return number_value(number);
	}
	name = read_name(reader);
	if (*name == '\0')
		fault(reader, "expected a value");
	return take(reader, '(') ? call(reader, name) : value_of_name(reader, name);
}

static Value
read_power(Reader *reader)
{
	Value		value = read_atom(reader);

	if (!take(reader, '^'))
		return value;
	return number_value(pow(need_number(reader, value), need_number(reader, read_power(reader))));
}

static Value
read_product(Reader *reader)
{
	Value		value = read_power(reader);

	for (;;)
	{
		bool		times = take(reader, '*');
		double		by;

		if (!times && !take(reader, '/'))
			return value;
		by = need_number(reader, read_power(reader));
		if (!times && by == 0 && !reader->only_checks)
			fault(reader, "division by zero");
		if (value.kind == MOMENT)
			fault(reader, "a moment cannot be multiplied");
		value.number = times ? value.number * by : value.number / by;
		value.time = (int64) (times ? (double) value.time * by : (double) value.time / by);
	}
}

static Value
add(const Reader *reader, Value a, Value b, int sign)
{
	if (a.kind == NUMBER && b.kind == NUMBER)
		return number_value(a.number + sign * b.number);
	if (reader->only_checks && (a.kind == NUMBER || b.kind == NUMBER))
		return a.kind == NUMBER ? b : a;	/* a name may stand for anything */
	if (a.kind == NUMBER || b.kind == NUMBER || (b.kind == MOMENT && (sign > 0 && a.kind == MOMENT)) ||
		(a.kind == SPAN && b.kind == MOMENT && sign < 0))
		fault(reader, "these cannot be added");
	return (Value) {
		.kind = a.kind == b.kind ? SPAN : MOMENT,
		.time = a.time + sign * b.time
	};
}

static Value
read_sum(Reader *reader)
{
	Value		value = read_product(reader);

	for (;;)
	{
		bool		plus = take(reader, '+');

		if (!plus && !take(reader, '-'))
			return value;
		value = add(reader, value, read_product(reader), plus ? 1 : -1);
	}
}

/* ---- parameters ---- */

static char *
value_text(const Reader *reader, Value value)
{
	char		text[MAXDATELEN + 1];

	switch (value.kind)
	{
		case NUMBER:
			if (!isfinite(value.number))
				fault(reader, "the result is not finite");
			return float8out_internal(value.number);
		case MOMENT:
			(void) JsonEncodeDateTime(text, TimestampGetDatum(value.time), TIMESTAMPOID, NULL);
			return psprintf("\"%s\"", text);
		case SPAN:
			fault(reader, "the result is a span of time, which nothing is compared with");
	}
	return NULL;
}

static bool
is_name(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
	{
		if (!isalnum((unsigned char) *c) && *c != '_' && *c != '$' && *c != '.' && !IS_HIGHBIT_SET(*c))
			return false;
	}
	return *text != '\0' && !isdigit((unsigned char) *text) && *text != '.';
}

/* JSON text. */
static char *
evaluate(Reader *reader)
{
	Value		value;

	if (strncmp(reader->text, "urn:", 4) == 0)
		rml_expectation_fault(reader->expectation, "Pass the value with \"parameters\".",
							  "kwarg \"%s\": parameter %s is not supported, as it refers to a store of GX", reader->kwarg,
							  quote_literal_cstr(reader->text));
	if (is_name(reader->text) && !reader->only_checks)
	{
		JsonbValue *found = look_up(reader, reader->text);

		if (found != NULL)
			return rml_json_out(found);
	}
	value = read_sum(reader);
	if (*reader->at != '\0' && !take(reader, '\0'))
		fault(reader, "expected an operator or the end");
	return reader->only_checks ? NULL : value_text(reader, value);
}

static char *
expression_of(const JsonbValue *value)
{
	JsonbValue *parameter;

	if (!rml_json_is_object(value))
		return NULL;
	parameter = rml_json_member(value->val.binary.data, KEY);
	return parameter != NULL && parameter->type == jbvString ? rml_json_string(parameter) : NULL;
}

typedef struct Walk
{
	Reader	   *reader;			/* what all expressions share */
	StringInfo	out;			/* NULL: they are only checked */
	bool		found;
	bool		first;
} Walk;

static void walk(Walk *state, const JsonbValue *value);

static void
walk_member(const char *key, const JsonbValue *value, void *argument)
{
	Walk	   *state = argument;

	if (state->out != NULL)
	{
		appendStringInfoString(state->out, state->first ? "" : ", ");
		escape_json(state->out, key);
		appendStringInfoString(state->out, ": ");
	}
	state->first = false;
	walk(state, value);
	state->first = false;
}

static void
walk_parameter(Walk *state, const JsonbValue *value, char *expression)
{
	Reader		reader = *state->reader;
	char	   *text;

	state->found = true;
	if (reader.expectation == NULL)
		return;
	reader.text = reader.at = expression;
	reader.object = value->val.binary.data;
	reader.only_checks = state->out == NULL;
	text = evaluate(&reader);
	if (state->out != NULL)
		appendStringInfoString(state->out, text);
}

static void
append(Walk *state, const char *text)
{
	if (state->out != NULL)
		appendStringInfoString(state->out, text);
}

static void
walk(Walk *state, const JsonbValue *value)
{
	char	   *expression = expression_of(value);

	check_stack_depth();
	if (expression != NULL)
		walk_parameter(state, value, expression);
	else if (rml_json_is_object(value))
	{
		append(state, "{");
		state->first = true;
		rml_json_members(value->val.binary.data, walk_member, state);
		append(state, "}");
	}
	else if (rml_json_is_array(value))
	{
		append(state, "[");
		for (int i = 0; i < rml_json_length(value); i++)
		{
			append(state, i == 0 ? "" : ", ");
			walk(state, rml_json_element(value, i));
		}
		append(state, "]");
	}
	else
		append(state, state->out ? rml_json_out(value) : "");
}

bool
rml_parameter_check(const RmlExpectation *expectation, const char *kwarg, const JsonbValue *value)
{
	Reader		reader = {.expectation = expectation, .kwarg = kwarg};
	Walk		state = {.reader = &reader};

	walk(&state, value);
	return state.found;
}

static JsonbValue
whole(Jsonb *jsonb)
{
	JsonbValue	value;

	value.type = jbvBinary;
	value.val.binary.data = &jsonb->root;
	value.val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
	return value;
}

bool
rml_parameters_within(Jsonb *kwargs)
{
	Reader		reader = {0};
	Walk		state = {.reader = &reader};
	JsonbValue	value = whole(kwargs);

	walk(&state, &value);
	return state.found;
}

/* Each kwarg by itself, as errors name it. */
static void
put_kwarg(const char *key, const JsonbValue *value, void *argument)
{
	Walk	   *state = argument;

	state->reader->kwarg = key;
	walk_member(key, value, state);
}

Jsonb *
rml_parameters_put(const RmlExpectation *expectation, const JsonbValue *suite, Jsonb *given)
{
	Reader		reader = {.expectation = expectation, .suite = suite, .given = given};
	StringInfoData out;
	Walk		state = {.reader = &reader, .out = &out, .first = true};

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	rml_json_members(&expectation->kwargs->root, put_kwarg, &state);
	appendStringInfoChar(&out, '}');
	return rml_json_in(out.data);
}
