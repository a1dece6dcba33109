/*
 * program.c
 *	  Reads programs of checks for riskml.judge_rows().
 *
 * Anybody may write one, so nothing of it is taken for granted.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

#include "compat.h"
#include "quality/json.h"
#include "quality/kept.h"
#include "quality/verdict.h"

/* Numerics whose header is short, with a long one. */
#define ROOM (VARATT_SHORT_MAX + VARHDRSZ)

typedef struct Reader
{
	RmlProgram *program;
	RmlCheck   *check;
	JsonbContainer *json;		/* of the check */
	int			number;			/* of the check */
} Reader;

static void
wrong(const Reader *reader, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("check %d of the program for riskml.judge_rows() %s", reader->number, what)));
}

static void
no_program(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the program for riskml.judge_rows() %s", what)));
}

/* ---- members ---- */

static char *
text_member(const Reader *reader, const char *key)
{
	JsonbValue *value = rml_json_member(reader->json, key);

	if (value != NULL && value->type != jbvString)
		wrong(reader, psprintf("has \"%s\" that is no string", key));
	return value ? rml_json_string(value) : NULL;
}

static bool
bool_member(const Reader *reader, const char *key)
{
	JsonbValue *value = rml_json_member(reader->json, key);

	if (value != NULL && value->type != jbvBool)
		wrong(reader, psprintf("has \"%s\" that is no boolean", key));
	return value != NULL && value->val.boolean;
}

/* From 0 to a million; -1 for what is none. */
static int
small_number(const JsonbValue *value)
{
	double		number = value != NULL && value->type == jbvNumeric ? rml_json_number(value) : -1;

	return number >= 0 && number <= 1000000 && number == (int) number ? (int) number : -1;
}

/* ---- arguments ---- */

static void
describe(RmlArgument *argument, Node *expr)
{
	argument->type = getBaseType(exprType(expr));
	argument->collation = exprCollation(expr);
	argument->order = rml_order_of(argument->type);
	argument->is_row = type_is_rowtype(argument->type);
	if (argument->order == RML_ORDER_OTHERS)
		fmgr_info(lookup_type_cache(argument->type, TYPECACHE_CMP_PROC)->cmp_proc, &argument->compare);
	if (argument->type == NUMERICOID)
		argument->room = palloc(ROOM);
	rml_kept_converter(argument->type, CurrentMemoryContext, &argument->converter);
}

static void
read_of(Reader *reader)
{
	RmlCheck   *check = reader->check;
	JsonbValue *of = rml_json_member(reader->json, "of");

	if (of == NULL || rml_json_length(of) == 0)
		wrong(reader, "is \"of\" no arguments");
	check->n_of = rml_json_length(of);
	check->of = palloc(sizeof(int) * (size_t) check->n_of);
	for (int i = 0; i < check->n_of; i++)
	{
		check->of[i] = small_number(rml_json_element(of, i));
		if (check->of[i] < 0 || check->of[i] >= reader->program->n_arguments)
			wrong(reader, psprintf("is \"of\" what is no argument: there are %d", reader->program->n_arguments));
	}
	check->first = check->of[0];
	check->second = check->of[check->n_of - 1];
	check->arguments = reader->program->arguments;
	check->a = &reader->program->arguments[check->first];
	check->b = &reader->program->arguments[check->second];
	check->type = check->a->type;
}

static void
need_arguments(const Reader *reader, int n)
{
	if (reader->check->n_of != n)
		wrong(reader, psprintf("must be of %d arguments, not %d", n, reader->check->n_of));
}

static void
need_order(const Reader *reader)
{
	if (reader->check->a->order == RML_ORDER_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("values of type %s have no order", format_type_be(reader->check->type))));
}

/* ---- what is compared with ---- */

static Datum
read_value(const char *text, Oid type)
{
	Oid			function;
	Oid			parameter;

	getTypeInputInfo(type, &function, &parameter);
	return OidInputFunctionCall(function, unconstify(char *, text), parameter, -1);
}

static bool
read_bound(const Reader *reader, const char *key, Oid type, Datum *bound)
{
	char	   *text = text_member(reader, key);

	if (text != NULL)
		*bound = read_value(text, type);
	return text != NULL;
}

/* The first and the last integer between the bounds; from 1 to 0 if there is none. */
static void
settle_integers(RmlCheck *check, Oid type)
{
	bool		none = false;

	check->lowest = PG_INT64_MIN;
	check->highest = PG_INT64_MAX;
	if (check->has_low)
	{
		check->lowest = rml_integer_of(type, check->low);
		if (check->low_sign == 0)
			none = check->lowest++ == PG_INT64_MAX;
	}
	if (check->has_high)
	{
		check->highest = rml_integer_of(type, check->high);
		if (check->high_sign == 0)
			none = check->highest-- == PG_INT64_MIN || none;
	}
	if (none)
	{
		check->lowest = 1;
		check->highest = 0;
	}
}

static void
read_bounds(Reader *reader, Oid type)
{
	RmlCheck   *check = reader->check;

	check->has_low = read_bound(reader, "low", type, &check->low);
	check->has_high = read_bound(reader, "high", type, &check->high);
	check->low_sign = bool_member(reader, "strict_low") ? 0 : -1;
	check->high_sign = bool_member(reader, "strict_high") ? 0 : 1;
}

static void
read_outside(Reader *reader)
{
	RmlCheck   *check = reader->check;

	need_arguments(reader, 1);
	need_order(reader);
	read_bounds(reader, rml_compared_type(check->type));
	if (check->a->order == RML_ORDER_INTEGERS)
		settle_integers(check, check->type);
	check->is_unexpected = check->a->order == RML_ORDER_INTEGERS ? rml_is_outside_integers :
		check->a->order == RML_ORDER_FLOATS ? rml_is_outside_floats : rml_is_outside_others;
}

static void
read_length(Reader *reader)
{
	RmlCheck   *check = reader->check;

	need_arguments(reader, 1);
	if (check->type != TEXTOID && check->type != VARCHAROID)
		wrong(reader, psprintf("asks for the length of type %s", format_type_be(check->type)));
	read_bounds(reader, INT8OID);
	settle_integers(check, INT8OID);
	check->is_unexpected = rml_is_length_outside;
}

static void
read_set(Reader *reader, bool wanted)
{
	RmlCheck   *check = reader->check;
	JsonbValue *set = rml_json_member(reader->json, "set");

	need_arguments(reader, 1);
	need_order(reader);
	if (set == NULL || !rml_json_is_array(set))
		wrong(reader, "has no \"set\"");
	check->wanted = wanted;
	check->n_members = rml_json_length(set);
	check->members = palloc(sizeof(Datum) * (size_t) Max(check->n_members, 1));
	for (int i = 0; i < check->n_members; i++)
	{
		JsonbValue *value = rml_json_element(set, i);

		if (value->type != jbvString)
			wrong(reader, "has a \"set\" of what are no strings");
		check->members[i] = read_value(rml_json_string(value), rml_compared_type(check->type));
	}
	rml_settle_members(check);
}

static void
read_pair(Reader *reader, const char *operator)
{
	RmlCheck   *check = reader->check;
	char	   *ignored = text_member(reader, "ignored");

	need_arguments(reader, 2);
	need_order(reader);
	if (!rml_are_comparable(check->type, check->a->collation, check->b->type, check->b->collation))
		wrong(reader, psprintf("compares %s with %s", format_type_be(check->type), format_type_be(check->b->type)));
	check->equal = strcmp(operator, "=") == 0;
	check->greatest = strcmp(operator, ">") == 0 ? 0 : -1;
	check->ignores_any = ignored != NULL && strcmp(ignored, "any null") == 0;
	check->ignores_all = ignored != NULL && strcmp(ignored, "all null") == 0;
	if (ignored != NULL && !check->ignores_any && !check->ignores_all)
		wrong(reader, "has \"ignored\" that is not \"any null\" or \"all null\"");
	check->is_unexpected = rml_is_pair_unexpected;
}

static void
read_condition(Reader *reader)
{
	if (reader->check->type != BOOLOID)
		wrong(reader, psprintf("has a condition of type %s", format_type_be(reader->check->type)));
	reader->check->told = 1;
	reader->check->is_unexpected = rml_is_true;
}

/* ---- checks ---- */

static void
read_nulls(Reader *reader, bool all)
{
	reader->check->only_counts = true;
	reader->check->is_unexpected = all ? rml_is_all_null : rml_is_any_null;
	if (reader->check->n_of == 1 && !reader->check->a->is_row)
		reader->check->nulls_of = reader->check->of[0];
}

static void
read_check(Reader *reader)
{
	char	   *what = text_member(reader, "unexpected");

	read_of(reader);
	if (what == NULL)
		wrong(reader, "does not say what is \"unexpected\"");
	else if (strcmp(what, "any null") == 0 || strcmp(what, "all null") == 0)
		read_nulls(reader, *what == 'a' && what[1] == 'l');
	else if (strcmp(what, "outside") == 0)
		read_outside(reader);
	else if (strcmp(what, "length outside") == 0)
		read_length(reader);
	else if (strcmp(what, "in") == 0 || strcmp(what, "not in") == 0)
		read_set(reader, *what == 'i');
	else if (strcmp(what, "not =") == 0 || strcmp(what, "not >") == 0 || strcmp(what, "not >=") == 0)
		read_pair(reader, what + 4);
	else if (strcmp(what, "true") == 0)
		read_condition(reader);
	else
		wrong(reader, "has an unknown \"unexpected\"");
}

RmlProgram *
rml_program_read(Jsonb *json, const List *arguments)
{
	RmlProgram *program = palloc0(sizeof(RmlProgram));
	JsonbValue *checks = rml_json_member(&json->root, "checks");
	JsonbValue *kept = rml_json_member(&json->root, "kept");

	if (checks == NULL || !rml_json_is_array(checks))
		no_program("has no list of \"checks\"");
	program->kept = kept ? small_number(kept) : 0;
	if (program->kept < 0)
		no_program("has \"kept\" that is not from 0 to 1000000");
	program->n_arguments = list_length(arguments);
	program->arguments = palloc0(sizeof(RmlArgument) * (size_t) Max(program->n_arguments, 1));
	for (int i = 0; i < program->n_arguments; i++)
		describe(&program->arguments[i], list_nth(arguments, i));
	program->n = rml_json_length(checks);
	program->checks = palloc0(sizeof(RmlCheck) * (size_t) Max(program->n, 1));
	for (int i = 0; i < program->n; i++)
	{
		JsonbValue *check = rml_json_element(checks, i);
		Reader		reader = {program, &program->checks[i], NULL, i};

		if (!rml_json_is_object(check))
			wrong(&reader, "is no object");
		reader.json = check->val.binary.data;
		reader.check->nulls_of = -1;
		read_check(&reader);
	}
	return program;
}
