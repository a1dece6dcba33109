/*
 * obstacles.c
 *	  What keeps a version from being promoted.
 *
 * The view riskml.version_obstacle knows; here it is put into words.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"

#include "registry/obstacles.h"

static char *
field(uint64 row, int number)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number);
}

/* Appends 'gates "a", "b" failed' for those with this obstacle. */
static void
summarise(StringInfo summary, const char *obstacle, const char *of_one, const char *of_many)
{
	StringInfoData names;
	int			n = 0;

	initStringInfo(&names);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		if (strcmp(field(i, 2), obstacle) == 0)
			appendStringInfo(&names, "%s\"%s\"", n++ > 0 ? ", " : "", field(i, 1));
	}
	if (n > 0)
		appendStringInfo(summary, "%s%s %s %s", summary->len > 0 ? "; " : "", n == 1 ? "gate" : "gates", names.data, n == 1 ? of_one : of_many);
	pfree(names.data);
}

/* To plan the view takes longer than all else that a promotion does, and most models have nothing to show there. */
static bool
has_gates(const char *model)
{
	RmlParam	name = rml_param_text(model);

	return rml_sql("SELECT FROM riskml.model_gates g JOIN riskml.model m USING (model_id) WHERE m.name = $1", 1, &name) > 0;
}

bool
rml_find_obstacles(const char *model, int32 version, RmlObstacles *obstacles)
{
	RmlParam	params[2] = {rml_param_text(model), rml_param_int(version)};
	StringInfoData summary;
	StringInfoData detail;

	if (!has_gates(model) ||
		rml_sql("SELECT o.gate, o.obstacle, o.detail FROM riskml.version_obstacle o JOIN riskml.model m USING (model_id)\n"
				"WHERE m.name = $1 AND o.version = $2 ORDER BY o.position", 2, params) == 0)
		return false;
	initStringInfo(&summary);
	initStringInfo(&detail);
	summarise(&summary, "failed", "failed", "failed");
	summarise(&summary, "stale", "is stale", "are stale");
	summarise(&summary, "not run", "was not run", "were not run");
	obstacles->gates = summary.len > 0 ? pstrdup(summary.data) : NULL;
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		const char *gate = field(i, 1);

		if (gate == NULL)
			appendStringInfo(&summary, "%sit is not approved", summary.len > 0 ? "; " : "");
		appendStringInfo(&detail, "%s%s: %s.", i > 0 ? "\n" : "", gate ? psprintf("Gate \"%s\"", gate) : "Approval", field(i, 3));
	}
	obstacles->summary = summary.data;
	obstacles->detail = detail.data;
	return true;
}
