"""A second XGBoost scorer: float32 arithmetic in numpy, from the text of a model alone.

It gives the expected values of files that the installed libxgboost cannot read as their
writer meant them (newer dart layouts, base_score as an array, the clamp of 3.2, vector
leaves, codes of categories before 1.7.3, ...).  run.py checks it against libxgboost on
every model that libxgboost can read.
"""
import ctypes
import ctypes.util
import math
import platform
from dataclasses import dataclass
from functools import cached_property

import numpy as np

LIBM = ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6")
for _name in ("logf", "expf"):
    getattr(LIBM, _name).restype = ctypes.c_float
    getattr(LIBM, _name).argtypes = [ctypes.c_float]

LOGIT = {"binary:logistic", "reg:logistic"}
LOG = {"count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"}
SOFTMAX = {"multi:softmax", "multi:softprob"}

# gcc makes one instruction, which rounds once, of `sum += x * y` where every CPU has it: libxgboost's
# margins of dart and gblinear are others on arm64.
FUSED = platform.machine() in ("aarch64", "arm64")

ONE = np.float32(1)
EPS = np.float32(1e-6)      # kRtEps of XGBoost
NO_CODE = 2**24             # the first float32 that is no code of a category


@dataclass
class Values:
    """What a model gives for some rows."""
    margins: np.ndarray     # rows × outputs
    scores: np.ndarray      # rows × outputs
    classes: np.ndarray     # per row, -1 where it hangs on a NaN; None: no classes
    leaves: np.ndarray      # rows × trees; None: no trees

    @cached_property
    def leaf_texts(self):
        """The leaf ids of each row as SQL shows an int[]."""
        if self.leaves is None:
            return None
        texts = np.empty(len(self.leaves), object)
        texts[:] = ["{" + ",".join(map(str, row)) + "}" for row in self.leaves.tolist()]
        return texts


def logf(x):
    """libm's, as XGBoost calls it: numpy has its own, which differs in the last bit."""
    return np.float32(LIBM.logf(float(x)))


def expf(x):
    return np.float32(LIBM.expf(float(x)))


# log1pf and expm1f are correctly rounded from glibc 2.41 on; by way of double they are anywhere.


def softplus(x):
    if x > 0:
        return np.float32(x + np.float32(math.log1p(float(expf(-x)))))
    return np.float32(math.log1p(float(expf(x))))


def softplus_inverse(x):
    x = max(np.float32(x), EPS)
    return x + logf(-np.float32(math.expm1(float(-x))))


def plus_product(total, a, b, fused):
    """total + a * b in float32, rounded once if fused."""
    if not fused:
        return total + a * b
    product, other = a.astype(np.float64) * b.astype(np.float64), total.astype(np.float64)
    found = product + other
    back = found - product
    lost = (product - (found - back)) + (other - back)
    # rounded to odd, so that rounding to float32 comes out as from the exact sum
    even = np.isfinite(found) & (lost != 0) & (found.view(np.int64) & 1 == 0)
    return np.where(even, np.nextafter(found, np.copysign(np.inf, lost)), found).astype(np.float32)


# From base_score to margins


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


def objective_of(doc):
    """Up to 1.7, XGBoost that loads several classes makes of any objective but multi:softprob
    multi:softmax."""
    name = doc["learner"]["objective"]["name"]
    classes = int(doc["learner"]["learner_model_param"].get("num_class", "0"))
    if classes > 1 and tuple(doc["version"]) < (2, 0) and name != "multi:softprob":
        return "multi:softmax"
    return name


def base_margins(doc, outputs, fitted):
    """One per output.  From 3.1 on a model without trees whose base_score was never
    estimated has it unlinked."""
    param = doc["learner"]["learner_model_param"]
    objective, version = objective_of(doc), tuple(doc["version"])
    scores = [np.float32(s) for s in base_scores_of(doc)]
    if len(scores) == 1:
        scores *= outputs
    estimated = param.get("boost_from_average", "1") != "0"
    if version >= (3, 1) and estimated and not fitted:
        return np.array(scores, np.float32)
    if objective == "reg:expectileerror":
        gaps = [b - a - EPS for a, b in zip(scores, scores[1:])]
        return np.array(scores[:1] + [softplus_inverse(g) for g in gaps], np.float32)
    return np.array([base_margin(objective, version, s) for s in scores], np.float32)


# From margins to scores and classes


def sigmoid(version, m):
    if version < (1, 6):
        return ONE / (ONE + expf(-m))
    return ONE / (expf(min(-m, np.float32(88.7))) + ONE + np.float32(1e-16))


def softmax(row):
    largest = row.max()
    powers = np.array([expf(v - largest) for v in row], np.float32)
    total = 0.0
    for power in powers:
        total += float(power)
    return powers / np.float32(total)


def expectiles(row):
    found = [row[0]]
    for margin in row[1:]:
        found.append(found[-1] + (EPS + softplus(margin)))
    return np.array(found, np.float32)


def ascending(row):
    """XGBoost's insertion sort, which tells not 0.0 from -0.0 and moves no NaN."""
    row = list(row)
    for i in range(1, len(row)):
        value, at = row[i], i
        while at > 0 and row[at - 1] > value:
            row[at] = row[at - 1]
            at -= 1
        row[at] = value
    return np.array(row, np.float32)


def by_value(function, margins):
    flat = [function(m) for m in margins.ravel()]
    return np.array(flat, np.float32).reshape(margins.shape)


def by_row(function, margins):
    return np.array([function(row) for row in margins], np.float32).reshape(margins.shape)


def response(objective, version, margins):
    """Booster.predict() without output_margin; for multi:softmax as multi:softprob does."""
    with np.errstate(over="ignore", invalid="ignore"):
        if objective in LOGIT:
            return by_value(lambda m: sigmoid(version, m), margins)
        if objective in LOG:
            return by_value(expf, margins)
        if objective == "binary:hinge":
            return (margins > 0).astype(np.float32)
        if objective in SOFTMAX:
            return by_row(softmax, margins)
        if objective == "reg:quantileerror" and version >= (3, 4):
            return by_row(ascending, margins)
        if objective == "reg:expectileerror":
            return by_row(expectiles, margins)
    return margins


def classes(objective, margins, scores):
    """The class of each row, or None where the objective has none."""
    if objective in SOFTMAX:
        source = margins if objective == "multi:softmax" else scores
        return np.where(np.isnan(source).any(axis=1), -1, np.argmax(source, axis=1))
    if margins.shape[1] != 1:
        return None
    if objective == "binary:logistic":
        found = scores[:, 0] > np.float32(0.5)
    elif objective in ("binary:logitraw", "binary:hinge"):
        found = margins[:, 0] > 0
    else:
        return None
    return np.where(np.isnan(margins[:, 0]), -1, found.astype(np.int64))


# Trees


def is_vector(tree):
    return int(tree["tree_param"].get("size_leaf_vector", "0")) > 1


def leaf_vectors(tree):
    """Nodes × outputs of a tree with vector leaves; rows of inner nodes mean nothing."""
    width = int(tree["tree_param"]["size_leaf_vector"])
    left = np.array(tree["left_children"])
    if "leaf_weights" not in tree:
        return np.array(tree["base_weights"], np.float64).astype(np.float32).reshape(-1, width)
    rows = np.array(tree["leaf_weights"], np.float64).astype(np.float32).reshape(-1, width)
    return rows[np.where(left == -1, tree["right_children"], 0)]


class Tree:
    def __init__(self, doc, group, version):
        self.doc, self.group, self.version = doc, group, version
        self.left = np.array(doc["left_children"], np.int64)
        self.right = np.array(doc["right_children"], np.int64)
        self.feature = np.array(doc["split_indices"], np.int64)
        self.value = np.array(doc["split_conditions"], np.float64).astype(np.float32)
        self.default_left = np.array(doc["default_left"]).astype(bool)
        self.vectors = leaf_vectors(doc) if is_vector(doc) else None
        self.sets = {}          # node -> codes that go right
        for i, node in enumerate(doc.get("categories_nodes", [])):
            begin = doc["categories_segments"][i]
            codes = doc["categories"][begin:begin + doc["categories_sizes"][i]]
            if self.left[node] != -1:
                self.sets[node] = codes
        if self.sets:
            self.by_category = np.zeros(len(self.left), bool)
            self.by_category[list(self.sets)] = True
            self.bits = np.zeros(len(self.left))    # size of the node's set of bits
            for node, codes in self.sets.items():
                self.bits[node] = (max(codes) // 32 + 1) * 32
            self.keys = np.array([node << 25 | c for node, codes in self.sets.items()
                                  for c in codes], np.int64)

    def category_left(self, node, v):
        """Does a code that is not missing go left?  Odd codes: as the writer has it."""
        v = np.where(np.isnan(v), -1, v)
        whole = np.trunc(v.astype(np.float64))
        code = np.where((whole < 0) | (whole >= NO_CODE), NO_CODE, whole).astype(np.int64)
        left = ~np.isin(node << 25 | code, self.keys)
        if self.version < (1, 6):       # converted to an integer, whatever it is
            return left
        odd = (v < 0) | (v >= NO_CODE)
        if self.version >= (1, 7, 3):
            return left | odd
        return np.where(odd | (v >= self.bits[node]), self.default_left[node], left)

    def goes_left(self, node, v):
        left = v < self.value[node]
        if self.sets:
            chosen = self.by_category[node]
            if chosen.any():
                left[chosen] = self.category_left(node[chosen], v[chosen])
        return np.where(np.isnan(v), self.default_left[node], left)

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
            left = self.goes_left(at, x[rows[inner], self.feature[at]])
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


def is_linear(doc):
    return doc["learner"]["gradient_booster"]["name"] == "gblinear"


def old_number(text):
    """A number as XGBoost 1.0 and 1.1 read it (ParseFloat of dmlc-core's strtonum.h)."""
    digits, _, exponent = text.lower().partition("e")
    before, _, behind = digits.lstrip("-").partition(".")
    behind = behind[:19]
    value = np.float32(int(before or "0") % 2**64)
    if behind:
        value += np.float32(float(int(behind)) / float(10**len(behind)))
    scale = ONE
    for factor in [8] * (abs(int(exponent or "0")) // 8) + [1] * (abs(int(exponent or "0")) % 8):
        scale *= np.float32(10.0**factor)
    value = value / scale if exponent.startswith("-") else value * scale
    return -value if text.startswith("-") else value


def base_scores_of(doc):
    text = doc["learner"]["learner_model_param"]["base_score"].strip(" ()[]")
    read = old_number if tuple(doc.get("version", (3, 4))) < (1, 2) else float
    return [read(v) for v in text.split(",")]


def outputs_of(doc):
    param = doc["learner"]["learner_model_param"]
    return max(int(param.get("num_class", "0")), int(param.get("num_target", "1")), 1)


def iteration_starts(model, outputs):
    """Index of the first tree of each iteration, and the number of trees."""
    if "iteration_indptr" in model:
        return model["iteration_indptr"]
    step = outputs * (int(model["gbtree_model_param"].get("num_parallel_tree", "1")) or 1)
    return list(range(0, len(model["trees"]) + 1, step))


class Scorer:
    """What forests and linear models have in common."""

    linear = False

    def __init__(self, doc, fitted):
        self.objective = objective_of(doc)
        self.version = tuple(doc["version"])
        self.outputs = outputs_of(doc)
        self.base = base_margins(doc, self.outputs, fitted)
        self.trees = []

    def finish(self, margins, leaves):
        scores = response(self.objective, self.version, margins)
        return Values(margins, scores, classes(self.objective, margins, scores), leaves)


class Forest(Scorer):
    """A model of trees as its file states it; span: iterations [begin, end), end 0: all."""

    def __init__(self, doc, span=None):
        model, weights = parts(doc)
        super().__init__(doc, fitted=bool(model["trees"]))
        # up to 1.2, with dart up to 1.3, the leaves are added first and the base margin last
        self.base_last = self.version < ((1, 3) if weights is None else (1, 4))
        order = sorted(model["trees"], key=lambda t: t["id"])
        self.trees = [Tree(t, g, self.version) for t, g in zip(order, model["tree_info"])]
        self.weights = None if weights is None else np.array(weights, np.float64).astype(np.float32)
        if span is not None:
            starts = iteration_starts(model, self.outputs)
            first, end = starts[span[0]], starts[span[1] or -1]
            self.trees = self.trees[first:end]
            if weights is not None:
                self.weights = self.weights[first:end]

    def leaves(self, x):
        if not self.trees:
            return np.zeros((len(x), 0), np.int64)
        return np.stack([t.leaf(x) for t in self.trees], axis=1)

    def margins(self, leaves, fused):
        """Sums in the order of tree ids, rounded to float32 after each step."""
        total = np.zeros((len(leaves), self.outputs), np.float32)
        if not self.base_last:
            total[:] = self.base
        for i, tree in enumerate(self.trees):
            weight = ONE if self.weights is None else self.weights[i]
            if tree.vectors is not None:
                total = plus_product(total, tree.vectors[leaves[:, i]], weight, fused)
            else:
                column = total[:, tree.group].copy()
                total[:, tree.group] = plus_product(column, tree.value[leaves[:, i]], weight, fused)
        return self.base + total if self.base_last else total

    def score(self, x, fused=False):
        """Values of float32 rows."""
        leaves = self.leaves(x)
        return self.finish(self.margins(leaves, fused), leaves)


class Linear(Scorer):
    """gblinear: weights by feature and output, then a bias for each output."""

    linear = True

    def __init__(self, doc):
        model = doc["learner"]["gradient_booster"]["model"]
        super().__init__(doc, fitted=bool(model.get("boosted_rounds", 1)))
        weights = np.array(model["weights"], np.float64).astype(np.float32)
        if not len(weights):    # never trained
            features = int(doc["learner"]["learner_model_param"]["num_feature"])
            weights = np.zeros((features + 1) * self.outputs, np.float32)
        self.weights = weights.reshape(-1, self.outputs)

    def score(self, x, fused=False):
        """Values of float32 rows; every output starts from the first base margin."""
        total = np.empty((len(x), self.outputs), np.float32)
        total[:] = self.weights[-1] + self.base[0]
        with np.errstate(over="ignore", invalid="ignore"):
            for column, weights in zip(x.T, self.weights):
                there = ~np.isnan(column)
                total[there] = plus_product(total[there], column[there, None], weights, fused)
        return self.finish(total, None)


def read(doc, span=None):
    return Linear(doc) if is_linear(doc) else Forest(doc, span)
