/*
 * import.h
 *	  Importing a model from C.
 */
#ifndef RML_REGISTRY_IMPORT_H
#define RML_REGISTRY_IMPORT_H

#include "utils/jsonb.h"

#include "model/image.h"

typedef struct RmlImportRequest
{
	const char *model;
	const char *alias;			/* NULL: set none */
	const char *comment;
	const char *detail;			/* for the audit row, or NULL */
	Jsonb	   *recipe;			/* or NULL */
	Jsonb	   *options;		/* or NULL */
	bytea	   *source;
} RmlImportRequest;

typedef struct RmlImported
{
	int32		model_id;
	int32		version;
	uint8		identity[RML_IDENTITY_SIZE];
	bool		is_new;			/* false: the model had this version already */
} RmlImported;

/* As riskml.import_model() does it, for the current user. */
extern void rml_import(const RmlImportRequest *request, RmlImported *imported);

#endif
