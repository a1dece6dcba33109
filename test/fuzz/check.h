/*
 * check.h
 *	  What must hold of every image that its checker accepts.
 *
 * A broken promise ends the process, as a fuzzer wants it.
 */
#ifndef RML_TEST_CHECK_H
#define RML_TEST_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#include "kernel/kernel.h"

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* The same bits, or both NaN. */
extern bool same_float(float a, float b);

/* Valid UTF-8 to its end? */
extern bool is_utf8(const char *text, size_t length);

/*
 * Scores rows with every kernel, the trees in one piece and in several, and
 * calls what takes margins; `margins` gets those of the first kernel.
 */
extern void check_scores(const RmlImage *image, const float *rows, int n_rows, float *margins);

/* Explains a few of them; contributions must add up to the margins. */
extern void check_contributions(const RmlImage *image, const float *rows, int n_rows, const float *margins);

/* Reads all names and labels; each label must be found under its code. */
extern void check_texts(const RmlImage *image);

#endif
