/*
 * exact.h
 *	  Sums that do not depend on the order of their terms.
 *
 * Terms become integers of 128 bits, of which the largest term of all has the highest: so no addition rounds.  Of a term, what is below
 * 2^-86 of the largest one is cut off.
 */
#ifndef RML_RECIPE_EXACT_H
#define RML_RECIPE_EXACT_H

#include <math.h>

/* Bits of a double behind its first, and for up to 2^40 terms. */
#define RML_EXACT_MANTISSA 52
#define RML_EXACT_ROWS 40

/* By how much the digits of the largest term are shifted. */
#define RML_EXACT_SHIFT (126 - RML_EXACT_ROWS - RML_EXACT_MANTISSA - 1)

/* The exponent of a finite number, at least 1: the largest of them all is the scale of their sum. */
static inline int
rml_exact_scale(double x)
{
	uint64		bits;

	memcpy(&bits, &x, sizeof(bits));
	return Max((int) (bits >> RML_EXACT_MANTISSA) & 0x7FF, 1);
}

/* A finite number as a term of a sum. */
static inline int128
rml_exact_term(double x, int scale)
{
	int			shift = rml_exact_scale(x) - scale + RML_EXACT_SHIFT;
	uint64		bits;
	int128		digits;

	memcpy(&bits, &x, sizeof(bits));
	digits = bits & ((UINT64CONST(1) << RML_EXACT_MANTISSA) - 1);
	if (((bits >> RML_EXACT_MANTISSA) & 0x7FF) != 0)
		digits |= (int128) 1 << RML_EXACT_MANTISSA;
	if (shift < 0)
		digits = shift > -64 ? digits >> -shift : 0;
	else
		digits <<= shift;
	return x < 0 ? -digits : digits;
}

static inline double
rml_exact_value(int128 sum, int scale)
{
	return ldexp((double) sum, scale - 1023 - RML_EXACT_MANTISSA - RML_EXACT_SHIFT);
}

#endif
