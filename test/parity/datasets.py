"""The data sets that models are trained on, and the SQL type of each column.

credit and lending are the real loans of data/; the others are made here, adversarial on
purpose: zeros of both signs, denormals, huge values, columns that are mostly missing,
names that need quoting; codes of categories, few and many; hundreds of columns; thousands
of values in one column.
"""
import os
import sys
from dataclasses import dataclass, field, replace

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(1, os.path.join(ROOT, "data"))
import features  # noqa: E402

TRAIN_ROWS = 360


@dataclass
class Data:
    """Rows to train on and rows to score, float64 with NaN where a value is missing."""
    name: str
    names: list             # None: the models have no feature names
    train: np.ndarray
    signal: np.ndarray      # what labels are made from
    binary: np.ndarray      # the real label where there is one
    score: np.ndarray       # real rows, not trained on
    types: list             # SQL type of each column of the typed table
    categories: dict = field(default_factory=dict)      # column -> number of codes

    @property
    def columns(self):
        return self.names or [f"f{i}" for i in range(self.train.shape[1])]

    @property
    def feature_types(self):
        """For a DMatrix; None where no column holds codes."""
        kinds = ["c" if i in self.categories else "q" for i in range(self.train.shape[1])]
        return kinds if self.categories else None

    def changed(self, **fields):
        return replace(self, **fields)


def column_types(values):
    """A type that holds each column's values, many types over the columns."""
    types = []
    for column in values.T:
        v = column[~np.isnan(column)]
        n = len(types)
        if np.isin(v, (0, 1)).all() and len(v):
            types.append("boolean")
        elif (v == np.round(v)).all() and (np.abs(v) < 2**31).all():
            small = (np.abs(v) < 2**15).all()
            types.append(["bigint", "smallint" if small else "integer", "numeric",
                          "double precision", "integer"][n % 5])
        else:
            types.append(["numeric", "real", "double precision"][n % 3])
    return types


def signal_of(x, rng):
    """A smooth mix of some columns, with noise: something to learn in every data set."""
    z = np.where(np.isfinite(x), x, 0)
    z = np.sign(z) * np.log1p(np.abs(z))
    z = (z - z.mean(0)) / (z.std(0) + 1e-9)
    return z @ rng.normal(size=z.shape[1]) / np.sqrt(z.shape[1]) + 0.5 * rng.normal(size=len(z))


def loans(name, rng):
    x, label, _ = features.load(name)
    take = rng.permutation(len(x))
    train, score = take[:TRAIN_ROWS], take[TRAIN_ROWS:TRAIN_ROWS + 600]
    return Data(name, features.feature_names(name), x[train], signal_of(x[train], rng),
                label[train].astype(float), x[score], column_types(x))


def made(name, names, x, rng):
    """A data set from its values: the first half is trained on."""
    x = x.astype(np.float32).astype(np.float64)
    half = len(x) // 2
    signal = signal_of(x, rng)
    return Data(name, names, x[:half], signal[:half], (signal[:half] > 0).astype(float),
                x[half:], column_types(x[:half]))


def wild(rng, n=2 * TRAIN_ROWS):
    """Every kind of value that a float32 column can hold; names that need quoting."""
    names = ["normal", "Zero signs", "denormal", "huge", "few", 'quo"te', "select", "größe",
             "mostly_missing", "constant", "WIDE", "int8", "flag", "both_sides"]
    x = np.empty((n, len(names)))
    x[:, 0] = rng.normal(size=n)
    x[:, 1] = rng.choice([-1e-3, -0.0, 0.0, 1e-3], n)
    x[:, 2] = rng.choice([1e-45, 3e-45, -1e-45, 1e-40, -7e-42, 0.0, 1.2e-38], n)
    # Beyond 1.7e38 the exact tree method writes infinite thresholds, which riskml refuses.
    x[:, 3] = rng.choice([1e30, -1e30, 1e38, -1e38, 1.0, 1e20], n) * rng.uniform(0.5, 1, n)
    x[:, 4] = rng.integers(0, 4, n) + 0.5
    x[:, 5] = rng.exponential(size=n)
    x[:, 6] = np.round(rng.normal(size=n), 1)
    x[:, 7] = rng.uniform(-1, 1, n)
    x[:, 8] = np.where(rng.random(n) < 0.9, np.nan, rng.normal(size=n))
    x[:, 9] = 7.0
    x[:, 10] = rng.integers(-2**40, 2**40, n)
    x[:, 11] = rng.integers(0, 1000, n)
    x[:, 12] = rng.integers(0, 2, n)
    x[:, 13] = np.where(rng.random(n) < 0.5, 1e-30, 1e5) * rng.normal(size=n)
    missing = rng.random(x.shape) < 0.08
    missing[:, 9] = False
    x[missing] = np.nan
    data = made("wild", names, x, rng)
    data.types[names.index("int8")] = data.types[names.index("WIDE")] = "bigint"
    return data


def one(rng):
    return made("one", None, rng.normal(size=(2 * TRAIN_ROWS, 1)), rng)


def wide(rng, name="wide", names=None, columns=200):
    x = rng.normal(size=(2 * TRAIN_ROWS, columns))
    x[rng.random(x.shape) < 0.3] = np.nan
    return made(name, names, x, rng)


CODED = {"colour": 4, "number": 0, "Branch": 12, "größe": 40, "amount": 0, 'home "town"': 70,
         "flag": 2}


def coded(rng, name="coded", n=2 * TRAIN_ROWS):
    """Codes of categories beside numbers; what a code does to the label says its number
    nothing about."""
    sizes = list(CODED.values())
    x = np.empty((n, len(sizes)))
    effects = np.zeros(n)
    for column, size in enumerate(sizes):
        if size:
            # the largest code occurs, the one before it does not
            codes = rng.integers(0, size, n)
            codes[codes == size - 2] = size - 1 if size > 3 else 0
            x[:, column] = codes
            effects += rng.normal(size=size)[codes]
        else:
            x[:, column] = rng.normal(size=n) * 10
    x[rng.random(x.shape) < 0.06] = np.nan
    data = made(name, list(CODED), x, rng)
    signal = 0.3 * data.signal + effects[:n // 2]
    return data.changed(categories={i: s for i, s in enumerate(sizes) if s}, signal=signal,
                        binary=(signal > 0).astype(float))


def many_codes(rng, n=3000, size=1500):
    """One column of 1,500 categories, each seen twice, and a number; no names."""
    x = np.stack([np.arange(n) % size, rng.normal(size=n)], axis=1).astype(float)
    x[rng.random(x.shape) < 0.02] = np.nan
    x = np.concatenate([x, x[rng.permutation(n)]])
    data = made("many_codes", None, x, rng)
    signal = data.signal + rng.normal(size=size)[np.nan_to_num(x[:n, 0]).astype(int)]
    return data.changed(categories={0: size}, signal=signal,
                        binary=(signal > 0).astype(float))


def long(rng, n=8000):
    """Enough rows for trees of thousands of nodes and thresholds."""
    x = np.stack([rng.normal(size=n), rng.exponential(size=n)], axis=1)
    x[rng.random(x.shape) < 0.01] = np.nan
    return made("long", ["first", "second"], x, rng)


def load_all(seed):
    rng = np.random.default_rng(seed)
    sets = [loans("credit", rng), loans("lending", rng), wild(rng), one(rng), wide(rng),
            wide(rng, "wide_named", [f"column_{i}" for i in range(200)]), coded(rng),
            coded(rng, "coded_too"), many_codes(rng), long(rng), wide(rng, "broad", None, 520)]
    return {d.name: d for d in sets}
