#include "postgres.h"
#include "load/ingest.h"

RmlLoaded
rml_ingest(const char *source, Oid target, Jsonb *options)
{
	(void) source;
	(void) target;
	(void) options;
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("not built yet")));
}
