/*
 * data.h
 *	  The rows that a recipe is fitted to, or that a model is trained on.
 *
 * The query has run once, as the caller and without writing.  What the recipe reads of its columns is in a spill file: numbers as
 * doubles, texts as codes of a dictionary for each column, times as they are.  From there, the outputs of programs are
 * computed block by block.
 */
#ifndef RML_RECIPE_DATA_H
#define RML_RECIPE_DATA_H

#include "access/tupdesc.h"

#include "recipe/recipe.h"

typedef struct RmlData RmlData;

/*
 * Runs the query.  In the current memory context, and for as long as its resource owner lasts.  Columns whose kind the recipe does
 * not say get it from the query.  label: NULL, or a column that is a number or a boolean.
 */
extern RmlData *rml_data_read(RmlRecipe *recipe, const char *query, const char *label);
extern void rml_data_free(RmlData *data);

/*
 * The same for who runs the query, or several, and keeps more words of each row beside them; and for longer than a transaction.  In the
 * current memory context, which keeps it.
 */
extern RmlData *rml_data_create(RmlRecipe *recipe, bool has_label, int n_more);

/*
 * Finds the columns of a query, and the label; those of a further query have to be read alike.  Also for a recipe that was read anew from the
 * same JSON, and takes the place of the one before.
 */
extern void rml_data_open(RmlData *data, RmlRecipe *recipe, TupleDesc columns, const char *label);

/* Names of the query's columns that are read, but the label. */
extern const char *const *rml_data_columns(const RmlData *data, int *n);

/* Puts a row: values of those columns and the label in their order.  The words beside are to be put at the place, each a stride behind. */
extern double *rml_data_put(RmlData *data, const Datum *values, const bool *nulls, int *stride);
extern void rml_data_finish(RmlData *data);

extern int64 rml_data_blocks(const RmlData *data);

/* Of a block's rows: labels; words beside them, number 0 and on. */
extern int	rml_data_rows_of(const RmlData *data, int64 block);
extern void rml_data_labels(const RmlData *data, int64 block, double *labels);
extern void rml_data_more(const RmlData *data, int64 block, int number, double *words);

/* A column as its distribution has it: numbers, booleans as 0 and 1, codes of texts, times as seconds since 1970; NaN is NULL. */
typedef struct RmlDataColumn
{
	const char *name;			/* the recipe's */
	bool		is_boolean;
	RmlDictionary *dictionary;	/* of texts, else NULL */
} RmlDataColumn;

extern RmlDataColumn rml_data_column(const RmlData *data, int number);
extern void rml_data_read_column(const RmlData *data, int number, int64 block, double *values);

/*
 * Roles of all rows.  From now on only rows that are not hidden are there for fits, and for encodings of a target: those whose
 * role is neither RML_HELD_OUT nor the fold.  What was given is forgotten.
 */
#define RML_HELD_OUT PG_UINT16_MAX
extern void rml_data_hide(RmlData *data, const uint16 *roles, int fold);
extern bool rml_data_is_hidden(const RmlData *data, int64 row);

/* Those that are not hidden. */
extern int64 rml_data_rows(const RmlData *data);
extern int64 rml_data_all_rows(const RmlData *data);
extern bool rml_data_has_label(const RmlData *data);

/* A problem of the label of some row, with SQLSTATE; NULL: there is none. */
extern char *rml_data_label_problem(const RmlData *data, int *sqlstate);

/* Of all labels, for sums of them (exact.h). */
extern int	rml_data_label_scale(const RmlData *data);

/* Dictionaries of the columns, as rml_recipe_compile_operand() takes them; NULL for those that are no texts. */
extern RmlDictionary *const *rml_data_dictionaries(const RmlData *data);

/* The one of an operand that is a text, with all codes that its values have once a program of it is compiled; else NULL. */
extern RmlDictionary *rml_data_dictionary(const RmlData *data, const RmlOperand *operand);

/* What a step makes is taken from a spill, of one column and as many rows, wherever a program takes it for given. */
struct RmlSpill;
extern void rml_data_give(RmlData *data, int step, struct RmlSpill *spill);

/* A spill of so many columns for the same rows. */
extern struct RmlSpill *rml_data_new_spill(const RmlData *data, int n_columns);

/* MurmurHash3's last step: each bit of the result depends on all bits. */
static inline uint64
rml_mix_bits(uint64 x)
{
	x ^= x >> 33;
	x *= UINT64CONST(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64CONST(0xc4ceb9fe1a85ec53);
	x ^= x >> 33;
	return x;
}

/* Hashes of the rows of a block, and how many they are: of all columns that are read and the label: equal for equal values, whatever the order of rows. */
extern int	rml_data_hash(RmlData *data, int64 block, uint64 *hashes);

/* ---- outputs of a program ---- */

typedef struct RmlDataReader
{
	RmlData    *data;
	RmlProgram *program;
	bool		all_rows;		/* hidden ones, too */
	int64		block;			/* next one */
	int			n_rows;			/* of the last one */
	double	  **values;			/* of the outputs, each, in the last one */
	double	   *labels;			/* or NULL */
	int		   *sources;		/* of the program's inputs */
	double	   *inputs;			/* as they are read, one after the other */
	double	   *slots;
	double	   *outputs;
} RmlDataReader;

/* In the current memory context. */
extern RmlDataReader *rml_data_reader(RmlData *data, RmlProgram *program, bool with_labels);

/* The same of hidden rows, too. */
extern RmlDataReader *rml_data_reader_of_all(RmlData *data, RmlProgram *program, bool with_labels);

/* The next block; false: there is none. */
extern bool rml_data_next(RmlDataReader *reader);

extern void rml_data_reader_free(RmlDataReader *reader);

#endif
