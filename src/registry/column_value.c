/*
 * column_value.c
 *	  Kinds of columns, and how a Datum of them becomes a number, a text or a time.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "registry/column_value.h"
#include "transform/calendar.h"
#include "transform/murmur3.h"

RmlColumnKind
rml_column_kind(Oid type)
{
	Oid			base;

	switch (type)
	{
		case BOOLOID:
			return RML_COLUMN_BOOL;
		case INT2OID:
			return RML_COLUMN_INT2;
		case INT4OID:
			return RML_COLUMN_INT4;
		case INT8OID:
			return RML_COLUMN_INT8;
		case FLOAT4OID:
			return RML_COLUMN_FLOAT4;
		case FLOAT8OID:
			return RML_COLUMN_FLOAT8;
		case NUMERICOID:
			return RML_COLUMN_NUMERIC;
		case UNKNOWNOID:
			return RML_COLUMN_UNTYPED;
		case TEXTOID:
		case VARCHAROID:
			return RML_COLUMN_TEXT;
		case BPCHAROID:
			return RML_COLUMN_BPCHAR;
		case NAMEOID:
			return RML_COLUMN_NAME;
		case DATEOID:
			return RML_COLUMN_DATE;
		case TIMESTAMPOID:
			return RML_COLUMN_TIMESTAMP;
		case TIMESTAMPTZOID:
			return RML_COLUMN_TIMESTAMPTZ;
		default:
			break;
	}
	/* most types need no lookup */
	base = getBaseType(type);
	if (base != type)
		return rml_column_kind(base);
	return get_typtype(type) == TYPTYPE_ENUM ? RML_COLUMN_ENUM : RML_COLUMN_UNREADABLE;
}

bool
rml_is_number_kind(RmlColumnKind kind)
{
	return kind >= RML_COLUMN_UNTYPED && kind <= RML_COLUMN_NUMERIC;
}

bool
rml_is_label_kind(RmlColumnKind kind)
{
	return kind == RML_COLUMN_UNTYPED || (kind >= RML_COLUMN_TEXT && kind <= RML_COLUMN_ENUM);
}

bool
rml_is_time_kind(RmlColumnKind kind)
{
	return kind == RML_COLUMN_UNTYPED || kind >= RML_COLUMN_DATE;
}

double
rml_column_number(RmlColumnKind kind, Datum value)
{
	switch (kind)
	{
		case RML_COLUMN_BOOL:
			return DatumGetBool(value) ? 1.0 : 0.0;
		case RML_COLUMN_INT2:
			return DatumGetInt16(value);
		case RML_COLUMN_INT4:
			return DatumGetInt32(value);
		case RML_COLUMN_INT8:
			return (double) DatumGetInt64(value);
		case RML_COLUMN_FLOAT4:
			return DatumGetFloat4(value);
		case RML_COLUMN_FLOAT8:
			return DatumGetFloat8(value);
		case RML_COLUMN_NUMERIC:
			/* through float8, as Python does */
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
		default:
			pg_unreachable();
	}
}

float
rml_column_value(RmlColumnKind kind, Datum value)
{
	/* a large one must not be rounded twice */
	if (kind == RML_COLUMN_INT8)
		return (float) DatumGetInt64(value);
	return (float) rml_column_number(kind, value);
}

/* ---- texts ---- */

double
rml_text_hash(const char *text, int length)
{
	char	   *utf8;
	uint32		hash;

	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return rml_murmur3_32(text, (size_t) length, 0);
	/* the text itself if it is empty */
	utf8 = pg_server_to_any(text, length, PG_UTF8);
	hash = rml_murmur3_32(utf8, utf8 == text ? (size_t) length : strlen(utf8), 0);
	if (utf8 != text)
		pfree(utf8);
	return hash;
}

/* ---- labels of enums ---- */

/* A label of an enum, that need not be looked up in the catalog for each row. */
typedef struct EnumLabel
{
	Oid			value;			/* InvalidOid: none */
	int			length;
	NameData	name;
} EnumLabel;

#define ENUM_LABELS 256

static EnumLabel *enum_labels = NULL;

/* One may have been renamed. */
static void
forget_enum_labels(Datum arg, int cache, uint32 hash)
{
	(void) arg;
	(void) cache;
	(void) hash;
	for (int i = 0; i < ENUM_LABELS; i++)
		enum_labels[i].value = InvalidOid;
}

static const EnumLabel *
enum_label(Oid value)
{
	EnumLabel  *label;
	char	   *name;

	if (enum_labels == NULL)
	{
		enum_labels = MemoryContextAllocZero(TopMemoryContext, sizeof(EnumLabel) * ENUM_LABELS);
		CacheRegisterSyscacheCallback(ENUMOID, forget_enum_labels, (Datum) 0);
	}
	label = &enum_labels[value % ENUM_LABELS];
	if (label->value != value)
	{
		name = DatumGetCString(DirectFunctionCall1(enum_out, ObjectIdGetDatum(value)));
		namestrcpy(&label->name, name);
		label->length = (int) strlen(name);
		label->value = value;
		pfree(name);
	}
	return label;
}

const char *
rml_column_label(RmlColumnKind kind, Datum value, int *length)
{
	const text *packed;
	const char *label;

	switch (kind)
	{
		case RML_COLUMN_TEXT:
		case RML_COLUMN_BPCHAR:
			packed = DatumGetTextPP(value);
			label = VARDATA_ANY(packed);
			*length = (int) VARSIZE_ANY_EXHDR(packed);
			/* a character(n) does not mean its padding */
			while (kind == RML_COLUMN_BPCHAR && *length > 0 && label[*length - 1] == ' ')
				(*length)--;
			return label;
		case RML_COLUMN_NAME:
			label = NameStr(*DatumGetName(value));
			break;
		case RML_COLUMN_ENUM:
			*length = enum_label(DatumGetObjectId(value))->length;
			return NameStr(enum_label(DatumGetObjectId(value))->name);
		default:				/* a literal without a type */
			label = DatumGetCString(value);
			break;
	}
	*length = (int) strlen(label);
	return label;
}

pg_tz *
rml_time_zone(const char *name)
{
	return pg_tzset(name);
}

/* A timestamp as it is. */
static double
clock_time(Timestamp time)
{
	return TIMESTAMP_IS_NOBEGIN(time) ? -INFINITY : TIMESTAMP_IS_NOEND(time) ? INFINITY : rml_calendar_time(time);
}

double
rml_local_time(int64 instant, pg_tz *zone)
{
	pg_time_t	time;
	const struct pg_tm *local;

	if (TIMESTAMP_NOT_FINITE(instant))
		return clock_time(instant);
	time = instant / USECS_PER_SEC - (instant % USECS_PER_SEC < 0) +
		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (pg_time_t) SECS_PER_DAY;
	local = pg_localtime(&time, zone);
	return rml_calendar_time(instant + (local == NULL ? 0 : local->tm_gmtoff * USECS_PER_SEC));
}

double
rml_column_time(RmlColumnKind kind, Datum value, pg_tz *zone)
{
	DateADT		date;

	if (kind == RML_COLUMN_TIMESTAMPTZ)
		return rml_local_time(DatumGetTimestampTz(value), zone);
	if (kind == RML_COLUMN_TIMESTAMP)
		return clock_time(DatumGetTimestamp(value));
	date = DatumGetDateADT(value);
	return DATE_IS_NOBEGIN(date) ? -INFINITY : DATE_IS_NOEND(date) ? INFINITY : (double) date * USECS_PER_DAY;
}
