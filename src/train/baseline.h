/*
 * baseline.h
 *	  Distributions of the inputs and scores of a training, as riskml.set_baseline() would take them.
 */
#ifndef RML_TRAIN_BASELINE_H
#define RML_TRAIN_BASELINE_H

#include <math.h>

#include "lib/stringinfo.h"

#include "stats/sketch.h"
#include "transform/dictionary.h"

/* A NaN that stands for NULL beside those that do not. */
#define RML_BASELINE_NULL UINT64CONST(0x7FF8000052D3A1E5)

static inline double
rml_baseline_null(void)
{
	uint64		bits = RML_BASELINE_NULL;
	double		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline bool
rml_baseline_is_null(double value)
{
	uint64		bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits == RML_BASELINE_NULL;
}

extern RmlSketch *rml_baseline_sketch(bool of_texts);

/* Each gives the sketch, which may have moved. */
extern RmlSketch *rml_baseline_number(RmlSketch *sketch, double value);
extern RmlSketch *rml_baseline_text(RmlSketch *sketch, const RmlDictionary *dictionary, int code, int64 rows);
extern RmlSketch *rml_baseline_boolean(RmlSketch *sketch, double value);	/* NaN is NULL */

/* All rows are within this, though a sample may not be. */
extern void rml_baseline_widen(RmlSketch *sketch, double least, double greatest);

/* "name": {...}, behind a comma if the object has others. */
extern void rml_baseline_append(StringInfo json, const char *name, RmlSketch *sketch);

#endif
