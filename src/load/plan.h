/*
 * plan.h
 *	  What a load is to do: its options, and which column of the source goes
 *	  where.
 *
 * The rows of the source are read once, into a batch (batch.h) whose columns
 * have the types of the target's already.
 */
#ifndef RML_LOAD_PLAN_H
#define RML_LOAD_PLAN_H

#include "access/tupdesc.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"

#include "load/source.h"

typedef enum RmlMode
{
	RML_APPEND,
	RML_UPSERT,
	RML_REPLACE,
	RML_SCD2
} RmlMode;

/* What a watermark counts. */
typedef enum RmlWatermarkKind
{
	RML_WATERMARK_NONE,
	RML_WATERMARK_TIMESTAMPTZ,
	RML_WATERMARK_TIMESTAMP,
	RML_WATERMARK_DATE,
	RML_WATERMARK_NUMBER,
	RML_WATERMARK_XMIN			/* the transaction that wrote a row */
} RmlWatermarkKind;

/* A column of the source, of the target and of the batch, which has them in this order. */
typedef struct RmlColumn
{
	char	   *name;
	AttrNumber	source;
	AttrNumber	target;
	bool		key;
} RmlColumn;

typedef struct RmlLoad
{
	/* options */
	RmlMode		mode;
	List	   *key;			/* names */
	char	   *watermark;		/* NULL: none */
	char	   *watermark_lag;
	bool		unlogged_ok;

	RmlSource	source;
	Relation	target;
	char	   *target_name;	/* with schema and quotes */
	int			n_columns;
	RmlColumn  *columns;		/* those that are written */
	bool		key_is_unique;	/* by an index of the target */
	bool		source_is_unique;	/* no two rows of the source have the same key */

	RmlWatermarkKind watermark_kind;
	AttrNumber	watermark_column;	/* of the source; 0: none, or xmin */
	Oid			watermark_type;
	AttrNumber	watermark_in_batch; /* its number there, of watermark_type; 0: none */

	struct _SPI_plan **piece_plan;	/* of the statement that writes a piece, once it is there; NULL: no pieces */
} RmlLoad;

/* What became of the rows. */
typedef struct RmlCounts
{
	uint64		read;
	uint64		inserted;
	uint64		updated;
	uint64		deleted;
	uint64		closed;			/* versions */
} RmlCounts;

extern void rml_load_options(RmlLoad *load, Jsonb *options);

/* Opens the target and settles columns and watermark, before a row is read; errors name the column. */
extern void rml_load_plan(RmlLoad *load, Oid target);

/* Of the batch, behind the written columns: the watermark, where none of them has it. */
#define RML_WATERMARK_NAME "riskml watermark"

/* Columns of scd2. */
#define RML_VALID_FROM "valid_from"
#define RML_VALID_TO "valid_to"
#define RML_IS_CURRENT "is_current"

/* The number of a column of the target by which scd2 keeps versions; 0: it has none. */
extern AttrNumber rml_version_column(const RmlLoad *load, const char *name);

#endif
