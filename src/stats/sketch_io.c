/*
 * sketch_io.c
 *	  Text and binary form of sketches.
 *
 * The text is JSON:
 *	  {"kind": "numeric", "bins": 10, "shift": 0, "values": [0.5], "counts": [5], "underflow": 0, "overflow": 0,
 *	   "nan": 0, "nulls": 0, "min": 0.5, "max": 0.5}
 *	  {"kind": "categorical", "max_categories": 10, "limit": "ffffffffffffffff", "values": ["a"], "counts": [5], "other": 0, "nulls": 0}
 * where a value of a numeric one is the least number of its key.
 */
#include "postgres.h"

#include <math.h>

#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "stats/form.h"
#include "stats/sketch.h"

RML_SQL_FUNCTION(riskml_sketch_in);
RML_SQL_FUNCTION(riskml_sketch_out);
RML_SQL_FUNCTION(riskml_sketch_recv);
RML_SQL_FUNCTION(riskml_sketch_send);

/* What a sketch says, in the order of its values: all that text and bytes are made of. */
typedef struct Content
{
	RmlSketch	header;			/* as in the sketch, where it is not about the table */
	float8	   *values;
	RmlCategory *categories;
	int64	   *counts;
} Content;

static Content
content_of(RmlSketch *s)
{
	Content		content = {0};

	s = s->kind == RML_CATEGORICAL ? rml_category_sketch_trim(s) : rml_key_sketch_trim(s);
	content.header = *s;
	content.counts = palloc(sizeof(int64) * ((Size) s->n + 1));
	if (s->kind == RML_NUMERIC)
	{
		RmlKeySlot *slots = rml_key_sketch_sorted(s);

		content.values = palloc(sizeof(float8) * ((Size) s->n + 1));
		for (int i = 0; i < s->n; i++)
		{
			content.values[i] = rml_key_start(slots[i].key, s->shift);
			content.counts[i] = slots[i].count;
		}
	}
	else
	{
		content.categories = rml_category_sketch_sorted(s);
		for (int i = 0; i < s->n; i++)
			content.counts[i] = content.categories[i].count;
	}
	return content;
}

/* ---- making a sketch of what came from outside ---- */

pg_noreturn static void
invalid(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid sketch: %s", what)));
}

static void
check_counts(const Content *content)
{
	const RmlSketch *h = &content->header;

	if (h->nulls < 0 || h->nans < 0 || h->underflow < 0 || h->overflow < 0)
		invalid("a count is negative");
	for (int i = 0; i < h->n; i++)
		if (content->counts[i] <= 0)
			invalid("a count is not positive");
}

/* The range must be that of the keys. */
static void
check_key_range(const RmlSketch *s, uint64 first, uint64 last)
{
	if (s->n == 0)
	{
		if (s->min != INFINITY || s->max != -INFINITY)
			invalid("it has no value, but \"min\" and \"max\"");
		return;
	}
	if (!isfinite(s->min) || !isfinite(s->max) || s->min > s->max ||
		rml_key_of(s->min) >> s->shift != first || rml_key_of(s->max) >> s->shift != last)
		invalid("\"min\" and \"max\" are not those of its values");
}

static RmlSketch *
numeric_sketch(const Content *content)
{
	const RmlSketch *h = &content->header;
	RmlSketch  *s = rml_key_sketch_new(h->wanted);
	uint64		key = 0,
				first = 0;

	if (h->shift > RML_SKETCH_MAX_SHIFT || h->n > RML_SKETCH_CAPACITY)
		invalid("it has too many values");
	s->shift = h->shift;
	for (int i = 0; i < h->n; i++)
	{
		float8		value = content->values[i] + 0.0;
		uint64		before = key;

		if (!isfinite(value))
			invalid("a value is not a finite number");
		key = rml_key_of(value) >> h->shift;
		if (rml_key_start(key, h->shift) != value || (i > 0 && key <= before))
			invalid("its values are not those of keys in their order");
		if (i == 0)
			first = key;
		s = rml_key_sketch_add(s, key, content->counts[i]);
	}
	s->min = h->min + 0.0;
	s->max = h->max + 0.0;
	check_key_range(s, first, key);
	return s;
}

static RmlSketch *
categorical_sketch(const Content *content)
{
	const RmlSketch *h = &content->header;
	RmlSketch  *s = rml_category_sketch_new(h->wanted);
	Size		n_bytes = 0;

	s->limit = h->limit;
	if (h->n > rml_category_capacity(h->wanted))
		invalid("it has too many categories");
	qsort(content->categories, (size_t) h->n, sizeof(RmlCategory), rml_compare_categories);
	for (int i = 0; i < h->n; i++)
	{
		const RmlCategory *c = &content->categories[i];
		uint64		hash = rml_category_hash(c->text, c->length);

		if (i > 0 && rml_compare_categories(c - 1, c) == 0)
			invalid("a category comes twice");
		n_bytes += c->length;
		if (c->length > RML_SKETCH_MAX_LENGTH || n_bytes > rml_category_room(h->wanted) || hash >= h->limit)
			invalid("a category does not belong to it");
		s = rml_category_sketch_add(s, hash, c->text, c->length, c->count);
	}
	return s;
}

static RmlSketch *
sketch_of(Content *content)
{
	RmlSketch  *s;

	check_counts(content);
	for (int i = 0; content->categories != NULL && i < content->header.n; i++)
		content->categories[i].count = content->counts[i];
	s = content->header.kind == RML_NUMERIC ? numeric_sketch(content) : categorical_sketch(content);
	s->nulls = content->header.nulls;
	s->nans = content->header.nans;
	s->underflow = content->header.underflow;
	s->overflow = content->header.overflow;
	(void) rml_sketch_rows(s, 0);
	return s;
}

/* ---- text ---- */

Datum
riskml_sketch_out(PG_FUNCTION_ARGS)
{
	Content		content = content_of(PG_GETARG_SKETCH(0));
	const RmlSketch *h = &content.header;
	StringInfoData out;

	initStringInfo(&out);
	if (h->kind == RML_NUMERIC)
	{
		appendStringInfo(&out, "{\"kind\": \"numeric\", \"bins\": %d, \"shift\": %d, \"values\": [", h->wanted, h->shift);
		rml_write_floats(&out, content.values, h->n);
	}
	else
	{
		appendStringInfo(&out, "{\"kind\": \"categorical\", \"max_categories\": %d, \"limit\": \"%016llx\", \"values\": [",
						 h->wanted, (unsigned long long) h->limit);
		for (int i = 0; i < h->n; i++)
			rml_write_text(&out, i, content.categories[i].text, content.categories[i].length);
	}
	appendStringInfoString(&out, "], \"counts\": [");
	rml_write_counts(&out, content.counts, h->n);
	if (h->kind == RML_NUMERIC)
	{
		appendStringInfo(&out, "], \"underflow\": " INT64_FORMAT ", \"overflow\": " INT64_FORMAT ", \"nan\": " INT64_FORMAT ", \"nulls\": " INT64_FORMAT,
						 h->underflow, h->overflow, h->nans, h->nulls);
		rml_write_range(&out, h->min, h->max);
	}
	else
		appendStringInfo(&out, "], \"other\": " INT64_FORMAT ", \"nulls\": " INT64_FORMAT, h->overflow, h->nulls);
	appendStringInfoChar(&out, '}');
	PG_RETURN_CSTRING(out.data);
}

static const char *const fields[] = {
	"kind", "bins", "max_categories", "shift", "limit", "values", "counts", "underflow", "overflow", "nan", "nulls", "min", "max", "other", NULL
};

static int
small_field(const RmlForm *in, const char *name, int most)
{
	int64		value = rml_form_count(in, name);

	if (value > most)
		rml_form_fail(in, psprintf("\"%s\" is above %d", name, most));
	return (int) value;
}

static uint64
read_limit(const RmlForm *in)
{
	const char *digits = rml_form_text(in, "limit");

	if (strlen(digits) != 16 || strspn(digits, "0123456789abcdef") != 16)
		rml_form_fail(in, "\"limit\" must be 16 hexadecimal digits");
	return (uint64) strtoull(digits, NULL, 16);
}

static void
read_numeric(const RmlForm *in, Content *content, int *n_values)
{
	RmlSketch  *h = &content->header;

	rml_form_refuse(in, "max_categories", "limit", "other", NULL);
	h->kind = RML_NUMERIC;
	h->wanted = small_field(in, "bins", PG_INT32_MAX);
	h->shift = (uint8) small_field(in, "shift", RML_SKETCH_MAX_SHIFT);
	content->values = rml_form_floats(in, "values", n_values);
	h->underflow = rml_form_count(in, "underflow");
	h->overflow = rml_form_count(in, "overflow");
	h->nans = rml_form_count(in, "nan");
	rml_form_range(in, &h->min, &h->max);
}

static void
read_categorical(const RmlForm *in, Content *content, int *n_values)
{
	RmlSketch  *h = &content->header;

	rml_form_refuse(in, "bins", "shift", "underflow", "overflow", "nan", "min", "max", NULL);
	h->kind = RML_CATEGORICAL;
	h->wanted = small_field(in, "max_categories", PG_INT32_MAX);
	h->limit = read_limit(in);
	content->categories = rml_form_texts(in, "values", n_values);
	h->overflow = rml_form_count(in, "other");
}

Datum
riskml_sketch_in(PG_FUNCTION_ARGS)
{
	Jsonb	   *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, PG_GETARG_DATUM(0)));
	Content		content = {0};
	RmlForm		in;
	const char *kind;
	int			n_values;

	rml_form_open(&in, json, "sketch", fields);
	kind = rml_form_text(&in, "kind");
	if (strcmp(kind, "numeric") == 0)
		read_numeric(&in, &content, &n_values);
	else if (strcmp(kind, "categorical") == 0)
		read_categorical(&in, &content, &n_values);
	else
		rml_form_fail(&in, psprintf("kind \"%s\" is neither \"numeric\" nor \"categorical\"", kind));
	content.counts = rml_form_counts(&in, "counts", &content.header.n);
	content.header.nulls = rml_form_count(&in, "nulls");
	if (content.header.n != n_values)
		rml_form_fail(&in, psprintf("there are %d counts for %d values", content.header.n, n_values));
	PG_RETURN_POINTER(sketch_of(&content));
}

/* ---- binary: version, kind, shift, wanted, n, then the counts, the values ---- */

Datum
riskml_sketch_send(PG_FUNCTION_ARGS)
{
	Content		content = content_of(PG_GETARG_SKETCH(0));
	const RmlSketch *h = &content.header;
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, h->version);
	pq_sendbyte(&out, h->kind);
	pq_sendbyte(&out, h->shift);
	pq_sendint32(&out, (uint32) h->wanted);
	pq_sendint32(&out, (uint32) h->n);
	pq_sendint64(&out, (uint64) h->nulls);
	pq_sendint64(&out, (uint64) h->nans);
	pq_sendint64(&out, (uint64) h->underflow);
	pq_sendint64(&out, (uint64) h->overflow);
	pq_sendfloat8(&out, h->min);
	pq_sendfloat8(&out, h->max);
	pq_sendint64(&out, h->limit);
	for (int i = 0; i < h->n; i++)
	{
		pq_sendint64(&out, (uint64) content.counts[i]);
		if (h->kind == RML_NUMERIC)
			pq_sendfloat8(&out, content.values[i]);
		else
			rml_send_text(&out, content.categories[i].text, content.categories[i].length);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

static void
receive_header(StringInfo in, RmlSketch *h)
{
	h->version = (uint8) pq_getmsgbyte(in);
	h->kind = (uint8) pq_getmsgbyte(in);
	h->shift = (uint8) pq_getmsgbyte(in);
	h->wanted = (int32) pq_getmsgint(in, 4);
	h->n = (int32) pq_getmsgint(in, 4);
	if (h->version != RML_SKETCH_VERSION || (h->kind != RML_NUMERIC && h->kind != RML_CATEGORICAL) ||
		h->n < 0 || h->n > RML_MAX_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid sketch: wrong version, kind or number of values")));
	h->nulls = pq_getmsgint64(in);
	h->nans = pq_getmsgint64(in);
	h->underflow = pq_getmsgint64(in);
	h->overflow = pq_getmsgint64(in);
	h->min = pq_getmsgfloat8(in);
	h->max = pq_getmsgfloat8(in);
	h->limit = (uint64) pq_getmsgint64(in);
	if (h->kind == RML_CATEGORICAL && (h->nans != 0 || h->underflow != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid sketch: categories have no NaN and no underflow")));
}

Datum
riskml_sketch_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	Content		content = {0};
	RmlSketch  *h = &content.header;

	receive_header(in, h);
	content.counts = palloc(sizeof(int64) * ((Size) h->n + 1));
	if (h->kind == RML_NUMERIC)
		content.values = palloc(sizeof(float8) * ((Size) h->n + 1));
	else
		content.categories = palloc0(sizeof(RmlCategory) * ((Size) h->n + 1));
	for (int i = 0; i < h->n; i++)
	{
		content.counts[i] = pq_getmsgint64(in);
		if (h->kind == RML_NUMERIC)
			content.values[i] = pq_getmsgfloat8(in);
		else
			content.categories[i].text = rml_receive_text(in, &content.categories[i].length);
	}
	PG_RETURN_POINTER(sketch_of(&content));
}
