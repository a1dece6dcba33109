/*
 * tail.h
 *	  Following files that grow, through rotation.
 */
#ifndef RML_LOAD_TAIL_H
#define RML_LOAD_TAIL_H

#include "load/files.h"
#include "load/loader.h"

/*
 * Loads what a file has got since it was looked at last: complete records, and
 * before them the rest of the file that had the path before.  False with *fault
 * if that is not possible.  *news: there was something.
 */
extern bool rml_tail_take(RmlLoader *loader, const RmlFile *file, struct stat *seen, bool *news, char **fault);

#endif
