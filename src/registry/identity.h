/*
 * identity.h
 *	  Identity of a model version: SHA-256 over what determines its scores.
 *
 * Hashed, each part behind its length (64 bits, big-endian): the word
 * "riskml identity 1", the source bytes, the canonical recipe (empty if none),
 * the number of feature names given at import and each of them in UTF-8, and
 * the canonical options as JSON text.
 */
#ifndef RML_REGISTRY_IDENTITY_H
#define RML_REGISTRY_IDENTITY_H

#include "model/image.h"

typedef struct RmlIdentityParts
{
	const char *const *feature_names;	/* UTF-8; given at import, else none */
	int			n_feature_names;
	const char *options;		/* rml_options_text() */
	const char *recipe;			/* rml_recipe_canonical(), or NULL */
} RmlIdentityParts;

/*
 * The source comes in pieces: begin with its total size, add all of it, end
 * with the other parts.  The state is freed by end or with the current memory
 * context's transaction.
 */
typedef struct RmlIdentityState RmlIdentityState;

extern RmlIdentityState *rml_identity_begin(uint64 source_size);
extern void rml_identity_add(RmlIdentityState *state, const void *data, size_t size);
extern void rml_identity_end(RmlIdentityState *state, const RmlIdentityParts *parts,
							 uint8 identity[RML_IDENTITY_SIZE]);

/* SHA-256 of a canonical recipe alone: what an image has of it. */
extern void rml_recipe_hash(const char *recipe, uint8 hash[RML_IDENTITY_SIZE]);

#endif
