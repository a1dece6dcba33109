/*
 * murmur3.h
 *	  MurmurHash3_x86_32, Austin Appleby's hash, which he put into the public domain.
 */
#ifndef RML_TRANSFORM_MURMUR3_H
#define RML_TRANSFORM_MURMUR3_H

#include <stddef.h>
#include <stdint.h>

/* The same on every machine, whatever its byte order. */
extern uint32_t rml_murmur3_32(const void *bytes, size_t length, uint32_t seed);

#endif
