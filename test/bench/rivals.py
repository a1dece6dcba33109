"""Rows of the table about what people do instead, all with model S, by the clock."""
import contextlib
import http.client
import io
import json
import math
import os
import socket
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import xgboost as xgb

import data
from measure import Session, in_turn, wall
from scans import scan
from table import faster

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = 3
UDF_ROWS, BATCH_ROWS, CASE_ROWS = 3_000, 100_000, 50_000
REQUESTS, BIG_REQUESTS, BIG = 500, 20, 1_000

PYTHON = """
CREATE EXTENSION plpython3u;
CREATE TABLE model_files (name text PRIMARY KEY, data bytea);
CREATE FUNCTION python_score({arguments}) RETURNS float8 LANGUAGE plpython3u STABLE AS $$
if "model" not in GD:
    import numpy, xgboost
    data = plpy.execute("SELECT data FROM model_files WHERE name = 'S'")[0]["data"]
    GD["model"] = xgboost.Booster({{"nthread": 1}}, model_file=bytearray(data))
    GD["row"] = numpy.empty((1, {features}), numpy.float32)
row = GD["row"]
row[0] = [float("nan") if value is None else value for value in args]
return float(GD["model"].inplace_predict(row)[0])
$$;
CREATE FUNCTION python_sum(rows int) RETURNS float8 LANGUAGE plpython3u AS $$
import numpy, xgboost
if "model" not in GD:
    data = plpy.execute("SELECT data FROM model_files WHERE name = 'S'")[0]["data"]
    GD["model"] = xgboost.Booster({{"nthread": 1}}, model_file=bytearray(data))
cursor, total = plpy.cursor("SELECT * FROM loans LIMIT %d" % rows), 0.0
while True:
    fetched = cursor.fetch(10000)
    if not fetched:
        return total
    batch = numpy.array([list(row.values()) for row in fetched], dtype=float)
    total += float(GD["model"].inplace_predict(batch).sum(dtype=float))
$$;
"""


def agree(what, found, expected):
    if not np.isclose(found, expected, rtol=1e-4):
        raise SystemExit(f"score.py: {what}: scores sum to {found!r}, expected {expected!r}")


class Rivals:
    """A session, the model, and what the first n scores sum to."""

    def __init__(self, bench):
        self.bench, self.session = bench, Session()
        self.path = bench.models["S"][0]
        self.booster = xgb.Booster({"nthread": 1}, model_file=self.path)

    def expected(self, n):
        return float(self.booster.inplace_predict(self.bench.x[:n]).sum(dtype=float))

    def in_sql(self):
        return self.session.wall_of(scan("S")) / self.bench.rows

    def beside_scan(self, what, theirs, rows):
        """A row: what `theirs()` takes for so many rows, beside our scan of the table."""
        took = in_turn(ROUNDS, theirs=lambda: wall(theirs) / rows, ours=self.in_sql)
        return faster(what, 1e9 * took["ours"], 1e9 * took["theirs"], note=f" ({rows:,} rows)")


# ---- Python in the server, and outside

def plpython_rows(rivals):
    session, columns = rivals.session, data.names(data.FEATURES)
    session.run(PYTHON.format(arguments=", ".join(f"{c} float8" for c in columns), features=data.FEATURES))
    with open(rivals.path, "rb") as file:
        session.run("INSERT INTO model_files VALUES ('S', %s::bytea)", (file.read(),))
    udf, batch = min(UDF_ROWS, rivals.bench.rows), min(BATCH_ROWS, rivals.bench.rows)
    per_row = f"SELECT sum(python_score({', '.join(columns)})) FROM (SELECT * FROM loans LIMIT {udf}) t"
    batches = f"SELECT python_sum({batch})"
    agree("plpython3u", session.ask(per_row), rivals.expected(udf))
    agree("plpython cursor", session.ask(batches), rivals.expected(batch))
    yield rivals.beside_scan("S: beside a plpython3u function called per row", lambda: session.run(per_row), udf)
    yield rivals.beside_scan("S: beside a plpython cursor in batches of 10,000", lambda: session.run(batches), batch)


def copy_row(rivals):
    """Both sides read a table with a key and write keys and scores to another."""
    session, rows = rivals.session, rivals.bench.keyed
    session.run("CREATE TABLE scored (id int, score float8)")

    def theirs():
        out, back = io.BytesIO(), io.StringIO()
        session.run("TRUNCATE scored")
        session.cursor.copy_expert("COPY keyed TO STDOUT (FORMAT csv, HEADER)", out)
        out.seek(0)
        frame = pd.read_csv(out)
        scores = rivals.booster.inplace_predict(frame.drop(columns="id").to_numpy(np.float32))
        pd.DataFrame({"id": frame["id"], "score": scores}).to_csv(back, header=False, index=False)
        back.seek(0)
        session.cursor.copy_expert("COPY scored FROM STDIN (FORMAT csv)", back)

    def ours():
        session.run("TRUNCATE scored")
        session.run("INSERT INTO scored SELECT id, risk_score('S', k) FROM keyed k")
    for side in (theirs, ours):
        side()
        agree("COPY", session.ask("SELECT sum(score) FROM scored"), rivals.expected(rows))
    took = in_turn(ROUNDS, theirs=lambda: wall(theirs) / rows, ours=lambda: wall(ours) / rows)
    yield faster("S: `INSERT … SELECT id, risk_score(…)` beside COPY → pandas → xgboost → COPY",
                 1e9 * took["ours"], 1e9 * took["theirs"], note=f" ({rows:,} rows)")


# ---- a service

@contextlib.contextmanager
def service(model):
    """uvicorn with service.py on a free port of the loopback interface: a connection to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "uvicorn", "service:app", "--app-dir", HERE, "--host", "127.0.0.1",
                               "--port", str(port), "--log-level", "warning", "--no-access-log"],
                              env={**os.environ, "MODEL": model, "PYTHONDONTWRITEBYTECODE": "1"})
    try:
        yield answering(server, port)
    finally:
        server.terminate()
        server.wait()


def answering(server, port):
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.connect()
            return connection
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit("score.py: uvicorn does not answer")


def request(connection, rows):
    """Scores of rows that are lists of numbers and None."""
    connection.request("POST", "/score", json.dumps({"rows": rows}), {"Content-Type": "application/json"})
    return json.load(connection.getresponse())["scores"]


def service_rows(rivals):
    """Rows that the client has in memory, beside rows that the server looks up by key and scores."""
    session, n = rivals.session, min(BIG_REQUESTS * BIG, rivals.bench.keyed)
    rows = [[None if value != value else value for value in row] for row in rivals.bench.x[:n].tolist()]
    session.run("PREPARE one (int) AS SELECT risk_score('S', k) FROM keyed k WHERE id = $1")
    session.run("PREPARE many (int) AS SELECT risk_score('S', k) FROM keyed k WHERE id BETWEEN $1 AND $1 + 999")

    def lookups(statement, starts):
        total = 0.0
        for start in starts:
            session.run(f"EXECUTE {statement} ({start + 1})")
            total += sum(score for score, in session.cursor.fetchall())
        return total

    with service(rivals.path) as connection:
        for size, statement, what in ((1, "one", "1 row"), (BIG, "many", "1,000 rows")):
            starts = range(0, REQUESTS if size == 1 else n - n % BIG, size)
            count = len(starts) * size

            def posts():
                return sum(sum(request(connection, rows[start:start + size])) for start in starts)
            for total in (posts(), lookups(statement, starts)):
                agree("service", total, rivals.expected(count))
            took = in_turn(ROUNDS, theirs=lambda: wall(posts) / count,
                           ours=lambda: wall(lambda: lookups(statement, starts)) / count)
            yield faster(f"S: prepared lookups by key of {what} beside FastAPI + uvicorn, {what} per request",
                         1e9 * took["ours"], 1e9 * took["theirs"], note=f" ({count:,} rows)")


# ---- SQL

def case_of(tree, node=0):
    """A tree as nested CASE; NULL < x is not true, so missing values go right where nothing is said."""
    left, right = tree["left_children"][node], tree["right_children"][node]
    value = f"'{tree['split_conditions'][node]!r}'::real"
    if left == -1:
        return value
    column = f"c{tree['split_indices'][node] + 1}"
    missing = f"{column} IS NULL OR " if tree["default_left"][node] else ""
    return f"CASE WHEN {missing}{column} < {value} THEN {case_of(tree, left)} ELSE {case_of(tree, right)} END"


def case_row(rivals):
    learner = json.loads(rivals.booster.save_raw("json"))["learner"]
    base = float(learner["learner_model_param"]["base_score"])
    trees = " + ".join(case_of(tree) for tree in learner["gradient_booster"]["model"]["trees"])
    columns = ", ".join(f"{c}::real AS {c}" for c in data.names(data.FEATURES))
    rows = min(CASE_ROWS, rivals.bench.rows)
    margin = f"'{math.log(base / (1 - base))!r}'::real + {trees}"
    rivals.session.run(f"PREPARE cases AS SELECT sum(1 / (1 + exp(-({margin})::float8)))"
                       f" FROM (SELECT {columns} FROM loans LIMIT {rows}) t")
    agree("CASE", rivals.session.ask("EXECUTE cases"), rivals.expected(rows))
    yield rivals.beside_scan("S: beside generated SQL, a CASE per tree, prepared, jit off",
                             lambda: rivals.session.run("EXECUTE cases"), rows)


def rival_rows(bench):
    rivals = Rivals(bench)
    yield from plpython_rows(rivals)
    yield from copy_row(rivals)
    yield from service_rows(rivals)
    yield from case_row(rivals)
