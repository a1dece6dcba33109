"""Structural edits of gblinear models: weights, boosted_rounds, counts that disagree."""
import ubj
from bases import (INT_MAX, REFUSED, SURVIVE, TOO_BIG, Case, Raw, booster_of, edited, model_of)
from edits import INF, NAN, both, said, shown
from edits_model import set_in
from shapes import param


def weights_of(d):
    return model_of(d)["weights"]


def put(doc, key, value):
    return edited(doc, set_in(model_of, key, value))


def of_weights(docs):
    for name, doc in docs.items():
        now = weights_of(doc)
        for value in (now[:-1], now + [0.5], now[:3], now[:1], now * 2, [], [0.25] * 70000):
            words = ("weights", said(len(value)))
            yield from both(f"{name}: {len(value)} weights", put(doc, "weights", value), words)
        for place in (1, len(now) - 1):
            for value in (NAN, INF, -INF, 1e39, -1e39, Raw("1e400"), "1", "", None, True, [0.5],
                          {}):
                def change(d):
                    weights_of(d)[place] = value
                if isinstance(value, float):
                    words = (r"weights|overflows", rf"weights\W{{0,2}}{place}\b|byte \d+\b",
                             said(value) if abs(value) > 1e300 or value != value else "")
                else:
                    words = ("weights|overflows",)
                yield from both(f"{name}: weights[{place}] = {shown(value)}",
                                edited(doc, change), words)
        for value in ({}, "x", 1, 0.5, None, True, [[0.5] * len(now)]):
            yield from both(f"{name}: weights = {shown(value)}", put(doc, "weights", value),
                            ("weights",))
        yield from both(f"{name}: weights absent",
                        edited(doc, lambda d: model_of(d).pop("weights")), ("weights",))


def of_bytes(doc):
    """What stands in a UBJSON file in place of the weights."""
    for count in (2**31, 2**40, 2**62, -1):
        for head in (b"[$d#", b"[$Z#", b"[$T#", b"[#"):
            raw = ubj.Raw(head + ubj.length(count))
            yield Case(f"weights claim {count} elements, {head!r} (ubj)",
                       ubj.encode(put(doc, "weights", raw)), REFUSED)
    for code, expect in (("D", SURVIVE), ("i", SURVIVE), ("L", SURVIVE)):
        raw = ubj.Raw(ubj.typed(code, [1, 2, 3, 4]))
        yield Case(f"weights of type {code} (ubj)", ubj.encode(put(doc, "weights", raw)), expect)
    yield Case("weights of type D, one overflows (ubj)",
               ubj.encode(put(doc, "weights", ubj.Raw(ubj.typed("D", [1.0, 1e39, 1.0, 1.0])))),
               REFUSED, ("weights|overflows",))


def of_rounds(doc):
    for value in (-1, -2**31, 2**31, 2**40, "2", "", 1.5, 2.0, None, True, [], [2], {}):
        small = type(value) is int and value >= -2**31 and value < 2**31
        yield from both(f"boosted_rounds = {shown(value)}", put(doc, "boosted_rounds", value),
                        ("boosted_rounds", said(value) if small else ""))
    # Zero rounds leave the weights out; more do not.
    for value in (1, INT_MAX):
        def change(d):
            model_of(d).update(weights=[], boosted_rounds=value)
        yield from both(f"boosted_rounds {value} without weights", edited(doc, change),
                        ("weights",))

    def absent(d):
        model_of(d)["weights"] = []
        del model_of(d)["boosted_rounds"]

    yield from both("neither weights nor boosted_rounds", edited(doc, absent), (), SURVIVE)


def of_counts(linear, linear3):
    """Features times outputs that the weights do not fit; products that overflow."""
    for key, value in (("num_feature", "2"), ("num_feature", "4"), ("num_feature", "0"),
                       ("num_class", "2"), ("num_target", "2"), ("num_target", "4")):
        def change(d):
            param(d)[key] = value
            d["learner"]["feature_names"] = []
        yield from both(f"gblinear: {key} = {value}", edited(linear, change),
                        (f"weights|{key}",))

    def sizes(features, classes, weights=(), rounds=2):
        def change(d):
            param(d).update(num_feature=str(features), num_class=str(classes))
            d["learner"]["feature_names"] = []
            d["learner"]["objective"]["softmax_multiclass_param"] = {"num_class": str(classes)}
            model_of(d).update(weights=list(weights), boosted_rounds=rounds)
        return edited(linear3, change)

    # (65535 + 1) * 65536 is 2^32, and 0 in 32 bits.
    for features, classes, count in ((65535, 65536, 0), (65535, 65536, 4), (46340, 46341, 3),
                                     (99999, 100000, 12)):
        yield from both(f"{features} features times {classes} classes, {count} weights",
                        sizes(features, classes, [0.5] * count), ("weights",), REFUSED | TOO_BIG)
    for features, classes in ((65535, 65536), (99999, 100000)):
        yield from both(f"{features} features times {classes} classes after no round",
                        sizes(features, classes, rounds=0), (), SURVIVE | TOO_BIG)
    for features, classes in ((100001, 1), (3, 100001)):
        data = ubj.encode(sizes(features, classes, [0.5] * ((features + 1) * classes)))
        yield Case(f"gblinear of {features} features and {classes} classes (ubj)", data, TOO_BIG)
    for features, classes in ((INT_MAX, 3), (3, INT_MAX), (INT_MAX, INT_MAX), (INT_MAX, 0)):
        yield from both(f"gblinear of {features} features and {classes} classes",
                        sizes(features, classes, weights_of(linear3)), (), REFUSED | TOO_BIG)


def of_boosters(gbtree, linear):
    """Linear models by name that are trees by content, and the reverse."""

    def named(name):
        def change(d):
            booster_of(d)["name"] = name
        return change

    yield from both("gblinear with trees", edited(gbtree, named("gblinear")),
                    ("weights|trees",))
    yield from both("gbtree with weights", edited(linear, named("gbtree")),
                    ("tree_info|trees|gbtree_model_param",))
    yield from both("dart with weights", edited(linear, named("dart")), ("gbtree|model",))

    def two_kinds(d):
        model_of(d).update(gbtree["learner"]["gradient_booster"]["model"])

    yield from both("weights and trees", edited(linear, two_kinds), (), SURVIVE)
    yield from both("gblinear: model absent",
                    edited(linear, lambda d: booster_of(d).pop("model")), ("model|weights",))
    for value in ([], "x", 1, None, {}):
        yield from both(f"gblinear: model = {value!r}",
                        edited(linear, set_in(booster_of, "model", value)),
                        ("model|weights",))


def parts(bases):
    linear, linear3 = bases.shapes["linear"], bases.shapes["linear-3"]
    return {
        "gblinear: weights": of_weights({"1 output": linear, "3 outputs": linear3}),
        "gblinear: weights in UBJSON": of_bytes(linear),
        "gblinear: boosted_rounds": of_rounds(linear),
        "gblinear: counts": of_counts(linear, linear3),
        "gblinear: boosters": of_boosters(bases.gbtree, linear),
    }
