/*
 * test_labels.c
 *	  Labels of categories: from the file, or given at import, to codes.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "gen.h"
#include "tap.h"

static TestHost host;
static RmlXgbModel model;
static RmlImage image;
static RmlError err;

/* Imports; the model is in `model`, its image in `image`, the fault in `err`. */
static bool
import(const Text *file, const RmlImportOptions *options)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {1};
	RmlBlock	block;

	test_host_end(&host);
	test_host_begin(&host, SIZE_MAX);
	memset(&err, 0, sizeof(err));
	return rml_xgb_parse(file->data, file->size, &host.host, &model, &err) &&
		rml_xgb_validate(&model, &host.host, &err) &&
		rml_xgb_build(&model, options, identity, &host.host, &block, &err) &&
		rml_image_open(&image, block.data, block.size, &err);
}

static bool
import_plainly(const Text *file)
{
	return import(file, &(RmlImportOptions) {0});
}

/* The code of a label, -1 if unknown, -2 if the feature has no labels. */
static int32_t
code_of(int feature, const char *label, size_t length)
{
	const RmlImageCategories *c = rml_image_categories(&image, feature);

	return c == NULL ? -2 : rml_image_code(&image, c, label, length);
}

static void
check_code(int feature, const char *label, int32_t want)
{
	CHECK(code_of(feature, label, strlen(label)) == want, "feature %d, \"%s\": code %d, expected %d",
		  feature, label, code_of(feature, label, strlen(label)), want);
}

/* ---- files ---- */

typedef enum Order
{
	ASCENDING,
	DESCENDING,
	TURNED
} Order;

static void
number(RmlXgbCats *cats, Order order)
{
	int32_t		n = 0;

	cats->segments.values[0] = 0;
	for (int32_t i = 0; i < cats->n_enc; i++)
	{
		const RmlXgbLabels *labels = &cats->labels[i];
		int32_t		size = labels->is_text ? labels->offsets.count - 1 : labels->values.count;

		for (int32_t k = 0; k < size; k++)
			cats->sorted_idx.values[n + k] = order == ASCENDING ? k : order == DESCENDING ? size - 1 - k
				: (k + 1) % size;
		n += size;
		cats->segments.values[i + 1] = n;
	}
	cats->segments.count = cats->n_enc + 1;
	cats->sorted_idx.count = n;
}

static RmlWriter file_writer = {3, 4, 1};

/* A model of three features without trees; the second has these labels. */
static void
write_file(Text *out, const RmlXgbLabels *labels, Order order, bool ubj)
{
	GenOptions	shape = {.seed = 1, .n_features = 3, .writer = file_writer, .objective = "reg:squarederror"};
	RmlXgbLabels enc[3] = {{.is_text = true}, *labels, {.is_text = true}};
	RmlXgbModel made;
	TestHost	maker;
	int32_t		segments[4];
	int32_t		offset[1] = {0};
	int32_t    *sorted = calloc((size_t) labels->values.count + (size_t) labels->offsets.count + 1, sizeof(int32_t));

	test_host_begin(&maker, SIZE_MAX);
	gen_model(&made, &maker.host, &shape);
	enc[0].offsets = enc[2].offsets = (RmlIntArray) {offset, 1};
	made.cats.labels = enc;
	made.cats.n_labels = 3;
	made.cats.n_enc = 3;
	made.cats.segments.values = segments;
	made.cats.sorted_idx.values = sorted;
	number(&made.cats, order);
	out->size = 0;
	gen_text(&made, ubj, out);
	test_host_end(&maker);
	free(sorted);
}

static void
write_integers(Text *out, int type, const int64_t *values, int n, bool ubj)
{
	RmlXgbLabels labels = {.type = type, .values = {.wide = (int64_t *) values, .count = n}};

	write_file(out, &labels, ASCENDING, ubj);
}

/* Labels one after the other, each of so many bytes. */
static void
write_texts(Text *out, const char *bytes, const int32_t *offsets, int n, Order order, bool ubj)
{
	int32_t    *values = calloc((size_t) offsets[n] + 1, sizeof(int32_t));
	RmlXgbLabels labels = {.is_text = true, .offsets = {(int32_t *) offsets, n + 1},
		.values = {.values = values, .count = offsets[n]}};

	for (int32_t i = 0; i < offsets[n]; i++)
		values[i] = (int8_t) bytes[i];
	write_file(out, &labels, order, ubj);
	free(values);
}

/* ---- text ---- */

#define N_TEXTS 8
static const char *const texts[N_TEXTS] = {
	"b", "gr\xc3\xb6\xc3\x9f" "e", "", "B", "a long label", "bb", "\xe4\xb8\xad\xf0\x9f\x98\x80", "a",
};

static void
test_texts(void)
{
	Text		file = {0};
	Text		bytes = {0};
	int32_t		offsets[N_TEXTS + 1] = {0};

	for (int i = 0; i < N_TEXTS; i++)
	{
		text_bytes(&bytes, texts[i], strlen(texts[i]));
		offsets[i + 1] = (int32_t) bytes.size;
	}
	test("labels: text, in any order of sorted_idx, JSON and UBJSON");
	for (int order = 0; order < 3; order++)
	{
		for (int ubj = 0; ubj < 2; ubj++)
		{
			write_texts(&file, bytes.data, offsets, N_TEXTS, (Order) order, ubj);
			if (!CHECK(import_plainly(&file), "%s", err.message))
				continue;
			CHECK_INT(image.n_categories, 1, "features with labels");
			for (int i = 0; i < N_TEXTS; i++)
				check_code(1, texts[i], i);
			check_code(0, "b", -2);
			check_code(2, "b", -2);
		}
	}
	test("labels: what is not a label is none");
	check_code(1, "c", -1);
	check_code(1, "A", -1);
	check_code(1, "bbb", -1);
	check_code(1, "a long labe", -1);
	check_code(1, "a long label ", -1);
	check_code(1, "gr\xc3\xb6", -1);
	check_code(1, "\xff", -1);
	check_code(1, "\x01", -1);
	CHECK_INT(code_of(1, "b\0", 2), -1, "a NUL behind");
	CHECK_INT(code_of(1, "", 0), 2, "the empty label");
	CHECK(rml_image_categories(&image, 99) == NULL, "feature 99");
	text_free(&bytes);
	text_free(&file);
}

static void
refuse_text(const char *what, const char *bytes, const int32_t *offsets, int n, const char *message)
{
	Text		file = {0};

	for (int ubj = 0; ubj < 2; ubj++)
	{
		write_texts(&file, bytes, offsets, n, ASCENDING, ubj);
		if (CHECK(!import_plainly(&file), "%s is accepted", what))
			CHECK(err.kind == RML_INVALID && strstr(err.message, message) != NULL,
				  "%s: got \"%s\", expected \"%s\"", what, err.message, message);
	}
	text_free(&file);
}

#define AT(...) ((const int32_t[]) {__VA_ARGS__})

static void
test_bad_texts(void)
{
	test("labels: text that has NUL, or occurs twice, is refused");
	refuse_text("the same twice", "abcab", AT(0, 2, 3, 5), 3, "cats.enc[1]: label \"ab\" occurs twice");
	refuse_text("empty twice", "ab", AT(0, 0, 2, 2), 3, "cats.enc[1]: label \"\" occurs twice");
	refuse_text("NUL", "a\0b", AT(0, 1, 3), 2, "cats.enc[1]: label 1 has a character NUL");
}

/* Labels that are no UTF-8 are not used; the model is scored by codes. */
static void
pass_over_text(const char *what, const char *bytes, const int32_t *offsets, int n)
{
	Text		file = {0};

	for (int ubj = 0; ubj < 2; ubj++)
	{
		write_texts(&file, bytes, offsets, n, ASCENDING, ubj);
		if (CHECK(import_plainly(&file), "%s: %s", what, err.message))
			CHECK(rml_image_categories(&image, 1) == NULL && rml_xgb_label_state(&model, 1) == RML_LABELS_CUT,
				  "%s counts", what);
	}
	text_free(&file);
}

static void
test_broken_texts(void)
{
	test("labels: text that is no UTF-8 is passed over");
	pass_over_text("a lone byte", "a\xff", AT(0, 1, 2), 2);
	pass_over_text("cut in a character", "\xc3\xa4", AT(0, 1, 2), 2);
	pass_over_text("cut at the end", "a\xc3", AT(0, 1, 2), 2);
	pass_over_text("an overlong form", "\xc0\xaf", AT(0, 2), 1);
	pass_over_text("a surrogate", "x\xed\xa0\x80", AT(0, 1, 4), 2);
	pass_over_text("beyond U+10FFFF", "x\xf4\x90\x80\x80", AT(0, 1, 5), 2);
}

/* JSON alone: the bytes as unsigned numbers, and numbers that are no bytes. */
static void
check_bytes(const char *values, const char *label, const char *message)
{
	Text		file = {0};

	text_add(&file, "{\"version\":[3,4,1],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
			 "\"cats\":{\"enc\":[{\"offsets\":[0,2],\"values\":[%s]}],\"feature_segments\":[0,1],\"sorted_idx\":[0]},"
			 "\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]}},", values);
	text_add(&file, "\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"1\"},"
			 "\"objective\":{\"name\":\"reg:squarederror\"}}}");
	if (message == NULL)
	{
		if (CHECK(import_plainly(&file), "%s: %s", values, err.message))
			check_code(0, label, 0);
	}
	else if (CHECK(!import_plainly(&file), "%s is accepted", values))
		CHECK_CONTAINS(err.message, message, values);
	text_free(&file);
}

static void
test_bytes(void)
{
	test("labels: bytes as signed or unsigned numbers");
	check_bytes("-61,-92", "\xc3\xa4", NULL);
	check_bytes("195,164", "\xc3\xa4", NULL);
	check_bytes("195,-92", "\xc3\xa4", NULL);
	check_bytes("97,256", NULL, "cats.enc[0].values[1] is 256, not a byte");
	check_bytes("-129,97", NULL, "cats.enc[0].values[0] is -129, not a byte");
	check_bytes("97,2147483648", NULL, "cats.enc[0].values[1] is 2147483648, not a byte");
	check_bytes("97,4294967393", NULL, "cats.enc[0].values[1] is 4294967393, not a byte");
	check_bytes("97,-9223372036854775808", NULL, "cats.enc[0].values[1] is -9223372036854775808, not a byte");
	check_bytes("97,9223372036854775808", NULL, "overflows 64 bits");
	check_bytes("97,1.0", NULL, "values is a floating-point number");
	check_bytes("97,\"a\"", NULL, "values is a string");
	check_bytes("97,98,99", NULL, "cats.enc[0].offsets end at 2, but values has 3 entries");
}

/* 3.1 to 3.3 cut texts that are not ASCII: labels with such bytes do not count. */
static void
check_cut(RmlWriter writer, const char *bytes, bool want)
{
	int32_t		offsets[3] = {0, 1, (int32_t) strlen(bytes)};
	const RmlCategoryMap map = {"f1", (const char *[]) {"mine"}, 1};
	RmlImportOptions options = {.categories = (RmlCategoryMap *) &map, .n_categories = 1};
	Text		file = {0};

	file_writer = writer;
	write_texts(&file, bytes, offsets, 2, ASCENDING, false);
	if (CHECK(import_plainly(&file), "%d.%d: %s", writer.major, writer.minor, err.message))
		CHECK((code_of(1, "a", 1) == 0) == want, "%d.%d, %s: code %d", writer.major, writer.minor, bytes,
			  code_of(1, "a", 1));
	/* in their place some may be given */
	CHECK(import(&file, &options) != want, "%d.%d, %s, a map: %s", writer.major, writer.minor, bytes,
		  err.message);
	if (!want)
		check_code(1, "mine", 0);
	file_writer = (RmlWriter) {3, 4, 1};
	text_free(&file);
}

static void
test_cut(void)
{
	test("labels: text beyond ASCII counts from 3.4 on, other text from 3.1 on");
	for (int minor = 1; minor <= 4; minor++)
	{
		check_cut((RmlWriter) {3, minor, 0}, "abc", true);
		check_cut((RmlWriter) {3, minor, 0}, "a\x7f", true);
		check_cut((RmlWriter) {3, minor, 0}, "a\xc3\xa4", minor == 4);
	}
}

/* ---- integers ---- */

typedef struct Integers
{
	int			type;
	int64_t		least;
	int64_t		most;			/* as the file has it */
} Integers;

static const Integers types[] = {
	{9, INT8_MIN, INT8_MAX}, {10, 0, UINT8_MAX}, {11, INT16_MIN, INT16_MAX}, {12, 0, UINT16_MAX},
	{13, INT32_MIN, INT32_MAX}, {14, 0, UINT32_MAX}, {15, INT64_MIN, INT64_MAX}, {16, 0, INT64_MAX},
};

static void
check_integers(const Integers *t, bool ubj)
{
	int64_t		values[] = {t->most, 7, t->least, 100, t->most - 1, 11};
	Text		file = {0};
	char		label[32];

	write_integers(&file, t->type, values, 6, ubj);
	if (CHECK(import_plainly(&file), "type %d: %s", t->type, err.message))
	{
		for (int i = 0; i < 6; i++)
		{
			snprintf(label, sizeof(label), "%" PRId64, values[i]);
			check_code(1, label, i);
		}
		check_code(1, "8", -1);
		check_code(1, "07", -1);
		check_code(1, "+7", -1);
		check_code(1, "7.0", -1);
		check_code(1, "", -1);
	}
	text_free(&file);
}

static void
refuse_integers(int type, int64_t a, int64_t b, const char *message)
{
	int64_t		values[] = {a, b};
	Text		file = {0};

	write_integers(&file, type, values, 2, false);
	if (CHECK(!import_plainly(&file), "type %d: %" PRId64 ", %" PRId64 " is accepted", type, a, b))
		CHECK(err.kind == RML_INVALID && strstr(err.message, message) != NULL,
			  "type %d: got \"%s\", expected \"%s\"", type, err.message, message);
	text_free(&file);
}

static void
test_integers(void)
{
	test("labels: integers of all types, to the ends of their ranges, JSON and UBJSON");
	for (int i = 0; i < 8; i++)
	{
		check_integers(&types[i], false);
		check_integers(&types[i], true);
	}
	test("labels: integers beyond their type are refused");
	for (int i = 0; i < 6; i++)
	{
		const Integers *t = &types[i];
		char		message[80];
		int64_t		below = t->least < 0 || t->most == UINT8_MAX ? t->least - 1 : -(t->most / 2) - 2;

		snprintf(message, sizeof(message), "cats.enc[1].values[1] is %" PRId64 ", beyond its type %d",
				 t->most + 1, t->type);
		refuse_integers(t->type, 1, t->most + 1, message);
		snprintf(message, sizeof(message), "cats.enc[1].values[0] is %" PRId64 ", beyond its type %d",
				 below, t->type);
		refuse_integers(t->type, below, 1, message);
	}
	test("labels: integers that occur twice are refused");
	for (int i = 0; i < 8; i++)
		refuse_integers(types[i].type, 5, 5, "cats.enc[1]: label \"5\" occurs twice");
	refuse_integers(12, 65535, -1, "cats.enc[1]: label \"65535\" occurs twice");
	refuse_integers(14, -2, 4294967294, "cats.enc[1]: label \"4294967294\" occurs twice");

	test("labels: other types are refused by number");
	refuse_integers(8, 1, 2, "cats.enc[1].type is 8, expected 9 to 16");
	refuse_integers(17, 1, 2, "cats.enc[1].type is 17");
	refuse_integers(0, 1, 2, "cats.enc[1].type is 0");
	refuse_integers(-1, 1, 2, "cats.enc[1].type is -1");
}

/* UBJSON has no unsigned types beyond 8 bits: the same bits, signed. */
static void
test_unsigned(void)
{
	static const struct
	{
		int			type;
		const char *minus_one;
		int64_t		least;
		const char *half;
	}			cases[] = {
		{12, "65535", INT16_MIN, "32768"},
		{14, "4294967295", INT32_MIN, "2147483648"},
		{16, "18446744073709551615", INT64_MIN, "9223372036854775808"},
	};
	Text		file = {0};

	test("labels: unsigned integers stored as negative ones");
	for (int i = 0; i < 3; i++)
	{
		int64_t		values[] = {-1, 3, cases[i].least};

		for (int ubj = 0; ubj < 2; ubj++)
		{
			write_integers(&file, cases[i].type, values, 3, ubj);
			if (!CHECK(import_plainly(&file), "type %d: %s", cases[i].type, err.message))
				continue;
			check_code(1, cases[i].minus_one, 0);
			check_code(1, "3", 1);
			check_code(1, cases[i].half, 2);
			check_code(1, "-1", -1);
		}
	}
	text_free(&file);
}

/* The array of values turns to 64 bits where it has to, with its length still growing. */
static void
test_wide(void)
{
	enum
	{
		MANY = 700
	};
	int64_t		values[MANY];
	Text		file = {0};

	test("labels: 64-bit values from any entry on");
	for (int first = 0; first < MANY; first += first < 5 ? 1 : 139)
	{
		for (int i = 0; i < MANY; i++)
			values[i] = i < first ? i : INT64_C(3000000000) + i;
		write_integers(&file, 15, values, MANY, false);
		if (!CHECK(import_plainly(&file), "%d: %s", first, err.message))
			continue;
		for (int i = 0; i < MANY; i += 23)
		{
			char		label[32];

			snprintf(label, sizeof(label), "%" PRId64, values[i]);
			check_code(1, label, i);
		}
	}
	text_free(&file);
}

/* ---- given at import ---- */

static const char *colours[] = {"red", "green", "", "blue"};
static const char *sizes[] = {"10", "9"};

/* Features a, b and c, or f0, f1 and f2; c (f2) has the label x. */
static void
write_for_maps(Text *out, bool named)
{
	out->size = 0;
	text_add(out, "{\"version\":[3,4,1],\"learner\":{\"feature_names\":[%s],\"gradient_booster\":{\"name\":"
			 "\"gbtree\",\"model\":{\"cats\":{\"enc\":[{\"offsets\":[0],\"values\":[]},{\"offsets\":[],\"values\":[]},"
			 "{\"offsets\":[0,1],\"values\":[120]}],\"feature_segments\":[0,0,0,1],\"sorted_idx\":[0]},",
			 named ? "\"a\",\"b\",\"c\"" : "");
	text_add(out, "\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]}},"
			 "\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"3\"},"
			 "\"objective\":{\"name\":\"reg:squarederror\"}}}");
}

static void
check_map(bool named, const RmlCategoryMap *maps, int n, const char *message)
{
	RmlImportOptions options = {.categories = (RmlCategoryMap *) maps, .n_categories = n};
	Text		file = {0};

	write_for_maps(&file, named);
	if (message == NULL)
		CHECK(import(&file, &options), "%s: %s", maps[0].feature, err.message);
	else if (CHECK(!import(&file, &options), "%s is accepted", maps[0].feature))
		CHECK(err.kind == RML_OPTION && strstr(err.message, message) != NULL,
			  "%s: got %d \"%s\", expected \"%s\"", maps[0].feature, err.kind, err.message, message);
	text_free(&file);
}

static void
test_maps(void)
{
	static const char *twice[] = {"x", "y", "x"};

	test("labels: given at import, by the feature's name");
	check_map(true, (RmlCategoryMap[]) {{"a", colours, 4}, {"b", sizes, 2}}, 2, NULL);
	for (int i = 0; i < 4; i++)
		check_code(0, colours[i], i);
	check_code(1, "10", 0);
	check_code(1, "9", 1);
	check_code(2, "x", 0);
	check_map(false, (RmlCategoryMap[]) {{"f1", colours, 4}}, 1, NULL);
	check_code(0, "red", -2);
	check_code(1, "blue", 3);

	test("labels: a map that does not fit is refused");
	check_map(true, (RmlCategoryMap[]) {{"d", colours, 4}}, 1, "for \"d\", which is no feature");
	check_map(true, (RmlCategoryMap[]) {{"f0", colours, 4}}, 1, "for \"f0\", which is no feature");
	check_map(true, (RmlCategoryMap[]) {{"A", colours, 4}}, 1, "for \"A\", which is no feature");
	check_map(false, (RmlCategoryMap[]) {{"f3", colours, 4}}, 1, "for \"f3\", which is no feature");
	check_map(false, (RmlCategoryMap[]) {{"f01", colours, 4}}, 1, "for \"f01\", which is no feature");
	check_map(true, (RmlCategoryMap[]) {{"c", colours, 4}}, 1, "for \"c\", but the file has its own");
	check_map(true, (RmlCategoryMap[]) {{"a", twice, 3}}, 1, "category \"x\" of feature \"a\" is given twice");
}

/* Names given at import are the ones that count. */
static void
test_map_names(void)
{
	static const char *const names[] = {"p", "q", "r"};
	RmlCategoryMap map = {"q", colours, 4};
	RmlImportOptions options = {.feature_names = names, .n_feature_names = 3, .categories = &map,
		.n_categories = 1};
	Text		file = {0};

	test("labels: given together with names");
	write_for_maps(&file, true);
	CHECK(import(&file, &options), "%s", err.message);
	check_code(1, "green", 1);
	map.feature = "b";
	CHECK(!import(&file, &options), "the file's name counts");
	CHECK_CONTAINS(err.message, "which is no feature", "message");
	text_free(&file);
}

/* ---- random ---- */

/* Text beyond ASCII of 3.1 to 3.3, which may have lost bytes there: not used. */
static bool
is_cut(const RmlXgbModel *made, const RmlXgbLabels *labels)
{
	bool		ascii = true;

	for (int32_t i = 0; labels->is_text && i < labels->values.count; i++)
		ascii = ascii && labels->values.values[i] >= 0;
	return !ascii && made->writer.minor < 4;
}

static void
check_random_labels(const RmlXgbModel *made, int32_t feature)
{
	const RmlXgbLabels *labels = &made->cats.labels[feature];
	int32_t		n = labels->is_text ? labels->offsets.count - 1 : labels->values.count;

	if (n == 0 || is_cut(made, labels))
	{
		CHECK(rml_image_categories(&image, feature) == NULL, "feature %d has labels", feature);
		return;
	}
	for (int32_t i = 0; i < n; i++)
	{
		char		label[64];
		int			length = 0;

		if (!labels->is_text)
			length = snprintf(label, sizeof(label), "%" PRId64, rml_wide_value(&labels->values, i));
		for (int32_t b = labels->is_text ? labels->offsets.values[i] : 0;
			 labels->is_text && b < labels->offsets.values[i + 1]; b++)
			label[length++] = (char) labels->values.values[b];
		CHECK_INT(code_of(feature, label, (size_t) length), i, "code");
	}
}

static void
test_random(void)
{
	test("labels: every label of 200 random models has its code");
	for (uint32_t seed = 0; seed < 200; seed++)
	{
		GenOptions	shape = {.seed = seed, .n_features = 1 + (int32_t) (seed % 9), .n_rounds = 1,
			.n_splits = 3, .categories = true, .labels = true, .n_labels = seed % 10 == 0 ? 300 : 9,
			.writer = {3, 1 + (int) (seed % 4), 0}};
		RmlXgbModel made;
		TestHost	maker;
		Text		file = {0};

		test_host_begin(&maker, SIZE_MAX);
		gen_model(&made, &maker.host, &shape);
		gen_text(&made, seed % 2, &file);
		if (CHECK(import_plainly(&file), "seed %u: %s", seed, err.message))
		{
			for (int32_t i = 0; i < made.num_feature; i++)
				check_random_labels(&made, i);
		}
		text_free(&file);
		test_host_end(&maker);
	}
}

int
main(void)
{
	test_host_begin(&host, SIZE_MAX);
	test_texts();
	test_bad_texts();
	test_broken_texts();
	test_bytes();
	test_cut();
	test_integers();
	test_unsigned();
	test_wide();
	test_maps();
	test_map_names();
	test_random();
	test_host_end(&host);
	return test_done();
}
