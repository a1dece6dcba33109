"""Columns of the real data sets, and columns that are hostile."""
import csv
import os

import numpy as np

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data")


def column(name, field, kind=float):
    """A column of data/NAME.csv; what is empty is None."""
    with open(f"{DATA}/{name}.csv", newline="", encoding="utf-8") as file:
        return [kind(row[field]) if row[field] not in ("", "NA") else None for row in csv.DictReader(file)]


def hostile():
    """name → column of floats."""
    random = np.random.default_rng(8)
    return {
        "constant": [7.25] * 300,
        "one row": [3.0],
        "all null": [None] * 20,
        "nan only": [float("nan")] * 5,
        "infinities": [float("inf"), float("-inf"), float("inf"), 1.0, 2.0],
        "only infinities": [float("inf"), float("-inf")],
        "nulls, nan, infinities": [None, float("nan"), 1.0, float("inf"), -0.0, 0.0, float("-inf"), 2.5] * 40,
        "huge": [1e308, -1e308, 1.7976931348623157e308, -1.7976931348623157e308, 0.0] * 3,
        "greatest and its neighbour": [1.7976931348623157e308, 1.7976931348623155e308, 1.0] * 3,
        "subnormal": [5e-324, -5e-324, 1e-310, 2.2250738585072014e-308, 0.0, -0.0] * 5,
        "ties": [float(v) for v in random.integers(0, 3, 5000)],
        "two values": [0.0, 1.0] * 200,
        "nearly constant": [0.0] * 990 + [1.0] * 10,
        "cluster far away": list(1e9 + random.random(20000)),
        "all magnitudes": list(np.exp(random.normal(0, 150, 20000)) * random.choice([-1, 1], 20000)),
        "normal": list(random.normal(0, 1, 25000)),
        "integers": [float(v) for v in random.permutation(20000)],
    }
