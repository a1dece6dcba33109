/*
 * ranks.h
 *	  The rank sections of an image: made at import, checked when opened.
 */
#ifndef RML_MODEL_RANKS_H
#define RML_MODEL_RANKS_H

#include "model/image.h"


/*
 * Adds the rank sections to a block that has all the others, for as many of
 * its trees as they suit.  The block moves when it grows.
 */
extern void rml_add_ranks(RmlHost *host, void **data, size_t *size);

/* Do the rank sections say what the checked nodes say? */
extern bool rml_check_ranks(const RmlImage *image, RmlError *err);

/* Floats in the tables of a feature; sets its levels, and where each begins after `first`. */
extern uint64_t rml_rank_tables(RmlRankFeature *feature, uint64_t first);

/* What the entry i of a level's table must be, for a level that far above the cuts. */
extern float rml_rank_entry(const float *cuts, uint32_t n_cuts, uint32_t above, uint64_t i);

#endif
