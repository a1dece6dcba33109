/*
 * host.h
 *	  What the compute layer asks of its surroundings: memory and interrupts.
 *
 * Files in base/, math/, model/, import/, kernel/, explain/ and transform/, job/cron.c and load/records.c know nothing
 * of PostgreSQL, so that the same objects run in the server, in unit tests and
 * under a fuzzer.
 * The server's host allocates in a memory context and may leave by longjmp
 * from any of these calls; compute code therefore owns no other resource.
 */
#ifndef RML_BASE_HOST_H
#define RML_BASE_HOST_H

#include <stddef.h>

typedef struct RmlHost RmlHost;

struct RmlHost
{
	/* never return NULL; the memory is not zeroed */
	void	   *(*alloc) (RmlHost *host, size_t size);
	void	   *(*resize) (RmlHost *host, void *chunk, size_t size);
	void		(*release) (RmlHost *host, void *chunk);

	/* called at least once per few thousand units of work */
	void		(*poll) (RmlHost *host);
};

static inline void *
rml_alloc(RmlHost *host, size_t size)
{
	return host->alloc(host, size > 0 ? size : 1);
}

static inline void
rml_poll(RmlHost *host)
{
	host->poll(host);
}

#endif
