/*
 * build.h
 *	  Makes a program of steps.
 *
 * Calls give slots, which are numbers.  What no output needs is left out in the end, so that calls may be made freely.
 */
#ifndef RML_RECIPE_BUILD_H
#define RML_RECIPE_BUILD_H

#include "recipe/reader.h"

typedef struct RmlBuilder RmlBuilder;

/* ---- slots of an operand ---- */
extern int	rml_build_number(RmlBuilder *b, const RmlOperand *operand);
extern int	rml_build_category(RmlBuilder *b, const RmlOperand *operand);	/* a number, or the code of a text */
extern int	rml_build_time(RmlBuilder *b, const RmlOperand *operand, const char *zone);
extern int	rml_build_hash(RmlBuilder *b, const RmlOperand *operand);	/* of a text: uint32 as double; NaN stays */

/*
 * The universal instruction of categories: a slot with values[i] where the operand is category i, `unknown` where it is none of
 * them, `missing` where it is missing (unless null is one of them).  strict: unknown is an error that names the step.
 */
extern int	rml_build_lookup(RmlBuilder *b, const RmlStep *step, const RmlOperand *operand, const RmlCategories *categories,
							 const double *values, double unknown, double missing, bool strict);

/*
 * Categories of the same kind: those that are not kept become `other` (NULL: all are kept), missing ones `for_missing` (NULL: they
 * stay).  A step whose feature is a text makes it with one such call, of which its hash is made, too.
 */
extern int	rml_build_relabel(RmlBuilder *b, const RmlStep *step, const RmlOperand *operand, const RmlCategories *kept,
							  const RmlCategory *other, const RmlCategory *for_missing);

/* While a program for training is built, the slot of the values that the caller has of this step; else -1. */
extern int	rml_build_given(RmlBuilder *b, const RmlStep *step);

/* ---- instructions on slots ---- */
extern int	rml_build_unary(RmlBuilder *b, RmlOpcode opcode, int a, double p, double q);
extern int	rml_build_binary(RmlBuilder *b, RmlOpcode opcode, int a, int c);

/* RML_DO_BUCKET (values NULL) and RML_DO_BUCKET_VALUE (n_edges + 1 values). */
extern int	rml_build_table(RmlBuilder *b, RmlOpcode opcode, int a, const double *edges, int n_edges, const double *values);

/* function(a, p); a missing value stays.  It must be pure. */
extern int	rml_build_function(RmlBuilder *b, RmlNumberFunction function, int a, double p);

/* values[i] where a is numbers[i], else what is in slot `otherwise`. */
extern int	rml_build_special(RmlBuilder *b, int a, const double *numbers, const double *values, int n, int otherwise);

/* n slots, the first of which is returned: slot i is 1 where a is i, else 0.  Missing, or -1, is no slot's number. */
extern int	rml_build_scatter(RmlBuilder *b, int a, int n);

/* The feature of the step is in this slot. */
extern void rml_build_feature(RmlBuilder *b, const RmlStep *step, int feature, int slot);

#endif
