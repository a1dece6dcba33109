/*
 * test_outputs.c
 *	  Base margins, responses and classes of several outputs, to the bit.
 *
 * The expected bits of softmax are those of XGBoost 1.7.4, of expectiles those
 * of 3.3.0: predict() of a model without trees, with the margins given.
 */
#include <math.h>
#include <stdlib.h>

#include "gen.h"
#include "tap.h"

#define N 3

static const RmlWriter oldest = {1, 0, 0};
static const RmlWriter newest = {3, 4, 1};

typedef struct OutputCase
{
	uint32_t	margins[N];
	uint32_t	responses[N];
} OutputCase;

static void
load(const uint32_t *bits, float *values)
{
	for (int i = 0; i < N; i++)
		values[i] = from_bits(bits[i]);
}

static void
check_responses(const char *name, RmlWriter writer, const uint32_t *margins, const uint32_t *want)
{
	float		values[N];

	load(margins, values);
	rml_responses(rml_objective_by_name(name), writer, values, N);
	for (int i = 0; i < N; i++)
		CHECK(to_bits(values[i]) == want[i], "%s of {%g, %g, %g}, written by %d.%d, output %d: 0x%08x, expected 0x%08x",
			  name, from_bits(margins[0]), from_bits(margins[1]), from_bits(margins[2]),
			  writer.major, writer.minor, i, to_bits(values[i]), want[i]);
}

/* ---- softmax ---- */

static const OutputCase softmax[] = {
	{{0x00000000, 0x00000000, 0x00000000}, {0x3eaaaaab, 0x3eaaaaab, 0x3eaaaaab}},
	{{0x3f800000, 0x40000000, 0x40400000}, {0x3db861f3, 0x3e7a9a1a, 0x3f2a4d3b}},
	{{0xbfc00000, 0x3e800000, 0x42b00000}, {0x000eb5f0, 0x0054a77b, 0x3f800000}},
	{{0x42c80000, 0xc2c80000, 0x00000000}, {0x3f800000, 0x00000000, 0x0000001b}},
	{{0x3a83126f, 0x3b03126f, 0xba83126f}, {0x3eaab933, 0x3eaae4ed, 0x3eaa61e0}},
	{{0x40500000, 0x40500000, 0xc0e00000}, {0x3efffed8, 0x3efffed8, 0x37944c29}},
	{{0xc3480000, 0xc2c80000, 0xc3960000}, {0x0000001b, 0x3f800000, 0x00000000}},
	{{0x3dcccccd, 0x3e4ccccd, 0x3e99999a}, {0x3e99e980, 0x3eaa1965, 0x3ebbfd1a}},
	{{0x40a00000, 0x40a00001, 0x40900000}, {0x3ec46dfd, 0x3ec46e03, 0x3e6e47fd}},
	{{0x80000000, 0x00000000, 0x00000001}, {0x3eaaaaab, 0x3eaaaaab, 0x3eaaaaab}},
};

static const int largest[] = {0, 2, 2, 0, 1, 0, 1, 2, 1, 2};	/* of the margins */

#define N_SOFTMAX ((int) (sizeof(softmax) / sizeof(softmax[0])))

static int
class_of(const char *name, RmlWriter writer, const uint32_t *margins, int n)
{
	float		values[N];

	load(margins, values);
	return rml_class(rml_objective_by_name(name), writer, values, n);
}

static void
test_softmax(void)
{
	test("outputs: softmax, and the classes of multi:softmax and multi:softprob");
	for (int i = 0; i < N_SOFTMAX; i++)
	{
		const OutputCase *c = &softmax[i];
		int			most_likely = 0;

		for (int k = 1; k < N; k++)
			most_likely = from_bits(c->responses[k]) > from_bits(c->responses[most_likely]) ? k : most_likely;
		for (int w = 0; w < 2; w++)
		{
			RmlWriter	writer = w == 0 ? oldest : newest;

			check_responses("multi:softmax", writer, c->margins, c->responses);
			check_responses("multi:softprob", writer, c->margins, c->responses);
			CHECK_INT(class_of("multi:softmax", writer, c->margins, N), largest[i], "multi:softmax");
			CHECK_INT(class_of("multi:softprob", writer, c->margins, N), most_likely, "multi:softprob");
		}
	}
	/* margins that differ, probabilities that do not: the first of them */
	CHECK_INT(class_of("multi:softmax", newest, softmax[9].margins, N), 2, "margins -0, 0, 1e-45");
	CHECK_INT(class_of("multi:softprob", newest, softmax[9].margins, N), 0, "equal probabilities");
}

/* Rows whose probabilities show that the sum is a double. */
static void
test_sum(void)
{
	static const uint32_t rows[2][8] = {
		{0x40829e6b, 0xc0a39004, 0x3f56110d, 0xbf915959, 0xbf67c1a6, 0xbedcc581, 0xc0814774, 0xbeed7fae},
		{0x3f76c18c, 0xbef44766, 0x3ff52fad, 0xbecc98ee, 0x3d46bbff, 0x4045dd75, 0x3f8b8c09, 0xbf8156ac},
	};
	static const uint32_t want[2][8] = {
		{0x3f6e8bda, 0x38c6cd40, 0x3d14a33e, 0x3ba58a64, 0x3bd06644, 0x3c276798, 0x399117ae, 0x3c22061b},
		{0x3d90b664, 0x3c89023f, 0x3e3b6594, 0x3c940cb9, 0x3ce7c0b9, 0x3f17e002, 0x3da43285, 0x3c20bfa5},
	};

	test("outputs: the sum of a softmax is a double");
	for (int r = 0; r < 2; r++)
	{
		float		values[8];

		for (int i = 0; i < 8; i++)
			values[i] = from_bits(rows[r][i]);
		rml_responses(rml_objective_by_name("multi:softprob"), newest, values, 8);
		for (int i = 0; i < 8; i++)
			CHECK(to_bits(values[i]) == want[r][i], "row %d, output %d: 0x%08x, expected 0x%08x", r, i,
				  to_bits(values[i]), want[r][i]);
	}
}

/* ---- classes ---- */

static int
class_of_one(const char *name, float margin)
{
	return rml_class(rml_objective_by_name(name), newest, &margin, 1);
}

static void
test_classes(void)
{
	static const char *const none[] = {
		"reg:squarederror", "reg:logistic", "reg:quantileerror", "reg:expectileerror", "reg:gamma",
		"count:poisson", "survival:cox", "survival:aft", "rank:pairwise", "rank:ndcg", "rank:map",
		"reg:linear", "reg:tweedie", "reg:pseudohubererror", "reg:squaredlogerror", "reg:absoluteerror",
	};
	static const char *const binary[] = {"binary:logistic", "binary:logitraw", "binary:hinge"};

	test("outputs: classes of binary objectives");
	for (int i = 0; i < 3; i++)
	{
		const RmlObjective *o = rml_objective_by_name(binary[i]);

		CHECK(rml_has_class(o, 1) && !rml_has_class(o, 2), "%s", binary[i]);
		CHECK_INT(class_of_one(binary[i], 3.0f), 1, binary[i]);
		CHECK_INT(class_of_one(binary[i], -3.0f), 0, binary[i]);
		CHECK_INT(class_of_one(binary[i], 0.0f), 0, binary[i]);
		CHECK_INT(class_of_one(binary[i], -0.0f), 0, binary[i]);
		CHECK_INT(class_of_one(binary[i], NAN), 0, binary[i]);
		CHECK_INT(class_of_one(binary[i], INFINITY), 1, binary[i]);
	}
	/* a margin above 0 whose probability is 0.5 all the same */
	CHECK_INT(class_of_one("binary:logistic", 1e-9f), 0, "binary:logistic of 1e-9");
	CHECK_INT(class_of_one("binary:logitraw", 1e-9f), 1, "binary:logitraw of 1e-9");
	CHECK_INT(class_of_one("binary:hinge", 1e-45f), 1, "binary:hinge of 1e-45");

	test("outputs: who has a class, who has one score");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
	{
		const RmlObjective *o = rml_objective_by_name(none[i]);

		CHECK(!rml_has_class(o, 1) && !rml_has_class(o, 3), "%s has a class", none[i]);
		CHECK(rml_has_one_score(o, 1) && !rml_has_one_score(o, 2), "%s", none[i]);
	}
	for (int n = 1; n < 4; n++)
	{
		CHECK(rml_has_class(rml_objective_by_name("multi:softmax"), n), "multi:softmax, %d", n);
		CHECK(rml_has_class(rml_objective_by_name("multi:softprob"), n), "multi:softprob, %d", n);
		CHECK(!rml_has_one_score(rml_objective_by_name("multi:softmax"), n), "multi:softmax, %d", n);
		CHECK(!rml_has_one_score(rml_objective_by_name("multi:softprob"), n), "multi:softprob, %d", n);
		CHECK(rml_has_one_score(rml_objective_by_name("binary:logistic"), n) == (n == 1), "logistic, %d", n);
	}
}

/* ---- responses of each output by itself ---- */

static void
test_elementwise(void)
{
	static const char *const names[] = {
		"reg:squarederror", "reg:logistic", "binary:logistic", "count:poisson", "binary:hinge",
		"rank:ndcg", "survival:aft",
	};

	test("outputs: other objectives take each output by itself");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const RmlObjective *o = rml_objective_by_name(names[i]);
		float		values[N] = {-1.5f, 0.25f, 2.0f};
		float		want[N] = {-1.5f, 0.25f, 2.0f};

		rml_responses(o, newest, values, N);
		for (int k = 0; k < N; k++)
		{
			rml_responses(o, newest, &want[k], 1);
			CHECK(values[k] == want[k], "%s, output %d: %g, expected %g", names[i], k, values[k], want[k]);
		}
	}
}

/* ---- quantiles ---- */

static void
check_sorted(RmlWriter writer, float a, float b, float c, bool sorted)
{
	const RmlObjective *o = rml_objective_by_name("reg:quantileerror");
	float		values[N] = {a, b, c};
	float		low = fminf(a, fminf(b, c));
	float		high = fmaxf(a, fmaxf(b, c));

	rml_responses(o, writer, values, N);
	if (sorted)
		CHECK(values[0] == low && values[2] == high && values[0] <= values[1] && values[1] <= values[2] &&
			  (values[1] == a || values[1] == b || values[1] == c),
			  "%d.%d: {%g, %g, %g} became {%g, %g, %g}", writer.major, writer.minor, a, b, c,
			  values[0], values[1], values[2]);
	else
		CHECK(values[0] == a && values[1] == b && values[2] == c,
			  "%d.%d: {%g, %g, %g} became {%g, %g, %g}", writer.major, writer.minor, a, b, c,
			  values[0], values[1], values[2]);
}

static void
test_quantiles(void)
{
	static const float some[] = {-INFINITY, -1.0f, 0.0f, 0.5f, 2.0f, INFINITY};
	uint32_t	state = 1;
	float		many[1000];

	test("outputs: quantiles are sorted from 3.4 on, and not before");
	for (int i = 0; i < 6 * 6 * 6; i++)
	{
		float		a = some[i % 6];
		float		b = some[i / 6 % 6];
		float		c = some[i / 36];

		check_sorted((RmlWriter) {2, 0, 0}, a, b, c, false);
		check_sorted((RmlWriter) {3, 3, 9}, a, b, c, false);
		check_sorted((RmlWriter) {3, 4, 0}, a, b, c, true);
	}
	for (int i = 0; i < 1000; i++)
		many[i] = (float) gen_random(&state, 500);
	rml_responses(rml_objective_by_name("reg:quantileerror"), newest, many, 1000);
	for (int i = 1; i < 1000; i++)
		CHECK(many[i - 1] <= many[i], "of 1,000, %d: %g, then %g", i, many[i - 1], many[i]);
}

/* ---- expectiles ---- */

static const OutputCase expectiles[] = {
	{{0x00000000, 0x00000000, 0x00000000}, {0x00000000, 0x3f317229, 0x3fb17229}},
	{{0x3f800000, 0x40000000, 0x40400000}, {0x3f800000, 0x40481f9b, 0x40c59dd6}},
	{{0xbfc00000, 0x3e800000, 0x42b00000}, {0xbfc00000, 0xbf2c8f2b, 0x42aea6e2}},
	{{0x42c80000, 0xc2c80000, 0x00000000}, {0x42c80000, 0x42c80000, 0x42c962e4}},
	{{0x3a83126f, 0x3b03126f, 0xba83126f}, {0x3a83126f, 0x3f31f543, 0x3fb1a354}},
	{{0x40500000, 0xc0500000, 0xc0e00000}, {0x40500000, 0x40526f49, 0x40527e3c}},
	{{0xc3480000, 0xc2c80000, 0xc3960000}, {0xc3480000, 0xc3480000, 0xc3480000}},
	{{0x3dcccccd, 0x3e4ccccd, 0x3e99999a}, {0x3dcccccd, 0x3f65ec7f, 0x3fe051cc}},
	{{0x40a00000, 0x41800000, 0x41880000}, {0x40a00000, 0x41a80001, 0x42180001}},
	{{0x80000000, 0xc2b00000, 0xc2d00000}, {0x80000000, 0x358637bd, 0x360637bd}},
};

/* Base scores and the margins they give. */
static const OutputCase gaps[] = {
	{{0x3f000000, 0x3f400000, 0x40000000}, {0x3f000000, 0xbfa11cf3, 0x3f69944d}},
	{{0x3f800000, 0x3f800000, 0x3f800000}, {0x3f800000, 0xc15d0c54, 0xc15d0c54}},
	{{0x40400000, 0x40000000, 0x3f800000}, {0x40400000, 0xc15d0c54, 0xc15d0c54}},
	{{0xbf800000, 0x358637bd, 0x501502f9}, {0xbf800000, 0x3f0a9443, 0x501502f9}},
	{{0x00000000, 0x360637bd, 0x3649539c}, {0x00000000, 0xc15d0c54, 0xc15d0c54}},
	{{0x40a00000, 0x41f00000, 0x43020000}, {0x40a00000, 0x41c7ffff, 0x42c80000}},
};

static void
check_base(const char *name, RmlWriter writer, RmlBaseScore score, int n, const float *want)
{
	RmlError	err = {0};
	float		margins[8];

	if (!CHECK(rml_base_margins(rml_objective_by_name(name), writer, score, n, margins, &err),
			   "%s: %s", name, err.message))
		return;
	for (int i = 0; i < n; i++)
		CHECK(to_bits(margins[i]) == to_bits(want[i]), "%s, output %d: %a, expected %a", name, i,
			  margins[i], want[i]);
}

static void
test_expectiles(void)
{
	RmlWriter	first = {3, 3, 0};

	test("outputs: expectiles add up their gaps");
	for (size_t i = 0; i < sizeof(expectiles) / sizeof(expectiles[0]); i++)
	{
		check_responses("reg:expectileerror", first, expectiles[i].margins, expectiles[i].responses);
		check_responses("reg:expectileerror", newest, expectiles[i].margins, expectiles[i].responses);
	}
	test("outputs: base margins of expectiles are the gaps' inverse");
	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++)
	{
		float		scores[N];
		float		want[N];

		load(gaps[i].margins, scores);
		load(gaps[i].responses, want);
		check_base("reg:expectileerror", first, (RmlBaseScore) {.values = scores, .count = N}, N, want);
		check_base("reg:expectileerror", newest, (RmlBaseScore) {.values = scores, .count = N}, N, want);
		/* not linked: as they are */
		check_base("reg:expectileerror", newest, (RmlBaseScore) {.values = scores, .count = N, .is_margin = true}, N, scores);
	}
	{
		float		one = 1.0f;
		float		want[N] = {1.0f, from_bits(0xc15d0c54), from_bits(0xc15d0c54)};

		check_base("reg:expectileerror", newest, (RmlBaseScore) {.values = &one, .count = 1}, N, want);
	}
}

/* ---- base scores ---- */

static void
test_several(void)
{
	static const float scores[N] = {0.25f, 0.5f, 0.9f};
	float		logits[N];
	float		logs[N];

	test("outputs: one base score for all, or one for each, linked one by one");
	for (int i = 0; i < N; i++)
	{
		logits[i] = -logf(1.0f / scores[i] - 1.0f);
		logs[i] = logf(scores[i]);
	}
	check_base("binary:logistic", newest, (RmlBaseScore) {.values = scores, .count = N}, N, logits);
	check_base("count:poisson", newest, (RmlBaseScore) {.values = scores, .count = N}, N, logs);
	check_base("multi:softprob", newest, (RmlBaseScore) {.values = scores, .count = N}, N, scores);
	check_base("reg:quantileerror", newest, (RmlBaseScore) {.values = scores, .count = N}, N, scores);
	check_base("binary:logistic", newest, (RmlBaseScore) {.values = scores, .count = 1}, N,
			   (float[]) {logits[0], logits[0], logits[0]});
	check_base("multi:softmax", newest, (RmlBaseScore) {.values = scores, .count = 1}, N,
			   (float[]) {0.25f, 0.25f, 0.25f});
	check_base("multi:softmax", newest, (RmlBaseScore) {.values = scores, .count = N, .first_for_all = true}, N,
			   (float[]) {0.25f, 0.25f, 0.25f});
	check_base("binary:logistic", newest, (RmlBaseScore) {.values = scores, .count = N, .first_for_all = true}, N,
			   (float[]) {logits[0], logits[0], logits[0]});

	test("outputs: a base score that is a margin is not linked, whatever it is");
	{
		static const float wild[N] = {-3.0f, 0.0f, 1e30f};

		check_base("binary:logistic", newest, (RmlBaseScore) {.values = wild, .count = N, .is_margin = true}, N, wild);
		check_base("count:poisson", newest, (RmlBaseScore) {.values = wild, .count = N, .is_margin = true}, N, wild);
		check_base("reg:expectileerror", newest, (RmlBaseScore) {.values = wild, .count = N, .is_margin = true}, N, wild);
	}

	test("outputs: each base score must have a finite margin");
	for (int i = 0; i < N; i++)
	{
		float		bad[N] = {0.5f, 0.5f, 0.5f};
		float		margins[N];
		RmlError	err = {0};

		bad[i] = 2.0f;
		CHECK(!rml_base_margins(rml_objective_by_name("binary:logistic"), newest,
								(RmlBaseScore) {.values = bad, .count = N}, N, margins, &err), "2 at %d", i);
		CHECK_CONTAINS(err.message, "base_score is 2", "message");
		memset(&err, 0, sizeof(err));
		bad[i] = 0.0f;
		CHECK(!rml_base_margins(rml_objective_by_name("reg:gamma"), newest,
								(RmlBaseScore) {.values = bad, .count = N}, N, margins, &err), "0 at %d", i);
		memset(&err, 0, sizeof(err));
		bad[i] = INFINITY;
		CHECK(!rml_base_margins(rml_objective_by_name("reg:squarederror"), newest,
								(RmlBaseScore) {.values = bad, .count = N, .is_margin = true}, N, margins, &err), "Inf at %d", i);
	}
}

/* ---- when a base score is a margin ---- */

static void
check_unlinked(const char *what, RmlWriter writer, bool average, bool linear, int32_t rounds,
			   bool want)
{
	RmlXgbModel model = {.writer = writer, .boost_from_average = average, .is_linear = linear,
		.boosted_rounds = linear ? rounds : -1, .n_trees = linear ? 0 : rounds, .n_outputs = 2};
	float		scores[2] = {0.25f, 0.75f};
	RmlBaseScore score;

	model.base_score = (RmlFloatArray) {scores, 2};
	score = rml_xgb_base_score(&model);
	CHECK_INT(score.is_margin, want, what);
	CHECK_INT(score.first_for_all, linear, what);
	CHECK_INT(score.count, 2, what);
	CHECK(score.values[0] == 0.25f, "%s: %g", what, score.values[0]);
}

static void
test_unlinked(void)
{
	test("outputs: from 3.1 on an unfitted model's base score is a margin; gblinear has one for all");
	check_unlinked("3.1, average, nothing boosted", (RmlWriter) {3, 1, 0}, true, false, 0, true);
	check_unlinked("3.4, average, nothing boosted", (RmlWriter) {3, 4, 1}, true, false, 0, true);
	check_unlinked("3.0", (RmlWriter) {3, 0, 5}, true, false, 0, false);
	check_unlinked("1.7", (RmlWriter) {1, 7, 6}, true, false, 0, false);
	check_unlinked("given", (RmlWriter) {3, 1, 0}, false, false, 0, false);
	check_unlinked("boosted", (RmlWriter) {3, 1, 0}, true, false, 1, false);
	check_unlinked("linear, nothing boosted", (RmlWriter) {3, 3, 0}, true, true, 0, true);
	check_unlinked("linear, boosted", (RmlWriter) {3, 3, 0}, true, true, 1, false);
	check_unlinked("linear, given", (RmlWriter) {3, 3, 0}, false, true, 0, false);
	check_unlinked("linear, 2.0", (RmlWriter) {2, 0, 0}, true, true, 0, false);
}

int
main(void)
{
	test_softmax();
	test_sum();
	test_classes();
	test_elementwise();
	test_quantiles();
	test_expectiles();
	test_several();
	test_unlinked();
	return test_done();
}
