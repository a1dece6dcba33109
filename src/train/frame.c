/*
 * frame.c
 *	  Rows on their way to the trainer: checked, hashed and sent by the block.
 */
#include "postgres.h"

#include <math.h>

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "lib/stringinfo.h"

#include "compat.h"
#include "train/frame.h"

/* Stays in a processor's second cache, and is worth a system call. */
#define BLOCK_BYTES (256 * 1024)

#define MAX_NAMES_SHOWN 10

static void
require_hashed(const RmlTrainFrame *frame, int result)
{
	if (result < 0)
		elog(ERROR, "SHA-256 of the data could not be computed: %s", pg_cryptohash_error(frame->hash));
}

void
rml_frame_hash(RmlTrainFrame *frame, const void *data, Size size)
{
	require_hashed(frame, pg_cryptohash_update(frame->hash, data, size));
}

void
rml_frame_begin(RmlTrainFrame *frame, RmlTrainer *trainer, const char *const *names, int n_features, int n_extras,
				const char *about, Size about_size)
{
	memset(frame, 0, sizeof(*frame));
	frame->trainer = trainer;
	frame->names = names;
	frame->n_features = n_features;
	frame->width = n_features + n_extras;
	frame->most_rows = (int) Max(BLOCK_BYTES / (sizeof(float) * (Size) frame->width), 1);
	frame->block = palloc(sizeof(float) * (Size) frame->most_rows * (Size) frame->width);
	frame->unseen = palloc(sizeof(int) * (Size) n_features);
	frame->least = palloc(sizeof(float) * (Size) n_features);
	frame->greatest = palloc(sizeof(float) * (Size) n_features);
	for (int i = 0; i < n_features; i++)
	{
		frame->unseen[frame->n_unseen++] = i;
		frame->least[i] = INFINITY;
		frame->greatest[i] = -INFINITY;
	}
	frame->hash = pg_cryptohash_create(PG_SHA256);
	if (frame->hash == NULL)
		elog(ERROR, "out of memory");
	require_hashed(frame, pg_cryptohash_init(frame->hash));
	rml_frame_hash(frame, about, about_size);
}

/* ---- checks ---- */

static bool
has_infinite(const float *values, Size n)
{
	int			found = 0;

	for (Size i = 0; i < n; i++)
		found |= fabsf(values[i]) == INFINITY;
	return found != 0;
}

pg_noreturn static void
refuse_infinite(const RmlTrainFrame *frame, int row, int feature)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("feature \"%s\" is infinite in row " INT64_FORMAT " of %s", frame->names[feature], frame->rows + row + 1, frame->noun),
			 errdetail("XGBoost takes numbers of 32 bits, the largest of which is 3.4028235e+38."),
			 errhint("Make it NULL, or clip it.")));
}

/* label_upper may be infinite: so a row is looked at if anything of the block is. */
static void
check_infinite(const RmlTrainFrame *frame)
{
	if (!has_infinite(frame->block, (Size) frame->n_rows * (Size) frame->width))
		return;
	for (int row = 0; row < frame->n_rows; row++)
	{
		const float *values = frame->block + (Size) row * (Size) frame->width;

		for (int i = 0; i < frame->n_features; i++)
		{
			if (isinf(values[i]))
				refuse_infinite(frame, row, i);
		}
	}
}

static bool
has_value(const RmlTrainFrame *frame, int feature)
{
	const float *value = frame->block + feature;

	for (int row = 0; row < frame->n_rows; row++, value += frame->width)
	{
		if (!isnan(*value))
			return true;
	}
	return false;
}

static void
look_for_values(RmlTrainFrame *frame)
{
	int			n = 0;

	for (int i = 0; i < frame->n_unseen; i++)
	{
		if (!has_value(frame, frame->unseen[i]))
			frame->unseen[n++] = frame->unseen[i];
	}
	frame->n_unseen = n;
}

/* NaN changes nothing. */
static void
find_ranges(RmlTrainFrame *frame)
{
	float	   *restrict least = frame->least;
	float	   *restrict greatest = frame->greatest;

	for (int row = 0; row < frame->n_rows; row++)
	{
		const float *restrict values = frame->block + (Size) row * (Size) frame->width;

		for (int i = 0; i < frame->n_features; i++)
		{
			least[i] = values[i] < least[i] ? values[i] : least[i];
			greatest[i] = values[i] > greatest[i] ? values[i] : greatest[i];
		}
	}
}

/* ---- sending ---- */

void
rml_frame_flush(RmlTrainFrame *frame)
{
	Size		size = sizeof(float) * (Size) frame->n_rows * (Size) frame->width;

	if (frame->n_rows == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	check_infinite(frame);
	look_for_values(frame);
	find_ranges(frame);
	rml_frame_hash(frame, frame->block, size);
	rml_trainer_send(frame->trainer, RML_FRAME_ROWS, frame->block, size);
	frame->rows += frame->n_rows;
	frame->n_rows = 0;
}

void
rml_frame_enter(RmlTrainFrame *frame, const char *noun)
{
	rml_frame_flush(frame);
	frame->noun = noun;
	frame->rows = 0;
}

static void
note_unseen(const RmlTrainFrame *frame)
{
	StringInfoData list;

	if (frame->n_unseen == 0 || frame->is_quiet)
		return;
	initStringInfo(&list);
	for (int i = 0; i < Min(frame->n_unseen, MAX_NAMES_SHOWN); i++)
		appendStringInfo(&list, "%s\"%s\"", i > 0 ? ", " : "", frame->names[frame->unseen[i]]);
	if (frame->n_unseen > MAX_NAMES_SHOWN)
		appendStringInfoString(&list, ", ...");
	ereport(NOTICE,
			(errmsg_plural("feature %s is NULL in all rows", "features %s are NULL in all rows", (unsigned long) frame->n_unseen, list.data)));
}

void
rml_frame_end(RmlTrainFrame *frame, uint8 hash[32])
{
	note_unseen(frame);
	require_hashed(frame, pg_cryptohash_final(frame->hash, hash, PG_SHA256_DIGEST_LENGTH));
	pg_cryptohash_free(frame->hash);
	frame->hash = NULL;
}
