/*
 * watch.c
 *	  Columns of a query whose distributions are taken, all in one scan.
 *
 * The scan is one statement of the caller's, by one snapshot: he needs to be
 * allowed what the query reads.  Aggregates stand in arrays, as a statement may
 * have fewer columns in its result than a query with scores has.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "model/objective.h"
#include "registry/acting.h"
#include "registry/cache.h"
#include "registry/column_names.h"
#include "registry/server.h"
#include "stats/scored.h"
#include "stats/watch.h"

/* Aggregates in one array of the result. */
#define ARRAY_SIZE 64

/* ---- the type ---- */

Oid
rml_distribution_type(void)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("distribution"),
						   ObjectIdGetDatum(get_namespace_oid("riskml", false)));
}

char *
rml_distribution_text(const RmlDistribution *distribution)
{
	Oid			output;
	bool		is_varlena;

	getTypeOutputInfo(rml_distribution_type(), &output, &is_varlena);
	return OidOutputFunctionCall(output, PointerGetDatum(distribution));
}

static void
name_column(void *name)
{
	errcontext("baseline of \"%s\"", (const char *) name);
}

static RmlDistribution *
read_distribution(const char *name, JsonbValue *json)
{
	ErrorContextCallback callback = {.previous = error_context_stack, .callback = name_column, .arg = unconstify(char *, name)};
	Jsonb	   *jsonb = JsonbValueToJsonb(json);
	Oid			input;
	Oid			parameter;
	Datum		value;

	error_context_stack = &callback;
	getTypeInputInfo(rml_distribution_type(), &input, &parameter);
	value = OidInputFunctionCall(input, JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb)), parameter, -1);
	error_context_stack = callback.previous;
	return DatumGetDistribution(value);
}

/* ---- models ---- */

/* Copies the names of what the model reads of a row. */
static void
find_inputs(RmlWatchedModel *model)
{
	RmlModel   *pinned = rml_cache_pin(&model->binding);
	const RmlInputs *inputs = &pinned->inputs;

	model->n_inputs = inputs->n;
	model->inputs = palloc(sizeof(char *) * (Size) Max(inputs->n, 1));
	for (int i = 0; i < inputs->n; i++)
		model->inputs[i] = pstrdup(inputs->names[i]);
	rml_cache_unpin(pinned);
}

static Datum
column_of(int number, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number, isnull);
}

void
rml_watched_model(RmlWatchedModel *model, const char *reference)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext spi;
	RmlOwnerScope scope;
	RmlRef		ref;
	RmlParam	params[2];
	bool		isnull;
	int			n_outputs;
	const RmlObjective *objective;
	Datum		value;

	memset(model, 0, sizeof(*model));
	rml_ref_parse(reference, (int) strlen(reference), &ref);
	rml_resolve_for(&ref, "score", &model->binding);
	find_inputs(model);
	rml_act_begin(&scope, rml_catalog_table(RML_TAB_VERSION));
	params[0] = rml_param_int(model->binding.model.model_id);
	params[1] = rml_param_int(model->binding.version);
	if (rml_sql_read("SELECT v.objective, v.n_outputs, b.baseline\n"
					 "FROM riskml.model_version v LEFT JOIN riskml.model_baseline b USING (model_id, version)\n"
					 "WHERE model_id = $1 AND version = $2", 2, params) != 1)
		elog(ERROR, "version %d of model \"%s\" has vanished", model->binding.version, model->binding.name);
	spi = MemoryContextSwitchTo(caller);
	objective = rml_objective_by_name(TextDatumGetCString(column_of(1, &isnull)));
	n_outputs = DatumGetInt32(column_of(2, &isnull));
	model->n_scores = objective != NULL && rml_has_one_score(objective, n_outputs) ? 0 : n_outputs;
	value = column_of(3, &isnull);
	model->baseline = isnull ? NULL : DatumGetJsonbPCopy(value);
	MemoryContextSwitchTo(spi);
	rml_act_end(&scope);
	MemoryContextSwitchTo(caller);
}

/* ---- columns ---- */

/* A column as float8, or as text; NULL if its type has no distribution. */
static char *
value_sql(Form_pg_attribute att, bool *is_text)
{
	Oid			type = getBaseType(att->atttypid);
	const char *name = quote_identifier(NameStr(att->attname));
	char		category;
	bool		preferred;

	*is_text = false;
	if (rml_is_number(type))
		return psprintf("source.%s::pg_catalog.float8", name);
	switch (type)
	{
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case INTERVALOID:
			return psprintf("pg_catalog.date_part('epoch', source.%s)", name);
		default:
			break;
	}
	*is_text = true;
	get_type_category_preferred(type, &category, &preferred);
	if (category == TYPCATEGORY_STRING || category == TYPCATEGORY_ENUM || type == BOOLOID || type == UUIDOID || type == CHAROID)
		return psprintf("source.%s::pg_catalog.text", name);
	return NULL;
}

static RmlWatched *
watch_column(RmlWatch *watch, const char *name, Form_pg_attribute att)
{
	RmlWatched *column = palloc0(sizeof(RmlWatched));

	column->name = name;
	column->sql = value_sql(att, &column->is_text);
	if (column->sql == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s has no distribution", NameStr(att->attname), format_type_be(att->atttypid)),
				 errhint("Leave it out of the query, or cast it to a number or to text.")));
	column->is_label = column->is_text && getBaseType(att->atttypid) != BOOLOID;
	watch->columns = lappend(watch->columns, column);
	return column;
}

static void
open_query(RmlWatch *watch, const char *query)
{
	memset(watch, 0, sizeof(*watch));
	rml_subject_open(&watch->subject, InvalidOid, query, NULL);
	watch->from = watch->subject.from;
}

/* Refers to one column only? */
static void
require_single(const TupleDesc desc, int number)
{
	const char *name = NameStr(TupleDescAttr(desc, number)->attname);

	for (int i = 0; i < desc->natts; i++)
	{
		if (i != number && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("the query has two columns \"%s\"", name),
					 errhint("Give one of them another name.")));
	}
}

void
rml_watch_query(RmlWatch *watch, const char *query)
{
	TupleDesc	desc;

	open_query(watch, query);
	desc = watch->subject.columns;
	for (int i = 0; i < desc->natts; i++)
	{
		require_single(desc, i);
		(void) watch_column(watch, NameStr(TupleDescAttr(desc, i)->attname), TupleDescAttr(desc, i));
	}
}

void
rml_watch_baseline(RmlWatch *watch, const Jsonb *baseline, const char *query)
{
	JsonbContainer *object = unconstify(JsonbContainer *, &baseline->root);
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	key;
	TupleDesc	desc;

	if (!JB_ROOT_IS_OBJECT(baseline) || JB_ROOT_COUNT(baseline) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a baseline must be a JSON object of columns and their distributions"),
				 errhint("riskml.baseline() makes one.")));
	open_query(watch, query);
	desc = watch->subject.columns;
	it = JsonbIteratorInit(object);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(key.val.string.val, key.val.string.len);
		if (rml_subject_column(&watch->subject, name) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("the query has no column \"%s\", which the baseline has", name)));
	}
	for (int i = 0; i < desc->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(desc, i)->attname);
		JsonbValue *value = getKeyJsonValueFromContainer(object, name, (int) strlen(name), NULL);

		if (value == NULL)
			continue;
		require_single(desc, i);
		watch_column(watch, name, TupleDescAttr(desc, i))->baseline = read_distribution(name, value);
	}
}

static void
watch_score(RmlWatch *watch, const char *name, char *sql)
{
	RmlWatched *column = palloc0(sizeof(RmlWatched));

	column->name = name;
	column->is_score = true;
	column->sql = sql;
	watch->columns = lappend(watch->columns, column);
}

/* A name that no column of the query has. */
static char *
unused_name(const RmlSubject *subject)
{
	char	   *name = pstrdup("scores");

	for (int i = 0; rml_subject_column(subject, name) >= 0; i++)
		name = psprintf("scores_%d", i);
	return name;
}

/* The labels of a feature. */
static Datum
labels_of(const RmlImage *image, const RmlImageCategories *categories)
{
	Datum	   *labels = palloc(sizeof(Datum) * Max(categories->n_labels, 1));

	for (uint32 i = 0; i < categories->n_labels; i++)
	{
		size_t		length;
		const char *utf8 = rml_image_label(image, categories->first + i, &length);

		labels[i] = CStringGetTextDatum(rml_from_utf8(utf8, length));
	}
	return PointerGetDatum(construct_array(labels, (int) categories->n_labels, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Appends what a value must be, beside NULL: one of an array's. */
static void
append_known(RmlWatch *watch, StringInfo sql, const RmlWatched *column, Oid array, Datum known)
{
	appendStringInfoString(sql, sql->len > 0 ? " AND " : "");
	if (array == TEXTARRAYOID)
		appendStringInfo(sql, "(%s IS NULL OR %s COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.=) ANY ($%d))",
						 column->sql, column->sql, rml_watch_value(watch, array, known));
	else
		/* a boolean is watched as a text */
		appendStringInfo(sql, "(%s IS NULL OR %s%s OPERATOR(pg_catalog.=) ANY ($%d))",
						 column->sql, column->sql, column->is_text ? "::pg_catalog.bool::pg_catalog.int4::pg_catalog.float8" : "",
						 rml_watch_value(watch, array, known));
}

/* The texts or numbers that a step does not refuse, NaN among these. */
static Datum
known_of(const RmlInstruction *lookup)
{
	bool		is_text = lookup->dictionary != NULL;
	int			n = lookup->numbers != NULL ? rml_numbers_count(lookup->numbers) : rml_dictionary_count(lookup->dictionary);
	Datum	   *known = palloc(sizeof(Datum) * ((Size) n + 1));
	int			n_known = 0;

	if (!is_text)
		known[n_known++] = Float8GetDatum(NAN);
	for (int i = 0; i < n; i++)
	{
		double		value = lookup->numbers != NULL ? rml_numbers_get(lookup->numbers, i) : i;
		const char *text;
		int			length;

		if (!lookup->known[i + 2])
			continue;
		if (!is_text)
		{
			known[n_known++] = Float8GetDatum(value);
			continue;
		}
		text = rml_dictionary_text(lookup->dictionary, (int) value, &length);
		known[n_known++] = PointerGetDatum(cstring_to_text_with_len(text, length));
	}
	return PointerGetDatum(is_text ? construct_array(known, n_known, TEXTOID, -1, false, TYPALIGN_INT) :
						   construct_array(known, n_known, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* The same for each step of a recipe that refuses categories of a column.  What a step refuses of a feature fails as scoring does. */
static void
append_known_of_recipe(RmlWatch *watch, StringInfo sql, const RmlTransform *transform)
{
	const RmlProgram *program = transform->program;

	for (int i = 0; i < transform->n_reads; i++)
	{
		const RmlTransformRead *read = &transform->reads[i];
		const RmlWatched *column = list_nth(watch->columns, read->column);

		for (int k = 0; k < program->n_instructions; k++)
		{
			const RmlInstruction *lookup = &program->instructions[k];

			if (lookup->known != NULL && column->is_label == (lookup->dictionary != NULL) &&
				rml_transform_reads_slot(program, lookup, read->slot))
				append_known(watch, sql, column, column->is_label ? TEXTARRAYOID : FLOAT8ARRAYOID, known_of(lookup));
		}
	}
}

/*
 * Condition that a row has no category that the model does not know, for which
 * scoring would fail; NULL if it can have none.  The columns are those of the
 * inputs, in their order.
 */
static char *
known_categories(RmlWatch *watch, const RmlWatchedModel *watched)
{
	RmlModel   *model = rml_cache_pin(&watched->binding);
	StringInfoData sql;

	initStringInfo(&sql);
	if (model->inputs.transform != NULL)
		append_known_of_recipe(watch, &sql, model->inputs.transform);
	for (int i = 0; i < watched->n_inputs && model->inputs.transform == NULL; i++)
	{
		const RmlWatched *column = list_nth(watch->columns, i);
		const RmlImageCategories *categories = rml_image_categories(&model->image, i);

		if (column->is_label && categories != NULL)
			append_known(watch, &sql, column, TEXTARRAYOID, labels_of(&model->image, categories));
	}
	rml_cache_unpin(model);
	return sql.len > 0 ? sql.data : NULL;
}

/* The score is asked for once for each row: in the one aggregate over it, or below all of them. */
static void
watch_scores(RmlWatch *watch, const RmlWatchedModel *model)
{
	char	   *known = known_categories(watch, model);
	char	   *name;
	char	   *score = rml_score_sql(rml_pinned_form(&model->binding), model->n_scores == 0);

	if (known != NULL)
		score = psprintf("CASE WHEN %s THEN %s END", known, score);
	if (model->n_scores == 0)
	{
		watch_score(watch, "score", score);
		return;
	}
	name = unused_name(&watch->subject);
	watch->from = psprintf("(SELECT source.*, %s AS %s FROM %s OFFSET 0) AS source", score, name, watch->subject.from);
	for (int i = 1; i <= model->n_scores; i++)
		watch_score(watch, psprintf("scores[%d]", i), psprintf("(source.%s)[%d]", name, i));
}

/* For messages. */
static const char *
input_noun(const RmlWatchedModel *model)
{
	return model->binding.has_recipe ? "input" : "feature";
}

void
rml_watch_model(RmlWatch *watch, const RmlWatchedModel *model, const char *query)
{
	RmlColumnNames *names;

	open_query(watch, query);
	names = rml_column_names(watch->subject.columns);
	for (int i = 0; i < model->n_inputs; i++)
	{
		const char *input = model->inputs[i];
		RmlMatchHow how;
		Form_pg_attribute other;
		Form_pg_attribute att = rml_column_find(names, input, &how, &other);

		if (att == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("the query has no column for %s \"%s\" of model \"%s\"", input_noun(model), input, model->binding.name)));
		if (other != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("the query has two columns for %s \"%s\" of model \"%s\", \"%s\" and \"%s\"", input_noun(model), input, model->binding.name,
							NameStr(att->attname), NameStr(other->attname)),
					 errhint("Give one of them another name.")));
		(void) watch_column(watch, input, att);
	}
	watch_scores(watch, model);
}

/* A member of an object; damaged if it is not there. */
static JsonbValue *
member(const RmlWatchedModel *model, JsonbContainer *object, const char *key)
{
	JsonbValue *value = object ? getKeyJsonValueFromContainer(object, key, (int) strlen(key), NULL) : NULL;

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the baseline of version %d of model \"%s\" has no \"%s\"", model->binding.version, model->binding.name, key)));
	return value;
}

static JsonbContainer *
container(const JsonbValue *value)
{
	return value->type == jbvBinary ? value->val.binary.data : NULL;
}

void
rml_watch_set_baseline(RmlWatch *watch, const RmlWatchedModel *model)
{
	JsonbContainer *root = &model->baseline->root;
	JsonbContainer *inputs = container(member(model, root, "inputs"));
	JsonbContainer *scores = container(member(model, root, "scores"));
	ListCell   *cell;

	foreach(cell, watch->columns)
	{
		RmlWatched *column = lfirst(cell);

		column->baseline = read_distribution(column->name, member(model, column->is_score ? scores : inputs, column->name));
	}
}

/* ---- the scan ---- */

int
rml_watch_value(RmlWatch *watch, Oid type, Datum value)
{
	RmlScanValues *values = &watch->values;

	if (values->n % 64 == 0)
	{
		Size		room = (Size) values->n + 64;

		values->types = values->n == 0 ? palloc(sizeof(Oid) * room) : repalloc(values->types, sizeof(Oid) * room);
		values->values = values->n == 0 ? palloc(sizeof(Datum) * room) : repalloc(values->values, sizeof(Datum) * room);
	}
	values->types[values->n] = type;
	values->values[values->n] = value;
	return ++values->n;
}

static char *
scan_sql(const RmlWatch *watch, const List *expressions)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT pg_catalog.count(*)");
	for (int i = 0; i < list_length(expressions); i++)
	{
		appendStringInfo(&sql, "%s\n %s", i % ARRAY_SIZE == 0 ? ",\n ARRAY[" : ",", (char *) list_nth(expressions, i));
		if (i % ARRAY_SIZE == ARRAY_SIZE - 1 || i == list_length(expressions) - 1)
			appendStringInfoString(&sql, "]::riskml.distribution[]");
	}
	appendStringInfo(&sql, "\nFROM %s", watch->from);
	return sql.data;
}

RmlDistribution **
rml_watch_scan(const RmlWatch *watch, const List *expressions, int64 *rows)
{
	int			n = list_length(expressions);
	RmlDistribution **found = palloc0(sizeof(RmlDistribution *) * (Size) Max(n, 1));
	Oid			type = rml_distribution_type();
	int16		typlen;
	bool		typbyval;
	char		typalign;
	bool		isnull;

	if (SPI_execute_with_args(scan_sql(watch, expressions), watch->values.n, watch->values.types, watch->values.values, NULL, true, 0) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "the columns of a query could not be read");
	get_typlenbyvalalign(type, &typlen, &typbyval, &typalign);
	*rows = DatumGetInt64(column_of(1, &isnull));
	for (int first = 0; first < n; first += ARRAY_SIZE)
	{
		Datum	   *elements;
		bool	   *nulls;
		int			n_elements;

		deconstruct_array(DatumGetArrayTypeP(column_of(2 + first / ARRAY_SIZE, &isnull)), type, typlen, typbyval, typalign,
						  &elements, &nulls, &n_elements);
		for (int i = 0; i < n_elements; i++)
			found[first + i] = nulls[i] ? NULL : DatumGetDistribution(elements[i]);
	}
	return found;
}
