"""Shapes of several outputs: classes, targets, expectiles, base scores, leaf vectors; and
of linear models."""
import numpy as np

import layouts
import rewrite
import scorer
from models import (FORMS, GBLINEAR, LIB, LINEAR_SETS, SETS, alpha_doc, dart_params, derived,
                    native, train)
from shaping import Shapes, boosters, demand, read_here, rewritten, simple

SHAPES = Shapes()
shape = SHAPES.add

VECTORS = LIB >= (2, 0)     # this libxgboost trains trees with vector leaves
APART = LIB >= (3, 2)       # and keeps them in leaf_weights


# Classes


@shape("2 and 3 classes")
def few_classes(c, row):
    yield from simple(c, row, SETS, "multi:softprob", num_class=3)
    yield from simple(c, row, SETS[:1], "multi:softmax", num_class=2, label=("class", 2))


@shape("10 classes and more")
def many_classes(c, row):
    for i, count in enumerate((10, 12, 17)):
        objective = ["multi:softprob", "multi:softmax"][i % 2]
        yield from simple(c, row, [SETS[i]], objective, 4, num_class=count,
                          label=("class", count))


@shape("classes with dart and parallel trees")
def class_trees(c, row):
    for i, more in enumerate((dart_params(1), {}, {"num_parallel_tree": 3, "subsample": 0.6})):
        params = {**dart_params(0), "num_parallel_tree": 2, "subsample": 0.6} if i == 1 else more
        yield from simple(c, row, [SETS[i]], "multi:softprob", 5, **params)


@shape("classes that tie")
def ties(c, row):
    """The first largest: of margins for softmax, of probabilities for softprob."""
    for i, objective in enumerate(("multi:softmax", "multi:softprob", "multi:softmax")):
        for _, data, booster, doc, rng in boosters(c, row, [SETS[i]], objective, 3, base_score=0.5,
                                                   label=("class", 4), num_class=4):
            values = [0.0, -0.0, 0.25, 1e-8, 5e-8] if i < 2 else [0.5]
            for tree in rewrite.trees_of(doc):
                for node, left in enumerate(tree["left_children"]):
                    if left == -1:
                        tree["split_conditions"][node] = rewrite.narrow(rng.choice(values))
            yield read_here(row, data, doc, i)


def three_gradients(margins, matrix):
    """Of a user's own objective with three outputs."""
    label = matrix.get_label()
    gradient = margins.reshape(len(label), -1) - np.stack([label, 2 * label, -label], 1)
    flat = (-1, 1) if LIB < (2, 1) else gradient.shape
    return gradient.reshape(flat), np.ones_like(gradient).reshape(flat)


@shape("num_class with an objective of one's own")
def own_objective(c, row):
    """The objective in the file is the one named in the parameters; its link is applied to
    each output.  Up to 1.7 multi:softmax takes its place."""
    kinds = [("reg:squarederror", {}), ("binary:logistic", {}),
             ("reg:squarederror", dart_params(0)), ("count:poisson", {})]
    for i, (name, params) in enumerate(kinds):
        data = c.sets[[*SETS, "credit"][i]]
        booster = train(data, name, 6, c.rng(row, i), label="real", num_class=3,
                        obj=three_gradients, tree_method="hist", **params)
        m = native(row, "shape", data, booster, FORMS[i % 3])
        if m.doc["learner"]["objective"]["name"] == name:
            yield m
        else:
            doc = rewrite.with_objective(m.doc, {
                "name": name, "reg_loss_param": {"scale_pos_weight": "1"},
                "poisson_regression_param": {"max_delta_step": "7E-1"}})
            yield rewritten(row, data, booster, layouts.as_version(doc, (2, 1, 4)), i)
            doc = rewrite.with_param(doc, base_score="2.5E-1")
            yield read_here(row, data, doc, i)      # which makes multi:softmax of it


# Targets


@shape("targets, a tree for each")
def targets(c, row):
    for i, name in enumerate(("reg:squarederror", "binary:logistic", "reg:pseudohubererror")):
        label = (["targets", "flags", "targets"][i], [3, 2, 5][i])
        yield from several_targets(c, row, name, c.sets[SETS[i]], label, i)


def several_targets(c, row, name, data, label, i, **params):
    booster = train(data, name, 6, c.rng(row, i), label=label, **params)
    yield native(row, "shape", data, booster, FORMS[i % 3])


@shape("targets with dart")
def dart_targets(c, row):
    for i in range(3):
        yield from several_targets(c, row, "reg:squarederror", c.sets[SETS[i]], ("targets", 2 + i),
                                   i, **dart_params(i))


@shape("targets with parallel trees")
def parallel_targets(c, row):
    for i in range(3):
        yield from several_targets(c, row, "reg:squarederror", c.sets[SETS[i]], ("targets", 3), i,
                                   num_parallel_tree=2, subsample=0.7)


# Base scores


@shape("a base_score for each output")
def base_scores(c, row):
    """From 3.1 on; a single one is broadcast."""
    kinds = [("multi:softprob", None, [0.5, -1.25, 3.0]), ("reg:squarederror", ("targets", 3),
                                                          [1e-3, -7.5, 1e6]),
             ("reg:logistic", ("units", 3), [0.25, 0.9, 1e-3]),
             ("binary:logistic", ("flags", 3), [0.0, 1.0, 0.5]), ("multi:softmax", None, [0.3])]
    for i, (name, label, scores) in enumerate(kinds):
        classes = {"num_class": 3} if label is None else {}
        if label is None:
            label = ("class", 3)
        for _, data, booster, doc, _ in boosters(c, row, [SETS[i % 3]], name, 5, label=label,
                                                 **classes):
            doc = layouts.as_version(doc, [(3, 1, 3), (3, 3, 0), (3, 4, 1)][(i + 1) % 3])
            yield rewritten(row, data, booster, rewrite.with_base_score(doc, scores), i)


@shape("quantiles that cross")
def crossing(c, row):
    """Sorted from 3.4 on, before that as they are."""
    document = alpha_doc("reg:quantileerror", [0.1, 0.5, 0.9])
    for i, version in enumerate(((2, 1, 4), (3, 3, 0), (3, 4, 1), (3, 4, 0))):
        for _, data, booster, doc, rng in boosters(c, row, [SETS[i % 3]], "reg:squarederror", 6,
                                                   label=("targets", 3), base_score=0.5):
            doc = rewrite.with_leaves(rewrite.with_objective(doc, document), [-2, 0, 1], rng)
            doc = layouts.as_version(doc, version)
            margins = scorer.read(doc).score(data.score.astype(np.float32)).margins
            demand((np.diff(margins, axis=1) < 0).any(axis=1).sum() > 50, row)
            yield rewritten(row, data, booster, doc, i)


@shape("expectiles")
def expectile_gaps(c, row):
    """Base scores that are equal, near, far apart and out of order; margins of any size."""
    document = alpha_doc("reg:expectileerror", [0.1, 0.3, 0.6, 0.9])
    bases = [[0.5] * 4, [1.0, 1.0000012, 1.0000025, 9.0], [-1e3, 1e3, 1e6, 1e7],
             [2.0, 1.0, 5.0, 0.0]]
    for i, scores in enumerate(bases):
        for _, data, booster, doc, rng in boosters(c, row, [SETS[i % 3]], "reg:squarederror", 6,
                                                   label=("targets", 4)):
            doc = rewrite.with_leaves(rewrite.with_objective(doc, document), [-8, -1, 1, 2], rng)
            doc = layouts.as_version(doc, [(3, 3, 0), (3, 4, 1)][i % 2])
            doc = rewrite.with_base_score(doc, scores)
            yield rewritten(row, data, booster, doc, i)


# Vector leaves


def trained_vectors(c, row, i, name, rounds=6, **params):
    """A native model with vector leaves, and its booster."""
    kind = {"objective": "reg:squarederror", "label": ("targets", 3), **params}
    data = c.sets[name]
    objective = kind.pop("objective")
    booster = train(data, objective, rounds, c.rng(row, 100 + i), tree_method="hist",
                    multi_strategy="multi_output_tree", **kind)
    m = native(row, "shape", data, booster, FORMS[i % 3])
    demand(all(scorer.is_vector(t) for t in rewrite.trees_of(m.doc)), row)
    return m, booster


def invented(c, row, i, name, outputs, version, rounds=6, doc_change=None, **params):
    """Trees of this libxgboost with invented leaf vectors: the leaves are its own."""
    narrow_base, scalar_rounds = params.pop("narrow_base", 0), params.pop("scalar_rounds", 0)
    label = {"label": ("targets", outputs)} if scalar_rounds else {}
    for _, data, booster, doc, rng in boosters(c, row, [name], "reg:squarederror", rounds,
                                               **label, **params):
        doc = rewrite.with_vectors(doc, outputs, rng, scalar_rounds, narrow_base=narrow_base)
        doc = rewrite.with_param(doc, num_target=str(outputs))
        scores = 0.5 if version < (3, 1) else [0.5, -3.25, 1e-3, 7.0, 0.0][:outputs]
        doc = rewrite.with_base_score(layouts.as_version(doc, version), scores)
        if doc_change:
            doc = doc_change(doc)
        yield rewritten(row, data, booster, doc, i)


@shape("vector leaves of 2.0 to 3.1")
def old_vectors(c, row):
    for i, version in enumerate(((2, 0, 3), (2, 1, 4), (3, 0, 5), (3, 1, 3))):
        yield from invented(c, row, i, SETS[i % 3], [3, 2, 5, 3][i], version)
    if VECTORS:
        m, booster = trained_vectors(c, row, 0, "credit")
        if not APART:
            yield m
        yield rewritten(row, m.data, booster, layouts.as_version(m.doc, (3, 1, 3)), 1)


@shape("vector leaves of 3.2 and later")
def new_vectors(c, row):
    versions = [(3, 2, 0), (3, 3, 0), (3, 4, 1), (3, 4, 1)]
    for i, version in enumerate(versions):
        yield from invented(c, row, i, SETS[i % 3], [3, 2, 5, 3][i], version,
                            narrow_base=int(i == 3))
    if VECTORS:
        m, booster = trained_vectors(c, row, 0, "credit")
        if APART:
            yield m
        yield rewritten(row, m.data, booster, layouts.as_version(m.doc, (3, 4, 1)), 1)


@shape("vector leaves of classes and quantiles")
def vector_objectives(c, row):
    """Objectives that look at all outputs of a row."""
    softmax = {"name": "multi:softprob", "softmax_multiclass_param": {"num_class": "3"}}
    kinds = [(softmax, (2, 1, 4)), (softmax, (3, 4, 1)),
             (alpha_doc("reg:quantileerror", [0.1, 0.5, 0.9]), (3, 4, 1)),
             (alpha_doc("reg:expectileerror", [0.1, 0.5, 0.9]), (3, 3, 0))]
    for i, (document, version) in enumerate(kinds):
        def change(doc, document=document):
            if document is softmax:
                doc = rewrite.with_param(doc, num_target="1", num_class="3")
            return rewrite.with_objective(doc, document)
        yield from invented(c, row, i, SETS[i % 3], 3, version, doc_change=change)
    if VECTORS:
        yield trained_vectors(c, row, 0, "lending", objective="multi:softmax", num_class=3,
                              label=("class", 3))[0]
    if APART:
        for i, name in enumerate(("reg:quantileerror, 3 alphas", "reg:expectileerror, 3 alphas")):
            yield trained_vectors(c, row, 1 + i, "lending", objective=name, label="real")[0]


@shape("vector leaves with dart weights")
def dart_vectors(c, row):
    """From 3.3 on, in both layouts."""
    for i, version in enumerate(((3, 3, 0), (3, 4, 1), (3, 4, 1))):
        yield from invented(c, row, i, SETS[i], [3, 2, 4][i], version, **dart_params(i))
    if LIB >= (3, 3):
        m, booster = trained_vectors(c, row, 0, "credit", **dart_params(0))
        yield m
        yield rewritten(row, m.data, booster, layouts.as_version(m.doc, (3, 4, 1)), 1)


@shape("vector leaves with categories")
def coded_vectors(c, row):
    for i, version in enumerate(((3, 0, 5), (3, 1, 3), (3, 3, 0), (3, 4, 1))):
        params = dart_params(0) if i == 3 else {}
        yield from invented(c, row, i, ["coded", "coded_too"][i % 2], 3, version,
                            max_cat_to_onehot=[1, 100][i % 2], **params)
    if VECTORS:
        m, booster = trained_vectors(c, row, 0, "coded", max_cat_to_onehot=1)
        yield m
        for n, version in enumerate(((3, 1, 3), (3, 4, 1))):
            yield rewritten(row, m.data, booster, layouts.as_version(m.doc, version), n)


@shape("scalar and vector leaves in one model")
def mixed(c, row):
    for i, version in enumerate(((2, 0, 3), (3, 0, 5), (3, 3, 0), (3, 3, 0), (3, 4, 1))):
        params = dart_params(1) if i > 2 else {}
        yield from invented(c, row, i, [*SETS, "coded", "credit"][i], 3, version, scalar_rounds=2,
                            **params)


@shape("vector leaves, iteration ranges")
def vector_ranges(c, row):
    for i, version in enumerate(((2, 1, 4), (3, 3, 0), (3, 4, 1), (3, 0, 5))):
        span = [(0, 3), (2, 5), (1, 0), (1, 4)][i]
        params = [{}, {"num_parallel_tree": 2, "subsample": 0.7}, dart_params(0),
                  {"scalar_rounds": 2}][i]
        for m in invented(c, row, i, SETS[i % 3], 3, version, **params):
            m.options, m.span = {"iterations": list(span)}, span
            m.source_span = None if params.get("scalar_rounds") else span
            yield m


# Linear models


@shape("gblinear as written by 1.0 to 3.4")
def linear_versions(c, row):
    for i, version in enumerate(layouts.VERSIONS):
        name = ["binary:logistic", "multi:softprob", "reg:gamma"][i % 3]
        if version < (1, 4) and name == "reg:gamma":
            name = "reg:squarederror"
        for _, data, booster, doc, _ in boosters(c, row, [LINEAR_SETS[i % 3]], name, 6,
                                                 booster=GBLINEAR, base_score=0.25):
            form = FORMS[i % 3] if version >= (1, 6) else "json"
            yield derived(row, "shape", data, booster, layouts.as_version(doc, version), form,
                          names=data.names if version < (1, 4) else None)


@shape("gblinear with several outputs")
def linear_outputs(c, row):
    yield from simple(c, row, LINEAR_SETS, "multi:softmax", booster=GBLINEAR)
    for i, name in enumerate(LINEAR_SETS):
        yield from several_targets(c, row, "reg:squarederror", c.sets[name], ("targets", 3), 10 + i,
                                   booster=GBLINEAR)
    yield from simple(c, row, ["one"], "multi:softprob", booster=GBLINEAR, num_class=11,
                      label=("class", 11))


@shape("gblinear with several base scores")
def linear_bases(c, row):
    """The first is taken for every output."""
    kinds = [("multi:softprob", None, [0.5, -1.25, 3.0]),
             ("reg:squarederror", ("targets", 3), [-7.5, 1e6, 0.0]),
             ("reg:logistic", ("units", 3), [0.9, 0.1, 0.5])]
    for i, (name, label, scores) in enumerate(kinds):
        label = {} if label is None else {"label": label}
        for _, data, booster, doc, _ in boosters(c, row, [LINEAR_SETS[i]], name, 5,
                                                 booster=GBLINEAR, **label):
            doc = layouts.as_version(doc, [(3, 1, 3), (3, 3, 0), (3, 4, 1)][i])
            doc = rewrite.with_base_score(doc, scores)
            yield rewritten(row, data, booster, doc, i)


@shape("gblinear with weights from 1e-40 to 1e7")
def linear_weights(c, row):
    for i, name in enumerate(("reg:squarederror", "binary:logistic", "multi:softprob")):
        for _, data, _, doc, rng in boosters(c, row, [LINEAR_SETS[i]], name, 2, booster=GBLINEAR):
            doc = rewrite.with_weights(doc, [-40, -20, -3, 0, 0, 3, 7], rng)
            yield read_here(row, data, doc, i)


@shape("gblinear with updaters and penalties")
def linear_updaters(c, row):
    kinds = [{"updater": "shotgun"}, {"updater": "coord_descent", "feature_selector": "greedy"},
             {"lambda": 0.5, "alpha": 0.01}]
    for i, params in enumerate(kinds):
        yield from simple(c, row, [[*LINEAR_SETS[:2], "one"][i]], "count:poisson", 12,
                          booster=GBLINEAR, **params)
