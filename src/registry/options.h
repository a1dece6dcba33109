/*
 * options.h
 *	  The options of an import, from jsonb and to their canonical text.
 *
 *	  {"best_iteration": true}		only the trees up to the attribute best_iteration
 *	  {"iterations": [0, 50]}		only those iterations, the end excluded, 0: all
 *	  {"categories": {"home": ["rent", "own"]}}	labels of the codes 0, 1, ... of a feature
 *	  {"baseline_query": "SELECT ..."}	sets the version's baseline; not a part of what the version is
 */
#ifndef RML_REGISTRY_OPTIONS_H
#define RML_REGISTRY_OPTIONS_H

#include "utils/jsonb.h"

#include "import/xgb.h"

/* Fills the options (palloc'd, texts in UTF-8); false, with the fault, if they are none. */
extern bool rml_options_parse(Jsonb *jsonb, RmlImportOptions *options, RmlError *err);

/* The option baseline_query of options that were parsed, in the server's encoding; NULL: there is none. */
extern char *rml_options_baseline_query(Jsonb *jsonb);

/*
 * Canonical JSON text, in UTF-8: keys in alphabetical order, defaults left
 * out.  Hashed into the identity, and stored.
 */
extern char *rml_options_text(const RmlImportOptions *options);

/* Is this what an import with these options stores? */
extern bool rml_options_are_canonical(Jsonb *jsonb, const RmlImportOptions *options);

#endif
