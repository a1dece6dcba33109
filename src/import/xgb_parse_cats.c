/*
 * xgb_parse_cats.c
 *	  The labels of categories that files of 3.1 and later carry.
 *
 *	  "cats": {"enc": [{"offsets": [...], "values": [...]} | {"type": 13, "values": [...]}, ...],
 *			   "feature_segments": [...], "sorted_idx": [...]}
 */
#include <stdio.h>
#include <string.h>

#include "import/parse.h"

static bool
labels_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbLabels *labels = target;

	if (strcmp(key, "offsets") == 0)
	{
		labels->is_text = true;
		return rml_parse_ints(p, key, value, &labels->offsets);
	}
	if (strcmp(key, "values") == 0)
	{
		labels->has_values = true;
		return rml_parse_wides(p, key, value, &labels->values);
	}
	if (strcmp(key, "type") == 0)
		return rml_parse_int32(p, key, value, &labels->type);
	return rml_reader_skip(&p->reader, value);
}

/* Most features have no labels: their entries are not kept. */
static bool
is_empty(const RmlXgbLabels *labels)
{
	return labels->is_text && labels->values.count == 0 && labels->values.values != NULL &&
		(labels->offsets.count == 0 ||
		 (labels->offsets.count == 1 && labels->offsets.values[0] == 0));
}

static RmlXgbLabels *
next_labels(RmlParser *p, RmlXgbCats *cats)
{
	RmlXgbLabels *labels;

	if (cats->n_labels == p->max_labels)
	{
		p->max_labels += p->max_labels / 2 + 16;
		cats->labels = cats->labels == NULL
			? rml_alloc(p->host, (size_t) p->max_labels * sizeof(RmlXgbLabels))
			: p->host->resize(p->host, cats->labels, (size_t) p->max_labels * sizeof(RmlXgbLabels));
	}
	labels = &cats->labels[cats->n_labels];
	memset(labels, 0, sizeof(*labels));
	labels->feature = cats->n_enc;
	return labels;
}

static bool
parse_enc(RmlParser *p, const char *key, const RmlEvent *begin, RmlXgbCats *cats)
{
	RmlEvent	event;

	if (!rml_parse_expect(p, key, begin, RML_EV_ARRAY_BEGIN))
		return false;
	if (cats->labels != NULL)
		return rml_parse_given_twice(p, key, begin);
	for (;; cats->n_enc++)
	{
		RmlXgbLabels *labels;

		if (!rml_reader_next(&p->reader, &event))
			return false;
		if (event.kind == RML_EV_ARRAY_END)
			return true;
		if (cats->n_enc == RML_MAX_FEATURES)
			return rml_fail(p->err, RML_LIMIT, "cats.enc has more than %d entries",
							RML_MAX_FEATURES);
		labels = next_labels(p, cats);
		snprintf(p->where, sizeof(p->where), "cats.enc[%d].", cats->n_enc);
		if (!rml_parse_object(p, "entry", &event, labels_field, labels))
			return false;
		if (!labels->has_values)
			return rml_fail(p->err, RML_INVALID, "%svalues is missing", p->where);
		p->where[0] = '\0';
		if (is_empty(labels))
		{
			p->host->release(p->host, labels->offsets.values);
			p->host->release(p->host, labels->values.values);
		}
		else
			cats->n_labels++;
	}
}

static bool
cats_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbCats *cats = target;

	if (strcmp(key, "enc") == 0)
		return parse_enc(p, "cats.enc", value, cats);
	if (strcmp(key, "feature_segments") == 0)
		return rml_parse_ints(p, "cats.feature_segments", value, &cats->segments);
	if (strcmp(key, "sorted_idx") == 0)
		return rml_parse_ints(p, "cats.sorted_idx", value, &cats->sorted_idx);
	return rml_reader_skip(&p->reader, value);
}

bool
rml_parse_cats(RmlParser *p, const char *key, const RmlEvent *value, RmlXgbCats *cats)
{
	return rml_parse_object(p, key, value, cats_field, cats);
}
