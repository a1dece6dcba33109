/*
 * ref.h
 *	  Model references and the rules for names.
 */
#ifndef RML_REGISTRY_REF_H
#define RML_REGISTRY_REF_H

#define RML_MAX_NAME 63			/* bytes */
#define RML_PIN_BYTES 8			/* of the identity, in the pinned form */
#define RML_DEFAULT_ALIAS "production"

typedef struct RmlRef
{
	char		name[RML_MAX_NAME + 1];
	char		alias[RML_MAX_NAME + 1];	/* empty: by version */
	int32		version;		/* > 0 unless by alias */
	bool		pinned;
	uint8		pin[RML_PIN_BYTES];
} RmlRef;

/* Parses a reference; raises 42602 on bad syntax. */
extern void rml_ref_parse(const char *text, int length, RmlRef *ref);

/* Why a text cannot be a name of anything, and whether it can be shown; NULL: it can be one. */
extern const char *rml_name_fault(const char *name, int length, bool *printable);

/* Raise 42602 if the text breaks the rules for names of models or aliases. */
extern void rml_check_model_name(const char *name, int length);
extern void rml_check_alias(const char *alias, int length);

#endif
