/*
 * xgb_labels.c
 *	  The labels of categories: what files of 3.1 and later say, or the import.
 *
 * An integer label stands for its decimal text.  UBJSON stores the wider
 * unsigned types as signed ones of the same width (CatContainer, 3.4.1), so a
 * value is reduced to the width of its type.
 */
#include <string.h>

#include "base/utf8.h"
#include "import/xgb.h"

#define POLL_EVERY 8192
#define N_KEYS 257				/* see key_at() */
#define FEW_LABELS 64			/* so many are sorted by insertion */

/* Room for any integer of 64 bits in decimal. */
#define MAX_INTEGER_TEXT 20

/* XGBoost's numbers for the types of integer labels. */
typedef struct IntegerType
{
	int			number;
	int			bits;
	bool		is_signed;
} IntegerType;

static const IntegerType integer_types[] = {
	{9, 8, true}, {10, 8, false}, {11, 16, true}, {12, 16, false},
	{13, 32, true}, {14, 32, false}, {15, 64, true}, {16, 64, false},
};

static const IntegerType *
find_type(int number)
{
	for (size_t i = 0; i < sizeof(integer_types) / sizeof(integer_types[0]); i++)
	{
		if (integer_types[i].number == number)
			return &integer_types[i];
	}
	return NULL;
}

/* Writes a number in decimal, without a terminator; returns its length. */
static uint32_t
decimal(uint64_t magnitude, bool negative, char *text)
{
	char		digits[20];
	int			n = 0;
	uint32_t	length = 0;

	do
		digits[n++] = (char) ('0' + magnitude % 10);
	while ((magnitude /= 10) > 0);
	if (negative)
		text[length++] = '-';
	while (n > 0)
		text[length++] = digits[--n];
	return length;
}

/* Writes a label in decimal; returns its length, or 0 if the type does not hold the value. */
static uint32_t
integer_text(const IntegerType *type, int64_t value, char *text)
{
	int64_t		limit = type->bits == 64 ? 0 : INT64_C(1) << type->bits;
	bool		negative = type->is_signed && value < 0;

	if (type->bits < 64 && type->is_signed && (value < -(limit / 2) || value >= limit / 2))
		return 0;
	if (type->bits < 64 && !type->is_signed)
	{
		/* uint8 has an array of its own in UBJSON */
		if (value < (type->bits == 8 ? 0 : -(limit / 2)) || value >= limit)
			return 0;
		value &= limit - 1;
	}
	return decimal(negative ? -(uint64_t) value : (uint64_t) value, negative, text);
}

/* ---- checks of one feature ---- */

static bool
check_offsets(const RmlXgbLabels *labels, RmlError *err)
{
	int32_t		feature = labels->feature;
	const RmlIntArray *offsets = &labels->offsets;
	int32_t		last = 0;

	for (int32_t i = 0; i < offsets->count; i++)
	{
		if (i == 0 ? offsets->values[0] != 0 : offsets->values[i] < last)
			return rml_fail(err, RML_INVALID, "cats.enc[%d].offsets[%d] is %d, expected %s%d",
							feature, i, offsets->values[i], i == 0 ? "" : "at least ", last);
		last = offsets->values[i];
	}
	if (last != labels->values.count)
		return rml_fail(err, RML_INVALID, "cats.enc[%d].offsets end at %d, but values has %d entries",
						feature, last, labels->values.count);
	return true;
}

static bool
check_bytes(const RmlXgbLabels *labels, RmlError *err)
{
	for (int32_t i = 0; i < labels->values.count; i++)
	{
		int64_t		byte = rml_wide_value(&labels->values, i);

		if (byte < -128 || byte > 255)
			return rml_fail(err, RML_INVALID, "cats.enc[%d].values[%d] is %lld, not a byte",
							labels->feature, i, (long long) byte);
	}
	return true;
}

static bool
check_labels(const RmlXgbLabels *labels, RmlError *err)
{
	const IntegerType *type;

	if (labels->is_text)
		return check_offsets(labels, err) && check_bytes(labels, err);
	type = find_type(labels->type);
	if (type == NULL)
		return rml_fail(err, RML_INVALID, "cats.enc[%d].type is %d, expected 9 to 16",
						labels->feature, labels->type);
	/* before they take memory */
	if (type->bits < 32 && labels->values.count > 1 << type->bits)
		return rml_fail(err, RML_INVALID, "cats.enc[%d] has %d labels, more than its type %d has values",
						labels->feature, labels->values.count, labels->type);
	return true;
}

static const RmlXgbLabels *
find_labels(const RmlXgbModel *model, int32_t feature)
{
	const RmlXgbCats *cats = &model->cats;
	int32_t		low = 0;
	int32_t		high = cats->n_labels;

	while (low < high)
	{
		int32_t		middle = (low + high) / 2;

		if (cats->labels[middle].feature < feature)
			low = middle + 1;
		else
			high = middle;
	}
	return low < cats->n_labels && cats->labels[low].feature == feature ? &cats->labels[low] : NULL;
}

static int32_t
count_labels(const RmlXgbLabels *labels)
{
	if (labels->is_text)
		return labels->offsets.count > 0 ? labels->offsets.count - 1 : 0;
	return labels->values.count;
}

RmlLabelState
rml_xgb_label_state(const RmlXgbModel *model, int32_t feature)
{
	const RmlXgbLabels *labels = find_labels(model, feature);

	return labels == NULL ? RML_LABELS_NONE : labels->state;
}

/* ---- what they come to ---- */

static bool
is_ascii(const RmlWideArray *bytes)
{
	for (int32_t i = 0; i < bytes->count; i++)
	{
		int64_t		byte = rml_wide_value(bytes, i);

		if (byte < 0 || byte > 127)
			return false;
	}
	return true;
}

/* Are the bytes from one place to another valid UTF-8? */
static bool
is_utf8(const RmlWideArray *bytes, int32_t at, int32_t end)
{
	while (at < end)
	{
		uint8_t		character[4];
		size_t		n = 0;

		for (int32_t i = at; i < end && n < sizeof(character); i++)
			character[n++] = (uint8_t) rml_wide_value(bytes, i);
		n = rml_utf8_length(character, n);
		if (n == 0)
			return false;
		at += (int32_t) n;
	}
	return true;
}

/*
 * Up to 3.3, XGBoost's Python package counts the characters of a pandas label
 * where bytes are meant (fixed in 3.4.0 by #12371): behind the first label that
 * is not ASCII every label is shifted, and the last bytes are missing.  Files
 * made from other data frames are right, but cannot be told from those.  Once
 * 3.4 has saved such a file again, it shows only where a character was cut.
 */
static RmlLabelState
judge_labels(const RmlXgbLabels *labels, RmlWriter writer)
{
	if (count_labels(labels) == 0)
		return RML_LABELS_NONE;
	if (!labels->is_text || is_ascii(&labels->values))
		return RML_LABELS_USABLE;
	if (!rml_writer_at_least(writer, 3, 4, 0))
		return RML_LABELS_CUT;
	for (int32_t i = 1; i < labels->offsets.count; i++)
	{
		if (!is_utf8(&labels->values, labels->offsets.values[i - 1], labels->offsets.values[i]))
			return RML_LABELS_CUT;
	}
	return RML_LABELS_USABLE;
}

/* ---- listing ---- */

static bool
list_text_labels(const RmlXgbLabels *labels, int32_t feature, RmlHost *host,
				 RmlLabelList *list, RmlError *err)
{
	const RmlWideArray *values = &labels->values;
	char	   *bytes = rml_alloc(host, (size_t) values->count);

	list->storage = bytes;
	for (int32_t i = 0; i < values->count; i++)
		bytes[i] = (char) rml_wide_value(values, i);
	for (int32_t i = 0; i < list->count; i++)
	{
		int32_t		at = labels->offsets.values[i];
		int32_t		end = labels->offsets.values[i + 1];

		list->labels[i].text = bytes + at;
		list->labels[i].length = (uint32_t) (end - at);
		list->labels[i].code = (uint32_t) i;
		/* what is left to be wrong with usable ones */
		if (memchr(bytes + at, 0, (size_t) (end - at)) != NULL)
			return rml_fail(err, RML_INVALID, "cats.enc[%d]: label %d has a character NUL",
							feature, i);
	}
	return true;
}

/* Length of all labels. */
static uint64_t
integer_bytes(const IntegerType *type, const RmlWideArray *values)
{
	char		text[MAX_INTEGER_TEXT];
	uint64_t	bytes = 0;

	for (int32_t i = 0; i < values->count; i++)
		bytes += integer_text(type, rml_wide_value(values, i), text);
	return bytes;
}

static bool
list_integer_labels(const RmlXgbLabels *labels, int32_t feature, RmlHost *host,
					RmlLabelList *list, RmlError *err)
{
	const IntegerType *type = find_type(labels->type);
	char	   *text = rml_alloc(host, (size_t) integer_bytes(type, &labels->values));

	list->storage = text;
	for (int32_t i = 0; i < list->count; i++)
	{
		int64_t		value = rml_wide_value(&labels->values, i);
		uint32_t	length = integer_text(type, value, text);

		if (length == 0)
			return rml_fail(err, RML_INVALID, "cats.enc[%d].values[%d] is %lld, beyond its type %d",
							feature, i, (long long) value, labels->type);
		list->labels[i].text = text;
		list->labels[i].length = length;
		list->labels[i].code = (uint32_t) i;
		text += length;
	}
	return true;
}

static void
list_given_labels(const RmlCategoryMap *map, RmlLabelList *list)
{
	for (int32_t i = 0; i < list->count; i++)
	{
		list->labels[i].text = map->labels[i];
		list->labels[i].length = (uint32_t) strlen(map->labels[i]);
		list->labels[i].code = (uint32_t) i;
	}
}

/* Up to 8 bytes as a big-endian number, so that numbers compare as texts do. */
static uint64_t
text_prefix(const char *text, uint32_t length)
{
	uint64_t	prefix = 0;

	for (uint32_t i = 0; i < 8; i++)
		prefix = prefix << 8 | (i < length ? (uint8_t) text[i] : 0);
	return prefix;
}

static int
compare_labels(const RmlLabel *a, const RmlLabel *b)
{
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	return rml_compare_labels(a->text, a->length, b->text, b->length);
}

static void
insert_labels(RmlLabel *labels, int32_t n)
{
	for (int32_t i = 1; i < n; i++)
	{
		RmlLabel	label = labels[i];
		int32_t		at = i;

		for (; at > 0 && compare_labels(&labels[at - 1], &label) > 0; at--)
			labels[at] = labels[at - 1];
		labels[at] = label;
	}
}

/* What a label is sorted by at one place: 0 where it ends, else the byte there and 1. */
static inline int
key_at(const RmlLabel *label, uint32_t at)
{
	if (at >= label->length)
		return 0;
	return 1 + (at < 8 ? (int) (label->prefix >> (56 - 8 * at) & 255) : (uint8_t) label->text[at]);
}

/*
 * Puts labels in the order of their byte at one place; bounds[key] becomes
 * where those of a key begin.  Each is moved once, in place.
 */
static void
distribute_labels(RmlLabel *labels, int32_t n, uint32_t at, int32_t *bounds)
{
	int32_t		next[N_KEYS];

	memset(bounds, 0, (N_KEYS + 1) * sizeof(*bounds));
	for (int32_t i = 0; i < n; i++)
		bounds[key_at(&labels[i], at) + 1]++;
	for (int key = 0; key < N_KEYS; key++)
		bounds[key + 1] += bounds[key];
	memcpy(next, bounds, sizeof(next));
	for (int key = 0; key < N_KEYS; key++)
	{
		while (next[key] < bounds[key + 1])
		{
			RmlLabel	label = labels[next[key]];
			int			other = key_at(&label, at);

			if (other != key)
			{
				labels[next[key]] = labels[next[other]];
				labels[next[other]] = label;
			}
			next[other]++;
		}
	}
}

/*
 * Sorts labels that agree in their first bytes.  A radix sort (McIlroy, Bostic,
 * McIlroy, "Engineering Radix Sort", 1993): in place, and no slower than the
 * texts are long, whatever they are; it may be left at any poll, which qsort()
 * must not be.  The largest part is not recursed into, to bound the stack.
 */
static void
sort_labels(RmlLabel *labels, int32_t n, uint32_t at, RmlHost *host)
{
	int32_t		bounds[N_KEYS + 1];

	for (; n > FEW_LABELS; at++)
	{
		int			largest = 0;

		if (n >= POLL_EVERY)
			rml_poll(host);
		distribute_labels(labels, n, at, bounds);
		for (int key = 1; key < N_KEYS; key++)
		{
			if (bounds[key + 1] - bounds[key] > bounds[largest + 1] - bounds[largest])
				largest = key;
		}
		for (int key = 1; key < N_KEYS; key++)
		{
			if (key != largest)
				sort_labels(labels + bounds[key], bounds[key + 1] - bounds[key], at + 1, host);
		}
		if (largest == 0)
			return;				/* equal ones */
		labels += bounds[largest];
		n = bounds[largest + 1] - bounds[largest];
	}
	insert_labels(labels, n);
}

static bool
is_sorted(const RmlLabelList *list)
{
	for (int32_t i = 1; i < list->count; i++)
	{
		if (compare_labels(&list->labels[i - 1], &list->labels[i]) > 0)
			return false;
	}
	return true;
}

static bool
check_unique(const RmlLabelList *list, int32_t feature, const RmlCategoryMap *map, RmlError *err)
{
	for (int32_t i = 1; i < list->count; i++)
	{
		const RmlLabel *label = &list->labels[i];

		if (compare_labels(label - 1, label) != 0)
			continue;
		if (map != NULL)
			return rml_fail(err, RML_OPTION, "category \"%.*s\" of feature \"%s\" is given twice",
							rml_utf8_clip(label->text, label->length, 64), label->text, map->feature);
		return rml_fail(err, RML_INVALID, "cats.enc[%d]: label \"%.*s\" occurs twice", feature,
						rml_utf8_clip(label->text, label->length, 64), label->text);
	}
	return true;
}

bool
rml_xgb_list_labels(const RmlXgbModel *model, int32_t feature, const RmlCategoryMap *map,
					RmlHost *host, RmlLabelList *list, RmlError *err)
{
	const RmlXgbLabels *labels = map == NULL ? find_labels(model, feature) : NULL;

	memset(list, 0, sizeof(*list));
	list->count = map != NULL ? map->n_labels : count_labels(labels);
	if (list->count > RML_MAX_CATEGORY)
		return rml_fail(err, RML_LIMIT, "feature %d has %d categories, at most %d are possible",
						feature, list->count, RML_MAX_CATEGORY);
	list->labels = rml_alloc(host, (size_t) list->count * sizeof(RmlLabel));
	if (map != NULL)
		list_given_labels(map, list);
	else if (labels->is_text ? !list_text_labels(labels, feature, host, list, err)
			 : !list_integer_labels(labels, feature, host, list, err))
		return false;
	rml_poll(host);
	for (int32_t i = 0; i < list->count; i++)
		list->labels[i].prefix = text_prefix(list->labels[i].text, list->labels[i].length);
	/* pandas sorts text labels in the order of their code points, which is that of bytes */
	if (!is_sorted(list))
		sort_labels(list->labels, list->count, 0, host);
	return check_unique(list, feature, map, err);
}

void
rml_xgb_measure_labels(const RmlXgbModel *model, int32_t feature, const RmlCategoryMap *map,
					   int32_t *count, uint64_t *bytes)
{
	const RmlXgbLabels *labels = map == NULL ? find_labels(model, feature) : NULL;

	*count = map != NULL ? map->n_labels : count_labels(labels);
	*bytes = 0;
	if (map != NULL)
	{
		for (int32_t i = 0; i < map->n_labels; i++)
			*bytes += strlen(map->labels[i]);
		return;
	}
	if (labels->is_text)
	{
		*bytes = (uint64_t) labels->values.count;
		return;
	}
	*bytes = integer_bytes(find_type(labels->type), &labels->values);
}

void
rml_xgb_free_labels(RmlLabelList *list, RmlHost *host)
{
	host->release(host, list->labels);
	if (list->storage != NULL)
		host->release(host, list->storage);
}

/* ---- checks of the whole ---- */

/* feature_segments: sums of the numbers of labels; sorted_idx: an order of each feature's. */
static bool
check_segments(const RmlXgbCats *cats, RmlError *err)
{
	int64_t		total = 0;
	int32_t		next = 0;

	if (cats->segments.count != (cats->n_enc > 0 ? cats->n_enc + 1 : 0))
		return rml_fail(err, RML_INVALID,
						"cats.feature_segments has %d entries, expected one more than cats.enc with its %d",
						cats->segments.count, cats->n_enc);
	for (int32_t i = 0; i < cats->segments.count; i++)
	{
		if (cats->segments.values[i] != total)
			return rml_fail(err, RML_INVALID, "cats.feature_segments[%d] is %d, expected %lld",
							i, cats->segments.values[i], (long long) total);
		if (next < cats->n_labels && cats->labels[next].feature == i)
			total += count_labels(&cats->labels[next++]);
	}
	if (cats->sorted_idx.count != total)
		return rml_fail(err, RML_INVALID, "cats.sorted_idx has %d entries for %lld labels",
						cats->sorted_idx.count, (long long) total);
	return true;
}

static bool
check_sorted_idx(RmlXgbCats *cats, RmlHost *host, RmlError *err)
{
	size_t		n_labels = (size_t) cats->sorted_idx.count;
	uint8_t    *seen = rml_alloc(host, n_labels);

	memset(seen, 0, n_labels);
	for (int32_t f = 0; f < cats->n_enc; f++)
	{
		int32_t		begin = cats->segments.values[f];
		int32_t		n = cats->segments.values[f + 1] - begin;

		for (int32_t i = begin; i < begin + n; i++)
		{
			int32_t		label = cats->sorted_idx.values[i];

			if (label < 0 || label >= n || seen[begin + label])
				return rml_fail(err, RML_INVALID,
								"cats.sorted_idx[%d] is %d, expected each of the %d labels of feature %d once",
								i, label, n, f);
			seen[begin + label] = 1;
		}
	}
	host->release(host, seen);
	/* nothing else needs it, and the labels are about to take memory */
	if (cats->sorted_idx.values != NULL)
		host->release(host, cats->sorted_idx.values);
	memset(&cats->sorted_idx, 0, sizeof(cats->sorted_idx));
	return true;
}

bool
rml_xgb_validate_cats(RmlXgbModel *model, RmlHost *host, RmlError *err)
{
	RmlXgbCats *cats = &model->cats;

	if (cats->n_enc != 0 && cats->n_enc != model->num_feature)
		return rml_fail(err, RML_INVALID, "cats.enc has %d entries, num_feature is %d",
						cats->n_enc, model->num_feature);
	/* what takes memory comes last */
	for (int32_t i = 0; i < cats->n_labels; i++)
	{
		rml_poll(host);
		if (!check_labels(&cats->labels[i], err))
			return false;
		cats->labels[i].state = judge_labels(&cats->labels[i], model->writer);
	}
	return check_segments(cats, err) && check_sorted_idx(cats, host, err);
}
