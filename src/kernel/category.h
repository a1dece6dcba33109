/*
 * category.h
 *	  Where a split by category sends a code.
 */
#ifndef RML_KERNEL_CATEGORY_H
#define RML_KERNEL_CATEGORY_H

#include "model/image.h"

static inline bool
rml_set_contains(const uint32_t *codes, uint32_t n, uint32_t code)
{
	uint32_t	low = 0;
	uint32_t	high = n;

	while (low < high)
	{
		uint32_t	middle = (low + high) / 2;

		if (codes[middle] < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && codes[low] == code;
}

/* For a value that is not missing; see RML_IMAGE_ODD_* for codes that are none. */
static inline bool
rml_category_goes_left(const RmlImage *image, uint32_t begin, float x, bool default_left)
{
	uint32_t	flags = image->header->flags;
	const uint32_t *set = image->category_sets + begin;
	uint32_t	n = *set++;

	if (flags & RML_IMAGE_ODD_TRUNCATED)
	{
		if (x <= -1.0f || x >= RML_MAX_CATEGORY)
			return true;
	}
	else if (flags & RML_IMAGE_ODD_DEFAULT)
	{
		uint32_t	bits = (set[n - 1] / 32 + 1) * 32;

		if (x < 0.0f || x >= RML_MAX_CATEGORY || x >= (float) bits)
			return default_left;
	}
	else if (x < 0.0f || x >= RML_MAX_CATEGORY)
		return true;
	return !rml_set_contains(set, n, (uint32_t) (int32_t) x);
}

#endif
