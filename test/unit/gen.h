/*
 * gen.h
 *	  Random models, and their text as XGBoost writes it.
 */
#ifndef RML_TEST_GEN_H
#define RML_TEST_GEN_H

#include "host.h"
#include "import/xgb.h"

/* A growing buffer of bytes. */
typedef struct Text
{
	char	   *data;
	size_t		size;
	size_t		room;
} Text;

extern void text_bytes(Text *text, const void *data, size_t size);
extern void text_add(Text *text, const char *format,...)
			__attribute__((format(printf, 2, 3)));
extern void text_free(Text *text);

typedef struct GenOptions
{
	uint32_t	seed;
	int32_t		n_features;
	int32_t		n_trees;
	int32_t		n_splits;		/* per tree, at most */
	bool		dart;			/* with weights */
	bool		prune;			/* some splits are taken back: deleted nodes */
	bool		shuffle;		/* trees in another order than their ids */
	bool		chain;			/* every split below the one before */
	int			writer_minor;	/* written by 1.N */
} GenOptions;

extern uint32_t gen_random(uint32_t *state, uint32_t below);

/* One of a few values that meet each other often, or NaN. */
extern float gen_value(uint32_t *state);

/* Fills what gen_json and gen_ubj write. */
extern void gen_model(RmlXgbModel *model, RmlHost *host, const GenOptions *options);

/* The model as a file of 1.7 (dart: as 1.7 to 3.2 write it). */
extern void gen_json(const RmlXgbModel *model, Text *out);
extern void gen_ubj(const RmlXgbModel *model, Text *out);

#endif
