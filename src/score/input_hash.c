/*
 * input_hash.c
 *	  SHA-256 of what a model reads of a row.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

#include "registry/server.h"
#include "score/input_hash.h"

#define DOMAIN "riskml inputs 1"

/* The hash context belongs to PostgreSQL's resource owner, so errors free it. */
static void
add(pg_cryptohash_ctx *hash, const void *data, size_t size)
{
	if (pg_cryptohash_update(hash, data, size) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(hash));
}

static void
add_bits(pg_cryptohash_ctx *hash, uint64 bits)
{
	uint64		bytes = pg_hton64(bits);

	add(hash, &bytes, sizeof(bytes));
}

static void
add_text(pg_cryptohash_ctx *hash, const char *text, size_t length)
{
	char	   *utf8 = rml_to_utf8(text, length);

	add_bits(hash, strlen(utf8));
	add(hash, utf8, strlen(utf8));
}

static void
add_number(pg_cryptohash_ctx *hash, double number)
{
	uint64		bits;

	if (isnan(number))
	{
		add(hash, "m", 1);
		return;
	}
	if (number == 0)
		number = 0;				/* without a sign */
	memcpy(&bits, &number, sizeof(bits));
	add(hash, "n", 1);
	add_bits(hash, bits);
}

/* Does the recipe read a text? */
static bool
is_text(const RmlTransformRead *read)
{
	return read->input->read_as == RML_READ_CATEGORY || read->input->read_as == RML_READ_HASH;
}

/* A recipe's column; the row is that which was matched. */
static void
add_column(pg_cryptohash_ctx *hash, const RmlSiteModel *entry, int column, HeapTuple tuple, TupleDesc desc)
{
	const RmlTransform *transform = entry->model->inputs.transform;
	const RmlTransformRead *read = &transform->reads[transform->columns[column].first_read];
	const RmlMatch *match = &entry->matches[column];
	bool		isnull;
	Datum		value;
	const char *label;
	int			length;

	if (!is_text(read))
	{
		/* more than one: a time, by the clocks of several zones */
		for (int i = 0; i < transform->columns[column].n_reads; i++)
			add_number(hash, entry->slots[read[i].slot]);
		return;
	}
	value = heap_getattr(tuple, match->attno, desc, &isnull);
	if (isnull)
	{
		add(hash, "m", 1);
		return;
	}
	label = rml_column_label(match->kind, value, &length);
	add(hash, "t", 1);
	add_text(hash, label, (size_t) length);
}

static void
add_columns(pg_cryptohash_ctx *hash, const RmlSiteModel *entry, FunctionCallInfo fcinfo)
{
	const RmlInputs *inputs = &entry->model->inputs;
	HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(1);
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple;

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	for (int i = 0; i < inputs->n; i++)
	{
		add_text(hash, inputs->names[i], strlen(inputs->names[i]));
		add_column(hash, entry, i, &tuple, desc);
	}
	ReleaseTupleDesc(desc);
}

void
rml_hash_inputs(const RmlSiteModel *entry, FunctionCallInfo fcinfo, char hex[RML_HEX_HASH_SIZE])
{
	const RmlInputs *inputs = &entry->model->inputs;
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	uint8		digest[RML_IDENTITY_SIZE];

	if (hash == NULL || pg_cryptohash_init(hash) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(hash));
	add_text(hash, DOMAIN, strlen(DOMAIN));
	add_bits(hash, (uint64) inputs->n);
	if (inputs->transform != NULL)
		add_columns(hash, entry, fcinfo);
	else
		for (int i = 0; i < inputs->n; i++)
		{
			add_text(hash, inputs->names[i], strlen(inputs->names[i]));
			add_number(hash, entry->row[i]);
		}
	if (pg_cryptohash_final(hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
	hex_encode((const char *) digest, sizeof(digest), hex);
	hex[2 * sizeof(digest)] = '\0';
}
