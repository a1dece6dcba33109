/*
 * foreign.c
 *	  Tells a user what a file is that is not an XGBoost JSON or UBJSON model.
 */
#include "import/xgb.h"

#include <string.h>

/* How far to look for names inside a binary file. */
#define LOOK_INSIDE 4096

typedef struct Signature
{
	const char *bytes;
	size_t		length;
	const char *what;
	const char *hint;
} Signature;

#define SIGNATURE(bytes, what, hint) {bytes, sizeof(bytes) - 1, what, hint}

#define RESAVE "Load it in Python with XGBoost and write it with booster.save_model(\"model.ubj\")."
#define RESAVE_OLD "Load it with XGBoost 1.0 to 3.0 and write it with booster.save_model(\"model.ubj\")."
#define UNPACK "Unpack it and import the model file inside."
#define ONLY_XGBOOST "riskml scores XGBoost models: write one with booster.save_model(\"model.ubj\")."

static const Signature signatures[] = {
	SIGNATURE("binf", "an XGBoost model in the old binary format", RESAVE_OLD),
	SIGNATURE("bs64", "an XGBoost model in the old base64 format", RESAVE_OLD),
	SIGNATURE("CONFIG-offset:", "a binary memory snapshot of an XGBoost booster", RESAVE),
	SIGNATURE("booster[", "a text dump of an XGBoost model, which lacks what scoring needs",
			  "Use booster.save_model(\"model.ubj\") instead of dump_model()."),
	SIGNATURE("\x80\x02", "a Python pickle", RESAVE),
	SIGNATURE("\x80\x03", "a Python pickle", RESAVE),
	SIGNATURE("\x80\x04", "a Python pickle", RESAVE),
	SIGNATURE("\x80\x05", "a Python pickle", RESAVE),
	SIGNATURE("ccopy_reg", "a Python pickle", RESAVE),
	SIGNATURE("cxgboost", "a Python pickle", RESAVE),
	SIGNATURE("\x78\x01", "zlib-compressed data (joblib?)", RESAVE),
	SIGNATURE("\x78\x5e", "zlib-compressed data (joblib?)", RESAVE),
	SIGNATURE("\x78\x9c", "zlib-compressed data (joblib?)", RESAVE),
	SIGNATURE("\x78\xda", "zlib-compressed data (joblib?)", RESAVE),
	SIGNATURE("\x1f\x8b", "a gzip archive", UNPACK),
	SIGNATURE("PK\x03\x04", "a zip archive", UNPACK),
	SIGNATURE("BZh", "a bzip2 archive", UNPACK),
	SIGNATURE("\xfd" "7zXZ", "an xz archive", UNPACK),
	SIGNATURE("\x28\xb5\x2f\xfd", "a zstd archive", UNPACK),
	SIGNATURE("\x89HDF", "an HDF5 file", ONLY_XGBOOST),
	SIGNATURE("\x93NUMPY", "a NumPy array", ONLY_XGBOOST),
	SIGNATURE("tree\nversion=", "a LightGBM model", ONLY_XGBOOST),
	SIGNATURE("CBM1", "a CatBoost model", ONLY_XGBOOST),
	SIGNATURE("<?xml", "an XML document (PMML?)", ONLY_XGBOOST),
	SIGNATURE("<PMML", "a PMML document", ONLY_XGBOOST),
	SIGNATURE("\xef\xbb\xbf", "text with a byte order mark",
			  "Remove the three bytes at its beginning."),
};

static bool
contains(const char *data, size_t size, const char *word)
{
	return memmem(data, size < LOOK_INSIDE ? size : LOOK_INSIDE, word, strlen(word)) != NULL;
}

static bool
foreign(RmlError *err, const char *what, const char *hint)
{
	rml_fail(err, RML_FOREIGN, "this is %s, not an XGBoost model in JSON or UBJSON", what);
	return rml_hint(err, "%s", hint);
}

/* Binary formats without a signature, by the names that stand in them. */
static bool
reject_by_content(const char *data, size_t size, RmlError *err)
{
	if (contains(data, size, "ccopy_reg") || contains(data, size, "cxgboost"))
		return foreign(err, "a Python pickle", RESAVE);
	if (memchr(data, 0, size < LOOK_INSIDE ? size : LOOK_INSIDE) != NULL &&
		(contains(data, size, "gbtree") || contains(data, size, "gblinear") ||
		 contains(data, size, "dart")))
		return foreign(err, "an XGBoost model in the old binary format", RESAVE_OLD);
	if (data[0] == 0x08 && (contains(data, size, "onnx") || contains(data, size, "ONNX") ||
							contains(data, size, "TreeEnsemble")))
		return foreign(err, "an ONNX model", ONLY_XGBOOST);
	if (data[0] == '[' && contains(data, size, "nodeid"))
		return foreign(err, "a JSON dump of an XGBoost model, which lacks what scoring needs",
					   "Use booster.save_model(\"model.ubj\") instead of dump_model().");
	rml_fail(err, RML_FOREIGN,
			 "this is not an XGBoost model: JSON and UBJSON begin with \"{\", this begins with byte 0x%02x",
			 (unsigned char) data[0]);
	return rml_hint(err, "Write the model with booster.save_model(\"model.ubj\") or \"model.json\".");
}

bool
rml_reject_foreign(const void *data, size_t size, RmlError *err)
{
	const char *text = data;
	size_t		space = 0;

	while (space < size && strchr(" \t\r\n", text[space]) != NULL && text[space] != '\0')
		space++;
	if (space == size)
	{
		rml_fail(err, RML_FOREIGN, "the model is empty");
		return rml_hint(err, "Check how the file is read into the query.");
	}
	if (text[space] == '{')
		return true;
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
	{
		const Signature *s = &signatures[i];

		if (size >= s->length && memcmp(text, s->bytes, s->length) == 0)
			return foreign(err, s->what, s->hint);
	}
	return reject_by_content(text + space, size - space, err);
}
