/*
 * mutate.h
 *	  Mutations that keep a model file well-formed, or an image plausible.
 */
#ifndef RML_TEST_MUTATE_H
#define RML_TEST_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's */
extern size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
									  unsigned seed);

/* For custom mutators: the new size. */
extern size_t mutate_model(uint8_t *data, size_t size, size_t max_size, unsigned seed);
extern size_t mutate_image(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#endif
