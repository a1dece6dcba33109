/*
 * list.h
 *	  Lists of keys and values, as protocol.h has them.
 */
#ifndef TRAINER_LIST_H
#define TRAINER_LIST_H

#include <stddef.h>
#include <stdint.h>

typedef struct List
{
	char	   *data;
	size_t		size;
	size_t		room;
} List;

extern void list_add(List *list, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Sends it, and empties it. */
extern void list_send(List *list, uint32_t kind);

/* The next key and value of a list of that size; 0 at its end.  *at begins with 0. */
extern int	list_next(const char *data, size_t size, size_t *at, const char **key, const char **value);

#endif
