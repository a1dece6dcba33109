/*
 * hot.h
 *	  Functions that a lookup by key comes through.
 *
 * A session whose turn it is has neither the library's pages in the TLB nor its
 * code in the caches that are near, and comes through some fifty functions,
 * mostly once.  The compiler puts those that are marked side by side: on nine
 * pages, in the place of nineteen.
 */
#ifndef RML_BASE_HOT_H
#define RML_BASE_HOT_H

#define RML_HOT __attribute__((hot))

#endif
