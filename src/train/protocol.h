/*
 * protocol.h
 *	  What a session and riskml_trainer say to each other.
 *
 * Both run on one machine, from one build: numbers are in its byte order.  The session writes frames to the trainer's
 * standard input, the trainer writes frames to its standard output; what it writes to standard error is text for people.
 *
 * A frame is an RmlFrameHead and `size` bytes.  A list is keys and values in turn, each a text in UTF-8 that ends with a zero byte; a key may
 * occur more than once, and order counts.
 */
#ifndef RML_TRAIN_PROTOCOL_H
#define RML_TRAIN_PROTOCOL_H

#include <stdint.h>

#define RML_TRAINER_PROTOCOL 1

typedef struct RmlFrameHead
{
	uint32_t	kind;
	uint32_t	size;			/* of what follows */
} RmlFrameHead;

#define RML_MAX_FRAME (64u * 1024 * 1024)

/* ---- from the session: one CONFIG, then ROWS and REMAP, then END; whoever closes without END has gone ---- */

/*
 * CONFIG: a list.
 *	  protocol			RML_TRAINER_PROTOCOL
 *	  feature			"q" or "c", a tab, and its name (none: "q\t"): of each column, in order
 *	  extras			comma separated, of each row after its features, in this order: label, label_upper, weight, group, role
 *	  param				name of a parameter of XGBoost, a tab, its value; in the order to set them
 *	  rounds, early_stopping_rounds, folds, fraction, seed		numbers; those that are absent are not wanted
 *	  stratify			1: rows are dealt within the classes of the label
 *	  fold_roles		0: roles are not folds; rows whose role is not 0 are held out of all folds, into which the others are dealt
 *	  keep_model		0: only the metrics are wanted
 */
#define RML_FRAME_CONFIG 'C'

/* ROWS: rows one after the other, each float features and extras.  A group of 1 begins a query group; a role is 0 for training, 1 and more held out. */
#define RML_FRAME_ROWS 'R'

/* REMAP: uint32: number of a column, n, and n codes: value i of the column becomes code i. */
#define RML_FRAME_REMAP 'M'

#define RML_FRAME_END 'E'

/* ---- from the trainer: HELLO, DATA, PROGRESS ..., MODEL ..., SCORES ..., RESULT; or ERROR, at any time ---- */

/* HELLO: a list: protocol, xgboost ("1.7.4"), machine ("x86_64"). */
#define RML_REPLY_HELLO 'H'

/*
 * DATA: a list: rows, validation_rows, train_metric_rows (fewer than those of training: metrics "train-..." are measured on a sample), seconds (to deal rows and
 * make the matrix), num_class (of multi:*, as given or found in the labels).
 */
#define RML_REPLY_DATA 'D'

/* PROGRESS: a list: fold (absent: of the model itself), round (from 0), then for each metric "train-auc" or "validation-auc" and its value as XGBoost prints it. */
#define RML_REPLY_PROGRESS 'P'

/* MODEL: the next bytes of the UBJSON file. */
#define RML_REPLY_MODEL 'M'

/* SCORES: the next float responses (of multi:softmax, margins), per row one per output: of the rows that the model was trained on, in their order, or of an even sample. */
#define RML_REPLY_SCORES 'S'

/*
 * RESULT: a list: rounds (that were boosted; 0: no model was wanted), best_iteration (the model ends with it), best_score (if early stopping was asked for),
 * folds_best_iteration (likewise, of the mean of the folds), outputs, seconds (of boosting), matrix_seconds (in all), peak_kilobytes; last frame.
 */
#define RML_REPLY_RESULT 'R'

/* ERROR: a list: kind ("memory", "xgboost", "input", "internal"), message. */
#define RML_REPLY_ERROR 'X'

#endif
