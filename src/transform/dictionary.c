/*
 * dictionary.c
 *	  Numbers for texts, and for numbers: codes from 0 in the order in which they came.
 */
#include "transform/dictionary.h"

#include <string.h>

#define SHORT_TEXT 16
#define FIRST_BUCKETS 16

/* ---- hashing ---- */

#define K1 UINT64_C(0x9E3779B97F4A7C15)
#define K2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define K3 UINT64_C(0x165667B19E3779F9)

static inline uint64_t
load64(const char *p)
{
	uint64_t	word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint64_t
load32(const char *p)
{
	uint32_t	word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint64_t
mix(uint64_t a, uint64_t b)
{
	uint64_t	h = a * K1 + ((b * K2) >> 29 | (b * K2) << 35);

	h = (h ^ (h >> 32)) * K3;
	return h ^ (h >> 29);
}

/* What a text is compared by: two words that, with its length, are a short text; of a longer one, hashes. */
typedef struct Words
{
	uint64_t	first;
	uint64_t	second;
} Words;

static Words
hash_long(const char *text, int length)
{
	Words		words = {K3, (uint64_t) length};
	const char *last = text + length - SHORT_TEXT;

	for (const char *p = text; p < last; p += SHORT_TEXT)
	{
		words.first = mix(words.first ^ load64(p), load64(p + 8));
		words.second = mix(words.second ^ load64(p + 8), words.first);
	}
	words.first = mix(words.first ^ load64(last), load64(last + 8));
	words.second = mix(words.second ^ load64(last + 8), words.first);
	return words;
}

static inline Words
words_of(const char *text, int length)
{
	if (length > SHORT_TEXT)
		return hash_long(text, length);
	if (length >= 8)
		return (Words) {load64(text), load64(text + length - 8)};
	if (length >= 4)
		return (Words) {load32(text) | load32(text + length - 4) << 32, 0};
	if (length == 0)
		return (Words) {0, 0};
	return (Words) {(uint64_t) (uint8_t) text[0] | (uint64_t) (uint8_t) text[length / 2] << 8 |
		(uint64_t) (uint8_t) text[length - 1] << 16, 0};
}

static inline uint32_t
hash_words(Words words, int length)
{
	return (uint32_t) mix(words.first, words.second ^ ((uint64_t) (uint32_t) length << 48 | (uint64_t) (uint32_t) length));
}

/* ---- buckets: where codes are, by hash ---- */

typedef struct Bucket
{
	uint32_t	hash;
	int32_t		code;			/* -1: empty */
} Bucket;

typedef struct Buckets
{
	uint32_t	mask;			/* a power of 2, less 1 */
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
	table->buckets = rml_alloc(host, sizeof(Bucket) * FIRST_BUCKETS);
	clear_buckets(table);
}

static void
put_bucket(Buckets *table, uint32_t hash, int code)
{
	uint32_t	i = hash & table->mask;

	while (table->buckets[i].code >= 0)
		i = (i + 1) & table->mask;
	table->buckets[i] = (Bucket) {hash, code};
}

/* Up to this many buckets there are 8 for each code, so that the first that is looked at is mostly the right one. */
#define ROOMY_BUCKETS 8192

/* Room for one more than n: at most half of the buckets are full. */
static void
grow_buckets(Buckets *table, RmlHost *host, int n)
{
	Buckets		old = *table;

	if ((uint32_t) n < table->mask / (table->mask < ROOMY_BUCKETS ? 8 : 2))
		return;
	table->mask = 2 * old.mask + 1;
	table->buckets = rml_alloc(host, sizeof(Bucket) * ((size_t) table->mask + 1));
	clear_buckets(table);
	for (uint32_t i = 0; i <= old.mask; i++)
	{
		if (old.buckets[i].code >= 0)
			put_bucket(table, old.buckets[i].hash, old.buckets[i].code);
	}
	host->release(host, old.buckets);
}

/* ---- texts ---- */

typedef struct Entry
{
	Words		words;
	const char *text;
	int			length;
} Entry;

/* A chunk for texts that are added: many at a time. */
#define FIRST_CHUNK 1024
#define MAX_CHUNK (1024 * 1024)

struct RmlDictionary
{
	RmlHost    *host;
	Buckets		table;
	int			n;
	int			capacity;
	Entry	   *entries;
	char	   *chunk;			/* what is left of it */
	size_t		left;
	size_t		next_chunk;
	size_t		text_size;		/* of all chunks */
};

RmlDictionary *
rml_dictionary_create(RmlHost *host)
{
	RmlDictionary *dictionary = rml_alloc(host, sizeof(RmlDictionary));

	*dictionary = (RmlDictionary) {.host = host, .capacity = FIRST_BUCKETS / 2, .next_chunk = FIRST_CHUNK};
	create_buckets(&dictionary->table, host);
	dictionary->entries = rml_alloc(host, sizeof(Entry) * (size_t) dictionary->capacity);
	return dictionary;
}

static inline bool
is_entry(const Entry *entry, Words words, const char *text, int length)
{
	return entry->words.first == words.first && entry->words.second == words.second && entry->length == length &&
		(length <= SHORT_TEXT || memcmp(entry->text, text, (size_t) length) == 0);
}

static inline int
find_words(const RmlDictionary *dictionary, uint32_t hash, Words words, const char *text, int length)
{
	const Buckets *table = &dictionary->table;

	for (uint32_t i = hash & table->mask;; i = (i + 1) & table->mask)
	{
		const Bucket *bucket = &table->buckets[i];

		if (bucket->code < 0)
			return -1;
		if (bucket->hash == hash && is_entry(&dictionary->entries[bucket->code], words, text, length))
			return bucket->code;
	}
}

int
rml_dictionary_find(const RmlDictionary *dictionary, const char *text, int length)
{
	Words		words = words_of(text, length);

	return find_words(dictionary, hash_words(words, length), words, text, length);
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
		dictionary->text_size += chunk;
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
	Words		words = words_of(text, length);
	uint32_t	hash = hash_words(words, length);
	int			code = find_words(dictionary, hash, words, text, length);

	if (code >= 0)
		return code;
	code = dictionary->n;
	if (code == dictionary->capacity)
	{
		dictionary->entries = dictionary->host->resize(dictionary->host, dictionary->entries,
													   sizeof(Entry) * 2 * (size_t) dictionary->capacity);
		dictionary->capacity *= 2;
	}
	grow_buckets(&dictionary->table, dictionary->host, code + 1);
	dictionary->entries[code] = (Entry) {words, keep_text(dictionary, text, length), length};
	put_bucket(&dictionary->table, hash, code);
	dictionary->n++;
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
	*length = dictionary->entries[code].length;
	return dictionary->entries[code].text;
}

void
rml_dictionary_release(RmlDictionary *dictionary)
{
	RmlHost    *host = dictionary->host;

	host->release(host, dictionary->table.buckets);
	host->release(host, dictionary->entries);
	host->release(host, dictionary);
}

size_t
rml_dictionary_size(const RmlDictionary *dictionary)
{
	return sizeof(RmlDictionary) + sizeof(Bucket) * ((size_t) dictionary->table.mask + 1) +
		sizeof(Entry) * (size_t) dictionary->capacity + dictionary->text_size;
}

/* ---- numbers ---- */

/* Integers from 0 on below this have their codes in a table, as codes of categories mostly are such. */
#define SMALL_NUMBERS 256

struct RmlNumbers
{
	RmlHost    *host;
	int			small[SMALL_NUMBERS];	/* -1: not there */
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
	bits = (bits ^ bits >> 32) * K1;
	return (uint32_t) (bits >> 32);
}

RmlNumbers *
rml_numbers_create(RmlHost *host)
{
	RmlNumbers *numbers = rml_alloc(host, sizeof(RmlNumbers));

	*numbers = (RmlNumbers) {.host = host, .capacity = FIRST_BUCKETS / 2};
	for (int i = 0; i < SMALL_NUMBERS; i++)
		numbers->small[i] = -1;
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
	for (uint32_t i = hash_number(number) & table->mask;; i = (i + 1) & table->mask)
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
rml_numbers_find_many(const RmlNumbers *numbers, const double *values, int n, int offset, int *codes)
{
	for (int i = 0; i < n; i++)
		codes[i] = values[i] != values[i] ? 0 : find_number(numbers, values[i]) + offset;
}
