/*
 * training.c
 *	  What training sees of a query: the features of a fitted recipe, and the label.
 *
 * The query runs once into a spill file.  What rows of other folds say of a category is a column of its own beside it, which
 * programs take for given.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "compat.h"
#include "recipe/counts.h"
#include "recipe/data.h"
#include "recipe/spill.h"
#include "recipe/target_encode.h"
#include "recipe/training.h"
#include "registry/acting.h"
#include "stats/sorter.h"

RML_SQL_FUNCTION(riskml_training_features);

struct RmlTraining
{
	RmlRecipe  *recipe;
	RmlData    *data;
	RmlSpill   *deal;			/* of each row its hash, and how many equal ones come before it; NULL: no step asks */
	RmlProgram *program;
	RmlDataReader *reader;
	bool		owns_data;
};

/* ---- dealing rows ---- */

/* Rows that are not hidden by their hashes, and within them in their order. */
static void
sort_by_hash(RmlTraining *training, RmlSorter *sorter)
{
	uint64	   *hashes = palloc(sizeof(uint64) * (Size) rml_spill_stride(training->deal));
	int64		row = 0;

	for (int64 block = 0; row < rml_data_all_rows(training->data); block++)
	{
		int			n = rml_data_hash(training->data, block, hashes);

		for (int i = 0; i < n; i++, row++)
		{
			uint64	   *record;

			if (rml_data_is_hidden(training->data, row))
				continue;
			record = rml_sorter_put(sorter);
			record[0] = hashes[i];
			record[1] = (uint64) row;
		}
	}
	pfree(hashes);
	rml_sorter_rewind(sorter);
}

/* How many equal rows come before each: equal for equal rows, but for their order. */
static void
count_equals(RmlSorter *by_hash, RmlSorter *by_row)
{
	const uint64 *record;
	uint64		hash = 0;
	uint64		before = 0;

	while ((record = rml_sorter_next(by_hash)) != NULL)
	{
		uint64	   *put = rml_sorter_put(by_row);

		before = record[0] == hash ? before + 1 : 0;
		hash = record[0];
		put[0] = record[1];
		put[1] = hash;
		put[2] = before;
	}
	rml_sorter_rewind(by_row);
}

static void
deal_rows(RmlTraining *training)
{
	Size		budget = (Size) maintenance_work_mem * 1024 / 2;
	RmlSorter	by_hash;
	RmlSorter	by_row;
	const uint64 *record;

	training->deal = rml_data_new_spill(training->data, 2);
	rml_sorter_init(&by_hash, CurrentMemoryContext, 2, 2, budget, false);
	rml_sorter_init(&by_row, CurrentMemoryContext, 3, 1, budget, false);
	sort_by_hash(training, &by_hash);
	count_equals(&by_hash, &by_row);
	rml_sorter_close(&by_hash);
	for (int64 row = 0; row < rml_data_all_rows(training->data); row++)
	{
		double	   *words = rml_spill_row(training->deal);
		int			stride = rml_spill_stride(training->deal);

		words[0] = words[stride] = 0;
		if (rml_data_is_hidden(training->data, row))
			continue;
		record = rml_sorter_next(&by_row);
		memcpy(words, &record[1], sizeof(uint64));
		words[stride] = (double) record[2];
	}
	rml_sorter_close(&by_row);
	rml_spill_finish(training->deal);
}

/* ---- one step that encodes a target ---- */

/* Rows of a category in a fold. */
typedef struct Cell
{
	int128		sum;			/* of labels, to their scale */
	int64		rows;
} Cell;

typedef struct Encoding
{
	RmlTraining *training;
	const RmlTargetEncode *encode;
	RmlProgram *program;		/* of the categories */
	RmlTally   *tally;
	int			label_scale;
	Cell	   *cells;			/* of a category all folds, one after the other */
	Cell	   *folds;			/* of all rows */
	double	   *values;			/* as the cells: the encoding */
	int		   *numbers;		/* of a block's categories, */
	int		   *dealt;			/* and its folds */
	double	   *words;
	double	   *before;
} Encoding;

/*
 * The folds of a block.  Each row by lot, equal ones too: if these were dealt in turn, the folds would be pictures of each other, and the others'
 * mean would tell the row's own label.
 */
static void
find_folds(Encoding *encoding, int64 block, int n)
{
	RmlSpill   *deal = encoding->training->deal;

	rml_spill_read(deal, block, 0, encoding->words);
	rml_spill_read(deal, block, 1, encoding->before);
	for (int i = 0; i < n; i++)
	{
		uint64		hash;

		memcpy(&hash, &encoding->words[i], sizeof(hash));
		hash = rml_mix_bits(hash ^ rml_mix_bits((uint64) (uint32) encoding->encode->seed + 1));
		if (encoding->before[i] > 0)
			hash = rml_mix_bits(hash ^ (uint64) encoding->before[i]);
		encoding->dealt[i] = (int) (hash % (uint64) encoding->encode->folds);
	}
}

/* The numbers of all categories, so that the cells have their places. */
static void
find_categories(Encoding *encoding)
{
	RmlDataReader *reader = rml_data_reader_of_all(encoding->training->data, encoding->program, false);

	while (rml_data_next(reader))
		rml_tally_find(encoding->tally, reader->values[0], reader->n_rows, encoding->numbers);
	rml_data_reader_free(reader);
}

static void
add_to_cell(Cell *cell, int128 label)
{
	cell->sum += label;
	cell->rows++;
}

static void
add_labels(Encoding *encoding)
{
	const RmlData *data = encoding->training->data;
	RmlDataReader *reader = rml_data_reader_of_all(encoding->training->data, encoding->program, true);
	int			folds = encoding->encode->folds;
	int64		row = 0;

	for (int64 block = 0; rml_data_next(reader); block++)
	{
		rml_tally_find(encoding->tally, reader->values[0], reader->n_rows, encoding->numbers);
		find_folds(encoding, block, reader->n_rows);
		for (int i = 0; i < reader->n_rows; i++, row++)
		{
			int			fold = encoding->dealt[i];
			int128		label;

			if (rml_data_is_hidden(data, row))
				continue;
			label = rml_exact_term(reader->labels[i], encoding->label_scale);
			add_to_cell(&encoding->cells[(Size) encoding->numbers[i] * (Size) folds + (Size) fold], label);
			add_to_cell(&encoding->folds[fold], label);
		}
	}
	rml_data_reader_free(reader);
}

/* What the cells of all folds but one add up to. */
static double
sum_of_others(const Encoding *encoding, const Cell *cells, int fold, int64 *rows)
{
	int128		sum = 0;

	*rows = 0;
	for (int i = 0; i < encoding->encode->folds; i++)
	{
		if (i == fold)
			continue;
		sum += cells[i].sum;
		*rows += cells[i].rows;
	}
	return rml_exact_value(sum, encoding->label_scale);
}

/* Which numbers are of categories that the step knows. */
static bool *
known_numbers(const Encoding *encoding)
{
	int			n = rml_tally_count(encoding->tally);
	bool	   *known = palloc_extended(sizeof(bool) * (Size) n, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	const RmlCategories *categories = encoding->encode->categories;

	for (int i = 0; i < categories->n; i++)
	{
		int			number = rml_tally_number_of(encoding->tally, categories, i);

		if (number >= 0 && number < n)
			known[number] = true;
	}
	return known;
}

static void
compute_values(Encoding *encoding)
{
	const RmlTargetEncode *encode = encoding->encode;
	bool	   *known = known_numbers(encoding);
	int			n = rml_tally_count(encoding->tally);

	for (int fold = 0; fold < encode->folds; fold++)
	{
		int64		rows;
		double		sum = sum_of_others(encoding, encoding->folds, fold, &rows);
		double		prior = rows > 0 ? sum / (double) rows : encode->prior;

		for (int number = 0; number < n; number++)
		{
			Size		first = (Size) number * (Size) encode->folds;
			double	   *value = &encoding->values[first + (Size) fold];

			sum = sum_of_others(encoding, &encoding->cells[first], fold, &rows);
			if (known[number])
				*value = rml_target_encode(sum, (double) rows, prior, encode->smoothing);
			else
				*value = number == 0 ? NAN : prior;
		}
	}
	pfree(known);
}

/* What apply_recipe() gives for hidden rows, of which others do not know. */
static RmlDataReader *
read_applied(const Encoding *encoding, const RmlStep *step)
{
	RmlTraining *training = encoding->training;
	RmlOperand	feature = {.name = step->name, .step = unconstify(RmlStep *, step)};

	return rml_data_reader_of_all(training->data,
								  rml_recipe_compile_operand(training->recipe, &feature, rml_data_dictionaries(training->data), false), false);
}

static RmlSpill *
write_values(Encoding *encoding, const RmlStep *step)
{
	RmlData    *data = encoding->training->data;
	RmlDataReader *reader = rml_data_reader_of_all(data, encoding->program, false);
	RmlDataReader *applied = rml_data_rows(data) < rml_data_all_rows(data) ? read_applied(encoding, step) : NULL;
	RmlSpill   *spill = rml_data_new_spill(data, 1);
	int64		row = 0;

	for (int64 block = 0; rml_data_next(reader); block++)
	{
		if (applied != NULL)
			(void) rml_data_next(applied);
		rml_tally_find(encoding->tally, reader->values[0], reader->n_rows, encoding->numbers);
		find_folds(encoding, block, reader->n_rows);
		for (int i = 0; i < reader->n_rows; i++, row++)
			*rml_spill_row(spill) = rml_data_is_hidden(data, row) ? applied->values[0][i] :
				encoding->values[(Size) encoding->numbers[i] * (Size) encoding->encode->folds + (Size) encoding->dealt[i]];
	}
	rml_spill_finish(spill);
	rml_data_reader_free(reader);
	if (applied != NULL)
		rml_data_reader_free(applied);
	return spill;
}

static void *
allocate(Size size, Size n)
{
	return palloc_extended(mul_size(size, Max(n, 1)), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* Puts the encoding of a step from other folds beside the data. */
static void
encode_step(RmlTraining *training, const RmlStep *step, const RmlTargetEncode *encode)
{
	Encoding	encoding = {.training = training, .encode = encode, .label_scale = rml_data_label_scale(training->data)};
	Size		rows = (Size) rml_spill_stride(training->deal);
	Size		n;
	RmlSpill   *spill;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "riskml encoding of a target", ALLOCSET_DEFAULT_SIZES);

	MemoryContextSwitchTo(context);
	encoding.program = rml_recipe_compile_operand(training->recipe, &step->inputs[0], rml_data_dictionaries(training->data), true);
	encoding.tally = rml_tally_begin(rml_data_dictionary(training->data, &step->inputs[0]), encoding.label_scale);
	encoding.numbers = allocate(sizeof(int), rows);
	encoding.dealt = allocate(sizeof(int), rows);
	encoding.words = allocate(sizeof(double), rows);
	encoding.before = allocate(sizeof(double), rows);
	find_categories(&encoding);
	n = mul_size((Size) rml_tally_count(encoding.tally), (Size) encode->folds);
	encoding.cells = allocate(sizeof(Cell), n);
	encoding.folds = allocate(sizeof(Cell), (Size) encode->folds);
	encoding.values = allocate(sizeof(double), n);
	add_labels(&encoding);
	compute_values(&encoding);
	MemoryContextSwitchTo(caller);
	spill = write_values(&encoding, step);
	MemoryContextDelete(context);
	rml_data_give(training->data, step->number, spill);
}

/* ---- streaming ---- */

static void
require_labels(const RmlTraining *training)
{
	int			sqlstate;
	char	   *problem = rml_data_label_problem(training->data, &sqlstate);

	if (problem != NULL)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("%s", problem),
				 errhint("Leave such rows out of the query.")));
}

RmlTraining *
rml_training_open(RmlRecipe *recipe, RmlData *data)
{
	RmlTraining *training = palloc0(sizeof(RmlTraining));

	training->recipe = recipe;
	training->data = data;
	require_labels(training);
	for (int i = 0; i < recipe->n_steps; i++)
	{
		const RmlStep *step = &recipe->steps[i];
		const RmlTargetEncode *encode = rml_target_encode_of(step);

		if (encode == NULL)
			continue;
		if (training->deal == NULL)
			deal_rows(training);
		encode_step(training, step, encode);
	}
	training->program = rml_recipe_compile_training(recipe, rml_data_dictionaries(data));
	training->reader = rml_data_reader_of_all(data, training->program, true);
	return training;
}

RmlTraining *
rml_training_begin(const Jsonb *json, const char *query, const char *label)
{
	RmlRecipe  *recipe = rml_recipe_read(json, NULL);
	RmlTraining *training;

	rml_recipe_require_fitted(recipe);
	training = rml_training_open(recipe, rml_data_read(recipe, query, label));
	training->owns_data = true;
	return training;
}

const RmlProgram *
rml_training_program(const RmlTraining *training)
{
	return training->program;
}

int
rml_training_n_features(const RmlTraining *training)
{
	return training->program->n_outputs;
}

bool
rml_training_next(RmlTraining *training, RmlTrainingBlock *block)
{
	if (!rml_data_next(training->reader))
		return false;
	block->n_rows = training->reader->n_rows;
	block->features = training->reader->values;
	block->labels = training->reader->labels;
	return true;
}

void
rml_training_end(RmlTraining *training)
{
	rml_data_reader_free(training->reader);
	if (training->deal != NULL)
		rml_spill_free(training->deal);
	if (training->owns_data)
		rml_data_free(training->data);
}

/* ---- SQL ---- */

static Datum
features_of(const RmlTrainingBlock *block, int row, int n, Datum *values, bool *nulls)
{
	int			lower = 1;

	for (int i = 0; i < n; i++)
	{
		nulls[i] = isnan(block->features[i][row]);
		values[i] = Float8GetDatum(block->features[i][row]);
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, &n, &lower, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static void
put_features(RmlTraining *training, ReturnSetInfo *result)
{
	int			n = rml_training_n_features(training);
	Datum	   *values = palloc(sizeof(Datum) * (Size) Max(n, 1));
	bool	   *nulls = palloc(sizeof(bool) * (Size) Max(n, 1));
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "riskml row of training", ALLOCSET_DEFAULT_SIZES);
	RmlTrainingBlock block;

	while (rml_training_next(training, &block))
	{
		MemoryContext caller = MemoryContextSwitchTo(row_context);

		for (int row = 0; row < block.n_rows; row++)
		{
			Datum		columns[2] = {features_of(&block, row, n, values, nulls), Float8GetDatum(block.labels[row])};
			bool		column_nulls[2] = {false, false};

			tuplestore_putvalues(result->setResult, result->setDesc, columns, column_nulls);
			MemoryContextReset(row_context);
		}
		MemoryContextSwitchTo(caller);
	}
}

/* riskml.training_features(recipe, query, label): rows of features, and of the label. */
Datum
riskml_training_features(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "riskml features of training", ALLOCSET_DEFAULT_SIZES);
	RmlTraining *training;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"recipe\" must not be null")));
	InitMaterializedSRF(fcinfo, 0);
	MemoryContextSwitchTo(context);
	training = rml_training_begin(PG_GETARG_JSONB_P(0), RML_TEXT_ARG(1, "query"), RML_TEXT_ARG(2, "label"));
	put_features(training, (ReturnSetInfo *) fcinfo->resultinfo);
	rml_training_end(training);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}
