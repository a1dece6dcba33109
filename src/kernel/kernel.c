/*
 * kernel.c
 *	  The one place where a kernel is chosen.
 */
#include "kernel/kernel.h"

#include <string.h>

const RmlKernel rml_kernels[] = {
	{"scalar", rml_scalar_add_margins},
	{NULL, NULL},
};

const RmlKernel *
rml_kernel_choose(const RmlImage *image, const char *name)
{
	(void) image;
	if (name == NULL)
		return &rml_kernels[0];
	for (const RmlKernel *k = rml_kernels; k->name != NULL; k++)
	{
		if (strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}
