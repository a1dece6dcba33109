/*
 * server.h
 *	  The compute layer's host inside PostgreSQL, and its faults as errors.
 */
#ifndef RML_REGISTRY_SERVER_H
#define RML_REGISTRY_SERVER_H

#include "base/error.h"
#include "base/host.h"
#include "compat.h"

/* A host that allocates in a memory context and checks for interrupts. */
typedef struct RmlServerHost
{
	RmlHost		host;
	MemoryContext context;
} RmlServerHost;

extern void rml_server_host_init(RmlServerHost *host, MemoryContext context);

/* SQLSTATE of a fault. */
extern int	rml_error_sqlstate(const RmlError *err);

/* The fault's message in the server's encoding, palloc'd. */
extern char *rml_error_message(const RmlError *err);

/* Raises the fault of importing or loading `model`. */
pg_noreturn extern void rml_throw(const RmlError *err, const char *model);

/* UTF-8 text of a model file in the server's encoding (palloc'd), and back. */
extern char *rml_from_utf8(const char *text, size_t length);
extern char *rml_to_utf8(const char *text, size_t length);

/* An array of n > 0 values of 4 bytes, int[] or real[], palloc'd. */
extern Datum rml_array4(Oid type, const void *values, int n);

#endif
