/*
 * raw.c
 *	  Raw columns, as a recipe's program takes their values.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "score/raw.h"
#include "transform/calendar.h"

/* ---- how columns are read ---- */

static RmlRawHow
how_number(RmlColumnKind kind)
{
	switch (kind)
	{
		case RML_COLUMN_FLOAT8:
			return RML_RAW_FLOAT8;
		case RML_COLUMN_INT4:
			return RML_RAW_INT4;
		case RML_COLUMN_INT8:
			return RML_RAW_INT8;
		default:
			return RML_RAW_NUMBER;
	}
}

static RmlRawHow
how(RmlReadAs read_as, RmlColumnKind kind)
{
	switch (read_as)
	{
		case RML_READ_CATEGORY:
			return kind == RML_COLUMN_TEXT ? RML_RAW_TEXT : RML_RAW_LABEL;
		case RML_READ_HASH:
			return RML_RAW_HASH;
		case RML_READ_TIME:
			return kind == RML_COLUMN_UNTYPED ? RML_RAW_UNTYPED : RML_RAW_TIME;
		case RML_READ_NUMBER:
			break;
	}
	return kind == RML_COLUMN_UNTYPED ? RML_RAW_UNTYPED : how_number(kind);
}

RmlRawRead *
rml_raw_reads(const RmlTransform *transform, const RmlMatch *matches, int *n)
{
	RmlRawRead *reads = palloc(sizeof(RmlRawRead) * (Size) Max(transform->n_reads, 1));

	*n = 0;
	for (int i = 0; i < transform->n_reads; i++)
	{
		const RmlTransformRead *read = &transform->reads[i];
		const RmlMatch *match = &matches[read->column];

		if (match->attno != 0)
			reads[(*n)++] = (RmlRawRead) {
				.slot = read->slot,
				.at = match->attno - 1,
				.how = how(read->input->read_as, match->kind),
				.kind = match->kind,
				.dictionary = read->input->dictionary,
				.read = read
			};
	}
	return reads;
}

static int
compare_reads(const void *a, const void *b)
{
	const RmlRawRead *ra = a;
	const RmlRawRead *rb = b;

	return ra->how != rb->how ? (int) ra->how - (int) rb->how : ra->read < rb->read ? -1 : 1;
}

void
rml_raw_sort(RmlRawRead *reads, int n)
{
	qsort(reads, (size_t) n, sizeof(RmlRawRead), compare_reads);
}

/* ---- values ---- */

static inline double
known_code(const RmlTransform *transform, const RmlTransformRead *read, int code, const char *text, int length)
{
	if (code < 0 && read->strict_step != 0)
		rml_transform_reject(transform, read->strict_step, text, length);
	return code;
}

static double
code_of(const RmlTransform *transform, const RmlTransformRead *read, const char *text, int length)
{
	return known_code(transform, read, rml_dictionary_find(read->input->dictionary, text, length), text, length);
}

pg_noreturn static void
reject_untyped(const RmlTransformRead *read)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("the value for column \"%s\" is a literal without a type", read->input->column),
			 errhint("Cast it.")));
}

double
rml_raw_value(const RmlTransform *transform, const RmlRawRead *read, Datum value)
{
	const char *label;
	int			length;

	switch (read->how)
	{
		case RML_RAW_FLOAT8:
			return DatumGetFloat8(value);
		case RML_RAW_INT4:
			return DatumGetInt32(value);
		case RML_RAW_INT8:
			return (double) DatumGetInt64(value);
		case RML_RAW_NUMBER:
			return rml_column_number(read->kind, value);
		case RML_RAW_TEXT:
		case RML_RAW_LABEL:
			label = rml_column_label(read->kind, value, &length);
			return code_of(transform, read->read, label, length);
		case RML_RAW_HASH:
			label = rml_column_label(read->kind, value, &length);
			return rml_text_hash(label, length);
		case RML_RAW_TIME:
			return rml_column_time(read->kind, value, read->read->zone);
		case RML_RAW_UNTYPED:
			break;
	}
	reject_untyped(read->read);
}

/* A float8 whose bits are all set is NaN: no branch to be guessed wrong. */
static inline double
float8_or_nan(Datum value, bool isnull)
{
#ifdef USE_FLOAT8_BYVAL
	return DatumGetFloat8(value | -(Datum) isnull);
#else
	return isnull ? NAN : DatumGetFloat8(value);
#endif
}

void
rml_raw_read(const RmlTransform *transform, const RmlRawRead *reads, int n, const Datum *values, const bool *nulls, double *slots)
{
	const RmlRawRead *read = reads;
	const RmlRawRead *end = reads + n;

	/* most columns are of this kind */
	for (; read < end && read->how == RML_RAW_FLOAT8; read++)
		slots[read->slot] = float8_or_nan(values[read->at], nulls[read->at]);
	for (; read < end; read++)
		slots[read->slot] = nulls[read->at] ? NAN : rml_raw_value(transform, read, values[read->at]);
}

/* ---- arrays ---- */

static const char *
owner_name(const char *model_name)
{
	return model_name == NULL ? "the recipe" : psprintf("the recipe of model \"%s\"", model_name);
}

static void
require_numbers(const RmlTransform *transform, const char *model_name)
{
	for (int i = 0; i < transform->n_reads; i++)
	{
		const RmlProgramInput *input = transform->reads[i].input;

		if (input->read_as != RML_READ_NUMBER)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("an array of numbers has no values for column \"%s\" of %s", input->column, owner_name(model_name)),
					 errdetail("The recipe reads it as %s.", input->read_as == RML_READ_TIME ? "a time" : "text"),
					 errhint("Pass a row, or jsonb.")));
	}
}

void
rml_raw_read_array(const RmlTransform *transform, const char *model_name, ArrayType *array, double *slots)
{
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const float8 *value = (const float8 *) ARR_DATA_PTR(array);
	const bits8 *present = ARR_NULLBITMAP(array);

	require_numbers(transform, model_name);
	if (n != transform->n_columns)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s expects %d columns, got %d", owner_name(model_name), transform->n_columns, n),
				 errhint("Check the number and order of the array's elements.")));
	for (int i = 0; i < n; i++)
	{
		bool		isnull = present != NULL && (present[i / 8] & (1 << (i % 8))) == 0;
		const RmlTransformColumn *column = &transform->columns[i];
		double		number = isnull ? NAN : *value++;

		for (int j = 0; j < column->n_reads; j++)
			slots[transform->reads[column->first_read + j].slot] = number;
	}
}

/* ---- jsonb ---- */

pg_noreturn static void
reject_jsonb(const RmlTransformRead *read, const char *model_name, const JsonbValue *value)
{
	static const char *const wanted[] = {
		[RML_READ_NUMBER] = "a number or boolean",
		[RML_READ_CATEGORY] = "a string",
		[RML_READ_HASH] = "a string",
		[RML_READ_TIME] = "a time as a string, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss",
	};
	const char *type = value->type == jbvString ? "a string" :
		value->type == jbvNumeric ? "a number" :
		value->type == jbvBool ? "a boolean" :
		JsonContainerIsArray(value->val.binary.data) ? "an array" : "an object";

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("key \"%s\" for %s is %s", read->input->column, owner_name(model_name), type),
			 errhint("The recipe reads %s.", wanted[read->input->read_as])));
}

static double
time_of(const RmlTransformRead *read, const char *model_name, const char *text, int length)
{
	double		time;
	bool		has_offset;
	int			minutes;

	if (!rml_parse_iso(text, (size_t) length, &time, &has_offset, &minutes))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_DATETIME_FORMAT),
				 errmsg("key \"%s\" for %s is no time: \"%.*s\"", read->input->column, owner_name(model_name),
						pg_mbcliplen(text, length, 128), text),
				 errhint("Write it as ISO 8601 has it: YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss, with Z or an offset behind an instant.")));
	if (!has_offset)
		return time;
	if (read->zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("key \"%s\" for %s is an instant: \"%.*s\"", read->input->column, owner_name(model_name), length, text),
				 errhint("Give the recipe's steps that read it a time_zone, or leave the offset out.")));
	return rml_local_time((int64) time - (int64) minutes * USECS_PER_MINUTE, read->zone);
}

static double
jsonb_value(const RmlTransform *transform, const RmlTransformRead *read, const char *model_name, const JsonbValue *value)
{
	RmlReadAs	read_as = read->input->read_as;

	if (value->type == jbvNull)
		return NAN;
	if (read_as == RML_READ_NUMBER && value->type == jbvBool)
		return value->val.boolean ? 1.0 : 0.0;
	if (read_as == RML_READ_NUMBER && value->type == jbvNumeric)
		return rml_column_number(RML_COLUMN_NUMERIC, NumericGetDatum(value->val.numeric));
	if (read_as == RML_READ_NUMBER || value->type != jbvString)
		reject_jsonb(read, model_name, value);
	if (read_as == RML_READ_CATEGORY)
		return code_of(transform, read, value->val.string.val, value->val.string.len);
	if (read_as == RML_READ_HASH)
		return rml_text_hash(value->val.string.val, value->val.string.len);
	return time_of(read, model_name, value->val.string.val, value->val.string.len);
}

void
rml_raw_read_jsonb(const RmlTransform *transform, const char *model_name, Jsonb *jsonb, bool lenient, double *slots)
{
	if (!JB_ROOT_IS_OBJECT(jsonb))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("columns of %s must be a JSON object", owner_name(model_name))));
	for (int i = 0; i < transform->n_columns; i++)
	{
		const RmlTransformColumn *column = &transform->columns[i];
		const RmlTransformRead *reads = &transform->reads[column->first_read];
		JsonbValue	room;
		JsonbValue *value;

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		value = getKeyJsonValueFromContainer(&jsonb->root, column->name, (int) strlen(column->name), &room);
		if (value == NULL && !lenient)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("no key for column \"%s\" of %s", column->name, owner_name(model_name)),
					 errhint("Write null for a missing value, or pass lenient => true.")));
		for (int j = 0; j < column->n_reads; j++)
			slots[reads[j].slot] = value == NULL ? NAN : jsonb_value(transform, &reads[j], model_name, value);
	}
}

/* ---- outputs ---- */

void
rml_raw_outputs(const RmlTransform *transform, const double *slots, int stride, int n_rows, float *rows)
{
	int			n = transform->n_outputs;

	for (int i = 0; i < n; i++)
	{
		const double *from = slots + (Size) transform->outputs[i].slot * stride;

		for (int r = 0; r < n_rows; r++)
			rows[(Size) r * n + i] = (float) from[r];
	}
}
