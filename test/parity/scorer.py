"""A second XGBoost scorer: float32 arithmetic in numpy, from the text of a model alone.

It gives the expected values of files that the installed libxgboost cannot read as their
writer meant them (newer dart layouts, base_score as an array, the clamp of 3.2).  run.py
checks it against libxgboost on every model that libxgboost can read.
"""
import ctypes
import ctypes.util

import numpy as np

LIBM = ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6")
for _name in ("logf", "expf"):
    getattr(LIBM, _name).restype = ctypes.c_float
    getattr(LIBM, _name).argtypes = [ctypes.c_float]

LOGIT = {"binary:logistic", "reg:logistic"}
LOG = {"count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"}

ONE = np.float32(1)
EPS = np.float32(1e-6)      # kRtEps of XGBoost


def logf(x):
    """libm's, as XGBoost calls it: numpy has its own, which differs in the last bit."""
    return np.float32(LIBM.logf(float(x)))


def expf(x):
    return np.float32(LIBM.expf(float(x)))


def base_margin(objective, version, base_score):
    """What the writing version starts every sum from."""
    p = np.float32(base_score)
    logit = objective in LOGIT or (objective == "binary:logitraw" and version < (1, 3, 1))
    with np.errstate(divide="ignore"):
        if logit:
            if version >= (3, 2):
                p = min(max(p, EPS), ONE - EPS)
            return -logf(ONE / p - ONE)
        return logf(p) if objective in LOG else p


def response(objective, version, margins):
    """Booster.predict() without output_margin."""
    if objective in LOGIT:
        with np.errstate(over="ignore"):
            if version < (1, 6):
                return np.array([ONE / (ONE + expf(-m)) for m in margins], np.float32)
            return np.array([ONE / (expf(min(-m, np.float32(88.7))) + ONE + np.float32(1e-16))
                             for m in margins], np.float32)
    if objective in LOG:
        return np.array([expf(m) for m in margins], np.float32)
    if objective == "binary:hinge":
        return (margins > 0).astype(np.float32)
    return margins


class Tree:
    def __init__(self, doc):
        self.left = np.array(doc["left_children"], np.int64)
        self.right = np.array(doc["right_children"], np.int64)
        self.feature = np.array(doc["split_indices"], np.int64)
        self.value = np.array(doc["split_conditions"], np.float64).astype(np.float32)
        self.default_left = np.array(doc["default_left"]).astype(bool)

    def path(self, x):
        """Node of each row after each step, from the root to the leaves."""
        node = np.zeros(len(x), np.int64)
        rows = np.arange(len(x))
        yield node
        while True:
            inner = self.left[node] != -1
            if not inner.any():
                return
            at = node[inner]
            v = x[rows[inner], self.feature[at]]
            left = np.where(np.isnan(v), self.default_left[at], v < self.value[at])
            node = node.copy()
            node[inner] = np.where(left, self.left[at], self.right[at])
            yield node

    def leaf(self, x):
        for node in self.path(x):
            pass
        return node


def parts(doc):
    """(model, weights or None) of a file in any of the three dart layouts."""
    booster = doc["learner"]["gradient_booster"]
    inner = booster.get("gbtree", booster)
    model = inner["model"]
    return model, booster.get("weight_drop", model.get("weight_drop")) or None


def base_score_of(doc):
    return float(doc["learner"]["learner_model_param"]["base_score"].strip("[]"))


class Forest:
    """A model as its file states it; rounds limits it to the first boosting rounds."""

    def __init__(self, doc, rounds=None):
        model, weights = parts(doc)
        self.objective = doc["learner"]["objective"]["name"]
        self.version = tuple(doc["version"])
        # up to 1.2, with dart up to 1.3, the leaves are added first and the base margin last
        self.base_last = self.version < ((1, 3) if weights is None else (1, 4))
        self.base = base_margin(self.objective, self.version, base_score_of(doc))
        self.trees = [Tree(t) for t in sorted(model["trees"], key=lambda t: t["id"])]
        self.weights = None if weights is None else np.array(weights, np.float64).astype(np.float32)
        if rounds is not None:
            per_round = int(model["gbtree_model_param"].get("num_parallel_tree", "1")) or 1
            self.trees = self.trees[:rounds * per_round]

    def leaves(self, x):
        if not self.trees:
            return np.zeros((len(x), 0), np.int64)
        return np.stack([t.leaf(x) for t in self.trees], axis=1)

    def margins(self, leaves):
        """Sum in the order of tree ids, rounded to float32 after each step."""
        total = np.full(len(leaves), 0 if self.base_last else self.base, np.float32)
        for i, tree in enumerate(self.trees):
            value = tree.value[leaves[:, i]]
            total = total + (value if self.weights is None else value * self.weights[i])
        return self.base + total if self.base_last else total

    def score(self, x):
        """(margins, responses, leaf ids) of float32 rows."""
        leaves = self.leaves(x)
        margins = self.margins(leaves)
        return margins, response(self.objective, self.version, margins), leaves
