/*
 * memory.c
 *	  Memory, or the end.
 */
#include "memory.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io.h"

#define LEAST_PAGES ((size_t) 1 << 20)

static void
out_of_memory(size_t size)
{
	fail(FAULT_MEMORY, "out of memory: %zu bytes were asked for", size);
}

void *
take(size_t n, size_t size)
{
	void	   *block = calloc(n == 0 ? 1 : n, size);

	if (block == NULL)
		out_of_memory(n * size);
	return block;
}

void *
take_more(void *old, size_t n, size_t size)
{
	void	   *block = reallocarray(old, n == 0 ? 1 : n, size);

	if (block == NULL)
		out_of_memory(n * size);
	return block;
}

/* Resizes to whole pages; false: no room. */
static int
resize(Pages *pages, size_t size)
{
	size_t		page = (size_t) sysconf(_SC_PAGESIZE);
	void	   *data;

	if (size > SIZE_MAX - page)
		return 0;
	size = (size + page - 1) / page * page;
	if (size == 0)
	{
		if (pages->size > 0)
			munmap(pages->data, pages->size);
		data = NULL;
	}
	else if (pages->size == 0)
		data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	else
		data = mremap(pages->data, pages->size, size, MREMAP_MAYMOVE);
	if (data == MAP_FAILED)
		return 0;
	pages->data = data;
	pages->size = size;
	return 1;
}

void
pages_grow(Pages *pages, size_t size)
{
	size_t		ample = pages->size + pages->size / 2;

	if (size <= pages->size)
		return;
	if (ample < LEAST_PAGES)
		ample = LEAST_PAGES;
	/* pages that are not written to cost nothing but room under the limit */
	if ((ample > size && resize(pages, ample)) || resize(pages, size))
		return;
	out_of_memory(size);
}

void
pages_shrink(Pages *pages, size_t size)
{
	if (size < pages->size)
		resize(pages, size);
}
