/*
 * database.c
 *	  Commands on whole databases, which a scheduler must not be in the way of:
 *	  DROP, RENAME, SET TABLESPACE, and CREATE with a template.
 *
 * They fail while somebody else is connected.  So the scheduler is asked to
 * leave, and the launcher lets none begin there for some seconds.  Steps that
 * are running stay: they are work, and DROP ... WITH (FORCE) ends them.
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/syscache.h"
#include "utils/wait_event.h"
#include "catalog/pg_authid.h"

#include "compat.h"
#include "job/board.h"
#include "job/database.h"

#define PATIENCE 5000			/* milliseconds */
#define PAUSE 20

static ProcessUtility_hook_type previous_hook = NULL;

/* Waits until the scheduler of a database is gone, or for some seconds. */
static void
send_scheduler_away(Oid database)
{
	for (int waited = 0; rml_board_ask_to_leave(database) && waited < PATIENCE; waited += PAUSE)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, PAUSE, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static bool
may_create_databases(void)
{
	HeapTuple	role = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
	bool		may = HeapTupleIsValid(role) && ((Form_pg_authid) GETSTRUCT(role))->rolcreatedb;

	if (HeapTupleIsValid(role))
		ReleaseSysCache(role);
	return may || superuser();
}

/* The template that CREATE DATABASE names, or its default. */
static const char *
template_of(const CreatedbStmt *statement)
{
	ListCell   *cell;

	foreach(cell, statement->options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "template") == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return "template1";
}

/* The database that nobody else may be in, for this command; NULL: any command else. */
static const char *
database_of(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_DropdbStmt:
			return ((const DropdbStmt *) statement)->dbname;
		case T_RenameStmt:
			return ((const RenameStmt *) statement)->renameType == OBJECT_DATABASE
				? ((const RenameStmt *) statement)->subname : NULL;
		case T_AlterDatabaseStmt:
			{
				ListCell   *cell;

				foreach(cell, ((const AlterDatabaseStmt *) statement)->options)
				{
					if (strcmp(lfirst_node(DefElem, cell)->defname, "tablespace") == 0)
						return ((const AlterDatabaseStmt *) statement)->dbname;
				}
				return NULL;
			}
		case T_CreatedbStmt:
			return template_of((const CreatedbStmt *) statement);
		default:
			return NULL;
	}
}

static void
make_way(const Node *statement)
{
	const char *name = database_of(statement);
	Oid			database = name != NULL ? get_database_oid(name, true) : InvalidOid;

	/* who may not do it anyway is nobody to make way for */
	if (OidIsValid(database) && database != MyDatabaseId &&
		(IsA(statement, CreatedbStmt) ? may_create_databases() : rml_owns_database(database)))
		send_scheduler_away(database);
}

static void
process_utility(PlannedStmt *statement, const char *query, bool read_only, ProcessUtilityContext context,
				ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *done)
{
	if (context == PROCESS_UTILITY_TOPLEVEL)
		make_way(statement->utilityStmt);
	if (previous_hook)
		previous_hook(statement, query, read_only, context, params, environment, dest, done);
	else
		standard_ProcessUtility(statement, query, read_only, context, params, environment, dest, done);
}

void
rml_database_init(void)
{
	previous_hook = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}
