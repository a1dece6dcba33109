/*
 * shared.h
 *	  Compiled images that all sessions share, where the library is preloaded.
 *
 * An image is found by the identity of its version.  While somebody has it
 * pinned it stays where it is; else it is dropped, least recently used first,
 * when another one needs the room (riskml.shared_cache_size).
 */
#ifndef RML_REGISTRY_SHARED_H
#define RML_REGISTRY_SHARED_H

#include "model/image.h"

typedef struct RmlSharedImage RmlSharedImage;

/* Asks for the memory; to be called while shared_preload_libraries are loaded. */
extern void rml_shared_init(void);

/* The image of a version, pinned, or NULL if it is not there. */
extern RmlSharedImage *rml_shared_pin(const uint8_t identity[RML_IDENTITY_SIZE]);

/* The same after a copy of a checked image was put there; NULL if there is no room. */
extern RmlSharedImage *rml_shared_publish(const RmlImageHeader *image);

/*
 * Pins it once more, by the generation that it had: false if it was dropped
 * since.  Its data are where they were.
 */
extern bool rml_shared_repin(RmlSharedImage *shared, uint32_t generation);
extern uint32_t rml_shared_generation(const RmlSharedImage *shared);

/* Cannot fail. */
extern void rml_shared_unpin(RmlSharedImage *shared);

extern const void *rml_shared_data(const RmlSharedImage *shared);

#endif
