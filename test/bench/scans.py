"""Rows of the table about whole scans: SELECT sum(risk_score(model, t)) in processor time of one core."""
import os
import subprocess
import threading
import time

import numpy as np
import xgboost as xgb

import data
from measure import Session, in_turn
from table import Row, faster, skipped

# libxgboost scores fewer rows with the larger models, or it would take minutes
ROUNDS = {"S": 5, "M": 3, "L": 3}
PARALLEL_ROUNDS = 11
LIBRARY_ROWS = {"S": 1_000_000, "M": 500_000, "L": 100_000}
CHECKED = 5_000
MUST = {"S": (3.6, 4.2), "M": (6.3, 8), "L": (7.3, 9)}
NAMES = {"inplace": "inplace_predict", "matrix": "predict of a DMatrix"}
MUST_WITHOUT_AVX512 = {"S": 2.4, "M": 3}


def scan(model, table="loans"):
    return f"SELECT sum(risk_score('{model}', t)) FROM {table} t"


def cpu_of(work):
    begin = time.process_time()
    work()
    return time.process_time() - begin


class Library:
    """libxgboost with one thread on float32 rows in RAM, by the fastest of its ways to predict."""

    def __init__(self, path, x):
        self.path, self.x = path, x
        few = self.x[:20_000]
        few_as_matrix = self.to_matrix(few)
        tried = in_turn(3, inplace=lambda: self.inplace(few), matrix=lambda: self.matrix(few_as_matrix))
        self.way = min(tried, key=tried.get)
        self.note = (f"{NAMES[self.way]}; on {len(few):,} rows "
                     + ", ".join(f"{NAMES[way]} {1e9 * value:,.0f} ns" for way, value in tried.items()))

    def booster(self):
        """A new one, for a Booster keeps its predictions for a DMatrix; configured by a first row."""
        booster = xgb.Booster({"nthread": 1}, model_file=self.path)
        booster.inplace_predict(self.x[:1])
        return booster

    def inplace(self, rows):
        booster = self.booster()
        return cpu_of(lambda: booster.inplace_predict(rows)) / len(rows)

    def matrix(self, matrix):
        booster = self.booster()
        return cpu_of(lambda: booster.predict(matrix)) / matrix.num_row()

    def to_matrix(self, rows):
        return xgb.DMatrix(rows, feature_names=data.names(rows.shape[1]), nthread=1)

    def prepare(self):
        """A function that scores all rows once: seconds of processor time per row."""
        if self.way == "inplace":
            return lambda: self.inplace(self.x)
        matrix = self.to_matrix(self.x)
        return lambda: self.matrix(matrix)

    def margins(self, n):
        return self.booster().inplace_predict(self.x[:n], predict_type="margin")


def check(session, model, library, table="loans"):
    """Both sides score the same rows: the sum of margins is the same to the last bit."""
    rows = min(CHECKED, len(library.x))
    ours = session.ask(f"SELECT sum(risk_margin('{model}', t)) FROM (SELECT * FROM {table} LIMIT {rows}) t")
    theirs = float(np.add.accumulate(library.margins(rows).astype(np.float64))[-1])
    if ours != theirs:
        raise SystemExit(f"score.py: model {model}: margins sum to {ours!r}, those of libxgboost to {theirs!r}")
    plan = session.text("EXPLAIN (VERBOSE, COSTS off) " + scan(model, table))
    if "score_columns(" not in plan:
        raise SystemExit("score.py: the planner did not rewrite the call:\n" + plan)


def best_without_avx512(session):
    """The last of the kernels, each better than those before, that needs no AVX-512; None if it is the reference."""
    known = session.ask("SELECT enumvals FROM pg_settings WHERE name = 'riskml.kernel'")
    names = [name for name in known if name not in ("auto", "scalar") and "512" not in name]
    return names[-1] if names else None


def create_noop(session):
    folder = os.path.dirname(os.path.abspath(__file__))
    subprocess.run(["make", "-s", "-C", folder, "noop.so"], check=True, stdout=subprocess.DEVNULL)
    types = ", ".join(["float8"] * data.FEATURES)
    session.run(f"CREATE FUNCTION noop({types}) RETURNS float8 AS '{folder}/noop' LANGUAGE C STABLE PARALLEL SAFE")


def model_rows(bench, model):
    """The scan with one model beside libxgboost; without AVX-512; beside a function that does nothing."""
    session, slower = Session(), Session()
    library = Library(bench.models[model][0], bench.x[:LIBRARY_ROWS[model]])
    check(session, model, library)
    kernel = best_without_avx512(session) if model in MUST_WITHOUT_AVX512 else None
    sides = {"ours": lambda: session.cpu_of(scan(model)) / bench.rows, "library": library.prepare()}
    if kernel:
        slower.run(f"SET riskml.kernel = {kernel}")
        check(slower, model, library)
        sides["slower"] = lambda: slower.cpu_of(scan(model)) / bench.rows
    if model == "S":
        create_noop(session)
        nothing = f"SELECT sum(noop({', '.join(data.names(data.FEATURES))})) FROM loans t"
        sides["nothing"] = lambda: session.cpu_of(nothing) / bench.rows
    took = {side: 1e9 * value for side, value in in_turn(ROUNDS[model], **sides).items()}
    must, aim = MUST[model] if bench.vbmi else (None, None)
    rows = f"; here {len(library.x):,} rows" if len(library.x) < bench.rows else ""
    yield faster(f"{model}: `{scan(model)}`, one core, beside libxgboost's batch in RAM",
                 took["ours"], took["library"], must, aim, f" ({library.note}{rows})")
    if model == "S":
        yield Row("S: the same beside a C function that does nothing with the 30 columns",
                  f"{took['ours']:,.0f} ns", f"{took['nothing']:,.0f} ns", took["ours"] / took["nothing"],
                  must=2.6 if bench.vbmi else None, aim=2.1 if bench.vbmi else None, least=False)
    if kernel:
        yield faster(f"{model}: the same without AVX-512 (`riskml.kernel = {kernel}`), beside libxgboost's batch",
                     took["slower"], took["library"], MUST_WITHOUT_AVX512[model])
    elif model in MUST_WITHOUT_AVX512:
        yield skipped(f"{model}: the same without AVX-512", "skipped: this build has no such kernel")
    session.close()
    slower.close()


def wide_row(bench):
    """500 features beside 30, both of models with 100 trees of depth 6, per column that the model reads."""
    session = Session()
    check(session, "W", Library(bench.models["W"][0], bench.wide), "wide")
    read = {model: len(xgb.Booster(model_file=bench.models[model][0]).get_score()) for model in "SW"}
    took = in_turn(7, wide=lambda: session.cpu_of(scan("W", "wide")) / len(bench.wide) / read["W"],
                   ours=lambda: session.cpu_of(scan("S")) / bench.rows / read["S"])
    wide, ours = 1e9 * took["wide"], 1e9 * took["ours"]
    session.close()
    return Row(f"a row of 500 features ({read['W']} read by the model, {len(bench.wide):,} rows) beside one of 30, "
               "per column read",
               f"{wide:.1f} ns", f"{ours:.1f} ns", wide / ours, must=1.1, least=False)


def at_once(sessions, query):
    """Seconds until all sessions have run it."""
    threads = [threading.Thread(target=session.run, args=(query,)) for session in sessions]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - begin


def parallel_rows(bench, model):
    """Two workers beside one, the leader only collecting (parallel_leader_participation off), by the clock;
    and what two sessions that have nothing to do with each other get of the two cores meanwhile."""
    # both plans ask for two workers; a plan for one would not be cheaper than none
    sessions = {n: Session(max_parallel_workers_per_gather=2, max_parallel_workers=n,
                           parallel_leader_participation="off", parallel_setup_cost=0, parallel_tuple_cost=0,
                           min_parallel_table_scan_size=0) for n in (1, 2)}
    for n, session in sessions.items():
        plan = session.text("EXPLAIN (ANALYZE, COSTS off, TIMING off) " + scan(model))
        if f"Workers Launched: {n}" not in plan:
            raise SystemExit(f"score.py: not {n} workers:\n{plan}")
    pair = [Session(), Session()]
    took = in_turn(PARALLEL_ROUNDS, one=lambda: sessions[1].wall_of(scan(model)),
                   two=lambda: sessions[2].wall_of(scan(model)),
                   alone=lambda: pair[0].wall_of(scan(model)), pair=lambda: at_once(pair, scan(model)))
    for session in [*sessions.values(), *pair]:
        session.close()
    yield Row(f"{model}: 2 parallel workers beside 1 (`parallel_leader_participation` off)",
              f"{1e3 * took['two']:,.0f} ms", f"{1e3 * took['one']:,.0f} ms", took["one"] / took["two"],
              must=1.8, aim=1.9)
    yield Row("what the two cores give: two sessions at once, a scan each, beside one after the other",
              f"{1e3 * took['pair']:,.0f} ms", f"{2e3 * took['alone']:,.0f} ms", 2 * took["alone"] / took["pair"])
