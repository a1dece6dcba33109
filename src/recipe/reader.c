/*
 * reader.c
 *	  The fields of a step, read and checked.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "recipe/op.h"
#include "registry/nearest.h"
#include "registry/server.h"

/* Of text in messages. */
#define MAX_SHOWN 64

struct RmlReader
{
	RmlRecipe  *recipe;
	RmlStep    *step;
	List	  **faults;			/* NULL: raise them */
};

RmlReader *
rml_reader_create(RmlRecipe *recipe, RmlStep *step, List **faults)
{
	RmlReader  *reader = palloc(sizeof(RmlReader));

	*reader = (RmlReader) {.recipe = recipe, .step = step, .faults = faults};
	return reader;
}

/* ---- faults ---- */

void
rml_recipe_report(List **faults, RmlRecipeFault fault)
{
	if (faults != NULL)
	{
		RmlRecipeFault *kept = palloc(sizeof(RmlRecipeFault));

		*kept = fault;
		kept->number = list_length(*faults);
		*faults = lappend(*faults, kept);
	}
	else if (!fault.is_warning)
		ereport(ERROR,
				(errcode(fault.sqlstate),
				 fault.step == 0 ? errmsg("%s", fault.problem) :
				 fault.feature == NULL ? errmsg("recipe step %d: %s", fault.step, fault.problem) :
				 errmsg("recipe step %d (feature \"%s\"): %s", fault.step, fault.feature, fault.problem),
				 fault.hint ? errhint("%s", fault.hint) : 0));
}

void
rml_reader_fault(RmlReader *reader, const char *field, const char *hint, const char *format,...)
{
	StringInfoData problem;
	int			needed;

	initStringInfo(&problem);
	if (field != NULL)
		appendStringInfo(&problem, "\"%s\" ", field);
	do
	{
		va_list		args;

		va_start(args, format);
		needed = appendStringInfoVA(&problem, format, args);
		va_end(args);
		if (needed > 0)
			enlargeStringInfo(&problem, needed);
	} while (needed > 0);
	reader->step->is_faulty = true;
	rml_recipe_report(reader->faults, (RmlRecipeFault) {
		.step = reader->step->number, .feature = reader->step->name, .field = field,
		.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE, .problem = problem.data, .hint = hint
	});
}

static int
shown(const char *text, int length)
{
	return pg_mbcliplen(text, length, MAX_SHOWN);
}

/* ---- one field ---- */

static JsonbValue *
find_field(const RmlReader *reader, const char *field)
{
	return getKeyJsonValueFromContainer(&reader->step->json->root, field, (int) strlen(field), NULL);
}

bool
rml_reader_has(const RmlReader *reader, const char *field)
{
	return find_field(reader, field) != NULL;
}

/* NULL if it is absent, which is reported as the need says. */
static JsonbValue *
need_field(RmlReader *reader, const char *field, RmlNeed need)
{
	JsonbValue *value = find_field(reader, field);

	if (value == NULL && need == RML_REQUIRED)
		rml_reader_fault(reader, field, NULL, "is missing");
	else if (value == NULL && need == RML_FITTED)
		reader->step->is_fitted = false;
	return value;
}

static bool
is_zero(Datum numeric)
{
	return DatumGetInt32(DirectFunctionCall1(numeric_int4, DirectFunctionCall1(numeric_sign, numeric))) == 0;
}

/* Why a JSON number is no double that can be used, or NULL. */
static const char *
to_double(const JsonbValue *value, double *number)
{
	Datum		numeric;

	if (value->type != jbvNumeric)
		return "must be a number";
	numeric = NumericGetDatum(value->val.numeric);
	*number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, numeric));
	if (!isfinite(*number) || (*number == 0 && !is_zero(numeric)))
		return "is out of range of double precision";
	*number += 0.0;				/* there is no -0 */
	return NULL;
}

bool
rml_reader_number(RmlReader *reader, const char *field, RmlNeed need, double *value)
{
	JsonbValue *json = need_field(reader, field, need);
	double		number;
	const char *problem;

	if (json == NULL)
		return false;
	problem = to_double(json, &number);
	if (problem != NULL)
	{
		rml_reader_fault(reader, field, NULL, "%s", problem);
		return false;
	}
	*value = number;
	return true;
}

bool
rml_reader_integer(RmlReader *reader, const char *field, RmlNeed need, int min, int max, int *value)
{
	double		number = 0;

	if (!rml_reader_number(reader, field, need, &number))
		return false;
	if (number != floor(number) || number < min || number > max)
	{
		rml_reader_fault(reader, field, NULL, "must be an integer from %d to %d", min, max);
		return false;
	}
	*value = (int) number;
	return true;
}

bool
rml_reader_boolean(RmlReader *reader, const char *field, RmlNeed need, bool *value)
{
	JsonbValue *json = need_field(reader, field, need);

	if (json == NULL)
		return false;
	if (json->type != jbvBool)
	{
		rml_reader_fault(reader, field, NULL, "must be true or false");
		return false;
	}
	*value = json->val.boolean;
	return true;
}

bool
rml_reader_text(RmlReader *reader, const char *field, RmlNeed need, const char **value)
{
	JsonbValue *json = need_field(reader, field, need);

	if (json == NULL)
		return false;
	if (json->type != jbvString || json->val.string.len == 0)
	{
		rml_reader_fault(reader, field, NULL, "must be text that is not empty");
		return false;
	}
	*value = pnstrdup(json->val.string.val, json->val.string.len);
	return true;
}

/* "a", "b" or "c" */
static char *
list_words(const char *const *words)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; words[i] != NULL; i++)
		appendStringInfo(&list, "%s\"%s\"", i == 0 ? "" : words[i + 1] != NULL ? ", " : " or ", words[i]);
	return list.data;
}

bool
rml_reader_choice(RmlReader *reader, const char *field, RmlNeed need, const char *const *choices, int *choice)
{
	JsonbValue *json = need_field(reader, field, need);

	if (json == NULL)
		return false;
	for (int i = 0; json->type == jbvString && choices[i] != NULL; i++)
	{
		if (strlen(choices[i]) == (size_t) json->val.string.len && memcmp(choices[i], json->val.string.val, strlen(choices[i])) == 0)
		{
			*choice = i;
			return true;
		}
	}
	rml_reader_fault(reader, field, NULL, "must be %s", list_words(choices));
	return false;
}

bool
rml_reader_frequency(RmlReader *reader, const char *field, RmlNeed need, double *value, bool *is_count)
{
	double		number = 0;

	if (!rml_reader_number(reader, field, need, &number))
		return false;
	if (number <= 0 || (number >= 1 && (number != floor(number) || number > 1e15)))
	{
		rml_reader_fault(reader, field, NULL, "must be a number of rows, an integer from 1 on, or a share of them between 0 and 1");
		return false;
	}
	*value = number;
	*is_count = number >= 1;
	return true;
}

void
rml_reader_zone(RmlReader *reader)
{
	const char *zone;

	if (!rml_reader_text(reader, "time_zone", RML_OPTIONAL, &zone))
		return;
	if (strlen(zone) > TZ_STRLEN_MAX || pg_tzset(zone) == NULL)
		rml_reader_fault(reader, "time_zone", "The view pg_timezone_names lists them.", "is no time zone: \"%.*s\"",
						 shown(zone, (int) strlen(zone)), zone);
	else
		reader->step->zone = zone;
}

/* ---- lists ---- */

/* A list that is being read. */
typedef struct ListReader
{
	JsonbIterator *it;
	JsonbValue	value;			/* the element at hand */
	int			n;				/* of elements in all */
	int			at;				/* elements read */
} ListReader;

static bool
begin_elements(ListReader *list, const JsonbValue *array)
{
	if (array->type != jbvBinary || !JsonContainerIsArray(array->val.binary.data))
		return false;
	list->it = JsonbIteratorInit(array->val.binary.data);
	list->n = (int) JsonContainerSize(array->val.binary.data);
	list->at = 0;
	(void) JsonbIteratorNext(&list->it, &list->value, true);	/* the beginning of the array */
	return true;
}

static bool
next_element(ListReader *list)
{
	if (list->at == list->n)
		return false;
	if (list->at % 4096 == 0)
		CHECK_FOR_INTERRUPTS();
	(void) JsonbIteratorNext(&list->it, &list->value, true);
	list->at++;
	return true;
}

static bool
begin_list(RmlReader *reader, const char *field, RmlNeed need, ListReader *list)
{
	JsonbValue *json = need_field(reader, field, need);

	if (json == NULL)
		return false;
	if (begin_elements(list, json))
		return true;
	rml_reader_fault(reader, field, NULL, "must be a list");
	return false;
}

bool
rml_reader_numbers(RmlReader *reader, const char *field, RmlNeed need, double **values, int *n)
{
	ListReader	list;
	double	   *numbers;

	if (!begin_list(reader, field, need, &list))
		return false;
	numbers = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * ((Size) list.n + 1));
	while (next_element(&list))
	{
		const char *problem = to_double(&list.value, &numbers[list.at - 1]);

		if (problem == NULL)
			continue;
		rml_reader_fault(reader, field, NULL, "has an element %d that %s", list.at, problem);
		return false;
	}
	*values = numbers;
	*n = list.n;
	return true;
}

bool
rml_reader_edges(RmlReader *reader, const char *field, RmlNeed need, double **edges, int *n)
{
	double	   *numbers;
	int			n_numbers;

	if (!rml_reader_numbers(reader, field, need, &numbers, &n_numbers))
		return false;
	for (int i = 1; i < n_numbers; i++)
	{
		if (numbers[i - 1] < numbers[i])
			continue;
		rml_reader_fault(reader, field, NULL, "must be ascending, but element %d is not greater than the one before", i + 1);
		return false;
	}
	*edges = numbers;
	*n = n_numbers;
	return true;
}

bool
rml_reader_texts(RmlReader *reader, const char *field, RmlNeed need, const char ***values, int *n)
{
	ListReader	list;
	const char **texts;

	if (!begin_list(reader, field, need, &list))
		return false;
	texts = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(char *) * ((Size) list.n + 1));
	while (next_element(&list))
	{
		if (list.value.type != jbvString || list.value.val.string.len == 0)
		{
			rml_reader_fault(reader, field, NULL, "has an element %d that is no text, or an empty one", list.at);
			return false;
		}
		texts[list.at - 1] = pnstrdup(list.value.val.string.val, list.value.val.string.len);
	}
	*values = texts;
	*n = list.n;
	return true;
}

/* ---- categories ---- */

/* Why a JSON value is no category, or NULL. */
static const char *
to_category(const JsonbValue *json, RmlCategory *category)
{
	*category = (RmlCategory) {.kind = RML_KIND_NUMBER};
	switch (json->type)
	{
		case jbvNull:
			category->kind = RML_KIND_UNKNOWN;
			return NULL;
		case jbvString:
			category->kind = RML_KIND_TEXT;
			category->text = json->val.string.val;
			category->length = json->val.string.len;
			return NULL;
		case jbvBool:
			category->number = json->val.boolean;
			return NULL;
		case jbvNumeric:
			return to_double(json, &category->number);
		default:
			return "is a list or an object";
	}
}

bool
rml_reader_category(RmlReader *reader, const char *field, RmlNeed need, RmlCategory *value)
{
	JsonbValue *json = need_field(reader, field, need);
	RmlCategory category;
	const char *problem;

	if (json == NULL)
		return false;
	problem = to_category(json, &category);
	if (problem != NULL || category.kind == RML_KIND_UNKNOWN)
	{
		rml_reader_fault(reader, field, NULL, "must be a text, a number or a boolean");
		return false;
	}
	if (category.kind == RML_KIND_TEXT)
		category.text = pnstrdup(category.text, category.length);
	*value = category;
	return true;
}

/* Categories that are being gathered, from one list or several. */
typedef struct Gathering
{
	RmlServerHost host;
	RmlCategories *categories;
	RmlDictionary *texts;		/* those there are, to find one that comes again */
	RmlNumbers *numbers;
	int			capacity;
} Gathering;

static void
begin_gathering(Gathering *gathering, int capacity)
{
	rml_server_host_init(&gathering->host, CurrentMemoryContext);
	gathering->categories = palloc0(sizeof(RmlCategories));
	gathering->categories->null_at = -1;
	gathering->texts = rml_dictionary_create(&gathering->host.host);
	gathering->numbers = rml_numbers_create(&gathering->host.host);
	gathering->capacity = capacity;
}

static RmlCategories *
end_gathering(Gathering *gathering)
{
	rml_dictionary_release(gathering->texts);
	rml_numbers_release(gathering->numbers);
	return gathering->categories;
}

/* The first that is not null says of what kind all are; one like it makes room for all. */
static void
set_kind(Gathering *gathering, RmlKind kind)
{
	RmlCategories *categories = gathering->categories;
	Size		n = (Size) gathering->capacity;

	categories->kind = kind;
	if (kind == RML_KIND_NUMBER)
		categories->numbers = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(double) * n, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	else
	{
		categories->texts = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(char *) * n, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		categories->lengths = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(int) * n, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	}
}

/* What is wrong with one more category, or NULL. */
static const char *
gather(Gathering *gathering, const JsonbValue *json)
{
	RmlCategories *categories = gathering->categories;
	RmlCategory category;
	const char *problem = to_category(json, &category);
	int			i = categories->n;
	int			code;

	if (problem != NULL)
		return problem;
	if (category.kind == RML_KIND_UNKNOWN)
	{
		if (categories->null_at >= 0)
			return "is there before";
		categories->null_at = i;
		categories->n++;
		return NULL;
	}
	if (categories->kind == RML_KIND_UNKNOWN)
		set_kind(gathering, category.kind);
	if (categories->kind != category.kind)
		return "is of another kind than those before: all must be texts, or all numbers";
	code = category.kind == RML_KIND_TEXT ? rml_dictionary_add(gathering->texts, category.text, category.length)
		: rml_numbers_add(gathering->numbers, category.number);
	if (code != i - (categories->null_at >= 0))
		return "is there before";
	if (category.kind == RML_KIND_TEXT)
		categories->texts[i] = rml_dictionary_text(gathering->texts, code, &categories->lengths[i]);
	else
		categories->numbers[i] = category.number;
	categories->n++;
	return NULL;
}

bool
rml_reader_categories(RmlReader *reader, const char *field, RmlNeed need, bool may_be_empty, RmlCategories **categories)
{
	ListReader	list;
	Gathering	gathering;

	if (!begin_list(reader, field, need, &list))
		return false;
	begin_gathering(&gathering, list.n);
	while (next_element(&list))
	{
		const char *problem = gather(&gathering, &list.value);

		if (problem == NULL)
			continue;
		rml_reader_fault(reader, field, NULL, "has an element %d that %s", list.at, problem);
		return false;
	}
	if (gathering.categories->kind == RML_KIND_UNKNOWN && !may_be_empty)
	{
		rml_reader_fault(reader, field, NULL, "must have an element that is not null");
		return false;
	}
	*categories = end_gathering(&gathering);
	return true;
}

/* How many elements the lists in a list have; -1: it has something else. */
static int
count_nested(ListReader list)
{
	int64		total = 0;

	while (next_element(&list))
	{
		if (list.value.type != jbvBinary || !JsonContainerIsArray(list.value.val.binary.data))
			return -1;
		total += JsonContainerSize(list.value.val.binary.data);
	}
	return (int) total;
}

bool
rml_reader_bins(RmlReader *reader, const char *field, RmlNeed need, RmlCategories **categories, int **bins, int *n_bins)
{
	ListReader	outer;
	ListReader	counting;
	Gathering	gathering;
	int			total;
	int		   *bin_of;

	if (!begin_list(reader, field, need, &outer) || !begin_list(reader, field, need, &counting))
		return false;
	total = count_nested(counting);
	if (total < 0)
	{
		rml_reader_fault(reader, field, NULL, "must be a list of lists of categories");
		return false;
	}
	begin_gathering(&gathering, total);
	bin_of = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * ((Size) total + 1));
	while (next_element(&outer))
	{
		ListReader	inner;

		(void) begin_elements(&inner, &outer.value);
		while (next_element(&inner))
		{
			const char *problem = gather(&gathering, &inner.value);

			if (problem != NULL)
			{
				rml_reader_fault(reader, field, NULL, "has in list %d an element %d that %s", outer.at, inner.at, problem);
				return false;
			}
			bin_of[gathering.categories->n - 1] = outer.at - 1;
		}
	}
	*categories = end_gathering(&gathering);
	*bins = bin_of;
	*n_bins = outer.n;
	return true;
}

/* ---- the step ---- */

static const char *const common_fields[] = {"feature", "op", "input", "output"};

void
rml_reader_check_fields(RmlReader *reader)
{
	const char *fields[64];
	int			n = lengthof(common_fields);
	JsonbIterator *it = JsonbIteratorInit(&reader->step->json->root);
	JsonbIteratorToken token;
	JsonbValue	key;

	memcpy(fields, common_fields, sizeof(common_fields));
	for (const char *const *field = reader->step->op->fields; field != NULL && *field != NULL && n < (int) lengthof(fields); field++)
		fields[n++] = *field;
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		char	   *name;
		int			distance;
		const char *nearest;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(key.val.string.val, shown(key.val.string.val, key.val.string.len));
		nearest = rml_nearest_word(name, fields, n, &distance);
		if (distance > 0 || key.val.string.len != (int) strlen(nearest))
			rml_reader_fault(reader, name, psprintf("Did you mean \"%s\"?", nearest), "is no field of op \"%s\"", reader->step->op->name);
	}
}

RmlKind
rml_reader_input_kind(const RmlReader *reader, int input)
{
	return rml_operand_kind(&reader->step->inputs[input]);
}

void
rml_reader_features(RmlReader *reader, int n, const char **names)
{
	reader->step->n_features = n;
	reader->step->features = names;
}

/* Says that an operand is of this kind; what that conflicts with (palloc'd), or NULL. */
static char *
require_kind(RmlRecipe *recipe, RmlStep *step, RmlOperand *operand, RmlKind kind)
{
	RmlKind		is = rml_operand_kind(operand);

	if (is == kind || kind == RML_KIND_UNKNOWN || (operand->step != NULL && operand->step->is_faulty))
		return NULL;
	if (is != RML_KIND_UNKNOWN)
		return operand->column != NULL
			? psprintf("column \"%s\" is read as %s here, but as %s in step %d", operand->name, rml_kind_name(kind),
					   rml_kind_name(is), operand->column->step)
			: psprintf("feature \"%s\" of step %d is %s, not %s", operand->name, operand->step->number, rml_kind_name(is),
					   rml_kind_name(kind));
	/* a feature whose kind is unknown has that of its step's input */
	while (operand->column == NULL && operand->feature >= 0)
	{
		operand->step->kind = kind;
		operand = &operand->step->inputs[0];
	}
	if (operand->column == NULL && kind == RML_KIND_NUMBER)
		return NULL;			/* as all features are that are not known yet */
	if (operand->column == NULL)
		rml_operand_take_column(recipe, operand);
	operand->column->kind = kind;
	operand->column->step = step->number;
	return NULL;
}

void
rml_reader_require_kind(RmlReader *reader, int input, RmlKind kind)
{
	char	   *problem = require_kind(reader->recipe, reader->step, &reader->step->inputs[input], kind);

	if (problem != NULL)
		rml_reader_fault(reader, "input", NULL, "is of another kind: %s", problem);
}

void
rml_recipe_require_kind(RmlRecipe *recipe, int step, RmlOperand *operand, RmlKind kind)
{
	RmlReader	reader = {.recipe = recipe, .step = &recipe->steps[step - 1]};
	char	   *problem = require_kind(recipe, reader.step, operand, kind);

	if (problem != NULL)
		rml_reader_fault(&reader, "input", NULL, "is of another kind: %s", problem);
}
