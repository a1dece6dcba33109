/*
 * memory.h
 *	  Memory, or the end.
 */
#ifndef TRAINER_MEMORY_H
#define TRAINER_MEMORY_H

#include <stddef.h>

/* n things of a size, all zero; free() them. */
extern void *take(size_t n, size_t size);
extern void *take_more(void *old, size_t n, size_t size);

/* Pages of their own, which grow where they are or elsewhere without being copied, and are given back to the system at once. */
typedef struct Pages
{
	char	   *data;
	size_t		size;
} Pages;

/* Makes them at least that large. */
extern void pages_grow(Pages *pages, size_t size);

/* Gives back what is behind that size. */
extern void pages_shrink(Pages *pages, size_t size);

#endif
