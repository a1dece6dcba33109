/*
 * sift.h
 *	  Finds rows that a table would refuse, without writing.
 */
#ifndef RML_LOAD_SIFT_H
#define RML_LOAD_SIFT_H

#include "load/copy.h"

/*
 * Looks at rows of a batch, in this order; refuses those that certainly cannot
 * be loaded.  good gets the others but for those that may have the key of a row
 * before them, or whose parent may come with others: these are in doubt.  Both have room for all.
 */
extern void rml_sift(const RmlBatch *batch, const int *order, int n,
					 int *good, int *n_good, int *doubtful, int *n_doubtful);

#endif
