/*
 * list.c
 *	  Lists of keys and values.
 */
#include "list.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "memory.h"

static void
add_bytes(List *list, const char *data, size_t size)
{
	if (list->size + size > list->room)
	{
		list->room = 2 * (list->size + size);
		list->data = take_more(list->data, list->room, 1);
	}
	memcpy(list->data + list->size, data, size);
	list->size += size;
}

void
list_add(List *list, const char *key, const char *format, ...)
{
	char		value[1024];
	va_list		args;

	va_start(args, format);
	if (vsnprintf(value, sizeof(value), format, args) >= (int) sizeof(value))
		end_with_character(value);
	va_end(args);
	add_bytes(list, key, strlen(key) + 1);
	add_bytes(list, value, strlen(value) + 1);
}

void
list_send(List *list, uint32_t kind)
{
	io_send(kind, list->data, list->size);
	free(list->data);
	memset(list, 0, sizeof(*list));
}

/* The text that begins there, or NULL if no zero byte ends it. */
static const char *
next_text(const char *data, size_t size, size_t *at)
{
	const char *text = data + *at;
	const char *end = *at < size ? memchr(text, '\0', size - *at) : NULL;

	if (end == NULL)
		return NULL;
	*at = (size_t) (end - data) + 1;
	return text;
}

int
list_next(const char *data, size_t size, size_t *at, const char **key, const char **value)
{
	if (*at == size)
		return 0;
	*key = next_text(data, size, at);
	*value = *key == NULL ? NULL : next_text(data, size, at);
	REQUIRE(*value != NULL, "a list does not end with a zero byte");
	return 1;
}
