/*
 * test_model.c
 *	  From bytes to a model: base_score, text, versions' layouts, other
 *	  libraries' files.
 */
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "gen.h"
#include "tap.h"

static TestHost host;
static RmlXgbModel model;
static RmlError err;

/* Parses and validates; the model is in `model`, the fault in `err`. */
static bool
read_model(const void *data, size_t size)
{
	test_host_end(&host);
	test_host_begin(&host, SIZE_MAX);
	memset(&err, 0, sizeof(err));
	return rml_xgb_parse(data, size, &host.host, &model, &err) &&
		rml_xgb_validate(&model, &host.host, &err);
}

#define TREE(id, leaf) \
	"{\"id\":" #id ",\"tree_param\":{\"num_nodes\":\"1\",\"num_feature\":\"2\",\"num_deleted\":\"0\"}," \
	"\"left_children\":[-1],\"right_children\":[-1],\"parents\":[-1],\"split_indices\":[0]," \
	"\"split_conditions\":[" #leaf "],\"default_left\":[0],\"base_weights\":[0],\"loss_changes\":[0]," \
	"\"sum_hessian\":[0]}"
#define GBTREE_PARAM "\"gbtree_model_param\":{\"num_trees\":\"2\",\"num_parallel_tree\":\"1\"}"
#define TREES GBTREE_PARAM ",\"tree_info\":[0,0],\"trees\":[" TREE(0, 1) "," TREE(1, 2) "]"

/* A model file of two leaves, 1 and 2, around a gradient_booster. */
static void
write_model(Text *out, const char *version, const char *booster, const char *base_score,
			const char *objective)
{
	out->size = 0;
	text_add(out, "{\"version\":%s,\"learner\":{\"gradient_booster\":{", version);
	text_bytes(out, booster, strlen(booster));
	text_add(out, "},\"learner_model_param\":{\"base_score\":");
	text_bytes(out, base_score, strlen(base_score));
	text_add(out, ",\"num_feature\":\"2\"},\"objective\":{\"name\":\"%s\"}}}", objective);
}

#define PLAIN "\"name\":\"gbtree\",\"model\":{" TREES "}"

/* ---- base_score ---- */

static void
test_base_score(void)
{
	static const struct
	{
		const char *text;
		float		want;		/* NAN: refused */
	}			cases[] = {
		{"5E-1", 0.5f}, {"0.5", 0.5f}, {"[5E-1]", 0.5f}, {"[ 5E-1 ]", 0.5f}, {"(5E-1)", 0.5f},
		{" 5E-1 ", 0.5f}, {"-1.5E0", -1.5f}, {"0", 0.0f}, {"7", 7.0f}, {"1e2", 100.0f},
		{"[2.35E-1]", 0.235f}, {"1.00000005960464477539062501", 1.00000012f},
		{"1.1754944E-38", 1.17549435e-38f}, {"1E-45", 1.4e-45f}, {"3.4028235E38", 3.4028235e38f},
		{"", NAN}, {" ", NAN}, {"abc", NAN}, {"inf", NAN}, {"nan", NAN}, {"NaN", NAN},
		{"Infinity", NAN}, {"[", NAN}, {"[]", NAN}, {"()", NAN}, {"[5E-1", NAN}, {"5E-1]", NAN},
		{"[5E-1)", NAN}, {"(5E-1]", NAN}, {"[5E-1]]", NAN}, {"[[5E-1]]", NAN}, {"[5E-1]x", NAN},
		{"[,5E-1]", NAN}, {"[5E-1,]", NAN}, {"5E-1,", NAN}, {"5E-1,5E-1", NAN}, {"5E", NAN},
		{"5E-", NAN}, {"0x1p-1", NAN}, {"5E-1 5E-1", NAN}, {"1E39", NAN}, {"-1E400", NAN},
		{"--1", NAN}, {"1..5", NAN}, {".", NAN}, {"e5", NAN}, {"1;", NAN},
		{"[5E-1,6E-1]", NAN}, {"[5E-1,6E-1,7E-1]", NAN}, {"[5E-1,]", NAN}, {"[5E-1,inf]", NAN},
		{"[5E-1 6E-1]", NAN}, {"[5E-1,,6E-1]", NAN},
	};
	Text		file = {0};

	test("model: forms of base_score");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char		quoted[128];
		bool		ok;

		snprintf(quoted, sizeof(quoted), "\"%s\"", cases[i].text);
		write_model(&file, "[3,1,0]", PLAIN, quoted, "reg:squarederror");
		ok = read_model(file.data, file.size);
		if (isnan(cases[i].want))
			CHECK(!ok && err.kind == RML_INVALID && strstr(err.message, "base_score") != NULL,
				  "%s: %s", quoted, ok ? "accepted" : err.message);
		else
			CHECK(ok && model.base_score.values[0] == cases[i].want, "%s: %s, %g", quoted,
				  err.message, ok ? model.base_score.values[0] : 0.0f);
	}
	for (int i = 0; i < 3; i++)
	{
		static const char *const raw[] = {"5E-1", "[\"5E-1\"]", "null"};

		write_model(&file, "[3,1,0]", PLAIN, raw[i], "reg:squarederror");
		CHECK(!read_model(file.data, file.size) && strstr(err.message, "base_score") != NULL,
			  "%s: %s", raw[i], err.message);
	}
	text_free(&file);
}

/* What dmlc-core's own stof() gives, at the commits of XGBoost 1.0.0 and 1.1.1. */
static void
test_old_base_score(void)
{
	static const struct
	{
		const char *text;
		uint32_t	want;		/* 0: refused */
	}			cases[] = {
		{"0.500000", 0x3F000000}, {"1.180000", 0x3F970A3E}, {"1.320000", 0x3FA8F5C2},
		{"1.430000", 0x3FB70A3E}, {"-1.430000", 0xBFB70A3E}, {"1.590000", 0x3FCB851E},
		{"15.569695", 0x41791D78}, {"0.123457", 0x3DFCD706}, {"100.660000", 0x42C951EC},
		{"5E-1", 0x3F000000}, {"1E-1", 0x3DCCCCCD}, {"2.35E-1", 0x3E70A3D6}, {"1.5e+3", 0x44BB8000},
		{"16777216", 0x4B800000}, {"16777217", 0x4B800000},
		{"100000000000000000000.000000", 0x5ED78EBC}, {"12345678901234567890123", 0x5E856C9D},
		{"1.2345678901234567890123", 0x3F9E0652}, {"1e38", 0x7E96769A}, {"1.2E-38", 0x0082AB1E},
		{"-0.000000", 0x80000000}, {"12e8", 0x4E8F0D18}, {"3.14159E-07", 0x34A8A9B0},
		{"1.0E-38", 0}, {"1E-39", 0},
	};
	Text		file = {0};

	test("model: base_score as XGBoost 1.0 and 1.1 read it");
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *text = cases[i / 2].text;
		uint32_t	want = cases[i / 2].want;
		char		quoted[64];
		uint32_t	got;

		snprintf(quoted, sizeof(quoted), "\"%s\"", text);
		write_model(&file, i % 2 ? "[1,0,0]" : "[1,1,1]", PLAIN, quoted, "reg:squarederror");
		if (!read_model(file.data, file.size))
			CHECK(want == 0, "%s: %s", text, err.message);
		else
		{
			memcpy(&got, rml_xgb_base_score(&model).values, sizeof(got));
			CHECK(got == want, "%s is %08X, expected %08X", text, got, want);
		}
	}
	write_model(&file, "[1,2,0]", PLAIN, "\"1.180000\"", "reg:squarederror");
	CHECK(read_model(file.data, file.size) && rml_xgb_base_score(&model).values[0] == 1.18f, "1.2: %s", err.message);
	text_free(&file);
}

/* ---- layouts ---- */

static void
test_layouts(void)
{
	static const float row[2] = {0, 0};
	static const struct
	{
		const char *what;
		const char *version;
		const char *booster;
		const char *base_score;
		float		want;
	}			cases[] = {
		{"gbtree of 1.0", "[1,0,0]", PLAIN, "\"5E-1\"", 3.5f},
		/* the base margin first or last: 0.5 + (1 + 2) either way, but here */
		{"gbtree of 1.2, base margin last", "[1,2,0]", PLAIN, "\"16777216\"", 16777220.0f},
		{"gbtree of 1.3, base margin first", "[1,3,0]", PLAIN, "\"16777216\"", 16777218.0f},
		{"gbtree of 2.1", "[2,1,4]", "\"name\":\"gbtree\",\"model\":{" TREES ",\"iteration_indptr\":[0,1,2]}",
		"\"5E-1\"", 3.5f},
		{"gbtree of 3.1", "[3,1,0]", "\"name\":\"gbtree\",\"model\":{\"cats\":{\"enc\":[],"
		"\"feature_segments\":[],\"sorted_idx\":[]}," TREES "}", "\"[5E-1]\"", 3.5f},
		{"gbtree of 3.4", "[3,4,1]", "\"name\":\"gbtree\",\"model\":{" TREES ",\"weight_drop\":[1,1]}",
		"\"[5E-1]\"", 3.5f},
		{"dart up to 3.2", "[1,7,4]", "\"gbtree\":{\"model\":{" TREES "},\"name\":\"gbtree\"},"
		"\"name\":\"dart\",\"weight_drop\":[0.5,0.25]", "\"5E-1\"", 1.5f},
		{"dart, keys in another order", "[1,7,4]", "\"weight_drop\":[0.5,0.25],\"name\":\"dart\","
		"\"gbtree\":{\"name\":\"gbtree\",\"model\":{" TREES "}}", "\"5E-1\"", 1.5f},
		{"dart of 3.3", "[3,3,0]", "\"name\":\"gbtree\",\"model\":{" TREES "},\"weight_drop\":[0.5,0.25]",
		"\"[5E-1]\"", 1.5f},
		{"dart of 3.4", "[3,4,0]", "\"name\":\"gbtree\",\"model\":{" TREES ",\"weight_drop\":[0.5,0.25]}",
		"\"[5E-1]\"", 1.5f},
		{"empty weights are ones", "[3,4,0]", "\"name\":\"gbtree\",\"model\":{" TREES ",\"weight_drop\":[]}",
		"\"[5E-1]\"", 3.5f},
		{"no trees", "[1,7,4]", "\"name\":\"gbtree\",\"model\":{\"gbtree_model_param\":{\"num_trees\":\"0\"},"
		"\"tree_info\":[],\"trees\":[]}", "\"5E-1\"", 0.5f},
		{"dart of 1.3 without trees, 0 + -0", "[1,3,3]", "\"name\":\"dart\",\"gbtree\":{\"name\":\"gbtree\",\"model\":{"
			"\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]}}", "\"-0\"", 0.0f},
		{"gbtree of 1.2 without trees, -0", "[1,2,1]", "\"name\":\"gbtree\",\"model\":{"
			"\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]}", "\"-0\"", -0.0f},
		{"gblinear of 1.0", "[1,0,0]", "\"name\":\"gblinear\",\"model\":{\"weights\":[2,4,8]}", "\"5E-1\"", 8.5f},
		{"gblinear of 1.4", "[1,4,0]", "\"name\":\"gblinear\",\"model\":{\"boosted_rounds\":1,"
		"\"weights\":[2,4,8]}", "\"5E-1\"", 8.5f},
		{"gblinear of 3.4", "[3,4,0]", "\"model\":{\"weights\":[2,4,8],\"boosted_rounds\":1},"
		"\"name\":\"gblinear\"", "\"[5E-1]\"", 8.5f},
		{"trees in another order", "[1,7,4]", "\"name\":\"gbtree\",\"model\":{" GBTREE_PARAM
			",\"tree_info\":[0,0],\"trees\":[" TREE(1, 2) "," TREE(0, 1) "]}", "\"5E-1\"", 3.5f},
	};
	Text		file = {0};

	test("model: layouts of all versions");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		float		got;

		write_model(&file, cases[i].version, cases[i].booster, cases[i].base_score, "reg:squarederror");
		if (!CHECK(read_model(file.data, file.size), "%s: %s", cases[i].what, err.message))
			continue;
		rml_xgb_reference_margins(&model, (RmlTreeRange) {0, model.n_trees}, row, &got);
		CHECK(got == cases[i].want && signbit(got) == signbit(cases[i].want), "%s: %g, expected %g",
			  cases[i].what, got, cases[i].want);
	}
	text_free(&file);
}

/* ---- text ---- */

static void
test_utf8(void)
{
	static const char *const good[] = {
		"a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
	};
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "\xc2", "\xc2\x41",
		"\xe1\x80", "\xe1\x80\x41", "\xe1\x41\x80", "\xf1\x80\x80", "\xf1\x80\x80\x41",
	};
	uint32_t	cps[] = {1, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};

	test("model: UTF-8 by its first and last of every length");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		size_t		n = strlen(good[i]);

		CHECK_INT(rml_utf8_length((const uint8_t *) good[i], n), n, good[i]);
		CHECK_INT(rml_utf8_length((const uint8_t *) good[i], n - 1), 0, "cut");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(rml_utf8_length((const uint8_t *) bad[i], strlen(bad[i])), 0, bad[i]);
	CHECK_INT(rml_utf8_length((const uint8_t *) "\0", 1), 0, "NUL");
	for (size_t i = 0; i < sizeof(cps) / sizeof(cps[0]); i++)
	{
		uint8_t		bytes[4];
		size_t		n = rml_utf8_encode(cps[i], bytes);

		CHECK_INT(rml_utf8_length(bytes, n), n, "encoded");
	}
	CHECK_INT(rml_utf8_clip("a\xc3\xa9z", 4, 4), 4, "clip 4");
	CHECK_INT(rml_utf8_clip("a\xc3\xa9z", 4, 3), 3, "clip 3");
	CHECK_INT(rml_utf8_clip("a\xc3\xa9z", 4, 2), 1, "clip 2");
	CHECK_INT(rml_utf8_clip("a\xc3\xa9z", 4, 1), 1, "clip 1");
	CHECK_INT(rml_utf8_clip("\xf0\x90\x80\x80", 4, 3), 0, "clip in a character");
}

/* Faults that quote a long text stay valid UTF-8 at any length. */
static void
test_messages(void)
{
	Text		file = {0};

	test("model: messages that quote long text stay valid UTF-8");
	for (int n = 40; n < 700; n += 7)
	{
		Text		name = {0};
		size_t		at = 0;
		size_t		length;

		for (int i = 0; i < n; i++)
			text_add(&name, i % 2 ? "\xc3\xa9" : "\xe4\xb8\xad");
		text_bytes(&name, "", 1);
		file.size = 0;
		text_add(&file, "{\"version\":[1,7,4],\"learner\":{\"gradient_booster\":{\"name\":\"");
		text_bytes(&file, name.data, name.size - 1);
		text_add(&file, "\"},\"%s\":0,\"%s\":0}}", "k", "k");
		CHECK(!read_model(file.data, file.size), "accepted");
		memset(&err, 0, sizeof(err));
		rml_fail(&err, RML_INVALID, "%s%s", n % 3 ? "x" : "", name.data);
		length = strlen(err.message);
		while (at < length)
		{
			size_t		step = rml_utf8_length((const uint8_t *) err.message + at, length - at);

			if (!CHECK(step > 0, "%d characters: byte %zu of %zu", n, at, length))
				break;
			at += step;
		}
		text_free(&name);
	}
	text_free(&file);
}

/* ---- not an XGBoost model ---- */

#define BYTES(text) text, sizeof(text) - 1

static void
test_foreign(void)
{
	static const struct
	{
		const char *bytes;
		size_t		size;
		const char *want;
	}			cases[] = {
		{BYTES(""), "empty"}, {BYTES(" \n\t\r"), "empty"}, {BYTES("\0"), "not an XGBoost model"},
		{BYTES("binf\0\0\0\77"), "old binary format"},
		{BYTES("bs64\tAAAA"), "old base64 format"},
		{BYTES("CONFIG-offset:abc"), "snapshot"},
		{BYTES("\0\0\0\77\2\0\0\0\0\0\0\0binary:logistic gbtree"), "old binary format"},
		{BYTES("booster[0]:\n0:[f0<1] yes=1"), "text dump"},
		{BYTES("[ { \"nodeid\": 0, \"depth\": 0 } ]"), "JSON dump"},
		{BYTES("\200\4\225\0\0"), "pickle"}, {BYTES("\200\2c"), "pickle"}, {BYTES("\200\5\225"), "pickle"},
		{BYTES("\37\213\10\0"), "gzip"}, {BYTES("PK\3\4\24"), "zip"}, {BYTES("BZh91AY"), "bzip2"},
		{BYTES("\3757zXZ\0"), "xz"}, {BYTES("\50\265\57\375"), "zstd"},
		{BYTES("\211HDF\r\n"), "HDF5"}, {BYTES("\223NUMPY\1"), "NumPy"},
		{BYTES("tree\nversion=v4\nnum_class=1\n"), "LightGBM"}, {BYTES("CBM1xxxx"), "CatBoost"},
		{BYTES("<?xml version=\"1.0\"?>"), "XML"}, {BYTES("<PMML version"), "PMML"},
		{BYTES("\10\7\22\10onnxmltools"), "ONNX"},
		{BYTES("\357\273\277{\"learner\":{}}"), "byte order mark"},
		{BYTES("hello"), "0x68"}, {BYTES("[1,2]"), "0x5b"}, {BYTES("null"), "0x6e"},
		{BYTES("\377"), "0xff"},
		{BYTES("{}"), "there is no \"learner\""}, {BYTES("{\"a\":1}"), "there is no \"learner\""},
		{BYTES("{\"Config\":{},\"Model\":{}}"), "snapshot"},
		{BYTES("{L\0\0\0\0\0\0\0\6Config{}L\0\0\0\0\0\0\0\5Model{}}"), "snapshot"},
		{BYTES("{U\1aZ}"), "there is no \"learner\""},
	};

	test("model: other files are named");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		void	   *copy = malloc(cases[i].size + 1);

		memcpy(copy, cases[i].bytes, cases[i].size);
		copy = realloc(copy, cases[i].size ? cases[i].size : 1);
		CHECK(!read_model(copy, cases[i].size), "case %zu is accepted", i);
		CHECK(err.kind == RML_FOREIGN && strstr(err.message, cases[i].want) != NULL,
			  "case %zu: got \"%s\", expected \"%s\"", i, err.message, cases[i].want);
		free(copy);
	}
}

/* A valid model, cut anywhere, is refused: never read beyond its end, never taken. */
static void
check_truncations(const GenOptions *shape, bool ubj)
{
	TestHost	maker;
	RmlXgbModel made;
	Text		file = {0};

	test_host_begin(&maker, SIZE_MAX);
	gen_model(&made, &maker.host, shape);
	gen_text(&made, ubj, &file);
	CHECK(read_model(file.data, file.size), "the whole: %s", err.message);
	for (size_t n = 0; n < file.size; n++)
	{
		char	   *cut = malloc(n > 0 ? n : 1);

		memcpy(cut, file.data, n);
		CHECK(!read_model(cut, n), "%zu bytes are accepted", n);
		CHECK(err.kind == (n == 0 ? RML_FOREIGN : RML_SYNTAX) &&
			  (n == 0 || err.offset <= n), "%zu bytes: %s", n, err.message);
		free(cut);
	}
	text_free(&file);
	test_host_end(&maker);
}

static void
test_truncation(void)
{
	static const GenOptions shapes[] = {
		{.seed = 11, .n_features = 3, .n_rounds = 2, .n_splits = 3, .dart = true, .chain = true},
		{.seed = 28, .n_features = 4, .n_rounds = 1, .n_splits = 3, .chain = true, .categories = true,
		.labels = true, .writer = {3, 4, 1}},
		{.seed = 13, .n_features = 2, .n_rounds = 1, .n_splits = 2, .chain = true, .num_target = 2,
		.leaves = GEN_VECTORS, .writer = {3, 2, 0}, .objective = "reg:quantileerror"},
		{.seed = 14, .n_features = 2, .n_rounds = 1, .num_class = 2, .linear = true},
	};

	test("model: every truncation of a JSON and a UBJSON model of each kind is refused");
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
	{
		check_truncations(&shapes[i], false);
		check_truncations(&shapes[i], true);
	}
}

int
main(void)
{
	test_host_begin(&host, SIZE_MAX);
	test_base_score();
	test_old_base_score();
	test_layouts();
	test_utf8();
	test_messages();
	test_foreign();
	test_truncation();
	test_host_end(&host);
	return test_done();
}
