/*
 * identity.c
 *	  Identity of a model version: SHA-256 over what determines its scores.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "port/pg_bswap.h"

#include "registry/identity.h"

#define DOMAIN "riskml identity 1"

/* The hash context belongs to PostgreSQL's resource owner, so errors free it. */
struct RmlIdentityState
{
	pg_cryptohash_ctx *hash;
};

static void
hash_failed(RmlIdentityState *state)
{
	elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(state->hash));
}

void
rml_identity_add(RmlIdentityState *state, const void *data, size_t size)
{
	if (pg_cryptohash_update(state->hash, data, size) < 0)
		hash_failed(state);
}

static void
add_number(RmlIdentityState *state, uint64 number)
{
	uint64		bytes = pg_hton64(number);

	rml_identity_add(state, &bytes, sizeof(bytes));
}

static void
add_text(RmlIdentityState *state, const char *text)
{
	add_number(state, strlen(text));
	rml_identity_add(state, text, strlen(text));
}

RmlIdentityState *
rml_identity_begin(uint64 source_size)
{
	RmlIdentityState *state = palloc(sizeof(RmlIdentityState));

	state->hash = pg_cryptohash_create(PG_SHA256);
	if (state->hash == NULL || pg_cryptohash_init(state->hash) < 0)
		hash_failed(state);
	add_text(state, DOMAIN);
	add_number(state, source_size);
	return state;
}

void
rml_identity_end(RmlIdentityState *state, const RmlIdentityParts *parts,
				 uint8 identity[RML_IDENTITY_SIZE])
{
	add_text(state, parts->recipe != NULL ? parts->recipe : "");
	add_number(state, (uint64) parts->n_feature_names);
	for (int i = 0; i < parts->n_feature_names; i++)
		add_text(state, parts->feature_names[i]);
	add_text(state, parts->options);
	if (pg_cryptohash_final(state->hash, identity, RML_IDENTITY_SIZE) < 0)
		hash_failed(state);
	pg_cryptohash_free(state->hash);
	pfree(state);
}

void
rml_recipe_hash(const char *recipe, uint8 hash[RML_IDENTITY_SIZE])
{
	RmlIdentityState state = {.hash = pg_cryptohash_create(PG_SHA256)};

	if (state.hash == NULL || pg_cryptohash_init(state.hash) < 0)
		hash_failed(&state);
	rml_identity_add(&state, recipe, strlen(recipe));
	if (pg_cryptohash_final(state.hash, hash, RML_IDENTITY_SIZE) < 0)
		hash_failed(&state);
	pg_cryptohash_free(state.hash);
}
