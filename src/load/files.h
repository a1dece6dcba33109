/*
 * files.h
 *	  The server files that a pattern stands for.
 */
#ifndef RML_LOAD_FILES_H
#define RML_LOAD_FILES_H

#include <sys/stat.h>

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

typedef struct RmlFile
{
	char	   *path;
	char	   *shown;			/* the same as text that is valid in any case */
} RmlFile;

/*
 * RmlFile * in order of their paths' bytes.  42602 for a path that is not
 * absolute, 58P01 for one that is no pattern and does not exist unless
 * missing_ok.
 */
extern List *rml_files(const char *pattern, bool missing_ok);

/* One of them. */
extern RmlFile rml_file(const char *path);

extern TimestampTz rml_file_modified(const struct stat *seen);

/* Was it changed less than so many microseconds ago? */
extern bool rml_file_is_young(const struct stat *seen, int64 settle);

#endif
