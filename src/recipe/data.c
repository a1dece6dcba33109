/*
 * data.c
 *	  The rows that a recipe is fitted to, or that a model is trained on.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "quality/subject.h"
#include "recipe/data.h"
#include "recipe/exact.h"
#include "recipe/op.h"
#include "recipe/spill.h"
#include "registry/column_names.h"
#include "registry/column_value.h"
#include "registry/server.h"

/* A word of a time that is NULL: no timestamp. */
#define NO_TIME (PG_INT64_MAX - 1)

/* A column of the query that is read. */
typedef struct Source
{
	const char *name;			/* the query's */
	const char *column;			/* the recipe's; NULL: the label */
	RmlColumnKind kind;
	RmlDictionary *dictionary;	/* of a text */
	double	   *hashes;			/* of texts, for RML_READ_HASH, when they have been asked for */
	uint64	   *row_hashes;		/* of texts, for hashes of rows, likewise */
} Source;

struct RmlData
{
	const RmlRecipe *recipe;
	int			n_sources;		/* columns of the recipe, then the label */
	Source	   *sources;
	bool		has_label;
	int			n_more;			/* words of a row beside them */
	bool		outlives;		/* the transaction */
	bool		is_open;
	const uint16 *roles;		/* or NULL: no row is hidden */
	uint16		fold;
	int64		visible;
	RmlSpill   *spill;
	int64		null_labels;	/* rows */
	int64		infinite_labels;
	int			label_scale;
	RmlDictionary **dictionaries;	/* of the columns of the recipe */
	RmlSpill  **given;			/* by number of the step */
	RmlServerHost host;
	MemoryContext context;
};

/* Of a query that is run here. */
typedef struct Reading
{
	DestReceiver receiver;
	RmlData    *data;
	MemoryContext row;			/* for values of a row */
} Reading;

/* ---- columns of the query ---- */

/* The first step that reads a column. */
static const RmlStep *
reader_of(const RmlRecipe *recipe, const RmlRawColumn *column, int *input)
{
	for (int i = 0; i < recipe->n_steps; i++)
	{
		const RmlStep *step = &recipe->steps[i];

		for (*input = 0; *input < step->n_inputs; (*input)++)
		{
			if (step->inputs[*input].column == column)
				return step;
		}
	}
	elog(ERROR, "no step reads column \"%s\"", column->name);
}

static Form_pg_attribute
find_column(const RmlColumnNames *names, const char *name, const char *whose)
{
	RmlMatchHow how;
	Form_pg_attribute other;
	Form_pg_attribute att = rml_column_find(names, name, &how, &other);

	if (att == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%sthe query has no column \"%s\"", whose, name),
				 errhint("Columns are found by their names.")));
	if (other != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("%sthe query has two columns for \"%s\", \"%s\" and \"%s\"", whose, name, NameStr(att->attname),
						NameStr(other->attname)),
				 errhint("Give one of them another name.")));
	return att;
}

static RmlKind
kind_of(RmlColumnKind kind)
{
	if (rml_is_label_kind(kind))
		return RML_KIND_TEXT;
	if (rml_is_number_kind(kind))
		return RML_KIND_NUMBER;
	return rml_is_time_kind(kind) ? RML_KIND_TIME : RML_KIND_UNKNOWN;
}

/* Can all ops that read a column take what it is? */
static void
check_takers(const RmlRecipe *recipe, const RmlRawColumn *column, Form_pg_attribute att, RmlKind kind)
{
	int			taken = kind == RML_KIND_TEXT ? RML_TAKES_TEXT : kind == RML_KIND_TIME ? RML_TAKES_TIME : RML_TAKES_NUMBER;

	for (int i = 0; i < recipe->n_steps; i++)
	{
		const RmlStep *step = &recipe->steps[i];

		for (int input = 0; input < step->n_inputs; input++)
		{
			if (step->inputs[input].column == column && (step->op->takes & taken) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("recipe step %d (feature \"%s\"): op \"%s\" cannot take column \"%s\" of type %s", step->number, step->name,
								step->op->name, NameStr(att->attname), format_type_be(att->atttypid))));
		}
	}
}

/* The column's type must be what the recipe takes it for; if it does not say, it is what the type says. */
static void
check_column(RmlRecipe *recipe, RmlRawColumn *column, Form_pg_attribute att, const char *whose)
{
	RmlKind		kind = kind_of(rml_column_kind(att->atttypid));
	int			input;
	const RmlStep *step = reader_of(recipe, column, &input);

	if (kind == RML_KIND_UNKNOWN)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%scolumn \"%s\" of type %s cannot be read", whose, NameStr(att->attname), format_type_be(att->atttypid)),
				 errhint("Columns are numbers, booleans, texts, dates or timestamps; cast it.")));
	if (column->kind == RML_KIND_UNKNOWN)
	{
		check_takers(recipe, column, att, kind);
		rml_recipe_require_kind(recipe, step->number, &step->inputs[input], kind);
	}
	else if (column->kind != kind)
	{
		step = &recipe->steps[column->step - 1];
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("recipe step %d (feature \"%s\"): column \"%s\" of type %s cannot be read as %s", step->number, step->name,
						NameStr(att->attname), format_type_be(att->atttypid), rml_kind_name(column->kind)),
				 errhint("Cast it in the query.")));
	}
}

/* An instant has a local clock in a time zone only. */
static void
check_zones(const RmlRecipe *recipe, const RmlRawColumn *column)
{
	for (int i = 0; i < recipe->n_steps; i++)
	{
		const RmlStep *step = &recipe->steps[i];

		for (int input = 0; input < step->n_inputs; input++)
		{
			if (step->inputs[input].column == column && step->zone == NULL)
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("recipe step %d (feature \"%s\"): column \"%s\" of type %s has no local time without a time zone",
								step->number, step->name, column->name, format_type_be(TIMESTAMPTZOID)),
						 errhint("Give the step a \"time_zone\".")));
		}
	}
}

/* Columns of several queries have one place, for which texts and times must be what they are. */
static void
check_alike(const Source *source, Form_pg_attribute att)
{
	RmlColumnKind kind = rml_column_kind(att->atttypid);

	if (kind_of(kind) != kind_of(source->kind) || (rml_is_time_kind(kind) && kind != source->kind))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s is of another type in the first query", NameStr(att->attname), format_type_be(att->atttypid)),
				 errhint("Cast it.")));
}

static void
open_column(RmlData *data, RmlRecipe *recipe, RmlRawColumn *column, const RmlColumnNames *names, int number)
{
	Source	   *source = &data->sources[number];
	int			input;
	const RmlStep *step = reader_of(recipe, column, &input);
	char	   *whose = psprintf("recipe step %d (feature \"%s\"): ", step->number, step->name);
	Form_pg_attribute att = find_column(names, column->name, whose);

	check_column(recipe, column, att, whose);
	if (data->is_open)
		check_alike(source, att);
	else if (column->kind == RML_KIND_TEXT)
		data->dictionaries[number] = source->dictionary = rml_dictionary_create(&data->host.host);
	source->name = pstrdup(NameStr(att->attname));
	source->column = column->name;
	source->kind = rml_column_kind(att->atttypid);
	if (source->kind == RML_COLUMN_TIMESTAMPTZ)
		check_zones(recipe, column);
}

static void
open_label(RmlData *data, const char *label, const RmlColumnNames *names)
{
	Source	   *source = &data->sources[data->n_sources - 1];
	Form_pg_attribute att = find_column(names, label, "label: ");

	source->name = pstrdup(NameStr(att->attname));
	source->kind = rml_column_kind(att->atttypid);
	if (!rml_is_number_kind(source->kind))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("label \"%s\" is of type %s, but must be a number or a boolean", label, format_type_be(att->atttypid))));
}

void
rml_data_open(RmlData *data, RmlRecipe *recipe, TupleDesc columns, const char *label)
{
	MemoryContext caller = MemoryContextSwitchTo(data->context);
	RmlColumnNames *names = rml_column_names(columns);
	int			number = 0;
	ListCell   *cell;

	data->recipe = recipe;
	rml_recipe_take_columns(recipe, names, NULL);
	if (!data->is_open)
	{
		data->n_sources = list_length(recipe->columns) + data->has_label;
		data->sources = palloc0(sizeof(Source) * (Size) Max(data->n_sources, 1));
		data->dictionaries = palloc0(sizeof(RmlDictionary *) * (Size) Max(data->n_sources, 1));
	}
	foreach(cell, recipe->columns)
		open_column(data, recipe, lfirst(cell), names, number++);
	if (data->has_label)
		open_label(data, label, names);
	if (!data->is_open)
		data->spill = rml_spill_begin(data->n_sources + data->n_more, rml_spill_block_rows(data->n_sources + data->n_more), data->outlives);
	data->is_open = true;
	MemoryContextSwitchTo(caller);
}

const char *const *
rml_data_columns(const RmlData *data, int *n)
{
	const char **names;

	*n = data->n_sources - data->has_label;
	names = palloc(sizeof(char *) * (Size) Max(*n, 1));
	for (int i = 0; i < *n; i++)
		names[i] = data->sources[i].name;
	return names;
}

/* Finds all columns, and gives the statement that reads just them. */
static char *
open_query(RmlData *data, RmlRecipe *recipe, const char *query, const char *label)
{
	RmlSubject	subject;
	StringInfoData sql;

	rml_subject_open(&subject, InvalidOid, query, NULL);
	rml_data_open(data, recipe, subject.columns, label);
	initStringInfo(&sql);
	for (int i = 0; i < data->n_sources; i++)
		appendStringInfo(&sql, "%s source.%s", i == 0 ? "SELECT" : ",", quote_identifier(data->sources[i].name));
	appendStringInfo(&sql, " FROM %s", subject.from);
	return sql.data;
}

/* ---- rows of the query ---- */

static inline double
word_of(const Source *source, Datum value)
{
	const char *text;
	int			length;
	double		word;
	int64		time;

	switch (source->kind)
	{
		case RML_COLUMN_TEXT:
		case RML_COLUMN_BPCHAR:
		case RML_COLUMN_NAME:
		case RML_COLUMN_ENUM:
		case RML_COLUMN_UNTYPED:
			text = rml_column_label(source->kind, value, &length);
			return rml_dictionary_add(source->dictionary, text, length);
		case RML_COLUMN_DATE:
		case RML_COLUMN_TIMESTAMP:
		case RML_COLUMN_TIMESTAMPTZ:
			time = source->kind == RML_COLUMN_DATE ? (int64) DatumGetInt32(value) : DatumGetInt64(value);
			memcpy(&word, &time, sizeof(word));
			return word;
		case RML_COLUMN_FLOAT8:
			return DatumGetFloat8(value);
		case RML_COLUMN_INT4:
			return DatumGetInt32(value);
		default:
			return rml_column_number(source->kind, value);
	}
}

static double
no_word(const Source *source)
{
	double		word = NAN;

	if (rml_is_time_kind(source->kind))
		memcpy(&word, &(int64) {NO_TIME}, sizeof(word));
	return word;
}

static void
count_label(RmlData *data, double label)
{
	data->null_labels += isnan(label);
	data->infinite_labels += isinf(label) != 0;
	if (isfinite(label))
		data->label_scale = Max(data->label_scale, rml_exact_scale(label));
}

double *
rml_data_put(RmlData *data, const Datum *values, const bool *nulls, int *stride)
{
	double	   *word = rml_spill_row(data->spill);

	*stride = rml_spill_stride(data->spill);
	for (int i = 0; i < data->n_sources; i++, word += *stride)
	{
		const Source *source = &data->sources[i];

		*word = nulls[i] ? no_word(source) : word_of(source, values[i]);
	}
	if (data->has_label)
		count_label(data, word[-*stride]);
	return word;
}

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	Reading    *reading = (Reading *) self;
	MemoryContext caller = MemoryContextSwitchTo(reading->row);
	int			stride;

	slot_getallattrs(slot);
	(void) rml_data_put(reading->data, slot->tts_values, slot->tts_isnull, &stride);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(reading->row);
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
do_nothing(DestReceiver *self)
{
	(void) self;
}

static RmlData *
create_data(RmlRecipe *recipe, bool has_label, int n_more, bool outlives)
{
	RmlData    *data = palloc0(sizeof(RmlData));

	data->recipe = recipe;
	data->has_label = has_label;
	data->n_more = n_more;
	data->outlives = outlives;
	data->context = CurrentMemoryContext;
	rml_server_host_init(&data->host, CurrentMemoryContext);
	data->given = palloc0(sizeof(RmlSpill *) * ((Size) recipe->n_steps + 1));
	return data;
}

RmlData *
rml_data_create(RmlRecipe *recipe, bool has_label, int n_more)
{
	return create_data(recipe, has_label, n_more, true);
}

void
rml_data_finish(RmlData *data)
{
	rml_spill_finish(data->spill);
}

RmlData *
rml_data_read(RmlRecipe *recipe, const char *query, const char *label)
{
	RmlData    *data = create_data(recipe, label != NULL, 0, false);
	Reading		reading = {.receiver = {receive, startup, do_nothing, do_nothing, DestNone}, .data = data};
	SPIExecuteOptions options = {.read_only = true, .dest = &reading.receiver};
	char	   *sql;

	reading.row = AllocSetContextCreate(CurrentMemoryContext, "riskml row of a recipe's data", ALLOCSET_DEFAULT_SIZES);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	sql = open_query(data, recipe, query, label);
	/* "utility": the result is not SPI's */
	if (SPI_execute_extended(sql, &options) != SPI_OK_UTILITY)
		elog(ERROR, "the query could not be run");
	SPI_finish();
	MemoryContextSwitchTo(data->context);
	MemoryContextDelete(reading.row);
	rml_data_finish(data);
	if (rml_data_rows(data) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query gives no rows")));
	return data;
}

static void
free_given(RmlData *data)
{
	for (int i = 0; i <= data->recipe->n_steps; i++)
	{
		if (data->given[i] != NULL)
			rml_spill_free(data->given[i]);
		data->given[i] = NULL;
	}
}

void
rml_data_free(RmlData *data)
{
	free_given(data);
	rml_spill_free(data->spill);
}

/* ---- rows that are hidden ---- */

bool
rml_data_is_hidden(const RmlData *data, int64 row)
{
	return data->roles != NULL && (data->roles[row] == RML_HELD_OUT || (data->fold > 0 && data->roles[row] == data->fold));
}

void
rml_data_hide(RmlData *data, const uint16 *roles, int fold)
{
	int64		rows = rml_data_all_rows(data);

	free_given(data);
	data->roles = roles;
	data->fold = (uint16) fold;
	data->visible = 0;
	for (int64 row = 0; row < rows; row++)
		data->visible += !rml_data_is_hidden(data, row);
}

/* ---- what is there ---- */

int64
rml_data_rows(const RmlData *data)
{
	return data->roles != NULL ? data->visible : rml_spill_rows(data->spill);
}

int64
rml_data_all_rows(const RmlData *data)
{
	return rml_spill_rows(data->spill);
}

int64
rml_data_blocks(const RmlData *data)
{
	return rml_spill_blocks(data->spill);
}

int
rml_data_rows_of(const RmlData *data, int64 block)
{
	return rml_spill_rows_of(data->spill, block);
}

void
rml_data_labels(const RmlData *data, int64 block, double *labels)
{
	rml_spill_read(data->spill, block, data->n_sources - 1, labels);
}

void
rml_data_more(const RmlData *data, int64 block, int number, double *words)
{
	rml_spill_read(data->spill, block, data->n_sources + number, words);
}

RmlDataColumn
rml_data_column(const RmlData *data, int number)
{
	const Source *source = &data->sources[number];

	return (RmlDataColumn) {source->column, source->kind == RML_COLUMN_BOOL, source->dictionary};
}

/* Seconds since 1970, of a time as it is kept, as date_part('epoch', ...) has it. */
static double
epoch_of(const Source *source, double word)
{
	const int64 days = POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE;
	int64		time;

	memcpy(&time, &word, sizeof(time));
	if (time == NO_TIME)
		return NAN;
	if (source->kind == RML_COLUMN_DATE)
		return rml_column_time(RML_COLUMN_DATE, Int32GetDatum((int32) time), NULL) / USECS_PER_SEC + (double) (days * SECS_PER_DAY);
	if (TIMESTAMP_NOT_FINITE(time))
		return rml_column_time(RML_COLUMN_TIMESTAMP, Int64GetDatum(time), NULL);
	return (double) (time + days * USECS_PER_DAY) / USECS_PER_SEC;
}

void
rml_data_read_column(const RmlData *data, int number, int64 block, double *values)
{
	const Source *source = &data->sources[number];

	rml_spill_read(data->spill, block, number, values);
	if (!rml_is_time_kind(source->kind) || source->dictionary != NULL)
		return;
	for (int i = 0; i < rml_spill_rows_of(data->spill, block); i++)
		values[i] = epoch_of(source, values[i]);
}

bool
rml_data_has_label(const RmlData *data)
{
	return data->has_label;
}

char *
rml_data_label_problem(const RmlData *data, int *sqlstate)
{
	const char *name = data->sources[data->n_sources - 1].name;

	*sqlstate = data->null_labels > 0 ? ERRCODE_NULL_VALUE_NOT_ALLOWED : ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
	if (data->null_labels > 0)
		return psprintf("label \"%s\" is missing in " INT64_FORMAT " of " INT64_FORMAT " rows", name, data->null_labels, rml_data_rows(data));
	if (data->infinite_labels > 0)
		return psprintf("label \"%s\" is infinite in " INT64_FORMAT " of " INT64_FORMAT " rows", name, data->infinite_labels,
						rml_data_rows(data));
	return NULL;
}

int
rml_data_label_scale(const RmlData *data)
{
	return data->label_scale;
}

RmlDictionary *const *
rml_data_dictionaries(const RmlData *data)
{
	return data->dictionaries;
}

RmlDictionary *
rml_data_dictionary(const RmlData *data, const RmlOperand *operand)
{
	if (rml_operand_kind(operand) != RML_KIND_TEXT)
		return NULL;
	while (operand->column == NULL)
		operand = &operand->step->inputs[0];
	return data->dictionaries[operand->column->number];
}

RmlSpill *
rml_data_new_spill(const RmlData *data, int n_columns)
{
	return rml_spill_begin(n_columns, rml_spill_stride(data->spill), data->outlives);
}

void
rml_data_give(RmlData *data, int step, RmlSpill *spill)
{
	data->given[step] = spill;
}

/* ---- hashes of rows ---- */

static uint64
mix(uint64 hash, uint64 word)
{
	return hash_combine64(hash, rml_mix_bits(word));
}

static uint64
hash_of_text(RmlData *data, Source *source, int code)
{
	int			n = rml_dictionary_count(source->dictionary);
	const char *text;
	int			length;

	if (source->row_hashes == NULL)
	{
		source->row_hashes = MemoryContextAllocHuge(data->context, sizeof(uint64) * (Size) Max(n, 1));
		for (int i = 0; i < n; i++)
		{
			text = rml_dictionary_text(source->dictionary, i, &length);
			source->row_hashes[i] = hash_bytes_extended((const unsigned char *) text, length, 0);
		}
	}
	return source->row_hashes[code];
}

static uint64
hash_of_word(RmlData *data, Source *source, double word)
{
	uint64		bits;

	if (source->dictionary != NULL && !isnan(word))
		return hash_of_text(data, source, (int) word);
	if (!rml_is_time_kind(source->kind))
		word = isnan(word) ? NAN : word + 0.0;
	memcpy(&bits, &word, sizeof(bits));
	return bits;
}

int
rml_data_hash(RmlData *data, int64 block, uint64 *hashes)
{
	int			n = rml_spill_rows_of(data->spill, block);
	double	   *words = palloc(sizeof(double) * (Size) n);

	memset(hashes, 0, sizeof(uint64) * (Size) n);
	for (int i = 0; i < data->n_sources; i++)
	{
		rml_spill_read(data->spill, block, i, words);
		for (int row = 0; row < n; row++)
			hashes[row] = mix(hashes[row], hash_of_word(data, &data->sources[i], words[row]));
	}
	pfree(words);
	return n;
}

/* ---- outputs of a program ---- */

static int
source_of(const RmlData *data, const RmlProgramInput *input)
{
	for (int i = 0; i < data->n_sources; i++)
	{
		if (data->sources[i].column != NULL && strcmp(data->sources[i].column, input->column) == 0)
			return i;
	}
	elog(ERROR, "column \"%s\" was not read", input->column);
}

RmlDataReader *
rml_data_reader(RmlData *data, RmlProgram *program, bool with_labels)
{
	RmlDataReader *reader = palloc0(sizeof(RmlDataReader));
	Size		column = sizeof(double) * (Size) rml_spill_stride(data->spill);

	reader->data = data;
	reader->program = program;
	reader->sources = palloc0(sizeof(int) * (Size) Max(program->n_inputs, 1));
	for (int i = 0; i < program->n_inputs; i++)
		reader->sources[i] = program->inputs[i].given > 0 ? -1 : source_of(data, &program->inputs[i]);
	reader->inputs = palloc_extended(column * (Size) Max(program->n_inputs, 1), MCXT_ALLOC_HUGE);
	reader->slots = palloc_extended(sizeof(double) * RML_PROGRAM_ROWS * (Size) Max(program->n_slots, 1), MCXT_ALLOC_HUGE);
	if (program->n_instructions > 0)
		reader->outputs = palloc_extended(column * (Size) Max(program->n_outputs, 1), MCXT_ALLOC_HUGE);
	reader->values = palloc(sizeof(double *) * (Size) Max(program->n_outputs, 1));
	/* without instructions, outputs are inputs */
	for (int i = 0; i < program->n_outputs; i++)
		reader->values[i] = (program->n_instructions > 0 ? reader->outputs + (Size) i * (Size) rml_spill_stride(data->spill) :
							 reader->inputs + (Size) program->outputs[i].slot * (Size) rml_spill_stride(data->spill));
	if (with_labels)
		reader->labels = palloc(column);
	return reader;
}

RmlDataReader *
rml_data_reader_of_all(RmlData *data, RmlProgram *program, bool with_labels)
{
	RmlDataReader *reader = rml_data_reader(data, program, with_labels);

	reader->all_rows = true;
	return reader;
}

void
rml_data_reader_free(RmlDataReader *reader)
{
	pfree(reader->sources);
	pfree(reader->inputs);
	pfree(reader->slots);
	if (reader->outputs != NULL)
		pfree(reader->outputs);
	if (reader->labels != NULL)
		pfree(reader->labels);
	pfree(reader->values);
	pfree(reader);
}

/* Hashes of the texts of a column, by their codes. */
static const double *
text_hashes(RmlData *data, Source *source)
{
	int			n = rml_dictionary_count(source->dictionary);

	if (source->hashes != NULL)
		return source->hashes;
	source->hashes = MemoryContextAllocHuge(data->context, sizeof(double) * (Size) Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		int			length;
		const char *text = rml_dictionary_text(source->dictionary, i, &length);

		source->hashes[i] = rml_text_hash(text, length);
	}
	return source->hashes;
}

static void
local_times(const Source *source, const char *zone_name, double *words, int n)
{
	pg_tz	   *zone = zone_name == NULL ? NULL : rml_time_zone(zone_name);

	for (int i = 0; i < n; i++)
	{
		int64		time;

		memcpy(&time, &words[i], sizeof(time));
		words[i] = time == NO_TIME ? NAN :
			rml_column_time(source->kind, source->kind == RML_COLUMN_DATE ? Int32GetDatum((int32) time) : Int64GetDatum(time), zone);
	}
}

static void
read_input(RmlDataReader *reader, int number)
{
	RmlData    *data = reader->data;
	const RmlProgramInput *input = &reader->program->inputs[number];
	double	   *words = reader->inputs + (Size) number * (Size) rml_spill_stride(data->spill);
	Source	   *source;

	if (input->given > 0)
	{
		rml_spill_read(data->given[input->given], reader->block, 0, words);
		return;
	}
	source = &data->sources[reader->sources[number]];
	rml_spill_read(data->spill, reader->block, reader->sources[number], words);
	if (input->read_as == RML_READ_TIME)
		local_times(source, input->zone, words, reader->n_rows);
	if (input->read_as == RML_READ_HASH)
	{
		const double *hashes = text_hashes(data, source);

		for (int i = 0; i < reader->n_rows; i++)
			words[i] = isnan(words[i]) ? NAN : hashes[(int) words[i]];
	}
}

pg_noreturn static void
refuse_unknown(const RmlData *data, const RmlProgramFault *fault)
{
	const RmlStep *step = &data->recipe->steps[fault->step - 1];
	int			length;
	const char *category = fault->dictionary == NULL ? psprintf("%.17g", fault->value) :
		rml_dictionary_text(fault->dictionary, (int) fault->value, &length);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%.*s\" is not a category of %s \"%s\" (recipe step %d, feature \"%s\")",
					pg_mbcliplen(category, (int) strlen(category), 128), category, step->inputs[0].column != NULL ? "column" : "feature",
					step->inputs[0].name, step->number, step->name),
			 errhint("Use NULL for a missing value, or a category that the step names.")));
}

/* Runs the program on a few rows. */
static void
run_rows(RmlDataReader *reader, int first, int n)
{
	const RmlProgram *program = reader->program;
	Size		stride = (Size) rml_spill_stride(reader->data->spill);
	RmlProgramFault fault;

	for (int i = 0; i < program->n_inputs; i++)
		memcpy(reader->slots + i * RML_PROGRAM_ROWS, reader->inputs + (Size) i * stride + first, sizeof(double) * (Size) n);
	if (!rml_program_run(program, reader->slots, RML_PROGRAM_ROWS, n, &fault))
		refuse_unknown(reader->data, &fault);
	for (int i = 0; i < program->n_outputs; i++)
		memcpy(reader->values[i] + first, reader->slots + (Size) program->outputs[i].slot * RML_PROGRAM_ROWS, sizeof(double) * (Size) n);
}

/* Several outputs may have one place. */
static bool
is_done(const RmlDataReader *reader, int output)
{
	for (int i = 0; i < output; i++)
	{
		if (reader->values[i] == reader->values[output])
			return true;
	}
	return false;
}

static void
keep(double *values, const int *rows, int n)
{
	for (int i = 0; i < n; i++)
		values[i] = values[rows[i]];
}

static void
leave_out_hidden(RmlDataReader *reader)
{
	int64		first = reader->block * rml_spill_stride(reader->data->spill);
	int		   *rows = palloc(sizeof(int) * (Size) reader->n_rows);
	int			n = 0;

	for (int row = 0; row < reader->n_rows; row++)
	{
		if (!rml_data_is_hidden(reader->data, first + row))
			rows[n++] = row;
	}
	for (int i = 0; i < reader->program->n_outputs; i++)
	{
		if (!is_done(reader, i))
			keep(reader->values[i], rows, n);
	}
	if (reader->labels != NULL)
		keep(reader->labels, rows, n);
	reader->n_rows = n;
	pfree(rows);
}

bool
rml_data_next(RmlDataReader *reader)
{
	RmlData    *data = reader->data;

	if (reader->block == rml_spill_blocks(data->spill))
		return false;
	reader->n_rows = rml_spill_rows_of(data->spill, reader->block);
	for (int i = 0; i < reader->program->n_inputs; i++)
		read_input(reader, i);
	if (reader->labels != NULL)
		rml_spill_read(data->spill, reader->block, data->n_sources - 1, reader->labels);
	if (reader->program->n_instructions > 0)
	{
		for (int first = 0; first < reader->n_rows; first += RML_PROGRAM_ROWS)
			run_rows(reader, first, Min(reader->n_rows - first, RML_PROGRAM_ROWS));
	}
	if (data->roles != NULL && !reader->all_rows)
		leave_out_hidden(reader);
	reader->block++;
	return true;
}
