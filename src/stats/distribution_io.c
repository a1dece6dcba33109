/*
 * distribution_io.c
 *	  Text, jsonb and binary form of distributions.
 *
 * The text is JSON:
 *	  {"kind": "numeric", "edges": [0, 1], "counts": [5], "underflow": 0, "overflow": 0, "nan": 0, "nulls": 0,
 *	   "min": 0.5, "max": 1}
 *	  {"kind": "categorical", "values": ["a"], "counts": [5], "other": 0, "nulls": 0}
 * Each value has one text, whatever the session's settings.  Read is any JSON of that shape; what is not kind,
 * edges or values, and counts may be missing, and categories have any order.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "stats/distribution.h"
#include "stats/form.h"

RML_SQL_FUNCTION(riskml_distribution_in);
RML_SQL_FUNCTION(riskml_distribution_out);
RML_SQL_FUNCTION(riskml_distribution_recv);
RML_SQL_FUNCTION(riskml_distribution_send);
RML_SQL_FUNCTION(riskml_distribution_to_jsonb);
RML_SQL_FUNCTION(riskml_distribution_from_jsonb);

/* ---- writing ---- */

static void
write_categories(StringInfo out, const RmlDistribution *d)
{
	for (int i = 0; i < d->n; i++)
	{
		uint32		length;
		const char *text = rml_category(d, i, &length);

		rml_write_text(out, i, text, length);
	}
}

static char *
distribution_text(const RmlDistribution *d)
{
	StringInfoData out;

	initStringInfo(&out);
	if (d->kind == RML_NUMERIC)
	{
		appendStringInfoString(&out, "{\"kind\": \"numeric\", \"edges\": [");
		rml_write_floats(&out, rml_edges(d), d->n + 1);
	}
	else
	{
		appendStringInfoString(&out, "{\"kind\": \"categorical\", \"values\": [");
		write_categories(&out, d);
	}
	appendStringInfoString(&out, "], \"counts\": [");
	rml_write_counts(&out, d->counts, d->n);
	if (d->kind == RML_NUMERIC)
	{
		appendStringInfo(&out, "], \"underflow\": " INT64_FORMAT ", \"overflow\": " INT64_FORMAT ", \"nan\": " INT64_FORMAT ", \"nulls\": " INT64_FORMAT,
						 d->underflow, d->overflow, d->nans, d->nulls);
		rml_write_range(&out, d->min, d->max);
	}
	else
		appendStringInfo(&out, "], \"other\": " INT64_FORMAT ", \"nulls\": " INT64_FORMAT, d->overflow, d->nulls);
	appendStringInfoChar(&out, '}');
	return out.data;
}

Datum
riskml_distribution_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(distribution_text(PG_GETARG_DISTRIBUTION(0)));
}

Datum
riskml_distribution_to_jsonb(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(distribution_text(PG_GETARG_DISTRIBUTION(0))));
}

/* ---- reading ---- */

static const char *const fields[] = {"kind", "edges", "values", "counts", "underflow", "overflow", "nan", "nulls", "min", "max", "other", NULL};

static RmlDistribution *
read_numeric(const RmlForm *in)
{
	int			n_edges,
				n;
	float8	   *edges = rml_form_floats(in, "edges", &n_edges);
	int64	   *counts = rml_form_counts(in, "counts", &n);
	RmlDistribution *d;

	rml_edges_check(edges, n_edges);
	if (n != n_edges - 1)
		rml_form_fail(in, psprintf("there are %d counts for %d edges; there must be one less", n, n_edges));
	d = rml_numeric_new(n);
	memcpy(rml_edges(d), edges, sizeof(float8) * (Size) n_edges);
	memcpy(d->counts, counts, sizeof(int64) * (Size) n);
	d->underflow = rml_form_count(in, "underflow");
	d->overflow = rml_form_count(in, "overflow");
	d->nans = rml_form_count(in, "nan");
	rml_form_range(in, &d->min, &d->max);
	return d;
}

static RmlDistribution *
read_categorical(const RmlForm *in)
{
	int			n_values,
				n;
	RmlCategory *values = rml_form_texts(in, "values", &n_values);
	int64	   *counts = rml_form_counts(in, "counts", &n);
	RmlDistribution *d;

	if (n != n_values)
		rml_form_fail(in, psprintf("there are %d counts for %d values", n, n_values));
	for (int i = 0; i < n; i++)
		values[i].count = counts[i];
	qsort(values, (size_t) n, sizeof(RmlCategory), rml_compare_categories);
	d = rml_categorical_of(values, n);
	d->overflow = rml_form_count(in, "other");
	return d;
}

static RmlDistribution *
read_distribution(Jsonb *json)
{
	RmlForm	in;
	RmlDistribution *d;
	const char *kind;

	rml_form_open(&in, json, "distribution", fields);
	kind = rml_form_text(&in, "kind");
	if (strcmp(kind, "numeric") == 0)
	{
		rml_form_refuse(&in, "values", "other", NULL);
		d = read_numeric(&in);
	}
	else if (strcmp(kind, "categorical") == 0)
	{
		rml_form_refuse(&in, "edges", "underflow", "overflow", "nan", "min", "max", NULL);
		d = read_categorical(&in);
	}
	else
		rml_form_fail(&in, psprintf("kind \"%s\" is neither \"numeric\" nor \"categorical\"", kind));
	d->nulls = rml_form_count(&in, "nulls");
	rml_distribution_check(d);
	return d;
}

Datum
riskml_distribution_in(PG_FUNCTION_ARGS)
{
	Datum		json = DirectFunctionCall1(jsonb_in, PG_GETARG_DATUM(0));

	PG_RETURN_POINTER(read_distribution(DatumGetJsonbP(json)));
}

Datum
riskml_distribution_from_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(read_distribution(PG_GETARG_JSONB_P(0)));
}

/* ---- binary: version, kind, n, then fields in the order of the struct ---- */

Datum
riskml_distribution_send(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, d->version);
	pq_sendbyte(&out, d->kind);
	pq_sendint32(&out, (uint32) d->n);
	pq_sendint64(&out, (uint64) d->nulls);
	pq_sendint64(&out, (uint64) d->nans);
	pq_sendint64(&out, (uint64) d->underflow);
	pq_sendint64(&out, (uint64) d->overflow);
	pq_sendfloat8(&out, d->min);
	pq_sendfloat8(&out, d->max);
	for (int i = 0; i < d->n; i++)
		pq_sendint64(&out, (uint64) d->counts[i]);
	if (d->kind == RML_NUMERIC)
		for (int i = 0; i <= d->n; i++)
			pq_sendfloat8(&out, rml_edges(d)[i]);
	else
		for (int i = 0; i < d->n; i++)
		{
			uint32		length;
			const char *text = rml_category(d, i, &length);

			rml_send_text(&out, text, length);
		}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

pg_noreturn static void
refuse_bytes(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid distribution: %s", what)));
}

static RmlCategory *
receive_categories(StringInfo in, int n)
{
	RmlCategory *values = palloc(sizeof(RmlCategory) * (Size) Max(n, 1));

	for (int i = 0; i < n; i++)
		values[i].text = rml_receive_text(in, &values[i].length);
	return values;
}

Datum
riskml_distribution_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	RmlDistribution rest = {0};
	RmlDistribution *d;
	int64	   *counts;
	int			version = pq_getmsgbyte(in);

	if (version != RML_DISTRIBUTION_VERSION)
		refuse_bytes(psprintf("version %d is not known", version));
	rest.kind = (uint8) pq_getmsgbyte(in);
	rest.n = (int32) pq_getmsgint(in, 4);
	if ((rest.kind != RML_NUMERIC && rest.kind != RML_CATEGORICAL) || rest.n < 0 || rest.n > RML_MAX_BINS)
		refuse_bytes("wrong kind or number of bins");
	rest.nulls = pq_getmsgint64(in);
	rest.nans = pq_getmsgint64(in);
	rest.underflow = pq_getmsgint64(in);
	rest.overflow = pq_getmsgint64(in);
	rest.min = pq_getmsgfloat8(in);
	rest.max = pq_getmsgfloat8(in);
	counts = palloc(sizeof(int64) * (Size) Max(rest.n, 1));
	for (int i = 0; i < rest.n; i++)
		counts[i] = pq_getmsgint64(in);
	if (rest.kind == RML_NUMERIC)
	{
		d = rml_numeric_new(rest.n);
		for (int i = 0; i <= rest.n; i++)
			rml_edges(d)[i] = pq_getmsgfloat8(in);
		memcpy(d->counts, counts, sizeof(int64) * (Size) rest.n);
		d->min = rest.min == 0 ? 0 : rest.min;	/* not -0 */
		d->max = rest.max == 0 ? 0 : rest.max;
		d->nans = rest.nans;
		d->underflow = rest.underflow;
	}
	else
	{
		RmlCategory *values = receive_categories(in, rest.n);

		if (rest.nans != 0 || rest.underflow != 0)
			refuse_bytes("categories have no NaN and no underflow");
		for (int i = 0; i < rest.n; i++)
			values[i].count = counts[i];
		/* another encoding than the sender's may have another order */
		qsort(values, (size_t) rest.n, sizeof(RmlCategory), rml_compare_categories);
		d = rml_categorical_of(values, rest.n);
	}
	d->nulls = rest.nulls;
	d->overflow = rest.overflow;
	rml_distribution_check(d);
	PG_RETURN_POINTER(d);
}
