/*
 * obstacles.h
 *	  What keeps a version from being promoted: gates that failed, are stale or
 *	  were never run, a missing approval.
 */
#ifndef RML_REGISTRY_OBSTACLES_H
#define RML_REGISTRY_OBSTACLES_H

#include "registry/owner.h"

typedef struct RmlObstacles
{
	char	   *gates;			/* 'gate "auc" failed; gate "drift" is stale'; NULL: all is well with them */
	char	   *summary;		/* the same, and whether it is not approved */
	char	   *detail;			/* a line for each */
} RmlObstacles;

/*
 * False if there are none.  Inside an owner scope, whose lock keeps what is
 * found true until the transaction's end.
 */
extern bool rml_find_obstacles(const char *model, int32 version, RmlObstacles *obstacles);

#endif
