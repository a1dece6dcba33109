"""Faults for `make check-selftest`: RISKML_PLANT names one; it is put into a file after
the expected values are there, and the run must then fail."""
import copy

import numpy as np

import layouts
import oracle
import rewrite
import scorer


def nudged(value):
    """One float32 step away."""
    return float(np.nextafter(np.float32(value), np.float32(np.inf)))


def leaf_ulp(doc, x):
    """One reached leaf, one float32 step away."""
    leaves = scorer.read(doc).leaves(x)
    for t, tree in enumerate(sorted(rewrite.trees_of(doc), key=lambda t: t["id"])):
        node = int(leaves[0, t])
        value = tree["split_conditions"][node]
        tree["split_conditions"][node] = nudged(value)
        yield doc
        tree["split_conditions"][node] = value


def swap_trees(doc, x):
    """The ids of two trees exchanged: the same leaves, added in another order."""
    trees = rewrite.trees_of(doc)
    for i in range(len(trees) - 1):
        a, b = trees[i], trees[-1]
        a["id"], b["id"] = b["id"], a["id"]
        yield doc
        a["id"], b["id"] = b["id"], a["id"]


def default_dir(doc, x):
    """The default direction of a root turned round."""
    for tree in rewrite.trees_of(doc):
        tree["default_left"][0] = int(not tree["default_left"][0])
        yield doc
        tree["default_left"][0] = int(not tree["default_left"][0])


def category_bit(doc, x):
    """One more code in the set of one split."""
    for tree in rewrite.trees_of(doc):
        for i, begin in enumerate(tree["categories_segments"]):
            codes = tree["categories"][begin:begin + tree["categories_sizes"][i]]
            for code in sorted(set(range(max(codes))) - set(codes)):
                before = copy.deepcopy(tree)
                tree["categories"][begin:begin + len(codes)] = sorted(codes + [code])
                tree["categories_sizes"][i] += 1
                for later in range(i + 1, len(tree["categories_segments"])):
                    tree["categories_segments"][later] += 1
                yield doc
                tree.update(before)


def linear_weight(doc, x):
    """One weight, one float32 step away."""
    weights = doc["learner"]["gradient_booster"]["model"]["weights"]
    for i, value in enumerate(weights):
        weights[i] = nudged(value)
        yield doc
        weights[i] = value


def leaf_vector(doc, x):
    """One value of a vector leaf, one float32 step away."""
    for tree in rewrite.trees_of(doc):
        values = tree.get("leaf_weights", [])
        for i, value in enumerate(values):
            values[i] = nudged(value)
            yield doc
            values[i] = value


# fault -> (how it is made, the cell whose first model that shows it gets it)
PLANTS = {
    "leaf_ulp": (leaf_ulp, "binary:logistic", "gbtree"),
    "swap_trees": (swap_trees, "binary:logistic", "gbtree"),
    "default_dir": (default_dir, "binary:logistic", "gbtree"),
    "category_bit": (category_bit, "categories by partition", "shape"),
    "linear_weight": (linear_weight, "reg:squarederror", "gblinear"),
    "leaf_vector": (leaf_vector, "vector leaves of 3.2 and later", "shape"),
}


def plant(name, cases):
    """Change the file of the first case where the fault changes a margin; say which."""
    make, row, column = PLANTS[name]
    for case in cases:
        if (case.model.row, case.model.column) != (row, column):
            continue
        view = case.views[0]
        for doc in make(copy.deepcopy(case.model.doc), view.rows.x):
            margins = scorer.read(doc).score(view.rows.x).margins
            changed = ~oracle.same_bits(margins, view.expected.margins).all(axis=1)
            if changed.any():
                case.file, case.file_doc = layouts.write(doc, case.model.form), copy.deepcopy(doc)
                return (f"{name} in {case.model.name}: {np.count_nonzero(changed)} of "
                        f"{len(view.rows)} rows differ")
    raise AssertionError(f"no place found for {name}")
