/*
 * batch.h
 *	  The rows that a load has read, for the statements that write them.
 *
 * They are in a tuplestore, which keeps to work_mem, and known to SQL as the
 * relation riskml_batch while SPI is connected.
 */
#ifndef RML_LOAD_BATCH_H
#define RML_LOAD_BATCH_H

#include "load/plan.h"

typedef struct RmlBatch
{
	struct Tuplestorestate *rows;
	TupleDesc	columns;
	uint64		read;			/* rows of the source */
	bool		has_maximum;
	Datum		maximum;		/* of the watermark, but for NULL, NaN and infinity */
} RmlBatch;

#define RML_BATCH "riskml_batch"

/*
 * Runs the SQL that reads the source, with a parameter where its type is not
 * InvalidOid; an error if a key is NULL.
 */
extern void rml_batch_read(const RmlLoad *load, const char *sql, Oid type, Datum value, RmlBatch *batch);

/* Keeps of the rows of one key the latest by the watermark; without one, they are an error. */
extern void rml_batch_make_unique(const RmlLoad *load, RmlBatch *batch);

extern void rml_batch_free(RmlBatch *batch);

#endif
