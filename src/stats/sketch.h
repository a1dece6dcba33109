/*
 * sketch.h
 *	  Type riskml.sketch: what riskml.quantile_histogram() and riskml.category_histogram() know of the rows so far.
 *
 * A flat varlena, aligned to 8 bytes: the header, a hash table of n_slots (a power of two; a slot with count 0 is
 * free), and, of categories, their bytes.  Like values have one text, but not one sequence of bytes.
 *
 * Numbers are kept as keys: 64 bits in the order of the floats, less the lowest "shift" of them.  shift is the
 * smallest at which all keys fit into RML_SKETCH_CAPACITY.  As the rows seen so far, or by a part of the plan,
 * never need a larger one than all rows do, the last shift is the same for every order and every plan, and so are
 * all counts.  With 50 bits less there are but 2^14 keys, which always fit.  Meanwhile half as many again are kept:
 * they tell at once most of the bits that must go.
 *
 * Behind a table that exceeds a processor's nearest cache there is room for keys of rows that wait to be counted:
 * one that is looked up by itself waits for memory, of many in a row the waits overlap.
 *
 * Categories are kept in the order of their hash: the longest such beginning that fits into the capacity, by number
 * and by bytes.  A category once left out never comes back ("limit"), and one that belongs to the beginning of all
 * never is left out, as of fewer rows it belongs to the beginning all the more.  So here too the last state does
 * not depend on the order, and counts are exact.  To spare work, up to half as many again are kept meanwhile.
 */
#ifndef RML_STATS_SKETCH_H
#define RML_STATS_SKETCH_H

#include "stats/distribution.h"

#define RML_SKETCH_VERSION 1
#define RML_SKETCH_CAPACITY 16384
#define RML_SKETCH_MAX_SHIFT 50
#define RML_SKETCH_MAX_BINS 10000
#define RML_SKETCH_MAX_CATEGORIES 100000

/* Longer texts count as other ones. */
#define RML_SKETCH_MAX_LENGTH 1000

typedef struct RmlSketch
{
	int32		vl_len_;
	uint8		version;
	uint8		kind;			/* RmlDistributionKind */
	uint8		shift;
	uint8		unused;
	int32		wanted;			/* bins or categories */
	int32		n;				/* keys or categories */
	int32		n_slots;
	uint32		n_bytes;		/* used, of categories */
	uint32		room;			/* for bytes */
	uint32		n_waiting;		/* keys, of numbers */
	int64		nulls;
	int64		nans;
	int64		underflow;		/* -Infinity */
	int64		overflow;		/* Infinity; of categories, other ones */
	float8		min,			/* of the finite numbers */
				max;
	uint64		limit;			/* of categories: hashes from here on are left out */
} RmlSketch;

typedef struct RmlKeySlot
{
	uint64		key;
	int64		count;
} RmlKeySlot;

typedef struct RmlCategorySlot
{
	uint64		hash;
	int64		count;
	uint32		offset;
	uint32		length;
} RmlCategorySlot;

#define DatumGetSketch(datum) ((RmlSketch *) PG_DETOAST_DATUM(datum))
#define PG_GETARG_SKETCH(n) DatumGetSketch(PG_GETARG_DATUM(n))

static inline RmlKeySlot *
rml_key_slots(const RmlSketch *s)
{
	return (RmlKeySlot *) (s + 1);
}

static inline RmlCategorySlot *
rml_category_slots(const RmlSketch *s)
{
	return (RmlCategorySlot *) (s + 1);
}

static inline char *
rml_category_bytes(const RmlSketch *s)
{
	return (char *) (rml_category_slots(s) + s->n_slots);
}

/* A state to change: argument 0, or a copy of it if it is not the aggregate's; NULL if there is none. */
extern RmlSketch *rml_sketch_state(FunctionCallInfo fcinfo);

/* The two states of a combine function, fit to be merged; false if *s is already the result, or NULL. */
extern bool rml_sketch_states(FunctionCallInfo fcinfo, RmlDistributionKind kind, RmlSketch **s, RmlSketch **other);

/* Raises an error unless both are of one kind and want the same. */
extern void rml_sketch_require_alike(const RmlSketch *s, RmlDistributionKind kind, int wanted);

/* Adds what was counted apart. */
extern void rml_sketch_add_rest(RmlSketch *into, const RmlSketch *other);

/* All rows; raises an error if they are too many. */
extern int64 rml_sketch_rows(const RmlSketch *s, int64 more);

/* ---- numbers ---- */

extern RmlSketch *rml_key_sketch_new(int bins);

/* Adds values of a key at the sketch's shift; may move the sketch. */
extern RmlSketch *rml_key_sketch_add(RmlSketch *s, uint64 key, int64 count);

/* Adds a number of any kind; may move the sketch. */
extern RmlSketch *rml_key_sketch_put(RmlSketch *s, float8 x);

/* What riskml.quantile_histogram() gives. */
extern RmlDistribution *rml_key_sketch_distribution(RmlSketch *s);

/* The sketch without what waits, and what it keeps meanwhile; it, or a new one. */
extern RmlSketch *rml_key_sketch_trim(RmlSketch *s);

/* All slots that are not free, by key. */
extern RmlKeySlot *rml_key_sketch_sorted(const RmlSketch *s);

/* 64 bits in the order of the numbers; finite ones, not -0. */
static inline uint64
rml_key_of(float8 x)
{
	uint64		bits;

	memcpy(&bits, &x, sizeof bits);
	return (bits >> 63) != 0 ? ~bits : bits | UINT64CONST(1) << 63;
}

/* The least number whose key, without the lowest bits, is this. */
static inline float8
rml_key_start(uint64 key, int shift)
{
	uint64		bits = key << shift;
	float8		x;

	bits = (bits >> 63) != 0 ? bits & ~(UINT64CONST(1) << 63) : ~bits;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* ---- categories ---- */

extern RmlSketch *rml_category_sketch_new(int max_categories);
extern RmlSketch *rml_category_sketch_add(RmlSketch *s, uint64 hash, const char *text, uint32 length, int64 count);
extern uint64 rml_category_hash(const char *text, uint32 length);

/* What riskml.category_histogram() gives. */
extern RmlDistribution *rml_category_sketch_distribution(RmlSketch *s);

/* The capacity: categories, and their bytes. */
extern int	rml_category_capacity(int max_categories);
extern uint32 rml_category_room(int max_categories);

/* The sketch without what it keeps meanwhile; it, or a new one. */
extern RmlSketch *rml_category_sketch_trim(RmlSketch *s);

/* Its categories, sorted bytewise. */
extern RmlCategory *rml_category_sketch_sorted(const RmlSketch *s);

#endif
