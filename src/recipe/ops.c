/*
 * ops.c
 *	  All operations.
 */
#include "postgres.h"

#include "recipe/op.h"
#include "registry/nearest.h"

static const RmlOp *const tables[] = {
	rml_ops_numeric, rml_ops_scale, rml_ops_time, rml_ops_category, rml_ops_encode, rml_ops_woe
};

const RmlOp *
rml_op_find(const char *name)
{
	for (int i = 0; i < (int) lengthof(tables); i++)
	{
		for (const RmlOp *op = tables[i]; op->name != NULL; op++)
		{
			if (strcmp(op->name, name) == 0)
				return op;
		}
	}
	return NULL;
}

const char *
rml_op_nearest(const char *name)
{
	const char *names[64];
	int			n = 0;
	int			distance;

	for (int i = 0; i < (int) lengthof(tables); i++)
	{
		for (const RmlOp *op = tables[i]; op->name != NULL && n < (int) lengthof(names); op++)
			names[n++] = op->name;
	}
	return rml_nearest_word(name, names, n, &distance);
}
