/*
 * objective.h
 *	  XGBoost's objectives: link functions, response, base margin.
 */
#ifndef RML_MODEL_OBJECTIVE_H
#define RML_MODEL_OBJECTIVE_H

#include "base/error.h"

/* How the file's base_score becomes a margin, and a margin a response. */
typedef enum RmlLink
{
	RML_LINK_IDENTITY,
	RML_LINK_LOGIT,				/* margin = logit(p), response = sigmoid */
	RML_LINK_LOG,				/* margin = log(mu), response = exp */
	RML_LINK_STEP				/* base_score as is, response = margin > 0 */
} RmlLink;

typedef struct RmlObjective
{
	int			id;				/* stored in images: never reuse a number */
	const char *name;
	RmlLink		link;
	bool		supported;		/* false: known, but has several outputs */
	int			since_major;	/* first version that writes it, where after 1.0 */
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

/*
 * Margin that the writing version starts from for this base_score.  False
 * (err filled) if the score is outside the objective's domain.
 */
extern bool rml_base_margin(const RmlObjective *objective, RmlWriter writer,
							float base_score, float *margin, RmlError *err);

/* The value a user calls the score: XGBoost's predict() without output_margin. */
extern float rml_response(const RmlObjective *objective, RmlWriter writer, float margin);

#endif
