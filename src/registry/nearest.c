/*
 * nearest.c
 *	  The word that somebody may have meant.
 */
#include "postgres.h"

#include <limits.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "registry/nearest.h"

/* Bytes of a word that are looked at; varstr_levenshtein() refuses long ones. */
#define MAX_BYTES 100

const char *
rml_nearest_word(const char *word, const char *const *words, int n, int *distance)
{
	const char *best = NULL;
	int			length = pg_mbcliplen(word, (int) strlen(word), MAX_BYTES);

	*distance = INT_MAX;
	for (int i = 0; i < n; i++)
	{
		int			d = varstr_levenshtein(word, length, words[i], pg_mbcliplen(words[i], (int) strlen(words[i]), MAX_BYTES), 1, 1, 1, true);

		if (d < *distance)
		{
			*distance = d;
			best = words[i];
		}
	}
	return best;
}

const char *
rml_near_word(const char *word, const char *const *words, int n)
{
	int			distance;
	const char *nearest = rml_nearest_word(word, words, n, &distance);

	/* a letter in three, or other letters' case */
	if (nearest == NULL || (distance > Max((int) strlen(word) / 3, 1) && pg_strcasecmp(word, nearest) != 0) || distance >= (int) strlen(word))
		return NULL;
	return nearest;
}
