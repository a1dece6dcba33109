/*
 * op_time.c
 *	  Operations on moments.
 */
#include "postgres.h"

#include "recipe/op.h"

const RmlOp rml_ops_time[] = {
	{.name = NULL}
};
