/*
 * xgb.h
 *	  libxgboost: of its C API what 1.7 and 3.x have in common.
 */
#ifndef TRAINER_XGB_H
#define TRAINER_XGB_H

#include <xgboost/c_api.h>

/* Passes on what a call says; a fault of its is the end. */
extern void xgb(int result);

/* Its messages go to standard error. */
extern void xgb_begin(void);

#endif
