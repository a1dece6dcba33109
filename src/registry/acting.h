/*
 * acting.h
 *	  SQL on the extension's tables as their owner, and the arguments of the
 *	  functions that run it.
 */
#ifndef RML_REGISTRY_ACTING_H
#define RML_REGISTRY_ACTING_H

/* Between begin and end, SQL runs as the owner of the extension's tables. */
typedef struct RmlOwnerScope
{
	Oid			caller;			/* the user who asked */
	int			saved_context;
	int			guc_level;
} RmlOwnerScope;

/* Becomes the owner of the table, with a safe search path, and connects SPI. */
extern void rml_act_begin(RmlOwnerScope *scope, Oid table);
extern void rml_act_end(RmlOwnerScope *scope);

/* A parameter of an SQL statement. */
typedef struct RmlParam
{
	Oid			type;
	Datum		value;
	bool		isnull;
} RmlParam;

extern RmlParam rml_param_int(int32 value);
extern RmlParam rml_param_bigint(int64 value);
extern RmlParam rml_param_text(const char *value);	/* NULL: SQL NULL */
extern RmlParam rml_param_oid(Oid type, Oid value);
extern RmlParam rml_param_datum(Oid type, Datum value, bool isnull);

/* Runs a statement; returns the number of rows.  Results are in SPI_tuptable. */
extern uint64 rml_sql(const char *sql, int n_params, const RmlParam *params);

/* The same for a statement that only reads: what its caller sees, on a standby too. */
extern uint64 rml_sql_read(const char *sql, int n_params, const RmlParam *params);

/* The same, seeing what is committed by now in a transaction with an older snapshot too. */
extern uint64 rml_sql_latest(const char *sql, int n_params, const RmlParam *params);

/* Column 1 of the first result row as an int; false if there is no row or it is NULL. */
extern bool rml_sql_int(int32 *value);

/* A text argument that must not be NULL: 22004 naming the parameter. */
#define RML_TEXT_ARG(n, parameter) rml_text_arg(fcinfo, n, parameter)
struct FunctionCallInfoBaseData;
extern char *rml_text_arg(struct FunctionCallInfoBaseData *fcinfo, int n, const char *parameter);
extern int32 rml_int_arg(struct FunctionCallInfoBaseData *fcinfo, int n, const char *parameter);

#endif
