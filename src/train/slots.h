/*
 * slots.h
 *	  How many trainings run at once, and what they are doing.
 */
#ifndef RML_TRAIN_SLOTS_H
#define RML_TRAIN_SLOTS_H

typedef enum RmlTrainPhase
{
	RML_TRAIN_WAITING,			/* for a slot */
	RML_TRAIN_READING,
	RML_TRAIN_FITTING,
	RML_TRAIN_BOOSTING,
	RML_TRAIN_STORING
} RmlTrainPhase;

/* Asks for shared memory; while the server starts. */
extern void rml_slots_init(void);

/* Waits for a slot, one of riskml.max_trainers; it is given back with the current memory context. */
extern void rml_slot_take(const char *model, int num_boost_round);

/* For riskml.training_progress, where the library is preloaded. */
extern void rml_slot_phase(RmlTrainPhase phase);
extern void rml_slot_rows(int64 rows);
extern void rml_slot_round(int fold, int round, const char *metrics);

#endif
