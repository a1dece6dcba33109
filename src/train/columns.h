/*
 * columns.h
 *	  Columns of the queries of a training: which are features, and what the others are for.
 */
#ifndef RML_TRAIN_COLUMNS_H
#define RML_TRAIN_COLUMNS_H

#include "access/tupdesc.h"

#include "registry/column_value.h"
#include "train/arguments.h"
#include "transform/dictionary.h"

/* A column of a query. */
typedef struct RmlTrainColumn
{
	const char *name;			/* NULL: there is none */
	Oid			type;
	Oid			collation;
	RmlColumnKind kind;			/* of the elements if it is an array */
	bool		is_array;
	int			place;			/* in the statement's result, from 0 */
} RmlTrainColumn;

/* A query: what is read of it, in the order of the statement's result. */
typedef struct RmlTrainQuery
{
	const char *noun;			/* for messages: "the query" */
	const char *from;			/* SQL behind FROM, with the alias source */
	const char *sql;			/* the statement */
	int			n_places;		/* columns of its result */
	TupleDesc	desc;			/* of all columns of the query */
	int			n;				/* columns that are features or, with a recipe, that it reads */
	RmlTrainColumn *columns;
	RmlTrainColumn label;
	RmlTrainColumn label_upper;
	RmlTrainColumn weight;
	RmlTrainColumn group;
	RmlTrainColumn validation;	/* a boolean: true is held out */
} RmlTrainQuery;

/* How rows are held out. */
typedef struct RmlTrainSplit
{
	double		fraction;		/* 0: none */
	const char *column;			/* or NULL */
	const char *query;			/* or NULL */
} RmlTrainSplit;

/* ---- SPI is connected for these ---- */

/* Finds the query's columns but those that features are of, and says what "validation" is. */
extern void rml_train_query_open(RmlTrainQuery *query, const RmlTrainArguments *arguments, RmlTrainSplit *split);

/*
 * Finds the columns that are features; 42702 for a name that is there twice, 42804 for a type that cannot be read.  Then the statement is
 * there.
 */
extern void rml_train_query_find_features(RmlTrainQuery *query, const RmlTrainArguments *arguments);

/* With a recipe, in the place of that: the columns of the query that it reads. */
extern void rml_train_query_take(RmlTrainQuery *query, const char *const *names, int n);

/* The query of rows that are held out: the same columns, of types that are read alike; names as above, or NULL. */
extern void rml_train_query_open_like(RmlTrainQuery *query, const RmlTrainQuery *model, const char *sql, const char *const *names);

/* For messages. */
extern const char *rml_train_type_name(const RmlTrainColumn *column);

#endif
