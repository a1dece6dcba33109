/*
 * kind_load.c
 *	  Steps that load: of kind "load" a query's rows, of kind "ingest" files.
 *
 * The command is a JSON object with what CALL riskml.load() or
 * riskml.ingest() gets; what they tell becomes the step's output.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/regproc.h"

#include "job/context.h"
#include "job/kind.h"
#include "load/ingest.h"
#include "load/load.h"
#include "load/options.h"

typedef struct Command
{
	char	   *source;			/* or files */
	char	   *target;
	Jsonb	   *options;
} Command;

static void
require_text(const char *kind, const char *key, const char *value)
{
	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the command of a step of kind \"%s\" lacks \"%s\"", kind, key)));
}

static void
read_command(const char *kind, const char *source, const char *text, Command *command)
{
	const RmlOption known[] = {
		{source, RML_OPTION_TEXT, &command->source},
		{"target", RML_OPTION_TEXT, &command->target},
		{"options", RML_OPTION_JSON, &command->options},
	};

	if (text[strspn(text, " \t\r\n")] != '{')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the command of a step of kind \"%s\" must be a JSON object", kind),
				 errhint("For example {\"%s\": \"...\", \"target\": \"a_table\", \"options\": {}}.", source)));
	memset(command, 0, sizeof(*command));
	command->options = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	rml_read_options(psprintf("a step of kind \"%s\"", kind),
					 DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text))), known, lengthof(known));
	require_text(kind, source, command->source);
	require_text(kind, "target", command->target);
}

static void
run_command(RmlWork *work, const Command *command, RmlLoaded (*load) (const char *, Oid, Jsonb *))
{
	Oid			target = DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(command->target)));
	RmlLoaded	loaded = load(command->source, target, command->options);

	work->rows = loaded.rows;
	rml_context_set_output(loaded.summary);
}

void
rml_check_load(const char *text)
{
	Command		command;

	read_command("load", "source", text, &command);
}

void
rml_check_ingest(const char *text)
{
	Command		command;

	read_command("ingest", "files", text, &command);
}

void
rml_kind_load(RmlWork *work)
{
	Command		command;

	read_command("load", "source", work->command, &command);
	run_command(work, &command, rml_load);
}

void
rml_kind_ingest(RmlWork *work)
{
	Command		command;

	read_command("ingest", "files", work->command, &command);
	run_command(work, &command, rml_ingest);
}
