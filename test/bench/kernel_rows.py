"""Rows of the table about kernels alone: what kernels.c, in a process without a server, measures."""
import os
import subprocess
import tempfile

import kernels
from table import faster

ROWS, ROUNDS = 20_000, 5
MUST = {"S": (50, 13), "M": (20, 19), "L": (22, 9)}


def kernel_rows(bench):
    """kernels.c prints `libxgboost one-row block`, then the same and the mismatches of each kernel, the best last."""
    with tempfile.TemporaryDirectory() as folder:
        program = kernels.build(folder)
        rows = os.path.join(folder, "rows.f32")
        bench.x[:ROWS].tofile(rows)
        for model, musts in MUST.items():
            output = subprocess.run([program, bench.models[model][0], rows, kernels.library(), str(ROUNDS)],
                                    check=True, stdout=subprocess.PIPE, text=True).stdout
            lines = [line.split() for line in output.splitlines() if not line.startswith("#")]
            if any(line[3] != "0" for line in lines[1:]):
                raise SystemExit(f"score.py: model {model}: kernels differ from libxgboost:\n{output}")
            for form, call in enumerate(("one row per call", "blocks of 1,000 rows")):
                yield faster(f"{model}: kernel only ({lines[-1][0]}), {call}, beside libxgboost's "
                             + ("one row per call" if form == 0 else "batch"),
                             float(lines[-1][1 + form]), float(lines[0][1 + form]),
                             musts[form] if bench.vbmi else None)
