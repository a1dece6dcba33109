/*
 * sift.h
 *	  Finds rows that a table would refuse, without writing.
 */
#ifndef RML_LOAD_SIFT_H
#define RML_LOAD_SIFT_H

#include "load/copy.h"

/* What becomes of rows; both lists have room for all of them. */
typedef struct RmlSifted
{
	int		   *good;
	int			n_good;
	int		   *doubtful;
	int			n_doubtful;
} RmlSifted;

/*
 * Looks at rows of a batch, in this order; refuses those that certainly cannot
 * be loaded.  Good are the others, but for those that may have the key of a row
 * before them, or whose parent may come with others: these are in doubt.
 */
extern void rml_sift(const RmlBatch *batch, const int *order, int n, RmlSifted *sifted);

#endif
