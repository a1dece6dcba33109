/*
 * measure.h
 *	  Memory and time of an import.
 *
 * The promise: at most 8 times the input and 1.5 MB beside it, whatever the
 * bytes are, and 50 ms per MB (here only a tenfold overrun fails, for tests
 * run on busy machines).
 */
#ifndef RML_TEST_MEASURE_H
#define RML_TEST_MEASURE_H

#include <stdlib.h>
#include <time.h>

#include "gen.h"
#include "tap.h"

#if defined(__SANITIZE_ADDRESS__)
#define SLOW 1					/* under a sanitizer: show the time, do not judge it */
#else
#define SLOW 0
#endif

static inline double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

/* Imports as a session does.  False if refused. */
static inline bool
import(const void *data, size_t size, TestHost *host, RmlError *err)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {1};
	RmlImportOptions options = {0};
	RmlXgbModel model;
	RmlImage	image;
	RmlBlock	block;

	return rml_xgb_parse(data, size, &host->host, &model, err) &&
		rml_xgb_validate(&model, &host->host, err) &&
		rml_xgb_build(&model, &options, identity, &host->host, &block, err) &&
		rml_image_open(&image, block.data, block.size, err);
}

/* Checks memory and time; `want` is part of the error, NULL: accepted. */
static inline void
measure(const char *name, const Text *file, const char *want)
{
	static char title[128];
	TestHost	host;
	RmlError	err = {0};
	double		start = now();
	double		mb = (double) file->size / 1e6;
	double		ms;
	bool		ok;

	test_end();
	snprintf(title, sizeof(title), "memory: %s", name);
	test(title);
	test_host_begin(&host, SIZE_MAX);
	ok = import(file->data, file->size, &host, &err);
	ms = (now() - start) * 1000;
	printf("# %s: %.2f MB, %.1f times the input, %.1f ms per MB\n",
		   name, mb, (double) host.peak / (double) file->size, ms / mb);
	if (want == NULL)
		CHECK(ok, "refused: %s", err.message);
	else
		CHECK(!ok && strstr(err.message, want) != NULL, "got \"%s\", expected \"%s\"",
			  err.message, want);
	CHECK(host.peak <= test_host_import_limit(file->size), "%.2f MB for an input of %.2f MB",
		  (double) host.peak / 1e6, mb);
	CHECK(SLOW || ms <= 10 * 50 * mb + 20, "%.0f ms for %.2f MB", ms, mb);
	test_host_end(&host);
}

/* A piece of text so many times. */
static inline void
repeat(Text *out, const char *piece, size_t size, int n)
{
	for (int i = 0; i < n; i++)
		text_bytes(out, piece, size);
}

#define BYTES(text) text, sizeof(text) - 1

#endif
