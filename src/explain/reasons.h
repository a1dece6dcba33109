/*
 * reasons.h
 *	  Which contributions to a score speak against an applicant, and in what order.
 *
 * What is explained are items, each with its contribution to the margin.  The
 * items of a group are one reason, whose contribution is their sum.
 */
#ifndef RML_EXPLAIN_REASONS_H
#define RML_EXPLAIN_REASONS_H

#include <stdbool.h>

typedef struct RmlReasonItem
{
	int			group;			/* 0 ... n_groups - 1 */
	bool		excluded;		/* is no reason, nor a part of one */
	bool		decrease;		/* adverse is what lowers the margin, not what raises it */
} RmlReasonItem;

typedef struct RmlReason
{
	int			item;			/* the most adverse of its items */
	int			first;			/* of its items */
	double		contribution;	/* of all its items to the margin */
	double		adverse;		/* the same, positive, in steps */
	double		most;			/* of its items, in steps */
} RmlReason;

/*
 * The adverse reasons, the most adverse first, ties by position; returns how many.
 * There is room for n_groups of them.
 *
 * Amounts are compared in steps of 2^-20 to 2^-21 of the largest contribution, which
 * is less than contributions are exact to: what differs by rounding alone is a
 * tie, and what is a rounding error alone is no reason.
 */
extern int	rml_reasons_find(const RmlReasonItem *items, const double *contributions, int n_items,
							 int n_groups, RmlReason *reasons);

#endif
