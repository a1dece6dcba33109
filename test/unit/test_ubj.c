/*
 * test_ubj.c
 *	  The UBJSON tokeniser: what it takes, what it refuses and where.
 */
#include "tap.h"
#include "trace.h"

#define BYTES(text) text, sizeof(text) - 1

typedef struct Case
{
	const char *input;
	size_t		size;
	const char *want;			/* the whole trace; of a fault, its beginning */
} Case;

static const Case accepted[] = {
	{BYTES("{}"), "{ } ."},
	{BYTES("{} \t\r\n"), "{ } ."},
	{BYTES("[]"), "[ ] ."},
	{BYTES("{i\1ai\1U\1bU\377}"), "{ \"a\": 1 \"b\": 255 } ."},
	{BYTES("{I\0\1aT" "l\0\0\0\1bF" "L\0\0\0\0\0\0\0\1cZ}"), "{ \"a\": true \"b\": false \"c\": null } ."},
	{BYTES("[i\200i\177U\200I\200\0l\200\0\0\0L\200\0\0\0\0\0\0\0]"),
	"[ -128 127 128 -32768 -2147483648 -9223372036854775808 ] ."},
	{BYTES("[d\77\0\0\0D\77\340\0\0\0\0\0\0d\200\0\0\0]"), "[ r0.5 r0.5 r-0 ] ."},
	{BYTES("[d\177\200\0\0d\377\200\0\0D\177\360\0\0\0\0\0\0]"), "[ rinf r-inf rinf ] ."},
	{BYTES("[d\0\0\0\1]"), "[ r1.40129846e-45 ] ."},
	{BYTES("[Si\0Si\2\303\251]"), "[ \"\" \"\303\251\" ] ."},
	/* counted: no mark at the end */
	{BYTES("[#i\0"), "[ ] ."},
	{BYTES("[#i\2i\1Si\1x"), "[ 1 \"x\" ] ."},
	{BYTES("[#i\2[]{}"), "[ [ ] { } ] ."},
	/* typed */
	{BYTES("[$d#L\0\0\0\0\0\0\0\2\77\0\0\0\300\0\0\0"), "[ r0.5 r-2 ] ."},
	{BYTES("[$l#i\2\0\0\0\1\377\377\377\377"), "[ 1 -1 ] ."},
	{BYTES("[$L#i\1\0\0\0\0\0\0\0\7"), "[ 7 ] ."},
	{BYTES("[$U#i\3\0\1\377"), "[ 0 1 255 ] ."},
	{BYTES("[$i#i\3\0\1\377"), "[ 0 1 -1 ] ."},
	{BYTES("[$I#i\1\377\376"), "[ -2 ] ."},
	{BYTES("[$D#i\1\77\360\0\0\0\0\0\0"), "[ r1 ] ."},
	{BYTES("[$d#i\0"), "[ ] ."},
	{BYTES("{i\1a[$U#i\2\1\2i\1b[#i\1i\3i\1c[i\4]}"),
	"{ \"a\": [ 1 2 ] \"b\": [ 3 ] \"c\": [ 4 ] } ."},
	/* a number that is closest to a denormal */
	{BYTES("[D\66\220\0\0\0\0\0\0D\66\220\0\0\0\0\0\1]"), "[ r0 r1.40129846e-45 ] ."},
};

static const Case refused[] = {
	{BYTES(""), "!0 input ends"},
	{BYTES("{"), "{ !1 input ends"},
	{BYTES("["), "[ !1 input ends"},
	{BYTES("{i"), "{ !2 input ends"},
	{BYTES("{i\1"), "{ !1 string of 1 bytes"},
	{BYTES("{i\1a"), "{ \"a\": !4 input ends"},
	{BYTES("{i\1ai"), "{ \"a\": !5 input ends"},
	{BYTES("{i\1ai\1"), "{ \"a\": 1 !6 input ends"},
	{BYTES("{i\1al\0\0\0"), "{ \"a\": !8 input ends"},
	{BYTES("{i\1aL\0\0\0\0\0\0\0"), "{ \"a\": !12 input ends"},
	{BYTES("[d\0\0\0"), "[ !5 input ends"},
	{BYTES("[S"), "[ !2 input ends"},
	{BYTES("[$"), "!2 input ends"},
	{BYTES("[$d"), "!3 input ends"},
	{BYTES("[$d#"), "!4 input ends"},
	{BYTES("[#"), "!2 input ends"},
	{BYTES("[#i\1"), "!0 array of 1 elements"},
	{BYTES("[#i\2i\1"), "[ 1 !6 input ends"},
	/* no such marker */
	{BYTES("x"), "!0 found byte 0x78"},
	{BYTES("[x"), "[ !1 found byte 0x78"},
	{BYTES("[N]"), "[ !1 found byte 0x4e"},
	{BYTES("[Ca]"), "[ !1 found byte 0x43"},
	{BYTES("[Hi\0011]"), "[ !1 found byte 0x48"},
	{BYTES("[\0]"), "[ !1 found byte 0x00"},
	{BYTES("[}"), "[ !1 found byte 0x7d"},
	{BYTES("{]"), "{ !1 found byte 0x5d"},
	{BYTES("{i\1a}"), "{ \"a\": !4 found byte 0x7d"},
	{BYTES("{Si\1ai\1}"), "{ !1 found byte 0x53"},
	{BYTES("{d\0\0\0\0a}"), "{ !1 found byte 0x64"},
	/* lengths */
	{BYTES("{i\377a}"), "{ !1 negative length"},
	{BYTES("[Si\377a]"), "[ !2 negative length"},
	{BYTES("[SL\377\377\377\377\377\377\377\377a]"), "[ !2 negative length"},
	{BYTES("[SL\177\377\377\377\377\377\377\377a]"), "[ !1 string of 9223372036854775807 bytes"},
	{BYTES("[SI\177\377a]"), "[ !1 string of 32767 bytes"},
	{BYTES("[#i\377"), "!2 negative length"},
	{BYTES("[#d\0\0\0\0"), "!2 found byte 0x64"},
	{BYTES("[#l\177\377\377\377"), "!0 array of 2147483647 elements"},
	{BYTES("[$d#L\177\377\377\377\377\377\377\377"), "!0 array of 9223372036854775807"},
	{BYTES("[$d#L\100\0\0\0\0\0\0\0"), "!0 array of 4611686018427387904"},
	{BYTES("[$L#L\40\0\0\0\0\0\0\0"), "!0 array of 2305843009213693952"},
	{BYTES("[$d#i\2\0\0\0\0\0\0\0"), "!0 array of 2 elements"},
	/* types */
	{BYTES("[$S#i\1i\1a"), "!2 array of unknown type 0x53"},
	{BYTES("[$[#i\1[]"), "!2 array of unknown type 0x5b"},
	{BYTES("[$T#i\2"), "!2 array of unknown type"},
	{BYTES("[$di\2xxxx"), "!3 typed array without a count"},
	{BYTES("{#i\1i\1ai\1"), "!1 object with a count or type"},
	{BYTES("{$i#i\1i\1a\1"), "!1 object with a count or type"},
	/* the rest */
	{BYTES("{}x"), "{ } !2 bytes after"},
	{BYTES("{}\0"), "{ } !2 bytes after"},
	{BYTES("{}{}"), "{ } !2 bytes after"},
	{BYTES("[#i\0]"), "[ ] !4 bytes after"},
	{BYTES("{i\1ai\1i\1ai\2}"), "{ \"a\": 1 \"a\": 2 !8 key \"a\" occurs twice"},
	{BYTES("{i\1ai\1U\1ai\2}"), "{ \"a\": 1 \"a\": 2 !8 key \"a\" occurs twice"},
	{BYTES("[D\107\360\0\0\0\0\0\0]"), "[ !1 number"},
	{BYTES("[D\377\357\377\377\377\377\377\377]"), "[ !1 number"},
	{BYTES("[Si\1\0]"), "[ !4 NUL"},
	{BYTES("[Si\1\200]"), "[ !4 invalid UTF-8"},
	{BYTES("[Si\2a\303\251]"), "[ !5 invalid UTF-8"},
	{BYTES("[Si\3\355\240\200]"), "[ !4 invalid UTF-8"},
	{BYTES("{i\2a\0i\1}"), "{ !4 NUL"},
};

static void
run_cases(const Case *cases, size_t n, bool whole)
{
	char		trace[1024];

	for (size_t i = 0; i < n; i++)
	{
		const Case *c = &cases[i];

		trace_events(rml_ubj_open, c->input, c->size, trace, sizeof(trace));
		CHECK(whole ? strcmp(trace, c->want) == 0 :
			  strncmp(trace, c->want, strlen(c->want)) == 0,
			  "case %zu (%s): got %s, expected %s", i, c->input, trace, c->want);
	}
}

static void
test_nesting(void)
{
	char		trace[2048];
	char		bytes[4 * 70];
	size_t		n = 0;

	test("ubj: 64 levels are read, a 65th is refused at its byte");
	memset(bytes, '[', 64);
	memset(bytes + 64, ']', 64);
	trace_events(rml_ubj_open, bytes, 128, trace, sizeof(trace));
	CHECK(trace[strlen(trace) - 1] == '.', "64 arrays: %s", trace);
	memset(bytes, '[', 65);
	trace_events(rml_ubj_open, bytes, 128, trace, sizeof(trace));
	CHECK_CONTAINS(trace, "!64 objects and arrays are nested deeper than 64", "65 arrays");
	for (int i = 0; i < 65; i++, n += 4)
		memcpy(bytes + n, "{i\1a", 4);
	trace_events(rml_ubj_open, bytes, n, trace, sizeof(trace));
	CHECK_CONTAINS(trace, "!256 objects and arrays are nested deeper than 64", "65 objects");
}

static void
test_prefixes(void)
{
	static const char bytes[] = "{i\1a[#i\3i\1d\77\0\0\0Si\2\303\251L\0\0\0\0\0\0\0\1b[$l#U\2\0\0\0\1\0\0\0\2"
		"I\0\1c[ZTF]i\1d{}i\1eD\77\340\0\0\0\0\0\0}";
	char		trace[1024];

	test("ubj: every prefix of a document is refused within its bytes");
	for (size_t n = 0; n < sizeof(bytes) - 1; n++)
	{
		size_t		offset;

		trace_events(rml_ubj_open, bytes, n, trace, sizeof(trace));
		CHECK(strchr(trace, '!') != NULL &&
			  sscanf(strchr(trace, '!'), "!%zu ", &offset) == 1 && offset <= n,
			  "%zu bytes: %s", n, trace);
	}
	trace_events(rml_ubj_open, bytes, sizeof(bytes) - 1, trace, sizeof(trace));
	CHECK(trace[strlen(trace) - 1] == '.', "the whole: %s", trace);
}

int
main(void)
{
	test("ubj: accepted forms");
	run_cases(accepted, sizeof(accepted) / sizeof(accepted[0]), true);
	test("ubj: refused forms, with the byte offset");
	run_cases(refused, sizeof(refused) / sizeof(refused[0]), false);
	test_nesting();
	test_prefixes();
	return test_done();
}
