"""Shapes of iterations: none at all, some of them by an option of the import, slices."""
import layouts
import rewrite
from models import FORMS, SETS, dart_params, derived, native, train
from shaping import Shapes, boosters, demand, read_here, rewritten, simple
from writers import bare

SHAPES = Shapes()
shape = SHAPES.add

# What has iterations of its own kind: data set, objective, parameters.
KINDS = [("credit", "binary:logistic", {}),
         ("lending", "binary:logistic", {"num_parallel_tree": 3, "subsample": 0.7}),
         ("wild", "binary:logistic", dart_params(0)),
         ("credit", "multi:softprob", {}),
         ("lending", "multi:softmax", {"num_parallel_tree": 2, "subsample": 0.7}),
         ("wild", "multi:softprob", dart_params(2))]


# No iterations


@shape("zero trees")
def zero_trees(c, row):
    """base_score given, and left to XGBoost; from 3.1 on the latter is a margin."""
    for objective in ("binary:logistic", "count:poisson", "binary:hinge", "multi:softprob"):
        yield from simple(c, row, SETS[:2], objective, 0, base_score=0.7)
    for objective in ("binary:logistic", "reg:gamma", "multi:softmax"):
        for i, data, _, doc, _ in boosters(c, row, ["wild"], objective, 0):
            yield read_here(row, data, doc, i)
            yield read_here(row, data, rewrite.with_param(doc, boost_from_average="0"), i)


@shape("zero trees, as each version has them")
def zero_by_version(c, row):
    objectives = ["binary:logistic", "count:poisson", "reg:logistic", "multi:softprob"]
    for n, version in enumerate(layouts.VERSIONS):
        for flag in ("0", "1") if version >= (1, 7) else ("1",):
            objective = objectives[(n + int(flag)) % len(objectives)]
            for i, data, booster, doc, _ in boosters(c, row, [SETS[n % 2]], objective, 0,
                                                     base_score=[0.5, 0.7][n % 2]):
                doc = layouts.as_version(doc, version)
                if version >= (1, 7):
                    doc = rewrite.with_param(doc, boost_from_average=flag)
                yield rewritten(row, data, booster, doc, n if version >= (1, 6) else 1,
                                names=bare(data, version))


@shape("zero rounds of gblinear")
def zero_linear(c, row):
    for n, version in enumerate(((1, 7, 6), (3, 0, 5), (3, 1, 3), (3, 4, 1))):
        for i, data, booster, doc, _ in boosters(
                c, row, ["credit"], ["binary:logistic", "multi:softprob"][n % 2], 0,
                booster="gblinear", base_score=0.3):
            doc = rewrite.with_param(layouts.as_version(doc, version), boost_from_average="1")
            yield rewritten(row, data, booster, doc, n)
    yield from simple(c, row, ["lending"], rounds=0, booster="gblinear")


# Some iterations


def stopped(c, row):
    """Boosters with best_iteration well before the last tree."""
    for i, (name, objective, params) in enumerate(KINDS):
        data = c.sets[name]
        best = 3 + i % 3
        booster = train(data, objective, 10, c.rng(row, i),
                        attributes={"best_iteration": str(best), "best_score": "0.5"}, **params)
        yield i, data, booster, best + 1


@shape("best_iteration honoured")
def best_iteration(c, row):
    for i, data, booster, end in stopped(c, row):
        yield native(row, "shape", data, booster, FORMS[i % 3], span=(0, end),
                     options={"best_iteration": True})


@shape("best_iteration ignored")
def best_iteration_ignored(c, row):
    for i, data, booster, _ in stopped(c, row):
        yield native(row, "shape", data, booster, FORMS[i % 3])


@shape("iteration ranges")
def ranges(c, row):
    spans = [(0, 3), (2, 6), (5, 0), (9, 10), (0, 0), (1, 10)]
    for i, (name, objective, params) in enumerate(KINDS):
        data = c.sets[name]
        booster = train(data, objective, 10, c.rng(row, i), **params)
        for k in range(2):
            span = spans[(2 * i + k) % len(spans)]
            yield native(row, "shape", data, booster, FORMS[(i + k) % 3], span=span,
                         options={"iterations": list(span)})


@shape("iteration ranges, as each version has them")
def ranges_by_version(c, row):
    """iteration_indptr came with 2.0, num_parallel_tree with 1.6."""
    for n, version in enumerate(layouts.VERSIONS):
        name, objective, params = KINDS[n % 4 if version >= (1, 6) else (0, 3)[n % 2]]
        for _, data, booster, doc, _ in boosters(c, row, [name], objective, 8, base_score=0.5,
                                                 **params):
            span = [(0, 5), (3, 7), (6, 0)][n % 3]
            yield derived(row, "shape", data, booster, layouts.as_version(doc, version),
                          FORMS[n % 3] if version >= (1, 6) else "json", span=span,
                          source_span=span, options={"iterations": list(span)},
                          names=bare(data, version))


@shape("slices")
def slices(c, row):
    """booster[begin:end:step], saved: the iterations that are left are the model."""
    cuts = [(2, 8, 3), (0, 10, 2), (5, 10, 1), (1, 2, 1), (0, 4, 1), (2, 10, 4)]
    for i, (name, objective, params) in enumerate(KINDS):
        data = c.sets[name]
        booster = train(data, objective, 10, c.rng(row, i), **params)
        begin, end, step = cuts[i]
        m = native(row, "shape", data, booster[begin:end:step], FORMS[i % 3])
        whole = len(rewrite.trees_of(native(row, "shape", data, booster, "json").doc))
        demand(0 < len(rewrite.trees_of(m.doc)) < whole, row)
        yield m


@shape("parallel trees of 1.0 to 1.4")
def parallel_unsaid(c, row):
    """Before 1.6 nothing told how many trees made an iteration of a forest."""
    for n, version in enumerate(((1, 0, 2), (1, 2, 1), (1, 4, 2))):
        for _, data, booster, doc, _ in boosters(c, row, [SETS[n]], rounds=4, base_score=0.5,
                                                 num_parallel_tree=3, subsample=0.7):
            yield derived(row, "shape", data, booster, layouts.as_version(doc, version), "json",
                          names=bare(data, version))
