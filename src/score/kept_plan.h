/*
 * kept_plan.h
 *	  Plans of lookups that come again with other keys.
 */
#ifndef RML_SCORE_KEPT_PLAN_H
#define RML_SCORE_KEPT_PLAN_H

/* Hooks into the planner, around the nodes' hook; once per backend. */
extern void rml_kept_plan_init(void);

#endif
