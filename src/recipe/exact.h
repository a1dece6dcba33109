/*
 * exact.h
 *	  Sums that do not depend on the order of their terms.
 *
 * Terms are looked at twice: first for the largest of them, then they are added up as integers of 128 bits, of which the highest
 * is that of the largest term.  So no addition rounds, and what a term has below 2^-86 of the largest one is cut off.
 */
#ifndef RML_RECIPE_EXACT_H
#define RML_RECIPE_EXACT_H

#include <limits.h>
#include <math.h>

#define RML_EXACT_ROWS 40		/* at most 2^40 terms */

typedef struct RmlExact
{
	int128		sum;
	int			exponent;		/* of the largest term */
} RmlExact;

/* What a sum is before its terms are looked at. */
static inline RmlExact
rml_exact_none(void)
{
	return (RmlExact) {.exponent = INT_MIN};
}

/* Looks at a term, which is finite. */
static inline void
rml_exact_look(RmlExact *sum, double x)
{
	int			exponent;

	if (x == 0)
		return;
	(void) frexp(x, &exponent);
	sum->exponent = Max(sum->exponent, exponent);
}

/* As an integer; one is 2^-shift. */
static inline int
rml_exact_shift(const RmlExact *sum)
{
	return 126 - RML_EXACT_ROWS - sum->exponent;
}

/* Adds a term that has been looked at. */
static inline void
rml_exact_add(RmlExact *sum, double x)
{
	int			exponent;
	int128		digits;

	if (x == 0)
		return;
	digits = (int128) ldexp(frexp(x, &exponent), 53);
	exponent += rml_exact_shift(sum) - 53;
	if (exponent >= 0)
		sum->sum += digits * ((int128) 1 << exponent);
	else if (exponent > -53)
		sum->sum += digits / ((int128) 1 << -exponent);
}

static inline double
rml_exact_value(const RmlExact *sum)
{
	return sum->sum == 0 ? 0 : ldexp((double) sum->sum, -rml_exact_shift(sum));
}

#endif
