/*
 * compat.h
 *	  The one place that knows PostgreSQL's versions; the newest API's shape is
 *	  emulated on older servers.
 */
#ifndef RML_COMPAT_H
#define RML_COMPAT_H

#include "fmgr.h"
#include "storage/proc.h"
#include "utils/acl.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM < 150000
#error "riskml needs PostgreSQL 15 or later"
#endif

/* 18's spelling: a prefix */
#ifndef pg_noreturn
#define pg_noreturn __attribute__((noreturn))
#endif

/*
 * Declares a function that SQL calls.  PG_FUNCTION_INFO_V1 exports it by
 * itself only from 16 on, and everything else in the library is hidden.
 */
#define RML_SQL_FUNCTION(fn) \
	extern PGDLLEXPORT Datum fn(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(fn)

static inline LocalTransactionId
rml_my_lxid(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

/* May this role give something to that one?  From 16 on SET is an option. */
static inline bool
rml_can_set_role(Oid member, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return member_can_set_role(member, role);
#else
	return is_member_of_role(member, role);
#endif
}

#endif
