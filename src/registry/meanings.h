/*
 * meanings.h
 *	  What references mean, as one session has found and all others may use,
 *	  where the library is preloaded.
 *
 * An answer holds for one stamp (changes.h) of one registry.  It says nothing
 * of the user who asks.
 */
#ifndef RML_REGISTRY_MEANINGS_H
#define RML_REGISTRY_MEANINGS_H

#include "storage/lwlock.h"

#include "registry/resolve.h"

/* More scorers than these are not kept. */
#define RML_MAX_SCORERS 16

#define RML_SCORERS_UNKNOWN (-1)

typedef struct RmlMeaning
{
	RmlBinding	binding;
	int			n_scorers;		/* RML_SCORERS_UNKNOWN: ask the tables */
	Oid			scorers[RML_MAX_SCORERS];	/* roles with the privilege "score" */
} RmlMeaning;

/* The memory, and what changes.c does with it when the server starts. */
extern Size rml_meanings_size(void);
extern void rml_meanings_attach(void *memory, LWLock *memory_lock);

/* False: nobody has found it yet, or it is forgotten. */
extern bool rml_meanings_find(const RmlRef *ref, uint64 stamp, RmlMeaning *meaning);
extern void rml_meanings_keep(const RmlRef *ref, uint64 stamp, const RmlMeaning *meaning);

#endif
