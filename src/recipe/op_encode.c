/*
 * op_encode.c
 *	  Operations that encode categories as numbers.
 */
#include "postgres.h"

#include "recipe/op.h"

const RmlOp rml_ops_encode[] = {
	{.name = NULL}
};
