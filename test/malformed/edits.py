"""Structural edits: a well-formed file whose content is wrong.  Each must be refused, and
the error must say where: the tree, the node, the field."""
import math

import ubj
from bases import ACCEPTED, INT_MAX, REFUSED, Case, Raw, edited, has_raw, to_json, trees_of

NAN, INF = float("nan"), float("inf")
ANYWHERE = ()

PER_NODE = {
    "base_weights": 0.5, "default_left": 0, "left_children": -1, "loss_changes": 0.0,
    "parents": 1, "right_children": -1, "split_conditions": 0.5, "split_indices": 0,
    "split_type": 0, "sum_hessian": 1.0,
}
FLOAT_FIELDS = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")
INT_FIELDS = ("left_children", "parents", "right_children", "split_indices")


def both(name, doc, words, expect=REFUSED, **more):
    """The case as JSON, and as UBJSON where that can say it."""
    yield Case(f"{name} (json)", to_json(doc), expect, words, **more)
    if not has_raw(doc):
        yield Case(f"{name} (ubj)", ubj.encode(doc), expect, words, **more)


def said(value):
    """A pattern for a value in a message, where a message can hold it as it is."""
    if isinstance(value, float) and not math.isfinite(value):
        return "(?i:nan)" if math.isnan(value) else "(?i:inf)"
    if type(value) is int and -2**31 <= value < 2**31:
        return rf"(?<![\w.]){value}\b"
    return ""


def shown(value):
    """A value in the name of a case, shortened."""
    text = value.text if isinstance(value, Raw) else repr(value)
    return text if len(text) <= 60 else text[:56] + "..."


def node_case(doc, field, tree, node, value, words=None, label=None, expect=REFUSED):
    """One element of one array of one tree gets another value."""

    def change(d):
        trees_of(d)[tree][field][node] = value

    if words is None:
        # What no reader can hold is a fault of syntax: the byte stands for the node.
        words = (rf"tree {tree}\b", rf"node {node}\b|byte \d+\b", field)
    label = label or f"{field}[{node}] = {shown(value)}"
    return both(f"tree {tree}: {label}", edited(doc, change), words, expect)


def of_nodes(doc):
    """Links, features, thresholds and leaves of single nodes."""
    tree0 = (r"tree 0\b",)
    for value in (0, 1, 5, -2, INT_MAX, 2**31, 2**40):
        yield from node_case(doc, "left_children", 0, 1, value,
                             tree0 + ("left_children|right_children|parents|node",))
    yield from node_case(doc, "left_children", 0, 0, 0, tree0, "node 0 its own child")
    yield from node_case(doc, "left_children", 0, 1, -1, tree0, "a leaf with a right child")
    for value in (0, 3, 5, 2, -1, -2, INT_MAX, 2**31):
        yield from node_case(doc, "right_children", 0, 1, value,
                             tree0 + (r"node 1\b|byte \d+\b", "right_children"))
    for value in (0, 1, 5, -2):
        yield from node_case(doc, "right_children", 0, 3, value,
                             tree0 + (r"node 3\b", "right_children|children"),
                             f"leaf with right_children = {value}")
    for value in (0, 2, 5, -1, -2, INT_MAX, 2**40):
        yield from node_case(doc, "parents", 0, 3, value, tree0 + ("parent",))
    for value in (0, 1, 5, -2):
        yield from node_case(doc, "parents", 0, 0, value, tree0 + ("parent",),
                             f"parent of the root = {value}")
    for value in (3, -1, 1000, INT_MAX, 2**31, 2**40):
        yield from node_case(doc, "split_indices", 0, 1, value)
    for value in (2, 255, -1):
        yield from node_case(doc, "default_left", 0, 1, value)
    for value in (1, 2, 255, -1):
        yield from node_case(doc, "split_type", 0, 1, value)

    # Node 1 of both trees is what separates a threshold from a leaf.
    for tree, what in ((0, "threshold"), (1, "leaf")):
        infinite = (INF, -INF) if what == "leaf" else ()
        for value in (NAN, *infinite, 1e39, -1e39, 3.402823567797337e38, Raw("1e400")):
            yield from node_case(doc, "split_conditions", tree, 1, value,
                                 (rf"tree {tree}\b|byte \d+\b",
                                  r"split_conditions|overflows"),
                                 f"{what} = {shown(value)}")
    # Statistics enter no score, so that any float will do.
    for field in ("base_weights", "loss_changes", "sum_hessian"):
        for value in (NAN, INF, Raw("1e400")):
            accepted = field != "base_weights" and not isinstance(value, Raw)
            yield from node_case(doc, field, 0, 1, value,
                                 () if accepted else (r"tree 0\b|byte \d+\b", f"{field}|overflows"),
                                 expect=ACCEPTED if accepted else REFUSED)


def of_shapes(doc):
    """Nodes that hang together wrongly although each number is in range."""

    def two_cycles(d):
        # 1 and 3 are each other's parent and child, cut off from the root.
        t = trees_of(d)[0]
        t["left_children"][3], t["right_children"][3] = 1, 2
        t["parents"][1] = t["parents"][2] = 3

    def shared(d):
        # Both children of the root have nodes 3 and 4 as children.
        t = trees_of(d)[0]
        t["left_children"][2], t["right_children"][2] = 3, 4

    def swapped(d):
        t = trees_of(d)[0]
        t["left_children"][0], t["right_children"][0] = 2, 1

    def apart(d):
        # The same tree with its nodes renumbered, so that siblings are not neighbours.
        t = trees_of(d)[0]
        order = [0, 1, 3, 2, 4]
        place = {old: new for new, old in enumerate(order)}
        for field in PER_NODE:
            t[field] = [t[field][old] for old in order]
        for field in ("left_children", "right_children", "parents"):
            t[field] = [place.get(v, v) for v in t[field]]

    def orphans(d, deleted="0", index=0, default=1, child=-1):
        t = trees_of(d)[0]
        for field in PER_NODE:
            t[field] += [PER_NODE[field]] * 2
        for node in (5, 6):
            t["split_indices"][node], t["default_left"][node] = index, default
            t["left_children"][node] = t["right_children"][node] = child
        t["tree_param"].update(num_nodes="7", num_deleted=deleted)

    def count(number):
        def change(d):
            trees_of(d)[0]["tree_param"]["num_deleted"] = number
        return change

    tree0 = (r"tree 0\b",)
    yield from both("a cycle beside the root", edited(doc, two_cycles), tree0)
    yield from both("a node with two parents", edited(doc, shared), tree0)
    yield from both("left and right swapped", edited(doc, swapped),
                    tree0 + (r"node 0\b", "right_children|children"))
    yield from both("siblings apart", edited(doc, apart),
                    tree0 + ("right_children|children",))
    yield from both("nodes nobody points at", edited(doc, orphans), tree0)
    for name, more in {
            "num_deleted too small": {"deleted": "1", "index": INT_MAX},
            "num_deleted too large": {"deleted": "3", "index": INT_MAX},
            "num_deleted 0": {"index": INT_MAX},
            "deleted nodes with a feature": {"deleted": "2", "index": 1},
            "deleted nodes with default_left 0": {"deleted": "2", "index": INT_MAX,
                                                  "default": 0},
            "deleted nodes with children": {"deleted": "2", "index": INT_MAX, "child": 3},
    }.items():
        yield from both(name, edited(doc, lambda d: orphans(d, **more)), tree0)
    for number in ("1", "5", "-1", "2147483648", "x", "", "1.0"):
        yield from both(f"num_deleted = {number!r}", edited(doc, count(number)),
                        tree0 + ("num_deleted",))

    def empty(d):
        t = trees_of(d)[0]
        for field in PER_NODE:
            t[field] = []
        t["tree_param"]["num_nodes"] = "0"

    yield from both("a tree without nodes", edited(doc, empty), tree0)


def of_arrays(doc):
    """Arrays per node: wrong length, wrong type, absent."""
    for field, filler in PER_NODE.items():
        words = (r"tree 1\b", field)

        def put(value):
            def change(d):
                trees_of(d)[1][field] = value
            return edited(doc, change)

        def element(value):
            def change(d):
                trees_of(d)[1][field][2] = value
            return edited(doc, change)

        now = trees_of(doc)[1][field]
        yield from both(f"{field} one short", put(now[:-1]), words)
        yield from both(f"{field} one long", put(now + [filler]), words)
        yield from both(f"{field} empty", put([]), words)
        for value, kind in (({}, "an object"), ("x", "a string"), (7, "a number"),
                            (None, "null"), (True, "a boolean")):
            yield from both(f"{field} is {kind}", put(value), words)
        for value, kind in (("1", "a string"), (None, "null"), ([1], "an array"),
                            ({}, "an object")):
            yield from both(f"{field} holds {kind}", element(value), words)
        if field in INT_FIELDS + ("split_type",):
            yield from both(f"{field} holds 0.5", element(0.5), words)
            yield from both(f"{field} holds true", element(True), words)
        if field in INT_FIELDS:
            yield from both(f"{field} holds -1.0", element(-1.0), words)
            yield from both(f"{field} holds 1e2", element(Raw("1e2")), words)
        if field in FLOAT_FIELDS:
            yield from both(f"{field} holds false", element(False), words)
        if field != "split_type":       # files before 1.3 have none
            def drop(d):
                del trees_of(d)[1][field]
            yield from both(f"{field} absent", edited(doc, drop), words)


def parts(bases):
    doc = bases.gbtree
    return {
        "one value of one node": of_nodes(doc),
        "trees that hang together wrongly": of_shapes(doc),
        "arrays of a tree": of_arrays(doc),
    }
