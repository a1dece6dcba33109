/*
 * edit.h
 *	  A valid model's text with one replacement, and what an import says.
 */
#ifndef RML_TEST_EDIT_H
#define RML_TEST_EDIT_H

#include <string.h>

#include "gen.h"
#include "tap.h"

typedef struct Edit
{
	const char *from;			/* first occurrence */
	const char *to;
	const char *message;		/* part of it; NULL: accepted */
	RmlErrorKind kind;
} Edit;

/* `base` with the replacement; false if there is nothing to replace. */
static inline bool
write_edited(const char *base, const Edit *edit, Text *out)
{
	const char *at = strstr(base, edit->from);

	if (!CHECK(at != NULL, "\"%s\" is not in the model", edit->from))
		return false;
	text_bytes(out, base, (size_t) (at - base));
	text_bytes(out, edit->to, strlen(edit->to));
	text_bytes(out, at + strlen(edit->from), strlen(at + strlen(edit->from)));
	return true;
}

static inline bool
read_edited(const char *base, const Edit *edit, RmlError *err)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {1};
	RmlImportOptions options = {0};
	RmlXgbModel model;
	RmlBlock	block;
	TestHost	host;
	Text		file = {0};
	bool		ok;

	memset(err, 0, sizeof(*err));
	if (!write_edited(base, edit, &file))
		return false;
	test_host_begin(&host, SIZE_MAX);
	ok = rml_xgb_parse(file.data, file.size, &host.host, &model, err) &&
		rml_xgb_validate(&model, &host.host, err) &&
		rml_xgb_build(&model, &options, identity, &host.host, &block, err);
	test_host_end(&host);
	text_free(&file);
	return ok;
}

static inline void
run_edits(const char *name, const char *base, const Edit *edits, size_t n)
{
	static const Edit none = {"{", "{", NULL, RML_OK};
	RmlError	err;

	test(name);
	CHECK(read_edited(base, &none, &err), "unchanged: %s", err.message);
	for (size_t i = 0; i < n; i++)
	{
		const Edit *e = &edits[i];
		bool		ok = read_edited(base, e, &err);

		if (e->message == NULL)
			CHECK(ok, "%s -> %s: refused, %s", e->from, e->to, err.message);
		else if (CHECK(!ok, "%s -> %s: accepted, expected \"%s\"", e->from, e->to, e->message))
			CHECK(err.kind == e->kind && strstr(err.message, e->message) != NULL,
				  "%s -> %s: got kind %d \"%s\", expected kind %d \"%s\"", e->from, e->to,
				  err.kind, err.message, e->kind, e->message);
	}
}

#define RUN(name, base, edits) run_edits(name, base, edits, sizeof(edits) / sizeof(edits[0]))

#endif
