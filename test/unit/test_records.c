/*
 * test_records.c
 *	  Where records of text files end, and the fields of CSV records.
 */
#include "records_reference.h"
#include "tap.h"

/* The records of a text as "record|record", with " more" or " unclosed" behind. */
static const char *
records_of(bool csv, char escape, const char *text, bool at_end)
{
	static char out[1000];
	RmlSplitter splitter = {.csv = csv, .quote = '"', .escape = escape};
	size_t		size = strlen(text);
	size_t		at = 0;

	out[0] = '\0';
	while (at < size)
	{
		RmlBounds	bounds = {0};
		RmlRecordEnd end = rml_split(&splitter, text + at, size - at, at_end, &bounds);

		if (end != RML_RECORD_WHOLE)
		{
			strcat(out, end == RML_RECORD_MORE ? "more" : "unclosed");
			break;
		}
		strncat(out, text + at, bounds.length);
		strcat(out, "|");
		at += bounds.next;
	}
	return out;
}

#define CHECK_RECORDS(csv, escape, text, at_end, want) \
	CHECK(strcmp(records_of(csv, escape, text, at_end), want) == 0, "%s: got %s", text, records_of(csv, escape, text, at_end))

static void
test_ends(void)
{
	test("line ends");
	CHECK_RECORDS(true, '"', "a\nb\r\nc", true, "a|b|c|");
	CHECK_RECORDS(true, '"', "a\nb\r\nc", false, "a|b|more");
	CHECK_RECORDS(true, '"', "a\n\n\r\n", true, "a|||");
	CHECK_RECORDS(true, '"', "a\rb\rc", true, "a|b|c|");
	CHECK_RECORDS(true, '"', "a\nb\rc\n", true, "a|b\rc|");
	CHECK_RECORDS(true, '"', "a\r", false, "more");
	CHECK_RECORDS(true, '"', "a\n\r", false, "a|more");
	CHECK_RECORDS(false, '"', "a\"\nb\rc\r\nd\r", true, "a\"|b\rc|d|");
	CHECK_RECORDS(false, '"', "a\nb", false, "a|more");
	test("quotes");
	CHECK_RECORDS(true, '"', "a,\"b\nc\"\nd\n", true, "a,\"b\nc\"|d|");
	CHECK_RECORDS(true, '"', "a,\"b\"\"\nc\"\nd\n", true, "a,\"b\"\"\nc\"|d|");
	CHECK_RECORDS(true, '\\', "a,\"b\\\"\nc\"\nd\n", true, "a,\"b\\\"\nc\"|d|");
	CHECK_RECORDS(true, '\\', "a\\\",b\n\"\n", true, "a\\\",b\n\"|");
	CHECK_RECORDS(true, '"', "a\n\"b\nc\n", true, "a|unclosed");
	CHECK_RECORDS(true, '"', "a\n\"b\nc\n", false, "a|more");
}

/* Random texts of the characters that matter. */
static void
test_random(void)
{
	static const char alphabet[] = {'"', '\\', '\n', '\r', ',', 'a', '\'', '\0', '"', '\n'};
	static const char escapes[] = {'"', '\\', '\''};
	uint32_t	state = 1;
	char		text[40];

	test("as the reference finds them");
	for (int round = 0; round < 200000; round++)
	{
		RmlSplitter how = {.csv = round % 7 != 0, .quote = '"', .escape = escapes[round % 3]};
		size_t		size;

		state = state * 1664525 + 1013904223;
		size = (state >> 16) % sizeof(text);
		for (size_t i = 0; i < size; i++)
		{
			state = state * 1664525 + 1013904223;
			text[i] = alphabet[(state >> 16) % sizeof(alphabet)];
		}
		CHECK(check_records(&how, text, size, 1 + round % 5) == 0, "records of text %d, %zu bytes", round, size);
		CHECK(check_fields(text, size, ',', how.quote, how.escape), "fields of text %d, %zu bytes", round, size);
	}
}

int
main(void)
{
	test_ends();
	test_random();
	return test_done();
}
