/*
 * site.h
 *	  What one call of a scoring function in a query keeps between rows: the
 *	  models it has met, pinned, and how rows are read for them.
 */
#ifndef RML_SCORE_SITE_H
#define RML_SCORE_SITE_H

#include "fmgr.h"

#include "kernel/kernel.h"
#include "registry/cache.h"
#include "score/match.h"
#include "score/raw.h"

/* A feature and the argument that it is read from; a recipe's columns are RmlRawReads. */
typedef struct RmlColumnRead
{
	int			feature;
	RmlMatch match;
} RmlColumnRead;

/* How features are read from values that come as arguments. */
typedef struct RmlColumns
{
	int			n_reads;
	int			n_slots;		/* values that the arguments name */
	bool		in_order;		/* value i is feature i, float8 */
	bool		in_parts;		/* the values come as float8[] of many */
	int			n_raw;			/* in the place of reads, of a model with a recipe */
	RmlRawRead *raw;			/* or NULL */
	RmlColumnRead reads[FLEXIBLE_ARRAY_MEMBER];
} RmlColumns;

/* One model at one call site. */
typedef struct RmlSiteModel
{
	text	   *ref;			/* the argument, as given */
	RmlStatementKey key;		/* of the statement it was resolved for */
	RmlBinding	binding;
	RmlModel   *model;			/* pinned */
	const RmlKernel *kernel;	/* as riskml.kernel was when the statement began */
	float	   *row;			/* n_features, filled per call */
	double	   *slots;			/* of which a recipe makes the row; or NULL */
	float	   *margins;		/* n_outputs, likewise */
	const RmlMatch *matches;	/* for the row type below, or NULL */
	const RmlRawRead *raw;		/* of the same, with a recipe */
	int			n_raw;
	uint64		row_type;		/* typcache's identifier of it */
	AttrNumber	last_column;	/* that is read of such a row */
	AttrNumber *float8_columns; /* of the features, if all are float8, else NULL */
	void	   *own_row_type;	/* what matches are in, unless that is kept with the model */
	RmlColumns *columns;		/* for its arguments, or NULL */
	bool		columns_last;	/* for all rows */
	bool		columns_kept;	/* with the model, for others */
	struct RmlSiteExplain *explain; /* what explain.c keeps, or NULL */
	uint64		last_used;
} RmlSiteModel;

/*
 * The model that argument 0 refers to, for the current statement and user.
 * With pinned_only, any other form than the pinned one raises 22023.
 */
extern RmlSiteModel *rml_site_model(FunctionCallInfo fcinfo, bool pinned_only);

/* The model that any reference refers to. */
extern RmlSiteModel *rml_site_model_of(FunctionCallInfo fcinfo, text *reference, bool pinned_only);

/* Fills entry->matches for a row type; raises what does not match. */
extern void rml_site_match_row(RmlSiteModel *entry, FunctionCallInfo fcinfo, TupleDesc desc, Oid type,
							   int32 typmod);

/* Makes entry->row of entry->slots, which are filled as far as the recipe's reads go. */
extern void rml_site_transform(RmlSiteModel *entry);

/* Fill site->row from argument 1; raise what is wrong with it. */
extern void rml_site_read_record(RmlSiteModel *site, FunctionCallInfo fcinfo);
extern void rml_site_read_array(RmlSiteModel *site, FunctionCallInfo fcinfo);
extern void rml_site_read_jsonb(RmlSiteModel *site, FunctionCallInfo fcinfo, bool lenient);

/* The same from an object that is no argument. */
extern void rml_site_read_object(RmlSiteModel *site, Jsonb *jsonb, bool lenient);

/* A matched column's value, not NULL, for a feature. */
extern float rml_site_value(const RmlSiteModel *entry, int feature,
							const RmlMatch *match, Datum value);

/*
 * Is an argument the same for as long as the call site is kept?  A parameter
 * is not: PL/pgSQL keeps an expression's state while its variables change.
 */
extern bool rml_site_arg_is_constant(FunctionCallInfo fcinfo, int arg);

/* Raises what is wrong with a match, if anything is. */
extern void rml_raise_fault(const RmlMatch *match);

#endif
