"""Rewrite a model's JSON into what other XGBoost versions would have written, and into
shapes that training does not give: thresholds and leaves at the edges of float32, trees
listed in another order.

The layouts of 1.0 to 3.4 are those of XGBoost's sources at each release.
"""
import copy
import json
import os
import sys

import numpy as np

import scorer

# One UBJSON writer for both suites that make files of their own.
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "malformed"))
import ubj  # noqa: E402

NO_PARENT = 2147483647      # the root's parent; some 3.x files have -1

# Releases whose files differ in a way a reader can notice.
VERSIONS = [(1, 0, 2), (1, 2, 1), (1, 4, 2), (1, 7, 6), (2, 0, 3), (2, 1, 4), (3, 0, 5),
            (3, 1, 3), (3, 2, 0), (3, 3, 0), (3, 4, 1)]


def to_json(doc):
    return json.dumps(doc, separators=(",", ":"), ensure_ascii=False).encode()


def to_ubj(doc):
    return ubj.encode(doc)


def write(doc, form):
    return to_ubj(doc) if form == "ubj" else to_json(doc)


def dart_layout(version):
    """Which of the three dart layouts a version writes."""
    return "dart 3.4" if version >= (3, 4) else "dart 3.3" if version >= (3, 3) else "dart 1.0"


def shortest(value):
    """A float32 as XGBoost prints it: 2.5E-1."""
    text = np.format_float_scientific(np.float32(value), unique=True, trim="-", exp_digits=1)
    return text.replace("e+", "E").replace("e-", "E-")


def as_version(doc, version):
    """The same model as that version would have written it."""
    doc = copy.deepcopy(doc)
    learner = doc["learner"]
    model, weights = scorer.parts(doc)
    was_dart = weights is not None
    model.pop("weight_drop", None)
    doc["version"] = list(version)
    put_booster(learner, model, weights if was_dart else None, version)
    put_params(learner, version)
    put_model(model, version)
    put_objective(learner["objective"], version)
    for tree in model["trees"]:
        put_tree(tree, version)
    return plain_numbers(doc) if version < (1, 2) else doc


def put_booster(learner, model, weights, version):
    booster = {"model": model, "name": "gbtree"}
    if weights is not None:
        layout = dart_layout(version)
        if layout == "dart 1.0":
            booster = {"gbtree": booster, "name": "dart", "weight_drop": weights}
        elif layout == "dart 3.3":
            booster["weight_drop"] = weights
        else:
            model["weight_drop"] = weights
    elif version >= (3, 4):
        model["weight_drop"] = [1.0] * len(model["trees"])
    learner["gradient_booster"] = booster


def put_params(learner, version):
    param = learner["learner_model_param"]
    score = scorer.base_score_of({"learner": learner})
    if version < (1, 2):
        param["base_score"] = "%.6f" % score        # std::to_string
        if np.float32(param["base_score"]) != np.float32(score):
            raise ValueError("base_score is not one that 1.0 can write")
    else:
        param["base_score"] = f"[{shortest(score)}]" if version >= (3, 1) else shortest(score)
    for key, since in (("num_target", (1, 6)), ("boost_from_average", (1, 7))):
        if version < since:
            param.pop(key, None)
        else:
            param.setdefault(key, "1")
    for key in ("feature_names", "feature_types"):
        if version < (1, 4):
            learner.pop(key, None)
        else:
            learner.setdefault(key, [])


def put_model(model, version):
    param = model["gbtree_model_param"]
    per_round = int(param.get("num_parallel_tree", "1")) or 1
    param.pop("num_parallel_tree", None)
    param.pop("size_leaf_vector", None)
    if version >= (1, 6):
        param["num_parallel_tree"] = str(per_round)
    if version < (2, 0):
        param["size_leaf_vector"] = "0"
    model.pop("iteration_indptr", None)
    model.pop("cats", None)
    if version >= (2, 0):
        model["iteration_indptr"] = list(range(0, len(model["trees"]) + 1, per_round))
    if version >= (3, 1):
        model["cats"] = {"enc": [], "feature_segments": [], "sorted_idx": []}


def put_objective(objective, version):
    name = objective["name"]
    if name == "reg:gamma":
        objective.pop("reg_loss_param", None)
        if version >= (3, 0):
            objective["reg_loss_param"] = {"scale_pos_weight": "1"}
    if name.startswith("rank:"):
        param = objective.pop("lambda_rank_param", None) or objective.pop("lambdarank_param", {})
        objective["lambdarank_param" if version >= (2, 0) else "lambda_rank_param"] = param


def put_tree(tree, version):
    param = tree["tree_param"]
    leaf_vector = "1" if version >= (2, 0) else "0"
    param["size_leaf_vector"] = leaf_vector
    if version < (1, 1):
        param.pop("num_deleted", None)
    else:
        param.setdefault("num_deleted", "0")
    tree["parents"][0] = -1 if version in ((3, 0, 5), (3, 2, 0)) else NO_PARENT
    if version < (1, 3):
        for key in ("split_type", "categories", "categories_nodes", "categories_segments",
                    "categories_sizes"):
            tree.pop(key, None)
    if version < (1, 6):
        tree["default_left"] = [bool(v) for v in tree["default_left"]]
    else:
        tree["default_left"] = [int(v) for v in tree["default_left"]]
    if version < (1, 2):
        tree["leaf_child_counts"] = [0] * len(tree["left_children"])


def plain_numbers(doc):
    """1.0 printed floats through a C++ stream: 5 and not 5E0, 0.100000001, 1e-05."""
    model, weights = scorer.parts(doc)

    def plain(values):
        return [number(float("%.9g" % np.float32(v))) for v in values]

    def number(value):
        if value == int(value) and abs(value) < 1e6 and not np.signbit(value):
            return int(value)
        return value

    for tree in model["trees"]:
        for key in ("split_conditions", "base_weights", "loss_changes", "sum_hessian"):
            tree[key] = plain(tree[key])
    if weights is not None:
        doc["learner"]["gradient_booster"]["weight_drop"] = plain(weights)
    return doc


# Shapes that no training gives


def trees_of(doc):
    return scorer.parts(doc)[0]["trees"]


def reordered(doc, rng):
    """The trees in another order in the file, each with its id."""
    doc = copy.deepcopy(doc)
    model, _ = scorer.parts(doc)
    model["trees"] = [model["trees"][i] for i in rng.permutation(len(model["trees"]))]
    return doc


def with_base_score(doc, value):
    doc = copy.deepcopy(doc)
    param = doc["learner"]["learner_model_param"]
    array = param["base_score"].startswith("[")
    param["base_score"] = f"[{shortest(value)}]" if array else shortest(value)
    return doc


def with_objective(doc, objective):
    doc = copy.deepcopy(doc)
    doc["learner"]["objective"] = objective
    return doc


def with_thresholds(doc, values, rng):
    """Most thresholds replaced by the values, so that every one of them occurs."""
    doc = copy.deepcopy(doc)
    nodes = [(tree, i) for tree in trees_of(doc)
             for i, left in enumerate(tree["left_children"]) if left != -1]
    pool = [float(np.float32(v)) for v in values]
    for n, at in enumerate(rng.permutation(len(nodes))):
        tree, i = nodes[at]
        if n < len(pool) or n % 3:
            tree["split_conditions"][i] = pool[n % len(pool)]
    return doc


def with_root_split(doc, tree, feature, threshold):
    """One tree's first split replaced."""
    doc = copy.deepcopy(doc)
    root = trees_of(doc)[tree]
    root["split_indices"][0], root["split_conditions"][0] = feature, float(np.float32(threshold))
    return doc


def with_leaves(doc, exponents, rng):
    """Leaves of very different size: the sum then depends on every rounding."""
    doc = copy.deepcopy(doc)
    for tree in trees_of(doc):
        for i, left in enumerate(tree["left_children"]):
            if left == -1:
                scale = 10.0 ** rng.choice(exponents)
                value = np.float32(rng.uniform(-1, 1) * scale)
                tree["split_conditions"][i] = float(value)
    return doc


def with_many_thresholds(doc, count):
    """A chain of stumps on one feature with exactly that many different thresholds."""
    doc = copy.deepcopy(doc)
    trees = trees_of(doc)
    if len(trees) < count or any(len(t["left_children"]) != 3 for t in trees):
        raise ValueError("not enough stumps")
    for i, tree in enumerate(trees):
        tree["split_conditions"][0] = float(np.float32(-3 + 6 * (i % count) / count))
    return doc
