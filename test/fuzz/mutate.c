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

static size_t
mutate_json_number(uint8_t *data, size_t size, size_t max_size, Random *random)
{
	size_t		at = draw(random, (uint32_t) size);
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

size_t
mutate_model(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	Random		random = {seed};
	uint32_t	what = draw(&random, 8);

	if (size < 3 || what < 3)
		return LLVMFuzzerMutate(data, size, max_size);
	if (draw(&random, 32) == 0)
		return 1 + draw(&random, (uint32_t) size - 1);
	if (data[0] == '{' && (data[1] == '"' || data[1] == ' ' || data[1] == '\n'))
		return what < 7 ? mutate_json_number(data, size, max_size, &random)
			: mutate_json_element(data, size, max_size, &random);
	return mutate_ubj(data, size, max_size, &random);
}

/* ---- images ---- */

size_t
mutate_image(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	Random		random = {seed};
	uint32_t	what = draw(&random, 8);
	uint32_t	word;
	size_t		at;

	if (size < sizeof(RmlImageHeader) || what < 2)
		return LLVMFuzzerMutate(data, size, max_size);
	/* the header as often as all the rest */
	at = what < 5 ? draw(&random, sizeof(RmlImageHeader) / 4) * 4
		: draw(&random, (uint32_t) (size / 4)) * 4;
	memcpy(&word, data + at, sizeof(word));
	if (draw(&random, 2) == 0)
		word += draw(&random, 9) - 4;
	else
		word = (uint32_t) payloads[draw(&random, N_PAYLOADS)];
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
