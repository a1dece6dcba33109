/*
 * extras.h
 *	  What a row of a training has beside its features: label, weight, group, role; checked as it is read.
 */
#ifndef RML_TRAIN_EXTRAS_H
#define RML_TRAIN_EXTRAS_H

#include "fmgr.h"

#include "train/columns.h"
#include "train/params.h"

/* In the order of the protocol. */
typedef enum RmlTrainExtra
{
	RML_EXTRA_LABEL,
	RML_EXTRA_LABEL_UPPER,
	RML_EXTRA_WEIGHT,
	RML_EXTRA_GROUP,			/* 1: the row begins one */
	RML_EXTRA_ROLE,				/* 1: held out */
	RML_N_EXTRAS
} RmlTrainExtra;

struct rml_groups_hash;

typedef struct RmlTrainExtras
{
	RmlTrainParams params;
	const RmlTrainQuery *query; /* that is being read */
	bool		held_out;		/* all of its rows */
	bool		has[RML_N_EXTRAS];
	int			n;				/* that there are */
	int64		rows;			/* of that query */
	int64		all_rows;
	int64		all_held_out;
	int64		null_labels;	/* of that query */
	double		least;			/* label of rows that are not held out */
	double		greatest;
	double		greatest_of_all;
	FmgrInfo	hash_group;
	uint64		group;			/* hash of the last one */
	struct rml_groups_hash *groups; /* hashes of those that there were */
} RmlTrainExtras;

/* has_roles: some rows are held out by a column or as they are of another query. */
extern void rml_extras_init(RmlTrainExtras *extras, const RmlTrainQuery *query, const RmlTrainParams *params, bool has_roles);

/* Reads the rows of this query from now on. */
extern void rml_extras_enter(RmlTrainExtras *extras, const RmlTrainQuery *query, bool held_out);

/* A row: places of those that there are, in their order.  22004, 22003 or 22023, naming the row, for one that cannot be. */
extern void rml_extras_row(RmlTrainExtras *extras, const Datum *values, const bool *nulls, double *row);

/* After the last row of a query: 22004 if labels are NULL, 22023 if there is no row. */
extern void rml_extras_leave(RmlTrainExtras *extras);

/* After the last row of all: 22023 if there is nothing to be learnt, or to be judged by. */
extern void rml_extras_finish(RmlTrainExtras *extras);

/* As CONFIG has it. */
extern char *rml_extras_names(const RmlTrainExtras *extras);

#endif
