/* Each instruction beside its formula, row by row, over blocks of all sizes; NaN, infinities and -0 among the values. */
#include <math.h>
#include <stdlib.h>

#include "host.h"
#include "tap.h"
#include "transform/program.h"

#define STRIDE 200
#define MAX_EDGES 40

static TestHost host;
static const int sizes[] = {0, 1, 2, 63, 64, 65, 130, 200};

/* ---- values ---- */

static double
random_value(void)
{
	static const double special[] = {NAN, INFINITY, -INFINITY, 0.0, -0.0, 1, -1, 0.5, 1e308, -1e308, 5e-324, 2, 3};

	if (rand() % 3 == 0)
		return special[rand() % (int) (sizeof(special) / sizeof(special[0]))];
	return rand() % 2 ? (double) (rand() % 20 - 10) : (rand() % 2000 - 1000) / 37.0;
}

static uint64_t
bits_of(double value)
{
	uint64_t	bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* The very same bits, but any NaN is as good as another. */
static bool
same(double a, double b)
{
	return (isnan(a) && isnan(b)) || bits_of(a) == bits_of(b);
}

/* ---- one instruction ---- */

typedef double (*Formula) (const RmlInstruction *in, double a, double c);

/* Slots 0 and 1 are inputs, 2 the result. */
static void
check_instruction(RmlInstruction in, Formula formula, const char *what)
{
	static double slots[3 * STRIDE];
	RmlProgram	program = {.n_inputs = 2, .n_slots = 3, .n_instructions = 1, .instructions = &in};
	RmlProgramFault fault;

	in.result = 2;
	for (int i = 0; i < (int) (sizeof(sizes) / sizeof(sizes[0])); i++)
	{
		for (int k = 0; k < 3 * STRIDE; k++)
			slots[k] = random_value();
		if (in.c < 0)
			in.c = -1;
		CHECK(rml_program_run(&program, slots, STRIDE, sizes[i], &fault), "%s: no fault", what);
		for (int r = 0; r < sizes[i]; r++)
		{
			double		want = formula(&in, slots[r], slots[STRIDE + r]);

			CHECK(same(slots[2 * STRIDE + r], want), "%s of %.17g, %.17g: got %.17g, expected %.17g", what, slots[r],
				  slots[STRIDE + r], slots[2 * STRIDE + r], want);
		}
	}
}

static double
plus(double x, double p)
{
	return x + p;
}

static double function(const RmlInstruction *in, double a, double c) { (void) c; return a + in->p; }
static double fill(const RmlInstruction *in, double a, double c) { (void) c; return isnan(a) ? in->p : a; }
static double is_missing(const RmlInstruction *in, double a, double c) { (void) in; (void) c; return isnan(a); }
static double subtract_divide(const RmlInstruction *in, double a, double c) { (void) c; return (a - in->p) / in->q; }
static double multiply_add(const RmlInstruction *in, double a, double c) { volatile double product = a * in->p; (void) c; return product + in->q; }
static double subtract_from(const RmlInstruction *in, double a, double c) { (void) c; return (in->p - a) / in->q; }
static double equals(const RmlInstruction *in, double a, double c) { (void) c; return a == in->p; }
static double ratio(const RmlInstruction *in, double a, double c) { (void) in; return c == 0 ? NAN : a / c; }
static double product(const RmlInstruction *in, double a, double c) { (void) in; return a * c; }
static double difference(const RmlInstruction *in, double a, double c) { (void) in; return a - c; }

static double
clip(const RmlInstruction *in, double a, double c)
{
	(void) c;
	if (isnan(a))
		return a;
	return a < in->p ? in->p : a > in->q ? in->q : a;
}

static void
test_arithmetic(void)
{
	test("arithmetic");
	check_instruction((RmlInstruction) {.opcode = RML_DO_FUNCTION, .c = -1, .function = plus, .p = 0.1}, function, "function");
	check_instruction((RmlInstruction) {.opcode = RML_DO_FILL, .c = -1, .p = 7}, fill, "fill");
	check_instruction((RmlInstruction) {.opcode = RML_DO_IS_MISSING, .c = -1}, is_missing, "is missing");
	check_instruction((RmlInstruction) {.opcode = RML_DO_CLIP, .c = -1, .p = -2, .q = 3}, clip, "clip");
	check_instruction((RmlInstruction) {.opcode = RML_DO_CLIP, .c = -1, .p = -INFINITY, .q = 3}, clip, "clip above");
	check_instruction((RmlInstruction) {.opcode = RML_DO_CLIP, .c = -1, .p = 1, .q = INFINITY}, clip, "clip below");
	check_instruction((RmlInstruction) {.opcode = RML_DO_SUBTRACT_DIVIDE, .c = -1, .p = 0.3, .q = 0.7}, subtract_divide, "(a - p) / q");
	check_instruction((RmlInstruction) {.opcode = RML_DO_MULTIPLY_ADD, .c = -1, .p = 0.3, .q = 0.7}, multiply_add, "a p + q");
	check_instruction((RmlInstruction) {.opcode = RML_DO_SUBTRACT_FROM, .c = -1, .p = 0.3, .q = 0.7}, subtract_from, "(p - a) / q");
	check_instruction((RmlInstruction) {.opcode = RML_DO_EQUALS, .c = -1, .p = 2}, equals, "equals");
	check_instruction((RmlInstruction) {.opcode = RML_DO_EQUALS, .c = -1, .p = 0}, equals, "equals 0");
	check_instruction((RmlInstruction) {.opcode = RML_DO_RATIO, .c = 1}, ratio, "ratio");
	check_instruction((RmlInstruction) {.opcode = RML_DO_PRODUCT, .c = 1}, product, "product");
	check_instruction((RmlInstruction) {.opcode = RML_DO_DIFFERENCE, .c = 1}, difference, "difference");
}

/* Integers of 32 bits, and what they leave. */
static void
test_remainder(void)
{
	static const uint32_t divisors[] = {1, 2, 3, 7, 64, 1000, 65536, 1000003, 2147483647};
	int			wrong = 0;

	test("remainder");
	for (size_t d = 0; d < sizeof(divisors) / sizeof(divisors[0]); d++)
	{
		RmlInstruction instruction = {.opcode = RML_DO_REMAINDER, .result = 1, .c = -1, .p = divisors[d]};
		RmlProgram	program = {.n_inputs = 1, .n_slots = 2, .n_instructions = 1, .instructions = &instruction};
		double		slots[2 * RML_PROGRAM_ROWS];
		RmlProgramFault fault;

		for (uint32_t r = 0; r < RML_PROGRAM_ROWS; r++)
			slots[r] = (double) (r < 32 ? r * divisors[d] - (r & 1) : 4294967295U - r * divisors[d] / 3);
		for (int n = 1; n <= RML_PROGRAM_ROWS; n += RML_PROGRAM_ROWS - 1)
		{
			(void) rml_program_run(&program, slots, RML_PROGRAM_ROWS, n, &fault);
			for (int r = 0; r < n; r++)
				wrong += slots[RML_PROGRAM_ROWS + r] != (double) ((uint32_t) slots[r] % divisors[d]);
		}
	}
	CHECK_INT(wrong, 0, "remainders");
}

/* ---- buckets ---- */

static double
bucket(const RmlInstruction *in, double a, double c)
{
	int			n = 0;

	(void) c;
	if (isnan(a))
		return a;
	for (int i = 0; i < in->n; i++)
		n += in->edges[i] <= a;
	return in->values ? in->values[n] : n;
}

static void
test_buckets(void)
{
	double		edges[MAX_EDGES];
	double		values[MAX_EDGES + 1];

	test("buckets");
	for (int i = 0; i <= MAX_EDGES; i++)
		values[i] = sqrt(i + 0.5);
	for (int n = 0; n <= MAX_EDGES; n++)
	{
		/* around 0, which is an edge */
		for (int i = 0; i < n; i++)
			edges[i] = (i - n / 2) * 20.0 / (n + 1);
		check_instruction((RmlInstruction) {.opcode = RML_DO_BUCKET, .c = -1, .n = n, .edges = edges}, bucket, "bucket");
		check_instruction((RmlInstruction) {.opcode = RML_DO_BUCKET_VALUE, .c = -1, .n = n, .edges = edges, .values = values}, bucket,
						  "value of a bucket");
	}
}

/* ---- lookups ---- */

#define N_KEYS 8
static const double keys[N_KEYS] = {0, 1, -1, 0.5, 1e308, 5, -7, 2};

static double
lookup(const RmlInstruction *in, double a, double c)
{
	bool		has_else = in->opcode == RML_DO_ELSE_LOOKUP_NUMBER;

	if (isnan(a))
		return has_else ? c : in->values[0];
	for (int i = 0; i < N_KEYS; i++)
	{
		if (keys[i] == a)
			return in->values[i + 2];
	}
	return has_else ? c : in->values[1];
}

/* Codes from -1 on, NaN for missing. */
static void
test_codes(void)
{
	double		values[] = {-10, -20, 30, 40, 50};
	bool		known[] = {true, false, true, false, true};
	RmlDictionary *dictionary = rml_dictionary_create(&host.host);
	RmlInstruction in = {.opcode = RML_DO_LOOKUP_TEXT, .step = 7, .a = 0, .c = -1, .result = 1, .values = values, .dictionary = dictionary};
	RmlProgram	program = {.n_inputs = 1, .n_slots = 2, .n_instructions = 1, .instructions = &in};
	double		slots[2 * STRIDE];
	RmlProgramFault fault;

	test("lookup by codes");
	for (int r = 0; r < STRIDE; r++)
		slots[r] = r % 5 == 0 ? NAN : r % 5 - 2;
	CHECK(rml_program_run(&program, slots, STRIDE, STRIDE, &fault), "no fault");
	for (int r = 0; r < STRIDE; r++)
		CHECK(slots[STRIDE + r] == values[r % 5], "row %d: %g", r, slots[STRIDE + r]);

	test("unknown categories that are errors");
	in.known = known;
	for (int r = 0; r < STRIDE; r++)
		slots[r] = r % 2 ? 0 : NAN;
	CHECK(rml_program_run(&program, slots, STRIDE, STRIDE, &fault), "none");
	for (int row = 0; row < STRIDE; row += 13)
	{
		double		code = row % 2 ? 1 : -1;

		slots[row] = code;
		if (row + 1 < STRIDE)
			slots[row + 1] = -1;
		CHECK(!rml_program_run(&program, slots, STRIDE, STRIDE, &fault), "row %d", row);
		CHECK(fault.row == row && fault.step == 7 && fault.value == code && fault.dictionary == dictionary, "row %d: row %d, step %d, %g",
			  row, fault.row, fault.step, fault.value);
		slots[row] = NAN;
		if (row + 1 < STRIDE)
			slots[row + 1] = 2;
	}
}

static void
test_lookups(void)
{
	double		values[N_KEYS + 2];
	bool		known[N_KEYS + 2];
	RmlNumbers *numbers;

	test("lookup of numbers");
	test_host_begin(&host, SIZE_MAX);
	numbers = rml_numbers_create(&host.host);
	for (int i = 0; i < N_KEYS + 2; i++)
	{
		values[i] = i == 0 ? NAN : 100 + i;
		known[i] = true;
	}
	for (int i = 0; i < N_KEYS; i++)
		rml_numbers_add(numbers, keys[i]);
	check_instruction((RmlInstruction) {.opcode = RML_DO_LOOKUP_NUMBER, .c = -1, .numbers = numbers, .values = values}, lookup, "lookup");
	check_instruction((RmlInstruction) {.opcode = RML_DO_LOOKUP_NUMBER, .c = -1, .numbers = numbers, .values = values, .known = known},
					  lookup, "lookup, all known");
	check_instruction((RmlInstruction) {.opcode = RML_DO_ELSE_LOOKUP_NUMBER, .c = 1, .numbers = numbers, .values = values}, lookup,
					  "lookup or else");
	test_codes();
	test_host_end(&host);
}

static void
test_scatter(void)
{
	static double slots[6 * STRIDE];
	RmlInstruction in = {.opcode = RML_DO_SCATTER, .a = 0, .c = -1, .result = 1, .n = 4};
	RmlProgram	program = {.n_inputs = 1, .n_slots = 5, .n_instructions = 1, .instructions = &in};
	RmlProgramFault fault;

	test("scatter");
	for (int i = 0; i < (int) (sizeof(sizes) / sizeof(sizes[0])); i++)
	{
		for (int k = 0; k < 6 * STRIDE; k++)
			slots[k] = k < STRIDE ? (k % 6 == 5 ? NAN : k % 6 - 1) : 42;
		CHECK(rml_program_run(&program, slots, STRIDE, sizes[i], &fault), "no fault");
		for (int r = 0; r < STRIDE; r++)
		{
			for (int slot = 0; slot < 5; slot++)
			{
				double		want = r >= sizes[i] || slot == 4 ? 42 : slots[r] == slot;

				CHECK(slots[(1 + slot) * STRIDE + r] == want, "row %d, slot %d: %g", r, slot, slots[(1 + slot) * STRIDE + r]);
			}
		}
	}
}

/* An instruction reads what one before it has written. */
static void
test_chain(void)
{
	RmlInstruction instructions[] = {
		{.opcode = RML_DO_FILL, .a = 0, .c = -1, .result = 1, .p = 3},
		{.opcode = RML_DO_SUBTRACT_DIVIDE, .a = 1, .c = -1, .result = 2, .p = 1, .q = 2},
		{.opcode = RML_DO_PRODUCT, .a = 2, .c = 1, .result = 3}
	};
	RmlProgram	program = {.n_inputs = 1, .n_slots = 4, .n_instructions = 3, .instructions = instructions};
	double		slots[4] = {NAN};
	RmlProgramFault fault;

	test("instructions in a chain, one row");
	CHECK(rml_program_run(&program, slots, 1, 1, &fault), "no fault");
	CHECK(slots[1] == 3 && slots[2] == 1 && slots[3] == 3, "%g, %g, %g", slots[1], slots[2], slots[3]);
}

int
main(void)
{
	srand(9);
	test_arithmetic();
	test_remainder();
	test_buckets();
	test_lookups();
	test_scatter();
	test_chain();
	return test_done();
}
