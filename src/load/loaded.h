/*
 * loaded.h
 *	  What a load or an ingest has done.
 */
#ifndef RML_LOAD_LOADED_H
#define RML_LOAD_LOADED_H

#include "utils/jsonb.h"

typedef struct RmlLoaded
{
	uint64		rows;			/* written to the target */
	Jsonb	   *summary;		/* for people, and the output of a step */
} RmlLoaded;

#endif
