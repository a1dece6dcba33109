"""Linear models, several outputs, vector leaves, categorical splits and labels, in all that
real files or a user may have done to them: accepted, with the margins they should have."""
import json

import expected
import ubj
from bases import (ACCEPTED, INT_MAX, REFUSED, Case, booster_of, chain, document, edited,
                   model_of, trees_of)
from edits import both
from edits_model import learner, objective
from shapes import (DENORMAL, LABELS, NAN, NUMBERS, WIDE_LABELS, as_version, cats, categorical,
                    make_categorical, param, several, text_column, vectors)
from spared import reverse
from trained import PROBES

LATER = ((2, 0, 3), (2, 1, 4), (3, 0, 5), (3, 1, 3), (3, 2, 0), (3, 3, 0), (3, 4, 1))


def spare(name, doc, like=None, **more):
    """Accepted; without `like`, with the margins that the document itself states."""
    return both(name, doc, (), ACCEPTED, like=like or expected.margins(doc, PROBES), **more)


def stamped(doc, *version):
    return edited(doc, lambda d: d.update(version=list(version)))


# All shapes


def retyped(doc, code):
    """UBJSON whose arrays of integers have another type, where their values fit."""

    def change(value):
        if isinstance(value, dict):
            return {k: change(v) for k, v in value.items()}
        if isinstance(value, list) and value and all(ubj.fits(code, v) for v in value):
            return ubj.Raw(ubj.typed(code, value))
        return [change(v) for v in value] if isinstance(value, list) else value

    return ubj.encode(change(doc))


def extra_keys(value):
    """An unknown key in every object, but for those whose keys are all the user's."""
    if isinstance(value, dict):
        members = {k: v if k == "attributes" else extra_keys(v) for k, v in value.items()}
        return {"a later one's": [1, {"x": None}, "2"], **members, "type of": {"values": [0.5]}}
    return [extra_keys(v) for v in value] if isinstance(value, list) else value


def of_all(shapes):
    for name, doc in shapes.items():
        like, labels = f"hand-{name}.json", name == "cats"
        linear = name.startswith("linear")
        trees = [] if linear else trees_of(doc)

        def changed(title, change):
            return spare(f"{name}: {title}", edited(doc, change), like, labels=labels)

        yield from spare(f"{name}: keys in reverse order", reverse(doc), like, labels=labels)
        yield from spare(f"{name}: unknown keys", extra_keys(doc), like, labels=labels)
        yield Case(f"{name}: indented (json)", json.dumps(doc, indent=2).encode(), ACCEPTED,
                   like=like, labels=labels)
        for code in "lL":
            yield Case(f"{name}: integers of type {code} (ubj)", retyped(doc, code), ACCEPTED,
                       like=like, labels=labels)
        for code in "iUI":      # by XGBoost as well
            yield Case(f"{name}: integers of type {code} (ubj)", retyped(doc, code),
                       REFUSED, (r"elements of [12] bytes, expected 4",))
        yield from changed("no feature names", lambda d: learner(d).update(feature_names=[]))
        yield from changed("no feature types", lambda d: learner(d).pop("feature_types"))
        yield from changed("no attributes", lambda d: learner(d).pop("attributes"))
        if linear:
            continue

        def booleans(d):
            for t in trees_of(d):
                t["default_left"] = [bool(v) for v in t["default_left"]]

        def listed_backwards(d):
            trees_of(d).reverse()

        yield from changed("booleans for default_left", booleans)
        yield from changed("trees listed in another order", listed_backwards)
        for value in (-1, INT_MAX):
            def root(d):
                for t in trees_of(d):
                    t["parents"][0] = value
            yield from changed(f"parent of the root = {value}", root)
        if "iteration_indptr" in model_of(doc) and name != "vectors-mixed":
            yield from changed("no iteration_indptr",
                               lambda d: model_of(d).pop("iteration_indptr"))
        for value in ("0", "1"):
            def scalar(d):
                for t in trees_of(d):
                    if t["tree_param"]["size_leaf_vector"] != "2":
                        t["tree_param"]["size_leaf_vector"] = value
            if any(t["tree_param"]["size_leaf_vector"] != "2" for t in trees):
                yield from changed(f"size_leaf_vector {value}", scalar)


# Linear models


def of_linear(linear, linear3):
    def old(d):
        d["version"] = [1, 0, 2]
        del model_of(d)["boosted_rounds"], param(d)["num_target"]
        param(d).pop("boost_from_average")
        param(d)["base_score"] = "0.250000"

    def rounds(value, weights=None, average="1"):
        def change(d):
            param(d)["boost_from_average"] = average
            model_of(d)["boosted_rounds"] = value
            if weights is not None:
                model_of(d)["weights"] = weights
        return change

    for name, doc in (("1 output", linear), ("3 outputs", linear3)):
        like = f"hand-{'linear' if doc is linear else 'linear-3'}.json"
        yield from spare(f"gblinear of 1.0, {name}", edited(doc, old), like)
        yield from spare(f"gblinear without boosted_rounds, {name}",
                         edited(doc, lambda d: model_of(d).pop("boosted_rounds")), like)
        for version in LATER:
            yield from spare(f"gblinear of {version}, {name}", as_version(doc, version), like)
        for version in ((1, 7, 4), (3, 0, 5), (3, 1, 3), (3, 4, 1)):
            for average in ("0", "1"):
                none = edited(as_version(doc, version) if version > (2,) else doc,
                              rounds(0, [], average))
                yield from spare(f"gblinear of {version} after no round, {name}, average {average}",
                                 none)
                zeros = [0.0] * len(model_of(doc)["weights"])
                yield from spare(f"zeros of {version} after no round, {name}, average {average}",
                                 edited(none, rounds(0, zeros, average)))
        yield from spare(f"weights that are integers, {name}", edited(
            doc, lambda d: model_of(d).update(weights=[i - 2 for i, _ in enumerate(
                model_of(d)["weights"])])))
        yield from spare(f"weights at the ends of float32, {name}", edited(
            doc, lambda d: model_of(d)["weights"].__setitem__(slice(0, 3), [1e-45, -0.0, 1e-38])))
        yield from spare(f"2,147,483,647 rounds, {name}", edited(doc, rounds(INT_MAX)), like)
    yield from spare("gblinear: three base scores, of which the first counts", edited(
        as_version(linear3, (3, 3, 0)), lambda d: param(d).update(base_score="[1E0,2E0,-3E0]")))

    def wide(d):
        param(d)["num_feature"] = "100000"
        learner(d)["feature_names"] = []
        model_of(d)["weights"] = [0.5, -0.3, 0.125] + [0.25] * 99997 + [0.35]

    yield Case("gblinear of 100,000 features (ubj)", ubj.encode(edited(linear, wide)), ACCEPTED,
               like="hand-linear.json")


# Several outputs


def of_classes(classes, targets):
    """By version; of one class; with parallel trees."""

    def softmax(d):
        objective(d)["name"] = "multi:softmax"

    def parallel(d):
        model_of(d)["gbtree_model_param"]["num_parallel_tree"] = "2"
        model_of(d)["tree_info"] = [0, 0, 1, 1]

    yield from spare("multi:softmax", edited(classes, softmax), "hand-classes.json")
    yield from spare("multi:softprob of one class",
                     edited(classes, lambda d: several(d, "multi:softprob", 1)))
    for version in ((1, 0, 2), (1, 2, 1), (1, 5, 0)):
        yield from spare(f"classes of {version}", edited(
            stamped(classes, *version), lambda d: param(d).pop("num_target")))
    for version in LATER:
        yield from spare(f"classes of {version}", as_version(classes, version, 3),
                         "hand-classes.json")
        yield from spare(f"targets of {version}", as_version(targets, version, 2),
                         "hand-targets.json")
    for name in ("binary:logistic", "count:poisson", "reg:absoluteerror", "binary:hinge"):
        yield from spare(f"two targets of {name}", edited(
            as_version(targets, (3, 1, 3), 2), lambda d: several(d, name, targets=2)))
    yield from spare("two parallel trees for each of two targets", edited(targets, parallel))


def of_base_scores(scores):
    for version in ((3, 1, 3), (3, 2, 0), (3, 3, 0), (3, 4, 1)):
        yield from spare(f"base scores of {version}", stamped(scores, *version),
                         "hand-scores.json")
    for text in ("[0,1]", "[1E-7,9.9999999E-1]", "[0.5,1]"):
        yield from spare(f"base scores {text} of 3.2, clamped", edited(
            stamped(scores, 3, 2, 0), lambda d: param(d).update(base_score=text)))
    for text in ("[2.5E-1, 7.5E-1]", "(2.5E-1,7.5E-1)", "[ 0.25 , 0.75 ]", "[25e-2,0.750000]"):
        yield from spare(f"base scores {text!r}", edited(
            scores, lambda d: param(d).update(base_score=text)), "hand-scores.json")
    yield from spare("one base score for two targets of 3.1", edited(
        scores, lambda d: param(d).update(base_score="[2.5E-1]")))


def of_no_trees():
    """From 3.1 on, a base score that nobody set is a margin as long as there is no tree."""
    for version in ((1, 7, 4), (3, 0, 5), (3, 1, 3), (3, 4, 1)):
        for average in ("0", "1"):
            empty = document([])
            several(empty, "multi:softprob", 3)
            empty = as_version(empty, version, 3) if version > (2,) else empty
            param(empty)["boost_from_average"] = average
            yield from spare(f"zero trees of 3 classes, {version}, average {average}", empty)
            several(empty, "count:poisson", targets=2)
            yield from spare(f"zero trees of 2 counts, {version}, average {average}", empty)


def of_dart(classes):
    def dart(d):
        d["learner"]["gradient_booster"] = {
            "gbtree": booster_of(d), "name": "dart", "weight_drop": [0.75, 1.0, 0.3]}

    yield from spare("classes, dart", edited(classes, dart))
    for value in (float("inf"), -float("inf")):

        def threshold(d):
            trees_of(d)[0]["split_conditions"][0] = value
        yield from spare(f"classes, threshold {value}", edited(classes, threshold))
        yield from spare(f"classes, dart, threshold {value}",
                         edited(edited(classes, dart), threshold))
    # process_type=update appends weights and no trees
    yield from spare("classes, dart with weights behind the last tree",
                     edited(edited(classes, dart),
                            lambda d: booster_of(d)["weight_drop"].extend([0.5, 0.25])),
                     expected.margins(edited(classes, dart), PROBES))
    for version in ((2, 1, 4), (3, 1, 3), (3, 3, 0), (3, 4, 1)):
        yield from spare(f"classes, dart of {version}",
                         as_version(edited(classes, dart), version, 3))


def of_levels(shapes):
    for name, version in (("quantiles", (2, 0, 3)), ("quantiles", (3, 4, 1)),
                          ("expectiles", (3, 4, 1))):
        yield from spare(f"{name} of {version}", stamped(shapes[name], *version),
                         f"hand-{name}.json")
    for text in ("[5E-1,5E-1,5E-1]", "[9E-1,5E-1,1E-1]", "[0,1e-7,1e6]", "[1E0]"):
        yield from spare(f"expectiles: base scores {text}", edited(
            shapes["expectiles"], lambda d: param(d).update(base_score=text)))
    for kind in ("quantile", "expectile"):
        def single(d):
            param(d).update(num_target="1", base_score="2.5E-1")
            objective(d)[f"{kind}_loss_param"][f"{kind}_alpha"] = "[5E-1]"
            model_of(d)["tree_info"] = [0, 0, 0]
        yield from spare(f"one {kind}", edited(shapes[f"{kind}s"], single))


def of_outputs(shapes):
    yield from of_classes(shapes["classes"], shapes["targets"])
    yield from of_base_scores(shapes["scores"])
    yield from of_no_trees()
    yield from of_dart(shapes["classes"])
    yield from of_levels(shapes)


# Vector leaves


def of_vector_files(shapes):
    """By version, with weights, with scalar trees among them, by the conditions of leaves."""
    for version in LATER:
        yield from spare(f"vector leaves of {version}", vectors(version))
    for version in ((3, 3, 0), (3, 4, 1)):
        yield from spare(f"vector leaves of {version}, dart", vectors(version, [0.75, 1.0, 0.3]),
                         "hand-vectors-dart.json")
        for weights in ([], [1.0] * 3):
            yield from spare(f"vector leaves of {version}, weights {weights}",
                             vectors(version, weights), "hand-vectors-3.3.json")
    for scalar in ((0,), (1,), (0, 1)):
        for version in ((2, 1, 4), (3, 3, 0)):
            yield from spare(f"scalar trees {scalar} among vectors of {version}",
                             vectors(version, scalar=scalar))
    for name in ("vectors-3.0", "vectors-3.3"):
        for value in (NAN, DENORMAL, 0.0, -5e7):
            def leaves(d):
                for t in trees_of(d):
                    for node, child in enumerate(t["left_children"]):
                        if child == -1:
                            t["split_conditions"][node] = value
            def at_split(d):
                trees_of(d)[2]["split_conditions"][1] = value
            for what, change in (("leaves", leaves), ("a categorical split", at_split)):
                yield from spare(f"{name}: {what} with the condition {value}",
                                 edited(shapes[name], change), f"hand-{name}.json")


def of_vector_trees(doc):
    """Single trees of the layout of 3.2 and later."""

    def narrow(d):
        for t in trees_of(d):
            t["base_weights"] = t["base_weights"][::2]

    def other_rows(d):
        for t in trees_of(d):
            rows = [t["leaf_weights"][i:i + 2] for i in (0, 2, 4)]
            t["leaf_weights"] = rows[2] + rows[0] + rows[1]
            for node, child in enumerate(t["left_children"]):
                if child == -1:
                    t["right_children"][node] = (t["right_children"][node] + 1) % 3

    def one_leaf(d):
        t = trees_of(d)[1]
        for field, value in t.items():
            if isinstance(value, list):
                count = 2 if field in ("base_weights", "leaf_weights") else 1
                t[field] = value[:count] if not field.startswith("categories") else []
        t.update(left_children=[-1], right_children=[0])
        t["tree_param"]["num_nodes"] = "1"

    def none(d):
        model_of(d).update(trees=[], tree_info=[], iteration_indptr=[0],
                           gbtree_model_param={"num_trees": "0"})

    yield from spare("base_weights of a reduced gradient", edited(doc, narrow),
                     "hand-vectors-3.3.json")
    yield from spare("rows of leaf_weights in another order", edited(doc, other_rows),
                     "hand-vectors-3.3.json")
    yield from spare("vector leaves: a tree of one leaf", edited(doc, one_leaf))
    yield from spare("vector leaves: zero trees", edited(doc, none))


# Categories


def of_categories(doc):
    for version in ((1, 3, 0), (1, 5, 2), (1, 6, 2), (1, 7, 2), (1, 7, 3), (1, 7, 6)):
        yield from spare(f"categorical splits of {version}", stamped(doc, *version))
    for version in LATER:
        yield from spare(f"categorical splits of {version}", as_version(
            categorical(NAN if version < (3, 2) else DENORMAL), version))
    for value in (NAN, DENORMAL, 0.0, 1.0, -2.5, 3.4028234663852886e38):
        yield from spare(f"categorical splits with the condition {value}", categorical(value),
                         "hand-categorical.json")

    def booleans(d):
        for t in trees_of(d):
            t["split_type"] = [bool(v) for v in t["split_type"]]

    yield from spare("booleans for split_type", edited(doc, booleans), "hand-categorical.json")

    def last_code(d):
        trees_of(d)[0]["categories"][-1] = 2**24 - 1
        trees_of(d)[1]["categories"][-1] = 2**24 - 1

    yield from spare("category 2^24 - 1", edited(doc, last_code))
    for codes in ([0], [31], [32], [0, 31, 32, 63, 64], list(range(64)), list(range(0, 300, 7))):
        for version in ((1, 5, 2), (1, 7, 2), (1, 7, 4)):
            def other(d):
                d["version"] = list(version)
                make_categorical(trees_of(d)[0], {0: codes, 1: [0, 3]}, NAN)
            yield from spare(f"categories {codes[:6]} of {version}", edited(doc, other))

    def plain(d):       # 1.2 and before
        for t in trees_of(d)[2:]:
            for field in list(t):
                if field == "split_type" or field.startswith("categories"):
                    del t[field]

    yield from spare("no marks in a tree without categorical splits", edited(doc, plain),
                     "hand-categorical.json")
    long = chain(40)
    make_categorical(trees_of(long)[0], {n: [n % 3, 5 + n] for n in range(0, 80, 2)}, NAN)
    yield from spare("a chain of 40 categorical splits", long)


def cats_of(d):
    return model_of(d)["cats"]


def labelled(name, doc, change, labels=True):
    return spare(f"labels: {name}", edited(doc, change), "hand-cats.json", labels=labels)


def in_column(number, members):
    def change(d):
        cats_of(d)["enc"][number] = members
    return change


ENDS = {9: [-128, -1, 0, 127], 10: [0, 1, 128, 255], 11: [-2**15, -1, 0, 2**15 - 1],
        12: [0, 1, 2**15, 2**16 - 1], 13: [-2**31, -1, 0, 2**31 - 1],
        14: [0, 1, 2**31, 2**32 - 1], 15: [-2**63, -1, 0, 2**63 - 1],
        16: [0, 1, 2**62, 2**63 - 1]}


def of_labels(doc):
    for version in ((3, 1, 3), (3, 2, 0), (3, 4, 1)):
        yield from labelled(f"layout of {version}", doc, lambda d: d.update(version=list(version)))
    for order in ([2, 1, 0, 3, 2, 1, 0], [1, 0, 2, 0, 1, 2, 3]):
        yield from labelled(f"sorted_idx {order}", doc,
                            lambda d: cats_of(d).update(sorted_idx=order))
    for kind in (11, 13, 15):
        yield from labelled(f"integers of type {kind}", doc,
                            in_column(2, {"type": kind, "values": NUMBERS}))
    for kind, values in ENDS.items():
        yield from labelled(f"the ends of type {kind}", doc,
                            in_column(2, {"type": kind, "values": values}), False)
    top = {"type": 16, "values": ubj.Raw(ubj.typed("L", [-1, 0, 1, -2**63]))}
    yield Case("labels: the upper half of type 16 (ubj)",
               ubj.encode(edited(doc, in_column(2, top))), ACCEPTED, like="hand-cats.json")
    for labels in (["a", "A", "ａ"], ["größe", "größ", "größer"], ["1", "01", "1.0"],
                   [" ", "  ", "\t"], ["NaN", "null", "true"], ["é", "e\u0301", "E"],
                   ["漢字", "😀", "\x7f"], ["x" * 10000, "y", "z"]):
        yield from labelled(f"{labels[0][:8]!r} and the like", cats((3, 4, 1)),
                            in_column(0, text_column(labels)), False)

    # The bytes that pandas' labels lost up to 3.3, and ones that lost none.
    cut = text_column(WIDE_LABELS)
    cut["values"] = cut["values"][:-2]
    cut["offsets"] = [0, 4, 9, 12]
    for version in ((3, 1, 3), (3, 3, 0)):
        for name, members in (("cut", cut), ("whole", text_column(WIDE_LABELS))):
            yield from labelled(f"beyond ASCII, {name}, of {version}", cats(version),
                                in_column(0, members), False)

    def of_c_only(d):
        cats_of(d).update(feature_segments=[0, 0, 0, 4], sorted_idx=[0, 1, 2, 3])
        cats_of(d)["enc"][0] = {"offsets": [], "values": []}

    def backwards(d):
        cats_of(d)["enc"] = [dict(reversed(c.items())) for c in cats_of(d)["enc"]]

    yield from labelled("of one feature only", doc, of_c_only, False)
    yield from labelled("values before offsets and type", doc, backwards)


def of_many_labels(doc):
    def many(d):
        labels = [f"label {i}" for i in range(50000)]
        cats_of(d)["enc"][0] = text_column(LABELS + labels)
        cats_of(d).update(feature_segments=[0, 50003, 50003, 50007],
                          sorted_idx=list(range(50003)) + [0, 1, 2, 3])

    yield from labelled("50,003 of them", doc, many)


def parts(bases):
    shapes = bases.shapes
    return {
        "every shape, written otherwise": of_all(shapes),
        "linear models": of_linear(shapes["linear"], shapes["linear-3"]),
        "several outputs": of_outputs(shapes),
        "vector leaves": of_vector_files(shapes),
        "trees with vector leaves": of_vector_trees(shapes["vectors-3.3"]),
        "categorical splits": of_categories(shapes["categorical"]),
        "labels of categories": of_labels(shapes["cats"]),
        "very many labels": of_many_labels(shapes["cats"]),
    }
