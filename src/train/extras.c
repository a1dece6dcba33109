/*
 * extras.c
 *	  What a row of a training has beside its features: label, weight, group, role; checked as it is read.
 *
 * Whatever XGBoost would take without a word, or refuse without saying which row, is refused here.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "math/deal.h"
#include "train/extras.h"

/* Of multi:*, for a label that is no number of a class. */
#define MAX_CLASSES PG_INT16_MAX

/* ---- groups ---- */

typedef struct Group
{
	uint64		hash;
	char		status;
} Group;

#define SH_PREFIX rml_groups
#define SH_ELEMENT_TYPE Group
#define SH_KEY_TYPE uint64
#define SH_KEY hash
#define SH_HASH_KEY(tb, key) ((uint32) rml_deal_mix(key, 0))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* ---- the query ---- */

void
rml_extras_init(RmlTrainExtras *extras, const RmlTrainQuery *query, const RmlTrainParams *params, bool has_roles)
{
	memset(extras, 0, sizeof(*extras));
	extras->params = *params;
	extras->has[RML_EXTRA_LABEL] = true;
	extras->has[RML_EXTRA_LABEL_UPPER] = query->label_upper.name != NULL;
	extras->has[RML_EXTRA_WEIGHT] = query->weight.name != NULL;
	extras->has[RML_EXTRA_GROUP] = query->group.name != NULL;
	extras->has[RML_EXTRA_ROLE] = has_roles;
	for (int i = 0; i < RML_N_EXTRAS; i++)
		extras->n += extras->has[i];
	extras->least = INFINITY;
	extras->greatest = extras->greatest_of_all = -INFINITY;
}

char *
rml_extras_names(const RmlTrainExtras *extras)
{
	static const char *const names[] = {"label", "label_upper", "weight", "group", "role"};
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < RML_N_EXTRAS; i++)
	{
		if (extras->has[i])
			appendStringInfo(&text, "%s%s", text.len > 0 ? "," : "", names[i]);
	}
	return text.data;
}

void
rml_extras_enter(RmlTrainExtras *extras, const RmlTrainQuery *query, bool held_out)
{
	extras->query = query;
	extras->held_out = held_out;
	extras->rows = 0;
	extras->null_labels = 0;
	if (!extras->has[RML_EXTRA_GROUP])
		return;
	fmgr_info(lookup_type_cache(query->group.type, TYPECACHE_HASH_EXTENDED_PROC)->hash_extended_proc, &extras->hash_group);
	if (extras->groups != NULL)
		rml_groups_destroy(extras->groups);
	extras->groups = rml_groups_create(CurrentMemoryContext, 1000, NULL);
}

/* ---- rows ---- */

static char *
number_text(double value)
{
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	double_to_shortest_decimal_buf(value, text);
	return text;
}

/* NaN is missing. */
static double
number_of(const RmlTrainColumn *column, const Datum *values, const bool *nulls)
{
	return nulls[column->place] ? NAN : rml_column_number(column->kind, values[column->place]);
}

/* "row 3 of the query" */
static char *
this_row(const RmlTrainExtras *extras)
{
	return psprintf("row " INT64_FORMAT " of %s", extras->rows, extras->query->noun);
}

static void
require_range(const RmlTrainExtras *extras, double label)
{
	const char *objective = extras->params.objective;

	if (extras->params.task == RML_TRAIN_CLASSES)
	{
		int			n_classes = extras->params.num_class > 0 ? extras->params.num_class : MAX_CLASSES;

		if (!(label >= 0 && label < n_classes && label == floor(label)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("label \"%s\" is %s in %s, but must be an integer from 0 to %d for objective %s", extras->query->label.name,
							number_text(label), this_row(extras), n_classes - 1, objective),
					 errhint("Number the classes from 0.")));
	}
	else if (extras->params.task == RML_TRAIN_BINARY || strcmp(objective, "reg:logistic") == 0)
	{
		if (!(label >= 0 && label <= 1))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("label \"%s\" is %s in %s, but must be from 0 to 1 for objective %s", extras->query->label.name,
							number_text(label), this_row(extras), objective),
					 errhint("For more than two classes there is objective multi:softprob.")));
	}
}

/* Of times and of ranks: XGBoost 1.7 takes logarithms of the one, and shifts by the other, without looking. */
static void
require_sign(const RmlTrainExtras *extras, double label)
{
	bool		is_time = extras->params.task == RML_TRAIN_SURVIVAL;
	bool		is_gain = strcmp(extras->params.objective, "rank:ndcg") == 0;
	bool		is_power = is_gain &&
		getKeyJsonValueFromContainer(&extras->params.effective->root, "ndcg_exp_gain", 13, NULL) == NULL;

	if ((is_time || is_gain) && label < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label \"%s\" is %s in %s, but must not be negative for objective %s", extras->query->label.name, number_text(label),
						this_row(extras), extras->params.objective)));
	if (is_power && label >= 32)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label \"%s\" is %s in %s, but must be below 32 for objective rank:ndcg, which gains 2^label", extras->query->label.name,
						number_text(label), this_row(extras)),
				 errhint("Number the grades of relevance from 0.")));
}

static double
read_label(RmlTrainExtras *extras, const Datum *values, const bool *nulls)
{
	double		label = number_of(&extras->query->label, values, nulls);

	if (isnan(label))
	{
		extras->null_labels++;
		return label;
	}
	if (isinf((float) label))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("label \"%s\" is %s in %s, which is infinite as a number of 32 bits", extras->query->label.name,
						number_text(label), this_row(extras))));
	require_range(extras, label);
	if (extras->params.task == RML_TRAIN_SURVIVAL || extras->params.task == RML_TRAIN_RANKING)
		require_sign(extras, label);
	return label;
}

/* NULL: nothing is known above the label. */
static double
read_upper(RmlTrainExtras *extras, const Datum *values, const bool *nulls, double label)
{
	double		upper = number_of(&extras->query->label_upper, values, nulls);

	if (upper < label)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label_upper \"%s\" is %s in %s, below its label %s", extras->query->label_upper.name, number_text(upper),
						this_row(extras), number_text(label))));
	return isnan(upper) ? INFINITY : upper;
}

static double
read_weight(const RmlTrainExtras *extras, const Datum *values, const bool *nulls)
{
	double		weight = number_of(&extras->query->weight, values, nulls);

	if (isnan(weight))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("weight \"%s\" is NULL in %s", extras->query->weight.name, this_row(extras))));
	if (weight < 0 || isinf((float) weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight \"%s\" is %s in %s, but must be finite and not negative", extras->query->weight.name, number_text(weight),
						this_row(extras))));
	return weight;
}

/* Does the row begin a group?  Rows of one stand together. */
static bool
begins_group(RmlTrainExtras *extras, const Datum *values, const bool *nulls)
{
	const RmlTrainColumn *column = &extras->query->group;
	uint64		hash;
	bool		found;

	if (nulls[column->place])
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("group \"%s\" is NULL in %s", column->name, this_row(extras))));
	hash = DatumGetUInt64(FunctionCall2Coll(&extras->hash_group, column->collation, values[column->place], Int64GetDatum(0)));
	if (extras->rows > 1 && hash == extras->group)
		return false;
	extras->group = hash;
	(void) rml_groups_insert(extras->groups, hash, &found);
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows of a group do not stand together: that of %s has come before", this_row(extras)),
				 errhint("Let the query end with ORDER BY %s.", column->name)));
	return true;
}

static bool
is_held_out(const RmlTrainExtras *extras, const Datum *values, const bool *nulls)
{
	const RmlTrainColumn *column = &extras->query->validation;

	if (extras->held_out || column->name == NULL)
		return extras->held_out;
	if (nulls[column->place])
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("validation: column \"%s\" is NULL in %s", column->name, this_row(extras)),
				 errhint("It must say of each row whether it is held out.")));
	return DatumGetBool(values[column->place]);
}

void
rml_extras_row(RmlTrainExtras *extras, const Datum *values, const bool *nulls, double *row)
{
	double		label;
	bool		held_out;

	extras->rows++;
	held_out = is_held_out(extras, values, nulls);
	label = *row++ = read_label(extras, values, nulls);
	if (extras->has[RML_EXTRA_LABEL_UPPER])
		*row++ = read_upper(extras, values, nulls, label);
	if (extras->has[RML_EXTRA_WEIGHT])
		*row++ = read_weight(extras, values, nulls);
	if (extras->has[RML_EXTRA_GROUP])
		*row++ = begins_group(extras, values, nulls);
	if (extras->has[RML_EXTRA_ROLE])
		*row++ = held_out;
	extras->all_held_out += held_out;
	extras->greatest_of_all = Max(extras->greatest_of_all, label);
	if (!held_out)
	{
		extras->least = Min(extras->least, label);
		extras->greatest = Max(extras->greatest, label);
	}
}

/* ---- at the end ---- */

void
rml_extras_leave(RmlTrainExtras *extras)
{
	if (extras->rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s gives no rows", extras->query->noun)));
	if (extras->null_labels > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("label \"%s\" is NULL in " INT64_FORMAT " of " INT64_FORMAT " rows of %s", extras->query->label.name, extras->null_labels,
						extras->rows, extras->query->noun),
				 errhint("Leave such rows out of the query.")));
	extras->all_rows += extras->rows;
}

void
rml_extras_finish(RmlTrainExtras *extras)
{
	int64		training = extras->all_rows - extras->all_held_out;
	const char *name = extras->query->label.name;

	if (training == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("all " INT64_FORMAT " rows are held out, so none is left to train on", extras->all_rows)));
	if (extras->has[RML_EXTRA_ROLE] && extras->all_held_out == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("validation: of " INT64_FORMAT " rows none is held out", extras->all_rows)));
	/* times of survival may well be bounded alike */
	if (extras->least == extras->greatest && extras->params.task != RML_TRAIN_SURVIVAL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label \"%s\" is %s in all " INT64_FORMAT " rows", name, number_text(extras->least), training),
				 errhint("There is nothing to be learnt from it; does the query leave out the others?")));
}
