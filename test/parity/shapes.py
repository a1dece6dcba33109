"""The second matrix: shapes of trees, of files, of base scores, each on three or more
models.  A shape that did not come out as named raises: no cell is filled by accident.
"""
import numpy as np

import layouts
import models
from models import FORMS, LIB, SETS, derived, doc_of, native, train

SHAPES = {}


def shape(name):
    def add(function):
        SHAPES[name] = function
        return function
    return add


def demand(condition, what):
    if not condition:
        raise AssertionError(f"shape not reached: {what}")


def depth(tree):
    below = [0] * len(tree["left_children"])
    for i in range(len(below) - 1, -1, -1):
        left = tree["left_children"][i]
        if left != -1:
            below[i] = 1 + max(below[left], below[tree["right_children"][i]])
    # Children may have smaller numbers than their parent after pruning: go again.
    for i, left in enumerate(tree["left_children"]):
        if left != -1:
            below[i] = max(below[i], 1 + max(below[left], below[tree["right_children"][i]]))
    return below[0]


def simple(context, row, sets=SETS, objective="binary:logistic", rounds=8, **params):
    """Three native models with these parameters."""
    for i, name in enumerate(sets):
        data = context.sets[name]
        booster = train(data, objective, rounds, context.rng(row, i), **params)
        yield native(row, "shape", data, booster, FORMS[i % 3])


def boosters(context, row, sets=SETS, objective="binary:logistic", rounds=8, **params):
    """Three boosters to derive files from: (index, data, booster, document, rng)."""
    for i, name in enumerate(sets):
        data, rng = context.sets[name], context.rng(row, i)
        booster = train(data, objective, rounds, rng, **params)
        yield i, data, booster, doc_of(booster), rng


# Trees


@shape("depth 1")
def depth_1(c, row):
    yield from simple(c, row, max_depth=1, rounds=20)


@shape("depth 6")
def depth_6(c, row):
    yield from simple(c, row, max_depth=6, objective="reg:squarederror")


@shape("depth 20 and more")
def depth_20(c, row):
    for m in simple(c, row, ["wild", "credit", "one"], "reg:squarederror", 3, max_depth=60,
                    min_child_weight=0, reg_lambda=0, eta=1, tree_method="exact"):
        yield m
    # Each split takes off the largest label that is left: one chain.
    steps = np.arange(40.0)
    data = c.sets["one"]
    chain = data.__class__(**{**data.__dict__, "train": steps[:, None], "signal": 3.0 ** steps,
                              "score": c.rng(row, 8).uniform(-1, 41, (600, 1))})
    booster = train(chain, "reg:squarederror", 2, c.rng(row, 9), max_depth=100, reg_lambda=0,
                    min_child_weight=0, eta=1, tree_method="exact", base_score=0.5)
    m = native(row, "shape", chain, booster, "ubj")
    demand(max(depth(t) for t in layouts.trees_of(m.doc)) >= 20, row)
    yield m


@shape("lossguide")
def lossguide(c, row):
    yield from simple(c, row, tree_method="hist", grow_policy="lossguide", max_leaves=40,
                      max_depth=0)


for _method in ("exact", "hist", "approx"):
    @shape(f"tree_method {_method}")
    def one_method(c, row, method=_method):
        yield from simple(c, row, tree_method=method, objective="reg:squarederror")


@shape("max_bin 16")
def max_bin(c, row):
    yield from simple(c, row, tree_method="hist", max_bin=16, rounds=20)


@shape("pruned, deleted nodes")
def pruned(c, row):
    for m in simple(c, row, updater="grow_colmaker,prune", gamma=0.7, max_depth=6,
                    tree_method=None):
        deleted = sum(int(t["tree_param"]["num_deleted"]) for t in layouts.trees_of(m.doc))
        demand(deleted > 0, row)
        yield m


@shape("trees that are one leaf")
def leaves_only(c, row):
    yield from simple(c, row, gamma=1e9, base_score=0.3)


@shape("zero trees")
def zero_trees(c, row):
    for objective in ("binary:logistic", "count:poisson", "binary:hinge"):
        yield from simple(c, row, SETS[:2], objective, 0, base_score=0.7)
    yield from simple(c, row, ["wild", "one"], "binary:logistic", 0, base_score=0.5)


@shape("one tree")
def one_tree(c, row):
    yield from simple(c, row, rounds=1, max_depth=6)


@shape("300 trees and more")
def many_trees(c, row):
    yield from simple(c, row, rounds=320, max_depth=3, eta=0.05)


@shape("num_parallel_tree")
def parallel(c, row):
    yield from simple(c, row, num_parallel_tree=5, subsample=0.6, colsample_bynode=0.6, rounds=4)
    yield from simple(c, row, SETS[:1], num_parallel_tree=3, subsample=0.6, rounds=4,
                      **models.dart_params(0))


@shape("one feature")
def one_feature(c, row):
    for objective in ("binary:logistic", "reg:squarederror", "survival:cox"):
        yield from simple(c, row, ["one"], objective, max_depth=6)


@shape("200 features")
def wide(c, row):
    yield from simple(c, row, ["wide", "wide_named", "wide"], rounds=30, colsample_bytree=0.5,
                      max_depth=6)


@shape("trained without missing values")
def no_missing(c, row):
    for i, name in enumerate(SETS):
        data = c.sets[name]
        full = data.__class__(**{**data.__dict__, "train": np.nan_to_num(data.train)})
        booster = train(full, "binary:logistic", 8, c.rng(row, i))
        yield native(row, "shape", data, booster, FORMS[i])


@shape("254 to 257 thresholds")
def many_thresholds(c, row):
    data = c.sets["one"]
    booster = train(data, "reg:squarederror", 257, c.rng(row, 0), max_depth=1, eta=0.01)
    doc = doc_of(booster)
    for i, count in enumerate((254, 255, 256, 257)):
        changed = layouts.with_many_thresholds(doc, count)
        used = {t["split_conditions"][0] for t in layouts.trees_of(changed)}
        demand(len(used) == count, f"{count} thresholds")
        yield derived(row, "shape", data, None, changed, FORMS[i % 3])


EDGES = [0.0, -0.0, 1e-45, -1e-45, 1.1754942e-38, 1.17549435e-38, 3.4028234663852886e38,
         -3.4028234663852886e38, 1e30, 16777216.0, 16777218.0, 1.0, -1.0]
WIDE_EDGE = 2.0**60 + 2.0**37   # a bigint below it that rounds to it, but not through float8


@shape("thresholds at the edges")
def edge_thresholds(c, row):
    for i, data, _, doc, rng in boosters(c, row, max_depth=5, rounds=12):
        changed = layouts.with_thresholds(doc, EDGES, rng)
        wide = [f for f, kind in enumerate(data.types) if kind == "bigint"][:2]
        for tree, feature in enumerate(wide):
            changed = layouts.with_root_split(changed, tree, feature, WIDE_EDGE)
        yield derived(row, "shape", data, None, changed, FORMS[i])


@shape("leaves from 1e-40 to 5e7")
def edge_leaves(c, row):
    for i, data, _, doc, rng in boosters(c, row, objective="reg:squarederror", rounds=20):
        exponents = [-40, -20, -3, 0, 0, 3, 7.7]
        yield derived(row, "shape", data, None, layouts.with_leaves(doc, exponents, rng), FORMS[i])
    for i, data, _, doc, rng in boosters(c, row, SETS[:1], rounds=12, **models.dart_params(0)):
        yield derived(row, "shape", data, None, layouts.with_leaves(doc, [-2, 0, 1, 2], rng), "ubj")


# Base scores


@shape("base_score 0.1")
def base_score(c, row):
    yield from simple(c, row, base_score=0.1)
    yield from simple(c, row, SETS[:1], "count:poisson", base_score=0.1)


@shape("base_score of many values")
def base_scores(c, row):
    rng = c.rng(row, 99)
    for i in range(12 if c.long else 6):
        p = float(np.float32(rng.uniform(0, 1) ** (1 + i % 3)))
        yield from simple(c, row, [SETS[i % 3]], ["binary:logistic", "reg:gamma"][i % 2], i % 3,
                          base_score=p)


@shape("base_score 1e-7, not clamped")
def extreme_base(c, row):
    """Before 3.2 the margin of 1e-7 is what it is, from then on that of 1e-6."""
    for p in (1e-7, 0.99999994, 3e-39):
        for i, data, booster, doc, _ in boosters(c, row, SETS[:1 + (p == 1e-7)], rounds=3):
            old = layouts.as_version(layouts.with_base_score(doc, p), (3, 1, 3))
            yield derived(row, "shape", data, booster, old, FORMS[i], same=False)
    if LIB < (3, 2):
        yield from simple(c, row, SETS[:1], base_score=1e-7)


@shape("base_score clamped from 3.2")
def clamped_base(c, row):
    for i, p in enumerate((0.0, 1.0, 1e-7, 0.9999999, 0.0)):
        objective = "binary:logistic" if i < 4 else "reg:logistic"
        version = [(3, 2, 0), (3, 4, 1), (3, 3, 0)][i % 3]
        for _, data, booster, doc, _ in boosters(c, row, [SETS[i % 3]], objective, 3):
            new = layouts.as_version(layouts.with_base_score(doc, p), version)
            yield derived(row, "shape", data, booster, new, FORMS[i % 3], same=False)


@shape("base_score as an array")
def array_base(c, row):
    for objective in ("binary:logistic", "reg:tweedie"):
        for i, data, booster, doc, _ in boosters(c, row, SETS[:2], objective, 5, base_score=0.2):
            yield derived(row, "shape", data, booster, layouts.as_version(doc, (3, 1, 3)),
                          FORMS[i])


# Files


for _version in layouts.VERSIONS:
    @shape("as written by " + ".".join(map(str, _version)))
    def writer(c, row, version=_version):
        """One model of each booster, the base score one that gives the margin -0.0."""
        kinds = [("binary:logistic", {}), ("binary:logistic", models.dart_params(0)),
                 ("reg:gamma" if version >= (1, 3) else "reg:logistic", {})]
        for i, (objective, params) in enumerate(kinds):
            sets = [SETS[i]]
            base = 1.0 if objective == "reg:gamma" else 0.5
            for _, data, booster, doc, _ in boosters(c, row, sets, objective, base_score=base,
                                                     **params):
                form = FORMS[i] if version >= (1, 6) or i else "json"
                names = data.names if version < (1, 4) else None    # the file has none
                yield derived(row, "shape", data, booster, layouts.as_version(doc, version), form,
                              names=names)


@shape("base margin last, as before 1.3 and 1.4")
def base_last(c, row):
    """Rounding differs from later versions; and binary:logitraw takes a probability."""
    for version in ((1, 0, 2), (1, 2, 1), (1, 3, 0)):
        for objective, params in (("binary:logistic", {}), ("binary:logitraw", {}),
                                  ("binary:logistic", models.dart_params(0))):
            for i, data, booster, doc, _ in boosters(c, row, SETS[:1], objective, 12, base_score=0.25,
                                                     **params):
                yield derived(row, "shape", data, booster, layouts.as_version(doc, version), "json",
                              same=False, names=data.names)


@shape("trees in another order")
def reordered(c, row):
    for i, data, booster, doc, rng in boosters(c, row, rounds=15):
        yield derived(row, "shape", data, booster, layouts.reordered(doc, rng), FORMS[i])
    for i, data, booster, doc, rng in boosters(c, row, SETS[:1], rounds=15,
                                               **models.dart_params(2)):
        yield derived(row, "shape", data, booster, layouts.reordered(doc, rng), "ubj")


@shape("feature names given at import")
def given_names(c, row):
    for i, data in enumerate((c.sets["wide_named"], c.sets["credit"], c.sets["wild"])):
        bare = data.__class__(**{**data.__dict__, "names": None})
        booster = train(bare, "binary:logistic", 8, c.rng(row, i))
        model = native(row, "shape", data, booster, FORMS[i])
        model.names = data.names
        yield model


@shape("attributes of all kinds")
def attributes(c, row):
    odd = {"note": 'quote " back \\ slash / \b\f\n\r\t \x01 ünï 漢 😀', "empty": ""}
    for i, name in enumerate(SETS):
        data = c.sets[name]
        booster = train(data, "binary:logistic", 4, c.rng(row, i), attributes=odd)
        yield native(row, "shape", data, booster, FORMS[i])


def stopped(c, row):
    """Boosters with best_iteration well before the last tree."""
    settings = [("credit", {}), ("lending", {"num_parallel_tree": 3, "subsample": 0.7}),
                ("wild", models.dart_params(0))]
    for i, (name, params) in enumerate(settings):
        data = c.sets[name]
        best = 3 + i
        booster = train(data, "binary:logistic", 10, c.rng(row, i),
                        attributes={"best_iteration": str(best), "best_score": "0.5"}, **params)
        yield i, data, booster, best + 1


@shape("best_iteration honoured")
def best_iteration(c, row):
    for i, data, booster, rounds in stopped(c, row):
        yield native(row, "shape", data, booster, FORMS[i], rounds=rounds,
                     options={"best_iteration": True})


@shape("best_iteration ignored")
def best_iteration_ignored(c, row):
    for i, data, booster, _ in stopped(c, row):
        yield native(row, "shape", data, booster, FORMS[i])


class Context:
    def __init__(self, sets, seed, long=False):
        self.sets, self.seed, self.long = sets, seed, long

    def rng(self, row, i):
        return np.random.default_rng([self.seed, 1000 + list(SHAPES).index(row), i])


def shape_models(sets, seed, long=False):
    context = Context(sets, seed, long)
    for row, function in SHAPES.items():
        yield from function(context, row)
