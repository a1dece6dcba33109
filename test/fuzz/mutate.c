/*
 * mutate.c
 *	  Mutations that keep a model file well-formed, or an image plausible.
 *
 * Blind bit flips rarely get past a tokeniser, and never past a checksum.
 * These change one number at a time, so that the validator and the checker
 * see models that are almost right.
 */
#include "mutate.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model/image.h"
#include "model/objective.h"

typedef struct Random
{
	uint64_t	state;
} Random;

static uint32_t
draw(Random *random, uint32_t below)
{
	random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t) (random->state >> 33) % below;
}

static bool
is_number_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '.' || c == 'E' || c == 'e' || c == '+';
}

/* ---- JSON: another number in place of one ---- */

static const char *const numbers[] = {
	"0", "1", "2", "3", "4", "5", "6", "-1", "-2", "-0", "-0.0", "7", "255", "256", "65536",
	"2147483647", "2147483648", "-2147483648", "4294967296", "9223372036854775807",
	"9223372036854775808", "0.5", "5E-1", "-1.5", "1E-45", "7E-46", "3.4028235E38", "3.5E38",
	"1E400", "1E-400", "1.17549435E-38", "16777217", "0.1", "1E0", "true", "false", "null", "NaN",
	"Infinity", "-Infinity", "\"\"", "[]", "{}", "",
};

#define N_NUMBERS ((uint32_t) (sizeof(numbers) / sizeof(numbers[0])))

static size_t
splice(uint8_t *data, size_t size, size_t max_size, size_t at, size_t length,
	   const void *by, size_t by_length)
{
	if (size - length + by_length > max_size)
		return size;
	memmove(data + at + by_length, data + at + length, size - at - length);
	memcpy(data + at, by, by_length);
	return size - length + by_length;
}

/* The number at or after a place. */
static size_t
mutate_json_number_at(uint8_t *data, size_t size, size_t max_size, size_t at, Random *random)
{
	size_t		end;
	const char *number;
	char		near[16];

	for (size_t i = 0; i < size && !is_number_byte(data[at]); i++)
		at = at + 1 < size ? at + 1 : 0;
	while (at > 0 && is_number_byte(data[at - 1]))
		at--;
	for (end = at; end < size && is_number_byte(data[end]);)
		end++;
	number = numbers[draw(random, N_NUMBERS)];
	if (end - at < 5 && draw(random, 2) == 0)
	{
		/* an index or a count: something close by */
		int			value = 0;

		for (size_t i = at; i < end; i++)
			value = data[i] >= '0' && data[i] <= '9' ? value * 10 + data[i] - '0' : value;
		snprintf(near, sizeof(near), "%d", value + (int) draw(random, 5) - 2);
		number = near;
	}
	return splice(data, size, max_size, at, end - at, number, strlen(number));
}

static size_t
mutate_json_number(uint8_t *data, size_t size, size_t max_size, Random *random)
{
	return mutate_json_number_at(data, size, max_size, draw(random, (uint32_t) size), random);
}

/* Repeats or drops an element between two commas. */
static size_t
mutate_json_element(uint8_t *data, size_t size, size_t max_size, Random *random)
{
	uint8_t		copy[256];
	size_t		at = draw(random, (uint32_t) size);
	size_t		end;

	while (at < size && data[at] != ',')
		at++;
	for (end = at + 1; end < size && data[end] != ',' && data[end] != ']' && data[end] != '}';)
		end++;
	if (end >= size || end - at > sizeof(copy))
		return size;
	memcpy(copy, data + at, end - at);
	return splice(data, size, max_size, at, draw(random, 2) == 0 ? end - at : 0,
				  copy, draw(random, 2) == 0 ? end - at : 0);
}

/* ---- UBJSON: another payload behind a marker, or in a typed array ---- */

static const uint64_t payloads[] = {
	0, 1, 2, 3, 4, 5, 0x7F, 0x80, 0xFF, 0x7FFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
	0xFFFFFFFE, UINT64_C(0x7FFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF),
	0x7F800000, 0xFF800000, 0x7FC00000, 0x3F000000, 0x00000001, 0x7F7FFFFF,
	UINT64_C(0x47EFFFFFF0000000), UINT64_C(0x3FE0000000000000), UINT64_C(0x36A0000000000000),
};

#define N_PAYLOADS ((uint32_t) (sizeof(payloads) / sizeof(payloads[0])))

static size_t
width_of(uint8_t marker)
{
	switch (marker)
	{
		case 'i':
		case 'U':
			return 1;
		case 'I':
			return 2;
		case 'l':
		case 'd':
			return 4;
		case 'L':
		case 'D':
			return 8;
		default:
			return 0;
	}
}

static size_t
mutate_ubj(uint8_t *data, size_t size, size_t max_size, Random *random)
{
	static const uint8_t markers[] = "iUIlLdDSZTF[]{}";
	size_t		at = draw(random, (uint32_t) size);
	uint64_t	value = payloads[draw(random, N_PAYLOADS)];
	size_t		width;

	while (at < size && width_of(data[at]) == 0)
		at++;
	if (at + 1 >= size)
		return size;
	if (draw(random, 8) == 0)
	{
		data[at] = markers[draw(random, sizeof(markers) - 1)];
		return size;
	}
	width = width_of(data[at++]);
	if (data[at] == '#' && size - at > 10)
		at += 2 + width_of(data[at + 1]) + width * draw(random, 8);
	if (at + width > size || at > max_size)
		return size;
	for (size_t i = 0; i < width; i++)
		data[at + i] = (uint8_t) (value >> (8 * (width - 1 - i)));
	return size;
}

/* ---- the value of a field that matters ---- */

static const char *const fields[] = {
	"num_class", "num_target", "num_feature", "num_parallel_tree", "size_leaf_vector", "base_score",
	"boost_from_average", "quantile_alpha", "expectile_alpha", "tree_info", "iteration_indptr",
	"weight_drop", "weights", "boosted_rounds", "leaf_weights", "base_weights", "right_children",
	"split_type", "split_indices", "split_conditions", "default_left", "categories",
	"categories_nodes", "categories_segments", "categories_sizes", "loss_changes", "sum_hessian",
	"offsets", "values", "type", "feature_segments", "sorted_idx", "best_iteration", "version",
};

#define N_FIELDS ((uint32_t) (sizeof(fields) / sizeof(fields[0])))

/* Where a word stands at or after a random place, or SIZE_MAX. */
static size_t
find_word(const uint8_t *data, size_t size, const char *word, Random *random)
{
	size_t		from = draw(random, (uint32_t) size);
	const uint8_t *at = memmem(data + from, size - from, word, strlen(word));

	if (at == NULL)
		at = memmem(data, size, word, strlen(word));
	return at == NULL ? SIZE_MAX : (size_t) (at - data);
}

/* JSON: one number within the value of a field. */
static size_t
mutate_json_field(uint8_t *data, size_t size, size_t max_size, Random *random)
{
	char		word[40];
	size_t		begin;
	size_t		end;
	size_t		part;

	snprintf(word, sizeof(word), "\"%s\":", fields[draw(random, N_FIELDS)]);
	begin = find_word(data, size, word, random);
	if (begin == SIZE_MAX)
		return mutate_json_number(data, size, max_size, random);
	begin += strlen(word);
	for (end = begin; end < size && data[end] != ']' && data[end] != '}';)
		end++;
	if (end <= begin || end >= size)
		return size;
	/* the bytes up to there as if they were all */
	part = draw(random, 3) == 0
		? mutate_json_element(data + begin, end - begin, end - begin, random)
		: end - begin;
	if (part != end - begin)
	{
		memmove(data + begin + part, data + end, size - end);
		return size - (end - begin - part);
	}
	return mutate_json_number_at(data, size, max_size, begin + draw(random, (uint32_t) (end - begin)), random);
}

/* UBJSON: one element of a field's typed array, or its number of elements. */
static size_t
mutate_ubj_array(uint8_t *data, size_t size, size_t max_size, size_t at, Random *random)
{
	size_t		width = width_of(data[at + 2]);
	size_t		count = data[at + 12];	/* its last byte */
	size_t		first = at + 13;
	size_t		place;
	uint8_t		element[8];

	if (width == 0 || data[at + 3] != '#' || data[at + 4] != 'L' || count == 0 ||
		first + count * width > size)
		return size;
	place = first + width * draw(random, (uint32_t) count);
	memcpy(element, data + first + width * draw(random, (uint32_t) count), width);
	switch (draw(random, 5))
	{
		case 0:					/* an element more */
			if (size + width > max_size || count == 255)
				return size;
			data[at + 12]++;
			return splice(data, size, max_size, place, 0, element, width);
		case 1:					/* one less */
			data[at + 12]--;
			return splice(data, size, max_size, place, width, element, 0);
		case 2:					/* the same as another */
			memcpy(data + place, element, width);
			return size;
		case 3:					/* close by */
			data[place + width - 1] += (uint8_t) (draw(random, 5) - 2);
			return size;
		default:
			{
				uint64_t	value = payloads[draw(random, N_PAYLOADS)];

				for (size_t i = 0; i < width; i++)
					data[place + i] = (uint8_t) (value >> (8 * (width - 1 - i)));
				return size;
			}
	}
}

static size_t
mutate_ubj_field(uint8_t *data, size_t size, size_t max_size, Random *random)
{
	const char *field = fields[draw(random, N_FIELDS)];
	size_t		at = find_word(data, size, field, random);

	if (at == SIZE_MAX)
		return mutate_ubj(data, size, max_size, random);
	at += strlen(field);
	if (at + 13 < size && data[at] == '[' && data[at + 1] == '$')
		return mutate_ubj_array(data, size, max_size, at, random);
	/* a number in a string, or by itself */
	for (size_t end = at + 24 < size ? at + 24 : size; at < end; at++)
	{
		if (data[at] >= '0' && data[at] <= '9' && draw(random, 2) == 0)
		{
			data[at] = (uint8_t) ('0' + draw(random, 10));
			return size;
		}
	}
	return size;
}

/* ---- another writer, another objective ---- */

static const RmlWriter writers[] = {
	{1, 0, 0}, {1, 2, 1}, {1, 3, 0}, {1, 4, 0}, {1, 5, 2}, {1, 6, 0}, {1, 7, 2}, {1, 7, 3}, {2, 0, 0},
	{3, 0, 5}, {3, 1, 0}, {3, 2, 0}, {3, 3, 0}, {3, 4, 1}, {3, 5, 0},
};

static size_t
mutate_version(uint8_t *data, size_t size, size_t max_size, Random *random)
{
	RmlWriter	w = writers[draw(random, sizeof(writers) / sizeof(writers[0]))];
	const uint8_t *at = memmem(data, size, "version", 7);
	char		text[32];
	size_t		begin;
	size_t		end;

	if (at == NULL)
		return size;
	begin = (size_t) (at - data) + 7;
	while (begin < size && data[begin] != '[')
		begin++;
	if (data[0] == '{' && size > 1 && data[1] == '"')
	{
		for (end = begin; end < size && data[end] != ']';)
			end++;
		snprintf(text, sizeof(text), "[%d,%d,%d", w.major, w.minor, w.patch);
		return end < size ? splice(data, size, max_size, begin, end - begin, text, strlen(text)) : size;
	}
	/* UBJSON: three numbers of a byte each, wherever they stand */
	for (int i = 0; i < 3; i++)
	{
		int			part = i == 0 ? w.major : i == 1 ? w.minor : w.patch;

		while (begin < size && width_of(data[begin]) != 1)
			begin++;
		if (begin + 1 >= size)
			return size;
		data[begin + 1] = (uint8_t) part;
		begin += 2;
	}
	return size;
}

static size_t
mutate_objective(uint8_t *data, size_t size, size_t max_size, Random *random)
{
	const RmlObjective *by = rml_objective_by_id(1 + (int) draw(random, 21));

	for (int id = 1; by != NULL && id < 30; id++)
	{
		const RmlObjective *o = rml_objective_by_id(id);
		const uint8_t *at = o == NULL ? NULL : memmem(data, size, o->name, strlen(o->name));
		size_t		begin;

		if (at == NULL)
			continue;
		begin = (size_t) (at - data);
		/* UBJSON: the length before it */
		if (begin > 0 && data[begin - 1] == strlen(o->name))
			data[begin - 1] = (uint8_t) strlen(by->name);
		return splice(data, size, max_size, begin, strlen(o->name), by->name, strlen(by->name));
	}
	return size;
}

size_t
mutate_model(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	Random		random = {seed};
	uint32_t	what = draw(&random, 16);
	bool		json;

	if (size < 16 || what < 5)
		return LLVMFuzzerMutate(data, size, max_size);
	if (draw(&random, 32) == 0)
		return 1 + draw(&random, (uint32_t) size - 1);
	json = data[0] == '{' && (data[1] == '"' || data[1] == ' ' || data[1] == '\n');
	switch (what)
	{
		case 5:
			return mutate_version(data, size, max_size, &random);
		case 6:
			return mutate_objective(data, size, max_size, &random);
		case 7:
		case 8:
			return json ? mutate_json_element(data, size, max_size, &random)
				: mutate_ubj(data, size, max_size, &random);
		case 9:
		case 10:
			return json ? mutate_json_number(data, size, max_size, &random)
				: mutate_ubj(data, size, max_size, &random);
		default:
			return json ? mutate_json_field(data, size, max_size, &random)
				: mutate_ubj_field(data, size, max_size, &random);
	}
}

/* ---- images ---- */

/* A word of some section, each section as often as the header. */
static size_t
choose_word(const uint8_t *data, size_t size, Random *random)
{
	RmlImageHeader header;
	uint32_t	which = draw(random, RML_N_SECTIONS + 2);

	memcpy(&header, data, sizeof(header));
	if (which < RML_N_SECTIONS && header.sections[which].size >= 4 &&
		header.sections[which].size <= size && header.sections[which].offset <= size - header.sections[which].size)
		return header.sections[which].offset / 4 * 4 +
			draw(random, (uint32_t) (header.sections[which].size / 4)) * 4;
	return draw(random, sizeof(RmlImageHeader) / 4) * 4;
}

size_t
mutate_image(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	Random		random = {seed};
	uint32_t	word;
	size_t		at;

	if (size < sizeof(RmlImageHeader) || draw(&random, 8) < 2)
		return LLVMFuzzerMutate(data, size, max_size);
	at = choose_word(data, size, &random);
	memcpy(&word, data + at, sizeof(word));
	switch (draw(&random, 4))
	{
		case 0:
			word = (uint32_t) payloads[draw(&random, N_PAYLOADS)];
			break;
		case 1:
			word ^= UINT32_C(1) << draw(&random, 32);
			break;
		case 2:					/* another word of the same section, or so */
			memcpy(&word, data + choose_word(data, size, &random), sizeof(word));
			break;
		default:
			word += draw(&random, 9) - 4;
	}
	memcpy(data + at, &word, sizeof(word));
	if (draw(&random, 8) == 0 && size > 64)
	{
		/* shorter or longer by whole sections' alignment */
		if (draw(&random, 2) == 0)
			return size - 64;
		if (size + 64 <= max_size)
		{
			memset(data + size, 0, 64);
			return size + 64;
		}
	}
	return size;
}
