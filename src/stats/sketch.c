/*
 * sketch.c
 *	  riskml.quantile_histogram(): bins of about equal counts, found in one scan.
 *
 * See sketch.h for the state.  Edges are chosen among the starts of keys, so that the counts between them are
 * exact.  A bin's count differs from an equal share by at most the count of the most frequent key.
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "port/pg_bitutils.h"

#include "stats/sketch.h"

RML_SQL_FUNCTION(riskml_quantile_histogram_step);
RML_SQL_FUNCTION(riskml_quantile_histogram_combine);
RML_SQL_FUNCTION(riskml_quantile_histogram_final);

/* ---- what both kinds have ---- */

RmlSketch *
rml_sketch_state(FunctionCallInfo fcinfo)
{
	RmlSketch  *s;

	if (PG_ARGISNULL(0))
		return NULL;
	s = PG_GETARG_SKETCH(0);
	if (AggCheckCallContext(fcinfo, NULL) != 0)
		return s;
	(void) rml_sketch_rows(s, 1);
	return memcpy(palloc(VARSIZE(s)), s, VARSIZE(s));
}

bool
rml_sketch_states(FunctionCallInfo fcinfo, RmlDistributionKind kind, RmlSketch **s, RmlSketch **other)
{
	*s = rml_sketch_state(fcinfo);
	if (PG_ARGISNULL(1))
		return false;
	*other = PG_GETARG_SKETCH(1);
	if (*s == NULL)
	{
		*s = memcpy(palloc(VARSIZE(*other)), *other, VARSIZE(*other));
		return false;
	}
	rml_sketch_require_alike(*s, kind, (*other)->wanted);
	rml_sketch_require_alike(*other, kind, (*s)->wanted);
	(void) rml_sketch_rows(*s, rml_sketch_rows(*other, 0));
	return true;
}

void
rml_sketch_require_alike(const RmlSketch *s, RmlDistributionKind kind, int wanted)
{
	if (s->kind != kind)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a sketch of numbers and one of categories cannot be merged")));
	if (s->wanted != wanted)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s differs between rows of one group: %d and %d",
						kind == RML_NUMERIC ? "bins" : "max_categories", s->wanted, wanted)));
}

void
rml_sketch_add_rest(RmlSketch *into, const RmlSketch *other)
{
	into->nulls += other->nulls;
	into->nans += other->nans;
	into->underflow += other->underflow;
	into->overflow += other->overflow;
	into->min = Min(into->min, other->min);
	into->max = Max(into->max, other->max);
}

int64
rml_sketch_rows(const RmlSketch *s, int64 more)
{
	int64		rows = more;
	bool		overflow = pg_add_s64_overflow(rows, s->n_waiting, &rows) || pg_add_s64_overflow(rows, s->nulls, &rows) || pg_add_s64_overflow(rows, s->nans, &rows) ||
		pg_add_s64_overflow(rows, s->underflow, &rows) || pg_add_s64_overflow(rows, s->overflow, &rows);

	for (int i = 0; i < s->n_slots && !overflow; i++)
		overflow = pg_add_s64_overflow(rows, s->kind == RML_NUMERIC ? rml_key_slots(s)[i].count : rml_category_slots(s)[i].count, &rows);
	if (overflow)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the counts of a sketch are too large")));
	return rows;
}

/* ---- a hash table of keys ---- */

#define FIRST_SLOTS 16

/* So many keys are kept meanwhile. */
#define MOST_KEYS (RML_SKETCH_CAPACITY / 2 * 3)

/* From so many slots on, so many keys wait; a key is asked for so many before it is counted. */
#define WAITING_SLOTS 2048
#define WAITING 512
#define AHEAD 16

/* Whole keys, of shift 0. */
static inline uint64 *
waiting_keys(const RmlSketch *s)
{
	return (uint64 *) (rml_key_slots(s) + s->n_slots);
}

static RmlSketch *
new_table(int bins, int n_slots)
{
	Size		size = sizeof(RmlSketch) + sizeof(RmlKeySlot) * (Size) n_slots + (n_slots >= WAITING_SLOTS ? sizeof(uint64) * WAITING : 0);
	RmlSketch  *s = palloc0(size);

	SET_VARSIZE(s, size);
	s->version = RML_SKETCH_VERSION;
	s->kind = RML_NUMERIC;
	s->wanted = bins;
	s->n_slots = n_slots;
	s->min = INFINITY;
	s->max = -INFINITY;
	return s;
}

RmlSketch *
rml_key_sketch_new(int bins)
{
	if (bins < 1 || bins > RML_SKETCH_MAX_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bins must be between 1 and %d, not %d", RML_SKETCH_MAX_BINS, bins)));
	return new_table(bins, FIRST_SLOTS);
}

/* Where the search for a key begins: by the product's highest bits, as round numbers differ in the highest of the key. */
static inline uint32
first_slot(int n_slots, uint64 key)
{
	return (uint32) ((key * UINT64CONST(0x9E3779B97F4A7C15)) >> (64 - pg_leftmost_one_pos32((uint32) n_slots)));
}

/* The key's slot, or the free one where it belongs. */
static inline RmlKeySlot *
find_slot(RmlKeySlot *slots, int n_slots, uint64 key)
{
	uint32		mask = (uint32) n_slots - 1;
	uint32		i = first_slot(n_slots, key);

	while (slots[i].count != 0 && slots[i].key != key)
		i = (i + 1) & mask;
	return &slots[i];
}

/* Puts slots into an empty table, each key without its lowest bits. */
static void
fill(RmlSketch *s, const RmlKeySlot *slots, int n, int shift)
{
	s->n = 0;
	for (int i = 0; i < n; i++)
	{
		RmlKeySlot *slot;

		if (slots[i].count == 0)
			continue;
		slot = find_slot(rml_key_slots(s), s->n_slots, slots[i].key >> shift);
		s->n += slot->count == 0;
		slot->key = slots[i].key >> shift;
		slot->count += slots[i].count;
	}
}

static RmlSketch *
double_table(RmlSketch *s)
{
	RmlSketch  *larger = new_table(s->wanted, s->n_slots * 2);
	Size		size = VARSIZE(larger);
	int			n_slots = larger->n_slots;

	memcpy(larger, s, sizeof(RmlSketch));
	SET_VARSIZE(larger, size);
	larger->n_slots = n_slots;
	fill(larger, rml_key_slots(s), s->n_slots, 0);
	if (s->n_waiting > 0)
		memcpy(waiting_keys(larger), waiting_keys(s), sizeof(uint64) * s->n_waiting);
	return larger;
}

#define ST_SORT sort_slots
#define ST_ELEMENT_TYPE RmlKeySlot
#define ST_COMPARE(a, b) ((a)->key < (b)->key ? -1 : (a)->key > (b)->key)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

RmlKeySlot *
rml_key_sketch_sorted(const RmlSketch *s)
{
	RmlKeySlot *slots = palloc(sizeof(RmlKeySlot) * ((Size) s->n + 1));
	int			n = 0;

	for (int i = 0; i < s->n_slots; i++)
		if (rml_key_slots(s)[i].count != 0)
			slots[n++] = rml_key_slots(s)[i];
	sort_slots(slots, (size_t) n);
	return slots;
}

/* How many of the lowest bits of sorted keys must go so that they fit. */
static int
bits_to_drop(const RmlKeySlot *slots, int n)
{
	int			merged[65] = {0};	/* keys that are that of the key before them, with so many bits less */
	int			bits = 0;

	for (int i = 1; i < n; i++)
		merged[pg_leftmost_one_pos64(slots[i].key ^ slots[i - 1].key) + 1]++;
	while (n > RML_SKETCH_CAPACITY)
		n -= merged[++bits];
	return bits;
}

/* Drops as few bits as make the keys fit, or so many as to have this shift. */
static void
coarsen(RmlSketch *s, int shift)
{
	RmlKeySlot *slots = rml_key_sketch_sorted(s);
	int			bits = Max(bits_to_drop(slots, s->n), shift - s->shift);

	memset(rml_key_slots(s), 0, sizeof(RmlKeySlot) * (Size) s->n_slots);
	fill(s, slots, s->n, bits);
	s->shift = (uint8) (s->shift + bits);
	pfree(slots);
}

/* A slot that was free has a key now. */
static RmlSketch *
make_room(RmlSketch *s)
{
	if (++s->n > MOST_KEYS)
		coarsen(s, 0);
	else if (s->n * 2 > s->n_slots && s->n_slots < RML_SKETCH_CAPACITY * 2)
		s = double_table(s);
	return s;
}

static inline RmlSketch *
add_key(RmlSketch *s, uint64 key, int64 count)
{
	RmlKeySlot *slot = find_slot(rml_key_slots(s), s->n_slots, key);
	bool		is_new = slot->count == 0;

	slot->key = key;
	slot->count += count;
	return is_new ? make_room(s) : s;
}

RmlSketch *
rml_key_sketch_add(RmlSketch *s, uint64 key, int64 count)
{
	return add_key(s, key, count);
}

/* Counts the keys that wait; may move the sketch. */
static RmlSketch *
count_waiting(RmlSketch *s)
{
	const uint64 *keys = waiting_keys(s);	/* which stay where they are */
	int			n = (int) s->n_waiting;

	s->n_waiting = 0;
	for (int i = 0; i < n; i++)
	{
		if (i + AHEAD < n)
			__builtin_prefetch(&rml_key_slots(s)[first_slot(s->n_slots, keys[i + AHEAD] >> s->shift)], 1);
		s = add_key(s, keys[i] >> s->shift, 1);
	}
	return s;
}

RmlSketch *
rml_key_sketch_trim(RmlSketch *s)
{
	if (s->n_waiting == 0 && s->n <= RML_SKETCH_CAPACITY)
		return s;
	s = count_waiting(memcpy(palloc(VARSIZE(s)), s, VARSIZE(s)));
	if (s->n > RML_SKETCH_CAPACITY)
		coarsen(s, 0);
	return s;
}

/* Adds one value, now or later. */
static inline RmlSketch *
add_value(RmlSketch *s, float8 x)
{
	if (s->n_slots < WAITING_SLOTS)
		return add_key(s, rml_key_of(x) >> s->shift, 1);
	waiting_keys(s)[s->n_waiting++] = rml_key_of(x);
	return s->n_waiting == WAITING ? count_waiting(s) : s;
}

RmlSketch *
rml_key_sketch_put(RmlSketch *s, float8 x)
{
	x += 0.0;					/* not -0 */
	if (isnan(x))
		s->nans++;
	else if (isinf(x))
		*(x < 0 ? &s->underflow : &s->overflow) += 1;
	else
	{
		s->min = Min(s->min, x);
		s->max = Max(s->max, x);
		s = add_value(s, x);
	}
	return s;
}

/* ---- the aggregate ---- */

Datum
riskml_quantile_histogram_step(PG_FUNCTION_ARGS)
{
	RmlSketch  *s = rml_sketch_state(fcinfo);

	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("bins must not be null")));
	if (s == NULL)
		s = rml_key_sketch_new(PG_GETARG_INT32(2));
	else
		rml_sketch_require_alike(s, RML_NUMERIC, PG_GETARG_INT32(2));
	if (PG_ARGISNULL(1))
		s->nulls++;
	else
		s = rml_key_sketch_put(s, PG_GETARG_FLOAT8(1));
	PG_RETURN_POINTER(s);
}

Datum
riskml_quantile_histogram_combine(PG_FUNCTION_ARGS)
{
	RmlSketch  *s;
	RmlSketch  *other;

	if (!rml_sketch_states(fcinfo, RML_NUMERIC, &s, &other))
	{
		if (s == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(s);
	}
	if (s->shift < other->shift)
		coarsen(s, other->shift);
	/* keys come in the order of their slots: all into one place of a smaller table */
	while (s->n_slots < other->n_slots)
		s = double_table(s);
	for (int i = 0; i < other->n_slots; i++)
	{
		const RmlKeySlot *slot = &rml_key_slots(other)[i];

		if (slot->count != 0)
			s = rml_key_sketch_add(s, slot->key >> (s->shift - other->shift), slot->count);
	}
	for (uint32 i = 0; i < other->n_waiting; i++)
		s = rml_key_sketch_add(s, waiting_keys(other)[i] >> s->shift, 1);
	rml_sketch_add_rest(s, other);
	PG_RETURN_POINTER(s);
}

/*
 * Numbers of keys to the left of the inner edges, at most bins - 1 and increasing: for each multiple of total / bins
 * the number with the nearest count.
 */
static int
choose_cuts(const RmlKeySlot *slots, int n, int bins, int *cuts)
{
	int64		total = 0,
				before = 0;		/* the count of slots[0 .. left - 1] */
	int			left = 0,
				n_cuts = 0;

	for (int i = 0; i < n; i++)
		total += slots[i].count;
	for (int bin = 1; bin < bins; bin++)
	{
		double		target = (double) total * bin / bins;
		int			cut;

		while (left < n && (double) (before + slots[left].count) <= target)
			before += slots[left++].count;
		cut = left < n && (double) (before + slots[left].count) - target < target - (double) before ? left + 1 : left;
		if (cut > 0 && cut < n && (n_cuts == 0 || cut > cuts[n_cuts - 1]))
			cuts[n_cuts++] = cut;
	}
	return n_cuts;
}

/* The last edge: the maximum, or just above it if it is an edge already. */
static int
finish_edges(float8 *edges, int n_cuts, float8 below, float8 max)
{
	float8		last = edges[n_cuts];

	edges[n_cuts + 1] = max;
	if (last < max)
		return n_cuts;
	edges[n_cuts + 1] = nextafter(max, INFINITY) + 0.0;	/* not -0 */
	if (isfinite(edges[n_cuts + 1]))
		return n_cuts;
	/* the greatest number of all: its bin begins just below it, if that is no value of the bin before */
	edges[n_cuts + 1] = max;
	edges[n_cuts] = nextafter(max, 0);
	return n_cuts == 0 || below < edges[n_cuts] ? n_cuts : n_cuts - 1;
}

static RmlDistribution *
bins_of(const RmlSketch *s)
{
	RmlKeySlot *slots = rml_key_sketch_sorted(s);
	int		   *cuts = palloc(sizeof(int) * (Size) s->wanted);
	float8	   *edges = palloc(sizeof(float8) * ((Size) s->wanted + 1));
	int			n_cuts = choose_cuts(slots, s->n, s->wanted, cuts);
	int			bin = 0;
	RmlDistribution *d;

	edges[0] = s->min;
	for (int i = 0; i < n_cuts; i++)
		edges[i + 1] = rml_key_start(slots[cuts[i]].key, s->shift);
	if (finish_edges(edges, n_cuts, s->n > 1 ? rml_key_start(slots[s->n - 2].key, s->shift) : 0, s->max) < n_cuts)
	{
		n_cuts--;
		edges[n_cuts + 1] = s->max;
	}
	d = rml_numeric_new(n_cuts + 1);
	memcpy(rml_edges(d), edges, sizeof(float8) * ((Size) n_cuts + 2));
	for (int i = 0; i < s->n; i++)
	{
		while (bin < n_cuts && i >= cuts[bin])
			bin++;
		d->counts[bin] += slots[i].count;
	}
	return d;
}

RmlDistribution *
rml_key_sketch_distribution(RmlSketch *s)
{
	RmlDistribution *d;

	s = rml_key_sketch_trim(s);
	if (s->n > 0)
	{
		d = bins_of(s);
		d->min = s->min;
		d->max = s->max;
	}
	else
	{
		/* no number that would tell where bins are */
		d = rml_numeric_new(1);
		rml_edges(d)[1] = 1;
	}
	if (s->underflow > 0)
	{
		d->min = -INFINITY;
		d->max = Max(d->max, -INFINITY);
	}
	if (s->overflow > 0)
	{
		d->max = INFINITY;
		d->min = Min(d->min, INFINITY);
	}
	d->underflow = s->underflow;
	d->overflow = s->overflow;
	d->nulls = s->nulls;
	d->nans = s->nans;
	return d;
}

Datum
riskml_quantile_histogram_final(PG_FUNCTION_ARGS)
{
	RmlSketch  *s;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = PG_GETARG_SKETCH(0);
	rml_sketch_require_alike(s, RML_NUMERIC, s->wanted);
	PG_RETURN_POINTER(rml_key_sketch_distribution(s));
}
