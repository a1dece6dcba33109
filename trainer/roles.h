/*
 * roles.h
 *	  What each row is for.
 */
#ifndef TRAINER_ROLES_H
#define TRAINER_ROLES_H

#include "rows.h"

/* A role: 0 for training, 1 and more for training, but held out of that fold, or */
#define HELD_OUT (-1)

/* Those that a matrix takes. */
typedef enum Part
{
	PART_TRAINING,				/* of the model */
	PART_HELD_OUT,				/* of the model */
	PART_FOLD_TRAINING,
	PART_FOLD_HELD_OUT
} Part;

typedef struct Roles
{
	int32_t    *of_rows;
	size_t		training;		/* how many */
	size_t		held_out;
} Roles;

/* As sent with the rows, or dealt. */
extern void roles_find(Roles *roles, const Rows *rows);

extern void roles_free(Roles *roles);

static inline bool
role_is_in(int32_t role, Part part, int fold)
{
	switch (part)
	{
		case PART_TRAINING:
			return role != HELD_OUT;
		case PART_HELD_OUT:
			return role == HELD_OUT;
		case PART_FOLD_TRAINING:
			return role != HELD_OUT && role != fold;
		case PART_FOLD_HELD_OUT:
			return role == fold;
	}
	return false;
}

#endif
