/*
 * host.h
 *	  An RmlHost over malloc for fuzzing and unit tests.
 *
 * It knows every chunk it gave out, so that all can be freed after an import
 * that failed half way, as a memory context would.  Each chunk is charged
 * CHUNK_COST bytes more than was asked for, about what PostgreSQL's allocator
 * takes.  Going beyond the limit, or releasing what it did not give out, is a
 * bug of the code under test: the process aborts.
 */
#ifndef RML_TEST_HOST_H
#define RML_TEST_HOST_H

#include <setjmp.h>
#include <stdint.h>

#include "base/host.h"

#define CHUNK_COST 16

typedef struct TestChunk TestChunk;

typedef struct TestHost
{
	RmlHost		host;			/* first, so that one pointer is both */
	TestChunk  *chunks;
	size_t		used;			/* charged now */
	size_t		peak;
	size_t		limit;			/* SIZE_MAX: none */
	uint64_t	polls;
	uint64_t	calls;			/* of any kind */

	/* leave by longjmp at this call, as a cancelled backend does; 0: never */
	uint64_t	leave_at;
	jmp_buf		exit;
} TestHost;

extern void test_host_begin(TestHost *host, size_t limit);

/* Frees every chunk. */
extern void test_host_end(TestHost *host);

/* What an import of that many bytes may take: 8 times as much, and 1.5 MB. */
extern size_t test_host_import_limit(size_t input_size);

#endif
