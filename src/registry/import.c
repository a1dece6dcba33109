/*
 * import.c
 *	  riskml.import_model() and import_model_file().
 *
 * Parsing, validation and the building of the image happen before any lock is
 * taken, in a memory context of their own; what cannot be scored is refused
 * there and nothing is stored.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/detoast.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "guc.h"
#include "import/xgb.h"
#include "registry/alias.h"
#include "registry/identity.h"
#include "registry/import.h"
#include "registry/import_recipe.h"
#include "registry/options.h"
#include "registry/owner.h"
#include "registry/server.h"

RML_SQL_FUNCTION(riskml_import_model_bytea);
RML_SQL_FUNCTION(riskml_import_model_text);
RML_SQL_FUNCTION(riskml_import_model_file);

/* Bytes hashed between two checks for interrupts. */
#define HASH_SLICE (1024 * 1024)

/* A million labels or so; they are read again at every first use of a version. */
#define MAX_OPTIONS_BYTES (16 * 1024 * 1024)

/* Features that one warning names. */
#define MAX_NAMES_SHOWN 10

/* Arguments of an import, and what became of the source. */
typedef struct Import
{
	char	   *name;
	char	   *alias;			/* NULL: set none */
	char	   *comment;
	char	   *detail;			/* of the audit row: where it is from; NULL: from the caller */
	Datum		feature_names;	/* as given */
	bool		has_feature_names;
	RmlImportOptions options;
	char	   *baseline_query; /* NULL: take none */
	Jsonb	   *recipe_json;	/* NULL: it has none */
	RmlImportRecipe *recipe;	/* the same, read */
	uint8		recipe_hash[RML_IDENTITY_SIZE];

	bytea	   *source;			/* may have a short header */
	uint8		identity[RML_IDENTITY_SIZE];

	/* what compiling leaves */
	bytea	   *image;
	const char *objective;
	const char *booster;
	RmlWriter	writer;
	int32		n_features;
	int32		n_outputs;
	RmlTreeRange range;			/* trees that are scored */
	int64		n_nodes;
	int32		max_depth;
	Datum		features;		/* text[], names by which columns are matched */
	bool		is_linear;
	bool		has_statistics; /* gain and cover */
	Datum		weight;			/* int[] */
	Datum		total_gain;		/* real[] */
	Datum		total_cover;	/* real[] */
} Import;

static void
check_size(Size size)
{
	if (size > (Size) rml_guc_max_model_bytes)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("model of %zu bytes exceeds the limit of %d bytes",
						size, rml_guc_max_model_bytes),
				 errhint("A superuser can raise riskml.max_model_bytes, up to 256 MB.")));
}

static void
parse_options(Import *import, Jsonb *jsonb)
{
	RmlError	err = {0};

	if (!rml_options_parse(jsonb, &import->options, &err))
		ereport(ERROR,
				(errcode(rml_error_sqlstate(&err)),
				 errmsg("%s", rml_error_message(&err)),
				 err.hint[0] != '\0' ? errhint("%s", err.hint) : 0));
	import->baseline_query = rml_options_baseline_query(jsonb);
}

static void
parse_feature_names(Import *import)
{
	ArrayType  *array = DatumGetArrayTypeP(import->feature_names);
	Datum	   *names;
	bool	   *nulls;
	int			n;
	const char **copies;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("feature_names must have one dimension")));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &n);
	copies = palloc(sizeof(char *) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		char	   *name;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("feature_names contains a null")));
		name = TextDatumGetCString(names[i]);
		copies[i] = rml_to_utf8(name, strlen(name));
	}
	import->options.feature_names = copies;
	import->options.n_feature_names = n;
}

/* Arguments 2 to 6, the same in all three functions. */
static void
get_arguments(FunctionCallInfo fcinfo, Import *import)
{
	memset(import, 0, sizeof(*import));
	import->name = RML_TEXT_ARG(0, "model");
	rml_check_model_name(import->name, (int) strlen(import->name));
	import->recipe_json = rml_import_recipe_arg(fcinfo, 2);
	if (!PG_ARGISNULL(5))
	{
		/* before the value is fetched in full */
		if (toast_raw_datum_size(PG_GETARG_DATUM(5)) > MAX_OPTIONS_BYTES)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("parameter \"%s\" exceeds the limit of %d MB", "options",
							MAX_OPTIONS_BYTES / (1024 * 1024))));
		parse_options(import, PG_GETARG_JSONB_P(5));
	}
	if (!PG_ARGISNULL(3))
	{
		import->feature_names = PG_GETARG_DATUM(3);
		import->has_feature_names = true;
		parse_feature_names(import);
	}
	if (!PG_ARGISNULL(4))
	{
		import->alias = RML_TEXT_ARG(4, "alias");
		rml_check_alias(import->alias, (int) strlen(import->alias));
	}
	if (!PG_ARGISNULL(6))
		import->comment = RML_TEXT_ARG(6, "comment");
}

static void
compute_identity(Import *import)
{
	RmlIdentityParts parts = {
		.feature_names = import->options.feature_names,
		.n_feature_names = import->options.n_feature_names,
		.options = rml_options_text(&import->options),
		.recipe = import->recipe != NULL ? rml_import_recipe_text(import->recipe) : NULL,
	};
	const char *data = VARDATA_ANY(import->source);
	size_t		size = VARSIZE_ANY_EXHDR(import->source);
	RmlIdentityState *state = rml_identity_begin(size);

	for (size_t at = 0; at < size; at += HASH_SLICE)
	{
		CHECK_FOR_INTERRUPTS();
		rml_identity_add(state, data + at, Min(HASH_SLICE, size - at));
	}
	rml_identity_end(state, &parts, import->identity);
}

static bytea *
make_bytea(const void *data, size_t size)
{
	bytea	   *copy = MemoryContextAllocHuge(CurrentMemoryContext, size + VARHDRSZ);

	SET_VARSIZE(copy, size + VARHDRSZ);
	memcpy(VARDATA(copy), data, size);
	return copy;
}

typedef struct FeatureContext
{
	const Import *import;
	int			feature;
} FeatureContext;

/* Adds to the error of a name that the database's encoding does not have. */
static void
explain_conversion(void *arg)
{
	const FeatureContext *context = arg;

	if (geterrcode() != ERRCODE_UNTRANSLATABLE_CHARACTER)
		return;
	errcontext("name of feature %d of model \"%s\"", context->feature, context->import->name);
	errhint("Give other names with feature_names, or use a database of encoding UTF8.");
}

static Datum
feature_names_array(const Import *import, const RmlImage *image)
{
	int			n = image->header->n_features;
	Datum	   *names = palloc(sizeof(Datum) * n);
	FeatureContext context = {.import = import};
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = explain_conversion,
		.arg = &context,
	};
	ArrayType  *array;

	error_context_stack = &callback;
	for (int i = 0; i < n; i++)
	{
		char		buffer[16];
		size_t		length;
		const char *utf8 = rml_image_feature_name(image, i, buffer, &length);
		char	   *name;

		context.feature = i;
		name = rml_from_utf8(utf8, length);
		names[i] = CStringGetTextDatum(name);
		pfree(name);
	}
	error_context_stack = callback.previous;
	array = construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT);
	for (int i = 0; i < n; i++)
		pfree(DatumGetPointer(names[i]));
	pfree(names);
	return PointerGetDatum(array);
}

/* What get_score() of XGBoost counts. */
static void
compute_importance(Import *import, const RmlXgbModel *model, RmlHost *host)
{
	int			n = model->num_feature;
	int32	   *weight;
	float	   *gain;
	float	   *cover;

	import->is_linear = model->is_linear;
	if (model->is_linear)
		return;
	weight = palloc(sizeof(int32) * n);
	gain = palloc(sizeof(float) * n);
	cover = palloc(sizeof(float) * n);
	import->has_statistics = rml_xgb_importance(model, import->range, host, weight, gain, cover);
	import->weight = rml_array4(INT4OID, weight, n);
	import->total_gain = rml_array4(FLOAT4OID, gain, n);
	import->total_cover = rml_array4(FLOAT4OID, cover, n);
}

/* From 3.3 on, dart is gbtree with weights, which are all 1 if it is none. */
static const char *
booster_name(const RmlXgbModel *model)
{
	for (int32 i = 0; i < model->weight_drop.count; i++)
	{
		if (model->weight_drop.values[i] != 1.0f)
			return "dart";
	}
	return pstrdup(model->booster);
}

/* Labels that the image lacks although the file has some: one warning names the features. */
static void
warn_of_cut_labels(const Import *import, const RmlXgbModel *model, const RmlImage *image)
{
	StringInfoData names;
	unsigned long n = 0;

	initStringInfo(&names);
	for (int32 i = 0; i < model->num_feature; i++)
	{
		char		buffer[16];
		size_t		length;
		const char *name;

		if (rml_xgb_label_state(model, i) != RML_LABELS_CUT ||
			rml_image_categories(image, i) != NULL)
			continue;
		name = rml_image_feature_name(image, i, buffer, &length);
		if (n < MAX_NAMES_SHOWN)
			appendStringInfo(&names, "%s\"%s\"", n > 0 ? ", " : "", rml_from_utf8(name, length));
		else if (n == MAX_NAMES_SHOWN)
			appendStringInfoString(&names, ", ...");
		n++;
	}
	if (n > 0)
		ereport(WARNING,
				(errmsg_plural("category labels of feature %s of model \"%s\" are not used",
							   "category labels of features %s of model \"%s\" are not used",
							   n, names.data, import->name),
				 errdetail("XGBoost before 3.4 cuts labels with characters beyond ASCII when it saves them."),
				 errhint("Give the labels with the import option categories, or score category codes.")));
	pfree(names.data);
}

/* Features of a file without names are the recipe's outputs, in their order. */
static void
name_features(Import *import, const RmlXgbModel *model)
{
	if (import->recipe != NULL && !import->has_feature_names && model->feature_names.count == 0)
		rml_import_recipe_name_features(import->recipe, import->name, model->num_feature, &import->options);
}

/* Keeps of a compiled model what will be stored, in the current memory context. */
static void
keep_result(Import *import, const RmlXgbModel *model, const RmlImage *image, RmlHost *host)
{
	const RmlImageHeader *header = image->header;

	import->objective = pstrdup(model->objective);
	import->booster = booster_name(model);
	import->writer = model->writer;
	import->n_features = model->num_feature;
	import->n_outputs = model->n_outputs;
	import->n_nodes = (int64) rml_image_entries(header, RML_SEC_NODES);
	import->max_depth = header->max_depth;
	import->features = feature_names_array(import, image);
	if (import->options.feature_names != NULL && !import->has_feature_names)
	{
		import->feature_names = import->features;
		import->has_feature_names = true;
	}
	if (import->recipe != NULL)
		rml_import_recipe_check(import->recipe, import->name, import->features);
	compute_importance(import, model, host);
	warn_of_cut_labels(import, model, image);
}

static void
read_recipe(Import *import)
{
	import->recipe = rml_import_recipe_read(import->recipe_json);
	rml_recipe_hash(rml_import_recipe_text(import->recipe), import->recipe_hash);
	import->options.recipe = import->recipe_hash;
}

static Size
recipe_size(const Import *import)
{
	return import->recipe_json != NULL ? VARSIZE(import->recipe_json) : 0;
}

/*
 * From bytes to what will be stored.  The parsed model lives in a context that
 * is gone before the image is copied and the row is formed.
 */
static void
compile(Import *import)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(caller, "riskml import: parsed model",
												  ALLOCSET_DEFAULT_SIZES);
	RmlServerHost host;
	RmlServerHost image_host;
	RmlXgbModel model;
	RmlImage	image;
	RmlError	err = {0};
	RmlBlock	block;

	rml_server_host_init(&host, scratch);
	rml_server_host_init(&image_host, caller);
	if (import->recipe_json != NULL)
		read_recipe(import);
	if (!rml_xgb_parse(VARDATA_ANY(import->source), VARSIZE_ANY_EXHDR(import->source),
					   &host.host, &model, &err) ||
		!rml_xgb_validate(&model, &host.host, &err))
		rml_throw(&err, import->name);
	name_features(import, &model);
	compute_identity(import);
	if (!rml_xgb_tree_range(&model, &import->options, &import->range, &err) ||
		!rml_xgb_build(&model, &import->options, import->identity, &image_host.host,
					   &block, &err))
		rml_throw(&err, import->name);
	CHECK_FOR_INTERRUPTS();
	/* all of it stands in one row */
	if (block.size > MaxAllocSize - MAX_OPTIONS_BYTES - recipe_size(import) - VARSIZE_ANY(import->source))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("model of %zu bytes compiles to %zu, together more than a row holds",
						(Size) VARSIZE_ANY(import->source), block.size)));
	if (!rml_image_open(&image, block.data, block.size, &err))
		rml_throw(&err, import->name);
	keep_result(import, &model, &image, &host.host);
	MemoryContextDelete(scratch);
	import->image = make_bytea(block.data, block.size);
	pfree(block.data);
}

/* ---- storing ---- */

static const char insert_version[] =
	"INSERT INTO riskml.model_version (model_id, version, identity, objective, booster, writer,\n"
	"  n_features, n_outputs, n_trees, n_nodes, max_depth, imported_by, options, feature_names,\n"
	"  comment, features, weight, total_gain, total_cover, source, image, recipe)\n"
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::name, $13::jsonb, $14,\n"
	"  $15, $16, $17, $18, $19, $20, $21, $22)";

static void
store_version(const RmlOwnerScope *scope, Import *import, int32 model_id, int32 version)
{
	char	   *options = rml_options_text(&import->options);
	RmlParam	params[] = {
		rml_param_int(model_id),
		rml_param_int(version),
		rml_param_datum(BYTEAOID, PointerGetDatum(make_bytea(import->identity, RML_IDENTITY_SIZE)), false),
		rml_param_text(import->objective),
		rml_param_text(import->booster),
		rml_param_text(psprintf("%d.%d.%d", import->writer.major, import->writer.minor,
								import->writer.patch)),
		rml_param_int(import->n_features),
		rml_param_int(import->n_outputs),
		rml_param_int(import->range.end - import->range.first),
		rml_param_bigint(import->n_nodes),
		rml_param_int(import->max_depth),
		rml_param_text(GetUserNameFromId(scope->caller, false)),
		rml_param_text(rml_from_utf8(options, strlen(options))),
		rml_param_datum(TEXTARRAYOID, import->feature_names, !import->has_feature_names),
		rml_param_text(import->comment),
		rml_param_datum(TEXTARRAYOID, import->features, false),
		rml_param_datum(INT4ARRAYOID, import->weight, import->is_linear),
		rml_param_datum(FLOAT4ARRAYOID, import->total_gain, !import->has_statistics),
		rml_param_datum(FLOAT4ARRAYOID, import->total_cover, !import->has_statistics),
		rml_param_datum(BYTEAOID, PointerGetDatum(import->source), false),
		rml_param_datum(BYTEAOID, PointerGetDatum(import->image), false),
		rml_param_datum(JSONBOID, PointerGetDatum(import->recipe_json), import->recipe_json == NULL),
	};

	rml_sql(insert_version, lengthof(params), params);
}

/* The model's row, created with the caller as owner if need be. */
static int32
find_or_create_model(const RmlOwnerScope *scope, Import *import, bool *created)
{
	RmlModelRow row;
	RmlParam	params[2];

	*created = !rml_catalog_find_model(import->name, GetLatestSnapshot(), &row);
	if (!*created)
	{
		rml_require_owner(scope, &row, import->name);
		return row.model_id;
	}
	params[0] = rml_param_text(import->name);
	params[1] = rml_param_oid(OIDOID, scope->caller);
	rml_sql("INSERT INTO riskml.model (name, owner) VALUES ($1, $2::regrole) RETURNING model_id",
			2, params);
	(void) rml_sql_int(&row.model_id);
	return row.model_id;
}

/* Version of the model that has this identity, 0 if none. */
static int32
find_same(int32 model_id, Import *import)
{
	RmlParam	params[2];
	int32		version = 0;

	params[0] = rml_param_int(model_id);
	params[1] = rml_param_datum(BYTEAOID,
								PointerGetDatum(make_bytea(import->identity, RML_IDENTITY_SIZE)), false);
	rml_sql("SELECT version FROM riskml.model_version WHERE model_id = $1 AND identity = $2",
			2, params);
	(void) rml_sql_int(&version);
	return version;
}

static void
store(Import *import, RmlImported *imported)
{
	RmlOwnerScope scope;
	RmlAuditEntry entry = {.action = "import", .model = import->name};
	RmlAuditEntry move = {.action = "set_alias", .model = import->name};
	RmlParam	param;
	bool		created;
	int32		model_id;
	int32		version;

	rml_owner_begin(&scope);
	model_id = find_or_create_model(&scope, import, &created);
	version = find_same(model_id, import);
	imported->is_new = version == 0;
	if (!imported->is_new)
		ereport(NOTICE,
				(errmsg("model \"%s\" already has this model as version %d", import->name, version)));
	else
	{
		param = rml_param_int(model_id);
		rml_sql("UPDATE riskml.model SET last_version = last_version + 1 WHERE model_id = $1 RETURNING last_version",
				1, &param);
		(void) rml_sql_int(&version);
		store_version(&scope, import, model_id, version);
		entry.identity = import->identity;
		entry.to_version = version;
		entry.detail = import->detail;
		entry.reason = import->comment;
		rml_audit(&scope, &entry);
	}
	move.to_version = version;
	if (created)
	{
		move.alias = RML_DEFAULT_ALIAS;
		move.reason = "first version";
		rml_move_alias(&scope, move);
	}
	if (import->alias)
	{
		move.alias = import->alias;
		move.reason = "import";
		rml_move_alias(&scope, move);
	}
	rml_owner_end(&scope);
	imported->model_id = model_id;
	imported->version = version;
	memcpy(imported->identity, import->identity, RML_IDENTITY_SIZE);
}

/* As the caller, who owns the model. */
static void
set_baseline(const Import *import, int32 version)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(psprintf("%s@%d", import->name, version)), CStringGetTextDatum(import->baseline_query)};

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("SELECT riskml.set_baseline($1::riskml.model_ref, $2, reason => 'import')\n"
							  "WHERE riskml.get_baseline($1::riskml.model_ref) IS NULL", 2, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "the baseline could not be set");
	if (SPI_processed == 0)
		ereport(NOTICE,
				(errmsg("version %d of model \"%s\" has a baseline already, which stays", version, import->name),
				 errhint("riskml.set_baseline() changes it.")));
	SPI_finish();
}

/* Compiles in a context of its own, so that a big import leaves nothing behind. */
static void
import_source(Import *import, bytea *source, RmlImported *imported)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "riskml import",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	import->source = source;
	check_size(VARSIZE_ANY_EXHDR(source));
	compile(import);
	store(import, imported);
	if (import->baseline_query != NULL)
		set_baseline(import, imported->version);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

static Datum
import_for_call(Import *import, bytea *source)
{
	RmlImported imported;

	import_source(import, source, &imported);
	return Int32GetDatum(imported.version);
}

void
rml_import(const RmlImportRequest *request, RmlImported *imported)
{
	Import		import = {
		.name = pstrdup(request->model),
		.alias = request->alias != NULL ? pstrdup(request->alias) : NULL,
		.comment = request->comment != NULL ? pstrdup(request->comment) : NULL,
		.detail = request->detail != NULL ? pstrdup(request->detail) : NULL,
		.recipe_json = request->recipe,
	};

	if (request->options != NULL)
		parse_options(&import, request->options);
	import_source(&import, request->source, imported);
}

static void
require_data(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"%s\" must not be null", "data")));
	/* before the value is fetched in full */
	check_size(toast_raw_datum_size(PG_GETARG_DATUM(1)) - VARHDRSZ);
}

/*
 * riskml.import_model(model, data bytea, ...): returns the version.
 * Errors: 22P03 not a consistent model, 0A000 not supported, 54000 too large,
 * 42602 bad name, 42501 not the owner of an existing model.
 */
Datum
riskml_import_model_bytea(PG_FUNCTION_ARGS)
{
	Import		import;

	get_arguments(fcinfo, &import);
	require_data(fcinfo);
	PG_RETURN_DATUM(import_for_call(&import, PG_GETARG_BYTEA_PP(1)));
}

/* As above, for JSON text; stored in UTF-8 whatever the server's encoding is. */
Datum
riskml_import_model_text(PG_FUNCTION_ARGS)
{
	Import		import;
	text	   *data;
	char	   *utf8;

	get_arguments(fcinfo, &import);
	require_data(fcinfo);
	data = PG_GETARG_TEXT_PP(1);
	utf8 = pg_server_to_any(VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), PG_UTF8);
	if (utf8 != VARDATA_ANY(data))
		data = cstring_to_text(utf8);
	PG_RETURN_DATUM(import_for_call(&import, data));
}

/* Reads a regular file of at most the size limit. */
static bytea *
read_server_file(const char *path)
{
	struct stat st;
	int			fd;
	bytea	   *content;
	Size		got = 0;

	if (!is_absolute_path(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("path \"%s\" is not absolute", path)));
	/* O_NONBLOCK: a FIFO must not keep us waiting */
	fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK | PG_BINARY);
	if (fd < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\": %m", path)));
	if (fstat(fd, &st) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not stat file \"%s\": %m", path)));
	if (!S_ISREG(st.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a regular file", path)));
	check_size((Size) st.st_size);
	content = MemoryContextAllocHuge(CurrentMemoryContext, st.st_size + VARHDRSZ);
	while (got < (Size) st.st_size)
	{
		ssize_t		n = read(fd, VARDATA(content) + got, st.st_size - got);

		CHECK_FOR_INTERRUPTS();
		if (n < 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read file \"%s\": %m", path)));
		if (n == 0)
			break;
		got += n;
	}
	CloseTransientFile(fd);
	SET_VARSIZE(content, got + VARHDRSZ);
	return content;
}

/* riskml.import_model_file(model, path, ...): also 58P01, 42501 as COPY FROM. */
Datum
riskml_import_model_file(PG_FUNCTION_ARGS)
{
	Import		import;

	get_arguments(fcinfo, &import);
	import.detail = RML_TEXT_ARG(1, "path");
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to import a model from a file of the server"),
				 errdetail("Only roles with privileges of the \"pg_read_server_files\" role may do this."),
				 errhint("Pass the file's bytes to riskml.import_model() instead.")));
	PG_RETURN_DATUM(import_for_call(&import, read_server_file(import.detail)));
}
