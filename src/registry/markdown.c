/*
 * markdown.c
 *	  Texts that others chose, in Markdown (CommonMark and GitHub's tables).
 *
 * Bytes of ASCII mean themselves in every encoding of a server, so texts are read byte by byte.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "registry/markdown.h"

/* What is not seen, or changes how the text around it is seen: separators of lines, marks of direction, the byte order mark. */
static int
unseen_length(const unsigned char *s)
{
	if (*s < ' ' || *s == 127)
		return 1;
	if (GetDatabaseEncoding() != PG_UTF8)
		return 0;
	if (s[0] == 0xC2 && s[1] >= 0x80 && s[1] <= 0x9F)
		return 2;
	if (s[0] == 0xE2 && s[1] == 0x80 && ((s[2] >= 0x8B && s[2] <= 0x8F) || (s[2] >= 0xA8 && s[2] <= 0xAE)))
		return 3;
	if (s[0] == 0xE2 && s[1] == 0x81 && s[2] >= 0xA0 && s[2] <= 0xAF)
		return 3;
	if (s[0] == 0xEF && s[1] == 0xBB && s[2] == 0xBF)
		return 3;
	return 0;
}

static void
append_escaped(StringInfo out, char c)
{
	switch (c)
	{
		case '<':
			appendStringInfoString(out, "&lt;");
			break;
		case '>':
			appendStringInfoString(out, "&gt;");
			break;
		case '&':
			appendStringInfoString(out, "&amp;");
			break;
		case '\\':
		case '`':
		case '*':
		case '_':
		case '[':
		case ']':
		case '|':
		case '~':
			appendStringInfo(out, "\\%c", c);
			break;
		default:
			appendStringInfoChar(out, c);
	}
}

/* What makes a heading or a list of a line that begins with it gets a backslash; returns the rest. */
static const char *
escape_begin(StringInfo out, const char *s)
{
	size_t		digits;

	s += strspn(s, " \t");
	digits = strspn(s, "0123456789");
	if (digits > 0 && (s[digits] == '.' || s[digits] == ')') && (s[digits + 1] == '\0' || s[digits + 1] == ' ' || s[digits + 1] == '\t' || s[digits + 1] == '\n'))
	{
		appendBinaryStringInfo(out, s, (int) digits);
		appendStringInfo(out, "\\%c", s[digits]);
		return s + digits + 1;
	}
	if (*s != '\0' && strchr("#+-=", *s) != NULL)
	{
		appendStringInfo(out, "\\%c", *s);
		return s + 1;
	}
	return s;
}

/* GitHub makes a link of an address without any marks: how much of the text a backslash must follow so that it does not. */
static int
address_length(const char *s)
{
	if (strncmp(s, "://", 3) == 0)
		return 0;
	return pg_strncasecmp(s, "www.", 4) == 0 ? 3 : -1;
}

/* Up to a newline, or the end; returns what follows it. */
static const char *
append_line(StringInfo out, const char *s)
{
	while (*s != '\0' && *s != '\n')
	{
		int			unseen = unseen_length((const unsigned char *) s);
		int			address = address_length(s);

		if (address >= 0)
		{
			appendBinaryStringInfo(out, s, address);
			appendStringInfo(out, "\\%c", s[address]);
			s += address + 1;
			continue;
		}
		if (unseen > 0)
			appendStringInfoChar(out, ' ');
		else
			append_escaped(out, *s);
		s += Max(unseen, 1);
	}
	return *s == '\n' ? s + 1 : s;
}

void
rml_markdown_text(StringInfo out, const char *text)
{
	for (const char *rest = append_line(out, escape_begin(out, text)); *rest != '\0';)
	{
		appendStringInfoChar(out, ' ');
		rest = append_line(out, rest);
	}
}

void
rml_markdown_paragraphs(StringInfo out, const char *text)
{
	for (const char *rest = text; *rest != '\0';)
	{
		rest = append_line(out, escape_begin(out, rest));
		appendStringInfoChar(out, '\n');
	}
}

/* Would a tool that knows little of Markdown, too, show it as it is? */
static bool
is_plain(const char *name)
{
	if (*name == '\0' || *name == ' ' || name[strlen(name) - 1] == ' ')
		return false;
	for (const char *s = name; *s != '\0'; s++)
	{
		if (strchr("<>&|`\\", *s) != NULL || unseen_length((const unsigned char *) s) > 0)
			return false;
	}
	return true;
}

void
rml_markdown_name(StringInfo out, const char *name)
{
	if (is_plain(name))
		appendStringInfo(out, "`%s`", name);
	else
		rml_markdown_text(out, name);
}

void
rml_markdown_number(StringInfo out, const char *number)
{
	if (number[strspn(number, "-0123456789")] == '\0')
		appendStringInfoString(out, number);
	else if (number[strspn(number, "+-.e0123456789")] == '\0')
		appendStringInfo(out, "%.6g", strtod(number, NULL));
	else
		rml_markdown_text(out, number);
}

/* Longer than any fence within it. */
static int
fence_length(const char *code)
{
	int			longest = 2;
	int			run = 0;

	for (const char *s = code; *s != '\0'; s++)
	{
		run = *s == '`' ? run + 1 : 0;
		longest = Max(longest, run);
	}
	return longest + 1;
}

void
rml_markdown_code(StringInfo out, const char *language, const char *code)
{
	int			fence = fence_length(code);

	appendStringInfoSpaces(out, fence);
	memset(out->data + out->len - fence, '`', fence);
	appendStringInfo(out, "%s\n", language);
	for (const char *s = code; *s != '\0';)
	{
		int			unseen = *s == '\n' || *s == '\t' ? 0 : unseen_length((const unsigned char *) s);

		appendStringInfoChar(out, unseen > 0 ? ' ' : *s);
		s += Max(unseen, 1);
	}
	appendStringInfoChar(out, '\n');
	appendStringInfoSpaces(out, fence);
	memset(out->data + out->len - fence, '`', fence);
	appendStringInfoChar(out, '\n');
}
