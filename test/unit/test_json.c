/*
 * test_json.c
 *	  The JSON tokeniser: what it takes, what it refuses and where.
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
	{BYTES(" \t\r\n{ \n} \t\r\n"), "{ } ."},
	{BYTES("[]"), "[ ] ."},
	{BYTES("[[],{}]"), "[ [ ] { } ] ."},
	{BYTES("{\"a\":1,\"b\":[true,false,null]}"), "{ \"a\": 1 \"b\": [ true false null ] } ."},
	{BYTES("{ \"a\" : 1 , \"b\" : 2 }"), "{ \"a\": 1 \"b\": 2 } ."},
	{BYTES("{\"\":\"\"}"), "{ \"\": \"\" } ."},
	{BYTES("{\"a\":{\"a\":{\"a\":0}}}"), "{ \"a\": { \"a\": { \"a\": 0 } } } ."},
	{BYTES("[{\"a\":0},{\"a\":0}]"), "[ { \"a\": 0 } { \"a\": 0 } ] ."},
	{BYTES("7"), "7 ."},
	{BYTES("\"x\""), "\"x\" ."},
	{BYTES("[0,-0,10,-1,9223372036854775807,-9223372036854775807]"),
	"[ 0 0 10 -1 9223372036854775807 -9223372036854775807 ] ."},
	{BYTES("[0.5,-0.0,5E-1,5e-1,5E+1,1.25e2,0e0,-1E0]"),
	"[ r0.5 r-0 r0.5 r0.5 r50 r125 r0 r-1 ] ."},
	{BYTES("[1E-45,1e-400,0.0e-99999]"), "[ r1.40129846e-45 r0 r0 ] ."},
	{BYTES("[NaN,Infinity,-Infinity]"), "[ rnan rinf r-inf ] ."},
	{BYTES("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"), "[ \"\"\\/\b\f\n\r\t\" ] ."},
	{BYTES("[\"\\u0041\\u00e9\\u4E2D\\uD83D\\ude00\"]"),
	"[ \"A\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\" ] ."},
	{BYTES("[\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\x7f\"]"),
	"[ \"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\x7f\" ] ."},
	/* XGBoost writes control characters raw */
	{BYTES("[\"\x01\t\x1f\"]"), "[ \"\x01\t\x1f\" ] ."},
	{BYTES("{\"k\\u0041\":\"v\\n\",\"k\":1}"), "{ \"kA\": \"v\n\" \"k\": 1 } ."},
};

static const Case refused[] = {
	/* incomplete */
	{BYTES(""), "!0 input ends"},
	{BYTES("  "), "!2 input ends"},
	{BYTES("{"), "{ !1 input ends"},
	{BYTES("{\"a\""), "{ !4 input ends"},
	{BYTES("{\"a\":"), "{ \"a\": !5 input ends"},
	{BYTES("{\"a\":1"), "{ \"a\": 1 !6 input ends"},
	{BYTES("{\"a\":1,"), "{ \"a\": 1 !7 input ends"},
	{BYTES("["), "[ !1 input ends"},
	{BYTES("[1"), "[ 1 !2 input ends"},
	{BYTES("[1,"), "[ 1 !3 input ends"},
	{BYTES("[\"abc"), "[ !1 string has no end"},
	{BYTES("[\"abc\\"), "[ !1 string has no end"},
	{BYTES("[\"abc\\\""), "[ !1 string has no end"},
	{BYTES("[tru"), "[ !1 found"},
	{BYTES("[-"), "[ !1 "},
	/* commas, colons, brackets */
	{BYTES("[1,]"), "[ 1 !3 found \"]\""},
	{BYTES("[,1]"), "[ !1 found \",\""},
	{BYTES("[1 2]"), "[ 1 !3 found \"2\""},
	{BYTES("[1}"), "[ 1 !2 found \"}\""},
	{BYTES("{\"a\":1]"), "{ \"a\": 1 !6 found \"]\""},
	{BYTES("{\"a\":1,}"), "{ \"a\": 1 !7 found \"}\""},
	{BYTES("{,\"a\":1}"), "{ !1 found \",\""},
	{BYTES("{\"a\" 1}"), "{ !5 found \"1\""},
	{BYTES("{\"a\":}"), "{ \"a\": !5 found \"}\""},
	{BYTES("{\"a\":,\"b\":1}"), "{ \"a\": !5 found \",\""},
	{BYTES("{a:1}"), "{ !1 found \"a\""},
	{BYTES("{'a':1}"), "{ !1 found \"'\""},
	{BYTES("{1:1}"), "{ !1 found \"1\""},
	{BYTES("{\"a\"::1}"), "{ \"a\": !5 found \":\""},
	{BYTES("[1,,2]"), "[ 1 !3 found \",\""},
	{BYTES("[1]//"), "[ 1 ] !3 bytes after"},
	{BYTES("[/**/1]"), "[ !1 found \"/\""},
	/* trailing bytes */
	{BYTES("{}x"), "{ } !2 bytes after"},
	{BYTES("{} {}"), "{ } !3 bytes after"},
	{BYTES("{}\0"), "{ } !2 bytes after"},
	{BYTES("[]]"), "[ ] !2 bytes after"},
	/* duplicate keys, also written differently, also "learner" twice */
	{BYTES("{\"a\":1,\"a\":2}"), "{ \"a\": 1 \"a\": 2 !8 key \"a\" occurs twice"},
	{BYTES("{\"a\":1,\"\\u0061\":2}"), "{ \"a\": 1 \"a\": 2 !8 key \"\\u0061\" occurs twice"},
	{BYTES("{\"\":1,\"\":2}"), "{ \"\": 1 \"\": 2 !7 key \"\" occurs twice"},
	{BYTES("{\"x\":{\"a\":1,\"b\":0,\"a\":2}}"), "{ \"x\": { \"a\": 1 \"b\": 0 \"a\": 2 !19 key \"a\""},
	/* numbers */
	{BYTES("[+1]"), "[ !1 found \"+\""},
	{BYTES("[1.]"), "[ !1 malformed number"},
	{BYTES("[.5]"), "[ !1 found \".\""},
	{BYTES("[-.5]"), "[ !1 malformed number"},
	{BYTES("[01]"), "[ !1 malformed number"},
	{BYTES("[-01]"), "[ !1 malformed number"},
	{BYTES("[00]"), "[ !1 malformed number"},
	{BYTES("[1e]"), "[ !1 malformed number"},
	{BYTES("[1e+]"), "[ !1 malformed number"},
	{BYTES("[1.e5]"), "[ !1 malformed number"},
	{BYTES("[0x10]"), "[ 0 !2 found \"x\""},
	{BYTES("[1_0]"), "[ 1 !2 found \"_\""},
	{BYTES("[--1]"), "[ !1 malformed number"},
	{BYTES("[1E39]"), "[ !1 number 1E39 overflows"},
	{BYTES("[1e400]"), "[ !1 number 1e400 overflows"},
	{BYTES("[-1E39]"), "[ !1 number -1E39 overflows"},
	{BYTES("[9223372036854775808]"), "[ !1 integer 9223372036854775808 overflows"},
	{BYTES("[99999999999999999999999]"), "[ !1 integer 99999999999999999999999 overflows"},
	/* words */
	{BYTES("[nan]"), "[ !1 found \"n\""},
	{BYTES("[Inf]"), "[ !1 found \"I\""},
	{BYTES("[-Inf]"), "[ !1 found \"-\""},
	{BYTES("[-NaN]"), "[ !1 malformed number"},
	{BYTES("[True]"), "[ !1 found \"T\""},
	{BYTES("[trueish]"), "[ true !5 found \"i\""},
	{BYTES("[nul]"), "[ !1 found \"n\""},
	/* strings */
	{BYTES("[\"a\nb\"]"), "[ !3 line break"},
	{BYTES("[\"a\rb\"]"), "[ !3 line break"},
	{BYTES("[\"a\0b\"]"), "[ !3 NUL"},
	{BYTES("[\"\\u0000\"]"), "[ \"\\u0000\" ] ."},
	{BYTES("[\"\\x41\"]"), "[ !2 unknown escape"},
	{BYTES("[\"\\a\"]"), "[ !2 unknown escape"},
	{BYTES("[\"\\\xc3\xa9\"]"), "[ !2 unknown escape"},
	{BYTES("[\"\\\n\"]"), "[ !2 unknown escape"},
	{BYTES("[\"\\u12\"]"), "[ \"\\u12\" ] ."},
	{BYTES("[\"\\u\"]"), "[ \"\\u\" ] ."},
	{BYTES("[\"C:\\users\"]"), "[ \"C:\\users\" ] ."},
	{BYTES("[\"\\ud83d\"]"), "[ \"\\ud83d\" ] ."},
	{BYTES("[\"\\ud83dabcdef\"]"), "[ \"\\ud83dabcdef\" ] ."},
	{BYTES("[\"\\ud83d\\n12345\"]"), "[ \"\\ud83d\n12345\" ] ."},
	{BYTES("[\"\\ud83d\\u0041\"]"), "[ \"\\ud83dA\" ] ."},
	{BYTES("[\"\\ud83d\\ud83d\"]"), "[ \"\\ud83d\\ud83d\" ] ."},
	{BYTES("[\"\\ude00\"]"), "[ \"\\ude00\" ] ."},
	{BYTES("[\"\\ud83d\\u12\"]"), "[ \"\\ud83d\\u12\" ] ."},
	{BYTES("{\"\\u0000\":1}"), "{ \"\\u0000\": 1 } ."},
	{BYTES("{\"a\0\":1}"), "{ !3 NUL"},
	/* invalid UTF-8 */
	{BYTES("[\"\x80\"]"), "[ !2 invalid UTF-8"},
	{BYTES("[\"\xc0\x80\"]"), "[ !2 invalid UTF-8"},
	{BYTES("[\"\xc1\xbf\"]"), "[ !2 invalid UTF-8"},
	{BYTES("[\"\xc3\"]"), "[ !2 invalid UTF-8"},
	{BYTES("[\"\xe0\x80\x80\"]"), "[ !2 invalid UTF-8"},
	{BYTES("[\"\xed\xa0\x80\"]"), "[ !2 invalid UTF-8"},
	{BYTES("[\"\xf0\x80\x80\x80\"]"), "[ !2 invalid UTF-8"},
	{BYTES("[\"\xf4\x90\x80\x80\"]"), "[ !2 invalid UTF-8"},
	{BYTES("[\"\xf8\x88\x80\x80\x80\"]"), "[ !2 invalid UTF-8"},
	{BYTES("[\"\xff\"]"), "[ !2 invalid UTF-8"},
	{BYTES("[\"ab\xe4\xb8\"]"), "[ !4 invalid UTF-8"},
	{BYTES("[\xc3\xa9]"), "[ !1 found byte 0xc3"},
};

static void
run_cases(const Case *cases, size_t n, bool whole)
{
	char		trace[1024];

	for (size_t i = 0; i < n; i++)
	{
		const Case *c = &cases[i];

		trace_events(rml_json_open, c->input, c->size, trace, sizeof(trace));
		CHECK(whole ? strcmp(trace, c->want) == 0 :
			  strncmp(trace, c->want, strlen(c->want)) == 0,
			  "%s: got %s, expected %s", c->input, trace, c->want);
	}
}

/* `open` n times, `close` n times, with a value in the middle. */
static void
trace_nested(const char *open, const char *close, int n, char *trace, size_t room)
{
	size_t		step = strlen(open);
	char	   *text = malloc((step + strlen(close)) * (size_t) n + 2);
	size_t		size = 0;

	for (int i = 0; i < n; i++, size += step)
		memcpy(text + size, open, step);
	text[size++] = '0';
	for (int i = 0; i < n; i++)
		text[size++] = close[0];
	trace_events(rml_json_open, text, size, trace, room);
	free(text);
}

static void
test_nesting(void)
{
	char		trace[2048];

	test("json: 64 levels are read, a 65th is refused at its byte");
	trace_nested("[", "]", RML_MAX_NESTING, trace, sizeof(trace));
	CHECK(trace[0] != '\0' && trace[strlen(trace) - 1] == '.', "64 arrays: %s", trace);
	trace_nested("[", "]", RML_MAX_NESTING + 1, trace, sizeof(trace));
	CHECK_CONTAINS(trace, "!64 objects and arrays are nested deeper than 64", "65 arrays");
	trace_nested("{\"a\":", "}", RML_MAX_NESTING, trace, sizeof(trace));
	CHECK(trace[0] != '\0' && trace[strlen(trace) - 1] == '.', "64 objects: %s", trace);
	trace_nested("{\"a\":", "}", RML_MAX_NESTING + 1, trace, sizeof(trace));
	CHECK_CONTAINS(trace, "!320 objects and arrays are nested deeper than 64", "65 objects");
	trace_nested("[", "]", 1000000, trace, sizeof(trace));
	CHECK_CONTAINS(trace, "!64 objects", "a million arrays");
}

/* Every prefix of a text that has everything is refused, and nothing is read beyond it. */
static void
test_prefixes(void)
{
	static const char text[] = "{\"a\\u00e9\":[1,-2.5E-3,\"x\\ud83d\\ude00\xc3\xa9\",true,null,NaN],\"b\":{}}";
	char		trace[1024];

	test("json: every prefix of a document is refused within its bytes");
	for (size_t n = 0; n < sizeof(text) - 1; n++)
	{
		size_t		offset;

		trace_events(rml_json_open, text, n, trace, sizeof(trace));
		CHECK(strchr(trace, '!') != NULL &&
			  sscanf(strchr(trace, '!'), "!%zu ", &offset) == 1 && offset <= n,
			  "%zu bytes: %s", n, trace);
	}
}

static void
test_long(void)
{
	char		trace[64];
	char	   *text = malloc(200000);
	size_t		n = 0;

	test("json: long numbers and long keys");
	text[n++] = '[';
	memset(text + n, '0', 6000);
	memcpy(text + n, "0.", 2);
	text[n + 4000] = ']';
	trace_events(rml_json_open, text, n + 4001, trace, sizeof(trace));
	CHECK(strcmp(trace, "[ r0 ] .") == 0, "4000 digits: %s", trace);
	text[n + 4000] = '0';
	text[n + 6000] = ']';
	trace_events(rml_json_open, text, n + 6001, trace, sizeof(trace));
	CHECK_CONTAINS(trace, "!1 number is longer", "6000 digits");

	memset(text, 'k', 200000);
	memcpy(text, "{\"", 2);
	memcpy(text + 100000, "\":1,\"", 5);
	text[199990] = '"';
	memcpy(text + 199991, ":1}", 3);
	trace_events(rml_json_open, text, 199994, trace, sizeof(trace));
	CHECK(strstr(trace, "!") == NULL, "two long keys: %s", trace);
	free(text);
}

static void
test_skip(void)
{
	static const char text[] = "{\"skip\":{\"a\":[1,[2,{}]],\"b\":\"x\"},\"next\":[3],\"last\":4}";
	TestHost	host;
	RmlReader	reader;
	RmlEvent	event;
	RmlError	err = {0};
	int			n = 0;

	test("json: a value is skipped whole");
	test_host_begin(&host, SIZE_MAX);
	rml_json_open(&reader, text, sizeof(text) - 1, &host.host, &err);
	CHECK(rml_reader_next(&reader, &event), "object");
	while (rml_reader_next(&reader, &event) && event.kind == RML_EV_KEY)
	{
		CHECK(rml_reader_next(&reader, &event) && rml_reader_skip(&reader, &event),
			  "%s", err.message);
		n++;
	}
	CHECK_INT(n, 3, "keys");
	CHECK_INT(event.kind, RML_EV_OBJECT_END, "event behind the last value");
	rml_reader_close(&reader);
	test_host_end(&host);
}

int
main(void)
{
	test("json: accepted forms");
	run_cases(accepted, sizeof(accepted) / sizeof(accepted[0]), true);
	test("json: refused forms, with the byte offset");
	run_cases(refused, sizeof(refused) / sizeof(refused[0]), false);
	test_nesting();
	test_prefixes();
	test_long();
	test_skip();
	return test_done();
}
