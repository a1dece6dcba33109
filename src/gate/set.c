/*
 * set.c
 *	  riskml.set_gates().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "gate/gate.h"
#include "registry/owner.h"

RML_SQL_FUNCTION(riskml_set_gates);

/*
 * What a definition changes, in words; NULL if nothing.
 * $1 model_id, $2 gates, $3 approval, $4 max_age
 */
static const char find_changes[] =
	"WITH old AS (SELECT * FROM riskml.model_gates WHERE model_id = $1),\n"
	"was AS (SELECT gate ->> 'name' AS name, gate, position FROM old, jsonb_array_elements(old.gates) WITH ORDINALITY e(gate, position)),\n"
	"new AS (SELECT gate ->> 'name' AS name, gate, position FROM jsonb_array_elements($2) WITH ORDINALITY e(gate, position)),\n"
	"change AS (\n"
	"  SELECT 1 AS part, position, format('removed %s', was.gate) AS text FROM was WHERE name NOT IN (SELECT name FROM new)\n"
	"  UNION ALL SELECT 2, position, format('added %s', new.gate) FROM new WHERE name NOT IN (SELECT name FROM was)\n"
	"  UNION ALL SELECT 3, new.position, format('changed %s to %s', was.gate, new.gate) FROM was JOIN new USING (name) WHERE was.gate <> new.gate\n"
	"  UNION ALL SELECT 4, 0, 'order changed' FROM old WHERE old.gates <> $2\n"
	"    AND (SELECT jsonb_agg(gate ORDER BY name) FROM was) = (SELECT jsonb_agg(gate ORDER BY name) FROM new)\n"
	"  UNION ALL SELECT 5, 0, format('approval %s to %s', o.approval, $3) FROM (SELECT coalesce((SELECT approval FROM old), 'auto') AS approval) o WHERE o.approval <> $3\n"
	"  UNION ALL SELECT 6, 0, format('max_age %s to %s', coalesce(o.max_age::text, 'none'), coalesce($4::text, 'none'))\n"
	"    FROM (SELECT (SELECT max_age FROM old) AS max_age) o WHERE o.max_age IS DISTINCT FROM $4)\n"
	"SELECT string_agg(text, '; ' ORDER BY part, position) FROM change";

static const char insert_gates[] =
	"INSERT INTO riskml.model_gates (model_id, gates, gates_hash, approval, max_age, set_by)\n"
	"VALUES ($1, $2, sha256(convert_to($2::text, 'UTF8')), $3, $4, $5::name)";

static Datum
empty_array(void)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum("[]"));
}

static const char *
approval_argument(FunctionCallInfo fcinfo, int n)
{
	const char *approval = PG_ARGISNULL(n) ? "auto" : text_to_cstring(PG_GETARG_TEXT_PP(n));

	if (strcmp(approval, "auto") != 0 && strcmp(approval, "manual") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown approval \"%s\"", approval),
				 errhint("It is auto or manual.")));
	return approval;
}

static RmlParam
max_age_argument(FunctionCallInfo fcinfo, int n)
{
	Interval	zero = {0};

	if (PG_ARGISNULL(n))
		return rml_param_datum(INTERVALOID, (Datum) 0, true);
	if (!DatumGetBool(DirectFunctionCall2(interval_gt, PG_GETARG_DATUM(n), IntervalPGetDatum(&zero))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_age must be positive")));
	return rml_param_datum(INTERVALOID, PG_GETARG_DATUM(n), false);
}

/* riskml.set_gates(model, gates, approval, max_age, reason) */
Datum
riskml_set_gates(PG_FUNCTION_ARGS)
{
	Datum		gates = PG_ARGISNULL(1) ? empty_array() : JsonbPGetDatum(PG_GETARG_JSONB_P(1));
	bool		any = rml_gates_read(DatumGetJsonbP(gates)) != NIL;
	const char *approval = approval_argument(fcinfo, 2);
	RmlAuditEntry entry = {
		.action = "set_gates", .model = RML_TEXT_ARG(0, "model"),
		.reason = PG_ARGISNULL(4) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(4)),
	};
	RmlOwnerScope scope;
	RmlModelRow row;
	RmlParam	params[5] = {[1] = rml_param_datum(JSONBOID, gates, false), rml_param_text(approval), max_age_argument(fcinfo, 3)};

	rml_owner_begin_model(&scope, entry.model, NULL, &row);
	params[0] = rml_param_int(row.model_id);
	params[4] = rml_param_text(GetUserNameFromId(scope.caller, false));
	rml_sql(find_changes, 4, params);
	entry.detail = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (entry.detail != NULL)
	{
		rml_sql("DELETE FROM riskml.model_gates WHERE model_id = $1", 1, params);
		if (any || strcmp(approval, "manual") == 0)
			rml_sql(insert_gates, 5, params);
		rml_audit(&scope, &entry);
	}
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}
