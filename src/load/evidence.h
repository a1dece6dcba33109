/*
 * evidence.h
 *	  Why a load failed: rows that it refused, kept beyond its transaction.
 *
 * They are in memory while the load goes on.  If it fails, whoever records the
 * failure has them written in a transaction of its own.
 */
#ifndef RML_LOAD_EVIDENCE_H
#define RML_LOAD_EVIDENCE_H

#include "load/quarantine.h"

/* A load begins; what one before it has left is gone. */
extern void rml_evidence_begin(const RmlIngestor *ingestor);

/* Keeps a row, unless there are many already. */
extern void rml_evidence_add(const RmlBadRow *row);

/* The first reasons as text, for a message; NULL: there are none. */
extern char *rml_evidence_text(void);

extern bool rml_evidence_exists(void);

/* Writes what there is, with state 'failed', in the current transaction, and forgets it. */
extern void rml_evidence_write(void);
extern void rml_evidence_forget(void);

#endif
