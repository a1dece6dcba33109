/*
 * ranks.c
 *	  Lays the trees of an image out for kernels that compare bytes.
 *
 * Works on the image alone, so that it depends on no file format.  The memory
 * it takes beside the sections: 6 bytes per feature, 4 per split, and 64 per
 * split for the first RML_MAX_SLOTS of them.
 */
#include "model/ranks.h"

#include <math.h>
#include <string.h>

#define POLL_EVERY 8192

/* A perfect tree may have this many places per node of the tree. */
#define MAX_PADDING 4

/* Trees per ranked feature for which ranking many of them pays: one in so many. */
#define MAX_FEATURES_PER_TREE 8

#define NO_FEATURE UINT16_MAX
#define UNUSED 0
#define USED 1

typedef struct Ranker
{
	RmlHost    *host;
	RmlImage	image;
	uint32_t   *first;			/* where the thresholds of each feature begin, and an end */
	float	   *thresholds;		/* by feature; then each feature's cuts */
	uint16_t   *number;			/* feature -> in features, or NO_FEATURE */
	/* as many of each as there are splits, but no more than slots */
	RmlRankFeature *features;
	RmlRankGroup *groups;
	RmlRankSet *sets;
	uint64_t   *hashes;			/* of the sets */
	uint32_t	n_features;
	uint32_t	n_groups;
	uint32_t	n_sets;
	uint32_t	n_slots;
	uint64_t	n_places;		/* of the trees to be laid out */
	uint64_t	n_deep;			/* of them, those of more than RML_TOP_LEVELS */
	RmlImageCounts counts;
} Ranker;

uint64_t
rml_rank_tables(RmlRankFeature *feature, uint64_t first)
{
	uint64_t	sizes[RML_RANK_LEVELS];
	uint64_t	begin = first;
	uint32_t	n = 1;

	sizes[0] = feature->n_cuts;
	while (sizes[n - 1] > RML_RANK_FANOUT && n < RML_RANK_LEVELS)
	{
		sizes[n] = (sizes[n - 1] + RML_RANK_FANOUT - 1) / RML_RANK_FANOUT;
		n++;
	}
	feature->n_levels = n;
	for (uint32_t level = 0; level < RML_RANK_LEVELS; level++)
	{
		feature->table[level] = level < n ? (uint32_t) begin : 0;
		if (level < n)
			begin += (sizes[n - 1 - level] + RML_RANK_FANOUT - 1) / RML_RANK_FANOUT * RML_RANK_FANOUT;
	}
	return begin - first;
}

float
rml_rank_entry(const float *cuts, uint32_t n_cuts, uint32_t above, uint64_t i)
{
	uint64_t	span = UINT64_C(1) << (4 * above);

	if (above == 0)
		return i < n_cuts ? cuts[i] : NAN;
	return (i + 1) * span < n_cuts ? cuts[(i + 1) * span - 1] : NAN;
}

static int32_t
tree_levels(const RmlImageTree *tree)
{
	return tree->depth <= RML_MAX_RANK_DEPTH &&
		(UINT32_C(1) << tree->depth) <= MAX_PADDING * tree->n_nodes ? tree->depth : RML_WALKED;
}

/* ---- every node of the trees to be laid out ---- */

typedef struct Cursor
{
	int32_t		tree;
	uint32_t	node;			/* in the tree, the next one */
} Cursor;

/* The next split of a tree that is laid out, or NULL. */
static const RmlImageNode *
next_split(Ranker *r, Cursor *at)
{
	for (; at->tree < r->image.header->n_trees; at->tree++, at->node = 0)
	{
		const RmlImageTree *tree = &r->image.trees[at->tree];

		if (at->node == 0)
			rml_poll(r->host);
		if (tree_levels(tree) == RML_WALKED)
			continue;
		while (at->node < tree->n_nodes)
		{
			const RmlImageNode *node = &r->image.nodes[tree->first_node + at->node++];

			if (node->child != 0)
				return node;
		}
	}
	return NULL;
}

/* ---- cuts ---- */

static void
sift_down(float *heap, uint32_t n, uint32_t i)
{
	float		value = heap[i];

	for (;;)
	{
		uint32_t	child = 2 * i + 1;

		if (child >= n)
			break;
		if (child + 1 < n && heap[child + 1] > heap[child])
			child++;
		if (heap[child] <= value)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = value;
}

/* Heapsort: in place, with polls between, and never slow whatever a file holds. */
static void
sort_floats(RmlHost *host, float *values, uint32_t n)
{
	for (uint32_t i = n / 2; i > 0; i--)
	{
		if (i % POLL_EVERY == 0)
			rml_poll(host);
		sift_down(values, n, i - 1);
	}
	for (uint32_t i = n; i > 1; i--)
	{
		float		largest = values[0];

		if (i % POLL_EVERY == 0)
			rml_poll(host);
		values[0] = values[i - 1];
		sift_down(values, i - 1, 0);
		values[i - 1] = largest;
	}
}

static uint32_t
remove_duplicates(float *values, uint32_t n)
{
	uint32_t	kept = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		if (kept == 0 || values[i] != values[kept - 1])
			values[kept++] = values[i];
	}
	return kept;
}

/* Gathers the thresholds by feature. */
static void
gather_thresholds(Ranker *r)
{
	uint32_t	n = (uint32_t) r->image.header->n_features;
	uint32_t	total = 0;
	Cursor		at = {0};
	const RmlImageNode *node;

	r->first = rml_alloc(r->host, ((size_t) n + 2) * sizeof(uint32_t));
	memset(r->first, 0, ((size_t) n + 2) * sizeof(uint32_t));
	/* counts two places behind, begins one place behind, so that filling leaves begins */
	while ((node = next_split(r, &at)) != NULL)
	{
		if ((node->feature & RML_BY_CATEGORY) != 0)
			continue;
		r->first[(node->feature & RML_FEATURE_MASK) + 2]++;
		total++;
	}
	for (uint32_t i = 2; i <= n; i++)
		r->first[i] += r->first[i - 1];
	r->thresholds = rml_alloc(r->host, (size_t) total * sizeof(float));
	at = (Cursor) {0};
	while ((node = next_split(r, &at)) != NULL)
	{
		/* one of the two zeros: which comes first would depend on the sort */
		if ((node->feature & RML_BY_CATEGORY) == 0)
			r->thresholds[r->first[(node->feature & RML_FEATURE_MASK) + 1]++] = node->value + 0.0f;
	}
}

/* False if they need too many slots. */
static bool
make_features(Ranker *r)
{
	uint32_t	n = (uint32_t) r->image.header->n_features;

	gather_thresholds(r);
	r->number = rml_alloc(r->host, (size_t) n * sizeof(uint16_t));
	memset(r->number, 0xFF, (size_t) n * sizeof(uint16_t));
	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	count = r->first[i + 1] - r->first[i];
		float	   *values = r->thresholds + r->first[i];
		RmlRankFeature *feature = &r->features[r->n_features];

		if (i % POLL_EVERY == 0)
			rml_poll(r->host);
		if (count == 0)
			continue;
		if (r->n_groups == RML_MAX_SLOTS)
			return false;
		sort_floats(r->host, values, count);
		r->number[i] = (uint16_t) r->n_features++;
		feature->feature = i;
		feature->n_cuts = remove_duplicates(values, count);
		feature->first_group = r->n_groups;
		feature->n_groups = (feature->n_cuts + RML_GROUP_CUTS - 1) / RML_GROUP_CUTS;
		if (feature->n_cuts > RML_MAX_CUTS || feature->n_groups > RML_MAX_SLOTS - r->n_groups)
			return false;
		r->n_groups += feature->n_groups;
		r->counts.entries[RML_SEC_RANK_TABLES] +=
			rml_rank_tables(feature, r->counts.entries[RML_SEC_RANK_TABLES]);
	}
	return true;
}

/* The place of a threshold among its feature's cuts. */
static uint32_t
find_cut(const Ranker *r, const RmlRankFeature *feature, float threshold)
{
	const float *cuts = r->thresholds + r->first[feature->feature];
	uint32_t	low = 0;
	uint32_t	high = feature->n_cuts;

	while (low < high)
	{
		uint32_t	middle = (low + high) / 2;

		if (cuts[middle] < threshold)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- sets ---- */

static uint64_t
hash_set(const uint32_t *set, uint32_t feature)
{
	uint64_t	hash = feature;

	for (uint32_t i = 0; i <= set[0]; i++)
	{
		hash = (hash ^ set[i]) * UINT64_C(0x9E3779B97F4A7C15);
		hash ^= hash >> 29;
	}
	return hash;
}

static bool
same_set(const uint32_t *a, const uint32_t *b)
{
	return a[0] == b[0] && memcmp(a + 1, b + 1, (size_t) a[0] * sizeof(uint32_t)) == 0;
}

/* The split's set, found or added; NULL if there are too many. */
static RmlRankSet *
find_set(Ranker *r, const RmlImageNode *node)
{
	uint32_t	feature = node->feature & RML_FEATURE_MASK;
	const uint32_t *sets = r->image.category_sets;
	uint64_t	hash = hash_set(sets + node->set, feature);

	for (uint32_t i = 0; i < r->n_sets; i++)
	{
		if (r->hashes[i] == hash && r->sets[i].feature == feature &&
			same_set(sets + r->sets[i].set, sets + node->set))
			return &r->sets[i];
	}
	if (r->n_sets == RML_MAX_SLOTS)
		return NULL;
	r->hashes[r->n_sets] = hash;
	r->sets[r->n_sets] = (RmlRankSet) {.feature = feature, .set = node->set};
	return &r->sets[r->n_sets++];
}

/* ---- slots ---- */

/* The slots of a split's group or set, and its cut in there. */
static bool
find_slots(Ranker *r, const RmlImageNode *node, uint16_t **right, uint16_t **left, uint32_t *cut)
{
	if ((node->feature & RML_BY_CATEGORY) != 0)
	{
		RmlRankSet *set = find_set(r, node);

		if (set == NULL)
			return false;
		*right = &set->right;
		*left = &set->left;
		*cut = 0;
	}
	else
	{
		const RmlRankFeature *feature = &r->features[r->number[node->feature & RML_FEATURE_MASK]];
		uint32_t	k = find_cut(r, feature, node->value);
		RmlRankGroup *group = &r->groups[feature->first_group + k / RML_GROUP_CUTS];

		*right = &group->right;
		*left = &group->left;
		*cut = k % RML_GROUP_CUTS;
	}
	return true;
}

/* The next number, if it is used; n_slots is then the number of all. */
static void
assign_slot(uint16_t *slot, uint32_t *next, uint32_t n_slots)
{
	*slot = (uint16_t) (*slot == USED ? (*next)++ : n_slots);
}

/* Gives a slot to what some split needs; false if that takes too many. */
static bool
assign_slots(Ranker *r)
{
	Cursor		at = {0};
	const RmlImageNode *node;
	uint16_t   *right;
	uint16_t   *left;
	uint32_t	cut;
	uint32_t	next = 0;

	while ((node = next_split(r, &at)) != NULL)
	{
		uint16_t   *slot;

		if (!find_slots(r, node, &right, &left, &cut))
			return false;
		slot = (node->feature & RML_DEFAULT_LEFT) != 0 ? left : right;
		r->n_slots += *slot == UNUSED;
		*slot = USED;
	}
	if (r->n_slots == 0 || r->n_slots > RML_MAX_SLOTS ||
		(r->n_slots > RML_NARROW_SLOTS &&
		 r->n_features / MAX_FEATURES_PER_TREE > (uint32_t) r->image.header->n_trees))
		return false;
	for (uint32_t i = 0; i < r->n_groups; i++)
	{
		assign_slot(&r->groups[i].right, &next, r->n_slots);
		assign_slot(&r->groups[i].left, &next, r->n_slots);
	}
	for (uint32_t i = 0; i < r->n_sets; i++)
	{
		assign_slot(&r->sets[i].right, &next, r->n_slots);
		assign_slot(&r->sets[i].left, &next, r->n_slots);
	}
	return true;
}

/* ---- trees ---- */

static void *
alloc_zeroed(RmlHost *host, size_t n, size_t size)
{
	void	   *chunk = rml_alloc(host, n * size);

	memset(chunk, 0, n * size);
	return chunk;
}

/* Whether enough of the trees suit the layout for a row to be worth ranking. */
static bool
count_trees(Ranker *r)
{
	size_t		n_splits = 0;
	size_t		most;
	int32_t		n_trees = r->image.header->n_trees;
	int32_t		n_perfect = 0;

	for (int32_t t = 0; t < n_trees; t++)
	{
		int32_t		levels = tree_levels(&r->image.trees[t]);

		if (t % POLL_EVERY == 0)
			rml_poll(r->host);
		if (levels == RML_WALKED)
			continue;
		n_perfect++;
		r->n_places += UINT64_C(1) << levels;
		r->n_deep += levels > RML_TOP_LEVELS;
		n_splits += r->image.trees[t].n_nodes / 2;
	}
	r->counts.entries[RML_SEC_RANK_TREES] = (uint64_t) n_trees;
	if (n_splits == 0 || n_perfect < n_trees / 2 || r->n_places > UINT32_MAX / 3)
		return false;
	most = n_splits < RML_MAX_SLOTS ? n_splits : RML_MAX_SLOTS;
	r->features = alloc_zeroed(r->host, most, sizeof(*r->features));
	r->groups = alloc_zeroed(r->host, most, sizeof(*r->groups));
	r->sets = alloc_zeroed(r->host, most, sizeof(*r->sets));
	r->hashes = alloc_zeroed(r->host, most, sizeof(*r->hashes));
	return true;
}

static void
fill_tree(Ranker *r, const RmlImageTree *tree, int32_t levels, uint8_t *slots, float *exits)
{
	const RmlImageNode *nodes = r->image.nodes + tree->first_node;
	uint32_t	size = UINT32_C(1) << levels;
	uint8_t    *cuts = slots + size;
	bool		wide = r->n_slots > RML_NARROW_SLOTS;
	uint32_t	at[2 << RML_MAX_RANK_DEPTH];	/* place -> node */

	slots[0] = 0;
	cuts[0] = RML_NO_CUT;
	at[1] = 0;
	for (uint32_t i = 1; i < size; i++)
	{
		const RmlImageNode *node = &nodes[at[i]];
		uint16_t   *right;
		uint16_t   *left;
		uint32_t	slot;
		uint32_t	cut;

		slots[i] = 0;
		cuts[i] = RML_NO_CUT;
		at[2 * i] = at[2 * i + 1] = at[i];
		if (node->child == 0)
			continue;
		(void) find_slots(r, node, &right, &left, &cut);
		slot = (node->feature & RML_DEFAULT_LEFT) != 0 ? *left : *right;
		slots[i] = (uint8_t) slot;
		cuts[i] = (uint8_t) cut;
		if (wide)
			slots[2 * size + i] = (uint8_t) (slot >> 8);
		at[2 * i] = node->child;
		at[2 * i + 1] = node->child + 1;
	}
	for (uint32_t i = 0; i < size; i++)
		memcpy(&exits[i], &nodes[at[size + i]].value, sizeof(float));
}

static void
fill_trees(Ranker *r, RmlRankTree *out, uint8_t *nodes, RmlRankTriple *triples, float *exits)
{
	uint32_t	first_node = 0;
	uint32_t	first_triple = 0;
	uint32_t	first_exit = 0;

	for (int32_t t = 0; t < r->image.header->n_trees; t++, out++)
	{
		const RmlImageTree *tree = &r->image.trees[t];
		uint32_t	n_triples;

		rml_poll(r->host);
		out->levels = tree_levels(tree);
		if (out->levels == RML_WALKED)
			continue;
		out->first_node = first_node;
		out->first_exit = first_exit;
		fill_tree(r, tree, out->levels, nodes + first_node, exits + first_exit);
		n_triples = rml_rank_triples(r->n_slots, out->levels);
		for (uint32_t i = 0; i < n_triples; i++)
			triples[first_triple + i] = rml_rank_triple(nodes + first_node, out->levels, RML_TRIPLES + i);
		out->first_triple = n_triples > 0 ? first_triple : 0;
		first_node += rml_rank_node_size(r->n_slots) << out->levels;
		first_triple += n_triples;
		first_exit += UINT32_C(1) << out->levels;
	}
}

static void
fill_tables(const Ranker *r, float *tables)
{
	for (uint32_t i = 0; i < r->n_features; i++)
	{
		const RmlRankFeature *f = &r->features[i];
		uint64_t	end = i + 1 < r->n_features ? r->features[i + 1].table[0]
			: r->counts.entries[RML_SEC_RANK_TABLES];

		for (uint32_t level = 0; level < f->n_levels; level++)
		{
			uint64_t	level_end = level + 1 < f->n_levels ? f->table[level + 1] : end;

			for (uint64_t k = f->table[level]; k < level_end; k++)
				tables[k] = rml_rank_entry(r->thresholds + r->first[f->feature], f->n_cuts,
										   f->n_levels - 1 - level, k - f->table[level]);
		}
	}
}

/* Makes the block larger by the sections, which stand behind all others. */
static void
add_sections(Ranker *r, void **data, size_t *size)
{
	RmlImageHeader header = *r->image.header;
	char	   *block;
	size_t		grown;

	r->counts.entries[RML_SEC_RANK_FEATURES] = r->n_features;
	r->counts.entries[RML_SEC_RANK_GROUPS] = r->n_groups;
	r->counts.entries[RML_SEC_RANK_SETS] = r->n_sets;
	r->counts.entries[RML_SEC_RANK_NODES] = r->n_places * rml_rank_node_size(r->n_slots);
	r->counts.entries[RML_SEC_RANK_TRIPLES] = r->n_deep * rml_rank_triples(r->n_slots, RML_MAX_RANK_DEPTH);
	r->counts.entries[RML_SEC_RANK_EXITS] = r->n_places;
	for (int i = 0; i < RML_SEC_RANK_FEATURES; i++)
		r->counts.entries[i] = rml_image_entries(&header, (RmlSection) i);
	header.n_slots = r->n_slots;
	grown = rml_image_layout(&header, &r->counts);
	block = r->host->resize(r->host, *data, grown);
	memset(block + *size, 0, grown - *size);
	memcpy(block, &header, sizeof(header));
	*data = block;
	*size = grown;
	rml_image_trust(&r->image, block);
	memcpy(block + header.sections[RML_SEC_RANK_FEATURES].offset, r->features,
		   r->n_features * sizeof(*r->features));
	memcpy(block + header.sections[RML_SEC_RANK_GROUPS].offset, r->groups,
		   r->n_groups * sizeof(*r->groups));
	memcpy(block + header.sections[RML_SEC_RANK_SETS].offset, r->sets, r->n_sets * sizeof(*r->sets));
	fill_tables(r, (float *) (block + header.sections[RML_SEC_RANK_TABLES].offset));
	fill_trees(r, (RmlRankTree *) (block + header.sections[RML_SEC_RANK_TREES].offset),
			   (uint8_t *) block + header.sections[RML_SEC_RANK_NODES].offset,
			   (RmlRankTriple *) (block + header.sections[RML_SEC_RANK_TRIPLES].offset),
			   (float *) (block + header.sections[RML_SEC_RANK_EXITS].offset));
}

static void
release(const Ranker *r, void *chunk)
{
	if (chunk != NULL)
		r->host->release(r->host, chunk);
}

void
rml_add_ranks(RmlHost *host, void **data, size_t *size)
{
	Ranker		r = {.host = host};

	rml_image_trust(&r.image, *data);
	if (count_trees(&r) && make_features(&r) && assign_slots(&r))
		add_sections(&r, data, size);
	release(&r, r.first);
	release(&r, r.thresholds);
	release(&r, r.number);
	release(&r, r.features);
	release(&r, r.groups);
	release(&r, r.sets);
	release(&r, r.hashes);
}
