/*
 * alias.h
 *	  Moving aliases.
 */
#ifndef RML_REGISTRY_ALIAS_H
#define RML_REGISTRY_ALIAS_H

#include "registry/owner.h"

/*
 * Points an alias at a version, remembering the one before for rollback(),
 * with an audit row; nothing happens if it points there already.  Inside an
 * owner scope; the model and the version exist.
 */
extern void rml_move_alias(const RmlOwnerScope *scope, const char *model, const char *alias,
						   int32 version, const char *reason, const char *detail);

/*
 * Identity of a version, for an audit row; raises 42704 if there is none.
 * Inside an owner scope.
 */
extern const uint8 *rml_version_identity(const char *model, int32 version);

#endif
