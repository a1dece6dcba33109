"""What real files hold, or a user may write, that must be accepted with the same scores;
and what is unknown, which must be refused by name."""
import json

import ubj
from bases import (ACCEPTED, INT_MAX, REFUSED, TOO_BIG, UNSUPPORTED, Case, Raw, booster_of, chain,
                   document, edited, model_of, to_json, tree, trees_of)
from edits import both
from edits_model import learner, learner_param, objective, tree_param
from shapes import add_deleted, modern, relayout


def spare(name, doc, like):
    return both(name, doc, (), ACCEPTED, like=like)


def of_layouts(gbtree, dart):
    """The layouts of all writers, 1.0 to 3.4, of one and the same model."""

    def first(d):
        """1.0: no categorical fields, no names, booleans for default_left."""
        d["version"] = [1, 0, 2]
        learner_param(d)["base_score"] = "0.500000"
        del model_of(d)["gbtree_model_param"]["num_parallel_tree"]
        del learner_param(d)["num_target"], learner_param(d)["boost_from_average"]
        del d["learner"]["feature_names"], d["learner"]["feature_types"]
        for t in trees_of(d):
            for field in ("split_type", "categories", "categories_nodes",
                          "categories_segments", "categories_sizes"):
                del t[field]
            t["default_left"] = [bool(v) for v in t["default_left"]]

    def half(d):
        d["version"] = [1, 0, 0]
        learner_param(d)["base_score"] = "5E-1"

    yield from spare("layout of 1.0", edited(gbtree, first), "half")
    yield from spare("version 1.0.0", edited(gbtree, half), "half")
    for version in ((1, 7, 0), (3, 4, 99)):
        def stamp(d):
            relayout(d, version)
        yield from spare(f"version {version}", edited(gbtree, stamp), "hand.json")
    for version in ((2, 0, 3), (2, 1, 4), (3, 0, 5), (3, 1, 0), (3, 2, 0), (3, 3, 0),
                    (3, 4, 1)):
        label = ".".join(map(str, version))
        yield from spare(f"layout of {label}",
                         edited(gbtree, lambda d: modern(d, version)), "hand.json")
        yield from spare(f"dart, layout of {label}",
                         edited(dart, lambda d: modern(d, version)), "hand-dart.json")
    for text in ("0.25", "2.5e-1", "2.5E-01", "0.250000"):
        yield from spare(f"base_score {text!r}",
                         edited(gbtree, lambda d: learner_param(d).update(base_score=text)),
                         "hand.json")


def of_trees(gbtree, dart):
    """Trees in another order, none at all, deep ones, other root parents, int64 arrays."""

    def shuffled(d):
        trees_of(d).reverse()

    yield from spare("trees listed in another order", edited(gbtree, shuffled), "hand.json")
    yield from spare("dart: trees in another order, weights by id", edited(dart, shuffled),
                     "hand-dart.json")

    def root(value):
        def change(d):
            for t in trees_of(d):
                t["parents"][0] = value
        return change

    for value in (-1, INT_MAX):
        yield from spare(f"parent of the root = {value}", edited(gbtree, root(value)),
                         "hand.json")

    def vector(size):
        def change(d):
            model_of(d)["gbtree_model_param"]["size_leaf_vector"] = size
            for t in trees_of(d):
                t["tree_param"]["size_leaf_vector"] = size
        return change

    yield from spare("size_leaf_vector 1", edited(gbtree, vector("1")), "hand.json")

    def deleted(d):
        add_deleted(trees_of(d)[0], 2, parent=4)

    yield from spare("deleted nodes, counted", edited(gbtree, deleted), "hand.json")

    def leaf_keeps_feature(d):
        # Pruning makes a leaf of a split and leaves its feature and direction.
        t = trees_of(d)[0]
        t["split_indices"][2], t["default_left"][2] = 2, 1

    yield from spare("a leaf that was a split once", edited(gbtree, leaf_keeps_feature),
                     "hand.json")

    def booleans(d):
        for t in trees_of(d):
            t["default_left"] = [bool(v) for v in t["default_left"]]

    yield from spare("booleans for default_left", edited(gbtree, booleans), "hand.json")

    def wide(d):
        for t in trees_of(d):
            for field in ("split_indices", "left_children", "parents"):
                values = t[field]
                body = b"".join(ubj.number("L", v) for v in values)
                t[field] = ubj.Raw(b"[$L#" + ubj.length(len(values)) + body)

    yield Case("int64 arrays (ubj)", ubj.encode(edited(gbtree, wide)), ACCEPTED,
               like="hand.json")

    def extremes(d):
        t = trees_of(d)[0]
        t["split_conditions"] = [1e-45, 3.4028234663852886e38, 1e-40, -5e7, -0.0]

    yield from both("thresholds and leaves at the ends of float32",
                    edited(gbtree, extremes), (), ACCEPTED)
    yield from both("zero trees", document([]), (), ACCEPTED)
    yield from both("a tree of one leaf",
                    document([tree(0, [-1], [0.5], [0], [0])]), (), ACCEPTED)
    yield from both("a chain of 4,096 splits", chain(4096), (), ACCEPTED)
    yield from both("a chain of 4,097 splits", chain(4097), (r"tree 0\b", "4,?096"),
                    REFUSED | TOO_BIG)
    yield from both("a chain of 20,000 splits", chain(20000), (r"tree 0\b", "4,?096"),
                    REFUSED | TOO_BIG)


def of_text(gbtree):
    """Unknown keys, attributes, names, white space, other text for the same number."""

    def extra(d):
        for place in (d, learner(d), booster_of(d), model_of(d), learner_param(d),
                      objective(d), tree_param(d), trees_of(d)[0]):
            place["a later version's key"] = {"x": [1, "2", None, True, {"y": [0.5]}]}

    yield from spare("unknown keys everywhere", edited(gbtree, extra), "hand.json")

    def attributes(d):
        d["learner"]["attributes"] = {
            "quote \" backslash \\ slash /": "\n\t\r\b\f\x01\x1f\x7f",
            "é漢😀": "é漢😀", "": "", "long": "x" * 5000}

    yield from spare("attributes with quotes, control characters, Unicode",
                     edited(gbtree, attributes), "hand.json")
    yield from spare("feature_names empty",
                     edited(gbtree, lambda d: d["learner"].update(feature_names=[])),
                     "hand.json")
    yield from both("feature names with Unicode and blanks",
                    edited(gbtree, lambda d: d["learner"].update(
                        feature_names=["größe", "漢 字", "a\"b\\c"])), (), ACCEPTED)
    yield from spare("feature_types given",
                     edited(gbtree, lambda d: d["learner"].update(
                         feature_types=["float", "int", "q"])), "hand.json")

    def spare_text(name, data):
        return Case(f"{name} (json)", data, ACCEPTED, like="hand.json")

    text = to_json(gbtree)
    yield spare_text("keys in reverse order", to_json(reverse(gbtree)))
    yield Case("keys in reverse order (ubj)", ubj.encode(reverse(gbtree)), ACCEPTED,
               like="hand.json")
    yield spare_text("indented", json.dumps(gbtree, indent=4).encode())
    yield spare_text("white space before", b" \n\t\r" + text)
    yield spare_text("white space after the end", text + b" \r\n\t\n")
    yield spare_text("escapes in a key", text.replace(b'"learner"', b'"\\u006cearner"'))
    yield spare_text("escaped slash and Unicode in an attribute",
                     text.replace(b'"best_iteration":"2"',
                                  b'"x":"\\/\\u00e9\\ud83d\\ude00\\b\\f"'))
    for number in ("-1.50E+0", "-15e-1", "-0.15E1", "-1.5000000000000000000",
                   "-1.5" + "0" * 2000, "-0.00000000000000000015e19"):
        yield spare_text(f"-1.5 written {number[:24]}",
                         text.replace(b"[0.25,-1.5,", f"[0.25,{number},".encode()))
    for number in ("1e-400", "1E-46", "-0", "-0.0", "3.4028235e38", "16777217",
                   "3.40282356779733661637539395458142568447e38"):
        doc = edited(gbtree, lambda d: trees_of(d)[0]["split_conditions"].__setitem__(
            1, Raw(number)))
        yield Case(f"threshold written {number} (json)", to_json(doc), ACCEPTED)
    yield Case("the text form (json)", text, ACCEPTED, like="hand.json", as_text=True)


def reverse(value):
    """The same document with the members of every object in reverse order."""
    if isinstance(value, dict):
        return {k: reverse(v) for k, v in reversed(value.items())}
    if isinstance(value, list):
        return [reverse(v) for v in value]
    return value


def of_objectives(gbtree):
    """Every single-output objective is known; others are refused by their name."""
    single = ("reg:squarederror", "reg:squaredlogerror", "reg:logistic", "reg:linear",
              "reg:pseudohubererror", "reg:absoluteerror", "reg:quantileerror",
              "reg:gamma", "reg:tweedie", "binary:logistic", "binary:logitraw",
              "binary:hinge", "count:poisson", "survival:cox", "survival:aft",
              "rank:pairwise", "rank:ndcg", "rank:map")
    param = {"reg:pseudohubererror": {"pseudo_huber_param": {"huber_slope": "1"}},
             "reg:quantileerror": {"quantile_loss_param": {"quantile_alpha": "[0.5]"}},
             "reg:tweedie": {"tweedie_regression_param": {"tweedie_variance_power": "1.5"}},
             "count:poisson": {"poisson_regression_param": {"max_delta_step": "0.7"}},
             "survival:aft": {"aft_loss_param": {"aft_loss_distribution": "normal",
                                                 "aft_loss_distribution_scale": "1"}},
             "rank:ndcg": {"lambdarank_param": {"lambdarank_num_pair_per_sample": "1"}}}

    def named(name):
        def change(d):
            d["version"] = [2, 1, 4]
            d["learner"]["objective"] = {"name": name, **param.get(name, {})}
        return edited(gbtree, change)

    for name in single:
        yield from both(f"objective {name}", named(name), (), ACCEPTED)
    for name in ("reg:squarederor", "", "custom", "binary:logistic ", "Binary:Logistic"):
        yield from both(f"unknown objective {name!r}", named(name),
                        (name.strip() or "objective",),
                        UNSUPPORTED if name else UNSUPPORTED | REFUSED)


def of_unknown(gbtree):
    """Files of later versions, and boosters that are none."""

    def version(*numbers):
        def change(d):
            relayout(d, (3, 4, 1))
            d["version"] = list(numbers)
        return change

    for numbers, word in (((3, 5, 0), r"3\.5"), ((4, 0, 0), r"4\.0"), ((999, 0, 0), "999")):
        yield from both(f"written by {numbers}", edited(gbtree, version(*numbers)), (word,),
                        UNSUPPORTED)
    for name in ("gbforest", "", "GBTREE"):
        yield from both(f"unknown booster {name!r}",
                        edited(gbtree, lambda d: booster_of(d).update(name=name)),
                        (name or "booster|name",), UNSUPPORTED | REFUSED)


def as_written(bases):
    """The files of XGBoost itself, and the models by hand."""
    for name, data in bases.files.items():
        yield Case(f"as written: {name}", data, ACCEPTED, like=name, labels="cats" in name)


def parts(bases):
    gbtree, dart = bases.gbtree, bases.dart
    return {
        "files of XGBoost": as_written(bases),
        "layouts of 1.0 to 3.4": of_layouts(gbtree, dart),
        "odd but legal trees": of_trees(gbtree, dart),
        "odd but legal text": of_text(gbtree),
        "objectives": of_objectives(gbtree),
        "versions and boosters unknown": of_unknown(gbtree),
    }
