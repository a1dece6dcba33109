/*
 * tap.h
 *	  The little that a unit test needs: checks, gathered into TAP lines.
 *
 * test("name") begins a test and ends the one before it; a test is ok if all
 * its checks hold.  The first failing checks of a test are shown.  main()
 * returns test_done().
 */
#ifndef RML_TEST_TAP_H
#define RML_TEST_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAX_SHOWN 10

static const char *test_name;
static int	test_number;
static int	test_failures;
static int	tests_failed;

static inline void
test_end(void)
{
	if (test_name == NULL)
		return;
	if (test_failures > MAX_SHOWN)
		printf("# ... %d checks failed\n", test_failures);
	printf("%s %d - %s\n", test_failures ? "not ok" : "ok", ++test_number, test_name);
	fflush(stdout);
	tests_failed += test_failures != 0;
	test_name = NULL;
	test_failures = 0;
}

static inline void
test(const char *name)
{
	test_end();
	test_name = name;
}

static inline int
test_done(void)
{
	test_end();
	printf("1..%d\n", test_number);
	return tests_failed != 0;
}

__attribute__((format(printf, 4, 5)))
static inline bool
test_check(bool held, const char *file, int line, const char *format,...)
{
	va_list		args;

	if (held || ++test_failures > MAX_SHOWN)
		return held;
	printf("# %s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	return false;
}

/* All take a message that says what was found. */
#define CHECK(condition, ...) test_check((condition), __FILE__, __LINE__, __VA_ARGS__)
#define CHECK_INT(got, want, what) \
	test_check((long long) (got) == (long long) (want), __FILE__, __LINE__, \
			   "%s: got %lld, expected %lld", what, (long long) (got), (long long) (want))
#define CHECK_CONTAINS(text, part, what) \
	test_check(strstr((text), (part)) != NULL, __FILE__, __LINE__, \
			   "%s: got \"%s\", expected \"%s\" in it", what, (text), (part))

static inline float
from_bits(uint32_t bits)
{
	float		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint32_t
to_bits(float value)
{
	uint32_t	bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

#endif
