"""Faults for `make check-selftest`: RISKML_PLANT names one; it is put into a file after
the expected values are there, and the run must then fail."""
import copy

import numpy as np

import layouts
import oracle
import scorer


def leaf_ulp(doc, rows):
    """One reached leaf, one float32 step away."""
    forest = scorer.Forest(doc)
    leaves = forest.leaves(rows.x)
    for t, tree in enumerate(sorted(layouts.trees_of(doc), key=lambda t: t["id"])):
        node = int(leaves[0, t])
        value = np.float32(tree["split_conditions"][node])
        tree["split_conditions"][node] = float(np.nextafter(value, np.float32(np.inf)))
        yield doc
        tree["split_conditions"][node] = float(value)


def swap_trees(doc, rows):
    """The ids of two trees exchanged: the same leaves, added in another order."""
    trees = layouts.trees_of(doc)
    for i in range(len(trees) - 1):
        a, b = trees[i], trees[-1]
        a["id"], b["id"] = b["id"], a["id"]
        yield doc
        a["id"], b["id"] = b["id"], a["id"]


def default_dir(doc, rows):
    """The default direction of a root turned round."""
    for tree in layouts.trees_of(doc):
        tree["default_left"][0] = int(not tree["default_left"][0])
        yield doc
        tree["default_left"][0] = int(not tree["default_left"][0])


PLANTS = {"leaf_ulp": leaf_ulp, "swap_trees": swap_trees, "default_dir": default_dir}


def plant(name, cases):
    """Change the file of the first case where the fault changes a margin; say which."""
    for case in cases:
        if case.model.row != "binary:logistic" or case.model.rounds is not None:
            continue
        if case.model.column != "gbtree":
            continue
        for doc in PLANTS[name](copy.deepcopy(case.model.doc), case.rows):
            margins = scorer.Forest(doc).score(case.rows.x)[0]
            changed = np.count_nonzero(oracle.bits(margins) != oracle.bits(case.expected.margin))
            if changed:
                case.file, case.file_doc = layouts.write(doc, case.model.form), copy.deepcopy(doc)
                return f"{name} in {case.model.name}: {changed} of {len(case.rows)} margins differ"
    raise AssertionError(f"no place found for {name}")
