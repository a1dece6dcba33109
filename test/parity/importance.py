"""Importance of features, from the text of a model alone: what riskml.model_features must
show, and what libxgboost's get_score() gives."""
import numpy as np

import scorer

KINDS = ["weight", "gain", "cover", "total_gain", "total_cover"]


def walk(tree):
    """Inner nodes in the order in which XGBoost adds them up: right before left."""
    stack = [0]
    while stack:
        node = stack.pop()
        if tree.left[node] != -1:
            yield node
            stack += [tree.left[node], tree.right[node]]


def of_forest(forest, features):
    """{kind: one float32 per feature}; gain and cover are None without statistics."""
    weight = np.zeros(features, np.float32)
    totals = np.zeros((2, features), np.float32)
    complete = all("loss_changes" in tree.doc for tree in forest.trees)
    for tree in forest.trees:
        for node in walk(tree):
            feature = tree.feature[node]
            weight[feature] += 1
            if complete:
                totals[0, feature] += np.float32(tree.doc["loss_changes"][node])
                totals[1, feature] += np.float32(tree.doc["sum_hessian"][node])
    found = {"weight": weight, "total_gain": totals[0], "total_cover": totals[1]}
    for kind in ("gain", "cover"):
        found[kind] = found[f"total_{kind}"] / np.maximum(weight, 1)
    if not complete:
        found.update(dict.fromkeys(KINDS[1:]))
    return found


def of_model(doc, span=None):
    """Likewise of a file; gblinear: {"coefficients": features × outputs}."""
    model = scorer.read(doc, span)
    if scorer.is_linear(doc):
        return {"coefficients": model.weights[:-1]}
    return of_forest(model, int(doc["learner"]["learner_model_param"]["num_feature"]))


def of_booster(booster, linear):
    """What libxgboost says, in the same form; a kind that it refuses is left out."""
    names = booster.feature_names or [f"f{i}" for i in range(booster.num_features())]
    found = {}
    for kind in KINDS[:1] if linear else KINDS:
        try:
            score = booster.get_score(importance_type=kind)
        except ValueError:      # XGBoostError: vector leaves up to 3.1
            continue
        empty = np.zeros_like(next(iter(score.values()), 0.0))
        found[kind] = np.array([score.get(n, empty) for n in names], np.float32)
    if linear:
        return {"coefficients": v.reshape(len(names), -1) for v in found.values()}
    return found


def differ(own, theirs):
    """Kinds of importance in which the two differ."""
    return [kind for kind, values in theirs.items()
            if own[kind] is not None and not np.array_equal(own[kind], values)]
