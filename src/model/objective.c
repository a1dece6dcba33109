/*
 * objective.c
 *	  XGBoost's objectives: link functions, responses, classes, base margins.
 *
 * Source: src/objective/ and src/common/math.h of XGBoost 1.0.0 to 3.4.1.
 * All arithmetic is in float32, as there; the sum of a softmax in double.
 */
#include "model/objective.h"

#include <math.h>
#include <string.h>

#include "base/hot.h"

#define LOGITRAW 12

/* XGBoost's kRtEps */
#define EPSILON 1e-6f

#define SCALAR RML_CLASS_NONE, RML_OUTPUTS_ANY

static const RmlObjective objectives[] = {
	{1, "reg:squarederror", RML_LINK_IDENTITY, SCALAR, 1, 0},
	{2, "reg:linear", RML_LINK_IDENTITY, SCALAR, 1, 0}, /* old name of squarederror */
	{3, "reg:squaredlogerror", RML_LINK_IDENTITY, SCALAR, 1, 0},
	{4, "reg:logistic", RML_LINK_LOGIT, SCALAR, 1, 0},
	{5, "reg:pseudohubererror", RML_LINK_IDENTITY, SCALAR, 1, 0},
	{6, "reg:absoluteerror", RML_LINK_IDENTITY, SCALAR, 1, 0},
	{7, "reg:quantileerror", RML_LINK_SORTED, RML_CLASS_NONE, RML_OUTPUTS_QUANTILES, 2, 0},
	{8, "reg:expectileerror", RML_LINK_GAPS, RML_CLASS_NONE, RML_OUTPUTS_EXPECTILES, 3, 3},
	{9, "reg:gamma", RML_LINK_LOG, SCALAR, 1, 0},
	{10, "reg:tweedie", RML_LINK_LOG, SCALAR, 1, 0},
	{11, "binary:logistic", RML_LINK_LOGIT, RML_CLASS_PROBABILITY, RML_OUTPUTS_ANY, 1, 0},
	{LOGITRAW, "binary:logitraw", RML_LINK_IDENTITY, RML_CLASS_SIGN, RML_OUTPUTS_ANY, 1, 0},
	{13, "binary:hinge", RML_LINK_STEP, RML_CLASS_SIGN, RML_OUTPUTS_ANY, 1, 0},
	{14, "count:poisson", RML_LINK_LOG, SCALAR, 1, 0},
	{15, "survival:cox", RML_LINK_LOG, SCALAR, 1, 0},
	{16, "survival:aft", RML_LINK_LOG, SCALAR, 1, 0},
	{17, "rank:pairwise", RML_LINK_IDENTITY, SCALAR, 1, 0},
	{18, "rank:ndcg", RML_LINK_IDENTITY, SCALAR, 1, 0},
	{19, "rank:map", RML_LINK_IDENTITY, SCALAR, 1, 0},
	{20, "multi:softmax", RML_LINK_SOFTMAX, RML_CLASS_MARGINS, RML_OUTPUTS_CLASSES, 1, 0},
	{21, "multi:softprob", RML_LINK_SOFTMAX, RML_CLASS_RESPONSES, RML_OUTPUTS_CLASSES, 1, 0},
};

#define N_OBJECTIVES ((int) (sizeof(objectives) / sizeof(objectives[0])))

const RmlObjective *
rml_objective_by_name(const char *name)
{
	for (int i = 0; i < N_OBJECTIVES; i++)
	{
		if (strcmp(objectives[i].name, name) == 0)
			return &objectives[i];
	}
	return NULL;
}

const RmlObjective *
rml_objective_by_id(int id)
{
	for (int i = 0; i < N_OBJECTIVES; i++)
	{
		if (objectives[i].id == id)
			return &objectives[i];
	}
	return NULL;
}

/* ---- base margins ---- */

/*
 * From 3.2 on, XGBoost takes 0 <= p <= 1 and clamps to [1e-6, 1 - 1e-6];
 * before, it took 0 < p < 1 as it was.
 */
static bool
logit_margin(const RmlObjective *objective, RmlWriter writer, float p,
			 float *margin, RmlError *err)
{
	if (rml_writer_at_least(writer, 3, 2, 0))
	{
		if (!(p >= 0.0f && p <= 1.0f))
			return rml_fail(err, RML_INVALID,
							"learner_model_param.base_score is %g, but %s needs a value from 0 to 1",
							p, objective->name);
		p = fminf(fmaxf(p, EPSILON), 1.0f - EPSILON);
	}
	else if (!(p > 0.0f && p < 1.0f))
		return rml_fail(err, RML_INVALID,
						"learner_model_param.base_score is %g, but %s needs a value between 0 and 1",
						p, objective->name);
	*margin = -logf(1.0f / p - 1.0f);
	return true;
}

/*
 * The inverse of softplus, bounded as XGBoost bounds it.  XGBoost calls expm1f()
 * and log1pf(), which are correctly rounded from glibc 2.41 on and not before;
 * by way of double they are here, with any C library.
 */
static float
gap_margin(float gap)
{
	gap = fmaxf(gap - EPSILON, EPSILON);
	return gap + logf(-(float) expm1((double) -gap));
}

static bool
one_base_margin(const RmlObjective *objective, RmlWriter writer, float score,
				float *margin, RmlError *err)
{
	RmlLink		link = objective->link;

	/* binary:logitraw got a base_score of its own kind in 1.3.1 */
	if (objective->id == LOGITRAW && !rml_writer_at_least(writer, 1, 3, 1))
		link = RML_LINK_LOGIT;
	switch (link)
	{
		case RML_LINK_LOGIT:
			return logit_margin(objective, writer, score, margin, err);
		case RML_LINK_LOG:
			*margin = logf(score);
			return true;
		case RML_LINK_IDENTITY:
		case RML_LINK_STEP:
		case RML_LINK_SOFTMAX:
		case RML_LINK_SORTED:
		case RML_LINK_GAPS:
			break;
	}
	*margin = score;
	return true;
}

bool
rml_base_margins(const RmlObjective *objective, RmlWriter writer, RmlBaseScore score,
				 int n_outputs, float *margins, RmlError *err)
{
	for (int i = 0; i < n_outputs; i++)
	{
		float		value = score.values[score.count > 1 ? i : 0];

		margins[i] = value;
		if (!score.is_margin && !one_base_margin(objective, writer, value, &margins[i], err))
			return false;
	}
	if (objective->link == RML_LINK_GAPS && !score.is_margin)
	{
		for (int i = n_outputs - 1; i > 0; i--)
			margins[i] = gap_margin(margins[i] - margins[i - 1]);
	}
	for (int i = 0; i < n_outputs; i++)
	{
		if (!isfinite(margins[i]))
			return rml_fail(err, RML_INVALID,
							"learner_model_param.base_score is %g, for which %s has no finite margin",
							score.values[score.count > 1 ? i : 0], objective->name);
	}
	for (int i = 1; score.first_for_all && i < n_outputs; i++)
		margins[i] = margins[0];
	return true;
}

/* ---- responses ---- */

/*
 * Before 1.6 there was neither a bound for the exponent nor the 1e-16.  The
 * bound is std::min's, which lets NaN pass.
 */
static float
sigmoid(RmlWriter writer, float margin)
{
	float		exponent = -margin;

	if (!rml_writer_at_least(writer, 1, 6, 0))
		return 1.0f / (1.0f + expf(exponent));
	if (exponent > 88.7f)
		exponent = 88.7f;
	return 1.0f / (expf(exponent) + 1.0f + 1e-16f);
}

static void
softmax(float *values, int n)
{
	float		largest = values[0];
	double		sum = 0.0;
	float		divisor;

	for (int i = 1; i < n; i++)
		largest = fmaxf(values[i], largest);
	for (int i = 0; i < n; i++)
	{
		values[i] = expf(values[i] - largest);
		sum += values[i];
	}
	divisor = (float) sum;
	for (int i = 0; i < n; i++)
		values[i] /= divisor;
}

static void
sort_ascending(float *values, int n)
{
	for (int i = 1; i < n; i++)
	{
		float		value = values[i];
		int			at = i;

		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

static float
softplus(float x)
{
	float		tail = (float) log1p((double) expf(x > 0.0f ? -x : x));

	return x > 0.0f ? x + tail : tail;
}

static void
sum_gaps(float *values, int n)
{
	for (int i = 1; i < n; i++)
		values[i] = values[i - 1] + (EPSILON + softplus(values[i]));
}

RML_HOT void
rml_responses(const RmlObjective *objective, RmlWriter writer, float *values, int n)
{
	switch (objective->link)
	{
		case RML_LINK_LOGIT:
			for (int i = 0; i < n; i++)
				values[i] = sigmoid(writer, values[i]);
			break;
		case RML_LINK_LOG:
			for (int i = 0; i < n; i++)
				values[i] = expf(values[i]);
			break;
		case RML_LINK_STEP:
			for (int i = 0; i < n; i++)
				values[i] = values[i] > 0.0f ? 1.0f : 0.0f;
			break;
		case RML_LINK_SOFTMAX:
			softmax(values, n);
			break;
		case RML_LINK_SORTED:
			if (rml_writer_at_least(writer, 3, 4, 0))
				sort_ascending(values, n);
			break;
		case RML_LINK_GAPS:
			sum_gaps(values, n);
			break;
		case RML_LINK_IDENTITY:
			break;
	}
}

/* ---- classes ---- */

RML_HOT bool
rml_has_class(const RmlObjective *objective, int n)
{
	switch (objective->class_rule)
	{
		case RML_CLASS_PROBABILITY:
		case RML_CLASS_SIGN:
			return n == 1;
		case RML_CLASS_MARGINS:
		case RML_CLASS_RESPONSES:
			return true;
		case RML_CLASS_NONE:
			break;
	}
	return false;
}

static int
first_largest(const float *values, int n)
{
	int			largest = 0;

	for (int i = 1; i < n; i++)
	{
		if (values[i] > values[largest])
			largest = i;
	}
	return largest;
}

int
rml_class(const RmlObjective *objective, RmlWriter writer, float *margins, int n)
{
	switch (objective->class_rule)
	{
		case RML_CLASS_PROBABILITY:
			rml_responses(objective, writer, margins, n);
			return margins[0] > 0.5f;
		case RML_CLASS_RESPONSES:
			rml_responses(objective, writer, margins, n);
			return first_largest(margins, n);
		case RML_CLASS_MARGINS:
			return first_largest(margins, n);
		case RML_CLASS_SIGN:
		case RML_CLASS_NONE:
			break;
	}
	return margins[0] > 0.0f;
}

RML_HOT bool
rml_has_one_score(const RmlObjective *objective, int n)
{
	return n == 1 && objective->link != RML_LINK_SOFTMAX;
}
