/*
 * host.c
 *	  An RmlHost over malloc for fuzzing and unit tests.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct TestChunk
{
	TestChunk  *previous;
	TestChunk  *next;
	size_t		size;
	uint64_t	mark;			/* keeps the payload aligned to 16 bytes, too */
};

#define MARK UINT64_C(0x6b6e7568636c6d72)

static void
give_up(const char *why, size_t a, size_t b)
{
	fprintf(stderr, "test host: %s (%zu, %zu)\n", why, a, b);
	abort();
}

static void
count_call(TestHost *h)
{
	h->calls++;
	if (h->leave_at != 0 && h->calls == h->leave_at)
		longjmp(h->exit, 1);
}

static void
charge(TestHost *h, size_t size)
{
	if (size > h->limit || h->used + size + CHUNK_COST > h->limit)
		give_up("memory limit exceeded: used and asked for", h->used, size);
	h->used += size + CHUNK_COST;
	if (h->used > h->peak)
		h->peak = h->used;
}

static void
link_chunk(TestHost *h, TestChunk *chunk)
{
	chunk->previous = NULL;
	chunk->next = h->chunks;
	if (h->chunks)
		h->chunks->previous = chunk;
	h->chunks = chunk;
}

static void
unlink_chunk(TestHost *h, TestChunk *chunk)
{
	if (chunk->mark != MARK)
		give_up("not a chunk of this host", 0, 0);
	if (chunk->previous)
		chunk->previous->next = chunk->next;
	else
		h->chunks = chunk->next;
	if (chunk->next)
		chunk->next->previous = chunk->previous;
	h->used -= chunk->size + CHUNK_COST;
}

static void *
host_alloc(RmlHost *host, size_t size)
{
	TestHost   *h = (TestHost *) host;
	TestChunk  *chunk;

	count_call(h);
	if (size == 0)
		give_up("allocation of 0 bytes", 0, 0);
	charge(h, size);
	chunk = malloc(sizeof(*chunk) + size);
	if (chunk == NULL)
		give_up("out of memory", h->used, size);
	chunk->size = size;
	chunk->mark = MARK;
	link_chunk(h, chunk);
	memset(chunk + 1, 0xA5, size);	/* nothing may rely on zeroed memory */
	return chunk + 1;
}

/* Charged like repalloc of a large chunk, which moves pages, not bytes. */
static void *
host_resize(RmlHost *host, void *data, size_t size)
{
	TestHost   *h = (TestHost *) host;
	TestChunk  *chunk = (TestChunk *) data - 1;

	count_call(h);
	unlink_chunk(h, chunk);
	charge(h, size);
	chunk = realloc(chunk, sizeof(*chunk) + size);
	if (chunk == NULL)
		give_up("out of memory", h->used, size);
	chunk->size = size;
	link_chunk(h, chunk);
	return chunk + 1;
}

static void
host_release(RmlHost *host, void *data)
{
	TestHost   *h = (TestHost *) host;
	TestChunk  *chunk = (TestChunk *) data - 1;

	count_call(h);
	unlink_chunk(h, chunk);
	chunk->mark = 0;
	free(chunk);
}

static void
host_poll(RmlHost *host)
{
	TestHost   *h = (TestHost *) host;

	count_call(h);
	h->polls++;
}

void
test_host_begin(TestHost *host, size_t limit)
{
	memset(host, 0, sizeof(*host));
	host->host.alloc = host_alloc;
	host->host.resize = host_resize;
	host->host.release = host_release;
	host->host.poll = host_poll;
	host->limit = limit;
}

void
test_host_end(TestHost *host)
{
	while (host->chunks)
	{
		TestChunk  *chunk = host->chunks;

		unlink_chunk(host, chunk);
		free(chunk);
	}
}

size_t
test_host_import_limit(size_t input_size)
{
	/* 100,000 outputs, which a short file can ask for, take 12 bytes each */
	return 8 * input_size + 1536 * 1024;
}
