/*
 * types.c
 *	  The types of expectations by their names, and those that are refused.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/varlena.h"

#include "quality/types.h"

#define NO_ORDER "the rows of a relation have no order; compare with lag() in an unexpected_rows_expectation"
#define PYTHON "it is defined by a library of Python; use a regex, or SQL in an unexpected_rows_expectation"

static const RmlType refused[] = {
	{.name = "expect_column_values_to_be_increasing", .class = RML_CLASS_REFUSED, .reason = NO_ORDER},
	{.name = "expect_column_values_to_be_decreasing", .class = RML_CLASS_REFUSED, .reason = NO_ORDER},
	{.name = "expect_column_values_to_be_dateutil_parseable", .class = RML_CLASS_REFUSED, .reason = PYTHON},
	{.name = "expect_column_values_to_match_json_schema", .class = RML_CLASS_REFUSED, .reason = PYTHON},
	{.name = "expect_column_pair_cramers_phi_value_to_be_less_than", .class = RML_CLASS_REFUSED, .reason = "Great Expectations has its name, but does not implement it"},
	{.name = NULL}
};

static const RmlType *const tables[] = {
	rml_table_types, rml_map_types, rml_aggregate_types, rml_distinct_types, rml_multi_types, rml_divergence_types, refused
};

const RmlType *
rml_type_find(const char *name)
{
	for (int i = 0; i < (int) lengthof(tables); i++)
	{
		for (const RmlType *type = tables[i]; type->name != NULL; type++)
		{
			if (strcmp(type->name, name) == 0)
				return type;
		}
	}
	return NULL;
}

const char *
rml_type_nearest(const char *name)
{
	const char *best = rml_map_types[0].name;
	int			best_distance = INT_MAX;
	int			length = (int) Min(strlen(name), 100);

	for (int i = 0; i < (int) lengthof(tables); i++)
	{
		for (const RmlType *type = tables[i]; type->name != NULL; type++)
		{
			int			distance = varstr_levenshtein(name, length, type->name, (int) strlen(type->name), 1, 1, 1, true);

			if (distance < best_distance && type->class != RML_CLASS_REFUSED)
			{
				best_distance = distance;
				best = type->name;
			}
		}
	}
	return best;
}
