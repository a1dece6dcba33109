/*
 * column_value.h
 *	  Kinds of columns, and how a Datum of them becomes a number, a text or a time.
 *
 * No session setting matters: neither TimeZone nor DateStyle nor any locale.
 */
#ifndef RML_REGISTRY_COLUMN_VALUE_H
#define RML_REGISTRY_COLUMN_VALUE_H

#include "pgtime.h"

/* Types that differ in how their values are read; a domain is what it is over. */
typedef enum RmlColumnKind
{
	RML_COLUMN_UNREADABLE,
	RML_COLUMN_UNTYPED,			/* a literal without a type, mostly NULL, in ROW(...) */
	RML_COLUMN_BOOL,
	RML_COLUMN_INT2,
	RML_COLUMN_INT4,
	RML_COLUMN_INT8,
	RML_COLUMN_FLOAT4,
	RML_COLUMN_FLOAT8,
	RML_COLUMN_NUMERIC,
	RML_COLUMN_TEXT,			/* text, varchar */
	RML_COLUMN_BPCHAR,
	RML_COLUMN_NAME,
	RML_COLUMN_ENUM,
	RML_COLUMN_DATE,
	RML_COLUMN_TIMESTAMP,
	RML_COLUMN_TIMESTAMPTZ
} RmlColumnKind;

extern RmlColumnKind rml_column_kind(Oid type);

/* What can be read of such a column; each is true of an untyped literal, too. */
extern bool rml_is_number_kind(RmlColumnKind kind);
extern bool rml_is_label_kind(RmlColumnKind kind);
extern bool rml_is_time_kind(RmlColumnKind kind);

/* ---- texts ---- */

/* MurmurHash3_x86_32 of the text in UTF-8; of its bytes in a database whose encoding is SQL_ASCII. */
extern double rml_text_hash(const char *text, int length);

/* ---- values that are not NULL ---- */

/* A number or boolean; NaN where numeric has it. */
extern double rml_column_number(RmlColumnKind kind, Datum value);

/* The same as XGBoost would get it: rounded to float32 once. */
extern float rml_column_value(RmlColumnKind kind, Datum value);

/*
 * A text in the server's encoding, not terminated, without the padding of
 * character(n).  It lasts as long as the value, of an enum until the next call.
 */
extern const char *rml_column_label(RmlColumnKind kind, Datum value, int *length);

/* A time zone by its name; NULL if there is none of that name.  Lasts as long as the session. */
extern pg_tz *rml_time_zone(const char *name);

/* Microseconds since 2000-01-01 00:00 of the local clock; zone is that of instants (timestamptz). */
extern double rml_column_time(RmlColumnKind kind, Datum value, pg_tz *zone);

/* An instant, in microseconds since 2000-01-01 00:00 UTC, by the local clock. */
extern double rml_local_time(int64 instant, pg_tz *zone);

#endif
