"""The models every case starts from, and what a case is.

Two are written by hand, so that edits know each node by number; the others are trained
in the run by the XGBoost installed here.  XGBoost also says what margins they have.
"""
import copy
import json
from dataclasses import dataclass, field

import numpy as np
import xgboost as xgb

import ubj

REFUSED = frozenset({"22P03"})          # malformed
UNSUPPORTED = frozenset({"0A000"})      # known, not yet supported, or too new
NAMED = REFUSED | UNSUPPORTED           # refused either way, by name
TOO_BIG = frozenset({"54000"})
ACCEPTED = frozenset({"00000"})
SURVIVE = NAMED | ACCEPTED              # whatever the verdict, it must be a clean one

INT_MAX = 2147483647

# Rows that go through every side of every split of the models below.
PROBES = [[None, None, None], [0.0, 0.0, 0.0], [-2.0, 1.0, 1.0], [2.0, -1.0, 0.1],
          [-1.5, 0.5, 0.25], [1.25, None, 3.0], [None, 9.0, -9.0], [0.3, 0.49, None]]


@dataclass
class Case:
    """One set of bytes and what riskml must say to it."""
    name: str
    data: bytes
    expect: frozenset
    words: tuple = ()       # patterns the error must contain
    like: str = None        # the model whose margins an accepted one must have
    at: tuple = None        # range in which the reported byte offset must lie
    settings: dict = field(default_factory=dict)
    as_text: bool = False   # imported through the text form


class Raw(ubj.Raw):
    """A piece of JSON text written as it is, in place of a value."""

    def __init__(self, text):
        super().__init__(None)
        self.text = text


def to_json(doc):
    """The JSON of a model as bytes, pieces of raw text put in unchanged."""
    raws = []

    def mark(value):
        raws.append(value.text)
        return f"@@RAW{len(raws) - 1}@@"

    text = json.dumps(doc, separators=(",", ":"), ensure_ascii=False, default=mark)
    for i, raw in enumerate(raws):
        text = text.replace(f'"@@RAW{i}@@"', raw)
    return text.encode("utf-8", "surrogatepass")


def has_raw(value):
    if isinstance(value, dict):
        return any(has_raw(v) for v in value.values())
    if isinstance(value, list):
        return any(has_raw(v) for v in value)
    return isinstance(value, Raw)


# Models by hand


def tree(number, left, conditions, indices, default_left, features=3):
    """A tree as XGBoost 1.7 writes it, from the arrays that say something."""
    nodes = len(left)
    parents = [INT_MAX] * nodes
    for node, child in enumerate(left):
        if child != -1:
            parents[child] = parents[child + 1] = node
    return {
        "base_weights": [0.5] * nodes,
        "categories": [], "categories_nodes": [],
        "categories_segments": [], "categories_sizes": [],
        "default_left": default_left,
        "id": number,
        "left_children": left,
        "loss_changes": [1.5 if child != -1 else 0.0 for child in left],
        "parents": parents,
        "right_children": [child + 1 if child != -1 else -1 for child in left],
        "split_conditions": conditions,
        "split_indices": indices,
        "split_type": [0] * nodes,
        "sum_hessian": [4.25] * nodes,
        "tree_param": {"num_deleted": "0", "num_feature": str(features),
                       "num_nodes": str(nodes), "size_leaf_vector": "0"},
    }


def document(trees, features=3, weights=None):
    """A whole model in the layout of 1.7; weights make it a dart model."""
    booster = {
        "model": {
            "gbtree_model_param": {"num_parallel_tree": "1",
                                   "num_trees": str(len(trees)),
                                   "size_leaf_vector": "0"},
            "tree_info": [0] * len(trees),
            "trees": trees,
        },
        "name": "gbtree",
    }
    if weights is not None:
        booster = {"gbtree": booster, "name": "dart", "weight_drop": weights}
    names = ["a", "b", "c"] if features == 3 else []
    return {
        "learner": {
            "attributes": {"best_iteration": str(max(len(trees) - 1, 0))},
            "feature_names": names,
            "feature_types": [],
            "gradient_booster": booster,
            "learner_model_param": {"base_score": "2.5E-1", "boost_from_average": "1",
                                    "num_class": "0", "num_feature": str(features),
                                    "num_target": "1"},
            "objective": {"name": "binary:logistic",
                          "reg_loss_param": {"scale_pos_weight": "1"}},
        },
        "version": [1, 7, 4],
    }


def chain(depth):
    """One tree that is a chain of `depth` splits: each right child is split again."""
    left, conditions, last = [], [], 2 * depth
    for node in range(last + 1):
        split = node % 2 == 0 and node != last
        left.append(node + 1 if split else -1)
        conditions.append(node / 1024.0)
    count = last + 1
    return document([tree(0, left, conditions, [0] * count, [0] * count, features=1)],
                    features=1)


def by_hand(dart=False):
    """Three trees of five nodes: 0 and 2 split nodes 0 and 1, 1 splits nodes 0 and 2."""
    trees = [
        tree(0, [1, 3, -1, -1, -1], [0.25, -1.5, 0.4, -0.3, 0.1], [2, 0, 0, 0, 0],
             [1, 0, 0, 0, 0]),
        tree(1, [1, -1, 3, -1, -1], [0.5, 0.2, 1.25, -0.15, 0.35], [1, 0, 0, 0, 0],
             [0, 0, 1, 0, 0]),
        tree(2, [1, 3, -1, -1, -1], [0.75, 0.125, 0.0625, -0.7, 0.3], [1, 2, 0, 0, 0],
             [1, 1, 0, 0, 0]),
    ]
    return document(trees, weights=[0.75, 1.0, 0.3] if dart else None)


def booster_of(doc):
    return doc["learner"]["gradient_booster"]


def model_of(doc):
    """The part that holds the trees, in any of the three layouts."""
    booster = booster_of(doc)
    return booster["gbtree"]["model"] if "gbtree" in booster else booster["model"]


def trees_of(doc):
    return model_of(doc)["trees"]


def edited(doc, change):
    """A copy of a model after change(copy)."""
    doc = copy.deepcopy(doc)
    change(doc)
    return doc


# Models from XGBoost


def train(**params):
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(60, 3))
    rows[rng.random((60, 3)) < 0.1] = np.nan
    data = xgb.DMatrix(rows, np.nansum(rows, 1) > 0, feature_names=["a", "b", "c"],
                       nthread=1)
    params = {"objective": "binary:logistic", "max_depth": 2, "nthread": 1,
              "base_score": 0.3, "tree_method": "exact", "seed": 7, **params}
    return xgb.train(params, data, params.pop("rounds", 2))


def margins_of(data):
    """What XGBoost computes for PROBES with a well-formed model."""
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(data))
    rows = np.array([[np.nan if v is None else v for v in row] for row in PROBES])
    margins = booster.predict(xgb.DMatrix(rows, feature_names=["a", "b", "c"],
                                          nthread=1), output_margin=True)
    return [repr(float(m)) for m in margins]


class Bases:
    """All base models: `files` by name, `margins` by name, the documents by hand."""

    def __init__(self):
        xgb.set_config(verbosity=0)
        self.gbtree = by_hand()
        self.dart = by_hand(dart=True)
        self.trained = train()
        boosters = {
            "gbtree": self.trained,
            "dart": train(booster="dart", rate_drop=0.5, one_drop=1, rounds=3),
            "pruned": train(max_depth=4, gamma=2, rounds=3),
            "deep": train(max_depth=6, rounds=20),
        }
        self.files = {"hand.json": to_json(self.gbtree),
                      "hand.ubj": ubj.encode(self.gbtree),
                      "hand-dart.json": to_json(self.dart),
                      "hand-dart.ubj": ubj.encode(self.dart)}
        for name, booster in boosters.items():
            for form in ("json", "ubj"):
                self.files[f"{name}.{form}"] = bytes(booster.save_raw(form))
        self.margins = {name: margins_of(data) for name, data in self.files.items()}
        # base margin 0: releases before 1.3, which added it last, round alike
        half = copy.deepcopy(self.gbtree)
        half["learner"]["learner_model_param"]["base_score"] = "5E-1"
        self.margins["half"] = margins_of(to_json(half))
