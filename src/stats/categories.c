/*
 * categories.c
 *	  riskml.category_histogram(): the most frequent texts and their counts.
 *
 * See sketch.h for the state.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "stats/sketch.h"

RML_SQL_FUNCTION(riskml_category_histogram_step);
RML_SQL_FUNCTION(riskml_category_histogram_combine);
RML_SQL_FUNCTION(riskml_category_histogram_final);

#define LEAST_CAPACITY 10000
#define CAPACITY_FACTOR 16
#define BYTES_EACH 100
#define FIRST_SLOTS 16
#define FIRST_ROOM 256

int
rml_category_capacity(int max_categories)
{
	return Max(LEAST_CAPACITY, Min(max_categories, RML_SKETCH_MAX_CATEGORIES / CAPACITY_FACTOR) * CAPACITY_FACTOR);
}

uint32
rml_category_room(int max_categories)
{
	return (uint32) rml_category_capacity(max_categories) * BYTES_EACH;
}

uint64
rml_category_hash(const char *text, uint32 length)
{
	/* the greatest is the limit of a sketch that left out nothing */
	return Min(hash_bytes_extended((const unsigned char *) text, (int) length, 0), PG_UINT64_MAX - 1);
}

/* ---- a hash table of texts ---- */

static RmlSketch *
new_table(int max_categories, int n_slots, uint32 room)
{
	Size		size = sizeof(RmlSketch) + sizeof(RmlCategorySlot) * (Size) n_slots + room;
	RmlSketch  *s = palloc0(size);

	SET_VARSIZE(s, size);
	s->version = RML_SKETCH_VERSION;
	s->kind = RML_CATEGORICAL;
	s->wanted = max_categories;
	s->n_slots = n_slots;
	s->room = room;
	s->limit = PG_UINT64_MAX;
	return s;
}

RmlSketch *
rml_category_sketch_new(int max_categories)
{
	if (max_categories < 1 || max_categories > RML_SKETCH_MAX_CATEGORIES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_categories must be between 1 and %d, not %d", RML_SKETCH_MAX_CATEGORIES, max_categories)));
	return new_table(max_categories, FIRST_SLOTS, FIRST_ROOM);
}

/* The text's slot, or the free one where it belongs. */
static inline RmlCategorySlot *
find_slot(const RmlSketch *s, uint64 hash, const char *text, uint32 length)
{
	RmlCategorySlot *slots = rml_category_slots(s);
	uint32		mask = (uint32) s->n_slots - 1;
	uint32		i = (uint32) hash & mask;

	while (slots[i].count != 0 && !(slots[i].hash == hash && slots[i].length == length &&
									memcmp(rml_category_bytes(s) + slots[i].offset, text, length) == 0))
		i = (i + 1) & mask;
	return &slots[i];
}

/* Takes a free slot; there is room. */
static void
put(RmlSketch *s, RmlCategorySlot *slot, uint64 hash, const char *text, uint32 length, int64 count)
{
	*slot = (RmlCategorySlot) {hash, count, s->n_bytes, length};
	memcpy(rml_category_bytes(s) + s->n_bytes, text, length);
	s->n_bytes += length;
	s->n++;
}

/* A table of another size with all whose hash is below the limit; what is left out becomes "other". */
static RmlSketch *
rebuild(const RmlSketch *s, int n_slots, uint32 room, uint64 limit)
{
	RmlSketch  *result = new_table(s->wanted, n_slots, room);

	result->nulls = s->nulls;
	result->overflow = s->overflow;
	result->limit = limit;
	for (int i = 0; i < s->n_slots; i++)
	{
		const RmlCategorySlot *slot = &rml_category_slots(s)[i];
		const char *text = rml_category_bytes(s) + slot->offset;

		if (slot->count == 0)
			continue;
		if (slot->hash >= limit)
			result->overflow += slot->count;
		else
			put(result, find_slot(result, slot->hash, text, slot->length), slot->hash, text, slot->length, slot->count);
	}
	return result;
}

static int
compare_hashes(const void *a, const void *b)
{
	uint64		left = ((const RmlCategorySlot *) a)->hash;
	uint64		right = ((const RmlCategorySlot *) b)->hash;

	return left < right ? -1 : left > right;
}

/* The least hash that does not fit into the capacity; texts of one hash stay together. */
static uint64
find_limit(const RmlSketch *s)
{
	RmlCategorySlot *slots = palloc(sizeof(RmlCategorySlot) * ((Size) s->n + 1));
	int			capacity = rml_category_capacity(s->wanted);
	uint32		bytes = 0;
	uint64		limit = s->limit;
	int			n = 0;

	for (int i = 0; i < s->n_slots; i++)
		if (rml_category_slots(s)[i].count != 0)
			slots[n++] = rml_category_slots(s)[i];
	qsort(slots, (size_t) n, sizeof(RmlCategorySlot), compare_hashes);
	for (int i = 0; i < n; i++)
	{
		bytes += slots[i].length;
		if (i >= capacity || bytes > rml_category_room(s->wanted))
		{
			limit = slots[i].hash;
			break;
		}
	}
	pfree(slots);
	return limit;
}

RmlSketch *
rml_category_sketch_trim(RmlSketch *s)
{
	if (s->n <= rml_category_capacity(s->wanted) && s->n_bytes <= rml_category_room(s->wanted))
		return s;
	return rebuild(s, s->n_slots, s->room, find_limit(s));
}

/* A larger table, or one without what does not fit into the capacity, if there must be room for one more. */
static RmlSketch *
make_room(RmlSketch *s, uint32 length)
{
	Size		most = (Size) rml_category_capacity(s->wanted);
	Size		most_bytes = rml_category_room(s->wanted);
	int			n_slots = s->n_slots;
	Size		room = s->room;

	most += most / 2;
	most_bytes += most_bytes / 2;
	if ((Size) s->n + 1 > most || (Size) s->n_bytes + length > most_bytes)
		return rml_category_sketch_trim(s);
	if ((s->n + 1) * 2 > n_slots)
		n_slots *= 2;
	if (s->n_bytes + length > room)
		room = Min(Max(room * 2, room + length), most_bytes);
	if (n_slots == s->n_slots && room == s->room)
		return s;
	return rebuild(s, n_slots, (uint32) room, s->limit);
}

RmlSketch *
rml_category_sketch_add(RmlSketch *s, uint64 hash, const char *text, uint32 length, int64 count)
{
	RmlCategorySlot *slot;

	if (length <= RML_SKETCH_MAX_LENGTH && hash < s->limit)
	{
		slot = find_slot(s, hash, text, length);
		if (slot->count != 0)
		{
			slot->count += count;
			return s;
		}
		s = make_room(s, length);
	}
	/* making room may have moved the limit */
	if (length <= RML_SKETCH_MAX_LENGTH && hash < s->limit)
		put(s, find_slot(s, hash, text, length), hash, text, length, count);
	else
		s->overflow += count;
	return s;
}

RmlCategory *
rml_category_sketch_sorted(const RmlSketch *s)
{
	RmlCategory *categories = palloc(sizeof(RmlCategory) * ((Size) s->n + 1));
	int			n = 0;

	for (int i = 0; i < s->n_slots; i++)
	{
		const RmlCategorySlot *slot = &rml_category_slots(s)[i];

		if (slot->count != 0)
			categories[n++] = (RmlCategory) {rml_category_bytes(s) + slot->offset, slot->length, slot->count};
	}
	qsort(categories, (size_t) n, sizeof(RmlCategory), rml_compare_categories);
	return categories;
}

/* ---- the aggregate ---- */

Datum
riskml_category_histogram_step(PG_FUNCTION_ARGS)
{
	RmlSketch  *s = rml_sketch_state(fcinfo);

	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("max_categories must not be null")));
	if (s == NULL)
		s = rml_category_sketch_new(PG_GETARG_INT32(2));
	else
		rml_sketch_require_alike(s, RML_CATEGORICAL, PG_GETARG_INT32(2));
	if (PG_ARGISNULL(1))
		s->nulls++;
	else
	{
		text	   *value = PG_GETARG_TEXT_PP(1);
		uint32		length = (uint32) VARSIZE_ANY_EXHDR(value);

		s = rml_category_sketch_add(s, rml_category_hash(VARDATA_ANY(value), length), VARDATA_ANY(value), length, 1);
	}
	PG_RETURN_POINTER(s);
}

Datum
riskml_category_histogram_combine(PG_FUNCTION_ARGS)
{
	RmlSketch  *s;
	RmlSketch  *other;

	if (!rml_sketch_states(fcinfo, RML_CATEGORICAL, &s, &other))
	{
		if (s == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(s);
	}
	if (other->limit < s->limit)
		s = rebuild(s, s->n_slots, s->room, other->limit);
	for (int i = 0; i < other->n_slots; i++)
	{
		const RmlCategorySlot *slot = &rml_category_slots(other)[i];

		if (slot->count != 0)
			s = rml_category_sketch_add(s, slot->hash, rml_category_bytes(other) + slot->offset, slot->length, slot->count);
	}
	rml_sketch_add_rest(s, other);
	PG_RETURN_POINTER(s);
}

/* The most frequent first; of equal counts the bytewise smaller. */
static int
compare_counts(const void *a, const void *b)
{
	int64		left = ((const RmlCategory *) a)->count;
	int64		right = ((const RmlCategory *) b)->count;

	if (left != right)
		return left > right ? -1 : 1;
	return rml_compare_categories(a, b);
}

RmlDistribution *
rml_category_sketch_distribution(RmlSketch *s)
{
	RmlCategory *categories;
	RmlDistribution *d;
	int			n;

	s = rml_category_sketch_trim(s);
	categories = rml_category_sketch_sorted(s);
	n = s->n;
	if (n > s->wanted)
	{
		n = s->wanted;
		qsort(categories, (size_t) s->n, sizeof(RmlCategory), compare_counts);
		qsort(categories, (size_t) n, sizeof(RmlCategory), rml_compare_categories);
	}
	d = rml_categorical_of(categories, n);
	d->overflow = s->overflow;
	for (int i = n; i < s->n; i++)
		d->overflow += categories[i].count;
	d->nulls = s->nulls;
	return d;
}

Datum
riskml_category_histogram_final(PG_FUNCTION_ARGS)
{
	RmlSketch  *s;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = PG_GETARG_SKETCH(0);
	rml_sketch_require_alike(s, RML_CATEGORICAL, s->wanted);
	PG_RETURN_POINTER(rml_category_sketch_distribution(s));
}
