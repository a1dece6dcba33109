/*
 * fate.c
 *	  What became of a trainer, as an error.
 *
 * What it wrote may be anything: it is shown as far as it is text.
 */
#include "postgres.h"

#include <ctype.h>
#include <sys/wait.h>

#include "common/string.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "compat.h"
#include "registry/server.h"
#include "train/fate.h"
#include "train/process.h"

/* Words by which libxgboost, libgomp and the loader tell that memory ran out. */
static const char *const memory_words[] = {
	"bad_alloc", "annot allocate", "out of memory", "Out of memory", "Thread creation failed", "failed to map segment", "std::length_error",
};

/* As text of the server's encoding; what is none becomes question marks. */
static char *
shown(const char *bytes, int length)
{
	char	   *text;

	if (pg_is_ascii(pnstrdup(bytes, length)) || (GetDatabaseEncoding() == PG_UTF8 && pg_verify_mbstr(PG_UTF8, bytes, length, true)))
		text = pnstrdup(bytes, length);
	else
	{
		text = palloc((Size) length + 1);
		for (int i = 0; i < length; i++)
			text[i] = IS_HIGHBIT_SET(bytes[i]) ? '?' : bytes[i];
		text[length] = '\0';
	}
	for (char *c = text; *c != '\0'; c++)
	{
		if (!IS_HIGHBIT_SET(*c) && !isprint((unsigned char) *c) && *c != '\n' && *c != '\t')
			*c = '?';
	}
	while (text[0] != '\0' && text[strlen(text) - 1] == '\n')
		text[strlen(text) - 1] = '\0';
	return text;
}

/* NULL if it wrote nothing.  The first bytes may be the end of a character that was cut. */
static char *
shown_text(const RmlTrainerText *text)
{
	int			first = 0;

	while (first < text->length && (text->bytes[first] & 0xC0) == 0x80)
		first++;
	/* a zero byte would end it */
	for (int i = text->length - 1; i >= first; i--)
	{
		if (text->bytes[i] == '\0')
			first = i + 1;
	}
	return first < text->length ? shown(text->bytes + first, text->length - first) : NULL;
}

/* "[12:34:56] WARNING: ../src/learner.cc:767: " before what XGBoost says. */
static const char *
skip_place(const char *line)
{
	int			n = 0;
	const char *colon;

	if (sscanf(line, "[%*2d:%*2d:%*2d] %n", &n) < 0 || n == 0)
		return line;
	line += n;
	if (strncmp(line, "WARNING: ", strlen("WARNING: ")) == 0)
		line += strlen("WARNING: ");
	colon = strstr(line, ": ");
	if (colon != NULL && strcspn(line, " ") > (Size) (colon - line) && memchr(line, '/', (Size) (colon - line)) != NULL)
		line = colon + 2;
	return line;
}

char *
rml_trainer_shown(const RmlTrainerText *text)
{
	char	   *shown = shown_text(text);
	char	   *rest;
	StringInfoData said;

	initStringInfo(&said);
	for (char *line = shown != NULL ? strtok_r(shown, "\n", &rest) : NULL; line != NULL; line = strtok_r(NULL, "\n", &rest))
	{
		const char *words = skip_place(line);

		/* once, if each fold has the same to say */
		if (strspn(words, " \t") < strlen(words) && strstr(said.data, words) == NULL)
			appendStringInfo(&said, "%s%s", said.len > 0 ? "\n" : "", words);
	}
	return said.len > 0 ? said.data : NULL;
}

static bool
is_about_memory(const char *text)
{
	for (int i = 0; text != NULL && i < (int) lengthof(memory_words); i++)
	{
		if (strstr(text, memory_words[i]) != NULL)
			return true;
	}
	return false;
}

static const char *
hint_for(int status, const char *text)
{
	if (text != NULL && strstr(text, "error while loading shared libraries") != NULL && !is_about_memory(text))
		return "Training needs libxgboost (Debian: libxgboost0) where the server runs.";
	if (is_about_memory(text))
		return "It may need more than riskml.trainer_memory allows.";
	if (status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return "The operating system kills trainings first when memory runs out.";
	return NULL;
}

void
rml_trainer_raise_end(int status, const RmlTrainerText *text)
{
	char	   *detail = shown_text(text);
	const char *hint = hint_for(status, detail);
	char	   *message;

	if (status == -1)
		message = pstrdup("riskml_trainer has ended");
	else if (WIFSIGNALED(status))
		message = psprintf("riskml_trainer was terminated by signal %d: %s", WTERMSIG(status), pg_strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		message = psprintf("riskml_trainer ended with exit code %d", WEXITSTATUS(status));
	else
		message = pstrdup("riskml_trainer ended without a result");
	ereport(ERROR,
			(errcode(is_about_memory(detail) ? ERRCODE_OUT_OF_MEMORY : ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg_internal("%s", message),
			 detail != NULL ? errdetail_internal("%s", detail) : 0,
			 hint != NULL ? errhint("%s", hint) : 0));
}

/* XGBoost's messages begin with the time and the place in its source, and may end with a stack trace. */
static char *
without_trace(char *message)
{
	char	   *trace = strstr(message, "\nStack trace:");

	if (trace != NULL)
		*trace = '\0';
	while (message[0] != '\0' && message[strlen(message) - 1] == '\n')
		message[strlen(message) - 1] = '\0';
	return message;
}

void
rml_trainer_raise_reply(const char *list, Size size)
{
	const char *kind = rml_list_get(list, size, "kind");
	const char *said = rml_list_get(list, size, "message");
	char	   *message = said != NULL ? without_trace(shown(said, (int) strlen(said))) : pstrdup("");

	if (kind == NULL)
		kind = "internal";
	if (strcmp(kind, "memory") == 0 || is_about_memory(message))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("the training needs more memory than riskml_trainer may take"),
				 message[0] != '\0' ? errdetail_internal("%s", message) : 0,
				 errhint("A superuser can raise riskml.trainer_memory.")));
	if (strcmp(kind, "xgboost") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("XGBoost refuses the training"),
				 errdetail_internal("%s", message)));
	if (strcmp(kind, "input") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the rows cannot be trained on as asked"),
				 errdetail_internal("%s", message)));
	ereport(ERROR,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg("riskml_trainer failed"),
			 errdetail_internal("%s", message)));
}

void
rml_trainer_raise_nonsense(const char *what, const RmlTrainerText *text)
{
	char	   *detail = shown_text(text);

	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("riskml_trainer %s", what),
			 detail != NULL ? errdetail_internal("%s", detail) : 0,
			 errhint("riskml.trainer_path, or what is installed, may be of another version.")));
}
