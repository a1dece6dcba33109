/*
 * result.h
 *	  What the scoring functions make of a row's margins.
 */
#ifndef RML_SCORE_RESULT_H
#define RML_SCORE_RESULT_H

#include "score/site.h"

typedef struct RmlResult
{
	const char *name;			/* risk_<name>() gives it */
	/* Raises 42809 if it does not fit the model's objective; NULL: it fits all. */
	void		(*require) (const RmlSiteModel *entry);
	/* Of n_outputs margins, which it may overwrite; palloc'd unless it is by value. */
	Datum		(*make) (const RmlSiteModel *entry, float *margins);
} RmlResult;

extern const RmlResult rml_result_score;
extern const RmlResult rml_result_scores;
extern const RmlResult rml_result_class;
extern const RmlResult rml_result_margin;
extern const RmlResult rml_result_margins;

/* What a kernel calls now and then. */
extern void rml_check_interrupts(void);

/* The result for the row in entry->row. */
extern Datum rml_result_of_row(const RmlResult *result, RmlSiteModel *entry);

#endif
