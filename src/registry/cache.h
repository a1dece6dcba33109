/*
 * cache.h
 *	  Models loaded in this backend.
 *
 * Entries are found by identity, the hash of all that determines a score: an
 * entry can never be wrong, only unused, and nothing has to be invalidated.
 * A user of an entry holds a pin on it; entries without a pin are dropped,
 * least recently used first, when they exceed riskml.local_cache_size.
 */
#ifndef RML_REGISTRY_CACHE_H
#define RML_REGISTRY_CACHE_H

#include "registry/resolve.h"
#include "registry/shared.h"
#include "registry/transform.h"

typedef struct RmlModel
{
	uint8		identity[RML_IDENTITY_SIZE];	/* hash key: first */
	RmlImage	image;
	const char **features;		/* names in the server's encoding */
	RmlInputs	inputs;
	RmlSharedImage *shared;		/* NULL: the image is our own */
	uint32		shared_generation;
	bool		shared_pinned;	/* while the entry is */
	void	   *bindings;		/* what columns.c keeps with the model, in its context, */
	void	   *row_types;		/* site.c, */
	void	   *explanation;	/* and score/explain.c */
	MemoryContext context;		/* owns all of the entry but itself */
	Size		size;			/* bytes in context */
	int			pins;
	uint64		last_used;
} RmlModel;

/* Finds or loads the version that a binding names, and pins it. */
extern RmlModel *rml_cache_pin(const RmlBinding *binding);
extern void rml_cache_unpin(RmlModel *model);

#endif
