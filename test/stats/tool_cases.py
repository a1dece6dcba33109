"""Samples on which statistics of named tools are compared: what make_tool_fixtures.py runs the tools on, and check_tools.py us.

Only the plainest of random numbers are used, which every version of Python gives alike.
"""
import csv
import hashlib
import math
import os
import random

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
INF, NAN = math.inf, math.nan


def real(name, column):
    """A column's present values in the order of the file, by halves."""
    with open(f"{ROOT}/data/{name}.csv", newline="") as file:
        values = [row[column] for row in csv.DictReader(file) if row[column] not in ("", "NA")]
    return values[:len(values) // 2], values[len(values) // 2:]


def numeric():
    r = random.Random(8)
    normal = lambda n, mean=0.0, deviation=1.0: [r.gauss(mean, deviation) for _ in range(n)]
    counts = lambda n, values: [float(int(r.random() * values)) for _ in range(n)]
    for data, column in (("credit_data", "income"), ("credit_data", "age"), ("credit_data", "amount"), ("credit_data", "seniority"),
                         ("lending_club", "annual_inc"), ("lending_club", "int_rate"), ("lending_club", "revol_util"), ("lending_club", "delinq_2yrs")):
        yield f"{data}.{column}", *[[float(v) for v in half] for half in real(data, column)]
    yield "normal", normal(500), normal(400, 0.3)
    yield "scores", [round(v) for v in normal(2000, 600, 60)], [round(v) for v in normal(1500, 590, 70)]
    yield "scores, wide", normal(900, 600, 200), normal(700, 610, 30)
    yield "scores at breaks", [50.0 * v for v in counts(300, 15)], [50.0 * v for v in counts(200, 14)] + [700.0] * 3
    yield "negative scores", normal(300, -100, 80), normal(300, -120, 90)
    yield "shares", counts(300, 1000) and [r.random() for _ in range(300)], [r.random() ** 2 for _ in range(200)]
    yield "equal samples", normal(200) * 2, []
    yield "20 different values", [float(i % 20) for i in range(200)], [float(i % 23) for i in range(170)]
    yield "21 different values", [float(i % 21) for i in range(200)], [float(i % 23) for i in range(170)]
    yield "10 different values", [float(i % 10) for i in range(200)], [float(i % 7) for i in range(170)]
    yield "11 different values", [float(i % 10) for i in range(200)], [float(i % 11) for i in range(170)]
    yield "few against many", counts(300, 5), normal(400)
    yield "many against few", normal(400), counts(300, 5)
    yield "two values", counts(300, 2), counts(200, 2)
    yield "nothing in common", normal(300), normal(300, 100)
    yield "beyond the reference", normal(1000), normal(1000, 0, 3)
    yield "rare values", [0.0] * 19990 + [float(i) for i in range(10)], [0.0] * 100 + [1.0, 30.0]
    yield "rare bins", normal(30000) + [9.0, 9.1, -8.0], normal(200)
    yield "skewed", [math.exp(v) for v in normal(3000, 0, 1.5)], [math.exp(v) for v in normal(3000, 0.1, 1.4)]
    yield "constant", [5.0] * 50, [5.0] * 70
    yield "two constants", [5.0] * 50, [6.0] * 70
    yield "one row each", [1.0], [2.0]
    yield "two rows each", [1.0, 2.0], [2.0, 3.0]
    yield "one row against many", [1.0], normal(100)
    yield "many against one row", normal(100), [1.0]
    yield "ties at edges", [i / 8 for i in range(65)] * 3, [i / 8 for i in range(0, 65, 2)] * 4
    yield "large", [v * 1e150 for v in normal(200)], [v * 1e150 for v in normal(150, 0.2)]
    yield "beyond double", [-1.7e308, 1.7e308] + [v * 1e307 for v in normal(200)], [v * 1e307 for v in normal(150, 0.2)]
    yield "denormal", [i * 5e-324 for i in range(100)], [i * 1e-323 for i in range(60)]
    yield "large offset", [1e9 + v for v in normal(400)], [1e9 + v for v in normal(300, 0.2)]
    yield "NaN", normal(100) + [NAN] * 7, normal(90) + [NAN] * 11
    yield "infinite, current", normal(100), normal(90) + [INF, INF, -INF]
    yield "infinite, reference", normal(100) + [INF], normal(90)
    yield "infinite, few values", [1.0, 2.0, INF] * 5, [1.0, 2.0, 2.0, -INF] * 5
    yield "only NaN", [NAN] * 5, normal(90)
    for n in (63, 64, 65, 127, 128, 129):
        yield f"{n} rows together", normal(n - 30), normal(30)


def categories():
    r = random.Random(9)
    skewed = lambda n, k: [f"c{int(k * r.random() ** 3)}" for _ in range(n)]
    for column in ("home", "job", "marital", "records"):
        yield f"credit_data.{column}", *real("credit_data", column)
    for column in ("sub_grade", "addr_state", "verification_status"):
        yield f"lending_club.{column}", *real("lending_club", column)
    yield "one category", ["a"] * 5, ["a"] * 9
    yield "equal shares", ["a", "b", "c"] * 7, ["a", "b", "c"] * 11
    yield "unseen before", ["a", "b"] * 20, ["a", "b", "c"] * 10
    yield "seen no more", ["a", "b", "c"] * 20, ["a", "b"] * 10
    yield "nothing in common", ["a"] * 20, ["b"] * 10
    yield "one row each", ["a"], ["b"]
    yield "empty text", ["", "a", ""], ["a", "", "b"]
    yield "rare", ["a"] * 30000 + ["b"] * 2, ["a"] * 500 + ["c"]
    yield "ten", [f"c{i % 10}" for i in range(99)], [f"c{i % 9}" for i in range(80)]
    yield "eleven", [f"c{i % 11}" for i in range(99)], [f"c{i % 9}" for i in range(80)]
    yield "many", skewed(20000, 3000), skewed(15000, 3100)


def cases():
    for kind, samples in (("float8", numeric()), ("text", categories())):
        for name, reference, current in samples:
            if not current:
                reference, current = reference[:len(reference) // 2], reference[len(reference) // 2:]
            yield kind, name, reference, current


def digest(reference, current):
    return hashlib.sha256(repr((reference, current)).encode()).hexdigest()[:16]
