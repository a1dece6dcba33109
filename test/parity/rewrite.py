"""Rewrite a model's JSON into shapes that training does not give: thresholds, leaves and
weights at the edges of float32, trees listed in another order, chains, vector leaves."""
import copy

import numpy as np

import scorer
from layouts import listed, shortest


def trees_of(doc):
    return scorer.parts(doc)[0]["trees"]


def narrow(value):
    return float(np.float32(value))


def reordered(doc, rng):
    """The trees in another order in the file, each with its id."""
    doc = copy.deepcopy(doc)
    model, _ = scorer.parts(doc)
    model["trees"] = [model["trees"][i] for i in rng.permutation(len(model["trees"]))]
    return doc


def with_base_score(doc, value):
    """One base_score, or a list of them."""
    doc = copy.deepcopy(doc)
    param = doc["learner"]["learner_model_param"]
    if isinstance(value, list):
        param["base_score"] = listed(value)
    else:
        array = param["base_score"].startswith("[")
        param["base_score"] = f"[{shortest(value)}]" if array else shortest(value)
    return doc


def with_objective(doc, objective):
    doc = copy.deepcopy(doc)
    doc["learner"]["objective"] = objective
    return doc


def with_param(doc, **params):
    """learner_model_param changed."""
    doc = copy.deepcopy(doc)
    doc["learner"]["learner_model_param"].update(params)
    return doc


def with_thresholds(doc, values, rng):
    """Most thresholds replaced by the values, so that every one of them occurs."""
    doc = copy.deepcopy(doc)
    nodes = [(tree, i) for tree in trees_of(doc)
             for i, left in enumerate(tree["left_children"]) if left != -1]
    pool = [narrow(v) for v in values]
    for n, at in enumerate(rng.permutation(len(nodes))):
        tree, i = nodes[at]
        if n < len(pool) or n % 3:
            tree["split_conditions"][i] = pool[n % len(pool)]
    return doc


def with_root_split(doc, tree, feature, threshold):
    """One tree's first split replaced."""
    doc = copy.deepcopy(doc)
    root = trees_of(doc)[tree]
    root["split_indices"][0], root["split_conditions"][0] = feature, narrow(threshold)
    return doc


def sizes(rng, count, exponents):
    """Numbers of very different size: a sum of them depends on every rounding."""
    return rng.uniform(-1, 1, count) * 10.0 ** rng.choice(exponents, count)


def with_leaves(doc, exponents, rng):
    doc = copy.deepcopy(doc)
    for tree in trees_of(doc):
        for i, left in enumerate(tree["left_children"]):
            if left == -1:
                tree["split_conditions"][i] = narrow(sizes(rng, 1, exponents)[0])
    return doc


def with_weights(doc, exponents, rng):
    """A linear model with other weights, zeros of both signs among them."""
    doc = copy.deepcopy(doc)
    model = doc["learner"]["gradient_booster"]["model"]
    weights = sizes(rng, len(model["weights"]), exponents)
    weights[::5], weights[1::7] = 0.0, -0.0
    model["weights"] = [narrow(w) for w in weights]
    return doc


def with_many_thresholds(doc, count):
    """A chain of stumps on one feature with exactly that many different thresholds."""
    doc = copy.deepcopy(doc)
    trees = trees_of(doc)
    if len(trees) < count or any(len(t["left_children"]) != 3 for t in trees):
        raise ValueError("not enough stumps")
    for i, tree in enumerate(trees):
        tree["split_conditions"][0] = narrow(-3 + 6 * (i % count) / count)
    return doc


def with_chains(doc, length, rng):
    """Every tree a chain of that many splits, each with a leaf on one side."""
    doc = copy.deepcopy(doc)
    features = int(doc["learner"]["learner_model_param"]["num_feature"])
    nodes = 2 * length + 1
    for tree in trees_of(doc):
        left, parents = [-1] * nodes, [tree["parents"][0]] * nodes
        values, inner = rng.normal(size=nodes), 0
        for step in range(length):
            child, side = 2 * step + 1, int(rng.integers(2))
            left[inner], parents[child], parents[child + 1] = child, inner, inner
            # far enough out that most rows stay in the chain
            values[inner] = (1.5 + rng.exponential()) * (-1 if side else 1)
            inner = child + side
        splits = [v != -1 for v in left]
        tree.update(
            left_children=left, right_children=[v + 1 if v != -1 else -1 for v in left],
            parents=parents, split_conditions=[narrow(v) for v in values],
            split_indices=[int(v) * s for v, s in zip(rng.integers(0, features, nodes), splits)],
            default_left=[int(v) * s for v, s in zip(rng.integers(0, 2, nodes), splits)],
            split_type=[0] * nodes, base_weights=[0.5] * nodes,
            loss_changes=[1.5 * s for s in splits], sum_hessian=[4.0] * nodes,
            categories=[], categories_nodes=[], categories_segments=[], categories_sizes=[])
        tree["tree_param"].update(num_nodes=str(nodes), num_deleted="0")
    return doc


# Vector leaves


def vectorised(tree, outputs, rng, narrow_base=0):
    """A scalar tree with invented leaf vectors, as 3.2 and later write them, its rows of
    leaf_weights in any order; narrow_base: columns of base_weights, where not one each."""
    nodes = len(tree["left_children"])
    leaves = [i for i, left in enumerate(tree["left_children"]) if left == -1]
    for row, leaf in zip(rng.permutation(len(leaves)), leaves):
        tree["right_children"][leaf] = int(row)
        tree["split_conditions"][leaf] = 1e-45
    values = sizes(rng, len(leaves) * outputs, [-3, -1, 0, 0, 1])
    tree["leaf_weights"] = [narrow(v) for v in values]
    tree["base_weights"] = [0.25] * (nodes * (narrow_base or outputs))
    tree["tree_param"]["size_leaf_vector"] = str(outputs)
    tree["parents"][0] = -1
    return tree


def with_vectors(doc, outputs, rng, scalar_rounds=0, **more):
    """Vector leaves in the trees of all iterations but the first scalar_rounds: a document
    as of 3.2, whatever its version says.  Trees and their order stay as they are."""
    doc = copy.deepcopy(doc)
    model, _ = scorer.parts(doc)
    starts = scorer.iteration_starts(model, scorer.outputs_of(doc))
    first = starts[scalar_rounds]
    for tree in model["trees"]:
        if tree["id"] >= first:
            vectorised(tree, outputs, rng, **more)
            model["tree_info"][tree["id"]] = 0
    per_round = int(model["gbtree_model_param"].get("num_parallel_tree", "1")) or 1
    model["iteration_indptr"] = starts[:scalar_rounds] + list(
        range(first, len(model["trees"]) + 1, per_round))
    return doc


# Categories


def order_of(labels):
    """sorted_idx of a feature: bytes compare as signed ones."""
    keys = labels
    if labels and isinstance(labels[0], str):
        keys = [[b - 256 * (b > 127) for b in label.encode()] for label in labels]
    return sorted(range(len(labels)), key=lambda i: keys[i])


def encoded(labels, kind, cut):
    """A column of `cats`: of text, or of integers of XGBoost's type of that number; cut: with
    the number of characters for that of bytes, as Python's XGBoost up to 3.3 has it."""
    if kind is not None:
        return {"type": kind, "values": list(labels)}
    sizes = [len(label) if cut else len(label.encode()) for label in labels]
    ends = [0] * bool(labels) + [int(v) for v in np.cumsum(sizes)]
    data = "".join(labels).encode()[:sum(sizes)]
    return {"offsets": ends, "values": [b - 256 * (b > 127) for b in data]}


def with_cats(doc, labels, kinds, cut=False):
    """Labels of codes by feature, as 3.1 and later keep them; kinds: types of integers."""
    doc = copy.deepcopy(doc)
    model, _ = scorer.parts(doc)
    features = range(int(doc["learner"]["learner_model_param"]["num_feature"]))
    columns = [labels.get(f, []) for f in features]
    model["cats"] = {
        "enc": [encoded(c, kinds.get(f), cut) for f, c in enumerate(columns)],
        "feature_segments": [0] + [int(v) for v in np.cumsum([len(c) for c in columns])],
        "sorted_idx": [i for c in columns for i in order_of(c)]}
    return doc


def labels_of(doc):
    """The labels in a file's `cats` by feature, as text."""
    found = {}
    for feature, column in enumerate(scorer.parts(doc)[0].get("cats", {}).get("enc", [])):
        values = column["values"]
        if "offsets" in column:
            data = bytes(v % 256 for v in values)
            ends = column["offsets"]
            labels = [data[a:b].decode() for a, b in zip(ends, ends[1:])]
        else:
            labels = [str(v) for v in values]
        if labels:
            found[feature] = labels
    return found
