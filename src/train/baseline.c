/*
 * baseline.c
 *	  Distributions of the inputs and scores of a training, as riskml.set_baseline() would take them.
 */
#include "postgres.h"

#include "utils/json.h"

#include "stats/watch.h"
#include "train/baseline.h"

/* What riskml.set_baseline() takes by default. */
#define BINS 10
#define CATEGORIES 100

RmlSketch *
rml_baseline_sketch(bool of_texts)
{
	return of_texts ? rml_category_sketch_new(CATEGORIES) : rml_key_sketch_new(BINS);
}

RmlSketch *
rml_baseline_number(RmlSketch *sketch, double value)
{
	if (rml_baseline_is_null(value))
	{
		sketch->nulls++;
		return sketch;
	}
	return rml_key_sketch_put(sketch, value);
}

static RmlSketch *
add_text(RmlSketch *sketch, const char *text, int length, int64 rows)
{
	return rml_category_sketch_add(sketch, rml_category_hash(text, (uint32) length), text, (uint32) length, rows);
}

RmlSketch *
rml_baseline_text(RmlSketch *sketch, const RmlDictionary *dictionary, int code, int64 rows)
{
	int			length;
	const char *text = rml_dictionary_text(dictionary, code, &length);

	return add_text(sketch, text, length, rows);
}

RmlSketch *
rml_baseline_boolean(RmlSketch *sketch, double value)
{
	if (isnan(value))
	{
		sketch->nulls++;
		return sketch;
	}
	return value != 0 ? add_text(sketch, "true", 4, 1) : add_text(sketch, "false", 5, 1);
}

void
rml_baseline_widen(RmlSketch *sketch, double least, double greatest)
{
	/* without a number, there are no bins */
	if (sketch->n == 0 && sketch->n_waiting == 0)
		return;
	sketch->min = Min(sketch->min, least);
	sketch->max = Max(sketch->max, greatest);
}

void
rml_baseline_append(StringInfo json, const char *name, RmlSketch *sketch)
{
	RmlDistribution *distribution = sketch->kind == RML_NUMERIC ? rml_key_sketch_distribution(sketch) : rml_category_sketch_distribution(sketch);

	if (json->data[json->len - 1] != '{')
		appendStringInfoString(json, ", ");
	escape_json(json, name);
	appendStringInfo(json, ": %s", rml_distribution_text(distribution));
	pfree(distribution);
	pfree(sketch);
}
