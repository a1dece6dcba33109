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
	struct EphemeralNamedRelationData *relation;	/* as which SQL sees the rows */
	uint64		read;			/* rows of the source */
	bool		has_maximum;
	Datum		maximum;		/* of the watermark, but for NULL, NaN and infinity */
	bool		may_repeat;		/* there may be rows of the same key */
	bool		was_cut;		/* one such came after others had been written: the load has to begin anew */
} RmlBatch;

#define RML_BATCH "riskml_batch"

typedef void (*RmlWriteBatch) (const RmlLoad *load, RmlCounts *counts);

/* What is run to read the source. */
typedef struct RmlReading
{
	const char *sql;
	Oid			type;			/* of its parameter; InvalidOid: it has none */
	Datum		value;
	RmlWriteBatch write;		/* writes rows while others are read, piece by piece; NULL: all are kept */
	RmlCounts  *counts;			/* of write */
} RmlReading;

/* Reads the source; an error if a key is NULL.  What is left to be written is the batch. */
extern void rml_batch_read(const RmlLoad *load, const RmlReading *reading, RmlBatch *batch);

/* Keeps of the rows of one key the latest by the watermark; without one, they are an error. */
extern void rml_batch_make_unique(const RmlLoad *load, RmlBatch *batch);

extern void rml_batch_free(RmlBatch *batch);

#endif
