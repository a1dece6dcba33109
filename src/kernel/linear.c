/*
 * linear.c
 *	  Margins of a linear model (gblinear).
 *
 * Source: GBLinear::Pred of XGBoost 1.0.0 to 3.4.1: bias and base margin
 * first, then value times weight feature by feature, missing ones skipped,
 * each step rounded to float32.
 */
#include "kernel/kernel.h"

void
rml_linear_margins(const RmlImage *image, const float *row, float *margins)
{
	int			n_features = image->header->n_features;
	int			n_outputs = image->header->n_outputs;
	const float *weights = image->weights;
	const float *biases = weights + (size_t) n_features * n_outputs;

	for (int i = 0; i < n_outputs; i++)
		margins[i] = biases[i] + image->base_margin[i];
	for (int f = 0; f < n_features; f++, weights += n_outputs)
	{
		float		x = row[f];

		if (x != x)
			continue;
		for (int i = 0; i < n_outputs; i++)
			margins[i] += x * weights[i];
	}
}
