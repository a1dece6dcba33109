/*
 * ranks_check.c
 *	  Do the rank sections of an image say what its nodes say?
 *
 * The nodes are checked before.  Every entry here is compared with them, so
 * what passes is not only safe to read: kernels that use it must give what the
 * reference kernel gives.
 */
#include <math.h>
#include <string.h>

#include "model/ranks.h"

/* What a slot holds. */
typedef struct Slot
{
	bool		taken;
	bool		default_left;
	bool		by_category;
	uint32_t	feature;
	const float *cuts;			/* of the group */
	uint32_t	n_cuts;
	const uint32_t *set;
} Slot;

typedef struct Check
{
	const RmlImage *image;
	RmlError   *err;
	Slot		slots[RML_MAX_SLOTS];
	uint32_t	n_taken;
} Check;

static bool
corrupt(Check *c, const char *what)
{
	return rml_fail(c->err, RML_CORRUPT, "the compiled image is damaged: %s", what);
}

static bool
same_bits(float a, float b)
{
	return memcmp(&a, &b, sizeof(float)) == 0;
}

static uint64_t
entries(const Check *c, RmlSection section)
{
	return rml_image_entries(c->image->header, section);
}

/* ---- features ---- */

static bool
take_slot(Check *c, uint32_t number, Slot slot)
{
	if (number == c->image->header->n_slots)
		return true;
	if (number > c->image->header->n_slots || c->slots[number].taken)
		return corrupt(c, "rank slot out of range");
	slot.taken = true;
	c->slots[number] = slot;
	c->n_taken++;
	return true;
}

static bool
take_slots(Check *c, uint32_t right, uint32_t left, Slot slot)
{
	if (!take_slot(c, right, slot))
		return false;
	slot.default_left = true;
	return take_slot(c, left, slot);
}

static bool
check_tables(Check *c, const RmlRankFeature *f, uint64_t end)
{
	const float *tables = c->image->rank_tables;
	const float *cuts = tables + f->table[f->n_levels - 1];

	for (uint32_t i = 0; i < f->n_cuts; i++)
	{
		if (isnan(cuts[i]) || (i > 0 && cuts[i] <= cuts[i - 1]))
			return corrupt(c, "cuts out of order");
	}
	for (uint32_t level = 0; level < f->n_levels; level++)
	{
		uint64_t	level_end = level + 1 < f->n_levels ? f->table[level + 1] : end;

		for (uint64_t k = f->table[level]; k < level_end; k++)
		{
			if (!same_bits(tables[k], rml_rank_entry(cuts, f->n_cuts, f->n_levels - 1 - level,
													 k - f->table[level])))
				return corrupt(c, "wrong rank table");
		}
	}
	return true;
}

static bool
check_feature(Check *c, const RmlRankFeature *f, uint64_t *table, uint64_t *group)
{
	RmlRankFeature expected = *f;
	uint64_t	n_tables = entries(c, RML_SEC_RANK_TABLES);

	if (f->feature >= (uint32_t) c->image->header->n_features || f->unused != 0 ||
		f->n_cuts < 1 || f->n_cuts > RML_MAX_CUTS ||
		f->first_group != *group || f->n_groups != (f->n_cuts + RML_GROUP_CUTS - 1) / RML_GROUP_CUTS ||
		f->n_groups > entries(c, RML_SEC_RANK_GROUPS) - *group)
		return corrupt(c, "impossible ranked feature");
	if (rml_rank_tables(&expected, *table) > n_tables - *table ||
		memcmp(&expected, f, sizeof(expected)) != 0)
		return corrupt(c, "rank tables out of place");
	*group += f->n_groups;
	*table += rml_rank_tables(&expected, *table);
	if (!check_tables(c, f, *table))
		return false;
	for (uint32_t i = 0; i < f->n_groups; i++)
	{
		const RmlRankGroup *g = &c->image->rank_groups[f->first_group + i];
		uint32_t	begin = i * RML_GROUP_CUTS;
		Slot		slot = {.feature = f->feature};

		slot.cuts = c->image->rank_tables + f->table[f->n_levels - 1] + begin;
		slot.n_cuts = f->n_cuts - begin < RML_GROUP_CUTS ? f->n_cuts - begin : RML_GROUP_CUTS;
		if (!take_slots(c, g->right, g->left, slot))
			return false;
	}
	return true;
}

static bool
check_features(Check *c)
{
	uint64_t	table = 0;
	uint64_t	group = 0;

	for (uint32_t i = 0; i < c->image->n_rank_features; i++)
	{
		const RmlRankFeature *f = &c->image->rank_features[i];

		if (i > 0 && f->feature <= f[-1].feature)
			return corrupt(c, "ranked features out of order");
		if (!check_feature(c, f, &table, &group))
			return false;
	}
	return (table == entries(c, RML_SEC_RANK_TABLES) && group == entries(c, RML_SEC_RANK_GROUPS)) ||
		corrupt(c, "rank tables without a feature");
}

/*
 * A set may lie anywhere in its section: splits that use it have the same, or
 * else do not pass.
 */
static bool
check_sets(Check *c)
{
	uint64_t	size = entries(c, RML_SEC_CATEGORY_SETS);

	for (uint32_t i = 0; i < c->image->n_rank_sets; i++)
	{
		const RmlRankSet *s = &c->image->rank_sets[i];
		Slot		slot = {.by_category = true, .feature = s->feature};

		if (s->feature >= (uint32_t) c->image->header->n_features || s->set >= size ||
			c->image->category_sets[s->set] == 0 ||
			c->image->category_sets[s->set] > size - s->set - 1)
			return corrupt(c, "ranked set out of place");
		slot.set = c->image->category_sets + s->set;
		if (!take_slots(c, s->right, s->left, slot))
			return false;
	}
	return true;
}

/* ---- trees ---- */

static bool
same_set(const uint32_t *a, const uint32_t *b)
{
	return a == b || (a[0] == b[0] && memcmp(a + 1, b + 1, (size_t) a[0] * sizeof(uint32_t)) == 0);
}

/* Does comparing this slot with this cut decide what the split decides? */
static bool
same_split(const Check *c, const RmlImageNode *node, uint32_t number, uint8_t cut)
{
	const Slot *slot = &c->slots[number % RML_MAX_SLOTS];

	if (number >= c->image->header->n_slots || !slot->taken || slot->feature != (node->feature & RML_FEATURE_MASK) ||
		slot->default_left != ((node->feature & RML_DEFAULT_LEFT) != 0) ||
		slot->by_category != ((node->feature & RML_BY_CATEGORY) != 0))
		return false;
	if (slot->by_category)
		return cut == 0 && same_set(slot->set, c->image->category_sets + node->set);
	return cut < slot->n_cuts && slot->cuts[cut] == node->value;
}

static bool
check_tree(Check *c, const RmlImageTree *tree, const uint8_t *slots, const float *exits, int32_t levels)
{
	const RmlImageNode *nodes = c->image->nodes + tree->first_node;
	uint32_t	size = UINT32_C(1) << levels;
	const uint8_t *cuts = slots + size;
	const uint8_t *upper = cuts + size;
	bool		wide = c->image->header->n_slots > RML_NARROW_SLOTS;
	uint32_t	at[2 << RML_MAX_RANK_DEPTH];	/* place -> node */

	if (slots[0] != 0 || cuts[0] != RML_NO_CUT || (wide && upper[0] != 0))
		return corrupt(c, "wrong rank node");
	at[1] = 0;
	for (uint32_t i = 1; i < size; i++)
	{
		const RmlImageNode *node = &nodes[at[i]];
		bool		leaf = node->child == 0;
		uint32_t	slot = slots[i] | (wide ? (uint32_t) upper[i] << 8 : 0);

		if (leaf ? slot != 0 || cuts[i] != RML_NO_CUT : !same_split(c, node, slot, cuts[i]))
			return corrupt(c, "wrong rank node");
		at[2 * i] = leaf ? at[i] : node->child;
		at[2 * i + 1] = leaf ? at[i] : node->child + 1;
	}
	for (uint32_t i = 0; i < size; i++)
	{
		const RmlImageNode *node = &nodes[at[size + i]];

		if (node->child != 0 || !same_bits(exits[i], node->value))
			return corrupt(c, "wrong rank exit");
	}
	return true;
}

static bool
check_triples(Check *c, const RmlRankTree *tree, uint64_t first, uint64_t n)
{
	const RmlImage *image = c->image;

	if (tree->first_triple != (n > 0 ? first : 0) || n > entries(c, RML_SEC_RANK_TRIPLES) - first)
		return corrupt(c, "rank triples out of place");
	for (uint32_t i = 0; i < n; i++)
	{
		RmlRankTriple expected = rml_rank_triple(image->rank_nodes + tree->first_node, tree->levels,
												 RML_TRIPLES + i);

		if (memcmp(&image->rank_triples[first + i], &expected, sizeof(expected)) != 0)
			return corrupt(c, "wrong rank triple");
	}
	return true;
}

static bool
check_trees(Check *c)
{
	const RmlImage *image = c->image;
	uint64_t	node = 0;
	uint64_t	triple = 0;
	uint64_t	exit = 0;
	uint64_t	n_nodes = entries(c, RML_SEC_RANK_NODES);
	uint64_t	node_size = rml_rank_node_size(image->header->n_slots);

	for (int32_t t = 0; t < image->header->n_trees; t++)
	{
		const RmlRankTree *tree = &image->rank_trees[t];
		uint32_t	n_triples;

		if (tree->levels == RML_WALKED)
		{
			if (tree->first_node != 0 || tree->first_triple != 0 || tree->first_exit != 0)
				return corrupt(c, "wrong rank tree");
			continue;
		}
		if (tree->levels < 0 || tree->levels > RML_MAX_RANK_DEPTH ||
			tree->first_node != node || tree->first_exit != exit ||
			(node_size << tree->levels) > n_nodes - node ||
			(UINT64_C(1) << tree->levels) > entries(c, RML_SEC_RANK_EXITS) - exit)
			return corrupt(c, "rank tree out of place");
		if (!check_tree(c, &image->trees[t], image->rank_nodes + node, image->rank_exits + exit,
						tree->levels))
			return false;
		n_triples = rml_rank_triples(image->header->n_slots, tree->levels);
		if (!check_triples(c, tree, triple, n_triples))
			return false;
		triple += n_triples;
		node += node_size << tree->levels;
		exit += UINT64_C(1) << tree->levels;
	}
	return (node == n_nodes && triple == entries(c, RML_SEC_RANK_TRIPLES) && exit == entries(c, RML_SEC_RANK_EXITS)) ||
		corrupt(c, "rank nodes without a tree");
}

bool
rml_check_ranks(const RmlImage *image, RmlError *err)
{
	const RmlImageHeader *header = image->header;
	Check		c = {.image = image, .err = err};

	if (header->n_slots == 0)
	{
		for (int i = RML_SEC_RANK_FEATURES; i < RML_N_SECTIONS; i++)
		{
			if (header->sections[i].size != 0)
				return corrupt(&c, "rank sections without slots");
		}
		return true;
	}
	if (header->n_slots > RML_MAX_SLOTS || (header->flags & RML_IMAGE_LINEAR) != 0 ||
		entries(&c, RML_SEC_RANK_TREES) != (uint64_t) header->n_trees)
		return corrupt(&c, "impossible rank sections");
	if (!check_features(&c) || !check_sets(&c))
		return false;
	if (c.n_taken != header->n_slots)
		return corrupt(&c, "rank slots out of use");
	return check_trees(&c);
}
