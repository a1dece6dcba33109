/*
 * fuzz_records.c
 *	  Fuzz target: where records of text files end, and the fields of CSV.
 *
 * The first four bytes are options, the rest is a file.  What is found must be
 * what a slow reference finds, however many bytes come at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "records_reference.h"

#define OPTIONS 4

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char escapes[] = {'"', '\\', '\'', 'x'};
	RmlSplitter how = {0};
	const char *file;

	if (size < OPTIONS)
		return 0;
	how.csv = data[0] % 8 != 0;
	how.quote = data[0] & 8 ? '\'' : '"';
	how.escape = escapes[data[1] % 4];
	how.begun = data[2] & 1;
	how.cr_ends = how.begun && (data[2] & 2);
	file = (const char *) data + OPTIONS;
	size -= OPTIONS;
	REQUIRE(check_records(&how, file, size, 1 + data[3] % 64) == 0);
	REQUIRE(check_records(&how, file, size, size + 1) == 0);
	REQUIRE(check_fields(file, size, ',', how.quote, how.escape));
	return 0;
}
