/*
 * store.c
 *	  What is kept of a training: the model as a version, by what it was made, and what it is compared with later.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job/context.h"
#include "registry/import.h"
#include "registry/owner.h"
#include "train/training.h"

static Jsonb *
jsonb_of(const char *text)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

static RmlParam
jsonb_param(const Jsonb *json)
{
	return rml_param_datum(JSONBOID, PointerGetDatum(json), json == NULL);
}

/* ---- the version ---- */

/* Of faults of the model; whoever may not store it need not hear of where it is from. */
static void
name_origin(void *arg)
{
	int			code = geterrcode();

	(void) arg;
	if (code == ERRCODE_INVALID_BINARY_REPRESENTATION || code == ERRCODE_FEATURE_NOT_SUPPORTED || code == ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		errcontext("model that riskml_trainer returned");
	/* which the validator refuses, not the trainer */
	if (code == ERRCODE_INVALID_BINARY_REPRESENTATION)
		errhint("If numbers in it are infinite or NaN, the training has diverged: try a smaller \"eta\", more \"lambda\", or inputs and labels that are scaled.");
}

static bytea *
bytes_of(const RmlPieces *pieces)
{
	SET_VARSIZE(pieces->data, VARHDRSZ + pieces->size);
	return (bytea *) pieces->data;
}

/* For the audit log. */
static char *
detail_of(void)
{
	char	   *step = rml_context_step();

	if (step == NULL)
		return pstrdup("trained by riskml.train_model()");
	return psprintf("trained by step \"%s\" of run " INT64_FORMAT, step, rml_context_run_id());
}

/* As any import, through the validator. */
static void
import(const RmlTraining *training, RmlImported *imported)
{
	RmlImportRequest request = {
		.model = training->arguments->model,
		.alias = training->arguments->alias,
		.comment = training->arguments->comment,
		.detail = detail_of(),
		.recipe = training->facts.recipe,
		.options = training->facts.options,
		.source = bytes_of(&training->model),
	};
	ErrorContextCallback context = {.callback = name_origin, .previous = error_context_stack};

	error_context_stack = &context;
	rml_import(&request, imported);
	error_context_stack = context.previous;
}

/* ---- how it was trained ---- */

/* With the number of classes that was found in the data. */
static Jsonb *
parameters_of(const RmlTraining *training)
{
	Jsonb	   *set = rml_train_rows_params(training->rows)->effective;
	Jsonb	   *found;

	if (training->facts.num_class <= 0)
		return set;
	found = jsonb_of(psprintf("{\"num_class\": %d}", training->facts.num_class));
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(found), JsonbPGetDatum(set)));
}

static Jsonb *
libraries_of(const RmlTraining *training)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"xgboost\": ");
	escape_json(&json, training->xgboost);
	appendStringInfoString(&json, ", \"machine\": ");
	escape_json(&json, training->machine);
	appendStringInfo(&json, ", \"postgresql\": \"%s\"}", PG_VERSION);
	return jsonb_of(json.data);
}

static Jsonb *
timings_of(const RmlTraining *training, double store)
{
	return jsonb_of(psprintf("{\"read\": %.3f, \"matrix\": %.3f, \"boost\": %.3f, \"store\": %.3f}", training->read_seconds,
							 training->matrix_seconds, training->boost_seconds, store));
}

/* A version that is there already keeps what it has; but folds that it lacks, of the same data, are worth keeping. */
static const char insert_training[] =
	"INSERT INTO riskml.model_training (model_id, version, query, label, arguments, parameters, rows, validation_rows, train_metric_rows, data_hash, rounds,\n"
	"  best_iteration, best_score, metrics, folds, libraries, timings, run_id, step, trained_by, login_role, started_at, finished_at)\n"
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,\n"
	"  $16 || jsonb_build_object('riskml', (SELECT extversion FROM pg_extension WHERE extname = 'riskml')), $17, $18, $19, $20::name,\n"
	"  session_user, $21, clock_timestamp())\n"
	"ON CONFLICT (model_id, version) DO UPDATE SET folds = excluded.folds,\n"
	"  arguments = model_training.arguments || jsonb_build_object('folds', excluded.arguments -> 'folds')\n"
	"WHERE model_training.folds IS NULL AND excluded.folds IS NOT NULL AND model_training.data_hash = excluded.data_hash";

static void
insert(const RmlOwnerScope *scope, const RmlTraining *training, const RmlImported *imported, double store_seconds)
{
	char	   *step = rml_context_step();
	RmlParam	params[] = {
		rml_param_int(imported->model_id),
		rml_param_int(imported->version),
		rml_param_text(training->arguments->query),
		rml_param_text(training->arguments->label),
		jsonb_param(training->given),
		jsonb_param(parameters_of(training)),
		rml_param_bigint(training->facts.rows),
		rml_param_bigint(training->validation_rows),
		rml_param_bigint(training->train_metric_rows >= 0 ? training->train_metric_rows : training->facts.rows - training->validation_rows),
		rml_param_datum(BYTEAOID, PointerGetDatum(cstring_to_text_with_len((const char *) training->facts.hash, sizeof(training->facts.hash))), false),
		rml_param_int(training->boosted),
		rml_param_datum(INT4OID, Int32GetDatum(training->best_iteration), training->best_iteration < 0),
		rml_param_datum(FLOAT8OID, Float8GetDatum(training->best_score), !training->has_best_score),
		jsonb_param(rml_rounds_metrics(training->rounds)),
		jsonb_param(rml_rounds_folds(training->rounds, training->best_of_folds)),
		jsonb_param(libraries_of(training)),
		jsonb_param(timings_of(training, store_seconds)),
		rml_param_datum(INT8OID, Int64GetDatum(rml_context_run_id()), step == NULL),
		rml_param_text(step),
		rml_param_text(GetUserNameFromId(scope->caller, false)),
		rml_param_datum(TIMESTAMPTZOID, TimestampTzGetDatum(training->started_at), false),
	};

	if (rml_sql(insert_training, lengthof(params), params) == 0)
		ereport(NOTICE,
				(errmsg("version %d keeps what its own training measured; what this one did is not stored", imported->version)));
}

/* As riskml.set_baseline() keeps one; a version that has one already keeps that. */
static void
insert_baseline(const RmlOwnerScope *scope, const RmlTraining *training, const RmlImported *imported, const Jsonb *baseline)
{
	RmlAuditEntry entry = {
		.action = "set_baseline", .model = training->arguments->model, .identity = imported->identity, .to_version = imported->version,
		.detail = training->arguments->query, .reason = "training",
	};
	RmlParam	params[] = {
		rml_param_int(imported->model_id),
		rml_param_int(imported->version),
		rml_param_text(training->arguments->query),
		rml_param_bigint(training->facts.rows),
		jsonb_param(baseline),
		rml_param_text(GetUserNameFromId(scope->caller, false)),
	};

	if (rml_sql("INSERT INTO riskml.model_baseline (model_id, version, query, rows, baseline, set_by)\n"
				"VALUES ($1, $2, $3, $4, $5, $6::name) ON CONFLICT (model_id, version) DO NOTHING RETURNING version",
				lengthof(params), params) > 0)
		rml_audit(scope, &entry);
}

/* ---- all of it ---- */

static Jsonb *
baseline_of(const RmlTraining *training)
{
	return rml_train_rows_baseline(training->rows, (const float *) (training->scores.data + VARHDRSZ),
								   training->scores.data == NULL ? 0 : (int64) (training->scores.size / sizeof(float)), Max(training->outputs, 1));
}

int32
rml_train_store(RmlTraining *training)
{
	MemoryContext caller = MemoryContextSwitchTo(training->context);
	instr_time	begin;
	instr_time	end;
	Jsonb	   *baseline;
	RmlImported imported;
	RmlOwnerScope scope;

	INSTR_TIME_SET_CURRENT(begin);
	baseline = baseline_of(training);
	import(training, &imported);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, begin);
	rml_owner_begin(&scope);
	insert(&scope, training, &imported, INSTR_TIME_GET_DOUBLE(end));
	if (baseline != NULL)
		insert_baseline(&scope, training, &imported, baseline);
	rml_owner_end(&scope);
	MemoryContextSwitchTo(caller);
	return imported.version;
}

Jsonb *
rml_train_summary(const RmlTraining *training, int32 version)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"model\": ");
	escape_json(&json, training->arguments->model);
	appendStringInfo(&json, ", \"version\": %d, \"rows\": " INT64_FORMAT ", \"validation_rows\": " INT64_FORMAT ", \"rounds\": %d",
					 version, training->facts.rows, training->validation_rows, training->boosted);
	if (training->best_iteration >= 0)
		appendStringInfo(&json, ", \"best_iteration\": %d", training->best_iteration);
	if (training->has_best_score && isfinite(training->best_score))
		appendStringInfo(&json, ", \"best_score\": %s", double_to_shortest_decimal(training->best_score));
	appendStringInfoChar(&json, '}');
	return jsonb_of(json.data);
}
