/*
 * nearest.h
 *	  The word that somebody may have meant.
 */
#ifndef RML_REGISTRY_NEAREST_H
#define RML_REGISTRY_NEAREST_H

/* The spelling nearest to a word among n, and how far away it is; NULL: n is 0. */
extern const char *rml_nearest_word(const char *word, const char *const *words, int n, int *distance);

/* The same, but NULL if it is not near: where people have named things, the nearest may be any other. */
extern const char *rml_near_word(const char *word, const char *const *words, int n);

#endif
