#!/usr/bin/python3
"""`make bench-explain`: what contributions cost, beside libxgboost's pred_contribs.

    test/harness/bench.sh explain      (it runs this in a server)

Models S, M and L of data.py on its rows.  Exact and approximate contributions, all rows in one
statement beside one predict() of a DMatrix that is there, and a statement for each row beside a
predict() of a DMatrix of that row that is there; processor time of the backend and of this
process, one thread each, in turn.  What both sides give is compared.  Prints the table and writes
docs/results/explain.md of the directory RISKML_TOP.
"""
import os
import sys
import time

sys.dont_write_bytecode = True
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np      # noqa: E402
import psycopg2         # noqa: E402
import xgboost as xgb   # noqa: E402

import data     # noqa: E402
from measure import Session, in_turn       # noqa: E402
from report import Report       # noqa: E402
from table import Row      # noqa: E402

ROUNDS = 5
ROWS = {"S": 400, "M": 80, "L": 16}     # an hour would not do for more of libxgboost's
MORE = 8        # times as many rows on our side, where a row takes so much less
SERIAL = {"max_parallel_workers_per_gather": 0}
REPORT = Report("explain", f"""Models S (100 trees of depth 6), M (500 of 6) and L (1,000 of 8), 30 features, 5 % of the values missing; libxgboost {xgb.__version__}, one thread.
Processor time per row, medians of {ROUNDS} rounds in which the sides take turns. All rows at once: `SELECT sum((risk_contributions(model, t))[1])` over
a table, scan and matching of columns included, beside one `predict(pred_contribs=True)` of a DMatrix that is there. One row: a prepared statement for each
row, found by its key, beside a `predict()` for each, of a DMatrix of one row that is there. Contributions agree within 1e-5 + 1e-4 relative, and add up to the
margin within 1e-4, or there would be no table. The result is how many times faster riskml is.""")


def create(session, models):
    x, _ = data.portion(1)
    x = x[:max(ROWS.values()) * MORE]
    columns = data.names(data.FEATURES)
    session.run(f"CREATE TABLE bench (id int PRIMARY KEY, {', '.join(c + ' float8' for c in columns)})")
    for first in range(0, len(x), 500):
        values = ",".join("(" + ",".join([str(first + i), *("NULL" if np.isnan(v) else repr(float(v)) for v in row)]) + ")"
                          for i, row in enumerate(x[first:first + 500]))
        session.run("INSERT INTO bench VALUES " + values)
    session.run("VACUUM ANALYZE bench")
    for name, (path, _) in models.items():
        with open(path, "rb") as file:
            session.run("SELECT riskml.import_model(%s, %s)", (name, psycopg2.Binary(file.read())))
    return x


class Library:
    """libxgboost's side."""

    def __init__(self, path, rows):
        self.booster = xgb.Booster({"nthread": 1}, model_file=path)
        names = data.names(data.FEATURES)
        self.rows = len(rows)
        self.whole = xgb.DMatrix(rows, feature_names=names)
        self.single = [xgb.DMatrix(rows[i:i + 1], feature_names=names) for i in range(len(rows))]

    def contributions(self, approximate):
        return self.booster.predict(self.whole, pred_contribs=True, approx_contribs=approximate).astype(np.float64)

    def batch(self, approximate):
        begin = time.process_time()
        self.contributions(approximate)
        return (time.process_time() - begin) / self.rows * 1e9

    def one_by_one(self, approximate):
        begin = time.process_time()
        for row in self.single:
            self.booster.predict(row, pred_contribs=True, approx_contribs=approximate)
        return (time.process_time() - begin) / self.rows * 1e9


def check(session, name, library, approximate):
    session.run(f"SELECT risk_contributions('{name}', t, 0, %s), risk_margin('{name}', t) FROM bench t WHERE id < %s ORDER BY id",
                (approximate, library.rows))
    found = session.cursor.fetchall()
    ours = np.array([values for values, _ in found])
    theirs = library.contributions(approximate)
    wrong = (np.abs(ours - theirs) > 1e-5 + 1e-4 * np.abs(theirs)).sum()
    off = np.abs(ours.sum(axis=1) - np.array([margin for _, margin in found])).max()
    if wrong or off > 1e-4:
        raise SystemExit(f"explain.py: model {name}: {wrong} contributions differ, sums are up to {off} off")


def lines(session, name, path, x):
    n = ROWS[name]
    library = Library(path, x[:n].astype(np.float32))
    for approximate in (False, True):
        check(session, name, library, approximate)
        call = f"risk_contributions('{name}', t, 0, {approximate})"
        session.run(f"PREPARE one_{name}_{approximate} (int) AS SELECT {call} FROM bench t WHERE id = $1")

        def batch():
            more = n * MORE
            return session.cpu_of(f"SELECT sum(({call})[1]) FROM bench t WHERE id < {more}") / more * 1e9

        def one_by_one():
            begin = session.cpu()
            for i in range(n):
                session.run(f"EXECUTE one_{name}_{approximate} ({i})")
            return (session.cpu() - begin) / n * 1e9

        kind = "approximate" if approximate else "exact"
        for what, ours, theirs, must in (("one row", one_by_one, library.one_by_one, 10), ("all rows at once", batch, library.batch, 5)):
            found = in_turn(ROUNDS, ours=ours, theirs=lambda theirs=theirs: theirs(approximate))
            yield Row(f"{name}: {kind}, {what}", f"{found['ours'] / 1e3:,.1f} µs", f"{found['theirs'] / 1e3:,.1f} µs",
                      found["theirs"] / found["ours"], must=None if approximate else must, aim=None if approximate else 20)
            REPORT.say(f"{name}, {kind}, {what}: {found['theirs'] / found['ours']:.1f} times")


def main():
    session = Session(**SERIAL)
    models = {name: found for name, found in data.models(os.path.join(os.environ["RISKML_TOP"], "build", "bench")).items() if name in ROWS}
    x = create(session, models)
    for name, (path, _) in models.items():
        REPORT.rows.extend(lines(session, name, path, x))
    REPORT.write(session)


if __name__ == "__main__":
    main()
