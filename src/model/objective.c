/*
 * objective.c
 *	  XGBoost's objectives: link functions, response, base margin.
 *
 * Source: src/objective/ and src/common/math.h of XGBoost 1.0.0 to 3.4.1.
 * All arithmetic is in float32, as there.
 */
#include "model/objective.h"

#include <math.h>
#include <string.h>

#define LOGITRAW 12

static const RmlObjective objectives[] = {
	{1, "reg:squarederror", RML_LINK_IDENTITY, true, 1, 0},
	{2, "reg:linear", RML_LINK_IDENTITY, true, 1, 0},	/* old name of squarederror */
	{3, "reg:squaredlogerror", RML_LINK_IDENTITY, true, 1, 0},
	{4, "reg:logistic", RML_LINK_LOGIT, true, 1, 0},
	{5, "reg:pseudohubererror", RML_LINK_IDENTITY, true, 1, 0},
	{6, "reg:absoluteerror", RML_LINK_IDENTITY, true, 1, 0},
	{7, "reg:quantileerror", RML_LINK_IDENTITY, true, 2, 0},
	{8, "reg:expectileerror", RML_LINK_IDENTITY, true, 3, 3},
	{9, "reg:gamma", RML_LINK_LOG, true, 1, 0},
	{10, "reg:tweedie", RML_LINK_LOG, true, 1, 0},
	{11, "binary:logistic", RML_LINK_LOGIT, true, 1, 0},
	{LOGITRAW, "binary:logitraw", RML_LINK_IDENTITY, true, 1, 0},
	{13, "binary:hinge", RML_LINK_STEP, true, 1, 0},
	{14, "count:poisson", RML_LINK_LOG, true, 1, 0},
	{15, "survival:cox", RML_LINK_LOG, true, 1, 0},
	{16, "survival:aft", RML_LINK_LOG, true, 1, 0},
	{17, "rank:pairwise", RML_LINK_IDENTITY, true, 1, 0},
	{18, "rank:ndcg", RML_LINK_IDENTITY, true, 1, 0},
	{19, "rank:map", RML_LINK_IDENTITY, true, 1, 0},
	{20, "multi:softmax", RML_LINK_IDENTITY, false, 1, 0},
	{21, "multi:softprob", RML_LINK_IDENTITY, false, 1, 0},
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

/*
 * From 3.2 on, XGBoost takes 0 <= p <= 1 and clamps to [1e-6, 1 - 1e-6]
 * (kRtEps); before, it took 0 < p < 1 as it was.
 */
static bool
logit_margin(const RmlObjective *objective, RmlWriter writer, float p,
			 float *margin, RmlError *err)
{
	const float eps = 1e-6f;

	if (rml_writer_at_least(writer, 3, 2, 0))
	{
		if (!(p >= 0.0f && p <= 1.0f))
			return rml_fail(err, RML_INVALID,
							"learner_model_param.base_score is %g, but %s needs a value from 0 to 1",
							p, objective->name);
		p = fminf(fmaxf(p, eps), 1.0f - eps);
	}
	else if (!(p > 0.0f && p < 1.0f))
		return rml_fail(err, RML_INVALID,
						"learner_model_param.base_score is %g, but %s needs a value between 0 and 1",
						p, objective->name);
	*margin = -logf(1.0f / p - 1.0f);
	return true;
}

bool
rml_base_margin(const RmlObjective *objective, RmlWriter writer,
				float base_score, float *margin, RmlError *err)
{
	RmlLink		link = objective->link;

	/* binary:logitraw got a base_score of its own kind in 1.3.1 */
	if (objective->id == LOGITRAW && !rml_writer_at_least(writer, 1, 3, 1))
		link = RML_LINK_LOGIT;
	switch (link)
	{
		case RML_LINK_LOGIT:
			if (!logit_margin(objective, writer, base_score, margin, err))
				return false;
			break;
		case RML_LINK_LOG:
			*margin = logf(base_score);
			break;
		case RML_LINK_IDENTITY:
		case RML_LINK_STEP:
			*margin = base_score;
			break;
	}
	if (!isfinite(*margin))
		return rml_fail(err, RML_INVALID,
						"learner_model_param.base_score is %g, for which %s has no finite margin",
						base_score, objective->name);
	return true;
}

/* Before 1.6 there was neither a bound for the exponent nor the 1e-16. */
static float
sigmoid(RmlWriter writer, float margin)
{
	if (!rml_writer_at_least(writer, 1, 6, 0))
		return 1.0f / (1.0f + expf(-margin));
	return 1.0f / (expf(fminf(-margin, 88.7f)) + 1.0f + 1e-16f);
}

float
rml_response(const RmlObjective *objective, RmlWriter writer, float margin)
{
	switch (objective->link)
	{
		case RML_LINK_LOGIT:
			return sigmoid(writer, margin);
		case RML_LINK_LOG:
			return expf(margin);
		case RML_LINK_STEP:
			return margin > 0.0f ? 1.0f : 0.0f;
		case RML_LINK_IDENTITY:
			break;
	}
	return margin;
}
