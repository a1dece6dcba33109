/*
 * baseline.c
 *	  riskml.baseline() and the baselines that versions of models keep.
 *
 * A baseline is taken as the caller, before the registry's lock; it is kept as
 * the owner of the registry, with an audit row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "compat.h"
#include "registry/owner.h"
#include "stats/sketch.h"
#include "stats/watch.h"

RML_SQL_FUNCTION(riskml_baseline);
RML_SQL_FUNCTION(riskml_set_baseline);
RML_SQL_FUNCTION(riskml_get_baseline);
RML_SQL_FUNCTION(riskml_drop_baseline);

#define MAX_CATEGORIES 10000

typedef struct Limits
{
	int32		bins;
	int32		categories;
} Limits;

static int32
limit_arg(FunctionCallInfo fcinfo, int n, const char *name, int32 most)
{
	int32		value = rml_int_arg(fcinfo, n, name);

	if (value < 1 || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"%s\" must be between 1 and %d, not %d", name, most, value)));
	return value;
}

static Limits
limits_arg(FunctionCallInfo fcinfo, int n)
{
	Limits		limits = {limit_arg(fcinfo, n, "bins", RML_SKETCH_MAX_BINS), limit_arg(fcinfo, n + 1, "max_categories", MAX_CATEGORIES)};

	return limits;
}

/* One scan: the distribution of each column. */
static int64
take(RmlWatch *watch, Limits limits)
{
	List	   *expressions = NIL;
	RmlDistribution **found;
	int64		rows;
	ListCell   *cell;

	if (watch->columns == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query of a baseline has no columns")));
	foreach(cell, watch->columns)
	{
		const RmlWatched *column = lfirst(cell);

		expressions = lappend(expressions, psprintf("riskml.%s(%s, %d)", column->is_text ? "category_histogram" : "quantile_histogram",
													column->sql, column->is_text ? limits.categories : limits.bins));
	}
	found = rml_watch_scan(watch, expressions, &rows);
	if (rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query of a baseline gives no rows")));
	foreach(cell, watch->columns)
		((RmlWatched *) lfirst(cell))->baseline = found[foreach_current_index(cell)];
	return rows;
}

/* {"name": distribution, ...} of inputs, or of scores */
static void
append_columns(StringInfo json, const RmlWatch *watch, bool scores)
{
	const char *separator = "{";
	ListCell   *cell;

	foreach(cell, watch->columns)
	{
		const RmlWatched *column = lfirst(cell);

		if (column->is_score != scores)
			continue;
		appendStringInfoString(json, separator);
		escape_json(json, column->name);
		appendStringInfo(json, ": %s", rml_distribution_text(column->baseline));
		separator = ", ";
	}
	appendStringInfoString(json, *separator == '{' ? "{}" : "}");
}

/* In the caller's memory, where SPI's ends. */
static Datum
jsonb_of(const char *json, MemoryContext caller)
{
	MemoryContext spi = MemoryContextSwitchTo(caller);
	Datum		value = DirectFunctionCall1(jsonb_in, CStringGetDatum(json));

	MemoryContextSwitchTo(spi);
	return value;
}

/* riskml.baseline(query, bins, max_categories) */
Datum
riskml_baseline(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *query = RML_TEXT_ARG(0, "query");
	Limits		limits = limits_arg(fcinfo, 1);
	RmlWatch	watch;
	StringInfoData json;
	Datum		result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	rml_watch_query(&watch, query);
	(void) take(&watch, limits);
	initStringInfo(&json);
	append_columns(&json, &watch, false);
	result = jsonb_of(json.data, caller);
	SPI_finish();
	return result;
}

/* ---- of models ---- */

static Datum
take_of_model(const RmlWatchedModel *model, const char *query, Limits limits, int64 *rows)
{
	MemoryContext caller = CurrentMemoryContext;
	RmlWatch	watch;
	StringInfoData json;
	Datum		result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	rml_watch_model(&watch, model, query);
	*rows = take(&watch, limits);
	initStringInfo(&json);
	appendStringInfoString(&json, "{\"inputs\": ");
	append_columns(&json, &watch, false);
	appendStringInfoString(&json, ", \"scores\": ");
	append_columns(&json, &watch, true);
	appendStringInfoChar(&json, '}');
	result = jsonb_of(json.data, caller);
	SPI_finish();
	return result;
}

/* The version that a reference means, which must be the caller's. */
static void
find_own(RmlWatchedModel *model, const char *reference)
{
	rml_watched_model(model, reference);
	if (!has_privs_of_role(GetUserId(), model->binding.model.owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of model \"%s\"", model->binding.name)));
}

/* Takes the registry's lock; the version is still there, and the caller's. */
static void
begin_change(RmlOwnerScope *scope, const RmlWatchedModel *model)
{
	RmlModelRow row;
	RmlParam	params[3];

	rml_owner_begin_model(scope, model->binding.name, NULL, &row);
	params[0] = rml_param_int(row.model_id);
	params[1] = rml_param_int(model->binding.version);
	params[2] = rml_param_datum(BYTEAOID, PointerGetDatum(cstring_to_text_with_len((const char *) model->binding.identity, RML_IDENTITY_SIZE)), false);
	if (row.model_id != model->binding.model.model_id ||
		rml_sql_latest("SELECT FROM riskml.model_version WHERE model_id = $1 AND version = $2 AND identity = $3", 3, params) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("version %d of model \"%s\" has been dropped meanwhile", model->binding.version, model->binding.name)));
}

static char *
reason_arg(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/* riskml.set_baseline(model, query, bins, max_categories, reason) */
Datum
riskml_set_baseline(PG_FUNCTION_ARGS)
{
	char	   *reference = RML_TEXT_ARG(0, "model");
	char	   *query = RML_TEXT_ARG(1, "query");
	Limits		limits = limits_arg(fcinfo, 2);
	RmlAuditEntry entry = {.action = "set_baseline", .detail = query, .reason = reason_arg(fcinfo, 4)};
	RmlWatchedModel model;
	RmlOwnerScope scope;
	RmlParam	params[6];
	int64		rows;
	Datum		baseline;

	PreventCommandIfReadOnly("a change of the model registry");
	PreventCommandIfParallelMode("a change of the model registry");
	find_own(&model, reference);
	baseline = take_of_model(&model, query, limits, &rows);
	begin_change(&scope, &model);
	params[0] = rml_param_int(model.binding.model.model_id);
	params[1] = rml_param_int(model.binding.version);
	params[2] = rml_param_text(query);
	params[3] = rml_param_bigint(rows);
	params[4] = rml_param_datum(JSONBOID, baseline, false);
	params[5] = rml_param_text(GetUserNameFromId(scope.caller, false));
	rml_sql("INSERT INTO riskml.model_baseline (model_id, version, query, rows, baseline, set_by)\n"
			"VALUES ($1, $2, $3, $4, $5, $6::name)\n"
			"ON CONFLICT (model_id, version) DO UPDATE SET query = excluded.query, rows = excluded.rows, baseline = excluded.baseline,\n"
			"  set_by = excluded.set_by, set_at = excluded.set_at", 6, params);
	entry.model = model.binding.name;
	entry.identity = model.binding.identity;
	entry.to_version = model.binding.version;
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}

/* riskml.get_baseline(model): NULL if the version has none */
Datum
riskml_get_baseline(PG_FUNCTION_ARGS)
{
	RmlWatchedModel model;

	rml_watched_model(&model, RML_TEXT_ARG(0, "model"));
	if (model.baseline == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(model.baseline);
}

/* riskml.drop_baseline(model, reason) */
Datum
riskml_drop_baseline(PG_FUNCTION_ARGS)
{
	char	   *reference = RML_TEXT_ARG(0, "model");
	RmlAuditEntry entry = {.action = "drop_baseline", .reason = reason_arg(fcinfo, 1)};
	RmlWatchedModel model;
	RmlOwnerScope scope;
	RmlParam	params[2];

	PreventCommandIfReadOnly("a change of the model registry");
	find_own(&model, reference);
	begin_change(&scope, &model);
	params[0] = rml_param_int(model.binding.model.model_id);
	params[1] = rml_param_int(model.binding.version);
	if (rml_sql("DELETE FROM riskml.model_baseline WHERE model_id = $1 AND version = $2 RETURNING version", 2, params) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("version %d of model \"%s\" has no baseline", model.binding.version, model.binding.name)));
	entry.model = model.binding.name;
	entry.identity = model.binding.identity;
	entry.from_version = model.binding.version;
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}
