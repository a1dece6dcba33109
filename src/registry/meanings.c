/*
 * meanings.c
 *	  What references mean, as one session has found and all others may use.
 *
 * A new session would open three tables and their indexes to learn what the
 * session before has learned, which takes longer than all else that its first
 * score does; and after a promotion each session would do so at once.
 *
 * Each reference has one place, by its hash, which the latest answer takes: so
 * nothing has to be thrown away.  An answer whose stamp is not the one that is
 * asked for is none.  The table's OID tells a registry from the one before a
 * DROP EXTENSION; it is looked up as any name is, and so by whoever may see it.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "registry/meanings.h"

#define N_PLACES 256

/* Behind the stamp, what decides about the place. */
typedef struct Key
{
	uint64		stamp;
	Oid			database;
	Oid			registry;		/* riskml.model_alias */
	RmlRef		ref;			/* as parsed, which leaves no byte unset */
} Key;

typedef struct Place
{
	Key			key;			/* of zeros: empty */
	RmlMeaning	meaning;
} Place;

static Place *places = NULL;
static LWLock *lock = NULL;

Size
rml_meanings_size(void)
{
	return sizeof(Place) * N_PLACES;
}

void
rml_meanings_attach(void *memory, LWLock *memory_lock)
{
	places = memory;
	lock = memory_lock;
}

/* Where the answer is, if it is anywhere, and the key that it has. */
static Place *
place_of(const RmlRef *ref, uint64 stamp, Key *key)
{
	memset(key, 0, sizeof(*key));
	key->stamp = stamp;
	key->database = MyDatabaseId;
	key->registry = rml_catalog_table(RML_TAB_ALIAS);
	memcpy(&key->ref, ref, sizeof(RmlRef));
	return &places[hash_bytes((const unsigned char *) &key->database, sizeof(Key) - offsetof(Key, database)) % N_PLACES];
}

bool
rml_meanings_find(const RmlRef *ref, uint64 stamp, RmlMeaning *meaning)
{
	Key			key;
	const Place *place = place_of(ref, stamp, &key);
	bool		found;

	LWLockAcquire(lock, LW_SHARED);
	found = memcmp(&place->key, &key, sizeof(Key)) == 0;
	if (found)
		*meaning = place->meaning;
	LWLockRelease(lock);
	return found;
}

void
rml_meanings_keep(const RmlRef *ref, uint64 stamp, const RmlMeaning *meaning)
{
	Key			key;
	Place	   *place = place_of(ref, stamp, &key);

	LWLockAcquire(lock, LW_EXCLUSIVE);
	place->key = key;
	place->meaning = *meaning;
	LWLockRelease(lock);
}
