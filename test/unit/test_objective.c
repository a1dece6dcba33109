/*
 * test_objective.c
 *	  Base margins and responses, to the bit.
 *
 * The expected bits are those of XGBoost 1.7.4 (predict of a model without
 * trees) with glibc 2.36, and of XGBoost's source for what came later.
 */
#include <math.h>

#include "model/objective.h"
#include "tap.h"

typedef struct MarginCase
{
	const char *objective;
	uint32_t	base_score;
	uint32_t	margin;
} MarginCase;

static const MarginCase margins[] = {
	{"binary:logistic", 0x3f000000, 0x80000000},	/* 0.5 gives -0 */
	{"binary:logistic", 0x3dcccccd, 0xc00c9f54},
	{"binary:logistic", 0x3e800000, 0xbf8c9f54},
	{"binary:logistic", 0x3f400000, 0x3f8c9f53},
	{"binary:logistic", 0x3f666666, 0x400c9f52},
	{"binary:logistic", 0x3e6147ae, 0xbfa2015b},
	{"binary:logistic", 0x3c4985f0, 0xc08c584f},
	{"binary:logistic", 0x3f7fbe77, 0x40dd0424},
	{"binary:logistic", 0x358637bd, 0xc15d0c54},
	{"binary:logistic", 0x3f7fffef, 0x415bec2d},
	{"reg:logistic", 0x3e99999a, 0xbf58e883},
	{"count:poisson", 0x3f000000, 0xbf317218},
	{"count:poisson", 0x3f800000, 0x00000000},
	{"count:poisson", 0x406ccccd, 0x3fa77773},
	{"count:poisson", 0x0da24260, 0xc28a27b5},
	{"reg:gamma", 0x40200000, 0x3f6a9208},
	{"reg:tweedie", 0x3e000000, 0xc0051592},
	{"survival:cox", 0x3f000000, 0xbf317218},
	{"survival:aft", 0x40e80000, 0x3ffd9175},
	{"binary:logitraw", 0x3e99999a, 0x3e99999a},
	{"binary:hinge", 0x3f000000, 0x3f000000},
	{"reg:squarederror", 0xc0500000, 0xc0500000},
	{"reg:squaredlogerror", 0x3f333333, 0x3f333333},
	{"reg:pseudohubererror", 0x3f666666, 0x3f666666},
	{"reg:absoluteerror", 0xbfc00000, 0xbfc00000},
	{"reg:quantileerror", 0xbfc00000, 0xbfc00000},
	{"reg:expectileerror", 0xbfc00000, 0xbfc00000},
	{"rank:pairwise", 0x3f000000, 0x3f000000},
	{"rank:ndcg", 0x3f000000, 0x3f000000},
	{"rank:map", 0x3f000000, 0x3f000000},
};

/* rml_base_margins for one output. */
static bool
base_margin(const RmlObjective *objective, RmlWriter writer, float score, float *margin,
			RmlError *err)
{
	return rml_base_margins(objective, writer, (RmlBaseScore) {.values = &score, .count = 1}, 1, margin, err);
}

static void
test_margins(RmlWriter writer)
{
	for (size_t i = 0; i < sizeof(margins) / sizeof(margins[0]); i++)
	{
		const MarginCase *c = &margins[i];
		const RmlObjective *objective = rml_objective_by_name(c->objective);
		RmlError	err = {0};
		float		margin = 7;

		if (!CHECK(objective != NULL, "%s is unknown", c->objective))
			continue;
		CHECK(base_margin(objective, writer, from_bits(c->base_score), &margin, &err) &&
			  to_bits(margin) == c->margin,
			  "%s of %g, written by %d.%d: got 0x%08x, expected 0x%08x %s", c->objective,
			  from_bits(c->base_score), writer.major, writer.minor, to_bits(margin), c->margin,
			  err.message);
	}
}

/* 0 and 1, and what lies within 1e-6 of them, depend on who wrote the file. */
static void
check_logit(const char *name, RmlWriter writer, float p, bool want_ok, uint32_t want)
{
	RmlError	err = {0};
	float		margin = 7;
	bool		ok = base_margin(rml_objective_by_name(name), writer, p, &margin, &err);

	CHECK(ok == want_ok && (!ok || to_bits(margin) == want),
		  "%s of %g, written by %d.%d.%d: %s 0x%08x, expected %s 0x%08x", name, p,
		  writer.major, writer.minor, writer.patch, ok ? "ok" : err.message, to_bits(margin),
		  want_ok ? "ok" : "refused", want);
	if (!ok)
	{
		CHECK_CONTAINS(err.message, "base_score", "message");
		CHECK_CONTAINS(err.message, name, "message");
	}
}

static void
test_clamping(void)
{
	static const RmlWriter old[] = {{1, 0, 0}, {1, 7, 6}, {2, 1, 4}, {3, 0, 5}, {3, 1, 3}};
	static const RmlWriter new[] = {{3, 2, 0}, {3, 3, 0}, {3, 4, 1}};
	static const char *const names[] = {"binary:logistic", "reg:logistic"};
	const uint32_t lowest = 0xc15d0c54; /* of 1e-6 */
	const uint32_t highest = 0x415bec2d;	/* of 1 - 1e-6 */

	test("objective: base_score at the ends of (0, 1), by writer");
	for (size_t n = 0; n < 2; n++)
	{
		for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		{
			check_logit(names[n], old[i], 1e-30f, true, 0xc28a27b5);
			check_logit(names[n], old[i], 0x1.fffffep-1f, true, to_bits(-logf(1.0f / 0x1.fffffep-1f - 1.0f)));
			check_logit(names[n], old[i], 0.0f, false, 0);
			check_logit(names[n], old[i], 1.0f, false, 0);
			check_logit(names[n], old[i], 1e-40f, false, 0);	/* 1/p overflows */
		}
		for (size_t i = 0; i < sizeof(new) / sizeof(new[0]); i++)
		{
			check_logit(names[n], new[i], 0.0f, true, lowest);
			check_logit(names[n], new[i], 1e-30f, true, lowest);
			check_logit(names[n], new[i], 1e-40f, true, lowest);
			check_logit(names[n], new[i], 1e-6f, true, lowest);
			check_logit(names[n], new[i], 1.0f, true, highest);
			check_logit(names[n], new[i], 0x1.fffffep-1f, true, highest);
			check_logit(names[n], new[i], 1.5f, false, 0);
		}
		check_logit(names[n], old[1], -0.5f, false, 0);
		check_logit(names[n], new[1], -1e-30f, false, 0);
		check_logit(names[n], new[1], NAN, false, 0);
		check_logit(names[n], old[1], NAN, false, 0);
		check_logit(names[n], new[1], INFINITY, false, 0);
	}
}

static void
test_domains(void)
{
	static const struct
	{
		const char *name;
		float		score;
	}			bad[] = {
		{"count:poisson", 0.0f}, {"count:poisson", -1.0f}, {"reg:gamma", -0.0f},
		{"reg:tweedie", -1e-30f}, {"survival:cox", NAN}, {"survival:aft", INFINITY},
		{"reg:squarederror", NAN}, {"reg:squarederror", INFINITY}, {"binary:hinge", -INFINITY},
		{"rank:map", NAN},
	};

	test("objective: a base_score without a finite margin is refused");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		RmlError	err = {0};
		float		margin;

		CHECK(!base_margin(rml_objective_by_name(bad[i].name), (RmlWriter) {3, 4, 0},
							   bad[i].score, &margin, &err) && err.kind == RML_INVALID,
			  "%s of %g gives %g", bad[i].name, bad[i].score, margin);
	}
}

typedef struct ResponseCase
{
	uint32_t	margin;
	uint32_t	sigmoid;
	uint32_t	exp;
} ResponseCase;

static const ResponseCase responses[] = {
	{0x00000000, 0x3f000000, 0x3f800000},
	{0x80000000, 0x3f000000, 0x3f800000},
	{0x3f000000, 0x3f1f597f, 0x3fd3094c},
	{0xbf000000, 0x3ec14d03, 0x3f1b4598},
	{0x3f800000, 0x3f3b26a8, 0x402df854},
	{0xbf800000, 0x3e89b2b1, 0x3ebc5ab2},
	{0x40500000, 0x3f7671be, 0x41ce529e},
	{0xc0f00000, 0x3a10e859, 0x3a10fcdd},
	{0x41880000, 0x3f800000, 0x4bb849a4},
	{0xc1880000, 0x3331cf19, 0x3331cf19},
	{0x42200000, 0x3f800000, 0x5c51106a},
	{0xc2200000, 0x229cbc92, 0x229cbc92},
	{0x42b16666, 0x3f800000, 0x7f7a37fc},
	{0xc2b16666, 0x0020bd47, 0x0020bd47},
	{0xc2b1999a, 0x0020bd47, 0x001d9fa5},
	{0xc2c80000, 0x0020bd47, 0x0000001b},
	{0xc47a0000, 0x0020bd47, 0x00000000},
	{0x447a0000, 0x3f800000, 0x7f800000},
	{0x00000001, 0x3f000000, 0x3f800000},
	{0x8da24260, 0x3f000000, 0x3f800000},
	{0x7f800000, 0x3f800000, 0x7f800000},
	{0xff800000, 0x0020bd47, 0x00000000},
};

static void
check_response_by(RmlWriter writer, const char *name, uint32_t margin, uint32_t want)
{
	float		value = from_bits(margin);
	uint32_t	got;

	rml_responses(rml_objective_by_name(name), writer, &value, 1);
	got = to_bits(value);

	CHECK(got == want, "%s of %g, written by %d.%d: got 0x%08x, expected 0x%08x", name,
		  from_bits(margin), writer.major, writer.minor, got, want);
}

static void
check_response(const char *name, uint32_t margin, uint32_t want)
{
	check_response_by((RmlWriter) {1, 7, 4}, name, margin, want);
	check_response_by((RmlWriter) {3, 4, 1}, name, margin, want);
}

static void
test_responses(void)
{
	test("objective: responses");
	for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++)
	{
		const ResponseCase *c = &responses[i];

		check_response("binary:logistic", c->margin, c->sigmoid);
		check_response("reg:logistic", c->margin, c->sigmoid);
		check_response("count:poisson", c->margin, c->exp);
		check_response("reg:gamma", c->margin, c->exp);
		check_response("reg:tweedie", c->margin, c->exp);
		check_response("survival:cox", c->margin, c->exp);
		check_response("survival:aft", c->margin, c->exp);
		check_response("binary:hinge", c->margin, from_bits(c->margin) > 0 ? 0x3f800000 : 0);
		check_response("binary:logitraw", c->margin, c->margin);
		check_response("reg:squarederror", c->margin, c->margin);
		check_response("reg:absoluteerror", c->margin, c->margin);
		check_response("rank:ndcg", c->margin, c->margin);
		check_response("reg:quantileerror", c->margin, c->margin);
		check_response("reg:expectileerror", c->margin, c->margin);
	}
}

/* Up to 1.5 the exponent had no bound: small probabilities become smaller, or 0. */
static void
test_old_sigmoid(void)
{
	static const RmlWriter writers[] = {{1, 0, 0}, {1, 3, 3}, {1, 5, 2}};

	test("objective: the sigmoid of 1.0 to 1.5");
	for (int i = 0; i < 3; i++)
	{
		for (size_t n = 0; n < sizeof(responses) / sizeof(responses[0]); n++)
		{
			const ResponseCase *c = &responses[n];

			/* the same but beyond the bound */
			if (from_bits(c->margin) >= -88.0f)
				check_response_by(writers[i], "binary:logistic", c->margin, c->sigmoid);
		}
		check_response_by(writers[i], "reg:logistic", 0xc2c80000, 0);	/* -100 */
		check_response_by(writers[i], "binary:logistic", 0xff800000, 0);
		check_response_by(writers[i], "count:poisson", 0xc2c80000, 0x0000001b);
	}
	check_response_by((RmlWriter) {1, 6, 0}, "reg:logistic", 0xc2c80000, 0x0020bd47);
}

/* binary:logitraw took base_score for a probability until 1.3.0. */
static void
test_old_logitraw(void)
{
	static const struct
	{
		RmlWriter	writer;
		uint32_t	want;
	}			cases[] = {
		{{1, 0, 0}, 0xbf58e883}, {{1, 2, 1}, 0xbf58e883}, {{1, 3, 0}, 0xbf58e883},
		{{1, 3, 1}, 0x3e99999a}, {{1, 4, 0}, 0x3e99999a}, {{2, 0, 0}, 0x3e99999a},
	};

	test("objective: binary:logitraw before and after 1.3.1");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		RmlError	err = {0};
		float		margin = 7;

		CHECK(base_margin(rml_objective_by_name("binary:logitraw"), cases[i].writer, 0.3f,
							  &margin, &err) && to_bits(margin) == cases[i].want,
			  "case %zu: 0x%08x %s", i, to_bits(margin), err.message);
	}
}

int
main(void)
{
	test("objective: base margins, files of 1.7");
	test_margins((RmlWriter) {1, 7, 4});
	test("objective: base margins, files of 3.4");
	test_margins((RmlWriter) {3, 4, 1});
	test_clamping();
	test_domains();
	test_responses();
	test_old_sigmoid();
	test_old_logitraw();
	test("objective: names and numbers are found, others are not");
	CHECK(rml_objective_by_name("reg:nothing") == NULL, "reg:nothing");
	CHECK(rml_objective_by_name("") == NULL, "no name");
	for (int id = -1; id < 100; id++)
	{
		const RmlObjective *o = rml_objective_by_id(id);

		CHECK(o == NULL || (o->id == id && rml_objective_by_name(o->name) == o), "number %d", id);
	}
	return test_done();
}
