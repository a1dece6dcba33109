"""Files as each version writes them, and what it makes of base_score."""
import numpy as np

import layouts
import rewrite
from models import FORMS, LIB, SETS, dart_params, derived, native, train
from shaping import Shapes, boosters, rewritten, simple

SHAPES = Shapes()
shape = SHAPES.add


def bare(data, version):
    """Names to give at import where the version's files have none."""
    return data.names if version < (1, 4) else None


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
            old = layouts.as_version(rewrite.with_base_score(doc, p), (3, 1, 3))
            yield rewritten(row, data, booster, old, i)
    if LIB < (3, 2):
        yield from simple(c, row, SETS[:1], base_score=1e-7)


@shape("base_score clamped from 3.2")
def clamped_base(c, row):
    for i, p in enumerate((0.0, 1.0, 1e-7, 0.9999999, 0.0)):
        objective = "binary:logistic" if i < 4 else "reg:logistic"
        version = [(3, 2, 0), (3, 4, 1), (3, 3, 0)][i % 3]
        for _, data, booster, doc, _ in boosters(c, row, [SETS[i % 3]], objective, 3):
            new = layouts.as_version(rewrite.with_base_score(doc, p), version)
            yield rewritten(row, data, booster, new, i)


@shape("base_score as an array")
def array_base(c, row):
    for objective in ("binary:logistic", "reg:tweedie"):
        for i, data, booster, doc, _ in boosters(c, row, SETS[:2], objective, 5, base_score=0.2):
            yield rewritten(row, data, booster, layouts.as_version(doc, (3, 1, 3)), i)


@shape("base margin last, as before 1.3 and 1.4")
def base_last(c, row):
    """Rounding differs from later versions; and binary:logitraw takes a probability."""
    kinds = [("binary:logistic", {}), ("binary:logitraw", {}), ("binary:logistic", dart_params(0)),
             ("multi:softprob", {})]
    for version in ((1, 0, 2), (1, 2, 1), (1, 3, 0)):
        for objective, params in kinds:
            for i, data, booster, doc, _ in boosters(c, row, SETS[:1], objective, 12,
                                                     base_score=0.25, **params):
                yield derived(row, "shape", data, booster, layouts.as_version(doc, version), "json",
                              names=bare(data, version))


@shape("base_score as 1.0 and 1.1 wrote and read it")
def old_base(c, row):
    """Six digits behind the point, and two roundings: of 1.18 another number than from 1.2 on."""
    kinds = [("reg:squarederror", 1.18, {}), ("reg:gamma", 1.59, dart_params(0)),
             ("reg:squarederror", -1.43, {"booster": "gblinear"}), ("count:poisson", 15.569695, {})]
    for version in ((1, 0, 2), (1, 1, 1), (1, 2, 0)):
        for objective, base, params in kinds:
            for i, data, booster, doc, _ in boosters(c, row, SETS[:1], objective, 6,
                                                     base_score=base, **params):
                doc["learner"]["learner_model_param"]["base_score"] = "5E-1"
                doc = layouts.as_version(doc, version)
                doc["learner"]["learner_model_param"]["base_score"] = f"{base:f}"
                yield derived(row, "shape", data, booster, doc, "json", names=bare(data, version))


# Files


for _version in layouts.VERSIONS:
    @shape("as written by " + ".".join(map(str, _version)))
    def writer(c, row, version=_version):
        """A model of each kind; for some the base score that gives the margin -0.0."""
        kinds = [("binary:logistic", {}), ("binary:logistic", dart_params(0)),
                 ("reg:gamma" if version >= (1, 3) else "reg:logistic", {}),
                 ("multi:softprob", {}), ("binary:logistic", {"booster": "gblinear"})]
        for i, (objective, params) in enumerate(kinds):
            base = 1.0 if objective == "reg:gamma" else 0.5
            for _, data, booster, doc, _ in boosters(c, row, [[*SETS, "credit", "lending"][i]],
                                                     objective, base_score=base, **params):
                form = FORMS[i % 3] if version >= (1, 6) or i % 3 else "json"
                yield derived(row, "shape", data, booster, layouts.as_version(doc, version), form,
                              names=bare(data, version))


@shape("feature names given at import")
def given_names(c, row):
    for i, data in enumerate((c.sets["wide_named"], c.sets["credit"], c.sets["wild"])):
        nameless = data.changed(names=None)
        booster = train(nameless, "binary:logistic", 8, c.rng(row, i))
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
