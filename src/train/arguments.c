/*
 * arguments.c
 *	  What riskml.train_model() and steps of kind "train" were asked for.
 *
 * Here is checked what needs neither the query nor XGBoost's parameters.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "load/options.h"
#include "registry/acting.h"
#include "registry/ref.h"
#include "train/arguments.h"

#define DEFAULT_ROUNDS 100
#define MOST_ROUNDS 1000000
#define MOST_FOLDS 100
#define DEFAULT_ALIAS "staging"

/* Of the procedure, in its order. */
enum
{
	MODEL, QUERY, LABEL, PARAMS, NUM_BOOST_ROUND, EARLY_STOPPING_ROUNDS, VALIDATION, WEIGHT, RECIPE, FEATURES, MONOTONE_CONSTRAINTS,
	SEED, FOLDS, COMMENT_, ALIAS, GROUP_COLUMN, LABEL_UPPER, PROGRESS
};

/* ---- checks ---- */

static void
require_range(const char *name, int64 value, int64 least, int64 most)
{
	if (value < least || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be between " INT64_FORMAT " and " INT64_FORMAT ", not " INT64_FORMAT, name, least, most, value)));
}

static void
require_object(const char *name, const Jsonb *json)
{
	if (json != NULL && !JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be a JSON object", name)));
}

/* Rounds and folds come as bigint from a step. */
static void
check(RmlTrainArguments *arguments, int64 rounds, int64 early_stopping, bool stops_early, int64 folds, bool has_folds)
{
	rml_check_model_name(arguments->model, (int) strlen(arguments->model));
	if (arguments->alias != NULL)
		rml_check_alias(arguments->alias, (int) strlen(arguments->alias));
	require_object("params", arguments->params);
	require_object("monotone_constraints", arguments->monotone_constraints);
	require_range("num_boost_round", rounds, 1, MOST_ROUNDS);
	arguments->num_boost_round = (int) rounds;
	if (stops_early)
	{
		require_range("early_stopping_rounds", early_stopping, 1, MOST_ROUNDS);
		if (arguments->validation == NULL && !has_folds)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"early_stopping_rounds\" needs rows that are held out"),
					 errhint("Say which with \"validation\": a fraction as 0.2, a column of the query, or a query; or give \"folds\".")));
	}
	arguments->early_stopping_rounds = stops_early ? (int) early_stopping : 0;
	if (has_folds)
		require_range("folds", folds, 2, MOST_FOLDS);
	arguments->folds = has_folds ? (int) folds : 0;
	if (arguments->features != NULL && arguments->n_features == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"features\" must not be empty"),
				 errhint("Leave it out to train on all columns but those with another purpose.")));
}

/* ---- of a call ---- */

static char *
text_or_null(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static Jsonb *
jsonb_or_null(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : PG_GETARG_JSONB_P_COPY(n);
}

/* A text or a number, as text: its type is "any". */
static char *
validation_of(FunctionCallInfo fcinfo)
{
	Oid			type;
	Oid			output;
	bool		is_varlena;
	char		category;
	bool		preferred;

	if (PG_ARGISNULL(VALIDATION))
		return NULL;
	type = getBaseType(get_fn_expr_argtype(fcinfo->flinfo, VALIDATION));
	if (type == UNKNOWNOID)
		return pstrdup(DatumGetCString(PG_GETARG_DATUM(VALIDATION)));
	get_type_category_preferred(type, &category, &preferred);
	if (category != TYPCATEGORY_STRING && category != TYPCATEGORY_NUMERIC)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("parameter \"%s\" cannot be of type %s", "validation", format_type_be(type)),
				 errhint("It is a fraction as 0.2, the name of a column, or a query.")));
	getTypeOutputInfo(type, &output, &is_varlena);
	return OidOutputFunctionCall(output, PG_GETARG_DATUM(VALIDATION));
}

static void
get_features(FunctionCallInfo fcinfo, RmlTrainArguments *arguments)
{
	ArrayType  *array;
	Datum	   *names;
	bool	   *nulls;

	if (PG_ARGISNULL(FEATURES))
		return;
	array = PG_GETARG_ARRAYTYPE_P(FEATURES);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must have one dimension")));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &arguments->n_features);
	arguments->features = palloc(sizeof(char *) * ((Size) arguments->n_features + 1));
	for (int i = 0; i < arguments->n_features; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("features contains a null")));
		arguments->features[i] = TextDatumGetCString(names[i]);
	}
}

RmlTrainArguments *
rml_train_arguments_of_call(FunctionCallInfo fcinfo)
{
	RmlTrainArguments *arguments = palloc0(sizeof(RmlTrainArguments));

	arguments->model = RML_TEXT_ARG(MODEL, "model");
	arguments->query = RML_TEXT_ARG(QUERY, "query");
	arguments->label = RML_TEXT_ARG(LABEL, "label");
	if (PG_ARGISNULL(PARAMS))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"%s\" must not be null", "params")));
	arguments->params = PG_GETARG_JSONB_P_COPY(PARAMS);
	arguments->validation = validation_of(fcinfo);
	arguments->weight = text_or_null(fcinfo, WEIGHT);
	arguments->recipe = jsonb_or_null(fcinfo, RECIPE);
	get_features(fcinfo, arguments);
	arguments->monotone_constraints = jsonb_or_null(fcinfo, MONOTONE_CONSTRAINTS);
	arguments->has_seed = !PG_ARGISNULL(SEED);
	arguments->seed = arguments->has_seed ? PG_GETARG_INT64(SEED) : 0;
	arguments->comment = text_or_null(fcinfo, COMMENT_);
	arguments->alias = text_or_null(fcinfo, ALIAS);
	arguments->group_column = text_or_null(fcinfo, GROUP_COLUMN);
	arguments->label_upper = text_or_null(fcinfo, LABEL_UPPER);
	arguments->progress = !PG_ARGISNULL(PROGRESS) && PG_GETARG_BOOL(PROGRESS);
	check(arguments, rml_int_arg(fcinfo, NUM_BOOST_ROUND, "num_boost_round"),
		  PG_ARGISNULL(EARLY_STOPPING_ROUNDS) ? 0 : PG_GETARG_INT32(EARLY_STOPPING_ROUNDS), !PG_ARGISNULL(EARLY_STOPPING_ROUNDS),
		  PG_ARGISNULL(FOLDS) ? 0 : PG_GETARG_INT32(FOLDS), !PG_ARGISNULL(FOLDS));
	return arguments;
}

/* ---- of a step ---- */

static void
require_text(const char *key, const char *value)
{
	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the command of a step of kind \"%s\" lacks \"%s\"", "train", key)));
}

static void
put_features(RmlTrainArguments *arguments, const List *features)
{
	ListCell   *cell;

	if (features == NIL)
		return;
	arguments->features = palloc(sizeof(char *) * (Size) list_length(features));
	foreach(cell, features)
		arguments->features[arguments->n_features++] = lfirst(cell);
}

RmlTrainArguments *
rml_train_arguments_of_step(const char *command)
{
	RmlTrainArguments *arguments = palloc0(sizeof(RmlTrainArguments));
	const int64 unset = PG_INT64_MIN;
	int64		rounds = DEFAULT_ROUNDS;
	int64		early_stopping = unset;
	int64		folds = unset;
	List	   *features = NIL;

	arguments->alias = DEFAULT_ALIAS;
	arguments->seed = unset;
	{
		const RmlOption known[] = {
			{"model", RML_OPTION_TEXT, &arguments->model},
			{"query", RML_OPTION_TEXT, &arguments->query},
			{"label", RML_OPTION_TEXT, &arguments->label},
			{"params", RML_OPTION_JSON, &arguments->params},
			{"num_boost_round", RML_OPTION_INT, &rounds},
			{"early_stopping_rounds", RML_OPTION_INT, &early_stopping},
			{"validation", RML_OPTION_SCALAR, &arguments->validation},
			{"weight", RML_OPTION_TEXT, &arguments->weight},
			{"recipe", RML_OPTION_JSON, &arguments->recipe},
			{"features", RML_OPTION_TEXTS, &features},
			{"monotone_constraints", RML_OPTION_JSON, &arguments->monotone_constraints},
			{"seed", RML_OPTION_INT, &arguments->seed},
			{"folds", RML_OPTION_INT, &folds},
			{"comment", RML_OPTION_TEXT, &arguments->comment},
			{"alias", RML_OPTION_TEXT, &arguments->alias},
			{"group_column", RML_OPTION_TEXT, &arguments->group_column},
			{"label_upper", RML_OPTION_TEXT, &arguments->label_upper},
			{"progress", RML_OPTION_BOOL, &arguments->progress},
		};

		if (command[strspn(command, " \t\r\n")] != '{')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the command of a step of kind \"%s\" must be a JSON object", "train"),
					 errhint("For example {\"model\": \"credit\", \"query\": \"SELECT ...\", \"label\": \"defaulted\"}.")));
		rml_read_options("a step of kind \"train\"", DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(command))), known,
						 lengthof(known));
	}
	require_text("model", arguments->model);
	require_text("query", arguments->query);
	require_text("label", arguments->label);
	if (arguments->params == NULL)
		arguments->params = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	arguments->has_seed = arguments->seed != unset;
	put_features(arguments, features);
	check(arguments, rounds, early_stopping, early_stopping != unset, folds, folds != unset);
	return arguments;
}

/* ---- what is kept ---- */

static void
put_key(StringInfo json, const char *key)
{
	appendStringInfo(json, "%s\"%s\": ", json->len > 1 ? ", " : "", key);
}

static void
put_text(StringInfo json, const char *key, const char *value)
{
	if (value == NULL)
		return;
	put_key(json, key);
	escape_json(json, value);
}

static void
put_json(StringInfo json, const char *key, Jsonb *value)
{
	if (value == NULL)
		return;
	put_key(json, key);
	(void) JsonbToCString(json, &value->root, (int) VARSIZE(value));
}

static void
put_number(StringInfo json, const char *key, int64 value)
{
	put_key(json, key);
	appendStringInfo(json, INT64_FORMAT, value);
}

Jsonb *
rml_train_arguments_json(const RmlTrainArguments *arguments)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	put_json(&json, "params", arguments->params);
	put_number(&json, "num_boost_round", arguments->num_boost_round);
	if (arguments->early_stopping_rounds > 0)
		put_number(&json, "early_stopping_rounds", arguments->early_stopping_rounds);
	put_text(&json, "validation", arguments->validation);
	put_text(&json, "weight", arguments->weight);
	put_json(&json, "recipe", arguments->recipe);
	if (arguments->features != NULL)
	{
		put_key(&json, "features");
		for (int i = 0; i < arguments->n_features; i++)
		{
			appendStringInfoString(&json, i == 0 ? "[" : ", ");
			escape_json(&json, arguments->features[i]);
		}
		appendStringInfoChar(&json, ']');
	}
	put_json(&json, "monotone_constraints", arguments->monotone_constraints);
	if (arguments->has_seed)
		put_number(&json, "seed", arguments->seed);
	if (arguments->folds > 0)
		put_number(&json, "folds", arguments->folds);
	put_text(&json, "comment", arguments->comment);
	put_text(&json, "alias", arguments->alias);
	put_text(&json, "group_column", arguments->group_column);
	put_text(&json, "label_upper", arguments->label_upper);
	appendStringInfoChar(&json, '}');
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}
