"""Structural edits of categorical splits: marks, lists of nodes, segments, codes.

Tree 0 of the model splits by {1} at node 0 and by {0, 3} at node 1; tree 1 by {0, 2, 37}
at node 2, and its leaf 1 and deleted node 5 carry {1, 2} and {3}.
"""
import ubj
from bases import (INT_MAX, REFUSED, SURVIVE, TOO_BIG, Case, Raw, chain, edited, to_json,
                   trees_of)
from edits import INF, NAN, both, node_case, said, shown
from shapes import make_categorical

TREE0, TREE1 = r"tree 0\b", r"tree 1\b"
ARRAYS = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
ANY = "categor|split_type"
UNMARKED = ANY + "|split_conditions is nan"     # what XGBoost writes as threshold of such a split


def put(doc, tree=0, **arrays):
    return edited(doc, lambda d: trees_of(d)[tree].update(arrays))


def of_none(doc):
    """Categories in a model that has no categorical split."""
    for field, value in (("categories", [1]), ("categories_nodes", [1]),
                         ("categories_segments", [0]), ("categories_sizes", [1]),
                         ("categories_segments", [2**40]), ("categories_nodes", [-1])):
        yield from both(f"{field} = {value} without such a split", put(doc, **{field: value}),
                        (TREE0, "categor"))
    for segments, sizes, nodes, codes in (
            ([1], [1], [1], [1]), ([0], [2], [1], [1]), ([0], [-1], [1], [1]),
            ([2**62], [2**62], [1], [1]), ([0], [1], [9], [1]), ([0], [1], [-1], [1]),
            ([0, 1], [1], [1], [1]), ([0], [1], [1], [-1]), ([0], [1], [1], [INT_MAX]),
            ([], [], [], [])):
        def change(d):
            t = trees_of(d)[0]
            t["split_type"][1] = 1
            t.update(categories=codes, categories_nodes=nodes,
                     categories_segments=segments, categories_sizes=sizes)
        yield from both(f"categorical split, segments {segments} sizes {sizes} "
                        f"nodes {nodes} categories {codes}", edited(doc, change), (TREE0, ANY))


def of_marks(doc):
    """split_type is 1 for what categories_nodes lists, and for nothing else."""
    for tree, node, value in ((0, 0, 0), (0, 1, 0), (0, 2, 1), (0, 4, 1), (1, 0, 1), (1, 1, 0),
                              (1, 2, 0), (1, 5, 0), (1, 6, 1), (2, 0, 1), (2, 4, 1)):
        # A condition that is NaN is a fault of its own.
        yield from node_case(doc, "split_type", tree, node, value,
                             (rf"tree {tree}\b", rf"node {node}\b", f"{ANY}|split_conditions"))
    for value in (2, 3, 255, -1, 256, 2**31, 2**40, 0.5, 1.0, "1", None, [1], {}):
        yield from node_case(doc, "split_type", 0, 0, value,
                             (TREE0, r"node 0\b|byte \d+\b", "split_type"))
    now = trees_of(doc)[0]["split_type"]
    for value in (now[:-1], now[:2], now + [0], now * 2, [], [0] * 5, [1] * 5, {}, "x", 1, None):
        yield from both(f"split_type = {value}", put(doc, split_type=value), (TREE0, UNMARKED))
    yield from both("split_type absent", edited(
        doc, lambda d: trees_of(d)[0].pop("split_type")), (TREE0, UNMARKED))


def of_nodes(doc):
    """categories_nodes: ascending, in the tree, marked."""
    for value, words in (
            ([0, 9], r"\b9\b"), ([0, 5], r"\b5\b"), ([0, -1], said(-1)), ([-1, 1], said(-1)),
            ([0, INT_MAX], said(INT_MAX)), ([-2**31, 1], said(-2**31)), ([0, 2**31], ""),
            ([0, 2**40], ""), ([1, 0], ""), ([0, 0], ""), ([1, 1], ""), ([0, 2], r"\b2\b|node 1\b"),
            ([0, 4], r"\b4\b|node 1\b"), ([2, 3], ""), ([0], ""), ([1], ""), ([], ""),
            ([0, 1, 2], ""), ([0, 1, 1], ""), ([0, 1] * 2, ""), ([0, "1"], ""), ([0, 1.0], ""),
            ([0, None], ""), ([0, True], ""), ([[0, 1]], "")):
        yield from both(f"categories_nodes = {value}", put(doc, categories_nodes=value),
                        (TREE0, ANY, words))
    # One more or one less of everything, so that the counts agree.
    for nodes, codes in (((0, 1, 2), ([1], [0, 3], [1])), ((0, 1, 4), ([1], [0, 3], [1])),
                         ((1,), ([0, 3],)), ((0,), ([1],)), ((0, 3), ([1], [0, 3])),
                         ((0, 1, 1), ([1], [0], [3])), ((1, 0), ([0, 3], [1]))):
        def change(d):
            t = trees_of(d)[0]
            t.update(categories=sum(codes, []), categories_nodes=list(nodes),
                     categories_sizes=[len(c) for c in codes],
                     categories_segments=[sum(map(len, codes[:i])) for i in range(len(codes))])
        yield from both(f"sets for the nodes {nodes}", edited(doc, change), (TREE0, ANY))


def of_segments(doc):
    """Segments begin at 0 and follow one another, to the end of `categories`."""
    for value in ([0, 0], [0, 2], [1, 1], [1, 2], [1, 0], [0, 3], [0, -1], [-1, 1], [0, 1000],
                  [0, INT_MAX], [0, 2**31], [0, 2**32 + 1], [2**32, 1], [0, 2**62],
                  [0, 2**63 - 1], [1 - 2**63, 1], [0], [], [1], [0, 1, 3], [0, 1, 2]):
        yield from both(f"categories_segments = {value}", put(doc, categories_segments=value),
                        (TREE0, "categor"))
    for value in ([1, 1], [1, 0], [0, 2], [1, 3], [2, 2], [2, 1], [3, 0], [0, 3], [1, -1], [-1, 2],
                  [1, INT_MAX], [1, 2**31], [1, 2**32 + 2], [2**32 + 1, 2], [1, 2**62],
                  [1, 2**63 - 1], [2**63 - 1, 2], [1 - 2**63, 2], [1], [], [3], [1, 2, 0],
                  [1, 1, 1]):
        yield from both(f"categories_sizes = {value}", put(doc, categories_sizes=value),
                        (TREE0, "categor"))
    for field in ("categories_segments", "categories_sizes"):
        for number in ("9223372036854775808", "-9223372036854775808", "-9223372036854775809",
                       "99999999999999999999999", "1e2", "1e400"):
            yield from both(f"{field} = [1, {number}]", put(doc, **{field: [1, Raw(number)]}),
                            ("categor|byte",))
        for value in ("1", 1.0, 0.5, None, True, [1], {}):
            yield from both(f"{field} = [0, {value!r}]", put(doc, **{field: [0, value]}),
                            (TREE0, field))
    # Places and sizes whose sum overflows, or that together stay inside.
    for segments, sizes in (([0, 2**63 - 1], [1, 2]), ([0, 2**63 - 1], [1, 2**63 - 1]),
                            ([0, 2**62], [1, 2**62]), ([2**63 - 2, 1], [4, 2]),
                            ([0, 0], [2, 3]), ([1, 0], [2, 1]), ([0, 3], [3, 0]), ([2, 0], [1, 2]),
                            ([0, 0], [3, 3]), ([-1, 1], [2, 2]), ([0, 2], [1, 1])):
        yield from both(f"segments {segments} of sizes {sizes}",
                        put(doc, categories_segments=segments, categories_sizes=sizes),
                        (TREE0, "categor"))


def of_codes(doc):
    """Codes of a set: 0 to 2^24 - 1, ascending, each once."""
    for value, node in (
            ([-1, 0, 3], 0), ([1, -1, 3], 1), ([2**24, 0, 3], 0), ([1, 0, 2**24], 1),
            ([1, 0, 2**24 + 1], 1), ([1, 0, INT_MAX], 1), ([1, -2**31, 3], 1), ([1, 3, 3], 1),
            ([1, 0, 0], 1), ([1, 3, 0], 1)):
        wrong = [v for v in value if v < 0 or v >= 2**24]
        yield from both(f"categories = {value}", put(doc, categories=value),
                        (TREE0, rf"node {node}\b", "categor", said(wrong[0]) if wrong else ""))
    for value in ([1, 0, 2**31], [1, 0, 2**32], [1, 0, 2**40], [1, 0, 2**63 - 1], [1, 0, "3"],
                  [1, 0, 3.0], [1, 0, 0.5], [1, 0, None], [1, 0, True], [1, 0, [3]], [1, 0, 3, 7],
                  [1, 0], [1], [], [1, 0, 3] * 2, list(range(5000))):
        yield from both(f"categories = {shown(value)}", put(doc, categories=value),
                        (TREE0, "categor"))
    for number in ("9223372036854775808", "1e1", "NaN", "1e400"):
        yield from both(f"categories = [1, 0, {number}]",
                        put(doc, categories=[1, 0, Raw(number)]), ("categor|overflows|byte",))
    # What carries a set without splitting by it is checked alike.
    for node, first in ((1, 0), (5, 5)):
        for code in (-1, 2**24):
            def change(d):
                trees_of(d)[1]["categories"][first] = code
            yield from both(f"category {code} of node {node}, which is no split",
                            edited(doc, change),
                            (TREE1, rf"node {node}\b", "categor", said(code)))


def of_arrays(doc):
    """Of another type, or absent."""
    for field in ARRAYS:
        for value in ({}, "x", 7, 0.5, None, True):
            yield from both(f"{field} = {value!r}", put(doc, **{field: value}), (TREE0, field))
        yield from both(f"{field} absent", edited(doc, lambda d: trees_of(d)[0].pop(field)),
                        (TREE0, ANY))
        for count in (2**31, 2**62, -1, 4, 2):
            for head in (b"[$l#", b"[$L#", b"[$T#", b"[#"):
                raw = ubj.Raw(head + ubj.length(count))
                yield Case(f"{field} claims {count} elements, {head!r} (ubj)",
                           ubj.encode(put(doc, **{field: raw})), REFUSED)

    def none(d):
        for field in ARRAYS:
            del trees_of(d)[0][field]

    yield from both("categorical splits without any list", edited(doc, none), (TREE0, ANY))
    for before in ([1, 0, 2], [1, 2, 1]):
        yield from both(f"categorical splits of {before}",
                        edited(doc, lambda d: d.update(version=before)), (), SURVIVE)


def of_conditions(doc):
    """NaN is for the conditions of categorical splits, not for leaves of such trees."""
    for tree, node, value in ((0, 2, NAN), (0, 3, NAN), (1, 0, NAN), (1, 1, NAN), (1, 3, NAN),
                              (2, 0, NAN), (0, 3, INF), (1, 3, -INF), (1, 1, 1e39)):
        yield from node_case(doc, "split_conditions", tree, node, value,
                             (rf"tree {tree}\b|byte \d+\b", rf"node {node}\b|byte \d+\b",
                              "split_conditions|overflows"))
    for value in (INF, -INF):
        yield from node_case(doc, "split_conditions", 0, 0, value, (), expect=SURVIVE)
    for value in (3, -1, INT_MAX, 2**31):
        yield from node_case(doc, "split_indices", 0, 0, value)
        yield from node_case(doc, "split_indices", 1, 1, value,
                             (TREE1, r"node 1\b|byte \d+\b", "split_indices"))
    for field, value in (("left_children", 1), ("left_children", 5), ("right_children", 0),
                         ("parents", 0)):
        yield from node_case(doc, field, 0, 1 if field != "parents" else 3, value,
                             (TREE0, f"{field}|parents|node"))
    for value in ("1", "0", "3", "-1"):
        yield from both(f"num_deleted = {value} with marked nodes", edited(
            doc, lambda d: trees_of(d)[1]["tree_param"].update(num_deleted=value)),
            (TREE1, "num_deleted"))


def of_size(doc):
    """A few bytes must not ask for much memory: sets are not for bit maps of 2^24 bits."""
    big = chain(1000)
    sets = {node: [0, 2**24 - 1] for node in range(0, 2000, 2)}
    make_categorical(trees_of(big)[0], sets, NAN)
    yield Case("1,000 splits by {0, 2^24 - 1} (json)", to_json(big), SURVIVE | TOO_BIG)
    yield Case("1,000 splits by {0, 2^24 - 1} (ubj)", ubj.encode(big), SURVIVE | TOO_BIG)
    for name, codes in (("ascending", range(100000)), ("descending", range(99999, -1, -1)),
                        ("all alike", [5] * 100000)):
        def change(d):
            make_categorical(trees_of(d)[2], {0: list(codes)}, NAN)
        data = ubj.encode(edited(doc, change))
        if name == "ascending":
            yield Case("100,000 categories (ubj)", data, SURVIVE | TOO_BIG)
        else:
            yield Case(f"100,000 categories, {name} (ubj)", data, REFUSED, (r"tree 2\b", "categor"))


def parts(bases):
    doc = bases.shapes["categorical"]
    return {
        "categories without such splits": of_none(bases.gbtree),
        "categorical splits: marks": of_marks(doc),
        "categorical splits: nodes": of_nodes(doc),
        "categorical splits: segments and sizes": of_segments(doc),
        "categorical splits: codes": of_codes(doc),
        "categorical splits: arrays": of_arrays(doc),
        "categorical splits: conditions, links": of_conditions(doc),
        "categorical splits: sizes": of_size(doc),
    }
