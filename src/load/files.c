/*
 * files.c
 *	  The server files that a pattern stands for.
 */
#include "postgres.h"

#include <glob.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "load/files.h"

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* What cannot be shown, in a text of the server's encoding, becomes \xNN. */
static char *
shown_path(const char *path)
{
	bool		valid = pg_verify_mbstr(GetDatabaseEncoding(), path, (int) strlen(path), true);
	StringInfoData text;

	initStringInfo(&text);
	for (const char *p = path; *p != '\0'; p++)
	{
		if ((unsigned char) *p < ' ' || *p == 0x7F || (!valid && IS_HIGHBIT_SET(*p)))
			appendStringInfo(&text, "\\x%02x", (unsigned char) *p);
		else
			appendStringInfoChar(&text, *p);
	}
	return text.data;
}

static void
free_glob(void *found)
{
	globfree(found);
}

/* The C library's memory is freed with the memory context, in whatever way it ends. */
static glob_t *
begin_glob(void)
{
	glob_t	   *found = palloc0(sizeof(glob_t));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));

	callback->func = free_glob;
	callback->arg = found;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return found;
}

RmlFile
rml_file(const char *path)
{
	RmlFile		file;

	if (strlen(path) >= MAXPGPATH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("path of %zu bytes is too long", strlen(path)),
				 errdetail("It begins with \"%.100s\".", shown_path(path))));
	file.path = pstrdup(path);
	file.shown = shown_path(path);
	return file;
}

List *
rml_files(const char *pattern, bool missing_ok)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	List	   *files = NIL;
	glob_t	   *found;
	int			result;

	if (!is_absolute_path(pattern))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("path \"%s\" is not absolute", pattern)));
	context = AllocSetContextCreate(caller, "riskml files", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(context);
	found = begin_glob();
	result = glob(pattern, GLOB_NOSORT, NULL, found);
	MemoryContextSwitchTo(caller);
	if (result != 0 && result != GLOB_NOMATCH)
		ereport(ERROR,
				(errcode(result == GLOB_NOSPACE ? ERRCODE_OUT_OF_MEMORY : ERRCODE_IO_ERROR),
				 errmsg("could not look for files \"%s\"", pattern)));
	if (result == GLOB_NOMATCH && !missing_ok && strpbrk(pattern, "*?[\\") == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("file \"%s\" does not exist", pattern),
				 errhint("A pattern, as \"%s*\", may stand for no file at all.", pattern)));
	if (result == 0)
		qsort(found->gl_pathv, found->gl_pathc, sizeof(char *), compare_paths);
	for (size_t i = 0; result == 0 && i < found->gl_pathc; i++)
	{
		RmlFile    *file = palloc(sizeof(RmlFile));

		CHECK_FOR_INTERRUPTS();
		*file = rml_file(found->gl_pathv[i]);
		files = lappend(files, file);
	}
	MemoryContextDelete(context);
	return files;
}

static TimestampTz
timestamp_of(const struct timespec *time)
{
	return ((TimestampTz) time->tv_sec - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY) * USECS_PER_SEC +
		time->tv_nsec / 1000;
}

TimestampTz
rml_file_modified(const struct stat *seen)
{
	return timestamp_of(&seen->st_mtim);
}

bool
rml_file_is_young(const struct stat *seen, int64 settle)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz modified = rml_file_modified(seen);

	/* from the future, as another clock has it, or anybody may set it: then when the inode was touched */
	if (modified > now)
		modified = timestamp_of(&seen->st_ctim);
	return now - modified < settle;
}
