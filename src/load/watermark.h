/*
 * watermark.h
 *	  How far a source has been loaded into a target: riskml.watermark.
 */
#ifndef RML_LOAD_WATERMARK_H
#define RML_LOAD_WATERMARK_H

#include "load/batch.h"

/* From where on a run reads. */
typedef struct RmlWatermark
{
	char	   *stored;			/* NULL: none yet */
	char	   *next;			/* of xmin: to be stored if all goes well */
	char	   *condition;		/* NULL: everything is read */
	Oid			type;			/* of the parameter $1 in it; InvalidOid: it has none */
	Datum		value;
} RmlWatermark;

/*
 * Locks the watermark until the transaction ends, so that other loads of the
 * source into the target wait, and says what is to be read.
 */
extern void rml_watermark_begin(const RmlLoad *load, RmlWatermark *watermark);

/* Moves it on behind the rows that were read; never back. */
extern void rml_watermark_advance(const RmlLoad *load, const RmlWatermark *watermark, const RmlBatch *batch);

#endif
