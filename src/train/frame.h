/*
 * frame.h
 *	  Rows on their way to the trainer: checked, hashed and sent by the block.
 */
#ifndef RML_TRAIN_FRAME_H
#define RML_TRAIN_FRAME_H

#include "train/process.h"

struct pg_cryptohash_ctx;

typedef struct RmlTrainFrame
{
	RmlTrainer *trainer;
	int			n_features;
	int			width;			/* floats of a row, with extras */
	const char *const *names;	/* of the features, for messages */
	const char *noun;			/* of the query */
	int64		rows;			/* of it, before those in the block */
	int			most_rows;
	int			n_rows;			/* in the block */
	float	   *block;
	bool		is_quiet;		/* others tell of features without any value */
	int			n_unseen;		/* features without any value so far */
	int		   *unseen;
	float	   *least;			/* of each feature, as it was sent */
	float	   *greatest;
	struct pg_cryptohash_ctx *hash;
} RmlTrainFrame;

/* In the current memory context and resource owner; what it is about goes into the hash. */
extern void rml_frame_begin(RmlTrainFrame *frame, RmlTrainer *trainer, const char *const *names, int n_features, int n_extras,
							const char *about, Size about_size);

/* More goes into the hash. */
extern void rml_frame_hash(RmlTrainFrame *frame, const void *data, Size size);

/* Rows of another query come; sends what there is. */
extern void rml_frame_enter(RmlTrainFrame *frame, const char *noun);

/* Sends the block; 22003 for an infinite feature, naming it and its row. */
extern void rml_frame_flush(RmlTrainFrame *frame);

/* The place of one more row; sent is set if others went to make room. */
static inline float *
rml_frame_row(RmlTrainFrame *frame, bool *sent)
{
	*sent = frame->n_rows == frame->most_rows;
	if (*sent)
		rml_frame_flush(frame);
	return frame->block + (Size) frame->n_rows++ * (Size) frame->width;
}

/* After all: a NOTICE for features without any value; the hash. */
extern void rml_frame_end(RmlTrainFrame *frame, uint8 hash[32]);

#endif
