/*
 * alias.h
 *	  Moving aliases.
 */
#ifndef RML_REGISTRY_ALIAS_H
#define RML_REGISTRY_ALIAS_H

#include "registry/owner.h"

/*
 * Points entry->alias at entry->to_version, remembering the version before for
 * rollback(), and writes the entry with what was before; nothing happens if the
 * alias points there already.  Inside an owner scope; the model exists.  Raises
 * 42704 if the version does not, and 55000 if the alias is production and the
 * model's gates do not let the version pass.
 */
extern void rml_move_alias(const RmlOwnerScope *scope, RmlAuditEntry entry);

/*
 * Identity of a version, for an audit row; raises 42704 if there is none.
 * Inside an owner scope.
 */
extern const uint8 *rml_version_identity(const char *model, int32 version);

#endif
