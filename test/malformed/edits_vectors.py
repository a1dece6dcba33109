"""Structural edits of vector leaves, in both layouts: 2.0 to 3.1 have the values in
base_weights, 3.2 and later in leaf_weights, where right_children says which row."""
import ubj
from bases import (ACCEPTED, INT_MAX, REFUSED, SURVIVE, TOO_BIG, Case, Raw, booster_of, edited, model_of,
                   trees_of)
from edits import INF, NAN, both, node_case, said, shown
from edits_model import set_in
from shapes import add_deleted, param, relayout

TREE0, TREE1 = r"tree 0\b", r"tree 1\b"
KINDS = (({}, "an object"), ("x", "a string"), (7, "a number"), (None, "null"))


def size(value, tree=1):
    def change(d):
        trees_of(d)[tree]["tree_param"]["size_leaf_vector"] = value
    return change


def of_sizes(docs):
    """size_leaf_vector is the number of outputs, or 0 or 1 for a tree with scalar leaves."""
    for name, doc in docs.items():
        for value in ("0", "1", "3", "4", "65536", "2147483647"):
            # As a scalar tree its arrays are wrong.
            scalar = value in ("0", "1")
            words = (TREE1,) if scalar else (TREE1, "size_leaf_vector", said(int(value)))
            yield from both(f"{name}: size_leaf_vector = {value!r}", edited(doc, size(value)),
                            words, REFUSED | TOO_BIG if len(value) > 2 else REFUSED)
        for value in ("-2", "2147483648", "4294967298", "", "x", "2.0", "+2", 2, None, True, []):
            yield from both(f"{name}: size_leaf_vector = {value!r}", edited(doc, size(value)),
                            (TREE1, "size_leaf_vector"))
        yield from both(f"{name}: size_leaf_vector absent", edited(
            doc, lambda d: trees_of(d)[1]["tree_param"].pop("size_leaf_vector")), (TREE1,))
        for targets in ("1", "3", "0"):
            def change(d):
                param(d).update(num_target=targets, base_score="5E-1")
            yield from both(f"{name}: two values a leaf, num_target {targets}",
                            edited(doc, change), ("size_leaf_vector|num_target",))
        for info in ([0, 1, 0], [1, 0, 0], [1, 1, 1], [0, -1, 0], [0, 2, 0], [0, INT_MAX, 0]):
            yield from both(f"{name}: tree_info = {info} with vector leaves",
                            edited(doc, set_in(model_of, "tree_info", info)), ("tree_info",))


def of_scalar(doc):
    """Vector leaves where the rest of the model has one output."""
    for value in ("2", "3", "1000000", "2147483647"):
        yield from both(f"one output, size_leaf_vector = {value} in a tree",
                        edited(doc, size(value)), (TREE1,), REFUSED | TOO_BIG)

        def param_too(d):
            model_of(d)["gbtree_model_param"]["size_leaf_vector"] = value
        yield from both(f"one output, size_leaf_vector = {value} in gbtree_model_param",
                        edited(doc, param_too), (), SURVIVE)


def of_rows(doc):
    """right_children of the leaves: each row of leaf_weights exactly once.

    Tree 0 has the leaves 2, 3 and 4 in rows 0, 1 and 2.
    """
    for value in (3, 4, 5, 100, -1, -2, INT_MAX, -2**31, 2**31, 2**40):
        yield from node_case(doc, "right_children", 0, 3, value,
                             (TREE0, r"node 3\b|byte \d+\b", "right_children|leaf_weights",
                              said(value)))
    for node, value in ((3, 0), (3, 2), (4, 1), (2, 2), (4, 0)):
        yield from node_case(doc, "right_children", 0, node, value,
                             (TREE0, "right_children|leaf_weights"),
                             f"two leaves of row {value}, one is node {node}")
    for value in ("1", 1.0, 0.5, None, True, [1]):
        yield from node_case(doc, "right_children", 0, 3, value, (TREE0, "right_children"))

    def split(value):
        return node_case(doc, "right_children", 0, 1, value, (TREE0, r"node 1\b",
                                                              "right_children"))

    for value in (0, 1, 2, 3, -1):
        yield from split(value)

    def all_alike(d):
        for node in (2, 3, 4):
            trees_of(d)[0]["right_children"][node] = 0

    yield from both("all leaves of row 0", edited(doc, all_alike), (TREE0,))


def of_leaf_weights(doc):
    now = trees_of(doc)[1]["leaf_weights"]

    def put(value):
        return edited(doc, lambda d: trees_of(d)[1].update(leaf_weights=value))

    for value in (now[:-1], now[:-2], now[:2], now + [0.5], now + [0.5, 0.5], now * 2, [], [0.5],
                  [0.5] * 5000):
        yield from both(f"leaf_weights of {len(value)} values, not {len(now)}", put(value),
                        (TREE1, "leaf_weights", said(len(value))))
    for place in (0, 3, 5):
        for value in (NAN, INF, -INF, 1e39, Raw("1e400"), "1", None, True, [0.5], {}):
            def change(d):
                trees_of(d)[1]["leaf_weights"][place] = value
            yield from both(f"leaf_weights[{place}] = {shown(value)}", edited(doc, change),
                            (rf"{TREE1}|byte \d+\b", "leaf_weights|overflows"))
    for value, kind in KINDS + (([now], "an array of arrays"),):
        yield from both(f"leaf_weights is {kind}", put(value), (TREE1, "leaf_weights"))
    for count in (2**31, 2**62, -1, 7, 4):
        raw = ubj.Raw(b"[$d#" + ubj.length(count))
        yield Case(f"leaf_weights claim {count} values (ubj)", ubj.encode(put(raw)), REFUSED)
    for version in ((3, 2, 0), (3, 3, 0), (3, 4, 1)):
        for field in ("leaf_weights", "loss_changes", "sum_hessian", "base_weights"):
            def drop(d):
                d["version"] = list(version)
                del trees_of(d)[1][field]
            yield from both(f"vector leaves of {version}: {field} absent", edited(doc, drop),
                            (TREE1, field))


def of_base_weights(docs):
    """num_nodes times the outputs; from 3.2 on times any number from 1 to the outputs."""
    for name, doc in docs.items():
        early = doc["version"] < [3, 2]
        now = trees_of(doc)[1]["base_weights"]

        def put(value):
            return edited(doc, lambda d: trees_of(d)[1].update(base_weights=value))

        lengths = [0, 1, 4, 6, len(now) - 1, len(now) + 1, len(now) + 2, 15, 20, 5000]
        for length in lengths + [5] * early:
            yield from both(f"{name}: base_weights of {length} values, 5 nodes, 2 outputs",
                            put([0.5] * length), (TREE1, "base_weights", said(length)))
        for place in (0, 2, 3, 9):      # a split, leaves
            for value in (NAN, INF, 1e39, Raw("1e400"), "1", None, True):
                def change(d):
                    trees_of(d)[1]["base_weights"][place] = value
                yield from both(f"{name}: base_weights[{place}] = {shown(value)}",
                                edited(doc, change),
                                (rf"{TREE1}|byte \d+\b", "base_weights|overflows"))
        for value, kind in KINDS:
            yield from both(f"{name}: base_weights is {kind}", put(value),
                            (TREE1, "base_weights"))


def of_arrays(docs):
    """Per-node arrays keep one value a node; NaN is for conditions of leaves only."""
    for name, doc in docs.items():
        early = doc["version"] < [3, 2]
        fields = ["left_children", "right_children", "parents", "split_indices",
                  "split_conditions", "default_left", "split_type"]
        for field in fields + ["loss_changes", "sum_hessian"] * (not early):
            now = trees_of(doc)[1][field]
            for value in (now[:-1], now + now[-1:], [], now * 2):
                def change(d):
                    trees_of(d)[1][field] = value
                yield from both(f"{name}: {field} of {len(value)} values", edited(doc, change),
                                (TREE1, field))
        for field in () if early else ("loss_changes", "sum_hessian"):
            yield from node_case(doc, field, 1, 3, NAN, (), f"{name}: {field} = nan", ACCEPTED)
            yield from node_case(doc, field, 1, 3, Raw("1e400"),
                                 (rf"{TREE1}|byte \d+\b", f"{field}|overflows"),
                                 f"{name}: {field} overflows")
        for node, values in ((0, (NAN, 1e39)), (3, (INF, -INF, 1e39))):
            for value in values:
                yield from node_case(doc, "split_conditions", 1, node, value,
                                     (rf"{TREE1}|byte \d+\b", "split_conditions|overflows"),
                                     f"{name}: split_conditions[{node}] = {value}")

        def deleted(number):
            def change(d):
                trees_of(d)[1]["tree_param"]["num_deleted"] = number
            return change

        for number in ("1", "3", "-1", "x"):
            yield from both(f"{name}: num_deleted = {number}", edited(doc, deleted(number)),
                            (TREE1, "num_deleted"))
        for field, value in (("left_children", 3), ("left_children", 0), ("parents", 4)):
            yield from node_case(doc, field, 1, 1, value, (TREE1,), f"{name}: {field}[1] = {value}")


def of_unreached(doc):
    """Deleted nodes take no row of leaf_weights; XGBoost deletes none in such trees."""

    def deleted(d, rows=()):
        t = trees_of(d)[1]
        add_deleted(t, 2, parent=4)
        t["base_weights"] += [0.5, 0.5]     # of the second output
        for node, row in zip((5, 6), rows):
            t["right_children"][node] = row
            t["leaf_weights"] += [0.5, 0.5]

    yield from both("vector leaves: deleted nodes", edited(doc, deleted), (), SURVIVE)
    yield from both("vector leaves: deleted nodes with rows of their own",
                    edited(doc, lambda d: deleted(d, (3, 4))), (TREE1,))


def of_versions(docs):
    """One layout with the version of the other."""

    def stamp(*version):
        def change(d):
            d["version"] = list(version)
        return change

    old, new = docs["3.0"], docs["3.3"]
    for version in ((3, 2, 0), (3, 3, 0), (3, 4, 1)):
        yield from both(f"layout of 3.0, version {version}", edited(old, stamp(*version)),
                        (TREE0, "leaf_weights|loss_changes|sum_hessian|right_children"))
    for version in ((2, 0, 3), (3, 0, 5), (3, 1, 3)):
        yield from both(f"layout of 3.3, version {version}", edited(new, stamp(*version)), (),
                        SURVIVE)
    for version in ((1, 0, 0), (1, 7, 4)):
        for name, doc in docs.items():
            yield from both(f"layout of {name}, version {version}",
                            edited(doc, stamp(*version)), ())

    def extra(d):
        trees_of(d)[1].update(leaf_weights=[0.5] * 6)

    yield from both("layout of 3.0 with leaf_weights", edited(old, extra), (), SURVIVE)


def of_dart(doc):
    """Weights times vector leaves: as many as trees, and no product overflows."""

    def moved(d, version, value):
        holder = booster_of(d)
        del holder["weight_drop"]
        d["version"] = list(version)
        (holder["model"] if version >= (3, 4, 0) else holder)["weight_drop"] = value

    for version in ((3, 3, 0), (3, 4, 1)):
        label = ".".join(map(str, version))
        for value in ([0.75, 1.0], [0.75], [0.75, 1.0, 0.3, NAN], [0.75, 1.0, 0.3, 1e39],
                      [0.75, NAN, 0.3], [0.75, 1.0, INF], [0.75, 1e39, 0.3], [0.75, "1", 0.3],
                      [0.75, None, 0.3], [0.75, [1.0], 0.3], {}, "x", 1):
            yield from both(f"vector leaves, dart of {label}: weight_drop = {value}",
                            edited(doc, lambda d: moved(d, version, value)),
                            ("weight_drop|overflows",))
        for place in (0, 1):        # of row 1, the leaf of node 3
            def large(d):
                moved(d, version, [1.0, 1e30, 1.0])
                trees_of(d)[1]["leaf_weights"][2 + place] = -1e30
            yield from both(f"dart of {label}: output {place} of a leaf overflows by its weight",
                            edited(doc, large), (TREE1, r"node 3\b", "weight_drop|overflows"))

    def nested(d):
        relayout(d, (3, 2, 0))
        holder = booster_of(d)
        weights = holder.pop("weight_drop")
        d["learner"]["gradient_booster"] = {"gbtree": {**holder, "name": "gbtree"},
                                            "name": "dart", "weight_drop": weights}
        param(d)["base_score"] = "[2.5E-1,-1.5E0]"

    yield from both("vector leaves in the dart layout of 3.2", edited(doc, nested), (), SURVIVE)


def of_mixture(doc):
    """Tree 1 has a value a leaf, for output 1."""
    for value in (2, 3, -1, INT_MAX):
        def change(d):
            model_of(d)["tree_info"][1] = value
        yield from both(f"a scalar tree among vectors for output {value}", edited(doc, change),
                        ("tree_info", said(value)))

    def rows(d):
        trees_of(d)[1]["right_children"][1] = 0

    yield from both("a scalar leaf with a row", edited(doc, rows), (TREE1, "right_children"))

    def flat(d):
        trees_of(d)[1]["base_weights"] *= 2

    yield from both("base_weights of a scalar tree as of a vector", edited(doc, flat),
                    (TREE1, "base_weights"))
    for node in (0, 1):
        yield from node_case(doc, "split_conditions", 1, node, NAN, (TREE1, "split_conditions"))


def parts(bases):
    shapes = bases.shapes
    new, dart = shapes["vectors-3.3"], shapes["vectors-dart"]
    docs = {"3.0": shapes["vectors-3.0"], "3.3": new}
    return {
        "vector leaves: sizes and outputs": of_sizes(docs),
        "vector leaves: models of one output": of_scalar(bases.gbtree),
        "vector leaves: rows": of_rows(new),
        "vector leaves: leaf_weights": of_leaf_weights(new),
        "vector leaves: base_weights": of_base_weights(docs),
        "vector leaves: arrays of a tree": of_arrays(docs),
        "vector leaves: deleted nodes": of_unreached(new),
        "vector leaves: versions": of_versions(docs),
        "vector leaves: dart": of_dart(dart),
        "vector leaves: scalar trees among them": of_mixture(shapes["vectors-mixed"]),
    }
