/*
 * recipe_rows.c
 *	  Rows of a training with a recipe: its raw columns wait in a spill file, from which features are made when the transaction that read them
 *	  has ended.
 *
 * Steps that are open are fitted to the rows that the model is trained on, and to no others: not to those held out and, for a fold, not to the
 * fold. So each fold has a pass of its own, with its own recipe and its own trainer; the last pass makes the model. A recipe that is fitted
 * already is used as it is, and the trainer deals the folds.
 */
#include "postgres.h"

#include <math.h>

#include "executor/tuptable.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/memutils.h"

#include "math/deal.h"
#include "recipe/training.h"
#include "registry/nearest.h"
#include "train/baseline.h"
#include "train/state.h"

/* Of a pass without a fold. */
#define NO_FOLD 0

struct RmlTrainRecipe
{
	DestReceiver receiver;
	RmlTrainRows *rows;
	RmlRecipe  *recipe;			/* of the pass */
	RmlData    *data;
	bool		is_fitted;		/* as it was given */
	int64		first_query;	/* rows of the query; those of the other come behind */
	uint16	   *roles;			/* of all rows: RML_HELD_OUT, a fold from 1 on, or 0 */
	int64		held_out;
	Jsonb	   *fitted;
	int		   *outputs;		/* of the recipe: those that are features */
	MemoryContext row;			/* for values of a row */
	MemoryContext pass;			/* for all that a pass needs */
};

/* ---- features ---- */

/* Which outputs are features: all, or those that are named. */
static void
choose_outputs(RmlTrainRows *rows, const char *const *names, int n)
{
	RmlTrainRecipe *recipe = rows->recipe;
	const RmlTrainArguments *arguments = rows->arguments;
	int			n_chosen = arguments->features == NULL ? n : arguments->n_features;
	const char **chosen = palloc(sizeof(char *) * (Size) Max(n_chosen, 1));

	recipe->outputs = palloc(sizeof(int) * (Size) Max(n_chosen, 1));
	for (int i = 0; i < n_chosen; i++)
	{
		int			output = arguments->features == NULL ? i : 0;
		const char *near = NULL;

		while (arguments->features != NULL && output < n && strcmp(names[output], arguments->features[i]) != 0)
			output++;
		if (output == n)
			near = rml_near_word(arguments->features[i], names, n);
		if (output == n)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("features: the recipe has no output \"%s\"", arguments->features[i]),
					 near != NULL ? errhint("Did you mean \"%s\"?", near) : 0));
		for (int k = 0; k < i; k++)
		{
			if (recipe->outputs[k] == output)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("features: \"%s\" is named twice", names[output])));
		}
		recipe->outputs[i] = output;
		chosen[i] = pstrdup(names[output]);
	}
	rml_train_rows_name(rows, n_chosen, chosen, NULL, true);
}

static void
require_features(const RmlTrainRows *rows)
{
	if (rows->features.n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no feature"),
				 errdetail("The recipe has no output.")));
}

static void
choose_from_program(RmlTrainRows *rows, const RmlProgram *program)
{
	const char **names = palloc(sizeof(char *) * (Size) Max(program->n_outputs, 1));

	for (int i = 0; i < program->n_outputs; i++)
		names[i] = program->outputs[i].name;
	choose_outputs(rows, names, program->n_outputs);
	require_features(rows);
}

/* ---- reading ---- */

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	RmlTrainRecipe *recipe = (RmlTrainRecipe *) self;
	RmlTrainRows *rows = recipe->rows;
	MemoryContext caller = MemoryContextSwitchTo(recipe->row);
	double		extras[RML_N_EXTRAS];
	double	   *word;
	int			stride;

	slot_getallattrs(slot);
	rml_extras_row(&rows->extras, slot->tts_values, slot->tts_isnull, extras);
	word = rml_data_put(recipe->data, slot->tts_values, slot->tts_isnull, &stride);
	/* the label is among the data */
	for (int i = 1; i < rows->extras.n; i++, word += stride)
		*word = extras[i];
	if (++rows->rows % 4096 == 0 && rows->note != NULL)
		rows->note(rows->rows);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(recipe->row);
	return true;
}

/* A further query has the columns of the first, of types of its own. */
static void
startup(DestReceiver *self, int operation, TupleDesc desc)
{
	RmlTrainRecipe *recipe = (RmlTrainRecipe *) self;
	const RmlTrainQuery *query = recipe->rows->extras.query;
	const char *const *names;
	int			n;

	(void) operation;
	(void) desc;
	if (query == &recipe->rows->query)
		return;
	recipe->first_query = recipe->rows->rows;
	rml_data_open(recipe->data, recipe->recipe, query->desc, query->label.name);
	names = rml_data_columns(recipe->data, &n);
	for (int i = 0; i < n; i++)
	{
		if (strcmp(names[i], query->columns[i].name) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("validation: columns \"%s\" and \"%s\" both fit \"%s\" of the query", names[i], query->columns[i].name,
							recipe->rows->query.columns[i].name),
					 errhint("Give one of them another name.")));
	}
}

static void
do_nothing(DestReceiver *self)
{
	(void) self;
}

void
rml_recipe_rows_open(RmlTrainRows *rows)
{
	RmlTrainRecipe *recipe = palloc0(sizeof(RmlTrainRecipe));
	RmlTrainQuery *query = &rows->query;
	int			n_more = (query->label_upper.name != NULL) + (query->weight.name != NULL) + (query->group.name != NULL) +
		(query->validation.name != NULL || rows->split.query != NULL);
	const char *const *names;
	int			n;

	rows->recipe = recipe;
	recipe->rows = rows;
	recipe->receiver = (DestReceiver) {receive, startup, do_nothing, do_nothing, DestNone};
	recipe->row = AllocSetContextCreate(rows->context, "riskml row of a training", ALLOCSET_DEFAULT_SIZES);
	recipe->recipe = rml_recipe_read(rows->arguments->recipe, NULL);
	recipe->is_fitted = recipe->recipe->is_fitted;
	recipe->data = rml_data_create(recipe->recipe, true, n_more);
	rml_data_open(recipe->data, recipe->recipe, query->desc, query->label.name);
	names = rml_data_columns(recipe->data, &n);
	rml_train_query_take(query, names, n);
	if (rows->split.query != NULL)
		rml_train_query_open_like(&rows->held_out, query, rows->split.query, NULL);
	/* a parameter that is wrong should be told of before the query runs */
	if (recipe->is_fitted)
		choose_from_program(rows, rml_recipe_compile(recipe->recipe));
	else
		rml_train_rows_name(rows, -1, NULL, NULL, true);
}

void
rml_recipe_rows_read(RmlTrainRows *rows)
{
	rml_train_rows_run(rows, &rows->recipe->receiver);
	rml_extras_finish(&rows->extras);
	rml_data_finish(rows->recipe->data);
	if (rows->held_out.sql == NULL)
		rows->recipe->first_query = rows->rows;
}

/* ---- who is held out, and which fold a row is in ---- */

/* Number of an extra among the words beside the data; the label is none of them. */
static int
more_of(const RmlTrainRows *rows, RmlTrainExtra extra)
{
	int			number = -1;

	for (int i = 0; i < (int) extra; i++)
		number += rows->extras.has[i];
	return number;
}

static int32
stratum_of(const RmlTrainRows *rows, double label)
{
	bool		by_class = (rows->params.task == RML_TRAIN_BINARY || rows->params.task == RML_TRAIN_CLASSES) && !rows->extras.has[RML_EXTRA_GROUP];

	return by_class ? (int32) label : 0;
}

/* Those that the query itself holds out. */
static void
read_roles(RmlTrainRows *rows)
{
	RmlTrainRecipe *recipe = rows->recipe;
	double	   *words = palloc(sizeof(double) * (Size) rml_data_rows_of(recipe->data, 0));
	int64		row = 0;

	for (int64 block = 0; block < rml_data_blocks(recipe->data); block++)
	{
		rml_data_more(recipe->data, block, more_of(rows, RML_EXTRA_ROLE), words);
		for (int i = 0; i < rml_data_rows_of(recipe->data, block); i++)
			recipe->roles[row++] = words[i] != 0 ? RML_HELD_OUT : 0;
	}
	pfree(words);
}

/*
 * Rows that are not held out, or groups of them, to be dealt; item is what each row of all is dealt with.  A group is known by the sum of its
 * rows' hashes, as their order within it does not matter either.
 */
static RmlDealt *
find_items(const RmlTrainRows *rows, int64 *items, int64 *n)
{
	const RmlTrainRecipe *recipe = rows->recipe;
	Size		block_rows = (Size) rml_data_rows_of(recipe->data, 0);
	RmlDealt   *dealt = palloc_extended(sizeof(RmlDealt) * (Size) rows->rows, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	uint64	   *hashes = palloc(sizeof(uint64) * block_rows);
	double	   *labels = palloc(sizeof(double) * block_rows);
	double	   *begins = palloc(sizeof(double) * block_rows);
	bool		grouped = rows->extras.has[RML_EXTRA_GROUP];
	bool		is_new = true;
	int64		row = 0;

	*n = 0;
	for (int64 block = 0; block < rml_data_blocks(recipe->data); block++)
	{
		int			n_rows;

		rml_trainer_look();
		n_rows = rml_data_hash(recipe->data, block, hashes);

		rml_data_labels(recipe->data, block, labels);
		if (grouped)
			rml_data_more(recipe->data, block, more_of(rows, RML_EXTRA_GROUP), begins);
		for (int i = 0; i < n_rows; i++, row++)
		{
			uint64		hash = rml_deal_mix((uint64) rows->params.seed, (uint32) hashes[i]);

			is_new = is_new || !grouped || begins[i] != 0;
			if (recipe->roles[row] == RML_HELD_OUT)
				continue;
			if (is_new)
			{
				dealt[*n].position = *n;
				dealt[(*n)++].stratum = stratum_of(rows, labels[i]);
			}
			dealt[*n - 1].hash += rml_deal_mix(hash, (uint32) (hashes[i] >> 32));
			items[row] = *n - 1;
			is_new = false;
		}
	}
	pfree(hashes);
	pfree(labels);
	pfree(begins);
	return dealt;
}

/* Holds a fraction of the rows out, or deals them into folds. */
static void
deal(RmlTrainRows *rows, double fraction, int folds)
{
	RmlTrainRecipe *recipe = rows->recipe;
	int64	   *items = palloc_extended(sizeof(int64) * (Size) rows->rows, MCXT_ALLOC_HUGE);
	int64		n;
	RmlDealt   *dealt = find_items(rows, items, &n);

	if (folds > n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg(INT64_FORMAT " %s cannot be dealt into %d folds", n, rows->extras.has[RML_EXTRA_GROUP] ? "groups" : "rows", folds)));
	if (folds > 0)
		rml_deal_folds(dealt, n, folds, rml_trainer_look);
	else
		rml_deal_fraction(dealt, n, fraction, rml_trainer_look);
	for (int64 row = 0; row < rows->rows; row++)
	{
		if (recipe->roles[row] == RML_HELD_OUT)
			continue;
		if (folds > 0)
			recipe->roles[row] = (uint16) dealt[items[row]].role;
		else if (dealt[items[row]].role != 0)
			recipe->roles[row] = RML_HELD_OUT;
	}
	pfree(items);
	pfree(dealt);
}

static void
find_roles(RmlTrainRows *rows)
{
	RmlTrainRecipe *recipe = rows->recipe;

	recipe->roles = palloc_extended(sizeof(uint16) * (Size) rows->rows, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	if (rows->extras.has[RML_EXTRA_ROLE])
		read_roles(rows);
	if (rows->split.fraction > 0)
		deal(rows, rows->split.fraction, 0);
	if (rml_recipe_rows_passes(rows) > 1)
		deal(rows, 0, rows->arguments->folds);
	for (int64 row = 0; row < rows->rows; row++)
		recipe->held_out += recipe->roles[row] == RML_HELD_OUT;
	if (recipe->held_out == rows->rows || (recipe->held_out == 0 && rows->split.fraction > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("of " INT64_FORMAT " rows " INT64_FORMAT " are held out", rows->rows, recipe->held_out),
				 errhint("Choose another fraction.")));
}

/* ---- sending ---- */

int
rml_recipe_rows_passes(const RmlTrainRows *rows)
{
	return rows->recipe->is_fitted ? 1 : rows->arguments->folds + 1;
}

/* What a block has beside features. */
typedef struct Beside
{
	double	   *words[RML_N_EXTRAS];	/* NULL: there is none */
} Beside;

static void
read_beside(const RmlTrainRows *rows, int64 block, Beside *beside)
{
	for (int extra = RML_EXTRA_LABEL_UPPER; extra < RML_EXTRA_ROLE; extra++)
	{
		if (rows->extras.has[extra])
			rml_data_more(rows->recipe->data, block, more_of(rows, extra), beside->words[extra]);
	}
}

pg_noreturn static void
refuse_infinite(const RmlTrainRows *rows, int feature, int64 row)
{
	bool		is_first = row < rows->recipe->first_query;

	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("feature \"%s\" of the recipe is infinite in row " INT64_FORMAT " of %s", rows->features.names[feature],
					row - (is_first ? 0 : rows->recipe->first_query) + 1, is_first ? rows->query.noun : rows->held_out.noun),
			 errdetail("XGBoost takes numbers of 32 bits, the largest of which is 3.4028235e+38."),
			 errhint("Clip it.")));
}

static void
put_row(RmlTrainRows *rows, const RmlTrainingBlock *block, const Beside *beside, const RmlTrainPlan *plan, int fold, int i, int64 row)
{
	const RmlTrainRecipe *recipe = rows->recipe;
	bool		sent;
	float	   *values = rml_frame_row(&rows->frame, &sent);

	for (int feature = 0; feature < rows->features.n; feature++)
	{
		*values = (float) block->features[recipe->outputs[feature]][i];
		if (isinf(*values))
			refuse_infinite(rows, feature, row);
		values++;
	}
	*values++ = (float) block->labels[i];
	for (int extra = RML_EXTRA_LABEL_UPPER; extra < RML_EXTRA_ROLE; extra++)
	{
		if (rows->extras.has[extra])
			*values++ = (float) beside->words[extra][i];
	}
	if (plan->has_roles)
		*values = fold == NO_FOLD ? recipe->roles[row] == RML_HELD_OUT : recipe->roles[row] == fold;
}

/* A row that is left out may have begun a group. */
static void
pass_group_on(const RmlTrainRows *rows, const Beside *beside, int i, bool *begins)
{
	if (!rows->extras.has[RML_EXTRA_GROUP])
		return;
	*begins = *begins || beside->words[RML_EXTRA_GROUP][i] != 0;
	beside->words[RML_EXTRA_GROUP][i] = *begins;
}

static void
send_features(RmlTrainRows *rows, RmlTraining *training, const RmlTrainPlan *plan, int fold)
{
	RmlTrainRecipe *recipe = rows->recipe;
	RmlTrainingBlock block;
	Beside		beside = {{NULL}};
	bool		begins = false;
	int64		row = 0;

	for (int extra = 0; extra < RML_N_EXTRAS; extra++)
		beside.words[extra] = palloc(sizeof(double) * (Size) rml_data_rows_of(recipe->data, 0));
	for (int64 number = 0; rml_training_next(training, &block); number++)
	{
		read_beside(rows, number, &beside);
		for (int i = 0; i < block.n_rows; i++, row++)
		{
			pass_group_on(rows, &beside, i, &begins);
			/* those that are held out are no fold's */
			if (fold != NO_FOLD && recipe->roles[row] == RML_HELD_OUT)
				continue;
			put_row(rows, &block, &beside, plan, fold, i, row);
			begins = false;
		}
		if (rows->note != NULL)
			rows->note(row);
	}
}

/* A recipe for this pass, fitted. */
static void
fit(RmlTrainRows *rows, int fold)
{
	RmlTrainRecipe *recipe = rows->recipe;
	MemoryContext caller;

	rml_data_hide(recipe->data, recipe->roles, fold);
	if (recipe->pass != NULL)
		MemoryContextDelete(recipe->pass);
	recipe->pass = AllocSetContextCreate(rows->context, "riskml pass of a training", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(recipe->pass);
	recipe->recipe = rml_recipe_read(rows->arguments->recipe, NULL);
	rml_data_open(recipe->data, recipe->recipe, rows->query.desc, rows->query.label.name);
	/* what was looked up for it would else hold back vacuum until it is fitted */
	rml_trainer_look();
	recipe->fitted = rml_fit_to(recipe->recipe, recipe->data);
	MemoryContextSwitchTo(caller);
}

void
rml_recipe_rows_send(RmlTrainRows *rows, int pass, RmlTrainer *trainer)
{
	RmlTrainRecipe *recipe = rows->recipe;
	bool		is_last = pass == rml_recipe_rows_passes(rows) - 1;
	int			fold = is_last ? NO_FOLD : pass + 1;
	RmlTrainPlan plan = {
		.folds = recipe->is_fitted ? rows->arguments->folds : 0, .keep_model = is_last, .may_stop = is_last
	};
	RmlTraining *training;

	if (recipe->roles == NULL)
		find_roles(rows);
	plan.has_roles = fold != NO_FOLD || recipe->held_out > 0;
	fit(rows, fold);
	MemoryContextSwitchTo(recipe->pass);
	training = rml_training_open(recipe->recipe, recipe->data);
	choose_from_program(rows, rml_training_program(training));
	rml_train_rows_begin(rows, trainer, &plan);
	rml_frame_enter(&rows->frame, rows->query.noun);
	send_features(rows, training, &plan, fold);
	rml_frame_flush(&rows->frame);
	rml_train_rows_end(rows);
	rml_training_end(training);
	MemoryContextSwitchTo(rows->context);
}

/* ---- afterwards ---- */

Jsonb *
rml_recipe_rows_fitted(const RmlTrainRows *rows)
{
	return rows->recipe->fitted;
}

/* A text is counted by its code. */
static RmlSketch *
sketch_texts(const RmlData *data, int number, const RmlDictionary *dictionary, double *values)
{
	RmlSketch  *sketch = rml_baseline_sketch(true);
	int64	   *rows = palloc_extended(sizeof(int64) * (Size) Max(rml_dictionary_count(dictionary), 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int64 block = 0; block < rml_data_blocks(data); block++)
	{
		rml_data_read_column(data, number, block, values);
		for (int i = 0; i < rml_data_rows_of(data, block); i++)
			*(isnan(values[i]) ? &sketch->nulls : &rows[(int) values[i]]) += 1;
	}
	for (int code = 0; code < rml_dictionary_count(dictionary); code++)
	{
		if (rows[code] > 0)
			sketch = rml_baseline_text(sketch, dictionary, code, rows[code]);
	}
	pfree(rows);
	return sketch;
}

/* Of the rows of a sample; the range is that of all rows. */
static RmlSketch *
sketch_numbers(const RmlData *data, int number, bool is_boolean, uint64 mask, double *values)
{
	RmlSketch  *sketch = rml_baseline_sketch(is_boolean);
	double		least = INFINITY;
	double		greatest = -INFINITY;
	int64		row = 0;

	for (int64 block = 0; block < rml_data_blocks(data); block++)
	{
		rml_data_read_column(data, number, block, values);
		for (int i = 0; i < rml_data_rows_of(data, block); i++)
		{
			if (isfinite(values[i]))
			{
				least = Min(least, values[i]);
				greatest = Max(greatest, values[i]);
			}
			if (!rml_sample_has(mask, row++))
				continue;
			sketch = is_boolean ? rml_baseline_boolean(sketch, values[i]) :
				rml_baseline_number(sketch, isnan(values[i]) ? rml_baseline_null() : values[i]);
		}
	}
	if (!is_boolean)
		rml_baseline_widen(sketch, least, greatest);
	return sketch;
}

void
rml_recipe_rows_inputs(RmlTrainRows *rows, StringInfo json)
{
	const RmlData *data = rows->recipe->data;
	double	   *values = palloc(sizeof(double) * (Size) rml_data_rows_of(data, 0));
	uint64		mask = rml_sample_mask(rows->query.n, rml_data_all_rows(data));

	for (int i = 0; i < rows->query.n; i++)
	{
		RmlDataColumn column = rml_data_column(data, i);

		rml_baseline_append(json, column.name, column.dictionary != NULL ? sketch_texts(data, i, column.dictionary, values) :
							sketch_numbers(data, i, column.is_boolean, mask, values));
	}
	pfree(values);
}

void
rml_recipe_rows_close(RmlTrainRows *rows)
{
	RmlTrainRecipe *recipe = rows->recipe;

	if (recipe->data != NULL)
		rml_data_free(recipe->data);
	recipe->data = NULL;
}
