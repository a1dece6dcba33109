#!/usr/bin/python3
"""`make bench-quality`: what it costs to judge a table by a suite.

    test/harness/bench.sh quality       (it runs this in a server with the settings of quality.conf)

A suite of 40 expectations on 1,000,000 rows beside a count of the columns that it touches, and beside the same 40 one by one;
regular expressions and uniqueness beside one query for each that one writes by hand.  The sides take turns; every count and
every observed value is compared with what plain SQL gives.  Prints the table and writes docs/results/quality.md of the
directory RISKML_TOP.
"""
import json
import math
import sys
import time

sys.dont_write_bytecode = True

from load import SELECTED       # noqa: E402
from measure import Session, in_turn        # noqa: E402
from report import Report       # noqa: E402
from table import Line, seconds      # noqa: E402

ROWS = 1_000_000
ROUNDS = 5


# ---- expectations: (type, kwargs, SQL of what must be found: an unexpected count, or what is observed)

def among(values):
    return "(" + ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values) + ")"


def not_null(column):
    return "expect_column_values_to_not_be_null", {"column": column}, f"count(*) - count({column})"


def between(column, low, high, **more):
    a, b = (f"'{v}'" if isinstance(v, str) else v for v in (low, high))
    return ("expect_column_values_to_be_between", {"column": column, "min_value": low, "max_value": high, **more},
            f"count(*) FILTER (WHERE {column} < {a} OR {column} > {b})")


def in_set(column, values):
    return ("expect_column_values_to_be_in_set", {"column": column, "value_set": values},
            f"count(*) FILTER (WHERE {column} NOT IN {among(values)})")


def not_in_set(column, values):
    return ("expect_column_values_to_not_be_in_set", {"column": column, "value_set": values},
            f"count(*) FILTER (WHERE {column} IN {among(values)})")


def length(column, low, high):
    return ("expect_column_value_lengths_to_be_between", {"column": column, "min_value": low, "max_value": high},
            f"count(*) FILTER (WHERE length({column}) NOT BETWEEN {low} AND {high})")


def aggregate(name, column, low, high):
    sql = {"mean": "avg", "stdev": "stddev_samp"}.get(name, name)
    return f"expect_column_{name}_to_be_between", {"column": column, "min_value": low, "max_value": high}, f"{sql}({column})"


def greater(a, b):
    return ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": a, "column_B": b, "ignore_row_if": "either_value_is_missing"},
            f"count(*) FILTER (WHERE NOT ({a} > {b}))")


FORTY = [
    *(not_null(c) for c in ("id", "customer", "opened_at", "due", "branch", "product", "currency", "amount", "balance", "rate", "late", "note")),
    between("amount", 0, 50_000), between("balance", 0, 30_000), between("rate", 0, 0.2), between("income", 0, 20_000), between("debt", 0, 30_000),
    between("score", 0, 1), between("age", 18, 80, mostly=0.9), between("term", 12, 360), between("late", 1, 45),
    between("due", "2025-01-01", "2026-12-31"), between("opened_at", "2024-01-01 00:00:00+00", "2024-12-31 00:00:00+00"),
    in_set("product", ["card", "loan", "lease", "mortgage"]), in_set("currency", ["EUR", "USD", "PLN"]), in_set("channel", ["web", "shop"]),
    not_in_set("region", ["region 99", "nowhere"]), not_in_set("age", [18, 19]),
    length("branch", 8, 10), length("currency", 3, 3), length("region", 8, 9),
    aggregate("min", "amount", 0, 100), aggregate("max", "score", 0.9, 1), aggregate("mean", "age", 40, 60), aggregate("sum", "amount", 0, 1e12),
    aggregate("stdev", "rate", 0, 1), aggregate("mean", "income", 0, 1e6),
    greater("amount", "balance"), greater("age", "late"),
    ("expect_table_row_count_to_be_between", {"min_value": ROWS, "max_value": ROWS}, "count(*)"),
]
TOUCHED = ["id", "customer", "opened_at", "due", "branch", "product", "currency", "amount", "balance", "rate", "income", "debt", "score", "age",
           "term", "late", "region", "channel", "note"]


def definition(name, expectations):
    return json.dumps({"name": name, "expectations": [{"type": kind, "kwargs": kwargs} for kind, kwargs, _ in expectations]})


class Side:
    """Suites, and statements whose time is measured; the result of each is compared."""

    def __init__(self, workers):
        self.session = Session(max_parallel_workers_per_gather=workers)

    def create(self, name, expectations):
        self.session.run("SELECT riskml.create_suite(%s, %s)", (name, definition(name, expectations)))

    def drop(self, name):
        self.session.run("SELECT riskml.drop_suite(%s)", (name,))

    def validate(self, *names):
        begin = time.monotonic()
        for name in names:
            self.session.run("SELECT riskml.validate('rows', %s)", (name,))
        return time.monotonic() - begin

    def check(self, name, expectations):
        result = self.session.ask("SELECT riskml.validate('rows', %s)", (name,))
        self.session.run("SELECT " + ", ".join(sql for _, _, sql in expectations) + " FROM rows")
        for entry, (kind, kwargs, _), wanted in zip(result["results"], expectations, self.session.cursor.fetchone(), strict=True):
            found = entry["result"].get("observed_value", entry["result"].get("unexpected_count"))
            if found is None or not math.isclose(float(found), float(wanted), rel_tol=1e-9):
                raise SystemExit(f"quality.py: {kind} {kwargs}: found {found}, not {wanted}")


# ---- lines

def forty_lines(workers):
    side = Side(workers)
    assert len(FORTY) == 40
    side.create("forty", FORTY)
    ones = [f"one{i}" for i in range(len(FORTY))]
    for name, expectation in zip(ones, FORTY):
        side.create(name, [expectation])
    side.check("forty", FORTY)
    counts = "SELECT " + ", ".join(f"count({c})" for c in TOUCHED) + " FROM rows"
    took = in_turn(ROUNDS, count=lambda: side.session.wall_of(counts), suite=lambda: side.validate("forty"),
                   single=lambda: side.validate(*ones))
    REPORT.say(f"{workers} workers: count {took['count']:.2f} s, suite {took['suite']:.2f} s, one by one {took['single']:.2f} s")
    how = f", {workers} parallel workers" if workers else ""
    must = not workers
    yield Line(f"a suite of 40 on {ROWS:,} rows × 20 columns, beside `SELECT count(c1), …` of the {len(TOUCHED)} columns that it touches{how}: its time",
               seconds(took["suite"]), seconds(took["count"]), took["suite"] / took["count"], must=3 if must else None, least=False)
    yield Line(f"the same, beside the 40 one query each{how}: its speed", seconds(took["suite"]), seconds(took["single"]),
               took["single"] / took["suite"], must=8 if must else None)
    for name in ["forty", *ones]:
        side.drop(name)
    side.session.close()


SINGLE = [
    ("a regular expression", [("expect_column_values_to_match_regex", {"column": "note", "regex": "^note, with a comma [0-9]+$"},
                               "count(*) FILTER (WHERE note !~ '^note, with a comma [0-9]+$')")], None),
    ("four regular expressions on two columns",
     [("expect_column_values_to_match_regex", {"column": c, "regex": r}, f"count(*) FILTER (WHERE {c} !~ '{r}')")
      for c, r in (("note", "[0-9]$"), ("note", "^note"), ("branch", "^branch [0-9]{1,3}$"), ("branch", "^branch [0-4]"))], None),
    ("uniqueness of a bigint", [("expect_column_values_to_be_unique", {"column": "id"},
                                 "(SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM rows GROUP BY id HAVING count(*) > 1) x)")],
     "SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM rows GROUP BY id HAVING count(*) > 1) x"),
    ("uniqueness of a text", [("expect_column_values_to_be_unique", {"column": "note"},
                               "(SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM rows GROUP BY note HAVING count(*) > 1) x)")],
     "SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM rows GROUP BY note HAVING count(*) > 1) x"),
    ("a median", [("expect_column_median_to_be_between", {"column": "income", "min_value": 0},
                   "percentile_cont(0.5) WITHIN GROUP (ORDER BY income)")], None),
]


def single_lines():
    side = Side(0)
    for what, expectations, query in SINGLE:
        side.create("single", expectations)
        side.check("single", expectations)
        queries = [query] if query else [f"SELECT {sql} FROM rows" for _, _, sql in expectations]
        took = in_turn(ROUNDS, hand=lambda q=queries: sum(side.session.wall_of(x) for x in q), suite=lambda: side.validate("single"))
        REPORT.say(f"{what}: suite {took['suite']:.2f} s, by hand {took['hand']:.2f} s")
        many = "queries" if len(queries) > 1 else "query"
        yield Line(f"{what}, beside the {many} for it: its time", seconds(took["suite"]), seconds(took["hand"]),
                   took["suite"] / took["hand"], least=False)
        side.drop("single")
    side.session.close()


EXPLANATION = f"""\
Medians of {ROUNDS} rounds in which the sides take turns, the table in memory, without parallel workers where nothing else is said. Each count
and each observed value is the one that plain SQL gives. The result is the suite's multiple of the other's time, or how many times faster it
is. Settings: `test/bench/quality.conf`."""
REPORT = Report("quality", EXPLANATION)


def main():
    session = Session()
    session.run(f"CREATE TABLE rows AS {SELECTED.format(rows=ROWS)}")
    session.run("VACUUM (FREEZE, ANALYZE) rows")
    for lines in (forty_lines(0), forty_lines(2), single_lines()):
        REPORT.rows.extend(lines)
    REPORT.write(session)


if __name__ == "__main__":
    main()
