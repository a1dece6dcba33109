"""Structural edits above the single tree: counts, parameters, names, layout."""
from bases import (ACCEPTED, INT_MAX, NAMED, TOO_BIG, booster_of, document, edited, model_of,
                   trees_of)
from edits import ANYWHERE, INF, NAN, both
from shapes import param as learner_param
from shapes import relayout


def set_in(get, key, value):
    """A change that sets get(doc)[key]."""
    def change(d):
        get(d)[key] = value
    return change


def drop_from(get, key):
    def change(d):
        del get(d)[key]
    return change


def learner(d):
    return d["learner"]


def objective(d):
    return d["learner"]["objective"]


def booster_param(d):
    return model_of(d)["gbtree_model_param"]


def tree_param(d):
    return trees_of(d)[1]["tree_param"]


def of_trees(doc):
    """The list of trees, their ids, tree_info."""
    for info in ([1, 0, 0], [-1, 0, 0], [0, 2**31, 0], [0, 0, INT_MAX], [0, 0],
                 [0, 0, 0, 0], [], ["0", "0", "0"], [0.0, 0.0, 0.0], [0, None, 0],
                 "000", None, {}, 0):
        yield from both(f"tree_info = {info}",
                        edited(doc, set_in(model_of, "tree_info", info)), ("tree_info",))
    yield from both("tree_info absent", edited(doc, drop_from(model_of, "tree_info")),
                    ("tree_info",))

    for number in (0, 2, -1, 3, INT_MAX, 2**31, 2**40, "1", 1.0, None, True):
        yield from both(f"id of tree 1 = {number!r}",
                        edited(doc, lambda d: trees_of(d)[1].update(id=number)),
                        (r"\bid\b|tree",))
    yield from both("id absent", edited(doc, lambda d: trees_of(d)[1].pop("id")),
                    (r"\bid\b",))

    def fewer(d):
        del trees_of(d)[2]

    def fewer_but_counted(d):
        del trees_of(d)[2]
        del model_of(d)["tree_info"][2]

    yield from both("a tree less than num_trees", edited(doc, fewer), ("tree",))
    yield from both("a tree and its tree_info less", edited(doc, fewer_but_counted),
                    ("num_trees",))
    for value in ({}, "x", 1, None):
        yield from both(f"trees = {value!r}",
                        edited(doc, set_in(model_of, "trees", value)), ("trees",))
    for value in ([], "x", 1, None, {}):
        yield from both(f"tree 1 = {value!r}",
                        edited(doc, lambda d: trees_of(d).__setitem__(1, value)), ("tree",))


def of_counts(doc):
    """Parameters are strings that hold a whole number, and agree with what they count."""
    odd = ("", "x", "1.0", "1e0", "0x3", "+3", "3x", "--3", "99999999999999999999", 3,
           3.0, None, True, [], {})
    places = {
        "num_trees": (booster_param, ("0", "2", "4", "-1", "2147483648")),
        "num_parallel_tree": (booster_param, ("-1",)),
        "num_nodes": (tree_param, ("0", "4", "6", "-1", "2147483648")),
        "num_feature": (learner_param, ("0", "2", "4", "-1", "4294967299")),
        "num_class": (learner_param, ("-1", "2147483648")),
        "num_target": (learner_param, ("-1", "2147483648")),
        "size_leaf_vector": (tree_param, ("-1", "2147483648")),
    }
    for key, (place, values) in places.items():
        for value in values + odd:
            yield from both(f"{key} = {value!r}", edited(doc, set_in(place, key, value)),
                            (key,))
    for value in ("2", "4", "-1", "x", 3):
        yield from both(f"num_feature of a tree = {value!r}",
                        edited(doc, set_in(tree_param, "num_feature", value)),
                        ("num_feature", r"tree 1\b"))
    def features(count):
        def change(d):
            learner_param(d)["num_feature"] = str(count)
            d["learner"]["feature_names"] = []
            for tree in trees_of(d):
                tree["tree_param"]["num_feature"] = str(count)
        return change

    yield from both("100,000 features", edited(doc, features(100000)), (), ACCEPTED,
                    like="hand.json")
    for count in (100001, INT_MAX):
        yield from both(f"{count} features", edited(doc, features(count)), (), TOO_BIG)

    for value in ([0, 1, 2], [0, 1, 2, 4], [0, 2, 1, 3], [1, 2, 3], [0, 3, 3, 2], [-1, 3],
                  [], ["0", "3"], [0, 2**40]):
        def change(d):
            d["version"] = [2, 1, 4]
            model_of(d)["iteration_indptr"] = value
        yield from both(f"iteration_indptr = {value} for three trees",
                        edited(doc, change), ("iteration_indptr",))


def of_base_score(doc):
    """base_score must give a finite margin by the link of the objective."""
    words = ("base_score",)

    def case(value, version=(1, 7, 4), name="binary:logistic"):
        def change(d):
            learner_param(d)["base_score"] = value
            d["version"] = list(version)
            d["learner"]["objective"]["name"] = name
            if name != "binary:logistic":
                d["learner"]["objective"].pop("reg_loss_param")
        shown = ".".join(map(str, version))
        return both(f"base_score = {value!r}, {name} of {shown}", edited(doc, change), words)

    for value in ("", "abc", "inf", "-inf", "nan", "0.5x", "1e39", "1e400", "0x1p-2", "0,5",
                  "[0.5", "0.5]", "[]", "[0.5,]", "[0.5,0.5]", "[[0.5]]", "[nan]", 0.5, 1,
                  None, True, [0.5], {}):
        yield from case(value, (3, 1, 0))
        if not isinstance(value, str) or "[" not in value:
            yield from case(value)
    # The logit is infinite at both ends, and where 1/p overflows in float32.
    for value in ("0", "1", "-0.25", "1.5", "1E-40", "0.99999999"):
        yield from case(value)
        yield from case(f"[{value}]", (3, 1, 0))
    for value in ("-0.25", "1.5"):
        yield from case(f"[{value}]", (3, 2, 0))
    for name in ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox",
                 "survival:aft"):
        for value in ("0", "-1"):
            yield from case(value, name=name)


def of_dart(doc):
    """weight_drop has a finite weight for every tree."""
    layouts = {"1.7": (1, 7, 4), "3.3": (3, 3, 0), "3.4": (3, 4, 1)}
    for label, version in layouts.items():
        for value in ([0.75, 1.0], [0.75, 1.0, 0.3, NAN], [0.75, NAN, 0.3],
                      [0.75, INF, 0.3], [0.75, 1e39, 0.3], [0.75, "1", 0.3],
                      [0.75, None, 0.3], {}, "x", 1):
            def change(d):
                relayout(d, version)
                holder = booster_of(d)
                if "weight_drop" not in holder:
                    holder = holder["model"]
                holder["weight_drop"] = value
            yield from both(f"dart of {label}: weight_drop = {value}", edited(doc, change),
                            ("weight_drop|overflows",))
    yield from both("dart without gbtree",
                    edited(doc, lambda d: booster_of(d).pop("gbtree")), ("gbtree|model",))
    yield from both("dart: gbtree without model",
                    edited(doc, lambda d: booster_of(d)["gbtree"].pop("model")),
                    ("model",))


def of_learner(doc):
    """Names, attributes, objective, version: absent or of another type."""
    for value in (["a", "b"], ["a", "b", "c", "d"], ["a", "b", 3], ["a", "b", None],
                  "abc", {}, 3, None):
        yield from both(f"feature_names = {value!r}",
                        edited(doc, set_in(learner, "feature_names", value)),
                        ("feature_names",))
    for value in ("abc", {}, 3, None, [1, 2, 3]):
        yield from both(f"feature_types = {value!r}",
                        edited(doc, set_in(learner, "feature_types", value)),
                        ("feature_types",))
    for value in ([], "x", 3, None, {"k": 3}, {"k": None}, {"k": ["v"]}):
        yield from both(f"attributes = {value!r}",
                        edited(doc, set_in(learner, "attributes", value)), ("attributes",))
    for value in (None, [], "1.7.4", {}, 1, [1, 7], [1, 7, 4, 0], ["1", "7", "4"],
                  [1.0, 7.0, 4.0], [-1, -1, -1], [1, -7, 4], [1, 7, None], [2**31, 0, 0],
                  [0, 90, 0]):
        yield from both(f"version = {value!r}", edited(doc, lambda d: d.update(version=value)),
                        ("version",), NAMED)
    yield from both("version absent", edited(doc, lambda d: d.pop("version")),
                    ("version",))

    parents = {
        "learner": (lambda d: d, "learner"),
        "gradient_booster": (learner, "gradient_booster"),
        "learner_model_param": (learner, "learner_model_param"),
        "objective": (learner, "objective"),
        "the name of the objective": (objective, "name"),
        "the name of the booster": (booster_of, "name"),
        "model": (booster_of, "model"),
        "gbtree_model_param": (model_of, "gbtree_model_param"),
        "num_trees": (booster_param, "num_trees"),
        "trees": (model_of, "trees"),
        "base_score": (learner_param, "base_score"),
        "num_feature": (learner_param, "num_feature"),
        "tree_param": (lambda d: trees_of(d)[1], "tree_param"),
        "num_nodes": (tree_param, "num_nodes"),
    }
    for name, (place, key) in parents.items():
        yield from both(f"{name} absent", edited(doc, drop_from(place, key)), (key,))
        if key.startswith(("num_", "base_")) or key == "trees":
            continue                # their values are a matter of their own
        for value in ([], 1, None, {} if key == "name" else "x"):
            yield from both(f"{name} = {value!r}", edited(doc, set_in(place, key, value)),
                            (key,))


def of_no_trees():
    """What is absent must be missed, also where its absence could pass for zero trees."""
    for dart in (False, True):
        doc = document([], weights=[] if dart else None)
        label = "dart" if dart else "gbtree"
        inner = (lambda d: booster_of(d)["gbtree"]) if dart else booster_of
        for place, key in ((inner, "model"), (model_of, "trees"), (model_of, "tree_info"),
                           (model_of, "gbtree_model_param"), (booster_param, "num_trees")):
            yield from both(f"{label} of zero trees, {key} absent",
                            edited(doc, drop_from(place, key)), (key,))


def of_roots(doc):
    """A file that is one well-formed value, but no model."""
    for value in ({}, [], "learner", 1, -1.5, True, None, [doc], {"learner": doc},
                  {"Learner": doc["learner"], "version": doc["version"]}):
        label = repr(value)
        yield from both(label if len(label) < 40 else label[:32] + "...", value, ANYWHERE)


def parts(bases):
    doc = bases.gbtree
    return {
        "list of trees, ids, tree_info": of_trees(doc),
        "counts": of_counts(doc),
        "base_score": of_base_score(doc),
        "weights of dart": of_dart(bases.dart),
        "learner, objective, version": of_learner(doc),
        "zero trees, half absent": of_no_trees(),
        "documents that are no model": of_roots(doc),
    }
