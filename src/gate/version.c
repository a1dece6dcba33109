/*
 * version.c
 *	  The version that is judged or approved.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "gate/gate.h"

void
rml_gate_resolve(const char *reference, RmlBinding *binding)
{
	RmlRef		ref;

	rml_ref_parse(reference, (int) strlen(reference), &ref);
	rml_resolve_for(&ref, "promote", binding);
}

void
rml_gate_begin(RmlOwnerScope *scope, const RmlBinding *binding)
{
	RmlModelRow row;
	RmlParam	params[3];

	rml_owner_begin_model(scope, binding->name, "promote", &row);
	params[0] = rml_param_int(row.model_id);
	params[1] = rml_param_int(binding->version);
	params[2] = rml_param_datum(BYTEAOID, PointerGetDatum(cstring_to_text_with_len((const char *) binding->identity, RML_IDENTITY_SIZE)), false);
	if (row.model_id != binding->model.model_id ||
		rml_sql_latest("SELECT FROM riskml.model_version WHERE model_id = $1 AND version = $2 AND identity = $3", 3, params) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("version %d of model \"%s\" has been dropped meanwhile", binding->version, binding->name)));
}
