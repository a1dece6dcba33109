/*
 * fuzz_cron.c
 *	  Fuzz target: the parser of cron schedules, and the search behind it.
 *
 * The first eight bytes are the minute to search from, the rest is the text.
 * What is accepted must have a next and a previous minute, each the other's
 * neighbour, whatever the minute is.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "job/cron.h"

/* Of any timestamp, and more. */
#define MOST_MINUTES INT64_C(200000000000)

static void
check_fault(const RmlError *err, size_t length)
{
	REQUIRE(err->kind == RML_SYNTAX || err->kind == RML_INVALID);
	REQUIRE(err->message[0] != '\0');
	REQUIRE(err->offset == RML_NO_OFFSET || err->offset <= length);
	/* it is shown in the database's encoding, whatever that is */
	for (const char *p = err->message; *p != '\0'; p++)
		REQUIRE(*p >= 0x20 && *p < 0x7F);
}

static void
check_search(const RmlCron *cron, int64_t at)
{
	int64_t		next;
	int64_t		previous;
	int64_t		back;

	REQUIRE(rml_cron_next(cron, at, &next) && next > at);
	REQUIRE(rml_cron_previous(cron, at, &previous) && previous <= at);
	REQUIRE(rml_cron_previous(cron, next, &back) && back == next);
	REQUIRE(rml_cron_previous(cron, next - 1, &back) && back == previous);
	REQUIRE(rml_cron_next(cron, previous, &back) && back == next);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t		length;
	char	   *text;
	int64_t		at;
	RmlError	err = {0};
	RmlCron		cron;

	if (size < sizeof(at))
		return 0;
	memcpy(&at, data, sizeof(at));
	/* a block that ends where the text ends, so that reading on is seen */
	length = size - sizeof(at);
	text = malloc(length > 0 ? length : 1);
	REQUIRE(text != NULL);
	memcpy(text, data + sizeof(at), length);
	rml_cron_is_meant(text, length);
	if (rml_cron_parse(text, length, &cron, &err))
		check_search(&cron, at % MOST_MINUTES);
	else
		check_fault(&err, length);
	free(text);
	return 0;
}
