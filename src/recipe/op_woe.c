/*
 * op_woe.c
 *	  Weight of evidence.
 */
#include "postgres.h"

#include "recipe/op.h"

const RmlOp rml_ops_woe[] = {
	{.name = NULL}
};
