#!/usr/bin/python3
"""What an import costs, by shape of model and encoding: time and memory per byte of the file.

    test/harness/with-cluster test/bench/import.py [--mb N]

Makes files of about N MB (20) of every shape by repeating the trees of a small model, imports
each in a session of its own, and prints milliseconds per MB (median of three) and the peak of
the backend's memory as a multiple of the file. The limits are 50 ms per MB and 8 times; the exit
code is 1 beyond the latter, which does not depend on how busy the machine is.
"""
import argparse
import copy
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "malformed"))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np      # noqa: E402
import xgboost as xgb   # noqa: E402

import ubj              # noqa: E402

ROUNDS, MEMORY_LIMIT = 3, 8.0


def train(objective, label, depth, **params):
    """A document with a few trees over 20 features, two of them categorical."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 20)).astype(np.float32)
    x[:, 0] = rng.integers(0, 200, 4000)
    x[:, 1] = rng.integers(0, 5, 4000)
    types = ["c", "c"] + ["q"] * 18 if params.pop("categories", False) else None
    y = label(x, rng)
    data = xgb.DMatrix(x, y, feature_types=types, enable_categorical=True)
    booster = xgb.train({"objective": objective, "max_depth": depth, "tree_method": "approx",
                         "min_child_weight": 0, "nthread": 1, "verbosity": 0, **params}, data, 3)
    return json.loads(booster.save_raw("json").decode().replace("NaN", "0.0"))


def model_of(doc):
    booster = doc["learner"]["gradient_booster"]
    return booster.get("gbtree", booster)["model"]


def repeat(doc, size):
    """The same trees again and again, up to a number of bytes of JSON."""
    doc = copy.deepcopy(doc)
    model = model_of(doc)
    trees, info = model["trees"], model["tree_info"]
    times = max(1, size // len(json.dumps(trees, separators=(",", ":"))))
    model["trees"] = [{**tree, "id": i * len(trees) + k}
                      for i in range(times) for k, tree in enumerate(trees)]
    model["tree_info"] = info * times
    model["gbtree_model_param"]["num_trees"] = str(len(model["trees"]))
    model.pop("iteration_indptr", None)
    return doc


def vectors(doc, outputs):
    """The same trees with leaves for several outputs, as 3.2 writes them."""
    doc = copy.deepcopy(doc)
    doc["version"] = [3, 2, 0]
    doc["learner"]["learner_model_param"]["num_target"] = str(outputs)
    model = model_of(doc)
    model["gbtree_model_param"].pop("size_leaf_vector", None)
    for tree in model["trees"]:
        leaves = [i for i, left in enumerate(tree["left_children"]) if left == -1]
        tree["tree_param"]["size_leaf_vector"] = str(outputs)
        tree["leaf_weights"] = [round(0.001 * i, 6) for i in range(len(leaves) * outputs)]
        for row, node in enumerate(leaves):
            tree["right_children"][node] = row
    return doc


def labels(doc, n):
    """A file that consists of labels: n for each of its two categorical features."""
    doc = copy.deepcopy(doc)
    doc["version"] = [3, 4, 1]
    model_of(doc)["gbtree_model_param"].pop("size_leaf_vector", None)
    names = [b"%x" % i for i in range(n)]
    text = {"offsets": [0] + [int(v) for v in np.cumsum([len(name) for name in names])],
            "values": list(b"".join(names))}
    order = sorted(range(n), key=lambda i: names[i])
    model_of(doc)["cats"] = {
        "enc": [text, {"type": 15, "values": list(range(n))}] + [{"offsets": [], "values": []}] * 18,
        "feature_segments": [0, n] + [2 * n] * 19, "sorted_idx": order + list(range(n))}
    return doc


def shuffled_labels(doc, n):
    """n integers in no order, for one feature: short to write, and to be sorted."""
    doc = labels(doc, 0)
    cats = model_of(doc)["cats"]
    cats["enc"] = [{"type": 13, "values": np.random.default_rng(1).permutation(n).tolist()}] + \
                  [{"offsets": [], "values": []}] * 19
    cats["feature_segments"], cats["sorted_idx"] = [0] + [n] * 20, list(range(n))
    return doc


def linear(n_features, outputs, weight=None):
    weights = [round(0.001 * i, 3) if weight is None else weight
               for i in range((n_features + 1) * outputs)]
    return {"version": [3, 0, 0], "learner": {
        "feature_names": [], "feature_types": [], "objective": {
            "name": "multi:softprob", "softmax_multiclass_param": {"num_class": str(outputs)}},
        "learner_model_param": {"base_score": "5E-1", "num_class": str(outputs), "num_target": "1",
                                "num_feature": str(n_features)},
        "gradient_booster": {"name": "gblinear", "model": {"weights": weights,
                                                           "boosted_rounds": 1}}}}


def shapes(size):
    binary = train("reg:squarederror", lambda x, rng: rng.normal(size=len(x)), 10)
    classes = train("multi:softprob", lambda x, rng: rng.integers(0, 5, len(x)), 10, num_class=5)
    categories = train("reg:squarederror", lambda x, rng: rng.normal(size=len(x)), 8,
                       categories=True, max_cat_to_onehot=1)
    dart = train("reg:squarederror", lambda x, rng: rng.normal(size=len(x)), 10, booster="dart")
    weights = dart["learner"]["gradient_booster"]
    dart = repeat(dart, size)
    dart["learner"]["gradient_booster"]["weight_drop"] = (
        weights["weight_drop"] * (len(model_of(dart)["trees"]) // len(weights["weight_drop"])))
    yield "one output", repeat(binary, size)
    yield "classes", repeat(classes, size)
    yield "dart", dart
    yield "categories", repeat(categories, size)
    yield "vector leaves, 3", repeat(vectors(binary, 3), size)
    yield "vector leaves, 50", repeat(vectors(binary, 50), size)
    yield "labels", labels(categories, size // 20)
    yield "shuffled labels", shuffled_labels(categories, size // 14)
    yield "linear", linear(20_000, size // 160_000)
    yield "linear, short", linear(20_000, size // 40_000, 1)
    stump = train("reg:squarederror", lambda x, rng: rng.normal(size=len(x)), 1)
    yield "stumps", repeat(stump, size)


class Session:
    """A psql that stays open, so that its backend can be looked at."""

    def __init__(self):
        self.psql = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1"], text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = int(self.ask("SELECT pg_backend_pid()"))

    def ask(self, query):
        self.psql.stdin.write(query + ";\n")
        self.psql.stdin.flush()
        answer = self.psql.stdout.readline().strip()
        if not answer:
            raise SystemExit(f"no answer to {query[:200]}")
        return answer

    def memory(self, key):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith(key))

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()


def measure(name, path):
    """(seconds, bytes at the peak) of one import in a new session."""
    session = Session()
    session.ask("SELECT count(*) FROM riskml.models")
    before = session.memory("VmSize")
    start = time.monotonic()
    session.ask(f"SELECT riskml.import_model_file('{name}', '{path}')")
    seconds = time.monotonic() - start
    grown = session.memory("VmPeak") - before
    session.close()
    return seconds, grown


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mb", type=int, default=20)
    size, beyond = parser.parse_args().mb << 20, 0
    print(f"{'shape':20}{'form':6}{'MB':>7}{'ms/MB':>8}{'memory':>9}")
    for number, (shape, doc) in enumerate(shapes(size)):
        for form, content in (("json", json.dumps(doc, separators=(",", ":")).encode()),
                              ("ubj", ubj.encode(doc))):
            with tempfile.NamedTemporaryFile(dir="/tmp") as file:
                file.write(content)
                file.flush()
                os.chmod(file.name, 0o644)
                runs = [measure(f"bench_{number}_{form}_{i}", file.name) for i in range(ROUNDS)]
            mb = len(content) / (1 << 20)
            milliseconds = statistics.median(seconds for seconds, _ in runs) * 1000 / mb
            memory = max(grown for _, grown in runs) / len(content)
            beyond += memory > MEMORY_LIMIT
            print(f"{shape:20}{form:6}{mb:7.1f}{milliseconds:8.1f}{memory:8.1f}x", flush=True)
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
