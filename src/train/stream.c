/*
 * stream.c
 *	  Rows of a training without a recipe: from the executor straight to the trainer.
 *
 * Numbers and booleans are features as they are, rounded to 32 bits; a text is a category, whose codes are in the order of the labels'
 * bytes in UTF-8; an array of numbers is a feature for each element.  As the labels are known only after the last row, a text
 * goes as its number in the order of coming, and the trainer is told in the end what becomes of it.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "mb/pg_wchar.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "registry/server.h"
#include "train/baseline.h"
#include "train/state.h"

/* Of a column of text, and their bytes. */
#define MAX_CATEGORIES 100000
#define MAX_CATEGORY_BYTES (8 * 1024 * 1024)

#define MAX_FEATURES 65536

/* Where a column's values go. */
typedef struct Target
{
	RmlTrainColumn *column;		/* of the query that is read */
	int			first;			/* of its features */
	int			width;			/* -1: an array whose length is not known as yet */
	RmlDictionary *dictionary;	/* of a text */
	int64	   *counts;			/* rows of each of its codes */
	int			n_counts;		/* for which there is room */
	int64		n_nulls;		/* of a text */
	int64		bytes;			/* of its different values */
	int16		typlen;			/* of an array's elements */
	bool		typbyval;
	char		typalign;
} Target;

/* Columns of one kind beside each other. */
typedef struct Run
{
	RmlColumnKind kind;
	bool		is_array;
	int			first;
	int			n;
} Run;

struct RmlTrainStream
{
	DestReceiver receiver;
	RmlTrainRows *rows;
	RmlTrainer *trainer;
	Target	   *targets;		/* a column each */
	int			n_runs;
	Run		   *runs;
	bool		begun;
	RmlServerHost host;
	RmlTrainSample *sample;
	MemoryContext row;			/* for values of a row */
};

/* ---- features ---- */

static void
refuse_same_names(const char **names, int n)
{
	const char **sorted = palloc(sizeof(char *) * (Size) n);

	memcpy(sorted, names, sizeof(char *) * (Size) n);
	qsort(sorted, (size_t) n, sizeof(char *), pg_qsort_strcmp);
	for (int i = 1; i < n; i++)
	{
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("there are two features \"%s\"", sorted[i]),
					 errdetail("Elements of an array are named as its column, with their numbers from 1."),
					 errhint("Give a column another name.")));
	}
	pfree(sorted);
}

/* The names, once all widths are known. */
static void
name_features(RmlTrainStream *stream)
{
	RmlTrainRows *rows = stream->rows;
	bool		has_names = !(rows->query.n == 1 && rows->query.columns[0].is_array);
	int			n = 0;
	const char **names;
	bool	   *is_category;

	for (int i = 0; i < rows->query.n; i++)
	{
		stream->targets[i].first = n;
		n += stream->targets[i].width;
		if (n > MAX_FEATURES)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("there are more than %d features", MAX_FEATURES)));
	}
	names = palloc(sizeof(char *) * (Size) Max(n, 1));
	is_category = palloc0(sizeof(bool) * (Size) Max(n, 1));
	for (int i = 0; i < rows->query.n; i++)
	{
		const Target *target = &stream->targets[i];

		is_category[target->first] = target->dictionary != NULL;
		for (int k = 0; k < target->width; k++)
			names[target->first + k] = !has_names ? psprintf("f%d", k) :
				target->column->is_array ? psprintf("%s_%d", target->column->name, k + 1) : target->column->name;
	}
	refuse_same_names(names, n);
	rml_train_rows_name(rows, n, names, is_category, has_names);
}

/* Columns of one kind are converted in one loop. */
static void
find_runs(RmlTrainStream *stream)
{
	stream->n_runs = 0;
	for (int i = 0; i < stream->rows->query.n; i++)
	{
		const RmlTrainColumn *column = stream->targets[i].column;
		Run		   *last = stream->n_runs > 0 ? &stream->runs[stream->n_runs - 1] : NULL;

		if (last != NULL && last->kind == column->kind && last->is_array == column->is_array)
			last->n++;
		else
			stream->runs[stream->n_runs++] = (Run) {column->kind, column->is_array, i, 1};
	}
}

/* ---- values ---- */

/* A text that has not been there before. */
static void
take_category(Target *target, int code, int length)
{
	int			n = Max(target->n_counts * 2, 64);

	target->bytes += length;
	if (code >= MAX_CATEGORIES || target->bytes > MAX_CATEGORY_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 code >= MAX_CATEGORIES ? errmsg("column \"%s\" has more than %d different texts", target->column->name, MAX_CATEGORIES) :
				 errmsg("different texts of column \"%s\" have more than %d MB", target->column->name, MAX_CATEGORY_BYTES / (1024 * 1024)),
				 errhint("Leave it out, or make features of it with a recipe: hash_bucket, frequency_encode, target_encode.")));
	if (code < target->n_counts)
		return;
	target->counts = target->n_counts == 0 ? MemoryContextAlloc(GetMemoryChunkContext(target->dictionary), sizeof(int64) * (Size) n) :
		repalloc(target->counts, sizeof(int64) * (Size) n);
	memset(target->counts + target->n_counts, 0, sizeof(int64) * (Size) (n - target->n_counts));
	target->n_counts = n;
}

static float
code_of(Target *target, Datum value)
{
	int			length;
	const char *label = rml_column_label(target->column->kind, value, &length);
	int			code = rml_dictionary_add(target->dictionary, label, length);

	if (code >= target->n_counts || target->counts[code] == 0)
		take_category(target, code, length);
	target->counts[code]++;
	return (float) code;
}

/* Columns of one kind; each has one feature. */
static void
put_run(const RmlTrainStream *stream, const Run *run, const Datum *values, const bool *nulls, float *row)
{
	Target	   *targets = stream->targets + run->first;

	values += run->first;
	nulls += run->first;
	switch (run->kind)
	{
		case RML_COLUMN_FLOAT8:
			for (int i = 0; i < run->n; i++)
				row[targets[i].first] = nulls[i] ? NAN : (float) DatumGetFloat8(values[i]);
			break;
		case RML_COLUMN_FLOAT4:
			for (int i = 0; i < run->n; i++)
				row[targets[i].first] = nulls[i] ? NAN : DatumGetFloat4(values[i]);
			break;
		case RML_COLUMN_INT4:
			for (int i = 0; i < run->n; i++)
				row[targets[i].first] = nulls[i] ? NAN : (float) DatumGetInt32(values[i]);
			break;
		case RML_COLUMN_TEXT:
		case RML_COLUMN_BPCHAR:
		case RML_COLUMN_NAME:
		case RML_COLUMN_ENUM:
		case RML_COLUMN_UNTYPED:
			for (int i = 0; i < run->n; i++)
			{
				targets[i].n_nulls += nulls[i];
				row[targets[i].first] = nulls[i] ? NAN : code_of(&targets[i], values[i]);
			}
			break;
		default:
			for (int i = 0; i < run->n; i++)
				row[targets[i].first] = nulls[i] ? NAN : rml_column_value(run->kind, values[i]);
			break;
	}
}

/* ---- arrays ---- */

static ArrayType *
array_of(const RmlTrainStream *stream, const RmlTrainColumn *column, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("array \"%s\" has %d dimensions in row " INT64_FORMAT " of %s, but must have one", column->name, ARR_NDIM(array),
						stream->rows->extras.rows, stream->rows->extras.query->noun)));
	return array;
}

static void
require_width(const RmlTrainStream *stream, const Target *target, int width)
{
	if (width != target->width)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("array \"%s\" has %d elements in row " INT64_FORMAT " of %s, but %d in the first", target->column->name, width,
						stream->rows->extras.rows, stream->rows->extras.query->noun, target->width)));
}

/* numbers, if wanted, are the same in 64 bits. */
static void
put_array(RmlTrainStream *stream, const Target *target, Datum value, float *row, double *numbers)
{
	const RmlTrainColumn *column = target->column;
	ArrayType  *array = array_of(stream, column, value);
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	Datum	   *elements;
	bool	   *nulls;

	require_width(stream, target, n);
	row += target->first;
	if (numbers == NULL && column->kind == RML_COLUMN_FLOAT8 && !array_contains_nulls(array))
	{
		const double *doubles = (const double *) ARR_DATA_PTR(array);

		for (int i = 0; i < n; i++)
			row[i] = (float) doubles[i];
		return;
	}
	deconstruct_array(array, ARR_ELEMTYPE(array), target->typlen, target->typbyval, target->typalign, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
		row[i] = nulls[i] ? NAN : rml_column_value(column->kind, elements[i]);
	for (int i = 0; i < n && numbers != NULL; i++)
		numbers[target->first + i] = nulls[i] ? rml_baseline_null() : rml_column_number(column->kind, elements[i]);
}

static void
put_arrays(RmlTrainStream *stream, const Run *run, const Datum *values, const bool *nulls, float *row)
{
	for (int i = run->first; i < run->first + run->n; i++)
	{
		const Target *target = &stream->targets[i];

		if (!nulls[i])
		{
			put_array(stream, target, values[i], row, NULL);
			continue;
		}
		for (int k = 0; k < target->width; k++)
			row[target->first + k] = NAN;
	}
}

/* ---- the sample of which the baseline is taken ---- */

static void
put_sample(RmlTrainStream *stream, const Datum *values, const bool *nulls, float *row)
{
	double	   *numbers = rml_sample_row(stream->sample, stream->rows->rows);

	if (numbers == NULL)
		return;
	for (int i = 0; i < stream->rows->query.n; i++)
	{
		const Target *target = &stream->targets[i];

		if (nulls[i])
		{
			for (int k = 0; k < target->width; k++)
				numbers[target->first + k] = rml_baseline_null();
		}
		else if (target->column->is_array)
			put_array(stream, target, values[i], row, numbers);
		else if (target->dictionary == NULL)
			numbers[target->first] = rml_column_number(target->column->kind, values[i]);
	}
}

/* ---- the receiver ---- */

/* Lengths of arrays are those of the first row. */
static void
find_widths(RmlTrainStream *stream, const Datum *values, const bool *nulls)
{
	for (int i = 0; i < stream->rows->query.n; i++)
	{
		Target	   *target = &stream->targets[i];
		ArrayType  *array;

		if (!target->column->is_array)
			continue;
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("array \"%s\" is NULL in the first row of the query, whose arrays tell how many features there are",
							target->column->name),
					 errhint("Let another row come first; further arrays may be NULL.")));
		array = array_of(stream, target->column, values[i]);
		target->width = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
		if (target->width == 0)
			ereport(ERROR,
					(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
					 errmsg("array \"%s\" is empty in the first row of the query", target->column->name)));
	}
}

/* With the first row, all is known. */
static void
begin(RmlTrainStream *stream, const Datum *values, const bool *nulls)
{
	RmlTrainRows *rows = stream->rows;
	MemoryContext caller = MemoryContextSwitchTo(rows->context);
	RmlTrainPlan plan = {
		.folds = rows->arguments->folds, .fraction = rows->split.fraction, .has_roles = rows->extras.has[RML_EXTRA_ROLE],
		.keep_model = true, .may_stop = true
	};

	if (rows->features.n < 0)
	{
		find_widths(stream, values, nulls);
		name_features(stream);
	}
	stream->sample = rml_sample_create(rows->features.n);
	rml_train_rows_begin(rows, stream->trainer, &plan);
	rml_frame_enter(&rows->frame, rows->extras.query->noun);
	stream->begun = true;
	MemoryContextSwitchTo(caller);
}

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	RmlTrainStream *stream = (RmlTrainStream *) self;
	RmlTrainRows *rows = stream->rows;
	MemoryContext caller = MemoryContextSwitchTo(stream->row);
	double		extras[RML_N_EXTRAS];
	float	   *row;
	bool		sent;

	slot_getallattrs(slot);
	rml_extras_row(&rows->extras, slot->tts_values, slot->tts_isnull, extras);
	if (!stream->begun)
		begin(stream, slot->tts_values, slot->tts_isnull);
	row = rml_frame_row(&rows->frame, &sent);
	if (sent && rows->note != NULL)
		rows->note(rows->rows);
	for (int i = 0; i < stream->n_runs; i++)
	{
		if (stream->runs[i].is_array)
			put_arrays(stream, &stream->runs[i], slot->tts_values, slot->tts_isnull, row);
		else
			put_run(stream, &stream->runs[i], slot->tts_values, slot->tts_isnull, row);
	}
	if (rml_sample_wants(stream->sample, rows->rows))
		put_sample(stream, slot->tts_values, slot->tts_isnull, row);
	for (int i = 0; i < rows->extras.n; i++)
		row[rows->features.n + i] = (float) extras[i];
	rows->rows++;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(stream->row);
	return true;
}

/* The columns of this query are the targets' from now on. */
static void
startup(DestReceiver *self, int operation, TupleDesc desc)
{
	RmlTrainStream *stream = (RmlTrainStream *) self;
	const RmlTrainQuery *query = stream->rows->extras.query;

	(void) operation;
	(void) desc;
	for (int i = 0; i < query->n; i++)
	{
		Target	   *target = &stream->targets[i];

		target->column = &query->columns[i];
		if (target->column->is_array)
			get_typlenbyvalalign(get_base_element_type(target->column->type), &target->typlen, &target->typbyval, &target->typalign);
	}
	find_runs(stream);
	if (stream->begun)
		rml_frame_enter(&stream->rows->frame, query->noun);
}

static void
do_nothing(DestReceiver *self)
{
	(void) self;
}

void
rml_stream_open(RmlTrainRows *rows)
{
	RmlTrainStream *stream = palloc0(sizeof(RmlTrainStream));
	bool		has_arrays = false;

	rows->stream = stream;
	stream->rows = rows;
	stream->receiver = (DestReceiver) {receive, startup, do_nothing, do_nothing, DestNone};
	stream->row = AllocSetContextCreate(rows->context, "riskml row of a training", ALLOCSET_DEFAULT_SIZES);
	rml_server_host_init(&stream->host, rows->context);
	stream->targets = palloc0(sizeof(Target) * (Size) rows->query.n);
	stream->runs = palloc0(sizeof(Run) * (Size) rows->query.n);
	for (int i = 0; i < rows->query.n; i++)
	{
		Target	   *target = &stream->targets[i];

		target->column = &rows->query.columns[i];
		target->width = target->column->is_array ? -1 : 1;
		has_arrays = has_arrays || target->column->is_array;
		if (!target->column->is_array && rml_is_label_kind(target->column->kind))
			target->dictionary = rml_dictionary_create(&stream->host.host);
	}
	/* a parameter that is wrong should be told of before the query runs */
	if (has_arrays)
		rml_train_rows_name(rows, -1, NULL, NULL, true);
	else
		name_features(stream);
}

/* ---- categories ---- */

/* A label, in the order of its bytes in UTF-8. */
typedef struct Label
{
	const char *utf8;
	int			value;			/* its number as it came */
} Label;

static int
compare_labels(const void *a, const void *b)
{
	return strcmp(((const Label *) a)->utf8, ((const Label *) b)->utf8);
}

static Label *
sorted_labels(const RmlDictionary *dictionary, int *n)
{
	Label	   *labels;

	*n = rml_dictionary_count(dictionary);
	labels = palloc(sizeof(Label) * (Size) Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		int			length;
		const char *text = rml_dictionary_text(dictionary, i, &length);

		labels[i] = (Label) {rml_to_utf8(text, (Size) length), i};
	}
	qsort(labels, (size_t) *n, sizeof(Label), compare_labels);
	return labels;
}

/* Tells the trainer the code of each value of a column. */
static void
send_codes(RmlTrainStream *stream, const Target *target)
{
	int			n;
	Label	   *labels = sorted_labels(target->dictionary, &n);
	uint32	   *frame = palloc(sizeof(uint32) * ((Size) n + 2));

	frame[0] = (uint32) target->first;
	frame[1] = (uint32) n;
	for (int code = 0; code < n; code++)
	{
		frame[2 + labels[code].value] = (uint32) code;
		rml_frame_hash(&stream->rows->frame, labels[code].utf8, strlen(labels[code].utf8) + 1);
	}
	rml_frame_hash(&stream->rows->frame, frame, sizeof(uint32) * ((Size) n + 2));
	rml_trainer_send(stream->trainer, RML_FRAME_REMAP, frame, sizeof(uint32) * ((Size) n + 2));
	pfree(frame);
}

static void
send_all_codes(RmlTrainStream *stream)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "riskml categories of a training", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	for (int i = 0; i < stream->rows->query.n; i++)
	{
		if (stream->targets[i].dictionary != NULL)
			send_codes(stream, &stream->targets[i]);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

void
rml_stream_read(RmlTrainRows *rows, RmlTrainer *trainer)
{
	rows->stream->trainer = trainer;
	rml_train_rows_run(rows, &rows->stream->receiver);
	rml_extras_finish(&rows->extras);
	rml_train_rows_flush(rows);
	send_all_codes(rows->stream);
	rml_train_rows_end(rows);
}

/* ---- afterwards ---- */

static void
push_text(JsonbParseState **state, JsonbIteratorToken token, const char *text, int length)
{
	JsonbValue	value = {.type = jbvString, .val.string = {.len = length, .val = unconstify(char *, text)}};

	(void) pushJsonbValue(state, token, &value);
}

/*
 * {"categories": {"grade": ["A", "B"]}}: labels in the order of their codes.  A text that was always NULL has no label, and must have one to be
 * known as a text; no tree asks for it.
 */
Jsonb *
rml_stream_options(const RmlTrainRows *rows)
{
	const RmlTrainStream *stream = rows->stream;
	JsonbParseState *state = NULL;
	bool		any = false;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < rows->query.n; i++)
	{
		const Target *target = &stream->targets[i];
		const char *name = rows->features.names[target->first];
		int			n;
		Label	   *labels;

		if (target->dictionary == NULL)
			continue;
		if (!any)
		{
			push_text(&state, WJB_KEY, "categories", 10);
			(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		}
		any = true;
		push_text(&state, WJB_KEY, name, (int) strlen(name));
		(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
		labels = sorted_labels(target->dictionary, &n);
		for (int k = 0; k < n; k++)
		{
			int			length;
			const char *text = rml_dictionary_text(target->dictionary, labels[k].value, &length);

			push_text(&state, WJB_ELEM, text, length);
		}
		if (n == 0)
			push_text(&state, WJB_ELEM, "", 0);
		(void) pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	}
	if (any)
		(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Of all rows. */
static RmlSketch *
sketch_texts(const Target *target)
{
	RmlSketch  *sketch = rml_baseline_sketch(true);

	for (int code = 0; code < rml_dictionary_count(target->dictionary); code++)
		sketch = rml_baseline_text(sketch, target->dictionary, code, target->counts[code]);
	sketch->nulls = target->n_nulls;
	return sketch;
}

/* Of a feature, from the sample; the range is that of all rows, which are known in 32 bits. */
static RmlSketch *
sketch_numbers(const RmlTrainSample *sample, const RmlTrainFrame *frame, int feature, bool is_boolean)
{
	RmlSketch  *sketch = rml_baseline_sketch(is_boolean);

	for (int64 i = 0; i < sample->n_rows; i++)
	{
		double		value = sample->values[i * sample->n_columns + feature];

		sketch = is_boolean ? rml_baseline_boolean(sketch, value) : rml_baseline_number(sketch, value);
	}
	if (sample->mask != 0 && !is_boolean)
		rml_baseline_widen(sketch, nextafterf(frame->least[feature], -INFINITY), nextafterf(frame->greatest[feature], INFINITY));
	return sketch;
}

void
rml_stream_inputs(RmlTrainRows *rows, StringInfo json)
{
	RmlTrainSample *sample = rows->stream->sample;

	rml_sample_finish(sample);
	for (int i = 0; i < rows->query.n; i++)
	{
		const Target *target = &rows->stream->targets[i];
		bool		is_boolean = target->column->kind == RML_COLUMN_BOOL && !target->column->is_array;

		for (int feature = target->first; feature < target->first + target->width; feature++)
		{
			CHECK_FOR_INTERRUPTS();
			rml_baseline_append(json, rows->features.names[feature],
								target->dictionary != NULL ? sketch_texts(target) : sketch_numbers(sample, &rows->frame, feature, is_boolean));
		}
	}
}
