/*
 * resolve.c
 *	  What a model reference means to one statement and one user.
 *
 * The version is looked up at run time under the statement's snapshot, never
 * kept in a plan: so a promotion becomes visible exactly as any committed row
 * does, and no statement mixes two versions, its parallel workers included.
 * What was found is kept for as long as no snapshot could see anything else
 * (changes.h), which spares a lookup by key more time than its score takes,
 * and other sessions may use it (meanings.h).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/hot.h"
#include "compat.h"
#include "registry/changes.h"
#include "registry/meanings.h"
#include "registry/resolve.h"

/* References that are kept. */
#define MAX_KNOWN 16

typedef struct Known
{
	RmlRef		ref;			/* as parsed, which leaves no byte unset */
	uint64		stamp;			/* of the latest change that the lookup saw */
	uint64		epoch;			/* of the registry's tables */
	uint64		last_used;
	RmlBinding	binding;		/* model is 0: nothing is kept here */
	bool		has_scorers;	/* are they looked up?  Not for an owner. */
	List	   *scorers;		/* roles with the privilege "score" */
} Known;

static Known known[MAX_KNOWN];
static uint64 use_counter = 0;

/*
 * Every SQL command runs under a snapshot; only code that calls functions
 * outside of one (an index build's odd corner) does not.
 */
Snapshot
rml_statement_snapshot(void)
{
	return ActiveSnapshotSet() ? GetActiveSnapshot() : GetTransactionSnapshot();
}

RML_HOT void
rml_statement_key(RmlStatementKey *key)
{
	Snapshot	snapshot = rml_statement_snapshot();

	memset(key, 0, sizeof(*key));
	key->xmin = snapshot->xmin;
	key->xmax = snapshot->xmax;
	key->xcnt = snapshot->xcnt;
	key->subxcnt = snapshot->subxcnt;
	key->curcid = snapshot->curcid;
	key->in_recovery = snapshot->takenDuringRecovery;
	key->lxid = rml_my_lxid();
	key->subxid = GetCurrentSubTransactionId();
	key->user = GetUserId();
}

bool
rml_statement_key_equal(const RmlStatementKey *a, const RmlStatementKey *b)
{
	return a->xmin == b->xmin && a->xmax == b->xmax && a->xcnt == b->xcnt &&
		a->subxcnt == b->subxcnt && a->curcid == b->curcid &&
		a->lxid == b->lxid && a->subxid == b->subxid && a->user == b->user &&
		a->in_recovery == b->in_recovery;
}

pg_noreturn static void
report_unknown_model(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" does not exist", name),
			 errhint("Import it with riskml.import_model(); riskml.models lists the models you may use.")));
}

void
rml_resolve_model(const char *name, Snapshot snapshot, RmlModelRow *row)
{
	if (!rml_catalog_find_model(name, snapshot, row))
		report_unknown_model(name);
}

/* A role that was dropped after the grant counts as nobody. */
RML_HOT static bool
is_granted(const RmlModelRow *row, const List *grantees, Oid role)
{
	ListCell   *cell;

	if (has_privs_of_role(role, row->owner))
		return true;
	foreach(cell, grantees)
	{
		if (!OidIsValid(lfirst_oid(cell)) || has_privs_of_role(role, lfirst_oid(cell)))
			return true;
	}
	return false;
}

static void
require_granted(const RmlModelRow *row, const List *grantees, const char *name, Oid role,
				const char *privilege)
{
	if (!is_granted(row, grantees, role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for model \"%s\"", name),
				 errdetail("Role \"%s\" does not have the privilege \"%s\".",
						   GetUserNameFromId(role, true), privilege),
				 errhint("Its owner can give it with riskml.grant_model().")));
}

bool
rml_has_privilege(const RmlModelRow *row, Oid role, const char *privilege, Snapshot snapshot)
{
	return is_granted(row, rml_catalog_grantees(row->model_id, privilege, snapshot), role);
}

void
rml_require(const RmlModelRow *row, const char *name, Oid role,
			const char *privilege, Snapshot snapshot)
{
	require_granted(row, rml_catalog_grantees(row->model_id, privilege, snapshot), name, role,
					privilege);
}

static void
read_version(HeapTuple tuple, TupleDesc desc, void *arg)
{
	RmlBinding *binding = arg;
	bool		isnull;
	bytea	   *identity = DatumGetByteaPP(heap_getattr(tuple, RML_VERSION_IDENTITY,
														desc, &isnull));

	if (VARSIZE_ANY_EXHDR(identity) != RML_IDENTITY_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("identity of model \"%s\" version %d is damaged",
						binding->name, binding->version)));
	memcpy(binding->identity, VARDATA_ANY(identity), RML_IDENTITY_SIZE);
	binding->has_recipe = !heap_attisnull(tuple, RML_VERSION_RECIPE, desc);
}

/* Looks up what there is; what is not stays 0, and false is returned. */
static bool
look_up(const RmlRef *ref, Snapshot snapshot, RmlBinding *binding)
{
	memset(binding, 0, sizeof(*binding));
	memcpy(binding->name, ref->name, sizeof(binding->name));
	if (!rml_catalog_find_model(ref->name, snapshot, &binding->model))
		return false;
	binding->version = ref->version;
	if (ref->version == 0 &&
		!rml_catalog_find_alias(binding->model.model_id, ref->alias, snapshot, &binding->version))
		return false;
	return rml_catalog_with_version(binding->model.model_id, binding->version, snapshot,
									read_version, binding);
}

static bool
has_other_identity(const RmlRef *ref, const RmlBinding *binding)
{
	return ref->pinned && memcmp(ref->pin, binding->identity, RML_PIN_BYTES) != 0;
}

/* ---- what is kept ---- */

static Known *
least_recently_used(void)
{
	Known	   *oldest = &known[0];

	for (int i = 1; i < MAX_KNOWN; i++)
	{
		if (known[i].last_used < oldest->last_used)
			oldest = &known[i];
	}
	return oldest;
}

static Known *
find_known(const RmlRef *ref, uint64 stamp)
{
	for (int i = 0; i < MAX_KNOWN; i++)
	{
		Known	   *entry = &known[i];

		if (entry->binding.model.model_id != 0 && entry->stamp == stamp &&
			entry->epoch == rml_catalog_epoch() && memcmp(&entry->ref, ref, sizeof(RmlRef)) == 0)
			return entry;
	}
	return NULL;
}

static void
keep_scorers(Known *entry, const List *scorers)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	entry->scorers = list_copy(scorers);
	entry->has_scorers = true;
	MemoryContextSwitchTo(caller);
}

static void
keep(Known *entry, const RmlRef *ref, uint64 stamp, uint64 epoch, const RmlMeaning *meaning)
{
	List	   *scorers = NIL;

	list_free(entry->scorers);
	entry->scorers = NIL;
	entry->has_scorers = false;
	entry->ref = *ref;
	entry->stamp = stamp;
	entry->epoch = epoch;
	entry->binding = meaning->binding;
	for (int i = 0; i < meaning->n_scorers; i++)
		scorers = lappend_oid(scorers, meaning->scorers[i]);
	if (meaning->n_scorers != RML_SCORERS_UNKNOWN)
		keep_scorers(entry, scorers);
}

/* Tells other sessions, unless the tables may be others since. */
static void
share(const Known *entry)
{
	RmlMeaning	meaning = {.binding = entry->binding, .n_scorers = RML_SCORERS_UNKNOWN};
	ListCell   *cell;

	if (entry->epoch != rml_catalog_epoch())
		return;
	if (entry->has_scorers && list_length(entry->scorers) <= RML_MAX_SCORERS)
	{
		meaning.n_scorers = 0;
		foreach(cell, entry->scorers)
			meaning.scorers[meaning.n_scorers++] = lfirst_oid(cell);
	}
	rml_meanings_keep(&entry->ref, entry->stamp, &meaning);
}

/* The roles that may score with what is known; none is looked for on behalf of an owner. */
RML_HOT static const List *
known_scorers(Known *entry, Snapshot snapshot)
{
	if (entry->has_scorers || has_privs_of_role(GetUserId(), entry->binding.model.owner))
		return entry->scorers;
	keep_scorers(entry, rml_catalog_grantees(entry->binding.model.model_id, "score", snapshot));
	share(entry);
	return entry->scorers;
}

/* What another session has found, or the tables say; NULL: nothing that may be kept. */
static Known *
learn(const RmlRef *ref, Snapshot snapshot, uint64 stamp)
{
	uint64		epoch = rml_catalog_epoch();
	RmlMeaning	meaning = {.n_scorers = RML_SCORERS_UNKNOWN};
	bool		found = rml_meanings_find(ref, stamp, &meaning);
	Known	   *entry;

	if (!found && (!look_up(ref, snapshot, &meaning.binding) || has_other_identity(ref, &meaning.binding)))
		return NULL;
	entry = least_recently_used();
	keep(entry, ref, stamp, epoch, &meaning);
	if (!found)
		share(entry);
	return entry;
}

/* What is known of the reference, looked up if it may be kept; NULL: ask the tables. */
RML_HOT static Known *
get_known(const RmlRef *ref, Snapshot snapshot)
{
	uint64		stamp;
	Known	   *entry;

	if (!rml_changes_settled(snapshot, &stamp))
		return NULL;
	/* as opening a table does: news of roles, and of the tables themselves */
	AcceptInvalidationMessages();
	entry = find_known(ref, stamp);
	if (entry == NULL)
		entry = learn(ref, snapshot, stamp);
	if (entry != NULL)
		entry->last_used = ++use_counter;
	return entry;
}

/* ---- resolving ---- */

bool
rml_try_resolve(const RmlRef *ref, RmlBinding *binding)
{
	Snapshot	snapshot = rml_statement_snapshot();
	Known	   *found = get_known(ref, snapshot);

	if (found != NULL)
	{
		*binding = found->binding;
		return is_granted(&binding->model, known_scorers(found, snapshot), GetUserId());
	}
	return look_up(ref, snapshot, binding) && !has_other_identity(ref, binding) &&
		is_granted(&binding->model, rml_catalog_grantees(binding->model.model_id, "score", snapshot),
				   GetUserId());
}

void
rml_resolve_for(const RmlRef *ref, const char *privilege, RmlBinding *binding)
{
	Snapshot	snapshot = rml_statement_snapshot();
	bool		found = look_up(ref, snapshot, binding);

	if (binding->model.model_id == 0)
		report_unknown_model(ref->name);
	rml_require(&binding->model, ref->name, GetUserId(), privilege, snapshot);
	if (binding->version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no alias \"%s\"", ref->name, ref->alias),
				 errhint("Set it with riskml.set_alias().")));
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no version %d", ref->name, binding->version)));
	if (has_other_identity(ref, binding))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("version %d of model \"%s\" has another identity than the reference",
						ref->version, ref->name),
				 errdetail("It is \"%s\".", rml_pinned_form(binding)),
				 errhint("The reference was made for other bytes: import those, or use risk_version() anew.")));
}

RML_HOT void
rml_resolve(const RmlRef *ref, RmlBinding *binding)
{
	Snapshot	snapshot = rml_statement_snapshot();
	Known	   *found = get_known(ref, snapshot);

	if (found == NULL)
	{
		rml_resolve_for(ref, "score", binding);
		return;
	}
	*binding = found->binding;
	require_granted(&binding->model, known_scorers(found, snapshot), ref->name, GetUserId(), "score");
}

char *
rml_pinned_form(const RmlBinding *binding)
{
	char		pin[2 * RML_PIN_BYTES + 1];

	hex_encode((const char *) binding->identity, RML_PIN_BYTES, pin);
	pin[2 * RML_PIN_BYTES] = '\0';
	return psprintf("%s@%d#%s", binding->name, binding->version, pin);
}
