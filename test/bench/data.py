#!/usr/bin/python3
"""The rows and models of `make bench`: the same for the same seed, however many rows there are.

    test/bench/data.py [--rows N] [--seed N] [--dir DIR]

Rows are as a lender has them, 30 features (or 500), 5 % of the values missing; the first 50,000
are the sample that the models are trained on: S (100 trees of depth 6), M (500 of 6), L (1,000
of 8) and W (100 of 6 over the 500 features, on 20,000 rows). Trains what DIR (build/bench) lacks, prints how many
nodes the models have and what is in the rows; used by score.py.
"""
import argparse
import os
import sys
import zlib
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")     # two threads train, and may not have two cores

import numpy as np      # noqa: E402
import xgboost as xgb   # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLE = 50_000     # rows are made in portions of this size, the first of which is the sample
SEED = 20261126
MISSING = 0.05
FEATURES, WIDE = 30, 500


@dataclass
class Kind:
    """A model to train; nodes: so many there must be."""
    trees: int
    depth: int
    nodes: int
    eta: float = 0.02       # a model that learns faster runs out of splits in its later trees
    features: int = FEATURES
    sample: int = SAMPLE


KINDS = {"S": Kind(100, 6, 12_000), "M": Kind(500, 6, 60_000), "L": Kind(1000, 8, 360_000),
         "W": Kind(100, 6, 12_000, features=WIDE, sample=20_000)}


def names(features):
    return [f"c{i + 1}" for i in range(features)]


def draw(n, features, rng):
    """Values of n rows, and the same on a common scale."""
    x, z = np.empty((n, features)), np.empty((n, features))
    mean, spread = np.exp(8.5), np.exp(8.5) * np.sqrt(np.e - 1)
    for j in range(features):
        kind = j % 5
        if kind == 0:       # an index
            x[:, j] = rng.normal(size=n)
            z[:, j] = x[:, j]
        elif kind == 1:     # an income
            x[:, j] = rng.lognormal(8, 1, n).round(2)
            z[:, j] = (x[:, j] - mean) / spread
        elif kind == 2:     # months
            x[:, j] = rng.integers(0, 120, n)
            z[:, j] = (x[:, j] - 59.5) / 34.6
        elif kind == 3:     # a share
            x[:, j] = rng.uniform(size=n).round(6)
            z[:, j] = (x[:, j] - 0.5) / 0.2887
        else:               # a debt
            x[:, j] = rng.exponential(500, n).round(2)
            z[:, j] = (x[:, j] - 500) / 500
    return x, z


def risk(z, rng):
    """What the label depends on: all features, and pairs of them."""
    features = z.shape[1]
    line = z @ rng.normal(size=features) * 0.35 * np.sqrt(FEATURES / features)
    for _ in range(40):
        a, b = rng.integers(0, features, 2)
        line += rng.normal() * 0.5 * np.tanh(z[:, a]) * np.tanh(z[:, b])
    return line + 0.5 * np.sin(2 * z[:, 0]) + 0.4 * (z[:, 7] > 0.3)


def portion(number, features=FEATURES, seed=SEED):
    """Portion of the rows by number: (float64 values, NaN where missing; labels)."""
    rng = np.random.default_rng([seed, features, number])
    x, z = draw(SAMPLE, features, rng)
    line = risk(z, np.random.default_rng([seed, features]))
    y = rng.uniform(size=SAMPLE) < 1 / (1 + np.exp(1.2 - line))
    x[rng.uniform(size=x.shape) < MISSING] = np.nan
    return x, y.astype(np.float32)


def rows(n, features=FEATURES, seed=SEED):
    """The first n rows in portions, so that they need not be in memory twice."""
    for number in range(-(-n // SAMPLE)):
        yield portion(number, features, seed)[0][:n - number * SAMPLE]


def count_nodes(booster):
    return sum(tree.count("\n") for tree in booster.get_dump())


def train(kind, seed):
    x, y = portion(0, kind.features, seed)
    matrix = xgb.DMatrix(x[:kind.sample].astype(np.float32), y[:kind.sample],
                         feature_names=names(kind.features))
    # few rows for so many nodes: no split is refused for having too little under it
    return xgb.train({"objective": "binary:logistic", "tree_method": "hist", "max_depth": kind.depth,
                      "eta": kind.eta, "min_child_weight": 0, "seed": seed,
                      "nthread": os.cpu_count() or 1, "verbosity": 0}, matrix, kind.trees)


def models(folder, seed=SEED):
    """{name: (path, nodes)}; trained with another generator or XGBoost, they are trained again."""
    os.makedirs(folder, exist_ok=True)
    with open(__file__, "rb") as source:
        state = zlib.crc32(source.read() + f"{seed} {xgb.__version__}".encode())
    found = {}
    for name, kind in KINDS.items():
        path = os.path.join(folder, f"{name}-{state:08x}.ubj")
        if not os.path.exists(path):
            train(kind, seed).save_model(path + ".part.ubj")
            os.rename(path + ".part.ubj", path)
        nodes = count_nodes(xgb.Booster(model_file=path))
        if nodes < kind.nodes:
            sys.exit(f"data.py: {name} has {nodes:,} nodes, expected {kind.nodes:,}")
        found[name] = (path, nodes)
        print(f"# {name}: {kind.trees} trees of depth {kind.depth} over {kind.features} features,"
              f" {nodes:,} nodes", flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--dir", default=os.path.join(TOP, "build", "bench"))
    args = parser.parse_args()
    models(args.dir, args.seed)
    missing = sum(int(np.isnan(x).sum()) for x in rows(args.rows, FEATURES, args.seed))
    print(f"# {args.rows:,} rows, {100 * missing / (args.rows * FEATURES):.2f} % missing")


if __name__ == "__main__":
    main()
