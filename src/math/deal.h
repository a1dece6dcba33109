/*
 * deal.h
 *	  Which rows are held out, or to which fold they belong: by what is in them, not by their order.
 */
#ifndef RML_MATH_DEAL_H
#define RML_MATH_DEAL_H

#include <stdint.h>

/* A row, or a group of rows that stays together. */
typedef struct RmlDealt
{
	uint64_t	hash;			/* of what is in it: rml_deal_values() */
	int32_t		stratum;		/* its class; 0 if rows are not dealt by class */
	int32_t		role;			/* the result: 0 for training, 1 held out; of folds 1 to n */
	int64_t		position;		/* among all: 0 to n - 1 */
} RmlDealt;

/* Called now and then, if it is not NULL: it may leave with an error. */
typedef void (*RmlDealLook) (void);

/* Mixes a value, as bits, into a hash that began with the seed. */
extern uint64_t rml_deal_mix(uint64_t hash, uint32_t bits);

/* Mixes values into it: all NaN are one. */
extern uint64_t rml_deal_values(uint64_t hash, const float *values, int n);

/* Sorts the rows and gives them roles; afterwards they are by position again.  fraction: of each stratum, rounded. */
extern void rml_deal_fraction(RmlDealt *rows, int64_t n, double fraction, RmlDealLook look);
extern void rml_deal_folds(RmlDealt *rows, int64_t n, int folds, RmlDealLook look);

#endif
