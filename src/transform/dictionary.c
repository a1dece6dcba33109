/*
 * dictionary.c
 *	  Numbers for texts, and for numbers: codes from 0 in the order in which they came.
 */
#include "transform/dictionary_find.h"

#define FIRST_BUCKETS 16
#define FIRST_SHIFT (32 - 4)

/* ---- hashing ---- */

static inline uint64_t
mix(uint64_t a, uint64_t b)
{
	uint64_t	h = a * RML_MIX_FIRST + ((b * RML_MIX_SECOND) >> 29 | (b * RML_MIX_SECOND) << 35);

	h = (h ^ (h >> 32)) * UINT64_C(0x165667B19E3779F9);
	return h ^ (h >> 29);
}

RmlWords
rml_hash_long_text(const char *text, int length)
{
	RmlWords	words = {UINT64_C(0x165667B19E3779F9), (uint64_t) length};
	const char *last = text + length - RML_SHORT_TEXT;

	for (const char *p = text; p < last; p += RML_SHORT_TEXT)
	{
		words.first = mix(words.first ^ rml_load64(p), rml_load64(p + 8));
		words.second = mix(words.second ^ rml_load64(p + 8), words.first);
	}
	words.first = mix(words.first ^ rml_load64(last), rml_load64(last + 8));
	words.second = mix(words.second ^ rml_load64(last + 8), words.first);
	return words;
}

#if defined(__x86_64__)

static RML_MASKED_LOADS RmlWords
words_loaded(const char *text, int length)
{
	return length > RML_SHORT_TEXT ? rml_hash_long_text(text, length) : rml_words_loaded(text, length);
}

#endif

static RmlWords
words_of(const char *text, int length)
{
#if defined(__x86_64__)
	if (rml_has_masked_loads())
		return words_loaded(text, length);
#endif
	return length > RML_SHORT_TEXT ? rml_hash_long_text(text, length) : rml_words_of(text, length);
}

/* ---- texts ---- */

/* A chunk for texts that are added: many at a time. */
#define FIRST_CHUNK 1024
#define MAX_CHUNK (1024 * 1024)

static void
create_places(RmlDictionary *dictionary, uint32_t n)
{
	dictionary->places = rml_alloc(dictionary->host, sizeof(int) * (size_t) n);
	dictionary->mask = n - 1;
	for (uint32_t i = 0; i < n; i++)
		dictionary->places[i] = -1;
}

RmlDictionary *
rml_dictionary_create(RmlHost *host)
{
	RmlDictionary *dictionary = rml_alloc(host, sizeof(RmlDictionary));
	int			capacity = FIRST_BUCKETS / 4;

	*dictionary = (RmlDictionary) {.host = host, .shift = FIRST_SHIFT, .capacity = capacity, .next_chunk = FIRST_CHUNK};
	create_places(dictionary, FIRST_BUCKETS);
	dictionary->keys = rml_alloc(host, sizeof(RmlDictionaryKey) * (size_t) capacity);
	dictionary->texts = rml_alloc(host, sizeof(char *) * (size_t) capacity);
	return dictionary;
}

static void
put_place(RmlDictionary *dictionary, int code)
{
	const RmlDictionaryKey *key = &dictionary->keys[code];
	uint32_t	i = rml_hash_words(key->words, key->length) >> dictionary->shift;

	while (dictionary->places[i] >= 0)
		i = (i + 1) & dictionary->mask;
	dictionary->places[i] = code;
}

/* Room for one more text: a quarter of the places are taken at most, so that the first that is looked at is mostly the right one. */
static void
grow(RmlDictionary *dictionary)
{
	RmlHost    *host = dictionary->host;
	size_t		capacity = 2 * (size_t) dictionary->capacity;

	if (dictionary->n < dictionary->capacity)
		return;
	dictionary->keys = host->resize(host, dictionary->keys, sizeof(RmlDictionaryKey) * capacity);
	dictionary->texts = host->resize(host, dictionary->texts, sizeof(char *) * capacity);
	dictionary->capacity = (int) capacity;
	host->release(host, dictionary->places);
	create_places(dictionary, 2 * (dictionary->mask + 1));
	dictionary->shift--;
	for (int code = 0; code < dictionary->n; code++)
		put_place(dictionary, code);
}

static int
find_words(const RmlDictionary *dictionary, RmlWords words, const char *text, int length)
{
	for (uint32_t i = rml_hash_words(words, length) >> dictionary->shift;; i = (i + 1) & dictionary->mask)
	{
		int			code = dictionary->places[i];

		if (code < 0 ||
			(rml_dictionary_is_key(&dictionary->keys[code], words, length) &&
			 (length <= RML_SHORT_TEXT || memcmp(dictionary->texts[code], text, (size_t) length) == 0)))
			return code;
	}
}

int
rml_dictionary_find(const RmlDictionary *dictionary, const char *text, int length)
{
	return find_words(dictionary, words_of(text, length), text, length);
}

static char *
keep_text(RmlDictionary *dictionary, const char *text, int length)
{
	size_t		size = (size_t) length + 1;
	char	   *kept;

	if (size > dictionary->left)
	{
		size_t		chunk = size > dictionary->next_chunk ? size : dictionary->next_chunk;

		dictionary->chunk = rml_alloc(dictionary->host, chunk);
		dictionary->left = chunk;
		if (dictionary->next_chunk < MAX_CHUNK)
			dictionary->next_chunk *= 2;
	}
	kept = dictionary->chunk;
	memcpy(kept, text, (size_t) length);
	kept[length] = '\0';
	dictionary->chunk += size;
	dictionary->left -= size;
	return kept;
}

int
rml_dictionary_add(RmlDictionary *dictionary, const char *text, int length)
{
	RmlWords	words = words_of(text, length);
	int			code = find_words(dictionary, words, text, length);

	if (code >= 0)
		return code;
	grow(dictionary);
	code = dictionary->n++;
	dictionary->keys[code] = (RmlDictionaryKey) {words, length};
	dictionary->texts[code] = keep_text(dictionary, text, length);
	put_place(dictionary, code);
	return code;
}

int
rml_dictionary_count(const RmlDictionary *dictionary)
{
	return dictionary->n;
}

const char *
rml_dictionary_text(const RmlDictionary *dictionary, int code, int *length)
{
	*length = dictionary->keys[code].length;
	return dictionary->texts[code];
}

void
rml_dictionary_release(RmlDictionary *dictionary)
{
	RmlHost    *host = dictionary->host;

	host->release(host, dictionary->places);
	host->release(host, dictionary->keys);
	host->release(host, dictionary->texts);
	host->release(host, dictionary);
}

/* ---- numbers ---- */

/* Where codes are, by hash. */
typedef struct Bucket
{
	uint32_t	hash;
	int32_t		code;			/* -1: empty */
} Bucket;

typedef struct Buckets
{
	uint32_t	mask;			/* a power of 2, less 1 */
	int			shift;			/* a hash's upper bits are the number of the bucket to begin with */
	Bucket	   *buckets;
} Buckets;

static void
clear_buckets(Buckets *table)
{
	for (uint32_t i = 0; i <= table->mask; i++)
		table->buckets[i] = (Bucket) {0, -1};
}

static void
create_buckets(Buckets *table, RmlHost *host)
{
	table->mask = FIRST_BUCKETS - 1;
	table->shift = FIRST_SHIFT;
	table->buckets = rml_alloc(host, sizeof(Bucket) * FIRST_BUCKETS);
	clear_buckets(table);
}

static void
put_bucket(Buckets *table, uint32_t hash, int code)
{
	uint32_t	i = hash >> table->shift;

	while (table->buckets[i].code >= 0)
		i = (i + 1) & table->mask;
	table->buckets[i] = (Bucket) {hash, code};
}

/* Room for one more than n: at most half of the buckets are full. */
static void
grow_buckets(Buckets *table, RmlHost *host, int n)
{
	Buckets		old = *table;

	if ((uint32_t) n < table->mask / 2)
		return;
	table->mask = 2 * old.mask + 1;
	table->shift--;
	table->buckets = rml_alloc(host, sizeof(Bucket) * ((size_t) table->mask + 1));
	clear_buckets(table);
	for (uint32_t i = 0; i <= old.mask; i++)
	{
		if (old.buckets[i].code >= 0)
			put_bucket(table, old.buckets[i].hash, old.buckets[i].code);
	}
	host->release(host, old.buckets);
}

/* Integers from 0 on below this have their codes in a table, as codes of categories mostly are such. */
#define SMALL_NUMBERS 256

/* Behind them, what a loop takes for missing numbers and for all others. */
#define SMALL_MISSING SMALL_NUMBERS
#define SMALL_OTHER (SMALL_NUMBERS + 1)
#define SMALL_NOT_THERE (-3)	/* has to be looked for otherwise */

struct RmlNumbers
{
	RmlHost    *host;
	int			small[SMALL_NUMBERS + 2];	/* -1: not there */
	Buckets		table;			/* of the others */
	int			n;
	int			capacity;
	double	   *values;
};

static inline uint32_t
hash_number(double number)
{
	uint64_t	bits;

	memcpy(&bits, &number, sizeof(bits));
	/* the last bits of small integers are all 0 */
	bits = (bits ^ bits >> 32) * RML_MIX_FIRST;
	return (uint32_t) (bits >> 32);
}

RmlNumbers *
rml_numbers_create(RmlHost *host)
{
	RmlNumbers *numbers = rml_alloc(host, sizeof(RmlNumbers));

	*numbers = (RmlNumbers) {.host = host, .capacity = FIRST_BUCKETS / 2};
	for (int i = 0; i < SMALL_NUMBERS; i++)
		numbers->small[i] = -1;
	numbers->small[SMALL_MISSING] = -2;
	numbers->small[SMALL_OTHER] = SMALL_NOT_THERE;
	create_buckets(&numbers->table, host);
	numbers->values = rml_alloc(host, sizeof(double) * (size_t) numbers->capacity);
	return numbers;
}

static inline bool
is_small(double number)
{
	return number >= 0 && number < SMALL_NUMBERS && number == (int) number;
}

static inline int
find_number(const RmlNumbers *numbers, double number)
{
	const Buckets *table = &numbers->table;

	if (is_small(number))
		return numbers->small[(int) number];
	for (uint32_t i = hash_number(number) >> table->shift;; i = (i + 1) & table->mask)
	{
		int			code = table->buckets[i].code;

		if (code < 0 || numbers->values[code] == number)
			return code;
	}
}

int
rml_numbers_find(const RmlNumbers *numbers, double number)
{
	return find_number(numbers, number);
}

int
rml_numbers_add(RmlNumbers *numbers, double number)
{
	int			code = find_number(numbers, number);

	if (code >= 0)
		return code;
	code = numbers->n;
	if (code == numbers->capacity)
	{
		numbers->values = numbers->host->resize(numbers->host, numbers->values, sizeof(double) * 2 * (size_t) numbers->capacity);
		numbers->capacity *= 2;
	}
	numbers->values[code] = number + 0.0;
	if (is_small(number))
		numbers->small[(int) number] = code;
	else
	{
		grow_buckets(&numbers->table, numbers->host, code + 1);
		put_bucket(&numbers->table, hash_number(number), code);
	}
	numbers->n++;
	return code;
}

int
rml_numbers_count(const RmlNumbers *numbers)
{
	return numbers->n;
}

double
rml_numbers_get(const RmlNumbers *numbers, int code)
{
	return numbers->values[code];
}

void
rml_numbers_release(RmlNumbers *numbers)
{
	RmlHost    *host = numbers->host;

	host->release(host, numbers->table.buckets);
	host->release(host, numbers->values);
	host->release(host, numbers);
}

void
rml_numbers_find_many(const RmlNumbers *numbers, const double *values, int n, int *entries)
{
	int			others = 0;

	/* no branch depends on a value, but for one that is rarely taken */
	for (int i = 0; i < n; i++)
	{
		double		x = values[i] != values[i] ? SMALL_MISSING : values[i] >= 0 && values[i] < SMALL_NUMBERS ? values[i] : SMALL_OTHER;
		int			small = (int) x;

		entries[i] = (double) small == x ? numbers->small[small] + 2 : SMALL_NOT_THERE + 2;
		others += entries[i] < 0;
	}
	for (int i = 0; others > 0 && i < n; i++)
	{
		if (entries[i] < 0)
			entries[i] = find_number(numbers, values[i]) + 2;
	}
}
