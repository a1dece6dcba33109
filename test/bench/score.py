#!/usr/bin/python3
"""`make bench`: what scoring in SQL costs, beside XGBoost and what people do instead. One table.

    test/harness/bench.sh score         (it runs this in a server with the settings of score.conf)

Makes rows and models (data.py), has riskml and its rivals take turns, and prints medians with
their ratio and the limits for it. ROWS in the environment: of the table (1,000,000). A run with
the default also writes docs/results/bench.md and the short table in README.md of the directory
RISKML_TOP; one with fewer rows writes build/bench/bench.md there.
"""
import datetime
import os
import platform
import signal
import sys
import time

sys.dont_write_bytecode = True
os.environ["OMP_NUM_THREADS"] = "1"     # libxgboost's own default for scoring; data.py trains with all

import fastapi          # noqa: E402
import numpy as np      # noqa: E402
import pandas           # noqa: E402
import uvicorn          # noqa: E402
import xgboost as xgb   # noqa: E402

import clients          # noqa: E402
import data             # noqa: E402
import loading          # noqa: E402
import machine          # noqa: E402
import rivals           # noqa: E402
import scans            # noqa: E402
import table            # noqa: E402
from measure import Session     # noqa: E402

ROWS, KEYED, WIDE_ROWS = 1_000_000, 100_000, 20_000
TOP = os.environ.get("RISKML_TOP", data.TOP)
BEGIN, END = "<!-- bench: written by make bench -->", "<!-- /bench -->"


class Bench:
    """What all measurements share: the rows, the models, and the server filled with them."""

    def __init__(self, rows):
        self.rows, self.keyed = rows, min(KEYED, rows)
        self.vbmi = "avx512vbmi" in machine.processor()[1]
        self.models = data.models(os.path.join(TOP, "build", "bench"))
        session = Session()
        self.x = loading.load_table(session, "loans", rows, data.FEATURES)
        self.wide = loading.load_table(session, "wide", min(WIDE_ROWS, rows), data.WIDE)
        loading.load_keyed(session, self.keyed)
        for name, (path, _) in self.models.items():
            loading.import_model(session, name, path)
        # for promotions: version 2 of S, a tree shorter
        loading.import_model(session, "S", self.models["S"][0], '{"iterations": [0, 99]}')
        # the registry as it is in a server that is not minutes old
        session.run("VACUUM ANALYZE")
        session.run("CHECKPOINT")
        self.version = session.ask("SHOW server_version")
        session.close()


def kernel_rows(bench):
    try:
        from kernel_rows import kernel_rows as rows
    except ImportError:
        yield table.skipped("kernels only", "skipped: this build has no test/bench/kernels.py")
        return
    yield from rows(bench)


def measurements(bench):
    for model in "SML":
        yield from scans.model_rows(bench, model)
    yield from kernel_rows(bench)
    yield scans.wide_row(bench)
    for model in "SM":
        yield from scans.parallel_rows(bench, model)
    yield from clients.client_rows(bench)
    yield from rivals.rival_rows(bench)


def circumstances(bench, seconds):
    """Machine, versions, commit."""
    nodes = "; ".join(f"{name} {data.KINDS[name].trees} × depth {data.KINDS[name].depth}, {count:,} nodes"
                      for name, (_, count) in bench.models.items())
    return [
        f"* {machine.hardware()},"
        f" {'with AVX-512 VBMI' if bench.vbmi else 'without AVX-512 VBMI: its limits do not apply'};"
        f" Linux {platform.release()};"
        f" load before: {bench.load:.2f}",
        f"* riskml {os.environ.get('RISKML_COMMIT', 'unknown')}, PostgreSQL {bench.version}, gcc {machine.gcc_version()},"
        f" libxgboost {xgb.__version__}, Python {platform.python_version()}, numpy {np.__version__},"
        f" pandas {pandas.__version__}, FastAPI {fastapi.__version__}, uvicorn {uvicorn.__version__}",
        f"* {bench.rows:,} rows × {data.FEATURES} float8, {100 * data.MISSING:g} % NULL, in memory",
        f"* models, trained on a sample of {data.SAMPLE:,} rows: {nodes}, over {data.WIDE} features",
        f"* measured in {seconds:.0f} s",
    ]


EXPLANATION = """\
Each line compares two sides that took turns in one run: medians, per row where the unit is ns. `result` is how many
times faster riskml is; where its limit is a ≤, the multiple, or the difference, that riskml needs. Scans on one core
are measured in processor time of the process that works, all else by the clock. libxgboost runs with one thread on
float32 rows that are in its memory already, by the faster of its ways to predict. Lines without a limit are for
comparison. Before it is measured, what a side computes is compared with libxgboost: the scans' margins to the last
bit."""


def document(bench, rows, seconds):
    return "\n".join(["# make bench", "", f"Written by `make bench` on {datetime.date.today()}.", "",
                      *circumstances(bench, seconds), "", EXPLANATION, "", table.markdown(rows), ""])


def write_readme(rows):
    """The lines that have a limit, between the marks."""
    path = os.path.join(TOP, "README.md")
    with open(path) as file:
        before, rest = file.read().split(BEGIN)
    short = table.markdown([row for row in rows if row.must is not None], ["what", "result", "must"])
    with open(path, "w") as file:
        file.write(f"{before}{BEGIN}\n\n{short}\n\n{END}{rest.split(END)[1]}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))      # what we started is ended
    begin, load = time.monotonic(), os.getloadavg()[0]
    bench = Bench(int(os.environ.get("ROWS") or ROWS))
    bench.load = load
    print(f"# {time.monotonic() - begin:4.0f} s: models trained, tables filled", flush=True)
    rows = []
    for row in measurements(bench):
        rows.append(row)
        print(f"# {time.monotonic() - begin:4.0f} s: " + " | ".join(row.cells()), flush=True)
    text = document(bench, rows, time.monotonic() - begin)
    whole = bench.rows == ROWS
    path = os.path.join(TOP, *(("docs", "results") if whole else ("build", "bench")), "bench.md")
    with open(path, "w") as file:
        file.write(text)
    if whole:
        write_readme(rows)
    print(f"\n{text}\nwritten: {path}")


if __name__ == "__main__":
    main()
