/*
 * config.h
 *	  What the session asks for.
 */
#ifndef TRAINER_CONFIG_H
#define TRAINER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a row may have after its features. */
typedef enum Extra
{
	EXTRA_LABEL,
	EXTRA_LABEL_UPPER,
	EXTRA_WEIGHT,
	EXTRA_GROUP,
	EXTRA_ROLE
} Extra;

#define N_EXTRAS (EXTRA_ROLE + 1)

typedef struct Param
{
	const char *name;
	const char *value;
} Param;

typedef struct Config
{
	char	   *list;			/* the frame, into which all texts point */
	int			n_features;
	const char **types;			/* "q" or "c" */
	const char **names;			/* NULL: they have none */
	int			extras[N_EXTRAS];	/* which of a row's extras it is; -1: rows do not have it */
	int			n_extras;
	int			n_params;
	Param	   *params;
	int			rounds;
	int			early_stopping_rounds;	/* 0: never */
	int			folds;			/* 0: none */
	double		fraction;		/* 0: nothing is held out but by role */
	uint64_t	seed;
	bool		stratify;
	bool		fold_roles;		/* roles are folds; else those that are not 0 are held out of all folds */
	bool		keep_model;
} Config;

/* Reads its list, which is of that size; all else is zero. */
extern void config_read(Config *config, size_t size);
extern void config_free(Config *config);

/* Sets one more; the texts must stay. */
extern void config_add_param(Config *config, const char *name, const char *value);

/* The last value that a parameter is set to, or NULL. */
extern const char *config_param(const Config *config, const char *name);

#endif
