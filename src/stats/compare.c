/*
 * compare.c
 *	  riskml.compare(): two models judged on the same rows of a query.
 *
 * One statement scores each row by both, and the executor hands the rows to a
 * receiver, which sorts them within work_mem.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "math/bootstrap.h"
#include "math/losses.h"
#include "registry/acting.h"
#include "stats/paired_scores.h"
#include "stats/rows.h"

RML_SQL_FUNCTION(riskml_compare);

typedef struct Comparison
{
	DestReceiver receiver;
	RmlPairs	pairs;
	MemoryContext row;			/* reset for each */
} Comparison;

/* ---- rows ---- */

/* What a row says of classes. */
static void
add_classes(RmlPairs *pairs, TupleTableSlot *slot, double weight)
{
	int32		label = DatumGetInt32(slot->tts_values[2]);
	int			n[2];
	const double *scores[2];
	int			found[2];
	int			says = 0;

	for (int i = 0; i < 2; i++)
	{
		scores[i] = rml_check_probabilities(DatumGetArrayTypeP(slot->tts_values[i]), label, &n[i]);
		found[i] = rml_first_largest(scores[i], n[i]);
	}
	says |= found[0] == label ? RML_RIGHT_A : 0;
	says |= found[1] == label ? RML_RIGHT_B : 0;
	says |= found[0] == found[1] ? RML_SAME : 0;
	rml_pairs_add(pairs, rml_multi_log_loss(scores[0], n[0], label), rml_multi_log_loss(scores[1], n[1], label), says, weight);
}

static void
add_row(RmlPairs *pairs, TupleTableSlot *slot)
{
	double		weight = pairs->weighted ? rml_check_weight(DatumGetFloat8(slot->tts_values[3])) : 1;
	double		label;

	if (pairs->task == RML_TASK_CLASSES)
	{
		add_classes(pairs, slot, weight);
		return;
	}
	if (pairs->task == RML_TASK_BINARY)
		label = rml_label_of_int(DatumGetInt32(slot->tts_values[2]));
	else
		label = rml_check_finite("actual value", DatumGetFloat8(slot->tts_values[2]));
	rml_pairs_add(pairs, rml_check_score(DatumGetFloat8(slot->tts_values[0])), rml_check_score(DatumGetFloat8(slot->tts_values[1])), label, weight);
}

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	Comparison *comparison = (Comparison *) self;
	MemoryContext caller;

	slot_getallattrs(slot);
	for (int i = 0; i < (comparison->pairs.weighted ? 4 : 3); i++)
	{
		if (slot->tts_isnull[i])
			return true;
	}
	caller = MemoryContextSwitchTo(comparison->row);
	add_row(&comparison->pairs, slot);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(comparison->row);
	return true;
}

static void
startup(DestReceiver *self, int operation, TupleDesc desc)
{
	(void) self;
	(void) operation;
	(void) desc;
}

static void
shutdown(DestReceiver *self)
{
	(void) self;
}

static void
read_rows(Comparison *comparison, const char *sql)
{
	SPIExecuteOptions options = {.read_only = true,.dest = &comparison->receiver};

	comparison->receiver.receiveSlot = receive;
	comparison->receiver.rStartup = startup;
	comparison->receiver.rShutdown = shutdown;
	comparison->receiver.rDestroy = shutdown;
	comparison->receiver.mydest = DestNone;
	comparison->row = AllocSetContextCreate(CurrentMemoryContext, "riskml comparison of a row", ALLOCSET_DEFAULT_SIZES);
	/* "utility": the result is not SPI's */
	if (SPI_execute_extended(sql, &options) != SPI_OK_UTILITY)
		elog(ERROR, "the rows of a query could not be read");
}

/* ---- arguments ---- */

static double
confidence_argument(FunctionCallInfo fcinfo, int n)
{
	double		confidence = PG_ARGISNULL(n) ? 0.95 : PG_GETARG_FLOAT8(n);

	if (!(confidence > 0 && confidence < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("confidence must be between 0 and 1, but is %g", confidence)));
	return confidence;
}

static int
replicates_argument(FunctionCallInfo fcinfo, int n)
{
	int32		replicates = PG_ARGISNULL(n) ? 1000 : PG_GETARG_INT32(n);

	if (replicates < 0 || replicates > RML_MAX_REPLICATES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of replicates must be from 0 to %d, but is %d", RML_MAX_REPLICATES, replicates)));
	return replicates;
}

static void
require_same_task(const RmlJudged *a, const RmlJudged *b)
{
	if (a->task != b->task)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("models \"%s\" and \"%s\" cannot be compared", a->name, b->name),
				 errdetail("Their objectives are %s and %s.", a->objective, b->objective)));
}

static Datum
number_or_null(double value, bool *null)
{
	*null = isnan(value);
	return Float8GetDatum(*null ? 0 : value);
}

static void
put_results(const RmlPairs *pairs, ReturnSetInfo *rsinfo)
{
	for (int i = 0; i < pairs->n_results; i++)
	{
		const RmlCompared *result = &pairs->results[i];
		Datum		values[8];
		bool		nulls[8] = {0};

		values[0] = CStringGetTextDatum(result->metric);
		values[1] = number_or_null(result->values[0], &nulls[1]);
		values[2] = number_or_null(result->values[1], &nulls[2]);
		values[3] = number_or_null(result->difference, &nulls[3]);
		values[4] = number_or_null(result->low, &nulls[4]);
		values[5] = number_or_null(result->high, &nulls[5]);
		values[6] = number_or_null(result->p_value, &nulls[6]);
		values[7] = CStringGetTextDatum(result->method);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/* riskml.compare(model_a, model_b, query, label, weight, replicates, seed, confidence) */
Datum
riskml_compare(PG_FUNCTION_ARGS)
{
	const char *names[2] = {RML_TEXT_ARG(0, "model_a"), RML_TEXT_ARG(1, "model_b")};
	const char *query = RML_TEXT_ARG(2, "query");
	const char *label = RML_TEXT_ARG(3, "label");
	const char *weight = PG_ARGISNULL(4) ? NULL : RML_TEXT_ARG(4, "weight");
	Comparison	comparison = {0};
	RmlPairs   *pairs = &comparison.pairs;
	RmlScored	scored;
	RmlJudged	judged[2];

	pairs->replicates = replicates_argument(fcinfo, 5);
	pairs->seed = PG_ARGISNULL(6) ? 0 : (uint64) PG_GETARG_INT64(6);
	pairs->confidence = confidence_argument(fcinfo, 7);
	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	rml_scored_open(&scored, query, label, weight);
	for (int i = 0; i < 2; i++)
	{
		rml_judged_open(&judged[i], names[i], &scored);
		pairs->threshold[i] = judged[i].threshold;
	}
	require_same_task(&judged[0], &judged[1]);
	pairs->task = judged[0].task;
	pairs->weighted = weight != NULL;
	pairs->probability = judged[0].probability && judged[1].probability;
	pairs->decides = judged[0].decides && judged[1].decides;
	rml_pairs_begin(pairs);
	read_rows(&comparison, psprintf("SELECT %s, %s, %s%s%s%s FROM %s", rml_judged_sql(&judged[0]), rml_judged_sql(&judged[1]),
									rml_label_sql(&scored, pairs->task), pairs->task == RML_TASK_BINARY ? "::pg_catalog.int4" : "",
									weight ? ", " : "", weight ? scored.weight : "", scored.subject.from));
	rml_pairs_compare(pairs);
	put_results(pairs, (ReturnSetInfo *) fcinfo->resultinfo);
	rml_pairs_end(pairs);
	SPI_finish();
	return (Datum) 0;
}
