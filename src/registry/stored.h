/*
 * stored.h
 *	  What a row of riskml.model_version holds: source, image, and the proof
 *	  that they are what was imported.
 */
#ifndef RML_REGISTRY_STORED_H
#define RML_REGISTRY_STORED_H

#include "utils/jsonb.h"

#include "import/xgb.h"
#include "registry/resolve.h"

/*
 * A row's import arguments, palloc'd, names in UTF-8.  False if they are not
 * what an import stores.
 */
extern bool rml_stored_options(HeapTuple tuple, TupleDesc desc, RmlImportOptions *options);

/* A row's recipe, detoasted; NULL: it has none. */
extern Jsonb *rml_stored_recipe(HeapTuple tuple, TupleDesc desc);

/* Its hash, as the image has it, palloc'd. */
extern const uint8 *rml_stored_recipe_hash(const Jsonb *recipe);

/* Do source, recipe, feature names and options hash to the version's identity?  Reads the source in slices. */
extern bool rml_stored_source_is_sound(HeapTuple tuple, TupleDesc desc,
									   const RmlBinding *binding);

/*
 * Copies the image into context and opens it.  False (err filled) if it is
 * damaged, of another format, or another version's.
 */
extern bool rml_stored_image(HeapTuple tuple, TupleDesc desc, const RmlBinding *binding,
							 MemoryContext context, RmlImage *image, RmlError *err);

/* Builds the image anew from the source, in context. */
extern void rml_stored_rebuild(HeapTuple tuple, TupleDesc desc, const RmlBinding *binding,
							   MemoryContext context, RmlImage *image);

/* Parses and validates the source; all memory is in context.  False: err is filled. */
extern bool rml_stored_parse(HeapTuple tuple, TupleDesc desc, MemoryContext context,
							 RmlXgbModel *model, RmlError *err);

/* The source, detoasted. */
extern bytea *rml_stored_source(HeapTuple tuple, TupleDesc desc);

#endif
