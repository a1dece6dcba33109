/*
 * train.c
 *	  CALL riskml.train_model(): the flow of a training.
 *
 * Transactions: one finds out what the query gives, one reads it, and one stores the model.  Between the last two, while trees grow, there is
 * no snapshot, and so nothing that would keep vacuum from its work.  Whoever is cancelled raises an error: the callbacks of the training's
 * memory context kill the trainer and give its slot back.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "portability/instr_time.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guc.h"
#include "job/board.h"
#include "registry/acting.h"
#include "registry/catalog.h"
#include "registry/ref.h"
#include "train/process.h"
#include "train/slots.h"
#include "train/training.h"

RML_SQL_FUNCTION(riskml_train_model);

#define MAX_SCORES (16 * 1000 * 1000)
#define MAX_OUTPUTS (PG_INT16_MAX + 1)
#define MAX_ROWS INT64CONST(1000000000000)
#define MAX_WORD 100
#define FIRST_PIECE (64 * 1024)

/* ---- numbers of lists ---- */

static int64
count_of(const RmlTrainer *trainer, const char *text, int64 missing, int64 most)
{
	char	   *end;
	int64		value;

	if (text == NULL)
		return missing;
	value = strtoll(text, &end, 10);
	if (*end != '\0' || end == text || value < 0 || value > most)
		rml_trainer_nonsense(trainer, "counts what cannot be counted");
	return value;
}

static double
seconds_of(const char *text)
{
	double		seconds = text != NULL ? strtod(text, NULL) : 0;

	return seconds > 0 && seconds < 1e9 ? seconds : 0;
}

static char *
word_of(const RmlTrainer *trainer, const char *text)
{
	if (text == NULL || !rml_list_is_word(text, MAX_WORD))
		rml_trainer_nonsense(trainer, "does not say what it is");
	return pstrdup(text);
}

/* ---- what the trainer says ---- */

static void
add_piece(const RmlTrainer *trainer, RmlPieces *pieces, const char *data, Size size, Size most)
{
	if (pieces->size + size > most)
		rml_trainer_nonsense(trainer, "sends more than there can be");
	if (pieces->data == NULL)
	{
		pieces->capacity = FIRST_PIECE;
		pieces->data = palloc(pieces->capacity);
	}
	while (pieces->capacity < VARHDRSZ + pieces->size + size)
		pieces->data = repalloc_huge(pieces->data, pieces->capacity *= 2);
	memcpy(pieces->data + VARHDRSZ + pieces->size, data, size);
	pieces->size += size;
}

static void
add_to_model(const RmlTrainer *trainer, RmlPieces *model, const char *data, Size size)
{
	if (model->size + size > (Size) rml_guc_max_model_bytes)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the trained model exceeds the limit of %d bytes", rml_guc_max_model_bytes),
				 errhint("Train fewer or smaller trees, or let a superuser raise riskml.max_model_bytes, up to 256 MB.")));
	add_piece(trainer, model, data, size, (Size) rml_guc_max_model_bytes);
}

static void
take_hello(RmlTraining *training, RmlTrainer *trainer)
{
	uint32		kind;
	Size		size;
	char	   *list = rml_trainer_receive(trainer, &kind, &size);

	if (kind != RML_REPLY_HELLO)
		rml_trainer_nonsense(trainer, "does not say hello");
	if (count_of(trainer, rml_list_get(list, size, "protocol"), 0, PG_INT32_MAX) != RML_TRAINER_PROTOCOL)
		rml_trainer_nonsense(trainer, "speaks another protocol");
	training->xgboost = word_of(trainer, rml_list_get(list, size, "xgboost"));
	training->machine = word_of(trainer, rml_list_get(list, size, "machine"));
	pfree(list);
}

static void
take_data(RmlTraining *training, const RmlTrainer *trainer, const char *list, Size size)
{
	training->validation_rows = count_of(trainer, rml_list_get(list, size, "validation_rows"), 0, MAX_ROWS);
	training->train_metric_rows = count_of(trainer, rml_list_get(list, size, "train_metric_rows"), -1, MAX_ROWS);
	training->matrix_seconds += seconds_of(rml_list_get(list, size, "seconds"));
	rml_slot_phase(RML_TRAIN_BOOSTING);
}

static void
take_progress(RmlTraining *training, const RmlTrainer *trainer, int pass, const char *list, Size size)
{
	int			fold;
	int			round;
	char	   *shown = rml_rounds_take(training->rounds, trainer, pass, list, size, &fold, &round);

	rml_slot_round(fold, round, shown);
	if (training->arguments->progress)
	{
		if (fold > 0)
			ereport(NOTICE,
					(errmsg("fold %d, round %d: %s", fold, round, shown)));
		else
			ereport(NOTICE,
					(errmsg("round %d: %s", round, shown)));
	}
	pfree(shown);
}

static void
take_result(RmlTraining *training, const RmlTrainer *trainer, const char *list, Size size)
{
	const char *score = rml_list_get(list, size, "best_score");
	const char *matrix = rml_list_get(list, size, "matrix_seconds");

	training->boosted = (int) count_of(trainer, rml_list_get(list, size, "rounds"), 0, PG_INT32_MAX);
	training->best_iteration = (int) count_of(trainer, rml_list_get(list, size, "best_iteration"), -1, PG_INT32_MAX);
	training->best_of_folds = (int) count_of(trainer, rml_list_get(list, size, "folds_best_iteration"), training->best_of_folds,
											  PG_INT32_MAX);
	training->has_best_score = score != NULL;
	training->best_score = score != NULL ? strtod(score, NULL) : 0;
	/* as auc of one class: nothing is better than that */
	if (training->has_best_score && isnan(training->best_score))
		ereport(WARNING,
				(errmsg("the metric that was to end training has no value on the rows held out, so it ended with round %d", training->best_iteration),
				 errhint("Are there rows of all classes among them, in each fold?")));
	training->outputs = (int) count_of(trainer, rml_list_get(list, size, "outputs"), 0, MAX_OUTPUTS);
	if (matrix != NULL)
		training->matrix_seconds = seconds_of(matrix);
	training->boost_seconds += seconds_of(rml_list_get(list, size, "seconds"));
}

/* A parameter that means nothing to an objective, for example. */
static void
tell_warnings(const RmlTrainer *trainer)
{
	char	   *text = rml_trainer_text(trainer);

	if (text != NULL)
		ereport(WARNING,
				(errmsg("XGBoost has a word to say about the training"),
				 errdetail_internal("%s", text)));
}

/* Until it has said all.  pass: of a fold, from 1 on; 0: of the model. */
static void
listen(RmlTraining *training, RmlTrainer *trainer, int pass)
{
	uint32		kind = 0;
	Size		size;

	while (kind != RML_REPLY_RESULT)
	{
		char	   *frame = rml_trainer_receive(trainer, &kind, &size);

		if (kind == RML_REPLY_DATA)
			take_data(training, trainer, frame, size);
		else if (kind == RML_REPLY_PROGRESS)
			take_progress(training, trainer, pass, frame, size);
		else if (kind == RML_REPLY_MODEL && pass == 0)
			add_to_model(trainer, &training->model, frame, size);
		else if (kind == RML_REPLY_SCORES && pass == 0)
			add_piece(trainer, &training->scores, frame, size, sizeof(float) * MAX_SCORES);
		else if (kind == RML_REPLY_RESULT)
			take_result(training, trainer, frame, size);
		else
			rml_trainer_nonsense(trainer, psprintf("sends a frame \"%c\" out of turn", (int) kind));
		pfree(frame);
	}
	if (pass == 0 && training->model.size == 0)
		rml_trainer_nonsense(trainer, "sent no model");
	if (pass == 0 && training->scores.size % (sizeof(float) * (Size) Max(training->outputs, 1)) != 0)
		rml_trainer_nonsense(trainer, "sent a part of a row's scores");
	rml_trainer_finish(trainer);
	/* those of folds said the same */
	if (pass == 0)
		tell_warnings(trainer);
}

/* ---- the flow ---- */

static double
seconds_since(instr_time begin)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, begin);
	return INSTR_TIME_GET_DOUBLE(now);
}

static void
note_rows(int64 rows)
{
	rml_trainer_look();
	rml_slot_rows(rows);
	rml_board_progress((uint64) rows, 0);
}

/* SET LOCAL ROLE ends with a transaction. */
static void
next_transaction(const RmlTraining *training, void (*commit) (void))
{
	commit();
	MemoryContextSwitchTo(training->context);
	if (GetUserId() != training->role)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("the role changed during the training"),
				 errhint("Use SET ROLE instead of SET LOCAL ROLE.")));
}

static void
begin_query(const RmlTraining *training)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	MemoryContextSwitchTo(training->context);
}

static void
end_query(const RmlTraining *training)
{
	SPI_finish();
	PopActiveSnapshot();
	MemoryContextSwitchTo(training->context);
}

/* A version that is new has passed no gate. */
static bool
has_gates(int32 model_id)
{
	RmlParam	param = rml_param_int(model_id);
	RmlOwnerScope scope;
	bool		found;

	rml_act_begin(&scope, rml_catalog_table(RML_TAB_MODEL));
	found = rml_sql_read("SELECT FROM riskml.model_gates WHERE model_id = $1 AND (approval = 'manual' OR jsonb_array_length(gates) > 0)",
						 1, &param) > 0;
	rml_act_end(&scope);
	return found;
}

/* What storing would refuse after hours. */
static void
check_model(const RmlTraining *training)
{
	const RmlTrainArguments *arguments = training->arguments;
	RmlModelRow row;

	if (!rml_catalog_find_model(arguments->model, GetActiveSnapshot(), &row))
		return;
	if (!has_privs_of_role(training->role, row.owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of model \"%s\"", arguments->model)));
	if (arguments->alias != NULL && strcmp(arguments->alias, RML_DEFAULT_ALIAS) == 0 && has_gates(row.model_id))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has gates, which a new version has not passed", arguments->model),
				 errhint("Train with another alias, then call riskml.run_gates() and riskml.promote().")));
}

static void
open_rows(RmlTraining *training)
{
	begin_query(training);
	check_model(training);
	training->rows = rml_train_rows_open(training->arguments);
	end_query(training);
}

static RmlTrainer *
start_trainer(RmlTraining *training)
{
	RmlTrainer *trainer = rml_trainer_start();

	take_hello(training, trainer);
	return trainer;
}

/* The query may not write: what it wrote would stay if the training fails. */
static void
read_rows(RmlTraining *training, RmlTrainer *trainer)
{
	instr_time	begin;

	INSTR_TIME_SET_CURRENT(begin);
	XactReadOnly = true;
	begin_query(training);
	rml_train_rows_read(training->rows, trainer, note_rows);
	end_query(training);
	training->read_seconds = seconds_since(begin);
}

/* The model gets as many rounds as did best for the folds, if nothing else says how many. */
static void
take_rounds_of_folds(RmlTraining *training)
{
	RmlTrainArguments *arguments = training->arguments;

	if (arguments->early_stopping_rounds == 0)
		return;
	training->best_of_folds = rml_rounds_best(training->rounds, arguments->early_stopping_rounds);
	if (arguments->validation != NULL || training->best_of_folds < 0)
		return;
	arguments->num_boost_round = training->best_of_folds + 1;
	arguments->early_stopping_rounds = 0;
}

/* One pass for each fold whose recipe is fitted, and the last for the model; the first has its trainer already. */
static void
run_passes(RmlTraining *training, RmlTrainer *trainer)
{
	int			passes = rml_train_rows_passes(training->rows);

	for (int pass = 0; pass < passes; pass++)
	{
		bool		is_last = pass == passes - 1;

		if (trainer == NULL)
			trainer = start_trainer(training);
		if (is_last && passes > 1)
			take_rounds_of_folds(training);
		rml_slot_phase(RML_TRAIN_FITTING);
		rml_train_rows_send(training->rows, pass, trainer, note_rows);
		listen(training, trainer, is_last ? 0 : pass + 1);
		trainer = NULL;
	}
}

static RmlTraining *
begin_training(RmlTrainArguments *arguments)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "riskml training", ALLOCSET_DEFAULT_SIZES);
	RmlTraining *training;

	MemoryContextSwitchTo(context);
	training = palloc0(sizeof(RmlTraining));
	training->arguments = arguments;
	training->given = rml_train_arguments_json(arguments);
	training->context = context;
	training->role = GetUserId();
	training->started_at = GetCurrentTimestamp();
	training->train_metric_rows = -1;
	training->best_iteration = -1;
	training->best_of_folds = -1;
	training->rounds = rml_rounds_begin(arguments->num_boost_round, arguments->folds);
	return training;
}

RmlTraining *
rml_train_run(RmlTrainArguments *arguments, void (*commit) (void))
{
	MemoryContext caller = CurrentMemoryContext;
	RmlTraining *training;
	RmlTrainer *trainer;

	PreventCommandIfReadOnly("riskml.train_model()");
	training = begin_training(arguments);
	open_rows(training);
	next_transaction(training, commit);
	rml_slot_take(arguments->model, arguments->num_boost_round);
	rml_slot_phase(RML_TRAIN_READING);
	trainer = start_trainer(training);
	read_rows(training, trainer);
	next_transaction(training, commit);
	run_passes(training, trainer);
	rml_train_rows_facts(training->rows, &training->facts);
	/* the snapshots of what was looked up meanwhile end here */
	next_transaction(training, commit);
	rml_slot_phase(RML_TRAIN_STORING);
	MemoryContextSwitchTo(caller);
	return training;
}

/* ---- CALL riskml.train_model() ---- */

static void
require_own_transactions(FunctionCallInfo fcinfo)
{
	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) || ((CallContext *) fcinfo->context)->atomic || IsSubTransaction())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot run in a transaction block or a function", "riskml.train_model()"),
				 errhint("It commits by itself, so that no transaction is open while trees grow: CALL it by itself, or from a step of kind \"train\".")));
}

/* Found before anything is committed: afterwards the extension may be another. */
static TupleDesc
find_result(FunctionCallInfo fcinfo)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return BlessTupleDesc(desc);
}

static Datum
row_of(TupleDesc desc, int32 version)
{
	Datum		values[] = {Int32GetDatum(version)};
	bool		nulls[] = {false};

	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

Datum
riskml_train_model(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	TupleDesc	result = find_result(fcinfo);
	RmlTraining *training;
	int32		version;

	require_own_transactions(fcinfo);
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	/* in memory that lives until the call is over, whatever is committed */
	MemoryContextSwitchTo(caller);
	training = rml_train_run(rml_train_arguments_of_call(fcinfo), SPI_commit);
	PushActiveSnapshot(GetTransactionSnapshot());
	version = rml_train_store(training);
	PopActiveSnapshot();
	ereport(NOTICE,
			(errmsg("trained: %s", JsonbToCString(NULL, &rml_train_summary(training, version)->root, -1))));
	SPI_commit();
	MemoryContextSwitchTo(caller);
	rml_train_rows_close(training->rows);
	MemoryContextDelete(training->context);
	SPI_finish();
	MemoryContextSwitchTo(caller);
	return row_of(result, version);
}
