"""Contributions of features: from the text of a model alone, in double and leaf by leaf, and
what libxgboost's pred_contribs and approx_contribs give."""
import numpy as np

import scorer

ROWS = 24               # per model; a leaf is a lot of arithmetic here
FEW_ROWS = 6            # of a large model
LARGE = 3000            # nodes
ABSOLUTE, RELATIVE, SUM = 1e-5, 1e-4, 1e-4


def outputs_shown(own):
    """All of a few outputs; else the first, one in the middle and the last."""
    n = own.outputs
    return list(range(n)) if n <= 4 else [0, n // 2, n - 1]


class TreeOf:
    """One tree: covers and what each leaf adds to an output."""

    def __init__(self, tree, weight, output):
        self.tree = tree
        values = tree.value if tree.vectors is None else tree.vectors[:, output]
        self.value = (values * weight).astype(np.float32).astype(np.float64)
        hessian = np.array(tree.doc["sum_hessian"], np.float64).astype(np.float32)
        self.cover = np.ones(len(tree.left))
        for node in np.flatnonzero(tree.left != -1):
            for child in (tree.left[node], tree.right[node]):
                with np.errstate(divide="ignore", invalid="ignore"):
                    part = hessian[child] / hessian[node]
                self.cover[child] = 0.5 if hessian[child] == hessian[node] == 0 else part

    def means(self):
        """Mean of the leaves below each node."""
        found = self.value.copy()
        order = [0]
        for node in order:
            if self.tree.left[node] != -1:
                order += [self.tree.left[node], self.tree.right[node]]
        for node in reversed(order):
            left, right = self.tree.left[node], self.tree.right[node]
            if left != -1:
                found[node] = self.cover[left] * found[left] + self.cover[right] * found[right]
        return found

    def add_exact(self, x, total):
        """Shapley values, leaf by leaf: the integral over the multilinear extension."""
        stack = [(0, {})]
        while stack:
            node, path = stack.pop()
            if self.tree.left[node] == -1:
                self.add_leaf(self.value[node], path, total)
                continue
            feature = self.tree.feature[node]
            goes_left = self.tree.goes_left(np.full(len(x), node), x[:, feature])
            one, zero = path.get(feature, (np.ones(len(x), bool), 1.0))
            for child, goes in ((self.tree.left[node], goes_left), (self.tree.right[node], ~goes_left)):
                stack.append((child, {**path, feature: (one & goes, zero * self.cover[child])}))

    def add_leaf(self, value, path, total):
        if not path:
            return
        features = list(path)
        ones = np.array([path[f][0] for f in features], np.float64)     # features × rows
        zeros = np.array([path[f][1] for f in features])[:, None]
        nodes, weights = np.polynomial.legendre.leggauss(len(features) // 2 + 1)
        for t, weight in zip((nodes + 1) / 2, weights / 2):
            factors = ones * t + zeros * (1 - t)
            if len(features) == 1:
                others = np.ones_like(factors)
            else:
                before = np.cumprod(np.vstack([np.ones_like(factors[:1]), factors[:-1]]), axis=0)
                behind = np.cumprod(np.vstack([np.ones_like(factors[:1]), factors[:0:-1]]), axis=0)[::-1]
                others = before * behind
            total[:, features] += (weight * value * (ones - zeros) * others).T

    def add_approximate(self, x, total):
        means = self.means()
        before = None
        for node in self.tree.path(x):
            if before is not None:
                moved = np.flatnonzero(node != before)
                np.add.at(total, (moved, self.tree.feature[before[moved]]),
                          means[node[moved]] - means[before[moved]])
            before = node


def of_model(own, x, output):
    """(exact, approximate) of one output: rows × (features + the base value), or None without covers."""
    n = x.shape[1]
    exact = np.zeros((len(x), n + 1))
    exact[:, n] = np.float64(own.base[0 if own.linear else output])
    if own.linear:
        with np.errstate(over="ignore", invalid="ignore"):
            products = x * own.weights[:-1, output]
        exact[:, :n] = np.where(np.isnan(x), 0, products)
        exact[:, n] += np.float64(own.weights[-1, output])
        return exact, exact
    trees = [TreeOf(tree, scorer.ONE if own.weights is None else own.weights[i], output)
             for i, tree in enumerate(own.trees)
             if tree.vectors is not None or tree.group == output] if has_covers(own) else None
    if trees is None:
        return None
    approximate = exact.copy()
    for tree in trees:
        tree.add_exact(x, exact)
        tree.add_approximate(x, approximate)
        exact[:, n] += tree.means()[0]
        approximate[:, n] += tree.means()[0]
    return exact, approximate


def has_covers(own):
    return all("sum_hessian" in tree.doc for tree in own.trees)


def of_library(library, rows, output):
    """What libxgboost gives; rows that it takes for others are the caller's to leave out."""
    finite = np.where(np.isinf(rows), np.clip(rows, -np.finfo(np.float32).max, np.finfo(np.float32).max), rows)
    data = library.matrix(finite)
    shape = len(rows), library.own.outputs, rows.shape[1] + 1
    begin, end = library.limit.get("iteration_range", (0, 0))

    def predict(upto, approximate):
        return library.booster.predict(data, pred_contribs=True, approx_contribs=approximate, iteration_range=(0, upto)
                                       ).reshape(shape)[:, output].astype(np.float64)

    found = []
    for approximate in (False, True):
        values = predict(end, approximate)
        if begin:       # it gives them from the first iteration on only
            values -= predict(begin, approximate)
            values[:, -1] += np.float64(library.own.base[output])
        found.append(values)
    return found


def right(got, want):
    """Rows that are as close as was promised; what is not finite proves nothing."""
    with np.errstate(invalid="ignore"):
        near = np.abs(got - want) <= ABSOLUTE + RELATIVE * np.abs(want)
    return (near | ~np.isfinite(want)).all(axis=1)


def expression(model, number):
    """How the rows are passed: each form in turn."""
    return ["t", f"ARRAY[{', '.join('t.' + c for c in model)}]::float8[]", "to_jsonb(t)"][number % 3]


class Compared:
    """Counts of one run, and what was wrong."""

    def __init__(self):
        self.models = self.rows = self.library_rows = self.library_off = self.without = 0
        self.notes = []

    def check(self, case, view, got):
        """got: {row: [(exact, approximate) per output] as texts' numbers}."""
        own, library = case.oracle.own, case.oracle.library
        n = FEW_ROWS if sum(len(tree.left) for tree in own.trees) > LARGE else ROWS
        x = view.rows.x[:n]
        where = f"{case.model.name} {case.model.row} {case.model.column}"
        if not own.linear and not has_covers(own):
            self.without += 1
            if got:
                self.notes.append(f"{where}: contributions of a model without sum_hessian")
            return
        self.models += 1
        usable = library.comparable(view.rows)[:n] if library.own is own else np.zeros(len(x), bool)
        for k, output in enumerate(outputs_shown(own)):
            want = of_model(own, x, output)
            theirs = of_library(library, view.rows.wide[:n], output) if usable.any() else want
            margins = view.expected.margins[:n, output].astype(np.float64)
            for way in range(2):
                there = np.array([i in got for i in range(len(x))])
                ours = np.array([got[i][k][way] if i in got else want[way][i] for i in range(len(x))])
                self.rows += int(there.sum())
                self.library_rows += int((there & usable).sum())
                with np.errstate(invalid="ignore"):
                    off = np.abs(ours.sum(axis=1) - margins) > SUM * np.maximum(1, np.abs(ours).sum(axis=1) * 1e-2)
                trusted = usable & right(theirs[way], want[way])
                self.library_off += int((there & usable & ~trusted).sum())
                bad = there & (~right(ours, want[way]) | (trusted & ~right(ours, theirs[way])) |
                               (off & np.isfinite(margins)))
                for i in np.flatnonzero(bad)[:2]:
                    at = np.nanargmax(np.abs(ours[i] - want[way][i]))
                    self.notes.append(f"{where} output {output} row {i} {['exact', 'approximate'][way]}: feature {at} "
                                      f"{ours[i][at]!r}, expected {want[way][i][at]!r}, libxgboost {theirs[way][i][at]!r}, "
                                      f"sum {ours[i].sum()!r}, margin {margins[i]!r}")
        if not got:
            self.notes.append(f"{where}: no contributions")
