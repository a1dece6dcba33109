#!/usr/bin/python3
"""`make bench-train`: what it costs to train in SQL.

    test/harness/bench.sh train      (it runs this in a server with the settings of train.conf)

1,000,000 rows of 30 columns, 100 trees of depth 6: CALL riskml.train_model() from its query to the stored version, beside
xgboost.train() on a DMatrix in memory, and beside the rows pulled by psycopg2 into a data frame and a DMatrix.  The sides take turns.  Prints the
table and writes docs/results/train.md of the directory RISKML_TOP.
"""
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True

import numpy as np      # noqa: E402
import xgboost as xgb   # noqa: E402

import data     # noqa: E402
from loading import SIGNATURE, binary_rows      # noqa: E402
from measure import Peak, Session, private_memory       # noqa: E402
from report import Report       # noqa: E402
from table import Line, seconds      # noqa: E402

ROWS, TREES, ROUNDS = 1_000_000, 100, 3
THREADS = os.cpu_count()
PARAMS = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": 6, "eta": 0.1, "nthread": THREADS}
QUERY = "SELECT * FROM loans"
HERE = os.path.dirname(os.path.abspath(__file__))

EXPLANATION = f"""\
{ROWS:,} rows of {data.FEATURES} columns (float8, 5 % of the values missing), {TREES} trees of depth 6, `hist`, {THREADS} threads on either side. Medians of {ROUNDS} rounds in which the sides
take turns, tables in memory; by the clock. "All but boosting" is the time of the CALL less that in which trees grew, so: the query, the
rows' way to the trainer, its matrix, baseline distributions, and the model's import with all that is stored. Python: `fetchall()` of psycopg2 into a
pandas data frame of float64, that into a DMatrix, once. Memory of the backend is what is private to it, above what it had before; that of the
trainer is the most that was resident, as of a Python process that loads the rows as a float32 array, makes a DMatrix, lets the array go and trains.
Threads wait without spinning, and both train at nice 10. Both models have the same margins, bit for bit. Settings: `test/bench/train.conf`."""
REPORT = Report("train", EXPLANATION)


# ---- data

def load(session, directory):
    """The table, and the same as arrays in files."""
    x = np.empty((ROWS, data.FEATURES), np.float32)
    y = np.empty(ROWS, np.float32)
    session.run("BEGIN")
    session.run(f"CREATE TABLE loans ({', '.join(f'{c} float8' for c in data.names(data.FEATURES))}, label float8)")
    for number in range(ROWS // data.SAMPLE):
        values, labels = data.portion(number)
        session.cursor.copy_expert("COPY loans FROM STDIN (FORMAT binary)", io.BytesIO(SIGNATURE + binary_rows(np.column_stack([values, labels])) + b"\xff\xff"))
        x[number * data.SAMPLE:(number + 1) * data.SAMPLE] = values
        y[number * data.SAMPLE:(number + 1) * data.SAMPLE] = labels
    session.run("COMMIT")
    session.run("VACUUM (FREEZE, ANALYZE) loans")
    np.save(f"{directory}/x.npy", x)
    np.save(f"{directory}/y.npy", y)
    return x


# ---- sides

def rival(*arguments, nice=0):
    """Its threads wait as those of the trainer do: they do not spin."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": str(THREADS)}
    done = subprocess.run([f"{HERE}/train_rival.py", *map(str, arguments)], stdout=subprocess.PIPE, env=environment, check=True, text=True,
                          preexec_fn=lambda: os.nice(nice))
    return json.loads(done.stdout)


class Resident(threading.Thread):
    """The most that a child of the backend has had resident (VmHWM)."""

    def __init__(self, parent):
        super().__init__(daemon=True)
        self.parent, self.most, self.stopped = parent, 0, threading.Event()
        self.start()

    def run(self):
        while not self.stopped.wait(0.02):
            try:
                with open(f"/proc/{self.parent}/task/{self.parent}/children") as file:
                    children = file.read().split()
                for child in children:
                    with open(f"/proc/{child}/comm") as file:
                        if file.read().strip() != "riskml_trainer":
                            continue
                    with open(f"/proc/{child}/status") as file:
                        self.most = max(self.most, next((int(line.split()[1]) for line in file if line.startswith("VmHWM")), 0))
            except OSError:
                pass

    def stop(self):
        self.stopped.set()
        self.join()
        return self.most


def ours(session, model):
    """One CALL: {seconds, rest (all but boosting), private (MB), resident (kB)}"""
    before = private_memory(session.pid)
    private, resident = Peak(session.pid), Resident(session.pid)
    begin = time.monotonic()
    session.run("CALL riskml.train_model(%s, %s, 'label', params => %s, num_boost_round => %s)", (model, QUERY, json.dumps(PARAMS), TREES))
    took = time.monotonic() - begin
    timings = session.ask("SELECT timings FROM riskml.trainings WHERE model = %s", (model,))
    found = {"seconds": took, "rest": took - timings["boost"], "private": private.stop() - before, "resident": resident.stop()}
    REPORT.say(f"riskml {took:.2f} s, of which boosting {timings['boost']:.2f}: {timings}, backend {found['private']:.0f} MB, trainer {found['resident'] / 1024:.0f} MB")
    return found


def theirs(directory):
    found = rival("train", f"{directory}/x.npy", f"{directory}/y.npy", json.dumps(PARAMS), TREES, f"{directory}/model.ubj", nice=10)     # as the trainer
    REPORT.say(f"xgboost.train() {found['seconds']:.2f} s, {found['peak'] / 1024:.0f} MB")
    return found


def compare(session, x, directory):
    session.run("SELECT risk_margin('loans0@1', t) FROM loans t LIMIT 50000")
    found = np.array(session.cursor.fetchall(), dtype=np.float32).ravel()
    booster = xgb.Booster(model_file=f"{directory}/model.ubj")
    wanted = booster.predict(xgb.DMatrix(x[:50000]), output_margin=True, validate_features=False)
    if (found.view(np.uint32) != wanted.view(np.uint32)).any():
        raise SystemExit("train.py: margins differ")


def lines(session, x, directory):
    sides = {"ours": [], "theirs": []}
    for turn in range(ROUNDS):
        sides["ours"].append(ours(session, f"loans{turn}"))
        sides["theirs"].append(theirs(directory))
    compare(session, x, directory)
    pulled = rival("pull", QUERY, THREADS)
    REPORT.say(f"pulled into Python: {pulled}")

    def median(side, what):
        return statistics.median(one[what] for one in sides[side])

    whole, rest, python = median("ours", "seconds"), median("ours", "rest"), median("theirs", "seconds")
    yield Line("`CALL riskml.train_model(…)`, beside `xgboost.train()` on a DMatrix in memory: its time", seconds(whole), seconds(python), whole / python, must=1.15, least=False)
    yield Line("all but boosting, beside psycopg2, pandas and DMatrix: its speed", seconds(rest), seconds(pulled["seconds"]), pulled["seconds"] / rest, must=8)
    private = max(one["private"] for one in sides["ours"])
    yield Line("private memory of the backend, at most", f"{private:.0f} MB", "", private, unit=" MB", must=100, least=False)
    resident, beside = (max(one[what] for one in sides[side]) / 1024 for side, what in (("ours", "resident"), ("theirs", "peak")))
    yield Line("memory of the trainer, beside that of Python", f"{resident:.0f} MB", f"{beside:.0f} MB", resident / beside, must=1.3, least=False)


def main():
    session = Session(max_parallel_workers_per_gather=0, synchronize_seqscans="off")      # rows in their order
    session.run("SELECT set_config('riskml.trainer_threads', %s, false)", (str(THREADS),))
    with tempfile.TemporaryDirectory() as directory:
        x = load(session, directory)
        REPORT.say(f"{ROWS:,} rows")
        REPORT.rows.extend(lines(session, x, directory))
    REPORT.write(session)


if __name__ == "__main__":
    main()
