/*
 * dictionary_find.h
 *	  How a text is found in a dictionary, for loops that find many: inlined, they wait for memory but once.
 */
#ifndef RML_TRANSFORM_DICTIONARY_FIND_H
#define RML_TRANSFORM_DICTIONARY_FIND_H

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "transform/dictionary.h"

#define RML_FIND_INLINE static inline __attribute__((always_inline))

/* Longer texts are compared by hashes, then by their bytes. */
#define RML_SHORT_TEXT 16

/* What a text is compared by: two words that, with its length, are a short text; of a longer one, hashes. */
typedef struct RmlWords
{
	uint64_t	first;
	uint64_t	second;
} RmlWords;

/* What a text of a dictionary is compared by. */
typedef struct RmlDictionaryKey
{
	RmlWords	words;
	int			length;
} RmlDictionaryKey;

/* What is looked at for each text that is found is small, so that it stays in the nearest cache: places, and keys. */
struct RmlDictionary
{
	RmlHost    *host;
	uint32_t	mask;			/* places, a power of 2, less 1 */
	int			shift;			/* a hash's upper bits are the number of the place to begin with */
	int		   *places;			/* codes; -1: empty */
	int			n;
	int			capacity;
	RmlDictionaryKey *keys;		/* by code */
	const char **texts;			/* likewise */
	char	   *chunk;			/* what is left of it, for texts */
	size_t		left;
	size_t		next_chunk;
};

/* The words of a long text. */
extern RmlWords rml_hash_long_text(const char *text, int length);

static inline uint64_t
rml_load64(const char *p)
{
	uint64_t	word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint64_t
rml_load32(const char *p)
{
	uint32_t	word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* The words of a short text, on any CPU. */
RML_FIND_INLINE RmlWords
rml_words_of(const char *text, int length)
{
	if (length >= 8)
		return (RmlWords) {rml_load64(text), rml_load64(text + length - 8)};
	if (length >= 4)
		return (RmlWords) {rml_load32(text) | rml_load32(text + length - 4) << 32, 0};
	if (length == 0)
		return (RmlWords) {0, 0};
	return (RmlWords) {(uint64_t) (uint8_t) text[0] | (uint64_t) (uint8_t) text[length / 2] << 8 |
		(uint64_t) (uint8_t) text[length - 1] << 16, 0};
}

#if defined(__x86_64__)

#define RML_MASKED_LOADS __attribute__((target("avx512f,avx512bw,avx512vl")))

/*
 * A CPU that can load just the bytes of a short text does not branch on how many there are.  All of a process has
 * these words, or the others.
 */
static inline bool
rml_has_masked_loads(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

RML_FIND_INLINE RML_MASKED_LOADS RmlWords
rml_words_loaded(const char *text, int length)
{
	__m128i		bytes = _mm_maskz_loadu_epi8((__mmask16) ((1U << length) - 1), text);
	return (RmlWords) {(uint64_t) _mm_cvtsi128_si64(bytes), (uint64_t) _mm_extract_epi64(bytes, 1)};
}

#endif

#define RML_MIX_FIRST UINT64_C(0x9E3779B97F4A7C15)
#define RML_MIX_SECOND UINT64_C(0xC2B2AE3D27D4EB4F)

/* The upper bits depend on all bits. */
static inline uint32_t
rml_hash_words(RmlWords words, int length)
{
	return (uint32_t) ((words.first * RML_MIX_FIRST + (words.second ^ (uint64_t) (uint32_t) length) * RML_MIX_SECOND) >> 32);
}

/* Is this the key of a text? */
static inline bool
rml_dictionary_is_key(const RmlDictionaryKey *key, RmlWords words, int length)
{
	return ((key->words.first ^ words.first) | (key->words.second ^ words.second) | (uint32_t) (key->length ^ length)) == 0;
}

/* The code of a short text, if it is in the place that is looked at first, as most are; else -1: rml_dictionary_find() knows. */
RML_FIND_INLINE int
rml_dictionary_guess(const RmlDictionary *dictionary, RmlWords words, int length)
{
	int			code = dictionary->places[rml_hash_words(words, length) >> dictionary->shift];

	return code >= 0 && rml_dictionary_is_key(&dictionary->keys[code], words, length) ? code : -1;
}

#endif
