/*
 * inline.h
 *	  Functions that the compiler puts in the place of their calls, with what
 *	  it knows of the arguments there.
 */
#ifndef RML_BASE_INLINE_H
#define RML_BASE_INLINE_H

#define RML_INLINE static inline __attribute__((always_inline))

#endif
