/*
 * write.h
 *	  The statements that write a batch to the target: what the modes share.
 */
#ifndef RML_LOAD_WRITE_H
#define RML_LOAD_WRITE_H

#include "lib/stringinfo.h"

#include "load/plan.h"

/* ---- SQL ---- */

typedef enum RmlWhich
{
	RML_ALL,
	RML_KEY,
	RML_OTHERS					/* all but the key */
} RmlWhich;

/* a, b, c, each behind a prefix such as "excluded." */
extern void rml_add_names(StringInfo sql, const RmlLoad *load, RmlWhich which, const char *prefix);

/* Does the key of one relation equal that of another, by the operators of its types? */
extern void rml_add_same_key(StringInfo sql, const RmlLoad *load, const char *left, const char *right);

/* a = excluded.a, b = excluded.b: of all but the key */
extern void rml_add_assignments(StringInfo sql, const RmlLoad *load, const char *prefix);

/* Do rows differ in anything but the key, if only in their bytes?  Any type will do. */
extern void rml_add_differs(StringInfo sql, const RmlLoad *load, const char *left, const char *right);

/* Has the target columns besides the key that the source gives? */
extern bool rml_has_others(const RmlLoad *load);

/* "ONLY " where other tables inherit from the target. */
extern const char *rml_only(const RmlLoad *load);

/* Runs a statement; how many rows. */
extern uint64 rml_write(const char *sql);

/*
 * The same for the one statement that writes a batch, which is planned once for
 * all pieces; of rows that it returns, how many are true (NULL: it returns none).
 */
extern uint64 rml_write_batch(const RmlLoad *load, const char *sql, uint64 *n_true);

/* ---- locks ---- */

/* No other writer of the target until the transaction ends. */
extern void rml_keep_writers_out(const RmlLoad *load);

/* No other load of the target until then. */
extern void rml_keep_loads_out(const RmlLoad *load);

/* ---- modes ---- */

/* May a mode be called for some of the rows while others have not been read yet? */
extern bool rml_writes_in_pieces(const RmlLoad *load);

extern void rml_append(const RmlLoad *load, RmlCounts *counts);
extern void rml_upsert(const RmlLoad *load, RmlCounts *counts);
extern void rml_replace(const RmlLoad *load, RmlCounts *counts);
extern void rml_scd2(const RmlLoad *load, RmlCounts *counts);

#endif
