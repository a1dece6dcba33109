/*
 * ref.c
 *	  Type model_ref: 'name', 'name@alias', 'name@3', 'name@3#0123456789abcdef'.
 *
 * Stored as the text itself, so that a cast from text is free.  Input checks
 * the syntax and looks nothing up; what arrives through the cast is checked
 * when it is resolved.
 */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/hot.h"
#include "compat.h"
#include "registry/ref.h"

RML_SQL_FUNCTION(riskml_model_ref_in);
RML_SQL_FUNCTION(riskml_model_ref_out);
RML_SQL_FUNCTION(riskml_model_ref_recv);
RML_SQL_FUNCTION(riskml_model_ref_send);

pg_noreturn static void bad_name(const char *what, const char *name, int length,
								 const char *why);

static void
bad_name(const char *what, const char *name, int length, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_NAME),
			 errmsg("invalid %s \"%.*s\": %s", what,
					pg_mbcliplen(name, length, 128), name, why),
			 errhint("A reference is name, name@alias, name@version or name@version#identity; names have 1 to %d bytes without \"@\", \"#\", control characters or spaces at either end.",
					 RML_MAX_NAME)));
}

/* U+0080 to U+009F in UTF-8; the text is valid and terminated or followed by '@'. */
static bool
is_c1_control(const char *p)
{
	return GetDatabaseEncoding() == PG_UTF8 &&
		(unsigned char) p[0] == 0xC2 && (unsigned char) p[1] < 0xA0;
}

const char *
rml_name_fault(const char *name, int length, bool *printable)
{
	*printable = true;
	if (length == 0)
		return "it is empty";
	if (length > RML_MAX_NAME)
		return "it is longer than 63 bytes";
	if (name[0] == ' ' || name[length - 1] == ' ')
		return "it begins or ends with a space";
	for (int i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) name[i];

		*printable = c >= 0x20 && c != 0x7F && !is_c1_control(name + i);
		if (!*printable)
			return "it contains a control character";
	}
	return NULL;
}

static void
check_name(const char *what, const char *name, int length)
{
	bool		printable;
	const char *fault;

	if (!pg_verifymbstr(name, length, true))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid %s: it is not valid in the database encoding", what)));
	fault = rml_name_fault(name, length, &printable);
	if (fault != NULL)
		bad_name(what, name, printable ? length : 0, fault);
	if (memchr(name, '@', length) != NULL || memchr(name, '#', length) != NULL)
		bad_name(what, name, length, "it contains \"@\" or \"#\"");
}

void
rml_check_model_name(const char *name, int length)
{
	check_name("model name", name, length);
}

void
rml_check_alias(const char *alias, int length)
{
	check_name("alias", alias, length);
	if (alias[0] >= '0' && alias[0] <= '9')
		bad_name("alias", alias, length, "it begins with a digit");
}

/* Reads "3" or "3#0123456789abcdef" behind the '@'. */
static void
parse_version(const char *text, int length, const char *version, RmlRef *ref)
{
	const char *end = text + length;
	int64		value = 0;

	/* one spelling per version, so that a search for references finds all */
	if (*version == '0')
		bad_name("model reference", text, length, "the version begins with 0");
	while (version < end && *version >= '0' && *version <= '9')
	{
		value = value * 10 + (*version++ - '0');
		if (value > PG_INT32_MAX)
			bad_name("model reference", text, length, "the version is too large");
	}
	ref->version = (int32) value;
	if (version == end)
		return;
	if (*version++ != '#')
		bad_name("model reference", text, length, "an alias does not begin with a digit");
	if (end - version != 2 * RML_PIN_BYTES)
		bad_name("model reference", text, length, "the identity does not have 16 hexadecimal digits");
	for (int i = 0; i < 2 * RML_PIN_BYTES; i++)
	{
		char		c = version[i];
		uint8		digit;

		if (c >= '0' && c <= '9')
			digit = (uint8) (c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (uint8) (c - 'a' + 10);
		else
			bad_name("model reference", text, length,
					 "the identity has something else than the digits 0-9 and a-f");
		ref->pin[i / 2] = (uint8) (ref->pin[i / 2] << 4 | digit);
	}
	ref->pinned = true;
}

/* Leaves no byte of *ref unset. */
static void
parse(const char *text, int length, RmlRef *ref)
{
	const char *at = memchr(text, '@', length);
	int			name_length = at ? (int) (at - text) : length;

	memset(ref, 0, sizeof(*ref));
	check_name("model name", text, name_length);
	memcpy(ref->name, text, name_length);
	if (at == NULL)
		strcpy(ref->alias, RML_DEFAULT_ALIAS);
	else if (at + 1 < text + length && at[1] >= '0' && at[1] <= '9')
		parse_version(text, length, at + 1, ref);
	else
	{
		int			alias_length = (int) (text + length - at - 1);

		rml_check_alias(at + 1, alias_length);
		memcpy(ref->alias, at + 1, alias_length);
	}
}

RML_HOT void
rml_ref_parse(const char *text, int length, RmlRef *ref)
{
	/* the one before, which most statements have, too */
	static char known[2 * RML_MAX_NAME + 1];
	static int	known_length = 0;
	static RmlRef parsed;

	if (length != known_length || length == 0 || memcmp(text, known, length) != 0)
	{
		known_length = 0;
		parse(text, length, &parsed);
		if (length <= (int) sizeof(known))
		{
			memcpy(known, text, length);
			known_length = length;
		}
	}
	memcpy(ref, &parsed, sizeof(*ref));	/* padding, too: references are compared as bytes */
}

Datum
riskml_model_ref_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	RmlRef		ref;

	rml_ref_parse(text, (int) strlen(text), &ref);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

Datum
riskml_model_ref_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(TextDatumGetCString(PG_GETARG_DATUM(0)));
}

Datum
riskml_model_ref_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	RmlRef		ref;
	int			length;
	char	   *text = pq_getmsgtext(buf, buf->len - buf->cursor, &length);

	rml_ref_parse(text, length, &ref);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(text, length));
}

Datum
riskml_model_ref_send(PG_FUNCTION_ARGS)
{
	text	   *ref = PG_GETARG_TEXT_PP(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendtext(&buf, VARDATA_ANY(ref), VARSIZE_ANY_EXHDR(ref));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
