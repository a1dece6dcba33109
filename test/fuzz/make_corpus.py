#!/usr/bin/python3
"""make_corpus.py DIRECTORY [FOLDER...]: gathers the small models that fuzzing starts from.

XGBoost 1.7 trains some and writes them as JSON and UBJSON; the layouts of 2.1, 3.1, 3.3
and 3.4 are derived from those by hand, as their writers lay them out.  The fixtures of
later versions are taken as they are, and so are the small files of further folders, such
as test/malformed/run.py --write makes.  `minimise` makes test/fuzz/corpus from what this
script writes.
"""
import copy
import json
import os
import shutil
import sys

import numpy as np
import xgboost as xgb

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../malformed"))
import ubj  # noqa: E402

ROWS = 120
FEATURES = 3
LARGEST = 8192

ODD_TEXT = {
    "quote": 'a "quoted" \\ text / with \b\f\t and \u00e9\u4e2d\U0001f600',
    "empty": "",
    "best_iteration": "1",
    "json": '{"a": [1, 2, {}], "b": null}',
    "long": "x" * 200,
}

OBJECTIVES = ["reg:squarederror", "reg:squaredlogerror", "reg:logistic", "reg:pseudohubererror",
              "reg:absoluteerror", "reg:gamma", "reg:tweedie", "binary:logistic",
              "binary:logitraw", "binary:hinge", "count:poisson", "survival:cox",
              "survival:aft", "rank:pairwise"]


def data(objective):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(ROWS, FEATURES)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    signal = np.nan_to_num(x[:, 0]) - np.nan_to_num(x[:, 1]) ** 2
    y = (signal > 0).astype(np.float32)
    if objective in ("reg:gamma", "reg:tweedie", "count:poisson", "survival:aft"):
        y = np.round(np.exp(signal / 4)) + 1
    matrix = xgb.DMatrix(x, y)
    if objective == "survival:aft":
        matrix.set_float_info("label_lower_bound", y)
        matrix.set_float_info("label_upper_bound", y + 1)
    if objective.startswith("rank:"):
        matrix.set_group([ROWS // 4] * 4)
    return matrix


def train(objective="reg:squarederror", rounds=2, **params):
    settings = {"objective": objective, "max_depth": 2, "nthread": 1, "verbosity": 0}
    settings.update(params)
    return xgb.train(settings, data(objective), rounds)


def trained():
    """Name -> booster."""
    models = {o.replace(":", "_"): train(o, base_score=0.4) for o in OBJECTIVES}
    models["dart"] = train(booster="dart", rounds=4, rate_drop=0.5)
    models["dart_logistic"] = train("binary:logistic", booster="dart", rounds=3, rate_drop=0.9)
    models["forest"] = train(rounds=2, num_parallel_tree=3)
    models["deep"] = train(rounds=1, max_depth=6, min_child_weight=0)
    models["stump"] = train(rounds=1, max_depth=1)
    models["constant"] = train(rounds=1, gamma=1e9)
    # grown first, pruned after: leaves deleted nodes
    models["pruned"] = train(rounds=2, max_depth=4, gamma=1.0, tree_method="exact",
                             updater="grow_colmaker,prune")
    models["named"] = train(rounds=2)
    models["named"].feature_names = ["age", "Einkommen \u00e4", 'with "quotes" \\']
    models["named"].feature_types = ["int", "float", "q"]
    models["attributes"] = train(rounds=3)
    models["attributes"].set_attr(**ODD_TEXT)
    models.update(several_outputs())
    models.update(categorical())
    for objective in ("reg:squarederror", "binary:logistic", "count:poisson"):
        models["linear_" + objective.replace(":", "_")] = train(objective, booster="gblinear",
                                                                base_score=0.4)
    return models


def several_outputs():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(ROWS, FEATURES)).astype(np.float32)
    classes = xgb.DMatrix(x, (x[:, 0] > 0).astype(int) + (x[:, 1] > 0))
    targets = xgb.DMatrix(x, np.stack([x[:, 0], -x[:, 1]], axis=1))
    settings = {"max_depth": 2, "nthread": 1, "verbosity": 0}

    def fit(matrix, rounds=2, **params):
        return xgb.train({**settings, **params}, matrix, rounds)

    return {
        "softprob": fit(classes, objective="multi:softprob", num_class=3),
        "softmax": fit(classes, objective="multi:softmax", num_class=3, num_parallel_tree=2),
        "softprob_dart": fit(classes, objective="multi:softprob", num_class=3, booster="dart",
                             rate_drop=0.5),
        "softprob_linear": fit(classes, objective="multi:softprob", num_class=3,
                               booster="gblinear"),
        "softprob_none": fit(classes, rounds=0, objective="multi:softprob", num_class=3),
        "targets": fit(targets, objective="reg:squarederror"),
        "targets_linear": fit(targets, objective="reg:squarederror", booster="gblinear"),
    }


def categorical():
    rng = np.random.default_rng(9)
    x = rng.integers(0, 7, size=(ROWS, FEATURES)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    matrix = xgb.DMatrix(x, np.sin(np.nan_to_num(x[:, 0]) * 3) + np.nan_to_num(x[:, 1]),
                         feature_types=["c", "c", "q"], enable_categorical=True)
    settings = {"max_depth": 3, "nthread": 1, "verbosity": 0, "tree_method": "hist"}
    return {
        "onehot": xgb.train({**settings, "max_cat_to_onehot": 100}, matrix, 2),
        "partition": xgb.train({**settings, "max_cat_to_onehot": 1}, matrix, 2),
        "partition_dart": xgb.train({**settings, "max_cat_to_onehot": 1, "booster": "dart",
                                     "rate_drop": 0.5}, matrix, 2),
    }


def layout_2(doc):
    """2.0: iteration_indptr, num_target, size_leaf_vector 1."""
    doc = copy.deepcopy(doc)
    doc["version"] = [2, 1, 4]
    booster = doc["learner"]["gradient_booster"]
    model = booster.get("gbtree", booster)["model"]
    param = doc["learner"]["learner_model_param"]
    outputs = max(int(param["num_class"]), int(param["num_target"]), 1)
    step = int(model["gbtree_model_param"]["num_parallel_tree"]) * outputs
    model["iteration_indptr"] = list(range(0, len(model["trees"]) + 1, step))
    for tree in model["trees"]:
        tree["tree_param"]["size_leaf_vector"] = "1"
        tree["parents"][0] = -1
    return doc


def layout_31(doc):
    """3.1: base_score as an array, (empty) category names."""
    doc = layout_2(doc)
    doc["version"] = [3, 1, 0]
    param = doc["learner"]["learner_model_param"]
    param["base_score"] = "[" + param["base_score"] + "]"
    booster = doc["learner"]["gradient_booster"]
    booster.get("gbtree", booster)["model"]["cats"] = {
        "enc": [], "feature_segments": [], "sorted_idx": []}
    return doc


def layout_33(doc):
    """3.3: dart's weights beside the model of a booster called gbtree."""
    doc = layout_31(doc)
    doc["version"] = [3, 3, 0]
    booster = doc["learner"]["gradient_booster"]
    if "gbtree" in booster:
        doc["learner"]["gradient_booster"] = {
            "name": "gbtree", "model": booster["gbtree"]["model"],
            "weight_drop": booster["weight_drop"]}
    return doc


def layout_34(doc):
    """3.4: the weights inside the model, for every booster of trees."""
    doc = layout_33(doc)
    doc["version"] = [3, 4, 1]
    booster = doc["learner"]["gradient_booster"]
    model = booster["model"]
    model["weight_drop"] = booster.pop("weight_drop", [1.0] * len(model["trees"]))
    return doc


def by_hand(doc):
    """Forms that no training run gives."""
    empty = copy.deepcopy(doc)
    model = empty["learner"]["gradient_booster"]["model"]
    model.update(trees=[], tree_info=[])
    model["gbtree_model_param"]["num_trees"] = "0"
    yield "empty", empty
    turned = copy.deepcopy(doc)
    turned["learner"]["gradient_booster"]["model"]["trees"].reverse()
    yield "turned", turned
    flags = copy.deepcopy(doc)
    for tree in flags["learner"]["gradient_booster"]["model"]["trees"]:
        tree["default_left"] = [bool(v) for v in tree["default_left"]]
        tree.pop("split_type", None)
    yield "flags", flags
    for name, path, value in [
            ("cats", "learner.gradient_booster.model.cats", {"enc": [{"offsets": [0], "values": []}]}),
            ("categories", "learner.gradient_booster.model.trees.0.categories", [1, 2]),
            ("same_names", "learner.feature_names", ["a", "b", "a"]),
            ("two_scores", "learner.learner_model_param.base_score", "[5E-1,5E-1]"),
            ("snapshot", "Config", {})]:
        edited = copy.deepcopy(doc)
        *parents, key = path.split(".")
        place = edited
        for step in parents:
            place = place[int(step) if step.isdigit() else step]
        place[key] = value
        if name == "snapshot":
            edited["Model"] = edited.pop("learner")
        yield name, edited
    for i, text in enumerate(["(5E-1)", "[ 5E-1 ]", "-0", "1E-45", "+.5", "5.", "1e2"]):
        scored = copy.deepcopy(doc)
        scored["learner"]["learner_model_param"]["base_score"] = text
        yield f"score{i}", scored


LAID_OUT = ("reg_squarederror", "binary_logistic", "forest", "dart", "named", "pruned", "softprob",
            "softprob_dart", "targets", "onehot", "partition", "partition_dart")


class Writer:
    def __init__(self, directory):
        self.directory = directory

    def write(self, name, content):
        with open(os.path.join(self.directory, name), "wb") as file:
            file.write(content)

    def write_both(self, name, doc):
        self.write(name + ".json", json.dumps(doc, separators=(",", ":"), ensure_ascii=False).encode())
        self.write(name + ".ubj", ubj.encode(doc))

    def models(self):
        for name, booster in trained().items():
            raw = bytes(booster.save_raw("json"))
            self.write(name + ".json", raw)
            self.write(name + ".ubj", bytes(booster.save_raw("ubj")))
            doc = json.loads(raw)
            if name in LAID_OUT:
                for layout in (layout_2, layout_31, layout_33, layout_34):
                    self.write_both(f"{name}_{layout.__name__}", layout(doc))
            if name == "stump":
                for form, edited in by_hand(doc):
                    self.write_both(f"{name}_{form}", edited)
                self.write(name + "_pretty.json", json.dumps(doc, indent=1).encode())
                self.write(name + ".old", bytes(booster.save_raw("deprecated")))

    def fixtures(self):
        """Models of 3.0 to 3.4, in the other encoding, too."""
        folder = os.path.join(HERE, "../fixtures")
        for version in sorted(os.listdir(folder)):
            if not version[0].isdigit():
                continue
            for name in sorted(os.listdir(os.path.join(folder, version))):
                if name.endswith(".json") and not name.endswith(".rows.json"):
                    with open(os.path.join(folder, version, name), encoding="utf-8") as file:
                        self.write_both(f"fixture_{version}_{name[:-5]}", json.load(file))

    def folder(self, path):
        for name in sorted(os.listdir(path)):
            if os.path.getsize(os.path.join(path, name)) <= LARGEST:
                shutil.copy(os.path.join(path, name), os.path.join(self.directory, "given_" + name))


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    writer = Writer(sys.argv[1])
    writer.models()
    writer.fixtures()
    for given in sys.argv[2:]:
        writer.folder(given)
