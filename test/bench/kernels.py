#!/usr/bin/python3
"""Kernels beside libxgboost: margins of one row per call, and of blocks of 1,000 rows.

    test/bench/kernels.py [--models S,M,L] [--shapes] [--rounds N] [--dir DIR] [--rows N]

Trains S (100 trees of depth 6), M (500 of 6) and L (1,000 of 8) with hist on 30 float features,
5 % of them NULL, imports them through the compute layer (no server), and has test/bench/kernels.c
time every kernel that this CPU runs and libxgboost (one thread) in turn, in one process. Prints
medians in ns per row and the ratios. Models are kept in DIR (build/bench) for the next run.
Every margin is compared with libxgboost's, bit by bit. --shapes: also models of other shapes,
for which the kernel that is chosen must beat libxgboost's batch too.
"""
import argparse
import os
import subprocess
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np      # noqa: E402
import xgboost as xgb   # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# name: trees, depth, rows to train on, nodes there must be
MODELS = {"S": (100, 6, 500_000, 12_000), "M": (500, 6, 200_000, 60_000),
          "L": (1000, 8, 50_000, 360_000)}
# name: one row, block; the targets of the issue
TARGETS = {"S": (50, 13), "M": (20, 19), "L": (22, 9)}
FEATURES = 30
# name: what differs from S, trained on 50,000 rows; features: columns beside the 30
SHAPES = {
    "exact": {"tree_method": "exact"},
    "256 bins": {"max_bin": 257, "max_depth": 8},
    "depth 12": {"max_depth": 12},
    "lossguide": {"grow_policy": "lossguide", "max_leaves": 255, "max_depth": 0},
    "depth 3": {"max_depth": 3},
    "stumps": {"max_depth": 1},
    "10 classes": {"objective": "multi:softprob", "num_class": 10},
    "100 features": {"features": 70},
    "500 features": {"features": 470},
}


def make_rows(n, rng):
    """Columns as a lender has them: amounts, counts, shares; some missing."""
    x = np.empty((n, FEATURES))
    for j in range(FEATURES):
        kind = j % 5
        x[:, j] = (rng.normal(size=n) if kind == 0 else
                   rng.lognormal(8, 1, n).round(2) if kind == 1 else
                   rng.integers(0, 120, n) if kind == 2 else
                   rng.uniform(size=n).round(6) if kind == 3 else
                   rng.exponential(500, n).round(2))
    z = (x - x.mean(0)) / x.std(0)
    line = z @ rng.normal(size=FEATURES) * 0.35
    for _ in range(40):
        a, b = rng.integers(0, FEATURES, 2)
        line += rng.normal() * 0.5 * np.tanh(z[:, a]) * np.tanh(z[:, b])
    line += 0.5 * np.sin(2 * z[:, 0]) + 0.4 * (z[:, 7] > 0.3)
    y = rng.uniform(size=n) < 1 / (1 + np.exp(1.2 - line))
    x[rng.uniform(size=x.shape) < 0.05] = np.nan
    return x.astype(np.float32), y.astype(np.float32)


def fit(x, y, trees, path, **params):
    """Trains and saves; returns the number of nodes."""
    params = {"objective": "binary:logistic", "tree_method": "hist", "seed": 1,
              "nthread": os.cpu_count() or 1, "verbosity": 0, **params}
    booster = xgb.train(params, xgb.DMatrix(x, y), trees)
    booster.save_model(path)
    return sum(tree.count("\n") for tree in booster.get_dump())


def train(name, x, y, path):
    trees, depth, n, least = MODELS[name]
    nodes = fit(x[:n], y[:n], trees, path, max_depth=depth, eta=0.1 if name == "S" else 0.05,
                min_child_weight=0.1 if name == "L" else 1)
    print(f"# {name}: trained on {n:,} rows: {trees} trees of depth {depth}, {nodes:,} nodes")
    if nodes < least:
        os.unlink(path)
        sys.exit(f"kernels.py: {name} has {nodes:,} nodes, expected {least:,}")


def train_shape(name, x, y, path):
    """A model of SHAPES, and the rows that it scores."""
    params = {"max_depth": 6, **SHAPES[name]}
    more = params.pop("features", 0)
    if "num_class" in params:
        y = np.random.default_rng(1).integers(0, params["num_class"], len(y))
    if more:
        x = np.hstack([x, np.random.default_rng(2).normal(size=(len(x), more)).astype(np.float32)])
    x[-10_000:].tofile(path.replace(".ubj", ".f32"))
    fit(x[:50_000], y[:50_000], 10 if "num_class" in params else 100, path, **params)


def build(out):
    """The compute layer and the timer, without the server."""
    folders = [os.path.join(ROOT, "src", f) for f in ("base", "model", "import", "kernel")]
    sources = [os.path.join(f, s) for f in folders for s in sorted(os.listdir(f)) if s.endswith(".c")]
    program = os.path.join(out, "kernels")
    command = [os.environ.get("CC", "gcc"), "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-ffp-contract=off",
               "-Wall", "-Wextra", "-I" + os.path.join(ROOT, "src"), "-I" + os.path.join(ROOT, "test/fuzz"),
               os.path.join(ROOT, "test/bench/kernels.c"), os.path.join(ROOT, "test/fuzz/host.c"),
               *sources, "-lm", "-ldl", "-o", program]
    subprocess.run(command, check=True)
    return program


def library():
    """Where the libxgboost of this Python is: what it has mapped."""
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        return next(line.split()[-1] for line in maps if "libxgboost" in line)


def report(name, output, target=None):
    """Lines `kernel one-row block mismatches`, the first of libxgboost; prints them, counts the last."""
    lines = [line.split() for line in output.splitlines() if not line.startswith("#")]
    base = [float(v) for v in lines[0][1:3]]
    bad = 0
    print("\n".join(line for line in output.splitlines() if line.startswith("#")))
    print(f"{name:12} {'libxgboost ' + xgb.__version__:18} {base[0]:12,.0f} {base[1]:12,.0f}")
    for kernel, *times, mismatches in lines[1:]:
        one, block = (float(t) for t in times)
        bad += int(mismatches)
        print(f"{name:12} {kernel:18} {one:12,.0f} {block:12,.0f} {base[0] / one:9.1f}x {base[1] / block:9.1f}x"
              f"{'' if mismatches == '0' else '   ' + mismatches + ' MISMATCHES'}", flush=True)
    if target:
        print(f"{name:12} {'target':18} {'':12} {'':12} {target[0]:9.1f}x {target[1]:9.1f}x")
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--models", default="S,M,L")
    parser.add_argument("--shapes", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rows", type=int, default=20_000, help="rows to be scored")
    parser.add_argument("--dir", default=os.path.join(ROOT, "build", "bench"))
    args = parser.parse_args()
    os.makedirs(args.dir, exist_ok=True)
    program = build(args.dir)
    x, y = make_rows(600_000, np.random.default_rng(20261126))
    x[-args.rows:].tofile(os.path.join(args.dir, "rows.f32"))
    bad = 0
    print(f"{'':12} {'ns per row':18} {'one row':>12} {'block':>12} {'one row':>10} {'block':>10}")
    names = [name for name in args.models.split(",") if name] + (list(SHAPES) if args.shapes else [])
    for name in names:
        path = os.path.join(args.dir, name.replace(" ", "_") + ".ubj")
        rows = os.path.join(args.dir, "rows.f32") if name in MODELS else path.replace(".ubj", ".f32")
        if not os.path.exists(path):
            (train if name in MODELS else train_shape)(name, x, y, path)
        run = subprocess.run([program, path, rows, library(), str(args.rounds)],
                             check=True, stdout=subprocess.PIPE, text=True)
        bad += report(name, run.stdout, TARGETS.get(name))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
