"""Shapes of trees: depth, size, number, how they were grown, thresholds, leaves."""
import numpy as np

import rewrite
from models import FORMS, SETS, dart_params, derived, doc_of, native, train
from shaping import Shapes, boosters, demand, read_here, simple

SHAPES = Shapes()
shape = SHAPES.add


def depth(tree):
    """Longest way from the root to a leaf, in splits."""
    deepest, stack = 0, [(0, 0)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        if tree["left_children"][node] != -1:
            stack += [(tree[side][node], level + 1) for side in ("left_children",
                                                                 "right_children")]
    return deepest


@shape("depth 1")
def depth_1(c, row):
    yield from simple(c, row, max_depth=1, rounds=20)


@shape("depth 6")
def depth_6(c, row):
    yield from simple(c, row, max_depth=6, objective="reg:squarederror")


@shape("depth 20 and more")
def depth_20(c, row):
    yield from simple(c, row, ["wild", "credit", "one"], "reg:squarederror", 3, max_depth=60,
                      min_child_weight=0, reg_lambda=0, eta=1, tree_method="exact")
    # Each split takes off the largest label that is left: one chain.
    steps = np.arange(40.0)
    chain = c.sets["one"].changed(train=steps[:, None], signal=3.0 ** steps,
                                  score=c.rng(row, 8).uniform(-1, 41, (600, 1)))
    booster = train(chain, "reg:squarederror", 2, c.rng(row, 9), max_depth=100, reg_lambda=0,
                    min_child_weight=0, eta=1, tree_method="exact", base_score=0.5)
    m = native(row, "shape", chain, booster, "ubj")
    demand(max(depth(t) for t in rewrite.trees_of(m.doc)) >= 20, row)
    yield m


@shape("depth 200 and more")
def depth_200(c, row):
    kinds = [("one", "reg:squarederror", 210, {}), ("one", "multi:softprob", 200, {}),
             ("one", "binary:logistic", 500, dart_params(0)), ("wide", "reg:gamma", 250, {})]
    for i, (name, objective, length, params) in enumerate(kinds):
        for _, data, _, doc, rng in boosters(c, row, [name], objective, 3, **params):
            doc = rewrite.with_chains(doc, length, rng)
            demand(all(depth(t) == length for t in rewrite.trees_of(doc)), row)
            yield read_here(row, data, doc, i)


@shape("thousands of nodes and thresholds")
def thousands(c, row):
    exact = {"tree_method": "exact"}
    for i, params in enumerate((exact, {**exact, **dart_params(2)},
                                {"tree_method": "hist", "max_bin": 4000})):
        m, = simple(c, row, ["long"], ["reg:squarederror", "reg:gamma", "reg:squarederror"][i], 2,
                    max_depth=0 if i == 2 else 40, min_child_weight=0, reg_lambda=0, gamma=0,
                    eta=0.7, max_leaves=1400 if i == 2 else None,
                    grow_policy="lossguide" if i == 2 else None, **params)
        used = {(f, t) for tree in rewrite.trees_of(m.doc) for f, t, left in zip(
            tree["split_indices"], tree["split_conditions"], tree["left_children"]) if left != -1}
        demand(max(len(t["left_children"]) for t in rewrite.trees_of(m.doc)) > 2700, row)
        demand(max(sum(g == f for g, _ in used) for f in (0, 1)) > 900, "thresholds")
        m.form = FORMS[i]
        m.file = None
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
        deleted = sum(int(t["tree_param"]["num_deleted"]) for t in rewrite.trees_of(m.doc))
        demand(deleted > 0, row)
        yield m


@shape("trees that are one leaf")
def leaves_only(c, row):
    yield from simple(c, row, gamma=1e9, base_score=0.3)


@shape("one tree")
def one_tree(c, row):
    yield from simple(c, row, rounds=1, max_depth=6)


@shape("300 trees and more")
def many_trees(c, row):
    yield from simple(c, row, rounds=320, max_depth=3, eta=0.05)


@shape("1,000 trees and more")
def thousand_trees(c, row):
    for i, params in enumerate(({"num_parallel_tree": 4, "subsample": 0.5}, {}, {"eta": 0.01})):
        rounds = 260 if i == 0 else 1010
        m, = simple(c, row, [["credit", "one", "lending"][i]], "reg:squarederror", rounds,
                    max_depth=2, tree_method="hist", **params)
        demand(len(rewrite.trees_of(m.doc)) > 1000, row)
        m.form, m.file = FORMS[i], None
        yield m


@shape("num_parallel_tree")
def parallel(c, row):
    yield from simple(c, row, num_parallel_tree=5, subsample=0.6, colsample_bynode=0.6, rounds=4)
    yield from simple(c, row, SETS[:1], num_parallel_tree=3, subsample=0.6, rounds=4,
                      **dart_params(0))


@shape("one feature")
def one_feature(c, row):
    for objective in ("binary:logistic", "reg:squarederror", "survival:cox"):
        yield from simple(c, row, ["one"], objective, max_depth=6)


@shape("200 features")
def wide(c, row):
    yield from simple(c, row, ["wide", "wide_named", "wide"], rounds=30, colsample_bytree=0.5,
                      max_depth=6)


@shape("500 features and more")
def broad(c, row):
    for i, m in enumerate(simple(c, row, ["broad"] * 3, rounds=12, colsample_bytree=0.3,
                                 max_depth=6, tree_method="hist")):
        used = {f for t in rewrite.trees_of(m.doc) for f in t["split_indices"]}
        demand(len(used) > 150, row)
        yield m


@shape("trained without missing values")
def no_missing(c, row):
    for i, name in enumerate(SETS):
        data = c.sets[name]
        full = data.changed(train=np.nan_to_num(data.train))
        booster = train(full, "binary:logistic", 8, c.rng(row, i))
        yield native(row, "shape", data, booster, FORMS[i])


@shape("254 to 257 thresholds")
def many_thresholds(c, row):
    data = c.sets["one"]
    booster = train(data, "reg:squarederror", 257, c.rng(row, 0), max_depth=1, eta=0.01)
    doc = doc_of(booster)
    for i, count in enumerate((254, 255, 256, 257)):
        changed = rewrite.with_many_thresholds(doc, count)
        used = {t["split_conditions"][0] for t in rewrite.trees_of(changed)}
        demand(len(used) == count, f"{count} thresholds")
        yield read_here(row, data, changed, i)


EDGES = [0.0, -0.0, 1e-45, -1e-45, 1.1754942e-38, 1.17549435e-38, 3.4028234663852886e38,
         -3.4028234663852886e38, 1e30, 16777216.0, 16777218.0, 1.0, -1.0]
WIDE_EDGE = 2.0**60 + 2.0**37   # a bigint below it that rounds to it, but not through float8


@shape("thresholds at the edges")
def edge_thresholds(c, row):
    for i, data, _, doc, rng in boosters(c, row, max_depth=5, rounds=12):
        changed = rewrite.with_thresholds(doc, EDGES, rng)
        wide = [f for f, kind in enumerate(data.types) if kind == "bigint"][:2]
        for tree, feature in enumerate(wide):
            changed = rewrite.with_root_split(changed, tree, feature, WIDE_EDGE)
        yield read_here(row, data, changed, i)


@shape("leaves from 1e-40 to 5e7")
def edge_leaves(c, row):
    for i, data, _, doc, rng in boosters(c, row, objective="reg:squarederror", rounds=20):
        exponents = [-40, -20, -3, 0, 0, 3, 7.7]
        yield read_here(row, data, rewrite.with_leaves(doc, exponents, rng), i)
    for i, data, _, doc, rng in boosters(c, row, SETS[:1], rounds=12, **dart_params(0)):
        yield read_here(row, data, rewrite.with_leaves(doc, [-2, 0, 1, 2], rng), 0)


@shape("trees in another order")
def reordered(c, row):
    """Which libxgboost refuses from 3.x on; the ids say what was meant."""
    kinds = [(SETS, "binary:logistic", 15, {}), (SETS[:1], "reg:gamma", 15, dart_params(2)),
             (SETS[:1], "multi:softprob", 5, {})]
    for n, (sets, objective, rounds, params) in enumerate(kinds):
        for i, data, booster, doc, rng in boosters(c, row, sets, objective, rounds, **params):
            yield derived(row, "shape", data, booster, rewrite.reordered(doc, rng),
                          FORMS[(n + i) % 3])
