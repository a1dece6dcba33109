/*
 * test_linear.c
 *	  Linear models: layout of the weights, order of the sums, missing values.
 */
#include <math.h>
#include <stdlib.h>

#include "gen.h"
#include "kernel/kernel.h"
#include "tap.h"

/* A model file of gblinear around its weights, as text. */
static void
write_linear(Text *out, const char *version, int n_features, int n_classes, const char *base_score,
			 const char *rounds, const char *weights)
{
	out->size = 0;
	text_add(out, "{\"version\":%s,\"learner\":{\"gradient_booster\":{\"name\":\"gblinear\",\"model\":{%s"
			 "\"weights\":[%s]}},\"learner_model_param\":{\"base_score\":\"%s\",\"num_feature\":\"%d\","
			 "\"num_class\":\"%d\"},\"objective\":{\"name\":\"%s\",\"softmax_multiclass_param\":{\"num_class\":\"%d\"}}}}",
			 version, rounds, weights, base_score, n_features, n_classes,
			 n_classes > 0 ? "multi:softmax" : "reg:squarederror", n_classes);
}

typedef struct Scored
{
	bool		ok;
	RmlError	err;
	float		margins[4];
	float		reference[4];
} Scored;

static Scored
score(const Text *file, const float *row)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {1};
	RmlImportOptions options = {0};
	Scored		result = {0};
	RmlXgbModel model;
	RmlImage	image;
	RmlBlock	block;
	TestHost	host;

	test_host_begin(&host, SIZE_MAX);
	result.ok = rml_xgb_parse(file->data, file->size, &host.host, &model, &result.err) &&
		rml_xgb_validate(&model, &host.host, &result.err) &&
		rml_xgb_build(&model, &options, identity, &host.host, &block, &result.err) &&
		rml_image_open(&image, block.data, block.size, &result.err);
	if (CHECK(result.ok, "refused: %s", result.err.message))
	{
		CHECK(image.header->flags & RML_IMAGE_LINEAR, "flags %u", image.header->flags);
		CHECK_INT(image.header->n_trees, 0, "trees");
		rml_kernel_margins(rml_kernel_choose(image.header, NULL), &image, row, result.margins, NULL);
		rml_xgb_reference_margins(&model, (RmlTreeRange) {0, 0}, row, result.reference);
	}
	test_host_end(&host);
	return result;
}

static void
check_score(const char *what, const Text *file, const float *row, int n, const float *want)
{
	Scored		got = score(file, row);

	for (int i = 0; i < n && got.ok; i++)
	{
		CHECK(memcmp(&got.margins[i], &want[i], sizeof(float)) == 0 || (isnan(want[i]) && isnan(got.margins[i])),
			  "%s, output %d: %a, expected %a", what, i, got.margins[i], want[i]);
		CHECK(memcmp(&got.reference[i], &want[i], sizeof(float)) == 0 || (isnan(want[i]) && isnan(got.reference[i])),
			  "%s, output %d: reference %a, expected %a", what, i, got.reference[i], want[i]);
	}
}

#define ROW(...) ((const float[]) {__VA_ARGS__})

static void
test_layout(void)
{
	Text		file = {0};

	test("linear: weights by feature and output, biases last, missing values passed over");
	write_linear(&file, "[1,7,4]", 2, 0, "5E-1", "\"boosted_rounds\":3,", "2,4,8");
	check_score("one output", &file, ROW(1, 1), 1, ROW(14.5f));
	check_score("one output", &file, ROW(3, 5), 1, ROW(34.5f));
	check_score("first missing", &file, ROW(NAN, 1), 1, ROW(12.5f));
	check_score("second missing", &file, ROW(1, NAN), 1, ROW(10.5f));
	check_score("all missing", &file, ROW(NAN, NAN), 1, ROW(8.5f));
	write_linear(&file, "[1,7,4]", 2, 3, "5E-1", "\"boosted_rounds\":3,", "1,2,4,8,16,32,100,200,400");
	check_score("three outputs", &file, ROW(1, 1), 3, ROW(109.5f, 218.5f, 436.5f));
	check_score("three outputs, first only", &file, ROW(1, NAN), 3, ROW(101.5f, 202.5f, 404.5f));
	check_score("three outputs, second only", &file, ROW(NAN, 1), 3, ROW(108.5f, 216.5f, 432.5f));
	text_free(&file);
}

static void
test_order(void)
{
	Text		file = {0};

	test("linear: base margin and bias first, then feature by feature in float32");
	/* 2^24 + 1 + 1 is 2^24 in this order, 2^24 + 2 in the other */
	write_linear(&file, "[1,7,4]", 2, 0, "16777216", "\"boosted_rounds\":1,", "1,1,0");
	check_score("large base", &file, ROW(1, 1), 1, ROW(16777216.0f));
	write_linear(&file, "[1,7,4]", 2, 0, "1", "\"boosted_rounds\":1,", "16777216,1,1");
	check_score("base and bias", &file, ROW(1, NAN), 1, ROW(16777218.0f));
	write_linear(&file, "[1,7,4]", 2, 0, "1", "\"boosted_rounds\":1,", "1,1,16777216");
	check_score("large bias", &file, ROW(1, 1), 1, ROW(16777216.0f));
	/* the product is rounded before it is added: no fused operation */
	write_linear(&file, "[1,7,4]", 1, 0, "-1", "\"boosted_rounds\":1,", "1.00000012,0");
	check_score("rounded product", &file, ROW(0x1.fffffep-1f), 1, ROW(0.0f));
	/* up to 1.2, too, the base margin comes first */
	write_linear(&file, "[1,0,0]", 2, 0, "16777216", "", "1,1,0");
	check_score("1.0", &file, ROW(1, 1), 1, ROW(16777216.0f));
	text_free(&file);
}

static void
test_signs(void)
{
	Text		file = {0};

	test("linear: signs of zero, infinities");
	write_linear(&file, "[1,7,4]", 1, 0, "-0.0", "\"boosted_rounds\":1,", "1,-0.0");
	check_score("-0 and -0, missing", &file, ROW(NAN), 1, ROW(-0.0f));
	check_score("-0 and -0, -0", &file, ROW(-0.0f), 1, ROW(-0.0f));
	check_score("-0 and -0, 0", &file, ROW(0.0f), 1, ROW(0.0f));
	write_linear(&file, "[1,7,4]", 1, 0, "-0.0", "\"boosted_rounds\":1,", "-1,0");
	check_score("0 and -0", &file, ROW(NAN), 1, ROW(0.0f));
	write_linear(&file, "[1,7,4]", 1, 0, "0", "\"boosted_rounds\":1,", "0,0");
	check_score("0 times infinity", &file, ROW(INFINITY), 1, ROW(NAN));
	write_linear(&file, "[1,7,4]", 1, 0, "0", "\"boosted_rounds\":1,", "3E38,0");
	check_score("overflow", &file, ROW(10), 1, ROW(INFINITY));
	check_score("overflow", &file, ROW(-10), 1, ROW(-INFINITY));
	text_free(&file);
}

static void
test_base_scores(void)
{
	Text		file = {0};

	test("linear: the first base score is every output's");
	write_linear(&file, "[3,3,0]", 1, 3, "[5E-1,7,9]", "\"boosted_rounds\":1,", "1,2,4,10,20,40");
	check_score("3.3", &file, ROW(1), 3, ROW(11.5f, 22.5f, 44.5f));
	write_linear(&file, "[3,1,0]", 1, 3, "[5E-1]", "\"boosted_rounds\":1,", "1,2,4,10,20,40");
	check_score("3.1, one", &file, ROW(1), 3, ROW(11.5f, 22.5f, 44.5f));
	text_free(&file);
}

static void
test_untrained(void)
{
	Text		file = {0};

	test("linear: a model that was never trained has zeros for weights");
	write_linear(&file, "[1,7,4]", 2, 0, "5E-1", "\"boosted_rounds\":0,", "");
	check_score("no weights", &file, ROW(1, 1), 1, ROW(0.5f));
	check_score("no weights, infinity", &file, ROW(INFINITY, 1), 1, ROW(NAN));
	write_linear(&file, "[1,3,0]", 2, 0, "5E-1", "", "");
	check_score("no weights, no rounds", &file, ROW(1, 1), 1, ROW(0.5f));
	write_linear(&file, "[1,7,4]", 2, 0, "-0.0", "\"boosted_rounds\":0,", "");
	check_score("a base score of -0", &file, ROW(NAN, NAN), 1, ROW(0.0f));
	write_linear(&file, "[1,7,4]", 1, 3, "5E-1", "\"boosted_rounds\":0,", "");
	check_score("three outputs", &file, ROW(1), 3, ROW(0.5f, 0.5f, 0.5f));
	text_free(&file);
}

int
main(void)
{
	test_layout();
	test_order();
	test_signs();
	test_base_scores();
	test_untrained();
	return test_done();
}
