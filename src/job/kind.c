/*
 * kind.c
 *	  The kinds of steps.
 */
#include "postgres.h"

#include "job/kind.h"

static const RmlKind kinds[] = {
	{"sql", true, rml_kind_sql, NULL},
	{"sql_no_transaction", false, rml_kind_sql_no_transaction, NULL},
	{"wait", true, rml_kind_wait, NULL},
	{"load", true, rml_kind_load, rml_check_load},
	{"ingest", true, rml_kind_ingest, rml_check_ingest},
	{"expect", true, rml_kind_expect, rml_check_expect},
	{"train", false, rml_kind_train, rml_check_train},
};

const RmlKind *
rml_kind_by_name(const char *name)
{
	for (int i = 0; i < (int) lengthof(kinds); i++)
	{
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	return NULL;
}
