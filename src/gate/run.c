/*
 * run.c
 *	  riskml.run_gates(): a version judged by the gates of its model.
 *
 * Checks run as the caller, by the one snapshot of his statement, without a
 * lock; each in a subtransaction, so that one which fails does not end the
 * others.  What they found is stored afterwards, under the registry's lock, with
 * the definition and the champion that it was found by: if others have come
 * meanwhile, promotion sees that.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "gate/gate.h"

RML_SQL_FUNCTION(riskml_run_gates);

/* The gates, as they are stored. */
typedef struct Definition
{
	Datum		gates;			/* jsonb */
	Datum		hash;			/* bytea */
	List	   *list;			/* RmlGate * */
} Definition;

/* ---- what is judged ---- */

static void
find_champion(RmlGateRun *run)
{
	RmlRef		ref = {.version = 0};

	if (!rml_catalog_find_alias(run->challenger.model.model_id, RML_DEFAULT_ALIAS, rml_statement_snapshot(), &ref.version))
		return;
	strlcpy(ref.name, run->challenger.name, sizeof(ref.name));
	rml_resolve_for(&ref, "score", &run->champion);
	run->has_champion = true;
	run->is_champion = run->champion.version == run->challenger.version;
	run->pinned[1] = rml_pinned_form(&run->champion);
}

static void
find_versions(RmlGateRun *run, const char *reference)
{
	RmlRef		ref = {.version = 0};

	rml_gate_resolve(reference, &run->challenger);
	strlcpy(ref.name, run->challenger.name, sizeof(ref.name));
	ref.version = run->challenger.version;
	rml_resolve_for(&ref, "score", &run->challenger);
	run->pinned[0] = rml_pinned_form(&run->challenger);
	find_champion(run);
}

static Datum
copy_of(int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);

	return PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

static void
find_definition(const RmlGateRun *run, Definition *definition)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext spi;
	RmlOwnerScope scope;
	RmlParam	param;
	bool		found;

	rml_act_begin(&scope, rml_catalog_table(RML_TAB_MODEL));
	param = rml_param_int(run->challenger.model.model_id);
	found = rml_sql_read("SELECT gates, gates_hash FROM riskml.model_gates WHERE model_id = $1", 1, &param) == 1;
	if (found)
	{
		spi = MemoryContextSwitchTo(caller);
		definition->gates = copy_of(1);
		definition->hash = copy_of(2);
		MemoryContextSwitchTo(spi);
	}
	rml_act_end(&scope);
	MemoryContextSwitchTo(caller);
	definition->list = found ? rml_gates_read(DatumGetJsonbP(definition->gates)) : NIL;
	if (definition->list == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no gates", run->challenger.name),
				 errhint("Define some with riskml.set_gates().")));
}

/* ---- judging ---- */

typedef struct Judging
{
	RmlGateRun *run;
	const RmlGate *gate;
	RmlGateOutcome *outcome;
} Judging;

static void
run_check(void *argument)
{
	Judging    *judging = argument;

	judging->gate->check->run(judging->run, judging->gate, judging->outcome);
}

static void
judge(RmlGateRun *run, const RmlGate *gate, RmlGateOutcome *outcome)
{
	static const RmlGateOutcome failed = {false, NAN, NAN, NULL};
	Judging		judging = {run, gate, outcome};
	int64		rows;
	const char *error = rml_evidence_rows(run, &rows);

	CHECK_FOR_INTERRUPTS();
	*outcome = failed;
	if (rows == 0)
		error = "the query gives no rows with a label";
	if (error == NULL)
		error = rml_gate_attempt(run_check, &judging);
	if (error == NULL)
		return;
	*outcome = failed;
	outcome->detail = error;
}

static RmlGateOutcome *
judge_all(RmlGateRun *run, const List *gates)
{
	RmlGateOutcome *outcomes = palloc(sizeof(RmlGateOutcome) * (Size) list_length(gates));

	for (int i = 0; i < list_length(gates); i++)
		judge(run, list_nth(gates, i), &outcomes[i]);
	return outcomes;
}

/* ---- storing ---- */

static RmlParam
number_param(double value)
{
	return rml_param_datum(FLOAT8OID, Float8GetDatum(value), isnan(value));
}

/* 'failed: "auc", "psi"'; NULL if none did. */
static char *
failures(const List *gates, const RmlGateOutcome *outcomes)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < list_length(gates); i++)
	{
		if (!outcomes[i].passed)
			appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "failed: ", ((RmlGate *) list_nth(gates, i))->name);
	}
	return names.len > 0 ? names.data : NULL;
}

static int64
store_run(const RmlOwnerScope *scope, const RmlGateRun *run, const Definition *definition, int64 rows, bool passed, TimestampTz started)
{
	const uint8 *identity = run->champion.identity;
	bool		isnull;
	RmlParam	params[] = {
		rml_param_int(run->challenger.model.model_id),
		rml_param_int(run->challenger.version),
		rml_param_datum(INT4OID, Int32GetDatum(run->champion.version), !run->has_champion),
		rml_param_datum(BYTEAOID, PointerGetDatum(cstring_to_text_with_len((const char *) identity, RML_IDENTITY_SIZE)), !run->has_champion),
		rml_param_datum(JSONBOID, definition->gates, false),
		rml_param_datum(BYTEAOID, definition->hash, false),
		rml_param_datum(BOOLOID, BoolGetDatum(passed), false),
		rml_param_text(run->query),
		rml_param_text(run->label),
		rml_param_text(run->weight),
		rml_param_datum(INT8OID, Int64GetDatum(rows), rows < 0),
		rml_param_text(GetUserNameFromId(scope->caller, false)),
		rml_param_text(GetUserNameFromId(GetSessionUserId(), false)),
		rml_param_datum(TIMESTAMPTZOID, TimestampTzGetDatum(started), false),
	};

	rml_sql("INSERT INTO riskml.gate_run (model_id, version, champion, champion_identity, gates, gates_hash, passed, query, label, weight, rows,\n"
			"  run_by, login_role, started_at, finished_at)\n"
			"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::name, $13::name, $14, clock_timestamp()) RETURNING run_id",
			lengthof(params), params);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

static void
store_result(int64 run_id, int position, const RmlGate *gate, const RmlGateOutcome *outcome)
{
	RmlParam	params[] = {
		rml_param_bigint(run_id),
		rml_param_int(position),
		rml_param_text(gate->name),
		rml_param_text(gate->check->name),
		rml_param_datum(BOOLOID, BoolGetDatum(outcome->passed), false),
		number_param(outcome->value),
		number_param(outcome->threshold),
		rml_param_text(outcome->detail),
	};

	rml_sql("INSERT INTO riskml.gate_result VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", lengthof(params), params);
}

static void
store(RmlGateRun *run, const Definition *definition, const RmlGateOutcome *outcomes, TimestampTz started)
{
	char	   *failed = failures(definition->list, outcomes);
	RmlAuditEntry entry = {
		.action = "run_gates", .model = run->challenger.name, .identity = run->challenger.identity,
		.from_version = run->champion.version, .to_version = run->challenger.version, .detail = failed ? failed : "passed",
	};
	RmlOwnerScope scope;
	int64		run_id;
	int64		rows;

	(void) rml_evidence_rows(run, &rows);
	rml_gate_begin(&scope, &run->challenger);
	run_id = store_run(&scope, run, definition, rows, failed == NULL, started);
	for (int i = 0; i < list_length(definition->list); i++)
		store_result(run_id, i + 1, list_nth(definition->list, i), &outcomes[i]);
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
}

static void
put_results(const RmlGateRun *run, const List *gates, const RmlGateOutcome *outcomes, ReturnSetInfo *rsinfo)
{
	for (int i = 0; i < list_length(gates); i++)
	{
		const RmlGate *gate = list_nth(gates, i);
		Datum		values[7];
		bool		nulls[7] = {0};

		values[0] = CStringGetTextDatum(gate->name);
		values[1] = CStringGetTextDatum(gate->check->name);
		values[2] = BoolGetDatum(outcomes[i].passed);
		values[3] = Float8GetDatum(outcomes[i].value);
		nulls[3] = isnan(outcomes[i].value);
		values[4] = Float8GetDatum(outcomes[i].threshold);
		nulls[4] = isnan(outcomes[i].threshold);
		values[5] = Int32GetDatum(run->champion.version);
		nulls[5] = !run->has_champion;
		values[6] = CStringGetTextDatum(outcomes[i].detail);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/* riskml.run_gates(model, query, label, weight) */
Datum
riskml_run_gates(PG_FUNCTION_ARGS)
{
	const char *reference = RML_TEXT_ARG(0, "model");
	RmlGateRun	run = {
		.query = RML_TEXT_ARG(1, "query"),
		.label = RML_TEXT_ARG(2, "label"),
		.weight = PG_ARGISNULL(3) ? NULL : RML_TEXT_ARG(3, "weight"),
	};
	TimestampTz started = GetCurrentTimestamp();
	Definition	definition = {.list = NIL};
	RmlGateOutcome *outcomes;

	PreventCommandIfReadOnly("a change of the model registry");
	PreventCommandIfParallelMode("a change of the model registry");
	InitMaterializedSRF(fcinfo, 0);
	find_versions(&run, reference);
	find_definition(&run, &definition);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	rml_scored_open(&run.scored, run.query, run.label, run.weight);
	outcomes = judge_all(&run, definition.list);
	store(&run, &definition, outcomes, started);
	put_results(&run, definition.list, outcomes, (ReturnSetInfo *) fcinfo->resultinfo);
	SPI_finish();
	return (Datum) 0;
}
