"""Exact tests of two samples against scipy, on real and on adversarial data."""
import csv
import math
import os
import warnings

import numpy as np
from scipy import stats

from common import near

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def real_columns(name, columns):
    """Columns of a data set in the order of the file, None where a value is missing."""
    with open(f"{ROOT}/data/{name}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {c: [row[c] if row[c] not in ("", "NA") else None for row in rows] for c in columns}


def halves(values):
    present = [v for v in values if v is not None]
    return present[:len(present) // 2], present[len(present) // 2:]


def numeric_cases():
    random = np.random.default_rng(8)
    normal = random.normal
    credit = real_columns("credit_data", ["income", "age", "amount"])
    lending = real_columns("lending_club", ["annual_inc", "int_rate", "revol_util"])
    for name, values in (credit | lending).items():
        yield (name, *[[float(v) for v in half] for half in halves(values)])
    yield "one row each", [1.0], [2.0]
    yield "one equal row each", [1.0], [1.0]
    yield "one against many", [0.3], normal(size=1000)
    yield "constant", [5.0] * 50, [5.0] * 70
    yield "two constants", [5.0] * 50, [6.0] * 70
    yield "two values", random.integers(0, 2, 300), random.integers(0, 2, 200)
    yield "ties everywhere", random.integers(0, 5, 3000), random.integers(0, 6, 2000)
    yield "zeros of both signs", [0.0, -0.0, 1.0], [-0.0, 0.0, 2.0]
    yield "equal samples", np.arange(40), np.arange(40)
    yield "apart", np.arange(400), np.arange(1000, 1500)
    yield "of equal size", normal(size=700), normal(0.2, 1, 700)
    yield "of coprime sizes", normal(size=997), normal(0.1, 1, 1009)
    yield "of 10,000 and 9,999", normal(size=10000), normal(0.03, 1, 9999)
    yield "of 10,000 each", normal(size=10000), normal(0.03, 1, 10000)
    yield "the first beyond exactness", normal(size=10001), normal(0.03, 1, 2000)
    yield "many against one", normal(size=10001), [0.1]
    yield "many against three", normal(size=20000), [3.0, 3.1, 3.2]
    yield "many against 130", normal(size=20000), normal(0.1, 1, 130)
    yield "far apart, many", normal(size=20000), normal(0.4, 1, 15000)
    yield "p near 1", np.arange(30000) * 2.0, np.arange(30000) * 2.0 + 1
    yield "extremely small p", normal(size=4000), normal(1.5, 1, 4200)
    yield "denormals", np.arange(100) * 5e-324, np.arange(150) * 1e-323
    yield "large offset", 1e15 + random.integers(0, 100, 1000), 1e15 + random.integers(3, 110, 900)
    yield "heavy tails", random.standard_cauchy(5000), random.standard_cauchy(4000) * 1.1


def chi2_expected(reference, current):
    values = sorted(set(reference) | set(current))
    index = {v: i for i, v in enumerate(values)}
    table = np.zeros((2, len(values)))
    for side, sample in enumerate((reference, current)):
        for value in sample:
            table[side, index[value]] += 1
    statistic, p, df, _ = stats.chi2_contingency(table, correction=False)
    return statistic, df, p


def category_cases():
    random = np.random.default_rng(9)
    for name in ("home", "job", "marital", "records"):
        yield (name, *halves(real_columns("credit_data", [name])[name]))
    yield "one category", ["a"] * 5, ["a"] * 9
    yield "two categories", ["a"] * 5 + ["b"] * 7, ["a"] * 9 + ["b"]
    yield "nothing in common", ["a"] * 50, ["b"] * 40
    yield "one row each", ["a"], ["b"]
    yield "empty text", ["", "a", ""], ["a", "", "b"]
    yield "many", [f"c{v}" for v in random.zipf(1.3, 20000) % 5000], [f"c{v}" for v in random.zipf(1.32, 30000) % 5000]
    yield "long ones", ["x" * 3000 + str(v) for v in random.integers(0, 9, 900)], ["x" * 3000 + str(v) for v in random.integers(0, 8, 700)]
    yield "other alphabets", list("äöüßЖ日äöü"), list("日本äÄ")


def fill(database, kind, reference, current):
    database.table("samples", x=(kind, list(reference) + list(current)),
                   side=("boolean", [True] * len(reference) + [False] * len(current)))


def checks(database):
    for name, reference, current in numeric_cases():
        reference, current = np.asarray(reference, float), np.asarray(current, float)
        fill(database, "float8", reference, current)
        found = database.row("SELECT (k).*, (w).* FROM (SELECT riskml.ks_test(x, side) k, riskml.wasserstein_test(x, side) w FROM samples) t")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ks = stats.ks_2samp(reference, current)
        distance = stats.wasserstein_distance(reference, current)
        # the deviation in numpy's extended precision, as its own rounding is what differs for large offsets
        norm = max(float(np.std(reference.astype(np.longdouble))), 0.001)
        sizes = (len(reference), len(current))
        yield f"ks, {name}", near(found[0], ks.statistic, 1e-12, 1e-15) and near(found[1], ks.pvalue, 1e-9) and found[2:4] == sizes, (found, ks)
        yield f"wasserstein, {name}", near(found[4:6], (distance, distance / norm)) and found[6:] == sizes, (found, distance, norm)
    for name, reference, current in category_cases():
        fill(database, "text", reference, current)
        found = database.row("SELECT (riskml.chi2_test(x, side)).* FROM samples")
        statistic, df, p = chi2_expected(reference, current)
        yield f"chi2, {name}", near(found[0], statistic) and found[1] == df and near(found[2], p, 1e-9), (found, statistic, df, p)
    yield from infinite(database)


def infinite(database):
    """What scipy gives for infinite values: the same for the test, for the distance where it is a number."""
    inf = math.inf
    for name, reference, current, distance in (
            ("one side", [1.0, inf], [1.0, 2.0], inf), ("both, equal shares", [1.0, inf, -inf], [3.0, inf, -inf], 2 / 3),
            ("both, other shares", [1.0, inf], [inf, inf], inf), ("opposite", [-inf], [inf], inf), ("equal", [inf], [inf], 0.0)):
        fill(database, "float8", reference, current)
        found = database.row("SELECT (k).statistic, (k).p_value, (w).distance FROM (SELECT riskml.ks_test(x, side) k, riskml.wasserstein_test(x, side) w FROM samples) t")
        ks = stats.ks_2samp(reference, current)
        yield f"infinite, {name}", near(found, (ks.statistic, ks.pvalue, distance), 1e-12), (found, ks)
