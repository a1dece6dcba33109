/*
 * reasons.h
 *	  What speaks against an applicant: the reasons of a row, for risk_reasons()
 *	  and riskml.decision().
 */
#ifndef RML_SCORE_REASONS_H
#define RML_SCORE_REASONS_H

#include "utils/jsonb.h"

#include "score/site.h"

/* What is asked for. */
typedef struct RmlReasonRequest
{
	int			n;				/* reasons, at most; negative: all */
	Jsonb	   *reference;		/* the applicant with whom this one is compared; NULL: the mean */
	bool		has_output;
	int			output;			/* of a model with several */
} RmlReasonRequest;

typedef struct RmlRowReason
{
	const char *code;			/* or NULL */
	const char *text;
	const char *feature;
	double		contribution;
} RmlRowReason;

/*
 * The reasons of the row that the entry has read, palloc'd, their texts valid
 * until the next call; returns how many.  A reference is read into its place.
 * 42809 if the model cannot be explained, or has several outputs and none is named.
 */
extern int	rml_row_reasons(RmlSiteModel *entry, FunctionCallInfo fcinfo, const RmlReasonRequest *request,
							RmlRowReason **reasons);

#endif
