/*
 * rows.c
 *	  The rows of a training, from its query to the trainer.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "model/objective.h"
#include "registry/server.h"
#include "train/baseline.h"
#include "train/state.h"

/* ---- before anything runs ---- */

/* What the task needs. */
static void
check_task(const RmlTrainRows *rows)
{
	RmlTrainTask task = rows->params.task;
	const char *objective = rows->params.objective;

	if (task == RML_TRAIN_SURVIVAL && rows->query.label_upper.name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("objective %s needs the argument \"label_upper\"", objective),
				 errhint("It names the column of upper bounds of the label; NULL is none, for a time that was censored.")));
	if (task != RML_TRAIN_SURVIVAL && rows->query.label_upper.name != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the argument \"label_upper\" is for objective survival:aft, not %s", objective)));
	if (task == RML_TRAIN_RANKING && rows->query.group.name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("objective %s needs the argument \"group_column\"", objective),
				 errhint("It names the column that is equal in all rows that are ranked together.")));
	if (task != RML_TRAIN_RANKING && rows->query.group.name != NULL && rows->query.weight.name != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the arguments \"group_column\" and \"weight\" go together for objectives rank:* only, not for %s", objective)));
}

/* XGBoost would make a regression of classes without a word. */
static void
note_default(const RmlTrainRows *rows)
{
	if (rows->query.label.kind == RML_COLUMN_BOOL &&
		getKeyJsonValueFromContainer(&rows->arguments->params->root, "objective", 9, NULL) == NULL)
		ereport(NOTICE,
				(errmsg("no objective is given, so \"%s\" is trained on by %s, a regression", rows->query.label.name, rows->params.objective),
				 errhint("For probabilities: params => '{\"objective\": \"binary:logistic\"}'.")));
}

void
rml_train_rows_name(RmlTrainRows *rows, int n, const char **names, const bool *is_category, bool has_names)
{
	MemoryContext caller = MemoryContextSwitchTo(rows->context);

	rows->features = (RmlTrainFeatures) {n, names, is_category};
	rows->has_names = has_names;
	rml_train_params(rows->arguments, &rows->features, &rows->params);
	MemoryContextSwitchTo(caller);
}

RmlTrainRows *
rml_train_rows_open(const RmlTrainArguments *arguments)
{
	RmlTrainRows *rows = palloc0(sizeof(RmlTrainRows));

	rows->context = CurrentMemoryContext;
	rows->arguments = arguments;
	rml_train_query_open(&rows->query, arguments, &rows->split);
	if (arguments->recipe != NULL)
		rml_recipe_rows_open(rows);
	else
	{
		rml_train_query_find_features(&rows->query, arguments);
		if (rows->split.query != NULL)
			rml_train_query_open_like(&rows->held_out, &rows->query, rows->split.query, NULL);
		rml_stream_open(rows);
	}
	check_task(rows);
	note_default(rows);
	return rows;
}

const RmlTrainParams *
rml_train_rows_params(const RmlTrainRows *rows)
{
	return &rows->params;
}

/* ---- the trainer ---- */

static void
add_number(StringInfo list, const char *key, int64 number)
{
	rml_list_add(list, key, psprintf(INT64_FORMAT, number));
}

static void
add_features(const RmlTrainRows *rows, StringInfo list)
{
	const RmlTrainFeatures *features = &rows->features;

	for (int i = 0; i < features->n; i++)
	{
		const char *name = rows->has_names ? rml_to_utf8(features->names[i], strlen(features->names[i])) : "";
		bool		is_category = features->is_category != NULL && features->is_category[i];

		rml_list_add(list, "feature", psprintf("%c\t%s", is_category ? 'c' : 'q', name));
	}
}

static void
add_plan(const RmlTrainRows *rows, const RmlTrainPlan *plan, StringInfo list)
{
	const RmlTrainArguments *arguments = rows->arguments;
	RmlTrainTask task = rows->params.task;

	add_number(list, "rounds", arguments->num_boost_round);
	if (arguments->early_stopping_rounds > 0 && plan->may_stop)
		add_number(list, "early_stopping_rounds", arguments->early_stopping_rounds);
	if (plan->folds > 0)
	{
		add_number(list, "folds", plan->folds);
		rml_list_add(list, "fold_roles", "0");
	}
	if (plan->fraction > 0)
		rml_list_add(list, "fraction", psprintf("%.17g", plan->fraction));
	add_number(list, "seed", rows->params.seed);
	if (task == RML_TRAIN_BINARY || task == RML_TRAIN_CLASSES)
		rml_list_add(list, "stratify", "1");
	if (!plan->keep_model)
		rml_list_add(list, "keep_model", "0");
}

void
rml_train_rows_begin(RmlTrainRows *rows, RmlTrainer *trainer, const RmlTrainPlan *plan)
{
	StringInfoData about;
	StringInfoData list;
	int			n_extras = rows->extras.n - rows->extras.has[RML_EXTRA_ROLE] + plan->has_roles;
	bool		has_roles = rows->extras.has[RML_EXTRA_ROLE];

	rows->extras.has[RML_EXTRA_ROLE] = plan->has_roles;
	initStringInfo(&about);
	add_features(rows, &about);
	rml_list_add(&about, "extras", rml_extras_names(&rows->extras));
	rows->extras.has[RML_EXTRA_ROLE] = has_roles;
	initStringInfo(&list);
	add_number(&list, "protocol", RML_TRAINER_PROTOCOL);
	appendBinaryStringInfo(&list, about.data, about.len);
	add_plan(rows, plan, &list);
	appendBinaryStringInfo(&list, rows->params.config->data, rows->params.config->len);
	rml_trainer_send(trainer, RML_FRAME_CONFIG, list.data, (Size) list.len);
	rml_frame_begin(&rows->frame, trainer, rows->features.names, rows->features.n, n_extras, about.data, (Size) about.len);
	rows->frame.is_quiet = !plan->keep_model;
}

void
rml_train_rows_flush(RmlTrainRows *rows)
{
	rml_frame_flush(&rows->frame);
	if (rows->note != NULL)
		rows->note(rows->rows);
}

void
rml_train_rows_end(RmlTrainRows *rows)
{
	rml_frame_end(&rows->frame, rows->hash);
	rml_trainer_send(rows->frame.trainer, RML_FRAME_END, NULL, 0);
}

/* ---- the queries ---- */

static void
run(RmlTrainRows *rows, const RmlTrainQuery *query, bool held_out, DestReceiver *receiver)
{
	SPIExecuteOptions options = {.read_only = true, .dest = receiver};

	rml_extras_enter(&rows->extras, query, held_out);
	/* "utility": the result is not SPI's */
	if (SPI_execute_extended(query->sql, &options) != SPI_OK_UTILITY)
		elog(ERROR, "%s could not be run", query->noun);
	/* not SPI's */
	MemoryContextSwitchTo(rows->context);
	rml_extras_leave(&rows->extras);
}

void
rml_train_rows_run(RmlTrainRows *rows, DestReceiver *receiver)
{
	int			level = NewGUCNestLevel();

	/* a table's rows come from its beginning, whoever else reads it: the same rows in the same order are the same model */
	(void) set_config_option("synchronize_seqscans", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	run(rows, &rows->query, false, receiver);
	if (rows->held_out.sql != NULL)
		run(rows, &rows->held_out, true, receiver);
	AtEOXact_GUC(true, level);
}

void
rml_train_rows_read(RmlTrainRows *rows, RmlTrainer *trainer, RmlTrainRowsNote note)
{
	MemoryContext caller = MemoryContextSwitchTo(rows->context);

	rows->note = note;
	rml_extras_init(&rows->extras, &rows->query, &rows->params, rows->query.validation.name != NULL || rows->held_out.sql != NULL);
	if (rows->recipe != NULL)
		rml_recipe_rows_read(rows);
	else
		rml_stream_read(rows, trainer);
	MemoryContextSwitchTo(caller);
}

int
rml_train_rows_passes(const RmlTrainRows *rows)
{
	return rows->recipe != NULL ? rml_recipe_rows_passes(rows) : 1;
}

void
rml_train_rows_send(RmlTrainRows *rows, int pass, RmlTrainer *trainer, RmlTrainRowsNote note)
{
	MemoryContext caller = MemoryContextSwitchTo(rows->context);

	rows->note = note;
	if (rows->recipe != NULL)
		rml_recipe_rows_send(rows, pass, trainer);
	MemoryContextSwitchTo(caller);
}

void
rml_train_rows_close(RmlTrainRows *rows)
{
	if (rows->recipe != NULL)
		rml_recipe_rows_close(rows);
}

/* ---- afterwards ---- */

void
rml_train_rows_facts(const RmlTrainRows *rows, RmlTrainFacts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->rows = rows->extras.all_rows;
	memcpy(facts->hash, rows->hash, sizeof(facts->hash));
	facts->recipe = rows->recipe != NULL ? rml_recipe_rows_fitted(rows) : NULL;
	facts->options = rows->recipe != NULL ? DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"))) : rml_stream_options(rows);
	facts->has_names = rows->has_names;
	if (rows->params.task == RML_TRAIN_CLASSES)
		facts->num_class = rows->params.num_class > 0 ? rows->params.num_class : (int) rows->extras.greatest_of_all + 1;
}

/* Those of multi:softmax come as margins, of which its probabilities are made. */
static const float *
scores_of(const RmlTrainRows *rows, const float *scores, int64 n_scores, int n_outputs)
{
	const RmlObjective *objective = rml_objective_by_name(rows->params.objective);
	float	   *responses;

	if (strcmp(rows->params.objective, "multi:softmax") != 0)
		return scores;
	responses = palloc_extended(sizeof(float) * (Size) n_scores, MCXT_ALLOC_HUGE);
	memcpy(responses, scores, sizeof(float) * (Size) n_scores);
	/* which is the same in all versions */
	for (int64 i = 0; i < n_scores; i += n_outputs)
		rml_responses(objective, (RmlWriter) {0}, responses + i, n_outputs);
	return responses;
}

/* One score has no number. */
static void
append_scores(const RmlTrainRows *rows, StringInfo json, const float *scores, int64 n_scores, int n_outputs)
{
	bool		is_one = rml_has_one_score(rml_objective_by_name(rows->params.objective), n_outputs);

	for (int output = 0; output < n_outputs; output++)
	{
		RmlSketch  *sketch = rml_baseline_sketch(false);

		for (int64 i = output; i < n_scores; i += n_outputs)
			sketch = rml_baseline_number(sketch, scores[i]);
		rml_baseline_append(json, is_one ? "score" : psprintf("scores[%d]", output + 1), sketch);
	}
}

Jsonb *
rml_train_rows_baseline(RmlTrainRows *rows, const float *scores, int64 n_scores, int n_outputs)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"inputs\": {");
	if (rows->recipe != NULL)
		rml_recipe_rows_inputs(rows, &json);
	else
		rml_stream_inputs(rows, &json);
	appendStringInfoString(&json, "}, \"scores\": {");
	append_scores(rows, &json, scores_of(rows, scores, n_scores, n_outputs), n_scores, n_outputs);
	appendStringInfoString(&json, "}}");
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}
