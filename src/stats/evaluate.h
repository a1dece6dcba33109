/*
 * evaluate.h
 *	  The statement that judges a model on rows.
 */
#ifndef RML_STATS_EVALUATE_H
#define RML_STATS_EVALUATE_H

#include "stats/scored.h"

/*
 * A statement whose columns are the metrics, "rows" the first of them.  It has
 * one row; with the SQL of a segment, one for each of its values, and before the
 * metrics a column "segment", a text.
 */
extern char *rml_metrics_sql(const RmlJudged *judged, const RmlScored *scored, const char *segment);

#endif
