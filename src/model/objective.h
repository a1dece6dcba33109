/*
 * objective.h
 *	  XGBoost's objectives: link functions, response, base margin.
 */
#ifndef RML_MODEL_OBJECTIVE_H
#define RML_MODEL_OBJECTIVE_H

#include "base/error.h"

/* How the file's base_score becomes a margin, and margins become responses. */
typedef enum RmlLink
{
	RML_LINK_IDENTITY,
	RML_LINK_LOGIT,				/* margin = logit(p), response = sigmoid */
	RML_LINK_LOG,				/* margin = log(mu), response = exp */
	RML_LINK_STEP,				/* base_score as is, response = margin > 0 */
	RML_LINK_SOFTMAX,			/* base_score as is, response = softmax over the outputs */
	RML_LINK_SORTED,			/* base_score as is, response sorted from 3.4 on */
	RML_LINK_GAPS				/* each output after the first is a gap to the one before */
} RmlLink;

/* What makes a class of the outputs. */
typedef enum RmlClassRule
{
	RML_CLASS_NONE,
	RML_CLASS_PROBABILITY,		/* 1 if the response is above 0.5 */
	RML_CLASS_SIGN,				/* 1 if the margin is above 0 */
	RML_CLASS_MARGINS,			/* the first largest margin */
	RML_CLASS_RESPONSES			/* the first largest response */
} RmlClassRule;

/* Quantiles are sorted row by row, so they are bounded. */
#define RML_MAX_LEVELS 1000

/* Which parameter of the objective tells the number of outputs. */
typedef enum RmlOutputParam
{
	RML_OUTPUTS_ANY,
	RML_OUTPUTS_CLASSES,		/* softmax_multiclass_param.num_class */
	RML_OUTPUTS_QUANTILES,		/* quantile_loss_param.quantile_alpha */
	RML_OUTPUTS_EXPECTILES		/* expectile_loss_param.expectile_alpha */
} RmlOutputParam;

typedef struct RmlObjective
{
	int			id;				/* stored in images: never reuse a number */
	const char *name;
	RmlLink		link;
	RmlClassRule class_rule;
	RmlOutputParam output_param;
	int			since_major;	/* first version whose files may name it, where that matters */
	int			since_minor;
} RmlObjective;

/* Version of XGBoost that wrote a file. */
typedef struct RmlWriter
{
	int			major;
	int			minor;
	int			patch;
} RmlWriter;

static inline bool
rml_writer_at_least(RmlWriter writer, int major, int minor, int patch)
{
	if (writer.major != major)
		return writer.major > major;
	if (writer.minor != minor)
		return writer.minor > minor;
	return writer.patch >= patch;
}

/* NULL if there is none of that name or number. */
extern const RmlObjective *rml_objective_by_name(const char *name);
extern const RmlObjective *rml_objective_by_id(int id);

/* The base_score of a file. */
typedef struct RmlBaseScore
{
	const float *values;
	int			count;			/* 1, which then holds for every output, or n_outputs */
	bool		is_margin;		/* no link: an unfitted model of 3.1 and later */
	bool		first_for_all;	/* every output begins like the first: gblinear */
} RmlBaseScore;

/*
 * Margins that the writing version starts from; `margins` has n_outputs
 * entries.  False (err filled) if a score is outside the objective's domain.
 */
extern bool rml_base_margins(const RmlObjective *objective, RmlWriter writer, RmlBaseScore score,
							 int n_outputs, float *margins, RmlError *err);

/*
 * Turns the margins of one row, in place, into what a user calls scores:
 * XGBoost's predict() without output_margin; for multi:softmax, which predicts
 * a class, the probabilities behind it.
 */
extern void rml_responses(const RmlObjective *objective, RmlWriter writer, float *values, int n);

/*
 * Is there a class for n outputs, and which is it?  The latter overwrites the
 * margins.
 */
extern bool rml_has_class(const RmlObjective *objective, int n);
extern int	rml_class(const RmlObjective *objective, RmlWriter writer, float *margins, int n);

/* Has every row one score?  Otherwise there are several, if only by the objective's nature. */
extern bool rml_has_one_score(const RmlObjective *objective, int n);

#endif
