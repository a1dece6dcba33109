/*
 * unique.c
 *	  Are rows of a table unique by certain columns?
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "catalog/pg_index.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

#include "load/unique.h"

/* The columns of an index that holds for every row at any time; NULL for any other. */
static Bitmapset *
unique_columns(Relation index)
{
	Form_pg_index form = index->rd_index;
	Bitmapset  *columns = NULL;

	if (!form->indisunique || !form->indisvalid || !form->indimmediate || form->indisexclusion ||
		!heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
		return NULL;
	for (int i = 0; i < form->indnkeyatts; i++)
	{
		if (form->indkey.values[i] <= 0)
			return NULL;		/* an expression */
		columns = bms_add_member(columns, form->indkey.values[i]);
	}
	return columns;
}

static bool
has_index(Relation rel, const Bitmapset *columns, bool exactly)
{
	ListCell   *cell;
	bool		found = false;

	foreach(cell, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);
		Bitmapset  *unique = unique_columns(index);

		index_close(index, AccessShareLock);
		if (unique != NULL && (exactly ? bms_equal(unique, columns) : bms_is_subset(unique, columns)))
			found = true;
	}
	return found;
}

bool
rml_unique_on(Relation rel, const Bitmapset *columns)
{
	return has_index(rel, columns, true);
}

bool
rml_unique_within(Relation rel, const Bitmapset *columns)
{
	return has_index(rel, columns, false);
}
