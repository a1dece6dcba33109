/*
 * test_numbers.c
 *	  Text to float32: correctly rounded, ties to even, in one step.
 *
 * The expected bits of the table were computed with exact rational arithmetic.
 */
#include "tap.h"
#include "trace.h"

typedef struct Vector
{
	const char *text;
	uint32_t	bits;
} Vector;

static const Vector vectors[] = {
	{"0.0", 0x00000000},
	{"-0.0", 0x80000000},
	{"0.1", 0x3dcccccd},
	{"4.35", 0x408b3333},
	{"8.5e-1", 0x3f59999a},
	{"123456789.5E-9", 0x3dfcd6ea},
	{"0.99999997", 0x3f7fffff},
	/* around the halfway point of two floats */
	{"0.999999970197677612304687500", 0x3f800000},
	{"16777216.0", 0x4b800000},
	{"16777217.0", 0x4b800000},
	{"16777217.0000000000000000000000000000001", 0x4b800001},
	{"16777219.0", 0x4b800002},
	{"33554433.0", 0x4c000000},
	{"33554434.0", 0x4c000000},
	{"33554435.0", 0x4c000001},
	{"1.00000005960464477539062499", 0x3f800000},
	{"1.00000005960464477539062500", 0x3f800000},
	{"1.00000005960464477539062501", 0x3f800001},
	{"1.00000017881393432617187499", 0x3f800001},
	{"1.00000017881393432617187500", 0x3f800002},
	{"1.00000017881393432617187501", 0x3f800002},
	/* a detour over float64 would round these twice */
	{"1.0000000596046447753906250000000000000001", 0x3f800001},
	{"1.0000001788139343261718749999999999999999", 0x3f800001},
	/* denormals */
	{"1.17549435E-38", 0x00800000},
	{"1.1754942807573643e-38", 0x00800000},
	{"2.802596928649634e-45", 0x00000002},
	{"2.1019476964872257e-45", 0x00000002},
	{"2.1019476964872256e-45", 0x00000001},
	{"1.4E-45", 0x00000001},
	{"1E-45", 0x00000001},
	{"7.1E-46", 0x00000001},
	{"7.0064923216240853546186479164495806564013097093825788587853414194489554134293030e-46", 0x00000000},
	{"7E-46", 0x00000000},
	{"5e-324", 0x00000000},
	{"-1E-400", 0x80000000},
	/* the largest */
	{"3.4028235E38", 0x7f7fffff},
	{"3.4028234663852886E38", 0x7f7fffff},
	{"3.40282356779733660E38", 0x7f7fffff},
	{"340282356779733661637539395458142568447.9", 0x7f7fffff},
	/* integer literals: as XGBoost's reader, -0 loses its sign */
	{"0", 0x00000000},
	{"-0", 0x00000000},
	{"1", 0x3f800000},
	{"-3", 0xc0400000},
	{"16777217", 0x4b800000},
	{"16777219", 0x4b800002},
	{"9223372036854775807", 0x5f000000},
	{"9223371761976868863", 0x5effffff},
	{"9223371761976868864", 0x5f000000},
	{"-9223372036854775807", 0xdf000000},
};

/* Reads one number; false if it is refused. */
static bool
read_float(const char *text, float *value)
{
	TestHost	host;
	RmlReader	reader;
	RmlEvent	event;
	RmlError	err = {0};
	bool		ok;

	test_host_begin(&host, SIZE_MAX);
	rml_json_open(&reader, text, strlen(text), &host.host, &err);
	ok = rml_reader_next(&reader, &event);
	if (ok && event.kind == RML_EV_INTEGER)
		*value = (float) event.integer;
	else if (ok)
		*value = event.real;
	rml_reader_close(&reader);
	test_host_end(&host);
	return ok;
}

static void
check_float(const char *text, uint32_t want)
{
	float		value = 0;

	if (CHECK(read_float(text, &value), "%.80s is refused", text))
		CHECK(to_bits(value) == want, "%.80s: got 0x%08x, expected 0x%08x",
			  text, to_bits(value), want);
}

static uint32_t random_state = 12345;

static uint32_t
random_bits(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state ^ random_state >> 15;
}

/*
 * The point halfway between two floats is a float64, which printf writes out
 * exactly: it must go to the even one, and one more digit at its end must
 * take it away from zero.
 */
static void
test_halfway(void)
{
	char		text[1300];

	test("numbers: 20,000 random halfway points, and a hair to both sides");
	for (int i = 0; i < 20000; i++)
	{
		uint32_t	low = random_bits() % 0x7f7fffff;
		uint32_t	high = low + 1;
		float		a;
		float		b;
		char	   *exponent;

		memcpy(&a, &low, sizeof(a));
		memcpy(&b, &high, sizeof(b));
		snprintf(text, sizeof(text), "%.1100e", ((double) a + b) / 2);
		check_float(text, low % 2 == 0 ? low : high);
		exponent = strchr(text, 'e');
		exponent[-1] = '1';
		check_float(text, high);
		snprintf(text, sizeof(text), "%.8E", a);
		check_float(text, low);
	}
}

static void
test_overflow(void)
{
	static const char *const texts[] = {
		"340282356779733661637539395458142568448.0",	/* halfway to 2^128 */
		"3.4028235677973367e38",
		"3.4028236E38", "1e39", "-1e39", "1E400", "9e999999999999",
		"9223372036854775808", "-9223372036854775809", "100000000000000000000",
	};

	test("numbers: what overflows is refused");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		float		value = 0;

		CHECK(!read_float(texts[i], &value), "%s gives %g", texts[i], value);
	}
}

int
main(void)
{
	test("numbers: known vectors");
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		check_float(vectors[i].text, vectors[i].bits);
	test_halfway();
	test_overflow();
	return test_done();
}
