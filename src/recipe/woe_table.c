/*
 * woe_table.c
 *	  riskml.woe_table() and riskml.iv(): what the step woe finds, as rows.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "quality/json.h"
#include "quality/subject.h"
#include "recipe/woe.h"
#include "registry/acting.h"
#include "registry/column_names.h"
#include "registry/column_value.h"

RML_SQL_FUNCTION(riskml_woe_table);
RML_SQL_FUNCTION(riskml_iv);

/* Bytes of categories in a label. */
#define MAX_SHOWN 100

/* ---- recipes ---- */

static void
push_key(JsonbParseState **state, const char *key)
{
	JsonbValue	value = {.type = jbvString, .val.string = {.len = (int) strlen(key), .val = unconstify(char *, key)}};

	(void) pushJsonbValue(state, WJB_KEY, &value);
}

static void
push_text(JsonbParseState **state, const char *key, const char *text)
{
	JsonbValue	value = {.type = jbvString, .val.string = {.len = (int) strlen(text), .val = unconstify(char *, text)}};

	push_key(state, key);
	(void) pushJsonbValue(state, WJB_VALUE, &value);
}

typedef struct Options
{
	JsonbParseState **state;
	RmlKind		kind;			/* of the column; unknown: all options are for it */
} Options;

/* Special values are for the columns of their kind. */
static bool
is_of_kind(const JsonbValue *special_values, RmlKind kind)
{
	JsonbValue *first = rml_json_length(special_values) > 0 ? rml_json_element(special_values, 0) : NULL;

	return first == NULL || kind == RML_KIND_UNKNOWN || (first->type == jbvString) == (kind == RML_KIND_TEXT);
}

static void
push_option(const char *key, const JsonbValue *value, void *argument)
{
	Options    *options = argument;
	JsonbValue	copy = *value;

	if (strcmp(key, "special_values") == 0 && !is_of_kind(value, options->kind))
		return;
	push_key(options->state, key);
	(void) pushJsonbValue(options->state, WJB_VALUE, &copy);
}

static void
push_step(JsonbParseState **state, const char *column, const char *convention, Jsonb *options, RmlKind kind)
{
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_text(state, "feature", column);
	push_text(state, "op", "woe");
	push_text(state, "convention", convention);
	rml_json_members(&options->root, push_option, &(Options) {state, kind});
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* Options are fields of the step, but for those that are arguments, or, for many columns at once, those of one of them. */
typedef struct Allowed
{
	const char *const *refused;
} Allowed;

static void
check_option(const char *key, const JsonbValue *value pg_attribute_unused(), void *argument)
{
	const Allowed *allowed = argument;
	bool		is_known = false;

	for (const char *const *field = rml_woe_fields; *field != NULL; field++)
		is_known |= strcmp(*field, key) == 0;
	for (const char *const *field = allowed->refused; *field != NULL; field++)
		is_known &= strcmp(*field, key) != 0;
	if (!is_known)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown option \"%s\"", key),
				 errhint("Options are the fields of the step woe that say how to find bins: max_bins, min_bin_size, ...")));
}

static Jsonb *
check_options(FunctionCallInfo fcinfo, int n, const char *const *refused)
{
	Jsonb	   *options = PG_ARGISNULL(n) ? rml_json_in("{}") : PG_GETARG_JSONB_P(n);

	if (!JB_ROOT_IS_OBJECT(options))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"options\" must be an object")));
	rml_json_members(&options->root, check_option, &(Allowed) {refused});
	return options;
}

/* ---- woe_table ---- */

static char *
number_text(double value)
{
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	if (isinf(value))
		return value < 0 ? "-inf" : "inf";
	double_to_shortest_decimal_buf(value, text);
	return text;
}

static char *
category_text(const RmlCategories *categories, int i)
{
	return categories->kind == RML_KIND_TEXT ? pnstrdup(categories->texts[i], categories->lengths[i]) : number_text(categories->numbers[i]);
}

/* The label of categories, {a, b}, and they as an array. */
static char *
label_categories(const RmlWoe *woe, int bin, Datum *array)
{
	ArrayBuildState *texts = NULL;
	StringInfoData label;

	initStringInfo(&label);
	for (int i = 0; i < woe->categories->n; i++)
	{
		char	   *text;

		if (woe->bin_of[i] != bin)
			continue;
		text = category_text(woe->categories, i);
		if (label.len <= MAX_SHOWN)
			appendStringInfo(&label, "%s%s", texts ? ", " : "", text);
		texts = accumArrayResult(texts, CStringGetTextDatum(text), false, TEXTOID, CurrentMemoryContext);
	}
	*array = texts ? makeArrayResult(texts, CurrentMemoryContext) : PointerGetDatum(construct_empty_array(TEXTOID));
	if (label.len > MAX_SHOWN)
		return psprintf("{%.*s...}", pg_mbcliplen(label.data, label.len, MAX_SHOWN), label.data);
	return psprintf("{%s}", label.data);
}

static void
set_float(Datum *values, bool *nulls, int column, double value)
{
	values[column] = Float8GetDatum(value);
	nulls[column] = false;
}

/* What the cell is: its label, edges, categories. */
static char *
describe_cell(const RmlWoe *woe, const RmlWoeCounts *counts, int cell, Datum *values, bool *nulls)
{
	double		lower;
	double		upper;

	if (cell == counts->missing)
		return "missing";
	if (cell == counts->unknown)
		return "unknown";
	if (cell >= woe->n_bins)
		return psprintf("special %s", category_text(woe->special_values, cell - woe->n_bins));
	if (woe->categories != NULL)
	{
		nulls[4] = false;
		return label_categories(woe, cell, &values[4]);
	}
	lower = cell > 0 ? woe->edges[cell - 1] : -INFINITY;
	upper = cell < woe->n_edges ? woe->edges[cell] : INFINITY;
	set_float(values, nulls, 2, lower);
	set_float(values, nulls, 3, upper);
	return psprintf("%c%s, %s)", isinf(lower) ? '(' : '[', number_text(lower), number_text(upper));
}

static double
cell_woe(const RmlWoe *woe, const RmlWoeCounts *counts, int cell)
{
	return cell == counts->missing ? woe->missing : cell == counts->unknown ? woe->unknown :
		cell >= woe->n_bins ? woe->special[cell - woe->n_bins] : woe->values[cell];
}

static void
put_cell(ReturnSetInfo *result, const RmlWoe *woe, const RmlWoeCounts *counts, int cell, int number)
{
	RmlEvidence evidence = rml_woe_evidence(woe, counts);
	RmlCell		rows = counts->cells[cell];
	int64		n_rows = rows.goods + rows.bads;
	Datum		values[12];
	bool		nulls[12];

	memset(nulls, true, sizeof(nulls));
	values[0] = Int32GetDatum(number);
	values[1] = CStringGetTextDatum(describe_cell(woe, counts, cell, values, nulls));
	values[5] = Int64GetDatum(n_rows);
	values[7] = Int64GetDatum(rows.goods);
	values[8] = Int64GetDatum(rows.bads);
	nulls[0] = nulls[1] = nulls[5] = nulls[7] = nulls[8] = false;
	set_float(values, nulls, 6, (double) n_rows / (counts->total.goods + counts->total.bads));
	if (n_rows > 0)
		set_float(values, nulls, 9, (double) rows.bads / n_rows);
	set_float(values, nulls, 10, cell_woe(woe, counts, cell));
	set_float(values, nulls, 11, rml_iv(&evidence, rows));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static bool
has_rows(const RmlWoeCounts *counts, int cell)
{
	return counts->cells[cell].goods + counts->cells[cell].bads > 0;
}

/* woe_table(query, column_name, label, convention, options) */
Datum
riskml_woe_table(PG_FUNCTION_ARGS)
{
	static const char *const arguments[] = {"convention", NULL};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *query = RML_TEXT_ARG(0, "query");
	char	   *column = RML_TEXT_ARG(1, "column_name");
	char	   *label = RML_TEXT_ARG(2, "label");
	char	   *convention = RML_TEXT_ARG(3, "convention");
	Jsonb	   *options = check_options(fcinfo, 4, arguments);
	JsonbParseState *state = NULL;
	RmlRecipe  *recipe;
	RmlFitting *fitting;
	RmlWoe	   *woe;
	RmlWoeCounts counts;
	int			number = 0;

	InitMaterializedSRF(fcinfo, 0);
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	push_step(&state, column, convention, options, RML_KIND_UNKNOWN);
	recipe = rml_recipe_read(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)), NULL);
	fitting = rml_fit_begin(recipe, query, label);
	rml_fit_enter(fitting, &recipe->steps[0]);
	woe = rml_woe_find(&recipe->steps[0], fitting, &counts);
	for (int cell = 0; cell <= counts.missing; cell++)
	{
		if (cell != counts.unknown || has_rows(&counts, cell))
			put_cell(result, woe, &counts, cell, ++number);
	}
	rml_fit_end(fitting);
	return (Datum) 0;
}

/* ---- iv ---- */

typedef struct Value
{
	const char *column;
	double		iv;
	int			n_bins;
	bool		is_pure;
	double		missing_share;
} Value;

static int
compare_values(const void *left, const void *right)
{
	const Value *a = left;
	const Value *b = right;

	return a->iv > b->iv ? -1 : a->iv < b->iv ? 1 : strcmp(a->column, b->column);
}

/* Siddiqi, Credit Risk Scorecards (2006), p. 81; what tells good from bad at once is suspicious, too. */
static const char *
strength(double iv, bool is_pure)
{
	return is_pure ? "suspicious" : iv < 0.02 ? "unpredictive" : iv < 0.1 ? "weak" : iv < 0.3 ? "medium" : iv < 0.5 ? "strong" : "suspicious";
}

/* A step for each column but the label that can be binned. */
static Jsonb *
steps_of(const char *query, const char *label, Jsonb *options)
{
	MemoryContext caller = CurrentMemoryContext;
	JsonbParseState *state = NULL;
	RmlSubject	subject;
	Form_pg_attribute label_att;
	RmlMatchHow how;
	Form_pg_attribute other;
	Jsonb	   *recipe;

	SPI_connect();
	rml_subject_open(&subject, InvalidOid, query, NULL);
	label_att = rml_column_find(rml_column_names(subject.columns), label, &how, &other);
	MemoryContextSwitchTo(caller);
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < subject.columns->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(subject.columns, i);
		RmlColumnKind kind = rml_column_kind(att->atttypid);
		char	   *column = pstrdup(NameStr(att->attname));

		if (att == label_att)
			continue;
		if (rml_is_number_kind(kind) || rml_is_label_kind(kind))
			push_step(&state, column, "ln_good_bad", options, rml_is_label_kind(kind) ? RML_KIND_TEXT : RML_KIND_NUMBER);
		else
			ereport(NOTICE,
					(errmsg("column \"%s\" of type %s is left out", column, format_type_be(att->atttypid)),
					 errdetail("Numbers, booleans and texts have bins.")));
	}
	recipe = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
	SPI_finish();
	return recipe;
}

static Value
value_of_step(const RmlStep *step, RmlFitting *fitting)
{
	RmlWoeCounts counts;
	RmlWoe	   *woe = rml_woe_find(step, fitting, &counts);
	RmlEvidence evidence = rml_woe_evidence(woe, &counts);
	RmlCell		missing = counts.cells[counts.missing];
	Value		value = {.column = step->name, .n_bins = woe->n_bins, .is_pure = woe->is_pure};

	for (int cell = 0; cell <= counts.missing; cell++)
		value.iv += rml_iv(&evidence, counts.cells[cell]);
	if (value.is_pure)
		ereport(NOTICE,
				(errmsg("column \"%s\" has one bin, as any others would have no good rows or no bad ones", value.column),
				 errhint("It may tell the label. With min_bin_events 0 it has such bins.")));
	value.missing_share = (double) (missing.goods + missing.bads) / (counts.total.goods + counts.total.bads);
	return value;
}

/* iv(query, label, options) */
Datum
riskml_iv(PG_FUNCTION_ARGS)
{
	static const char *const of_one_column[] = {
		"convention", "edges", "bins", "values", "missing", "unknown", "special", NULL
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *query = RML_TEXT_ARG(0, "query");
	char	   *label = RML_TEXT_ARG(1, "label");
	Jsonb	   *options = check_options(fcinfo, 2, of_one_column);
	Jsonb	   *steps;
	RmlRecipe  *recipe;
	RmlFitting *fitting;
	Value	   *found;
	MemoryContext context;

	InitMaterializedSRF(fcinfo, 0);
	steps = steps_of(query, label, options);
	if (JB_ROOT_COUNT(steps) == 0)
		return (Datum) 0;
	recipe = rml_recipe_read(steps, NULL);
	fitting = rml_fit_begin(recipe, query, label);
	found = palloc(sizeof(Value) * (recipe->n_steps + 1));
	context = AllocSetContextCreate(CurrentMemoryContext, "riskml bins of a column", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < recipe->n_steps; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(context);

		rml_fit_enter(fitting, &recipe->steps[i]);
		found[i] = value_of_step(&recipe->steps[i], fitting);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	qsort(found, recipe->n_steps, sizeof(Value), compare_values);
	for (int i = 0; i < recipe->n_steps; i++)
	{
		Datum		values[] = {
			CStringGetTextDatum(found[i].column), Float8GetDatum(found[i].iv), Int32GetDatum(found[i].n_bins),
			Float8GetDatum(found[i].missing_share), CStringGetTextDatum(strength(found[i].iv, found[i].is_pure))
		};
		bool		nulls[lengthof(values)] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	rml_fit_end(fitting);
	return (Datum) 0;
}
