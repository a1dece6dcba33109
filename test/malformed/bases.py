"""What a case is, and the two models most of them start from.

The models are written by hand, so that edits know each node by number.
"""
import copy
import json
from dataclasses import dataclass, field

import ubj

REFUSED = frozenset({"22P03"})          # malformed
UNSUPPORTED = frozenset({"0A000"})      # an unknown objective or booster, or too new
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
    like: object = None     # the margins an accepted one must have, or the model with them
    labels: bool = False    # has labels of categories: scored by label, too
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
