/*
 * prune.h
 *	  Of a program only what some of its outputs need.
 */
#ifndef RML_TRANSFORM_PRUNE_H
#define RML_TRANSFORM_PRUNE_H

#include "transform/program.h"

/*
 * Drops the instructions that no slot needs that is marked in `needed`, one for
 * each slot; then those slots are marked, too, that the rest reads, inputs among them.
 */
extern void rml_program_prune(RmlProgram *program, bool *needed);

#endif
