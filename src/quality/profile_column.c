/*
 * profile_column.c
 *	  What a column's values are like, as a scan of the rows finds out.
 *
 * Memory is bounded: a few values, the least and the greatest, and a hash of the
 * first some hundred, by which most columns are seen not to be unique.  Nothing
 * depends on the order of the rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "regex/regex.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "compat.h"
#include "quality/profile.h"

#define MOST_VALUES 20			/* of a set */
#define LONGEST_VALUE 100		/* bytes of a value in a set */
#define ROWS_PER_VALUE 10		/* fewer rows for each do not make a set */
#define MOST_HASHES 512
#define LEAST_SHARE 50			/* percent of rows that are not null, or nothing is expected of nulls */

/* What texts may all look like; of those that fit, the first is expected. */
static const char *const formats[] = {
	"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
	"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
	"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?$",
	"^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$",
	"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$",
	"^[0-9]+$",
};

/* What is looked for. */
typedef enum Kind
{
	TEXTS,
	NAMES,						/* of an enum */
	INTEGERS,
	NUMBERS,
	TIMES,
	IDENTIFIERS,				/* uuid */
	OTHERS						/* nothing but nulls */
} Kind;

struct RmlColumnProfile
{
	char	   *name;
	Oid			base;			/* type behind domains */
	Oid			collation;
	Kind		kind;
	bool		blank_padded;
	MemoryContext context;
	FmgrInfo	output;
	TypeCacheEntry *order;
	bool		by_value;
	int16		length;

	uint64		not_null;
	bool		has_range;
	Datum		least;
	Datum		greatest;
	text	   *values[MOST_VALUES];
	int			n_values;		/* -1: there are more */
	text	   *formats[lengthof(formats)]; /* that all values fit; NULL: this one does not */
	uint64		shortest;
	uint64		longest;
	uint64	   *hashes;			/* of the first values; NULL: some came again */
	int			n_hashes;
	bool		unique;
};

static Kind
kind_of(Oid base)
{
	switch (base)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return TEXTS;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return INTEGERS;
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return NUMBERS;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return TIMES;
		case UUIDOID:
			return IDENTIFIERS;
		default:
			return get_typtype(base) == TYPTYPE_ENUM ? NAMES : OTHERS;
	}
}

RmlColumnProfile *
rml_column_profile_begin(Form_pg_attribute attribute)
{
	RmlColumnProfile *column = palloc0(sizeof(RmlColumnProfile));
	Oid			output;
	bool		varlena;

	column->name = pstrdup(NameStr(attribute->attname));
	column->base = getBaseType(attribute->atttypid);
	column->collation = attribute->attcollation;
	column->kind = kind_of(column->base);
	column->blank_padded = column->base == BPCHAROID;
	column->context = CurrentMemoryContext;
	column->n_values = column->kind == TEXTS || column->kind == NAMES || column->kind == INTEGERS ? 0 : -1;
	column->shortest = PG_UINT64_MAX;
	getTypeOutputInfo(column->base, &output, &varlena);
	fmgr_info(output, &column->output);
	get_typlenbyval(column->base, &column->length, &column->by_value);
	if (column->kind == INTEGERS || column->kind == NUMBERS || column->kind == TIMES)
		column->order = lookup_type_cache(column->base, TYPECACHE_CMP_PROC_FINFO);
	if (column->kind == TEXTS || column->kind == INTEGERS || column->kind == IDENTIFIERS)
		column->hashes = palloc(sizeof(uint64) * MOST_HASHES);
	/* others have no regular expressions */
	if (column->kind == TEXTS && get_collation_isdeterministic(column->collation))
	{
		for (int i = 0; i < (int) lengthof(formats); i++)
			column->formats[i] = cstring_to_text(formats[i]);
	}
	return column;
}

/* ---- values ---- */

static text *
text_of(RmlColumnProfile *column, Datum value)
{
	if (column->kind == TEXTS && !column->blank_padded)
		return DatumGetTextPP(value);
	if (column->kind == TEXTS)
		return DatumGetTextPP(DirectFunctionCall1(rtrim1, value));
	return cstring_to_text(OutputFunctionCall(&column->output, value));
}

static int
compare(const RmlColumnProfile *column, Datum a, Datum b)
{
	return DatumGetInt32(FunctionCall2(&column->order->cmp_proc_finfo, a, b));
}

static void
keep(RmlColumnProfile *column, Datum *kept, Datum value)
{
	MemoryContext caller = MemoryContextSwitchTo(column->context);

	if (column->has_range && !column->by_value)
		pfree(DatumGetPointer(*kept));
	*kept = datumCopy(value, column->by_value, column->length);
	MemoryContextSwitchTo(caller);
}

static void
add_to_range(RmlColumnProfile *column, Datum value)
{
	if (column->length == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
	if (!column->has_range)
	{
		keep(column, &column->least, value);
		keep(column, &column->greatest, value);
		column->has_range = true;
		return;
	}
	if (compare(column, value, column->least) < 0)
		keep(column, &column->least, value);
	if (compare(column, value, column->greatest) > 0)
		keep(column, &column->greatest, value);
}

static void
add_to_set(RmlColumnProfile *column, text *value)
{
	Size		length = VARSIZE_ANY_EXHDR(value);
	MemoryContext caller;

	for (int i = 0; i < column->n_values; i++)
	{
		if (VARSIZE_ANY_EXHDR(column->values[i]) == length &&
			memcmp(VARDATA_ANY(column->values[i]), VARDATA_ANY(value), length) == 0)
			return;
	}
	if (column->n_values == MOST_VALUES || length > LONGEST_VALUE)
	{
		column->n_values = -1;
		return;
	}
	caller = MemoryContextSwitchTo(column->context);
	column->values[column->n_values++] = cstring_to_text_with_len(VARDATA_ANY(value), (int) length);
	MemoryContextSwitchTo(caller);
}

static void
add_hash(RmlColumnProfile *column, const text *value)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value), 0);

	for (int i = 0; i < column->n_hashes; i++)
	{
		if (column->hashes[i] == hash)
		{
			column->hashes = NULL;
			return;
		}
	}
	column->hashes[column->n_hashes++] = hash;
}

static void
add_text(RmlColumnProfile *column, text *value)
{
	int			bytes = (int) VARSIZE_ANY_EXHDR(value);
	uint64		length = (uint64) pg_mbstrlen_with_len(VARDATA_ANY(value), bytes);

	column->shortest = Min(column->shortest, length);
	column->longest = Max(column->longest, length);
	for (int i = 0; i < (int) lengthof(formats); i++)
	{
		/* none is for texts of any length, which would take long */
		if (column->formats[i] != NULL &&
			(bytes > 1000 || !RE_compile_and_execute(column->formats[i], VARDATA_ANY(value), bytes, REG_ADVANCED,
													 column->collation, 0, NULL)))
			column->formats[i] = NULL;
	}
}

void
rml_column_profile_add(RmlColumnProfile *column, Datum value)
{
	bool		hashing = column->hashes != NULL && column->n_hashes < MOST_HASHES;

	column->not_null++;
	if (column->order != NULL)
		add_to_range(column, value);
	if (column->kind == TEXTS || column->n_values >= 0 || hashing)
	{
		text	   *as_text = text_of(column, value);

		if (column->n_values >= 0)
			add_to_set(column, as_text);
		if (hashing)
			add_hash(column, as_text);
		if (column->kind == TEXTS)
			add_text(column, as_text);
	}
}

bool
rml_column_profile_may_be_unique(const RmlColumnProfile *column)
{
	return column->hashes != NULL && column->not_null > 1;
}

void
rml_column_profile_set_unique(RmlColumnProfile *column, bool unique)
{
	column->unique = unique;
}

/* ---- expectations ---- */

/* An expectation of the column, its kwargs open. */
static void
begin(const RmlColumnProfile *column, const char *type, StringInfo json)
{
	appendStringInfo(json, ",{\"type\": \"%s\", \"kwargs\": {\"column\": ", type);
	escape_json(json, column->name);
}

static void
end(StringInfo json)
{
	appendStringInfoString(json, "}}");
}

/* Numbers as they are, all else as strings; NULL if JSON has no such number. */
static char *
json_of(const RmlColumnProfile *column, Datum value)
{
	char	   *as_text = OutputFunctionCall(unconstify(FmgrInfo *, &column->output), value);
	StringInfoData quoted;

	if (column->kind == INTEGERS)
		return as_text;
	if (strspn(as_text, "-") < strlen(as_text) && pg_strncasecmp(as_text + strspn(as_text, "-"), "inf", 3) == 0)
		return NULL;
	if (column->kind == NUMBERS)
		return strcmp(as_text, "NaN") == 0 ? NULL : as_text;
	initStringInfo(&quoted);
	escape_json(&quoted, as_text);
	return quoted.data;
}

static void
expect_range(const RmlColumnProfile *column, StringInfo json)
{
	char	   *least = json_of(column, column->least);
	char	   *greatest = json_of(column, column->greatest);

	if (least == NULL || greatest == NULL)
		return;
	begin(column, "expect_column_values_to_be_between", json);
	appendStringInfo(json, ", \"min_value\": %s, \"max_value\": %s", least, greatest);
	end(json);
}

static int
compare_texts(const void *a, const void *b)
{
	const text *x = *(text *const *) a;
	const text *y = *(text *const *) b;
	int			order = memcmp(VARDATA_ANY(x), VARDATA_ANY(y), Min(VARSIZE_ANY_EXHDR(x), VARSIZE_ANY_EXHDR(y)));

	return order != 0 ? order : (int) VARSIZE_ANY_EXHDR(x) - (int) VARSIZE_ANY_EXHDR(y);
}

static int
compare_integers(const void *a, const void *b)
{
	int64		x = pg_strtoint64(text_to_cstring(*(text *const *) a));
	int64		y = pg_strtoint64(text_to_cstring(*(text *const *) b));

	return (x > y) - (x < y);
}

static void
expect_set(const RmlColumnProfile *column, StringInfo json)
{
	text	   *sorted[MOST_VALUES];

	memcpy(sorted, column->values, sizeof(text *) * (Size) column->n_values);
	qsort(sorted, (Size) column->n_values, sizeof(text *), column->kind == INTEGERS ? compare_integers : compare_texts);
	begin(column, "expect_column_values_to_be_in_set", json);
	appendStringInfoString(json, ", \"value_set\": [");
	for (int i = 0; i < column->n_values; i++)
	{
		char	   *value = text_to_cstring(sorted[i]);

		if (i > 0)
			appendStringInfoString(json, ", ");
		if (column->kind == INTEGERS)
			appendStringInfoString(json, value);
		else
			escape_json(json, value);
	}
	appendStringInfoChar(json, ']');
	end(json);
}

static void
expect_format(const RmlColumnProfile *column, StringInfo json)
{
	for (int i = 0; i < (int) lengthof(formats); i++)
	{
		if (column->formats[i] == NULL)
			continue;
		begin(column, "expect_column_values_to_match_regex", json);
		appendStringInfoString(json, ", \"regex\": ");
		escape_json(json, formats[i]);
		end(json);
		break;
	}
	begin(column, "expect_column_value_lengths_to_be_between", json);
	appendStringInfo(json, ", \"min_value\": " UINT64_FORMAT ", \"max_value\": " UINT64_FORMAT, column->shortest, column->longest);
	end(json);
}

static void
expect_not_null(const RmlColumnProfile *column, uint64 rows, StringInfo json)
{
	int			percent = (int) (column->not_null * 100 / rows);

	if (percent < LEAST_SHARE)
		return;
	begin(column, "expect_column_values_to_not_be_null", json);
	if (column->not_null < rows)
		appendStringInfo(json, ", \"mostly\": 0.%02d", percent);
	end(json);
}

static bool
is_a_set(const RmlColumnProfile *column)
{
	return column->n_values > 0 && column->not_null >= (uint64) column->n_values * ROWS_PER_VALUE;
}

void
rml_column_profile_expect(const RmlColumnProfile *column, uint64 rows, StringInfo json)
{
	begin(column, "expect_column_values_to_be_of_type", json);
	appendStringInfoString(json, ", \"type_\": ");
	escape_json(json, format_type_be(column->base));
	end(json);
	if (column->not_null == 0)
		return;
	expect_not_null(column, rows, json);
	if (column->unique)
	{
		begin(column, "expect_column_values_to_be_unique", json);
		end(json);
	}
	if (is_a_set(column))
		expect_set(column, json);
	else if (column->has_range)
		expect_range(column, json);
	else if (column->kind == TEXTS)
		expect_format(column, json);
}
