/*
 * walk.h
 *	  Trees that are not in the rank layout: eight walks at a time.
 */
#ifndef RML_KERNEL_WALK_H
#define RML_KERNEL_WALK_H

#include "kernel/ranks.h"

#define RML_LANES 8

/* Adds n trees, eight at most, for one row. */
extern void rml_walk_trees(const RmlImage *image, int first_tree, int n, const float *row,
						   float *margins);

/* Adds one tree for any number of rows. */
extern void rml_walk_rows(const RmlImage *image, int tree, const float *rows, int n_rows,
						  float *margins);

#endif
