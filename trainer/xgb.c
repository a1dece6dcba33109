/*
 * xgb.c
 *	  What libxgboost says.
 */
#include "xgb.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "io.h"

/* "[12:34:56] ../src/objective/objective.cc:25: Unknown objective function": what is behind the place. */
static const char *
behind_place(const char *text)
{
	const char *at = text;

	if (*at != '[' || (at = strchr(at, ']')) == NULL)
		return text;
	at++;
	while (*at == ' ')
		at++;
	/* a path, and the number of a line */
	at += strcspn(at, " \n");
	if (at[-1] != ':' || !isdigit((unsigned char) at[-2]))
		return text;
	while (isspace((unsigned char) *at))
		at++;
	return at;
}

void
xgb(int result)
{
	const char *text;
	const char *end;
	size_t		length;

	if (result == 0)
		return;
	text = XGBGetLastError();
	if (strstr(text, "bad_alloc") != NULL)
		fail(FAULT_MEMORY, "out of memory");
	text = behind_place(text);
	end = strstr(text, "Stack trace:");
	length = end == NULL ? strlen(text) : (size_t) (end - text);
	while (length > 0 && isspace((unsigned char) text[length - 1]))
		length--;
	fail(FAULT_XGBOOST, "%.*s", (int) length, text);
}

static void
log_message(const char *text)
{
	fprintf(stderr, "%s\n", text);
}

void
xgb_begin(void)
{
	xgb(XGBRegisterLogCallback(log_message));
}
