"""Rewrite a model's JSON into what other XGBoost versions would have written.

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
NO_CATS = {"enc": [], "feature_segments": [], "sorted_idx": []}
ROOTS_WITHOUT = ((3, 0, 5), (3, 2, 0))      # as which the root's parent is written as -1

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


def listed(values):
    return "[" + ",".join(map(shortest, values)) + "]"


def as_version(doc, version):
    """The same model as that version would have written it.  Before 3.1 there is one
    base_score: of several the first remains."""
    doc = copy.deepcopy(doc)
    learner = doc["learner"]
    doc["version"] = list(version)
    if scorer.is_linear(doc):
        put_linear(learner["gradient_booster"]["model"], version)
    else:
        put_trees(doc, version)
    put_params(learner, version)
    put_objective(learner["objective"], version)
    return plain_numbers(doc) if version < (1, 2) else doc


def put_linear(model, version):
    if version < (1, 4):
        model.pop("boosted_rounds", None)
    else:
        model.setdefault("boosted_rounds", 1)


def put_trees(doc, version):
    learner = doc["learner"]
    model, weights = scorer.parts(doc)
    was_dart = weights is not None
    model.pop("weight_drop", None)
    put_booster(learner, model, weights if was_dart else None, version)
    put_model(model, scorer.outputs_of(doc), version)
    for tree in model["trees"]:
        put_tree(tree, version)


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
    scores = scorer.base_scores_of({"learner": learner})
    if version < (1, 2):
        param["base_score"] = "%.6f" % scores[0]        # std::to_string
        if np.float32(param["base_score"]) != np.float32(scores[0]):
            raise ValueError(f"{scores[0]} is no base_score that 1.0 can write")
    elif version < (3, 1):
        param["base_score"] = shortest(scores[0])
    else:
        outputs = scorer.outputs_of({"learner": learner})
        param["base_score"] = listed(scores * outputs if len(scores) == 1 else scores)
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


def put_model(model, outputs, version):
    param = model["gbtree_model_param"]
    starts = scorer.iteration_starts(model, outputs)
    per_round = int(param.get("num_parallel_tree", "1")) or 1
    param.pop("num_parallel_tree", None)
    param.pop("size_leaf_vector", None)
    if version >= (1, 6):
        param["num_parallel_tree"] = str(per_round)
    if version < (2, 0):
        param["size_leaf_vector"] = "0"
    model.pop("iteration_indptr", None)
    if version >= (2, 0):
        model["iteration_indptr"] = list(starts)
    cats = model.pop("cats", NO_CATS)
    if version >= (3, 1):
        model["cats"] = copy.deepcopy(cats)


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
    if scorer.is_vector(tree):
        put_vectors(tree, version)
    else:
        param["size_leaf_vector"] = "1" if version >= (2, 0) else "0"
    if version < (1, 1):
        param.pop("num_deleted", None)
    else:
        param.setdefault("num_deleted", "0")
    none = scorer.is_vector(tree) or version in ROOTS_WITHOUT
    tree["parents"][0] = -1 if none else NO_PARENT
    for node in tree.get("categories_nodes", []):
        if tree["left_children"][node] != -1:
            tree["split_conditions"][node] = 1e-45 if version >= (3, 1) else float("nan")
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


def put_vectors(tree, version):
    """Leaf vectors where the version keeps them: up to 3.1 in base_weights, with nothing
    known about a split but what it does; from 3.2 on apart."""
    if version < (2, 0):
        raise ValueError("no vector leaves before 2.0")
    vectors = scorer.leaf_vectors(tree)
    leaves = [i for i, left in enumerate(tree["left_children"]) if left == -1]
    apart = "leaf_weights" in tree
    if version >= (3, 2) and not apart:
        for row, node in enumerate(leaves):
            tree["right_children"][node] = row
        tree["leaf_weights"] = [float(v) for v in vectors[leaves].ravel()]
        splits = [left != -1 for left in tree["left_children"]]
        tree["loss_changes"] = [(i % 7 + 0.3) * s for i, s in enumerate(splits)]
        tree["sum_hessian"] = [i % 5 + 1.1 for i in range(len(splits))]
    elif version < (3, 2) and apart:
        for key in ("leaf_weights", "loss_changes", "sum_hessian"):
            del tree[key]
        vectors[[i for i in range(len(vectors)) if i not in leaves]] = 0.25
        tree["base_weights"] = [float(v) for v in vectors.ravel()]
        for node in leaves:
            tree["right_children"][node] = -1


def plain_numbers(doc):
    """1.0 printed floats through a C++ stream: 5 and not 5E0, 0.100000001, 1e-05."""

    def plain(values):
        return [number(float("%.9g" % np.float32(v))) for v in values]

    def number(value):
        if value == int(value) and abs(value) < 1e6 and not np.signbit(value):
            return int(value)
        return value

    if scorer.is_linear(doc):
        model = doc["learner"]["gradient_booster"]["model"]
        model["weights"] = plain(model["weights"])
        return doc
    model, weights = scorer.parts(doc)
    for tree in model["trees"]:
        for key in ("split_conditions", "base_weights", "loss_changes", "sum_hessian"):
            tree[key] = plain(tree[key])
    if weights is not None:
        doc["learner"]["gradient_booster"]["weight_drop"] = plain(weights)
    return doc
