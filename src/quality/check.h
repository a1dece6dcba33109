/*
 * check.h
 *	  Checks of a row's values: what riskml.judge_rows() is to find.
 *
 * A program is JSON:
 *		{"kept": 20, "checks": [{"of": [0], "unexpected": "outside", "low": "0"}, …]}
 * kept is how many unexpected values of each check are told; "of" numbers the
 * arguments of the call.  What is unexpected:
 *		"any null", "all null"	a null among them, nothing but nulls: only counted
 *		"outside"				a value that is below "low" or above "high", or with "strict_low" or
 *								"strict_high" as much
 *		"length outside"		the same of a text's characters
 *		"in", "not in"			one that is in "set", or not
 *		"not =", "not >", "not >="
 *								two of which the first is not that; in "ignored" rows, which are
 *								those with "any null" or "all null", nothing is
 *		"true"					the first of them is true; the others are told
 * Nulls are neither outside nor in or not in, and not compared by > and >=, but
 * are not = to anything.  Bounds and members are texts that the type's input
 * function reads.
 *
 * Verdicts are those of the type's operators: numbers and dates are compared as
 * these do, texts by their bytes for equality under a collation that is
 * deterministic, all else by the type's btree comparison.
 */
#ifndef RML_QUALITY_CHECK_H
#define RML_QUALITY_CHECK_H

#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* How values of a type are compared. */
typedef enum RmlOrder
{
	RML_ORDER_NONE,				/* not at all, or as rows, whose nulls are no nulls */
	RML_ORDER_INTEGERS,			/* by value, as an int64 */
	RML_ORDER_FLOATS,
	RML_ORDER_OTHERS			/* by the type's function */
} RmlOrder;

typedef struct RmlArgument
{
	Oid			type;			/* without domains */
	Oid			collation;
	RmlOrder	order;
	bool		is_row;
	FmgrInfo	compare;		/* of OTHERS */
	FmgrInfo	converter;		/* to JSON */
	char	   *room;			/* to unpack a short value; NULL: its functions take it as it is */
} RmlArgument;

typedef struct RmlBytes
{
	Size		length;
	const char *bytes;
} RmlBytes;

typedef struct RmlCheck RmlCheck;

struct RmlCheck
{
	bool		(*is_unexpected) (const RmlCheck *check, const NullableDatum *values);
	int			nulls_of;		/* the one argument whose nulls are counted, which is done in place; -1: another check */
	int			first;			/* numbers of its first arguments, */
	int			second;			/* or the same, if there is one */
	Oid			type;			/* the first one's type, */
	RmlArgument *a;				/* and what they are */
	RmlArgument *b;
	int64		lowest;			/* ranges: of integers, strictness included; */
	int64		highest;
	Datum		low;			/* of all others, */
	Datum		high;
	bool		has_low;
	bool		has_high;
	int			low_sign;		/* a comparison with low of no more than that is outside, */
	int			high_sign;		/* with high of at least that */
	int			n_members;		/* sets, sorted: */
	Datum	   *members;		/* of the compared type, */
	int64	   *integers;		/* of integers, */
	RmlBytes   *texts;			/* or of texts whose bytes are compared */
	bool		wanted;			/* is a member unexpected? */
	bool		equal;			/* pairs: a comparison that is not 0 is unexpected, */
	int			greatest;		/* or one of no more than that */
	bool		ignores_any;
	bool		ignores_all;
	bool		only_counts;
	const RmlArgument *arguments;	/* of the program */
	int			n_of;			/* numbers of all its arguments */
	int		   *of;
	int			told;			/* the first of them that is told */
};

typedef struct RmlProgram
{
	int			kept;
	int			n_arguments;
	RmlArgument *arguments;
	int			n;
	RmlCheck   *checks;
} RmlProgram;

/* How values of a type, which is none of a domain, are compared. */
extern RmlOrder rml_order_of(Oid type);

/* Can two columns be compared here? */
extern bool rml_are_comparable(Oid a_type, Oid a_collation, Oid b_type, Oid b_collation);

/* The type as which values to compare with are read. */
extern Oid	rml_compared_type(Oid type);

/* Reads a program for arguments (Expr *) in the current memory context.  22023 if it is none. */
extern RmlProgram *rml_program_read(Jsonb *program, const List *arguments);

#endif
