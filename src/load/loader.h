/*
 * loader.h
 *	  The records of a file, read in batches and given to COPY.
 */
#ifndef RML_LOAD_LOADER_H
#define RML_LOAD_LOADER_H

#include "load/feed.h"
#include "load/quarantine.h"
#include "load/rows.h"

/* What goes on through all files of an ingest. */
typedef struct RmlLoader
{
	Relation	rel;
	const RmlFormat *format;
	RmlIngestor ingestor;
	int64		max_bad_rows;	/* -1: any number */
	bool		has_failed_rows;	/* the quarantine has some of loads that failed */

	uint64		rows;			/* that the table took */
	uint64		bad_rows;		/* with files that failed */
	uint64		bytes;			/* read */
} RmlLoader;

/* Of one file. */
typedef struct RmlFileRows
{
	uint64		rows;
	uint64		bad_rows;
} RmlFileRows;

/*
 * Loads all records of an open file; header: its first line is one, wherever
 * the feed stands.  False with *fault if the file cannot be loaded: then the
 * caller rolls back.  An error if there are too many bad rows.
 */
extern bool rml_loader_run(RmlLoader *loader, const char *shown, RmlFeed *feed, List *header,
						   RmlFileRows *done, char **fault);

/* Reads the header; false with *fault. NIL: the file is empty. */
extern bool rml_loader_header(RmlLoader *loader, RmlFeed *feed, List **header, char **fault);

/* Raises an error if so many bad rows are too many. */
extern void rml_loader_check_limit(const RmlLoader *loader);

#endif
