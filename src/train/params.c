/*
 * params.c
 *	  Parameters of XGBoost, 1.7 to 3.x, by name.
 *
 * XGBoost takes any name, and warns of those that nobody asked for; a misspelt one would train another model than was meant.  So names are
 * looked up here.  Values are XGBoost's to judge, but where an argument or the server's owner has a say.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"
#include "utils/numeric.h"

#include "guc.h"
#include "model/objective.h"
#include "registry/nearest.h"
#include "registry/server.h"
#include "train/params.h"
#include "train/process.h"

/* Names that XGBoost declares, in any version from 1.7 on; aliases apart. */
static const char *const names[] = {
	/* general */
	"booster", "device", "disable_default_eval_metric", "dsplit", "extmem_single_page", "fail_on_invalid_gpu_id", "gpu_id", "nthread", "seed",
	"seed_per_iteration", "use_cuda_async_pool", "use_rmm", "validate_parameters", "verbosity",
	/* the task */
	"base_score", "boost_from_average", "eval_metric", "multi_strategy", "num_class", "objective",
	/* trees */
	"alpha", "cache_opt", "colsample_bylevel", "colsample_bynode", "colsample_bytree", "debug_synchronize", "default_direction", "eta",
	"gamma", "grow_policy", "interaction_constraints", "lambda", "max_bin", "max_cached_hist_node", "max_cat_threshold", "max_cat_to_onehot",
	"max_delta_step", "max_depth", "max_leaves", "min_child_weight", "monotone_constraints", "num_parallel_tree", "opt_dense_col",
	"predictor", "process_type", "refresh_leaf", "sampling_method", "single_precision_histogram", "sketch_eps", "sketch_ratio",
	"sparse_threshold", "subsample", "tree_method", "updater",
	/* dart */
	"normalize_type", "one_drop", "rate_drop", "sample_type", "skip_drop",
	/* gblinear */
	"feature_selector", "max_row_perbatch", "tolerance", "top_k",
	/* objectives */
	"aft_loss_distribution", "aft_loss_distribution_scale", "expectile_alpha", "fix_list_weight", "huber_slope", "lambdarank_bias_norm",
	"lambdarank_normalization", "lambdarank_num_pair_per_sample", "lambdarank_pair_method", "lambdarank_score_normalization",
	"lambdarank_unbiased", "ndcg_exp_gain", "num_pairsample", "quantile_alpha", "scale_pos_weight", "tweedie_variance_power",
	/* aliases */
	"learning_rate", "min_split_loss", "n_jobs", "random_state", "reg_alpha", "reg_lambda", "updater_seq",
};

/* Two names of one parameter. */
static const char *const aliases[][2] = {
	{"learning_rate", "eta"}, {"min_split_loss", "gamma"}, {"n_jobs", "nthread"}, {"random_state", "seed"}, {"reg_alpha", "alpha"},
	{"reg_lambda", "lambda"}, {"updater_seq", "updater"},
};

/* What people give to other interfaces of XGBoost as a parameter. */
static const struct
{
	const char *name;
	const char *hint;
}			elsewhere[] = {
	{"n_estimators", "The number of rounds is the argument \"num_boost_round\"."},
	{"num_boost_round", "It is an argument of its own: num_boost_round => ..."},
	{"num_round", "The number of rounds is the argument \"num_boost_round\"."},
	{"num_rounds", "The number of rounds is the argument \"num_boost_round\"."},
	{"nrounds", "The number of rounds is the argument \"num_boost_round\"."},
	{"early_stopping_rounds", "It is an argument of its own: early_stopping_rounds => ..."},
	{"early_stopping_round", "It is an argument of its own: early_stopping_rounds => ..."},
	{"enable_categorical", "Columns of text are categories by themselves."},
	{"feature_names", "Features are named as the query's columns."},
	{"feature_types", "Columns of text are categories, all others are numbers."},
	{"feature_weights", "Weights of features are not supported."},
	{"importance_type", "riskml.model_features shows all kinds of importance."},
	{"missing", "NULL is missing, and so is NaN."},
	{"nfold", "The number of folds is the argument \"folds\"."},
	{"num_feature", "It is found in the query."},
	{"num_target", "A training has one label."},
	{"sample_weight", "The column of weights is the argument \"weight\"."},
	{"verbose_eval", "For a NOTICE in each round there is the argument \"progress\"."},
};

#define DEFAULT_OBJECTIVE "reg:squarederror"

/* What is being read. */
typedef struct Reading
{
	const RmlTrainArguments *arguments;
	const RmlTrainFeatures *features;
	RmlTrainParams *params;
	JsonbParseState *effective;
} Reading;

/* ---- names ---- */

static bool
is_known(const char *name)
{
	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void
check_name(const char *name)
{
	int			distance;
	const char *nearest;

	if (is_known(name))
		return;
	for (int i = 0; i < (int) lengthof(elsewhere); i++)
	{
		if (strcmp(elsewhere[i].name, name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" is no parameter of XGBoost's training", name),
					 errhint("%s", elsewhere[i].hint)));
	}
	/* in whichever case */
	nearest = rml_nearest_word(asc_tolower(name, strlen(name)), names, lengthof(names), &distance);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown parameter of XGBoost \"%.128s\"", name),
			 errhint("Did you mean \"%s\"?", nearest)));
}

static JsonbValue *
find(const Jsonb *json, const char *name)
{
	JsonbValue *value = getKeyJsonValueFromContainer(unconstify(JsonbContainer *, &json->root), name, (int) strlen(name), NULL);

	return value == NULL || value->type == jbvNull ? NULL : value;
}

static void
check_aliases(const Jsonb *json)
{
	for (int i = 0; i < (int) lengthof(aliases); i++)
	{
		if (find(json, aliases[i][0]) != NULL && find(json, aliases[i][1]) != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" and \"%s\" are names of one parameter of XGBoost", aliases[i][0], aliases[i][1]),
					 errhint("Give one of them.")));
	}
}

static bool
is_name_of(const char *name, const char *parameter)
{
	for (int i = 0; i < (int) lengthof(aliases); i++)
	{
		if (strcmp(aliases[i][0], name) == 0)
			name = aliases[i][1];
	}
	return strcmp(name, parameter) == 0;
}

/* ---- values ---- */

static char *
text_of(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, (Size) value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "1" : "0");
		default:
			return NULL;
	}
}

static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data);
}

static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

pg_noreturn static void
refuse_value(const char *name, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("parameter \"%s\" of XGBoost must be %s", name, wanted)));
}

/* Tells XGBoost. */
static void
set(Reading *reading, const char *name, const char *value)
{
	char	   *text = psprintf("%s\t%s", name, value);

	rml_list_add(reading->params->config, "param", rml_to_utf8(text, strlen(text)));
}

/* Keeps it for people. */
static void
keep(Reading *reading, const char *name, JsonbValue *value)
{
	JsonbValue	key = {.type = jbvString, .val.string = {.len = (int) strlen(name), .val = unconstify(char *, name)}};

	(void) pushJsonbValue(&reading->effective, WJB_KEY, &key);
	(void) pushJsonbValue(&reading->effective, WJB_VALUE, value);
}

static void
set_and_keep_number(Reading *reading, const char *name, int64 number)
{
	JsonbValue	value = {.type = jbvNumeric, .val.numeric = int64_to_numeric(number)};

	set(reading, name, psprintf(INT64_FORMAT, number));
	keep(reading, name, &value);
}

static void
set_and_keep_text(Reading *reading, const char *name, char *text)
{
	JsonbValue	value = {.type = jbvString, .val.string = {.len = (int) strlen(text), .val = text}};

	set(reading, name, text);
	keep(reading, name, &value);
}

/* An integer in a number or a text; false if it is none. */
static bool
read_integer(const JsonbValue *value, int64 *number)
{
	char	   *text = text_of(value);
	char	   *end;

	if (text == NULL || *text == '\0' || value->type == jbvBool)
		return false;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0';
}

/* ---- parameters that name features ---- */

/* Its number; 22023 if there is none of this name. */
static int
find_feature(const Reading *reading, const char *what, const char *name)
{
	const RmlTrainFeatures *features = reading->features;
	const char *near;

	for (int i = 0; i < features->n; i++)
	{
		if (strcmp(features->names[i], name) == 0)
			return i;
	}
	near = rml_near_word(name, features->names, features->n);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s: there is no feature \"%s\"", what, name),
			 near != NULL ? errhint("Did you mean \"%s\"?", near) : 0));
}

/* {"income": -1} as XGBoost has it: (0,-1,0) */
static char *
directions(const Reading *reading, JsonbContainer *object)
{
	const RmlTrainFeatures *features = reading->features;
	int8	   *signs = palloc0((Size) Max(features->n, 1));
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;
	StringInfoData text;

	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		char	   *name;
		int64		sign;
		int			feature;

		if (token != WJB_KEY)
			continue;
		name = text_of(&key);
		(void) JsonbIteratorNext(&it, &value, true);
		if (!read_integer(&value, &sign) || sign < -1 || sign > 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("monotone_constraints: that of feature \"%s\" must be -1, 0 or 1", name)));
		if (features->n < 0)
			continue;
		feature = find_feature(reading, "monotone_constraints", name);
		if (sign != 0 && features->is_category != NULL && features->is_category[feature])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("monotone_constraints: feature \"%s\" has categories, which have no order", name)));
		signs[feature] = (int8) sign;
	}
	initStringInfo(&text);
	for (int i = 0; i < features->n; i++)
		appendStringInfo(&text, "%s%d", i == 0 ? "(" : ",", signs[i]);
	appendStringInfoChar(&text, ')');
	return text.data;
}

/* [1, 0, -1] as XGBoost has it. */
static char *
listed_directions(const Reading *reading, JsonbContainer *array)
{
	StringInfoData text;

	if (reading->features->n >= 0 && JsonContainerSize(array) > (uint32) reading->features->n)
		refuse_value("monotone_constraints", psprintf("a list of %d at most, as there are so many features", reading->features->n));
	initStringInfo(&text);
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		int64		sign;

		if (!read_integer(getIthJsonbValueFromContainer(array, i), &sign) || sign < -1 || sign > 1)
			refuse_value("monotone_constraints", "an object of features, or a list, of -1, 0 or 1");
		appendStringInfo(&text, "%s%d", i == 0 ? "(" : ",", (int) sign);
	}
	appendStringInfoChar(&text, ')');
	return text.data;
}

static void
read_monotone(Reading *reading, JsonbValue *value)
{
	char	   *text;

	if (reading->arguments->monotone_constraints != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"monotone_constraints\" is given twice"),
				 errhint("Give it as an argument, or in \"params\".")));
	if (is_object(value))
		text = directions(reading, value->val.binary.data);
	else if (is_array(value))
		text = listed_directions(reading, value->val.binary.data);
	else if (value->type == jbvString)
		text = text_of(value);
	else
		refuse_value("monotone_constraints", "an object of features, or a list, of -1, 0 or 1");
	set_and_keep_text(reading, "monotone_constraints", text);
}

/* One group of interaction_constraints: names become numbers. */
static void
append_group(const Reading *reading, StringInfo text, JsonbContainer *group)
{
	for (uint32 i = 0; i < JsonContainerSize(group); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(group, i);
		int64		number = 0;

		if (value->type == jbvString && reading->features->n >= 0)
			number = find_feature(reading, "interaction_constraints", text_of(value));
		else if (value->type != jbvString && (value->type != jbvNumeric || !read_integer(value, &number)))
			refuse_value("interaction_constraints", "a list of lists of features");
		if (number < 0 || (reading->features->n >= 0 && number >= reading->features->n))
			refuse_value("interaction_constraints", psprintf("of features by name, or by number from 0 on; there is none of number " INT64_FORMAT, number));
		appendStringInfo(text, "%s" INT64_FORMAT, i == 0 ? "[" : ", ", number);
	}
	appendStringInfoString(text, JsonContainerSize(group) == 0 ? "[]" : "]");
}

static void
read_interactions(Reading *reading, JsonbValue *value)
{
	StringInfoData text;

	if (value->type == jbvString)
	{
		set_and_keep_text(reading, "interaction_constraints", text_of(value));
		return;
	}
	if (!is_array(value))
		refuse_value("interaction_constraints", "a list of lists of features");
	initStringInfo(&text);
	for (uint32 i = 0; i < JsonContainerSize(value->val.binary.data); i++)
	{
		JsonbValue *group = getIthJsonbValueFromContainer(value->val.binary.data, i);

		if (!is_array(group))
			refuse_value("interaction_constraints", "a list of lists of features");
		appendStringInfoString(&text, i == 0 ? "[" : ", ");
		append_group(reading, &text, group->val.binary.data);
	}
	appendStringInfoString(&text, JsonContainerSize(value->val.binary.data) == 0 ? "[]" : "]");
	set(reading, "interaction_constraints", text.data);
	keep(reading, "interaction_constraints", value);
}

/* ---- parameters of which others have a say ---- */

static void
read_threads(Reading *reading, const char *name, JsonbValue *value)
{
	int64		threads;

	if (!read_integer(value, &threads) || threads < 0)
		refuse_value(name, "a number of threads");
	if (threads > rml_guc_trainer_threads)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"%s\" of XGBoost can be %d at most, not " INT64_FORMAT, name, rml_guc_trainer_threads, threads),
				 errhint("The limit is the setting riskml.trainer_threads.")));
	/* 0 is all that there are */
	set_and_keep_number(reading, "nthread", threads == 0 ? rml_guc_trainer_threads : threads);
}

static void
read_seed(Reading *reading, const char *name, JsonbValue *value)
{
	int64		seed;

	if (!read_integer(value, &seed))
		refuse_value(name, "an integer");
	if (reading->arguments->has_seed && reading->arguments->seed != seed)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the argument \"seed\" is " INT64_FORMAT ", but parameter \"%s\" of XGBoost is " INT64_FORMAT,
						reading->arguments->seed, name, seed)));
	reading->params->seed = seed;
	set_and_keep_number(reading, "seed", seed);
}

/* Metrics are in the order of the list: the last one decides when to stop. */
static void
read_metrics(Reading *reading, JsonbValue *value)
{
	if (is_array(value))
	{
		for (uint32 i = 0; i < JsonContainerSize(value->val.binary.data); i++)
		{
			JsonbValue *metric = getIthJsonbValueFromContainer(value->val.binary.data, i);

			if (metric->type != jbvString)
				refuse_value("eval_metric", "a text, or a list of texts");
			set(reading, "eval_metric", text_of(metric));
		}
	}
	else if (value->type == jbvString)
		set(reading, "eval_metric", text_of(value));
	else
		refuse_value("eval_metric", "a text, or a list of texts");
	keep(reading, "eval_metric", value);
}

static void
read_classes(Reading *reading, JsonbValue *value)
{
	int64		n;

	if (!read_integer(value, &n) || n < 0 || n > PG_INT16_MAX)
		refuse_value("num_class", psprintf("an integer from 0 to %d", PG_INT16_MAX));
	/* XGBoost's own "none" */
	if (n == 0)
		return;
	reading->params->num_class = (int) n;
	set_and_keep_number(reading, "num_class", n);
}

/* One of those that can be scored here. */
static void
read_objective(Reading *reading, JsonbValue *value)
{
	static const char *const objectives[] = {
		"binary:hinge", "binary:logistic", "binary:logitraw", "count:poisson", "multi:softmax", "multi:softprob", "rank:map", "rank:ndcg",
		"rank:pairwise", "reg:absoluteerror", "reg:expectileerror", "reg:gamma", "reg:logistic", "reg:pseudohubererror",
		"reg:quantileerror", "reg:squarederror", "reg:squaredlogerror", "reg:tweedie", "survival:aft", "survival:cox"
	};
	int			distance;

	if (value->type != jbvString)
		refuse_value("objective", "a text");
	reading->params->objective = text_of(value);
	if (rml_objective_by_name(reading->params->objective) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown objective of XGBoost \"%.128s\"", reading->params->objective),
				 errhint("Did you mean \"%s\"?", rml_nearest_word(reading->params->objective, objectives, lengthof(objectives), &distance))));
	set(reading, "objective", reading->params->objective);
	keep(reading, "objective", value);
}

static void
read_list(Reading *reading, const char *name, JsonbValue *value)
{
	JsonbContainer *array = value->val.binary.data;
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '[');
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);

		if (element->type != jbvNumeric)
			refuse_value(name, "a number, or a list of numbers");
		appendStringInfo(&text, "%s%s", i == 0 ? "" : ", ", text_of(element));
	}
	appendStringInfoChar(&text, ']');
	set(reading, name, text.data);
	keep(reading, name, value);
}

/* The name of a feature that has categories, or NULL. */
static const char *
find_category(const RmlTrainFeatures *features)
{
	for (int i = 0; i < features->n; i++)
	{
		if (features->is_category != NULL && features->is_category[i])
			return features->names[i];
	}
	return NULL;
}

static bool
is_text(const JsonbValue *value, const char *text)
{
	return value != NULL && value->type == jbvString && value->val.string.len == (int) strlen(text) &&
		memcmp(value->val.string.val, text, strlen(text)) == 0;
}

/* What takes categories for numbers, whose order means nothing, is refused; where XGBoost would choose it, it does not. */
static void
read_tree_method(Reading *reading)
{
	const Jsonb *given = reading->arguments->params;
	JsonbValue *method = find(given, "tree_method");
	JsonbValue *booster = find(given, "booster");
	const char *category = find_category(reading->features);

	if (category != NULL && (is_text(method, "exact") || is_text(booster, "gblinear")))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("feature \"%s\" has categories, which %s \"%s\" of XGBoost does not know", category,
						is_text(booster, "gblinear") ? "booster" : "tree_method", is_text(booster, "gblinear") ? "gblinear" : "exact"),
				 errhint("Use tree_method \"hist\" or \"approx\", or encode the column with a recipe.")));
	if (category != NULL && (method == NULL || is_text(method, "auto")))
		set_and_keep_text(reading, "tree_method", pstrdup("hist"));
	else if (method != NULL)
	{
		set(reading, "tree_method", text_of(method));
		keep(reading, "tree_method", method);
	}
}

/* ---- all ---- */

static void
read_plain(Reading *reading, const char *name, JsonbValue *value)
{
	char	   *text = text_of(value);

	if (text != NULL)
	{
		set(reading, name, text);
		keep(reading, name, value);
	}
	else if (is_array(value) && (strcmp(name, "quantile_alpha") == 0 || strcmp(name, "expectile_alpha") == 0 || strcmp(name, "base_score") == 0))
		read_list(reading, name, value);
	else
		refuse_value(name, "a number, a text or a boolean");
}

static void
read_one(Reading *reading, const char *name, JsonbValue *value)
{
	check_name(name);
	/* as if it were absent */
	if (value->type == jbvNull)
		return;
	if (is_name_of(name, "nthread"))
		read_threads(reading, name, value);
	else if (is_name_of(name, "seed"))
		read_seed(reading, name, value);
	else if (strcmp(name, "eval_metric") == 0)
		read_metrics(reading, value);
	else if (strcmp(name, "num_class") == 0)
		read_classes(reading, value);
	else if (strcmp(name, "objective") == 0)
		read_objective(reading, value);
	else if (strcmp(name, "monotone_constraints") == 0)
		read_monotone(reading, value);
	else if (strcmp(name, "interaction_constraints") == 0)
		read_interactions(reading, value);
	else if (strcmp(name, "tree_method") == 0)
	{
		if (text_of(value) == NULL)
			refuse_value(name, "a text");
	}
	else
		read_plain(reading, name, value);
}

static void
read_all(Reading *reading)
{
	JsonbIterator *it = JsonbIteratorInit(&reading->arguments->params->root);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = text_of(&key);
		(void) JsonbIteratorNext(&it, &value, true);
		read_one(reading, name, &value);
	}
}

/* What is set though it was not given in params. */
static void
add_rest(Reading *reading)
{
	const RmlTrainArguments *arguments = reading->arguments;
	const Jsonb *given = arguments->params;

	if (find(given, "nthread") == NULL && find(given, "n_jobs") == NULL)
		set_and_keep_number(reading, "nthread", rml_guc_trainer_threads);
	if (arguments->has_seed && find(given, "seed") == NULL && find(given, "random_state") == NULL)
		set_and_keep_number(reading, "seed", arguments->seed);
	if (arguments->monotone_constraints != NULL)
	{
		if (!JB_ROOT_IS_OBJECT(arguments->monotone_constraints))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("parameter \"monotone_constraints\" must be a JSON object of features and -1, 0 or 1")));
		set_and_keep_text(reading, "monotone_constraints", directions(reading, &arguments->monotone_constraints->root));
	}
	/* as the Python package does: XGBoost warns of what it does not use */
	if (find(given, "validate_parameters") == NULL)
		set(reading, "validate_parameters", "1");
}

/* What early stopping goes by. */
static void
require_metric(const RmlTrainArguments *arguments)
{
	JsonbValue *disabled = find(arguments->params, "disable_default_eval_metric");
	JsonbValue *metrics = find(arguments->params, "eval_metric");
	const char *text = disabled != NULL ? text_of(disabled) : NULL;

	if (text != NULL && (strcmp(text, "1") == 0 || pg_strcasecmp(text, "true") == 0) && arguments->early_stopping_rounds > 0 &&
		(metrics == NULL || (is_array(metrics) && JsonContainerSize(metrics->val.binary.data) == 0)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"early_stopping_rounds\" needs a metric"),
				 errhint("Name one with parameter \"eval_metric\", or leave out \"disable_default_eval_metric\".")));
}

static RmlTrainTask
task_of(const char *objective)
{
	if (strncmp(objective, "binary:", 7) == 0)
		return RML_TRAIN_BINARY;
	if (strncmp(objective, "multi:", 6) == 0)
		return RML_TRAIN_CLASSES;
	if (strncmp(objective, "rank:", 5) == 0)
		return RML_TRAIN_RANKING;
	return strcmp(objective, "survival:aft") == 0 ? RML_TRAIN_SURVIVAL : RML_TRAIN_REGRESSION;
}

void
rml_train_params(const RmlTrainArguments *arguments, const RmlTrainFeatures *features, RmlTrainParams *params)
{
	Reading		reading = {.arguments = arguments, .features = features, .params = params};

	*params = (RmlTrainParams) {
		.objective = DEFAULT_OBJECTIVE, .seed = arguments->has_seed ? arguments->seed : 0, .config = makeStringInfo()
	};
	if (!JB_ROOT_IS_OBJECT(arguments->params))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"params\" must be a JSON object of XGBoost's parameters")));
	check_aliases(arguments->params);
	(void) pushJsonbValue(&reading.effective, WJB_BEGIN_OBJECT, NULL);
	read_all(&reading);
	read_tree_method(&reading);
	require_metric(arguments);
	add_rest(&reading);
	params->effective = JsonbValueToJsonb(pushJsonbValue(&reading.effective, WJB_END_OBJECT, NULL));
	params->task = task_of(params->objective);
	if (params->num_class > 0 && params->task != RML_TRAIN_CLASSES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"num_class\" of XGBoost is for objectives multi:*, not %s", params->objective)));
}
