/*
 * roles.c
 *	  What each row is for: as the session says, or dealt by what is in them.
 */
#include "roles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "math/deal.h"

/* Of classes, to deal rows within them: labels are small integers. */
#define MOST_STRATA 100000

/* Roles that the rows have: with fold_roles folds, else all that is not 0 is held out. */
static void
read_roles(Roles *roles, const Rows *rows)
{
	bool		are_folds = rows->config->folds > 0 && rows->config->fold_roles;

	for (size_t i = 0; i < rows->n; i++)
	{
		float		role = *row_extra(rows, i, EXTRA_ROLE);
		int			most = are_folds ? rows->config->folds : 1 << 20;

		REQUIRE(role >= 0 && role <= (float) most && role == truncf(role), "row %zu has no role between 0 and %d", i + 1, most);
		roles->of_rows[i] = are_folds || role == 0 ? (int32_t) role : HELD_OUT;
	}
}

/* ---- dealing ---- */

static int32_t
stratum_of(const Rows *rows, size_t row)
{
	float		label = *row_extra(rows, row, EXTRA_LABEL);

	return rows->config->stratify && label >= 0 && label < MOST_STRATA ? (int32_t) label : 0;
}

/* The hash of a row without its group and its weight. */
static uint64_t
hash_of(const Rows *rows, size_t row)
{
	uint64_t	hash = rml_deal_values(rows->config->seed, row_features(rows, row), rows->config->n_features);

	return rml_deal_values(hash, row_extra(rows, row, EXTRA_LABEL), 1);
}

/*
 * Rows in training so far, or whole groups of them; what a row is dealt with is its item.  Groups are known by the sum of
 * their rows' hashes, as the order within them does not matter either.
 */
static RmlDealt *
begin_deal(const Roles *roles, const Rows *rows, size_t *items, size_t *n_items)
{
	RmlDealt   *dealt = take(rows->n, sizeof(RmlDealt));
	bool		grouped = rows_have(rows, EXTRA_GROUP);
	bool		begins = true;
	size_t		n = 0;

	for (size_t i = 0; i < rows->n; i++)
	{
		if (!grouped || *row_extra(rows, i, EXTRA_GROUP) != 0)
			begins = true;
		if (roles->of_rows[i] == HELD_OUT)
			continue;
		if (begins)
		{
			dealt[n].position = (int64_t) n;
			dealt[n].stratum = grouped ? 0 : stratum_of(rows, i);
			n++;
		}
		dealt[n - 1].hash += hash_of(rows, i);
		items[i] = n - 1;
		begins = false;
	}
	*n_items = n;
	return dealt;
}

/* Deals what is in training so far into folds, or holds a fraction of it out. */
static void
deal(Roles *roles, const Rows *rows, double fraction, int folds)
{
	size_t	   *items = take(rows->n, sizeof(size_t));
	size_t		n;
	RmlDealt   *dealt = begin_deal(roles, rows, items, &n);

	if (folds > 0)
		rml_deal_folds(dealt, (int64_t) n, folds, NULL);
	else
		rml_deal_fraction(dealt, (int64_t) n, fraction, NULL);
	for (size_t i = 0; i < rows->n; i++)
	{
		if (roles->of_rows[i] != HELD_OUT)
			roles->of_rows[i] = folds > 0 ? dealt[items[i]].role : dealt[items[i]].role == 0 ? 0 : HELD_OUT;
	}
	free(dealt);
	free(items);
	REQUIRE(n >= (size_t) folds, "%zu %s cannot be dealt into %d folds", n, rows_have(rows, EXTRA_GROUP) ? "groups" : "rows", folds);
}

void
roles_find(Roles *roles, const Rows *rows)
{
	const Config *config = rows->config;
	bool		sent = rows_have(rows, EXTRA_ROLE);

	REQUIRE(rows->n > 0, "there are no rows");
	memset(roles, 0, sizeof(*roles));
	roles->of_rows = take(rows->n, sizeof(int32_t));
	if (sent)
		read_roles(roles, rows);
	if (config->fraction > 0)
		deal(roles, rows, config->fraction, 0);
	if (config->folds > 0 && !(sent && config->fold_roles))
		deal(roles, rows, 0, config->folds);
	for (size_t i = 0; i < rows->n; i++)
		roles->held_out += roles->of_rows[i] == HELD_OUT;
	roles->training = rows->n - roles->held_out;
	REQUIRE(roles->training > 0, "all rows are held out");
	REQUIRE(roles->held_out > 0 || config->fraction == 0, "of %zu rows none is held out: the fraction is too small", rows->n);
}

void
roles_free(Roles *roles)
{
	free(roles->of_rows);
	roles->of_rows = NULL;
}
