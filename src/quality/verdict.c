/*
 * verdict.c
 *	  The verdicts of checks on a row's values.
 *
 * They run for each row and check, so there is one function for each order of
 * values, and nothing is looked up.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "quality/literal.h"
#include "quality/verdict.h"

RmlOrder
rml_order_of(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case BOOLOID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return RML_ORDER_INTEGERS;
		case FLOAT4OID:
		case FLOAT8OID:
			return RML_ORDER_FLOATS;
		default:
			return !type_is_rowtype(type) && OidIsValid(lookup_type_cache(type, TYPECACHE_CMP_PROC)->cmp_proc) ? RML_ORDER_OTHERS : RML_ORDER_NONE;
	}
}

/* Of one type, or numbers, which the server's operators between types compare as the larger one. */
bool
rml_are_comparable(Oid a_type, Oid a_collation, Oid b_type, Oid b_collation)
{
	if (rml_order_of(a_type) == RML_ORDER_NONE)
		return false;
	if (a_type == b_type)
		return a_collation == b_collation;
	return (rml_is_integer_type(a_type) && rml_is_integer_type(b_type)) || (rml_is_float_type(a_type) && rml_is_float_type(b_type));
}

Oid
rml_compared_type(Oid type)
{
	return type == FLOAT4OID ? FLOAT8OID : type;
}

/* ---- values ---- */

int64
rml_integer_of(Oid type, Datum value)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case BOOLOID:
			return DatumGetBool(value);
		case INT4OID:
		case DATEOID:
			return DatumGetInt32(value);
		default:
			return DatumGetInt64(value);
	}
}

static float8
float_of(const RmlArgument *argument, Datum value)
{
	return argument->type == FLOAT4OID ? DatumGetFloat4(value) : DatumGetFloat8(value);
}

/* Functions that want a long header would allocate a copy for each comparison. */
static Datum
unpacked(const RmlArgument *argument, Datum value)
{
	Pointer		bytes = DatumGetPointer(value);
	Size		size;

	if (argument->room == NULL || !VARATT_IS_SHORT(bytes))
		return value;
	size = VARSIZE_SHORT(bytes) - VARHDRSZ_SHORT;
	SET_VARSIZE(argument->room, size + VARHDRSZ);
	memcpy(VARDATA(argument->room), VARDATA_SHORT(bytes), size);
	return PointerGetDatum(argument->room);
}

#define COMPARE(a, b) ((a) < (b) ? -1 : (a) > (b))

static int
compare_others(RmlArgument *argument, Datum a, Datum b)
{
	return DatumGetInt32(FunctionCall2Coll(&argument->compare, argument->collation, a, b));
}

static RmlBytes
bytes_of(Datum value)
{
	text	   *packed = (text *) DatumGetPointer(value);
	RmlBytes	bytes;

	if (VARATT_IS_COMPRESSED(packed) || VARATT_IS_EXTERNAL(packed))
		packed = DatumGetTextPP(value);
	bytes.length = VARSIZE_ANY_EXHDR(packed);
	bytes.bytes = VARDATA_ANY(packed);
	return bytes;
}

/* Texts are sorted by their length first, as only equality is asked for. */
static inline int
compare_bytes(RmlBytes a, RmlBytes b)
{
	return a.length != b.length ? COMPARE(a.length, b.length) : memcmp(a.bytes, b.bytes, a.length);
}

/* ---- nulls ---- */

/* A row is null if all of its fields are. */
static bool
is_null_row(Datum value)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(value);
	TupleDesc	fields = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	HeapTupleData row = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	bool		is_null = true;

	for (int i = 0; i < fields->natts && is_null; i++)
		is_null = TupleDescAttr(fields, i)->attisdropped || heap_attisnull(&row, i + 1, fields);
	ReleaseTupleDesc(fields);
	return is_null;
}

static int
count_nulls(const RmlCheck *check, const NullableDatum *values)
{
	int			n = 0;

	for (int i = 0; i < check->n_of; i++)
	{
		const NullableDatum *value = &values[check->of[i]];

		n += value->isnull || (check->arguments[check->of[i]].is_row && is_null_row(value->value));
	}
	return n;
}

bool
rml_is_any_null(const RmlCheck *check, const NullableDatum *values)
{
	return count_nulls(check, values) > 0;
}

bool
rml_is_all_null(const RmlCheck *check, const NullableDatum *values)
{
	return count_nulls(check, values) == check->n_of;
}

/* ---- ranges ---- */

bool
rml_is_outside_integers(const RmlCheck *check, const NullableDatum *values)
{
	const NullableDatum *value = &values[check->first];
	int64		number;

	if (value->isnull)
		return false;
	number = rml_integer_of(check->type, value->value);
	return number < check->lowest || number > check->highest;
}

static bool
is_below(const RmlCheck *check, float8 number)
{
	float8		low = DatumGetFloat8(check->low);

	return check->low_sign == 0 ? float8_le(number, low) : float8_lt(number, low);
}

static bool
is_above(const RmlCheck *check, float8 number)
{
	float8		high = DatumGetFloat8(check->high);

	return check->high_sign == 0 ? float8_ge(number, high) : float8_gt(number, high);
}

bool
rml_is_outside_floats(const RmlCheck *check, const NullableDatum *values)
{
	const NullableDatum *value = &values[check->first];
	float8		number;

	if (value->isnull)
		return false;
	number = float_of(check->a, value->value);
	return (check->has_low && is_below(check, number)) || (check->has_high && is_above(check, number));
}

static int
sign(int comparison)
{
	return COMPARE(comparison, 0);
}

bool
rml_is_outside_others(const RmlCheck *check, const NullableDatum *values)
{
	const NullableDatum *value = &values[check->first];
	Datum		datum;

	if (value->isnull)
		return false;
	datum = unpacked(check->a, value->value);
	return (check->has_low && sign(compare_others(check->a, datum, check->low)) <= check->low_sign) ||
		(check->has_high && sign(compare_others(check->a, datum, check->high)) >= check->high_sign);
}

/* ---- lengths ---- */

static bool
is_ascii(const char *bytes, Size length)
{
	uint64		all = 0;
	Size		i = 0;

	for (; i + sizeof(uint64) <= length; i += sizeof(uint64))
	{
		uint64		word;

		memcpy(&word, bytes + i, sizeof(word));
		all |= word;
	}
	for (; i < length; i++)
		all |= (unsigned char) bytes[i];
	return (all & UINT64CONST(0x8080808080808080)) == 0;
}

/* As length() counts them. */
static int64
characters(Datum value)
{
	RmlBytes	text = bytes_of(value);

	if (is_ascii(text.bytes, text.length))
		return (int64) text.length;
	return pg_mbstrlen_with_len(text.bytes, (int) text.length);
}

bool
rml_is_length_outside(const RmlCheck *check, const NullableDatum *values)
{
	const NullableDatum *value = &values[check->first];
	int64		length;

	if (value->isnull)
		return false;
	length = characters(value->value);
	return length < check->lowest || length > check->highest;
}

/* ---- sets ---- */

/* Of the compared type. */
static int
compare_members(const RmlCheck *check, Datum a, Datum b)
{
	if (check->a->order == RML_ORDER_FLOATS)
		return float8_cmp_internal(DatumGetFloat8(a), DatumGetFloat8(b));
	return compare_others(check->a, a, b);
}

/* Searches members from 0 on; `compared` is the value's comparison with members[middle]. */
#define SEARCH(check, middle, compared) \
	for (int low = 0, high = (check)->n_members; low < high;) \
	{ \
		int			middle = (low + high) / 2; \
		int			result = (compared); \
\
		if (result == 0) \
			return (check)->wanted; \
		if (result < 0) \
			high = middle; \
		else \
			low = middle + 1; \
	} \
	return !(check)->wanted

static bool
is_integer_unexpected(const RmlCheck *check, const NullableDatum *values)
{
	const NullableDatum *value = &values[check->first];
	int64		number;

	if (value->isnull)
		return false;
	number = rml_integer_of(check->type, value->value);
	SEARCH(check, middle, COMPARE(number, check->integers[middle]));
}

static bool
is_text_unexpected(const RmlCheck *check, const NullableDatum *values)
{
	const NullableDatum *value = &values[check->first];
	RmlBytes	bytes;

	if (value->isnull)
		return false;
	bytes = bytes_of(value->value);
	SEARCH(check, middle, compare_bytes(bytes, check->texts[middle]));
}

static bool
is_other_unexpected(const RmlCheck *check, const NullableDatum *values)
{
	const NullableDatum *value = &values[check->first];
	Datum		datum;

	if (value->isnull)
		return false;
	datum = check->a->order == RML_ORDER_FLOATS ? Float8GetDatum(float_of(check->a, value->value)) : unpacked(check->a, value->value);
	SEARCH(check, middle, compare_members(check, datum, check->members[middle]));
}

static int
compare_sorted(const void *a, const void *b, void *check)
{
	return compare_members(check, *(const Datum *) a, *(const Datum *) b);
}

static int
compare_sorted_integers(const void *a, const void *b)
{
	return COMPARE(*(const int64 *) a, *(const int64 *) b);
}

static int
compare_sorted_texts(const void *a, const void *b)
{
	return compare_bytes(*(const RmlBytes *) a, *(const RmlBytes *) b);
}

/* Are equal texts those with equal bytes? */
static bool
is_bytewise(const RmlArgument *argument)
{
	return (argument->type == TEXTOID || argument->type == VARCHAROID) && OidIsValid(argument->collation) &&
		get_collation_isdeterministic(argument->collation);
}

void
rml_settle_members(RmlCheck *check)
{
	Size		n = (Size) check->n_members;

	if (check->a->order == RML_ORDER_INTEGERS)
	{
		check->integers = palloc(sizeof(int64) * Max(n, 1));
		for (Size i = 0; i < n; i++)
			check->integers[i] = rml_integer_of(check->a->type, check->members[i]);
		qsort(check->integers, n, sizeof(int64), compare_sorted_integers);
		check->is_unexpected = is_integer_unexpected;
	}
	else if (is_bytewise(check->a))
	{
		check->texts = palloc(sizeof(RmlBytes) * Max(n, 1));
		for (Size i = 0; i < n; i++)
			check->texts[i] = bytes_of(check->members[i]);
		qsort(check->texts, n, sizeof(RmlBytes), compare_sorted_texts);
		check->is_unexpected = is_text_unexpected;
	}
	else
	{
		qsort_arg(check->members, n, sizeof(Datum), compare_sorted, check);
		check->is_unexpected = is_other_unexpected;
	}
}

/* ---- pairs ---- */

static int
compare_pair(const RmlCheck *check, Datum a, Datum b)
{
	switch (check->a->order)
	{
		case RML_ORDER_INTEGERS:
			{
				int64		left = rml_integer_of(check->a->type, a);
				int64		right = rml_integer_of(check->b->type, b);

				return COMPARE(left, right);
			}
		case RML_ORDER_FLOATS:
			return float8_cmp_internal(float_of(check->a, a), float_of(check->b, b));
		default:
			return sign(compare_others(check->a, unpacked(check->a, a), unpacked(check->b, b)));
	}
}

bool
rml_is_pair_unexpected(const RmlCheck *check, const NullableDatum *values)
{
	const NullableDatum *a = &values[check->first];
	const NullableDatum *b = &values[check->second];
	int			result;

	if (a->isnull || b->isnull)
		return check->equal && !check->ignores_any && !(check->ignores_all && a->isnull && b->isnull);
	result = compare_pair(check, a->value, b->value);
	return check->equal ? result != 0 : result <= check->greatest;
}

/* ---- conditions ---- */

bool
rml_is_true(const RmlCheck *check, const NullableDatum *values)
{
	const NullableDatum *value = &values[check->first];

	return !value->isnull && DatumGetBool(value->value);
}
