"""Models of the XGBoost installed here, the margins it computes, and all base models."""
import copy

import numpy as np
import xgboost as xgb

import expected
import ubj
from bases import by_hand, to_json
from shapes import LABELS, NUMBERS, all_shapes, param

# Rows that go through every side of every split of the models by hand.
PROBES = [[None, None, None], [0.0, 0.0, 0.0], [-2.0, 1.0, 1.0], [2.0, -1.0, 0.1],
          [-1.5, 0.5, 0.25], [1.25, None, 3.0], [None, 9.0, -9.0], [0.3, 0.49, None]]

# Rows with labels instead of codes, and what they stand for.
LABELLED = [({"a": LABELS[1], "c": str(NUMBERS[3])}, [1.0, None, 3.0]),
            ({"a": LABELS[2], "b": 0.75, "c": str(NUMBERS[0])}, [2.0, 0.75, 0.0]),
            ({"a": LABELS[0], "b": -1, "c": None}, [0.0, -1.0, None])]
UNKNOWN_LABEL = {"a": "Red", "c": str(NUMBERS[1])}

LIB = tuple(int("".join(c for c in part if c.isdigit()) or 0)
            for part in xgb.__version__.split(".")[:3])


def rows():
    """Sixty rows; a and c could be codes of categories."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 3))
    x[rng.random((60, 3)) < 0.1] = np.nan
    return x


def train(label=None, kinds=None, rounds=2, start=None, **params):
    """A booster; `start` is one to update."""
    x = rows()
    if label is None:
        label = np.nansum(x, 1) > 0
    if kinds is not None:
        coded = [i for i, kind in enumerate(kinds) if kind == "c"]
        x[:, coded] = np.floor(np.abs(x[:, coded]) * 3)
    data = xgb.DMatrix(x, label, feature_names=["a", "b", "c"], feature_types=kinds,
                       enable_categorical=kinds is not None, nthread=1)
    params = {"objective": "binary:logistic", "max_depth": 2, "nthread": 1,
              "base_score": 0.3, "tree_method": "exact", "seed": 7, **params}
    return xgb.train(params, data, rounds, xgb_model=start)


def boosters():
    """One of every shape that this version can train."""
    x = np.nan_to_num(rows())
    two, three = np.stack([x[:, 0], x[:, 1] * x[:, 2]], 1), (x.sum(1) > -0.5) + (x[:, 0] > 0.5)
    kinds = ["c", "float", "c"]
    hist = {"tree_method": "hist", "objective": "reg:squarederror"}
    yield "gbtree", train()
    yield "dart", train(booster="dart", rate_drop=0.5, one_drop=1, rounds=3)
    yield "pruned", train(max_depth=4, gamma=2, rounds=3)
    yield "deep", train(max_depth=6, rounds=20)
    yield "gblinear", train(booster="gblinear", tree_method=None, max_depth=None)
    yield "gblinear, 3 classes", train(three, booster="gblinear", objective="multi:softmax",
                                       num_class=3, tree_method=None, max_depth=None)
    yield "gblinear, no round", train(booster="gblinear", rounds=0, tree_method=None,
                                      max_depth=None)
    yield "3 classes", train(three, objective="multi:softprob", num_class=3)
    yield "2 targets", train(two, **hist)
    yield "one category a split", train(two[:, 1], kinds, **hist, max_cat_to_onehot=20)
    sets = train(two[:, 0], kinds, **hist, max_cat_to_onehot=1, max_depth=4)
    yield "categories", sets
    yield "categories, pruned", train(two[:, 0], kinds, **hist, start=sets, gamma=9,
                                      process_type="update", updater="prune")
    if LIB >= (2, 0):
        yield "quantiles", train(two[:, 0], **{**hist, "objective": "reg:quantileerror"},
                                 quantile_alpha=[0.1, 0.5, 0.9])
        vector = {**hist, "multi_strategy": "multi_output_tree"}
        yield "vector leaves", train(two, **vector)
        yield "vector leaves, categories", train(two, kinds, **vector)
    if LIB >= (3, 3):
        yield "vector leaves, dart", train(two, **vector, booster="dart", rate_drop=0.5,
                                           one_drop=1, rounds=3)
        yield "expectiles", train(two[:, 0], **{**hist, "objective": "reg:expectileerror"},
                                  expectile_alpha=[0.1, 0.9])


def margins_of(data):
    """What XGBoost computes for PROBES with a well-formed model."""
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(data))
    x = np.array([[np.nan if v is None else v for v in row] for row in PROBES])
    margins = booster.predict(xgb.DMatrix(x, feature_names=["a", "b", "c"], nthread=1),
                              output_margin=True)
    return [[float(m) for m in row] for row in margins.reshape(len(PROBES), -1)]


def readable(doc):
    """Does the XGBoost installed here compute what the writer of the model did?"""
    version, model = tuple(doc["version"]), expected.Model(doc)
    sizes = {int(t["tree_param"].get("size_leaf_vector", "0")) for t in model.trees}
    vector, older = max(sizes, default=0) > 1, LIB >= (3, 2) > version
    if not (1, 4) <= version[:2] <= LIB[:2]:
        return False            # the base margin came last; or unknown here
    if vector and (LIB < (2, 0) or older):
        return False            # another layout of the leaves
    if vector and model.weights and LIB < (3, 3):
        return False
    if any(1 in t.get("split_type", ()) for t in model.trees) and version < (1, 7, 3):
        return False            # other rules for odd codes
    if model.classes > 1 and LIB < (2, 0) and not model.objective.startswith("multi:"):
        return False            # becomes multi:softmax
    if older and any(not 1e-6 <= p <= 1 - 1e-6 for p in model.stored):
        return model.objective not in expected.LOGIT    # clamped
    return model.fitted or LIB < (3, 1) or version >= (3, 1)


class Bases:
    """All base models: files and margins by name, the documents by hand."""

    def __init__(self):
        xgb.set_config(verbosity=0)
        self.gbtree = by_hand()
        self.dart = by_hand(dart=True)
        self.shapes = all_shapes()
        self.files, self.margins = {}, {}
        hand = {"": self.gbtree, "-dart": self.dart}
        hand.update((f"-{name}", doc) for name, doc in self.shapes.items())
        for name, doc in hand.items():
            for form, write in (("json", to_json), ("ubj", ubj.encode)):
                self.files[f"hand{name}.{form}"] = write(doc)
                self.margins[f"hand{name}.{form}"] = expected.margins(doc, PROBES)
        for name, booster in boosters():
            if name == "gbtree":
                self.trained = booster
            for form in ("json", "ubj"):
                data = bytes(booster.save_raw(form))
                self.files[f"{name}.{form}"] = data
                self.margins[f"{name}.{form}"] = margins_of(data)
        # base margin 0: releases before 1.3, which added it last, round alike
        half = copy.deepcopy(self.gbtree)
        param(half)["base_score"] = "5E-1"
        self.margins["half"] = expected.margins(half, PROBES)
        self.margins["labels"] = expected.margins(self.shapes["cats"], [r for _, r in LABELLED])

    def disagreements(self):
        """How many files both scorers read, and which they score differently."""
        count, said = 0, []
        for name, data in self.files.items():
            doc = expected.read(data)
            if not readable(doc):
                continue
            count += 1
            ours, theirs = expected.margins(doc, PROBES), margins_of(data)
            if ours != theirs:
                said.append(f"{name}: expected {ours}, XGBoost has {theirs}")
        return count, said
