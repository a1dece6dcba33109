/* Codes of texts and numbers, beside a slow search. */
#include <math.h>
#include <stdlib.h>

#include "host.h"
#include "tap.h"
#include "transform/dictionary.h"

#define N 3000

static TestHost host;

/* Texts of all lengths that are treated differently, which often share their beginnings and ends. */
static int
random_text(char *text)
{
	static const int lengths[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 18, 31, 32, 33, 40};
	int			length = lengths[rand() % (int) (sizeof(lengths) / sizeof(lengths[0]))];

	memset(text, 'x', (size_t) length);
	for (int i = rand() % 3; i > 0 && length > 0; i--)
		text[rand() % length] = (char) (rand() % 4 == 0 ? 0 : rand() % 256);
	return length;
}

static void
test_texts(void)
{
	RmlDictionary *dictionary;
	static char texts[N][40];
	static int	lengths[N];
	static const char *kept[N];
	int			n = 0;

	test("texts of any bytes");
	test_host_begin(&host, SIZE_MAX);
	dictionary = rml_dictionary_create(&host.host);
	CHECK_INT(rml_dictionary_find(dictionary, "", 0), -1, "nothing is there");
	for (int round = 0; round < 3 * N; round++)
	{
		char		text[40];
		int			length = random_text(text);
		int			want = 0;

		while (want < n && (lengths[want] != length || memcmp(texts[want], text, (size_t) length) != 0))
			want++;
		CHECK_INT(rml_dictionary_find(dictionary, text, length), want < n ? want : -1, "find");
		if (n == N)
			continue;
		CHECK_INT(rml_dictionary_add(dictionary, text, length), want, "add");
		if (want < n)
			continue;
		memcpy(texts[n], text, (size_t) length);
		lengths[n++] = length;
	}
	CHECK_INT(rml_dictionary_count(dictionary), n, "count");
	for (int i = 0; i < n; i++)
	{
		int			length;
		const char *text = rml_dictionary_text(dictionary, i, &length);

		CHECK(length == lengths[i] && memcmp(text, texts[i], (size_t) length) == 0 && text[length] == '\0', "text %d", i);
		kept[i] = text;
	}
	rml_dictionary_release(dictionary);
	for (int i = 0; i < n; i++)
		CHECK(memcmp(kept[i], texts[i], (size_t) lengths[i]) == 0, "text %d after its dictionary", i);
	test_host_end(&host);
}

static void
test_many(void)
{
	RmlDictionary *dictionary;
	char		text[32];
	int			wrong = 0;

	test("a million texts");
	test_host_begin(&host, SIZE_MAX);
	dictionary = rml_dictionary_create(&host.host);
	for (int i = 0; i < 1000000; i++)
		wrong += rml_dictionary_add(dictionary, text, sprintf(text, "category %d", i)) != i;
	for (int i = 0; i < 1000000; i++)
		wrong += rml_dictionary_find(dictionary, text, sprintf(text, "category %d", i)) != i;
	for (int i = 0; i < 1000; i++)
		wrong += rml_dictionary_find(dictionary, text, sprintf(text, "category_%d", i)) != -1;
	CHECK_INT(wrong, 0, "codes");
	CHECK(host.used < 100000000, "%zu bytes", host.used);
	test_host_end(&host);
}

static void
test_numbers(void)
{
	RmlNumbers *numbers;
	double		values[] = {0, NAN, 1, INFINITY, -INFINITY, 1e308, 5e-324, -1, 0.1, 4};
	int			codes[10];
	int			wrong = 0;

	test("numbers");
	test_host_begin(&host, SIZE_MAX);
	numbers = rml_numbers_create(&host.host);
	CHECK_INT(rml_numbers_find(numbers, 0), -1, "nothing is there");
	CHECK_INT(rml_numbers_add(numbers, -0.0), 0, "-0");
	CHECK(!signbit(rml_numbers_get(numbers, 0)), "-0 is kept as 0");
	CHECK_INT(rml_numbers_add(numbers, 0.0), 0, "0 is -0");
	for (int i = 2; i < 9; i++)
		CHECK_INT(rml_numbers_add(numbers, values[i]), i - 1, "add");
	rml_numbers_find_many(numbers, values, 10, codes);
	for (int i = 0; i < 10; i++)
		CHECK_INT(codes[i], i == 0 ? 2 : i == 1 ? 0 : i == 9 ? 1 : i + 1, "find many");
	for (int i = 0; i < 100000; i++)
		wrong += rml_numbers_add(numbers, 1000 + i) != 8 + i;
	for (int i = 0; i < 100000; i++)
		wrong += rml_numbers_find(numbers, 1000 + i) != 8 + i || rml_numbers_find(numbers, 1000.5 + i) != -1;
	CHECK_INT(wrong, 0, "many");
	CHECK_INT(rml_numbers_count(numbers), 100008, "count");
	rml_numbers_release(numbers);
	CHECK_INT(host.used, 0, "memory");
	test_host_end(&host);
}

int
main(void)
{
	srand(9);
	test_texts();
	test_many();
	test_numbers();
	return test_done();
}
