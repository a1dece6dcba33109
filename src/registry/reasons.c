/*
 * reasons.c
 *	  riskml.set_reasons(), get_reasons(), and what they mean for a model.
 *
 * The JSON is stored as it was given.  It is read against the version's inputs
 * before it is stored, and again by each session that asks for reasons, which
 * keeps the result as long as the stored JSON is the same.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "compat.h"
#include "quality/json.h"
#include "registry/identity.h"
#include "registry/nearest.h"
#include "registry/owner.h"
#include "registry/reasons.h"
#include "registry/server.h"

RML_SQL_FUNCTION(riskml_set_reasons);
RML_SQL_FUNCTION(riskml_get_reasons);

/* Bytes of what an entry may say. */
#define MAX_CODE 63
#define MAX_TEXT 4000

/* Names what holds for inputs without an entry, unless the model has an input of that name. */
#define ANY_INPUT "*"

static const char *const fields[] = {"code", "text", "group", "adverse", "excluded"};

/* ---- reading ---- */

/* What makes items one reason: their group, or a code without one. */
typedef struct Key
{
	char		name[MAX_CODE + 2];	/* hash key: 'c' or 'g', then the code or group */
	int			group;			/* in the model's reasons */
	int			item;			/* the first that has it */
} Key;

typedef struct Reading
{
	const char *model_name;
	JsonbContainer *json;		/* NULL: there are no reasons */
	RmlModelReasons *reasons;
	HTAB	   *keys;
	bool		decrease;		/* for entries that do not say it */
	bool		excluded;		/* inputs without an entry */
	int			n_found;		/* entries that belong to something */
	int		   *first;			/* of each group, its first item that is not excluded; -1: none so far */
} Reading;

/* "... of the reason of ..." and a hint, which may be NULL. */
pg_noreturn static void
fault(const char *input, const char *problem, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the reason of \"%s\" %s", input, problem),
			 hint != NULL ? errhint("%s", hint) : 0));
}

static char *
perhaps(const char *word, const char *const *words, int n)
{
	int			distance;
	const char *nearest = rml_nearest_word(word, words, n, &distance);

	return nearest == NULL ? NULL : psprintf("Perhaps you mean \"%s\".", nearest);
}

/* A field that is a text, NULL if it is absent or null. */
static char *
text_field(const char *input, JsonbContainer *entry, const char *field, int most)
{
	JsonbValue *value = rml_json_member(entry, field);
	char	   *text;

	if (value == NULL)
		return NULL;
	if (value->type != jbvString)
		fault(input, psprintf("has \"%s\": %s, which is no string", field, rml_json_out(value)), NULL);
	text = rml_json_string(value);
	if (strspn(text, " \t\r\n") == strlen(text))
		fault(input, psprintf("has a \"%s\" that is empty", field), NULL);
	if ((int) strlen(text) > most)
		fault(input, psprintf("has a \"%s\" of %d bytes", field, (int) strlen(text)),
			  psprintf("It may have %d.", most));
	return text;
}

static bool
decrease_field(const char *input, JsonbContainer *entry, bool otherwise)
{
	static const char *const directions[] = {"increase", "decrease"};
	char	   *text = text_field(input, entry, "adverse", MAX_CODE);

	if (text == NULL)
		return otherwise;
	if (strcmp(text, directions[0]) != 0 && strcmp(text, directions[1]) != 0)
		fault(input, psprintf("has \"adverse\": \"%s\"", text),
			  "It is \"increase\" where what raises the margin is adverse, \"decrease\" where what lowers it is.");
	return strcmp(text, directions[1]) == 0;
}

static bool
excluded_field(const char *input, JsonbContainer *entry)
{
	JsonbValue *value = rml_json_member(entry, "excluded");

	if (value != NULL && value->type != jbvBool)
		fault(input, psprintf("has \"excluded\": %s, which is neither true nor false", rml_json_out(value)), NULL);
	return value != NULL && value->val.boolean;
}

static void
check_field(const char *key, const JsonbValue *value, void *input)
{
	(void) value;
	for (int i = 0; i < (int) lengthof(fields); i++)
	{
		if (strcmp(key, fields[i]) == 0)
			return;
	}
	fault(input, psprintf("has an unknown field \"%s\"", key), perhaps(key, fields, lengthof(fields)));
}

/* The entry of an input; NULL if it has none. */
static JsonbContainer *
find_entry(const Reading *reading, const char *input)
{
	JsonbValue *value;

	if (reading->json == NULL)
		return NULL;
	value = getKeyJsonValueFromContainer(reading->json, input, (int) strlen(input), NULL);
	if (value == NULL)
		return NULL;
	if (!rml_json_is_object(value))
		fault(input, "is no JSON object", "Write {\"code\": ..., \"text\": ...}.");
	rml_json_members(value->val.binary.data, check_field, unconstify(char *, input));
	return value->val.binary.data;
}

/* What is known by this key; found says whether it was there before. */
static Key *
enter_key(Reading *reading, char kind, const char *name, bool *found)
{
	char		key[MAX_CODE + 2] = {0};

	key[0] = kind;
	strlcpy(key + 1, name, sizeof(key) - 1);
	return hash_search(reading->keys, key, HASH_ENTER, found);
}

/* The group of an item with a group, or at least a code, or neither. */
static int
find_group(Reading *reading, const char *group, const char *code)
{
	RmlModelReasons *reasons = reading->reasons;
	bool		found;
	Key		   *key;

	if (group == NULL && code == NULL)
		return reasons->n_groups++;
	key = enter_key(reading, group != NULL ? 'g' : 'c', group != NULL ? group : code, &found);
	if (!found)
		key->group = reasons->n_groups++;
	return key->group;
}

/* A code stands for one reason only, or a notice could have it twice. */
static void
claim_code(Reading *reading, int item)
{
	RmlModelReasons *reasons = reading->reasons;
	bool		found;
	Key		   *key = enter_key(reading, '=', reasons->codes[item], &found);

	if (found && key->group != reasons->items[item].group)
		fault(reasons->names[item], psprintf("has the code \"%s\" of that of \"%s\", but not its group", reasons->codes[item], reasons->names[key->item]),
			  "Give both the same \"group\", or another code.");
	if (!found)
	{
		key->group = reasons->items[item].group;
		key->item = item;
	}
}

/* The items of a group add up, so the same must be adverse in all. */
static void
agree_on_direction(Reading *reading, int item)
{
	const RmlModelReasons *reasons = reading->reasons;
	int		   *first = &reading->first[reasons->items[item].group];

	if (*first < 0)
		*first = item;
	else if (reasons->items[*first].decrease != reasons->items[item].decrease)
		fault(reasons->names[item], psprintf("and that of \"%s\" are in one group, but what is adverse in one is not in the other", reasons->names[*first]),
			  "Give both the same \"adverse\".");
}

static void
add_item(Reading *reading, const char *name)
{
	RmlModelReasons *reasons = reading->reasons;
	JsonbContainer *entry = find_entry(reading, name);
	int			i = reasons->n_items++;
	char	   *group = NULL;

	reasons->names[i] = name;
	reasons->codes[i] = NULL;
	reasons->texts[i] = name;
	reasons->items[i] = (RmlReasonItem) {.decrease = reading->decrease, .excluded = reading->excluded};
	if (entry != NULL)
	{
		char	   *text = text_field(name, entry, "text", MAX_TEXT);

		reading->n_found++;
		reasons->codes[i] = text_field(name, entry, "code", MAX_CODE);
		if (text != NULL)
			reasons->texts[i] = text;
		group = text_field(name, entry, "group", MAX_CODE);
		reasons->items[i].decrease = decrease_field(name, entry, reading->decrease);
		reasons->items[i].excluded = excluded_field(name, entry);
	}
	reasons->items[i].group = find_group(reading, group, reasons->codes[i]);
	if (reasons->items[i].excluded)
		return;
	agree_on_direction(reading, i);
	if (reasons->codes[i] != NULL)
		claim_code(reading, i);
}

static bool
is_one_of(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* ---- a model's ---- */

typedef struct Known
{
	const Reading *reading;
	const RmlModel *model;
} Known;

static void
check_name(const char *key, const JsonbValue *value, void *argument)
{
	const Known *known = argument;
	const RmlInputs *inputs = &known->model->inputs;
	int			n_features = (int) known->model->image.header->n_features;
	const char *near;

	(void) value;
	CHECK_FOR_INTERRUPTS();
	if (strcmp(key, ANY_INPUT) == 0 || is_one_of(key, inputs->names, inputs->n) ||
		is_one_of(key, known->model->features, n_features))
		return;
	near = rml_near_word(key, inputs->names, inputs->n);
	if (near == NULL)
		near = rml_near_word(key, known->model->features, n_features);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 inputs->transform == NULL
			 ? errmsg("model \"%s\" has no feature \"%s\"", known->reading->model_name, key)
			 : errmsg("model \"%s\" has neither a column nor a feature \"%s\"", known->reading->model_name, key),
			 near != NULL ? errhint("Perhaps you mean \"%s\".", near) : errhint("riskml.model_features has the features of models, riskml.check_input() shows what they read.")));
}

/* What an entry for all other inputs says. */
static void
read_any(Reading *reading)
{
	JsonbContainer *entry = find_entry(reading, ANY_INPUT);

	if (entry == NULL)
		return;
	for (int i = 0; i < 3; i++)
	{
		if (rml_json_member(entry, fields[i]) != NULL)
			fault(ANY_INPUT, psprintf("has a \"%s\"", fields[i]), "What holds for all inputs may only say \"adverse\" and \"excluded\".");
	}
	reading->n_found++;
	reading->decrease = decrease_field(ANY_INPUT, entry, false);
	reading->excluded = excluded_field(ANY_INPUT, entry);
}

/* Features of a recipe that have entries of their own. */
static void
add_features(Reading *reading, const RmlModel *model)
{
	RmlModelReasons *reasons = reading->reasons;
	const RmlInputs *inputs = &model->inputs;
	int			n = (int) model->image.header->n_features;

	reasons->item_of_feature = palloc(sizeof(int) * (Size) Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		const char *name = model->features[i];

		reasons->item_of_feature[i] = -1;
		if (reading->json == NULL ||
			getKeyJsonValueFromContainer(reading->json, name, (int) strlen(name), NULL) == NULL ||
			is_one_of(name, inputs->names, inputs->n))
			continue;
		reasons->item_of_feature[i] = reasons->n_items;
		add_item(reading, pstrdup(name));
	}
}

/* SHA-256 of its text in UTF-8, in hex. */
static void
hash_json(Jsonb *json, char hex[2 * RML_IDENTITY_SIZE + 1])
{
	char	   *text = JsonbToCString(NULL, &json->root, VARSIZE(json));
	uint8		hash[RML_IDENTITY_SIZE];

	rml_recipe_hash(rml_to_utf8(text, strlen(text)), hash);
	hex_encode((const char *) hash, RML_IDENTITY_SIZE, hex);
	hex[2 * RML_IDENTITY_SIZE] = '\0';
}

/* Reads reasons, or that there are none, in the current memory context; 22023 or 42703 for what is wrong with them. */
static void
read_reasons(const RmlModel *model, const char *model_name, Jsonb *json, RmlModelReasons *reasons)
{
	const RmlInputs *inputs = &model->inputs;
	int			n = inputs->n + (inputs->transform != NULL ? (int) model->image.header->n_features : 0);
	HASHCTL		control = {.keysize = MAX_CODE + 2, .entrysize = sizeof(Key), .hcxt = CurrentMemoryContext};
	Reading		reading = {.model_name = model_name, .reasons = reasons};

	memset(reasons, 0, sizeof(*reasons));
	if (json != NULL)
	{
		if (!JB_ROOT_IS_OBJECT(json))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("reasons must be a JSON object"),
					 errhint("Write {\"feature\": {\"code\": ..., \"text\": ...}, ...}.")));
		reading.json = &json->root;
		hash_json(json, reasons->hash);
	}
	reading.keys = hash_create("reasons", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	reading.first = palloc(sizeof(int) * (Size) Max(n, 1));
	reasons->names = palloc(sizeof(char *) * (Size) Max(n, 1));
	reasons->codes = palloc(sizeof(char *) * (Size) Max(n, 1));
	reasons->texts = palloc(sizeof(char *) * (Size) Max(n, 1));
	reasons->items = palloc(sizeof(RmlReasonItem) * (Size) Max(n, 1));
	for (int i = 0; i < n; i++)
		reading.first[i] = -1;
	if (!is_one_of(ANY_INPUT, inputs->names, inputs->n))
		read_any(&reading);
	for (int i = 0; i < inputs->n; i++)
		add_item(&reading, pstrdup(inputs->names[i]));
	if (inputs->transform != NULL)
		add_features(&reading, model);
	/* an entry that belongs to nothing */
	if (json != NULL && reading.n_found != (int) JB_ROOT_COUNT(json))
	{
		Known		known = {.reading = &reading, .model = model};

		rml_json_members(reading.json, check_name, &known);
	}
	hash_destroy(reading.keys);
	pfree(reading.first);
}

/* ---- what is kept ---- */

#define MAX_KEPT 8

typedef struct Kept
{
	int32		model_id;		/* 0: nothing */
	int32		version;
	uint8		identity[RML_IDENTITY_SIZE];
	RmlStatementKey key;		/* of the statement that looked last */
	Jsonb	   *json;			/* or NULL */
	RmlModelReasons reasons;
	MemoryContext context;		/* of json and reasons */
	uint64		last_used;
} Kept;

static Kept kept[MAX_KEPT];
static uint64 use_counter = 0;

/* The entry of a version, or one to be filled. */
static Kept *
find_kept(const RmlBinding *binding)
{
	Kept	   *oldest = &kept[0];

	for (int i = 0; i < MAX_KEPT; i++)
	{
		Kept	   *entry = &kept[i];

		if (entry->model_id == binding->model.model_id && entry->version == binding->version &&
			memcmp(entry->identity, binding->identity, RML_IDENTITY_SIZE) == 0)
			return entry;
		if (entry->last_used < oldest->last_used)
			oldest = entry;
	}
	if (oldest->context != NULL)
		MemoryContextDelete(oldest->context);
	memset(oldest, 0, sizeof(*oldest));
	return oldest;
}

static bool
same_json(const Jsonb *a, const Jsonb *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

/* Nothing is changed if there is something wrong with the JSON. */
static void
fill_kept(Kept *entry, const RmlModel *model, const RmlBinding *binding, const Jsonb *json)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "riskml reasons", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Jsonb	   *copy = NULL;
	RmlModelReasons reasons;

	if (json != NULL)
	{
		copy = palloc(VARSIZE(json));
		memcpy(copy, json, VARSIZE(json));
	}
	read_reasons(model, binding->name, copy, &reasons);
	MemoryContextSwitchTo(caller);
	MemoryContextSetParent(context, TopMemoryContext);
	if (entry->context != NULL)
		MemoryContextDelete(entry->context);
	entry->model_id = binding->model.model_id;
	entry->version = binding->version;
	memcpy(entry->identity, binding->identity, RML_IDENTITY_SIZE);
	entry->json = copy;
	entry->reasons = reasons;
	entry->context = context;
}

const RmlModelReasons *
rml_model_reasons(const RmlModel *model, const RmlBinding *binding)
{
	Kept	   *entry = find_kept(binding);
	RmlStatementKey key;
	Jsonb	   *json;

	rml_statement_key(&key);
	if (entry->model_id == 0 || !rml_statement_key_equal(&entry->key, &key))
	{
		json = rml_catalog_reasons(binding->model.model_id, binding->version, rml_statement_snapshot());
		if (entry->model_id == 0 || !same_json(entry->json, json))
			fill_kept(entry, model, binding, json);
		entry->key = key;
		if (json != NULL)
			pfree(json);
	}
	entry->last_used = ++use_counter;
	return &entry->reasons;
}

/* ---- SQL ---- */

static void
resolve(const char *reference, RmlBinding *binding)
{
	RmlRef		ref;

	rml_ref_parse(reference, (int) strlen(reference), &ref);
	rml_resolve(&ref, binding);
}

/* Raises what is wrong with reasons for a version. */
static void
check_reasons(const RmlBinding *binding, Jsonb *json)
{
	RmlModel   *model = rml_cache_pin(binding);
	RmlModelReasons reasons;

	PG_TRY();
	{
		read_reasons(model, binding->name, json, &reasons);
	}
	PG_FINALLY();
	{
		rml_cache_unpin(model);
	}
	PG_END_TRY();
}

/* riskml.set_reasons(model, reasons, reason): NULL reasons are none any more */
Datum
riskml_set_reasons(PG_FUNCTION_ARGS)
{
	char	   *reference = RML_TEXT_ARG(0, "model");
	Jsonb	   *json = PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1);
	RmlAuditEntry entry = {.action = json != NULL ? "set_reasons" : "drop_reasons"};
	RmlBinding	binding;
	RmlModelRow row;
	RmlOwnerScope scope;
	RmlParam	params[4];

	PreventCommandIfReadOnly("a change of the model registry");
	PreventCommandIfParallelMode("a change of the model registry");
	if (!PG_ARGISNULL(2))
		entry.reason = rml_reason_arg(fcinfo, 2);
	resolve(reference, &binding);
	if (!has_privs_of_role(GetUserId(), binding.model.owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of model \"%s\"", binding.name)));
	if (json != NULL)
	{
		check_reasons(&binding, json);
		entry.detail = JsonbToCString(NULL, &json->root, VARSIZE(json));
	}
	rml_owner_begin_model(&scope, binding.name, NULL, &row);
	params[0] = rml_param_int(binding.model.model_id);
	params[1] = rml_param_int(binding.version);
	params[2] = rml_param_datum(BYTEAOID, PointerGetDatum(cstring_to_text_with_len((const char *) binding.identity, RML_IDENTITY_SIZE)), false);
	if (row.model_id != binding.model.model_id ||
		rml_sql_latest("SELECT FROM riskml.model_version WHERE model_id = $1 AND version = $2 AND identity = $3", 3, params) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("version %d of model \"%s\" has been dropped meanwhile", binding.version, binding.name)));
	if (json != NULL)
	{
		params[2] = rml_param_datum(JSONBOID, JsonbPGetDatum(json), false);
		params[3] = rml_param_text(GetUserNameFromId(scope.caller, false));
		rml_sql("INSERT INTO riskml.model_reasons (model_id, version, reasons, set_by) VALUES ($1, $2, $3, $4::name)\n"
				"ON CONFLICT (model_id, version) DO UPDATE SET reasons = excluded.reasons, set_by = excluded.set_by, set_at = excluded.set_at",
				4, params);
		entry.to_version = binding.version;
	}
	else if (rml_sql("DELETE FROM riskml.model_reasons WHERE model_id = $1 AND version = $2 RETURNING version", 2, params) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("version %d of model \"%s\" has no reasons", binding.version, binding.name)));
	else
		entry.from_version = binding.version;
	entry.model = binding.name;
	entry.identity = binding.identity;
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}

/* riskml.get_reasons(model): NULL if the version has none */
Datum
riskml_get_reasons(PG_FUNCTION_ARGS)
{
	RmlBinding	binding;
	Jsonb	   *json;

	resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)), &binding);
	json = rml_catalog_reasons(binding.model.model_id, binding.version, rml_statement_snapshot());
	if (json == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(json);
}
