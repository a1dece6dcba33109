"""The rows each model is scored on: real ones, and ones at the edges of float32 and of the
model's own thresholds.  Every row carries the kinds it is counted under.
"""
import math
from dataclasses import dataclass

import numpy as np

F32_MAX = np.finfo(np.float32).max
DENORMALS = [1e-45, -1e-45, 1.1754942e-38, -1.1754942e-38, 5e-324, -5e-324, 1e-40, 7e-46, 7.1e-46]
HUGE = [1e30, -1e30, 3.4e38, -3.4e38, float(F32_MAX), -float(F32_MAX), 1e10]
BEYOND = [1e300, -1e300, 3.5e38, -3.5e38, 3.4028235677973366e38, 1.7976931348623157e308]
INTEGERS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
# What is no code of a category, or only after truncation, or at an edge of a set of 32 bits.
ODD_CODES = [-0.5, -1.0, -2.0, -0.0, 2.7, 31.0, 32.0, 33.0, 63.0, 64.0, 2.0**24 - 1, 2.0**24,
             2.0**24 + 2, 3e9, -3e9]
WIDE_INTEGERS = [2**60 + 2**36 + 1, 2**60 + 3 * 2**36 - 1, 2**24 + 1, 2**53 + 1, -(2**62) - 1,
                 2**63 - 1]
KINDS = ["real", "null", "all null", "nan", "infinite", "zero", "denormal", "huge",
         "beyond float32", "at a threshold", "one step below", "one step above",
         "between two float32", "typed columns", "wide integer", "category in the set",
         "category not in the set", "odd category", "unseen category", "text label"]


@dataclass
class Rows:
    """cells: what SQL gets, as COPY text; x: what it is as float32; wide: as float64."""
    x: np.ndarray
    wide: np.ndarray
    cells: list
    kinds: list
    jsonable: np.ndarray    # every value can be written in jsonb

    def __len__(self):
        return len(self.x)


def to_float32(x):
    with np.errstate(over="ignore"):
        return np.asarray(x, np.float64).astype(np.float32)


def number_text(value):
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return "NaN" if math.isnan(value) else repr(float(value))


class Builder:
    """Collects rows: base rows of the data set with some values replaced."""

    def __init__(self, data, rng):
        self.data, self.rng = data, rng
        self.values, self.nulls, self.kinds = [], [], []

    def base(self):
        return self.data.score[self.rng.integers(len(self.data.score))].copy()

    def add(self, values, kinds, nan=False):
        """nan: a missing value is sent as NaN instead of NULL."""
        self.values.append(values)
        self.nulls.append(np.isnan(values) & (not nan))
        self.kinds.append({kinds} if isinstance(kinds, str) else set(kinds))

    def spread(self, pool, kind, count):
        """Base rows with values of the pool in some columns."""
        for i in range(count):
            row = self.base()
            row[self.some_columns()] = pool[i % len(pool)]
            row[self.rng.integers(len(row))] = pool[i % len(pool)]
            self.add(row, kind)

    def some_columns(self):
        return self.rng.random(self.data.train.shape[1]) < 0.4


def used_splits(forest, x, rng, count):
    """Splits that rows of x reach: (a row that does, feature, threshold, codes or None)."""
    found = []
    for t in rng.permutation(len(forest.trees))[:2 * count]:
        tree = forest.trees[t]
        for node in tree.path(x):
            inner = np.flatnonzero(tree.left[node] != -1)
            if len(inner):
                row = rng.choice(inner)
                at = node[row]
                found.append((row, tree.feature[at], tree.value[at], tree.sets.get(at)))
            if len(found) > 40 * count:     # a tree of thousands of levels
                break
    rng.shuffle(found)
    return found[:count]


def around(threshold):
    """float64 values around a float32 threshold: (value, kinds)."""
    t = np.float32(threshold)
    with np.errstate(over="ignore"):
        below, above = (np.nextafter(t, np.float32(s)) for s in (-np.inf, np.inf))
    yield float(t), ["at a threshold"]
    yield float(below), ["one step below"]
    yield float(above), ["one step above"]
    for other in (below, above):
        if np.isinf(other):
            continue
        # Halfway: to the even one.  A hair off: to the nearer one.
        half = (float(t) + float(other)) / 2
        for value in (half, np.nextafter(half, -np.inf), np.nextafter(half, np.inf)):
            yield float(value), ["between two float32"]


def of_codes(codes, size, rng):
    """Codes that a split by category is to tell apart: (value, kinds)."""
    code = float(rng.choice(codes))
    yield code, ["category in the set"]
    yield code + 0.7, ["category in the set", "odd category"]
    others = sorted(set(range(size)) - set(codes))
    if others:
        yield float(rng.choice(others)), ["category not in the set"]


def values_of(split, data, rng):
    _, feature, threshold, codes = split
    if codes is not None:
        return of_codes(codes, data.categories[feature], rng)
    return around(threshold)


def add_odd_codes(b):
    for column, size in b.data.categories.items():
        for code in ODD_CODES + [size - 2.0, size - 1.0]:
            row = b.base()
            row[column] = code
            b.add(row, "odd category")
        for code in (size, size + 1, 2 * size + 40):
            row = b.base()
            row[column] = float(code)
            b.add(row, "unseen category")


def double_rows(data, forest, rng, scale=1):
    """Rows of float8 columns."""
    b = Builder(data, rng)
    for row in data.score[rng.permutation(len(data.score))[:50 * scale]]:
        b.add(row.copy(), ["real"] + (["null"] if np.isnan(row).any() else []))
    for i in range(14 * scale):
        row = b.base()
        row[b.some_columns() | (np.arange(len(row)) == rng.integers(len(row)))] = np.nan
        b.add(row, "nan" if i % 2 else "null", nan=bool(i % 2))
    b.add(np.full(data.train.shape[1], np.nan), ["all null", "null"])
    b.add(np.full(data.train.shape[1], np.nan), "nan", nan=True)
    b.spread([np.inf, -np.inf], "infinite", 10 * scale)
    b.spread([0.0, -0.0], "zero", 8 * scale)
    b.spread(DENORMALS, "denormal", 9 * scale)
    b.spread(HUGE, "huge", 7 * scale)
    b.spread(BEYOND, "beyond float32", 6 * scale)
    splits = used_splits(forest, to_float32(data.score), rng, 10 * scale)
    for split in splits:
        for value, kinds in values_of(split, data, rng):
            row = data.score[split[0]].copy()
            row[split[1]] = value
            b.add(row, kinds)
    add_odd_codes(b)
    while len(b.values) < 180 * scale:  # models with few splits
        b.add(b.base(), "real")
    return finish(b)


def finish(b):
    wide = np.array(b.values)
    nulls = np.array(b.nulls)
    x = to_float32(wide)
    for i in np.flatnonzero(np.isinf(x).any(1)):
        b.kinds[i].add("infinite")
    cells = [["\\N" if null else number_text(v) for v, null in zip(row, empty)]
             for row, empty in zip(wide, nulls)]
    jsonable = ~(np.isinf(wide).any(1) | (np.isnan(wide) & ~nulls).any(1))
    return Rows(x, wide, cells, b.kinds, jsonable)


# Rows of typed columns


def typed_value(kind, value):
    """(COPY text, float32) of a value in a column of that type, or None if it has no place."""
    if math.isnan(value):
        return "\\N", np.float32(np.nan)
    if kind == "boolean":
        return ("t" if value else "f", np.float32(value)) if value in (0, 1) else None
    if kind in INTEGERS:
        if math.isinf(value) or value != int(value) or abs(value) > INTEGERS[kind]:
            return None
        return str(int(value)), np.int64(int(value)).astype(np.float32)
    narrow = np.float32(value)
    return number_text(float(narrow) if kind == "real" else value), narrow


def special_rows(b, forest, rng, scale):
    """What typed columns hold: (row, column, value, kinds)."""
    data = b.data
    for row in data.score[rng.permutation(len(data.score))[:30 * scale]]:
        yield row, None, None, ["real"] + (["null"] if np.isnan(row).any() else [])
    for split in used_splits(forest, to_float32(data.score), rng, 5 * scale):
        at, feature, threshold, codes = split
        for value, kinds in values_of(split, data, rng):
            yield data.score[at], feature, value, kinds
        if codes is None:
            for value in (math.floor(threshold), math.ceil(threshold)):
                yield data.score[at], feature, float(value), []
    for column in data.categories:
        for code in ODD_CODES:
            yield b.base(), column, code, ["odd category"]
    for value in (np.inf, -np.inf, 1e300, 1e-40):
        for column, kind in enumerate(data.types):
            if kind in ("numeric", "real", "double precision"):
                yield b.base(), column, value, ["infinite"] if np.isinf(value) else []
                break


def typed_rows(data, forest, rng, scale=1):
    """Rows of columns of many types: each converts to float32 as numpy does."""
    with np.errstate(over="ignore"):
        return make_typed_rows(data, forest, rng, scale)


def make_typed_rows(data, forest, rng, scale):
    b = Builder(data, rng)
    cells, x, kinds = [], [], []
    for row, column, value, names in special_rows(b, forest, rng, scale):
        row = row.copy()
        if column is not None:
            row[column] = value
        typed = [typed_value(k, float(v)) for k, v in zip(data.types, row)]
        if not all(typed):
            continue
        cells.append([t[0] for t in typed])
        x.append([t[1] for t in typed])
        kinds.append({"typed columns", *names})
    for column in [i for i, k in enumerate(data.types) if k == "bigint"][:2]:
        for value in WIDE_INTEGERS:
            typed = [typed_value(k, float(v)) for k, v in zip(data.types, b.base())]
            if not all(typed):
                continue
            typed[column] = str(value), np.array(value, np.int64).astype(np.float32)
            cells.append([t[0] for t in typed])
            x.append([t[1] for t in typed])
            kinds.append({"typed columns", "wide integer"})
    x = np.array(x, np.float32).reshape(len(cells), len(data.types))
    return Rows(x, x.astype(np.float64), cells, kinds, np.zeros(len(cells), bool))


# Rows of text columns


def copy_text(text):
    """As COPY reads it."""
    for plain, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, escaped)
    return text


def text_rows(data, labels, rng, scale=1):
    """Rows whose columns of categories hold labels; labels: feature -> label of each code."""
    b = Builder(data, rng)
    limit = np.full(data.train.shape[1], np.inf)
    for feature, known in labels.items():
        limit[feature] = len(known)
    coded = data.score[~(data.score >= limit).any(1)]
    for row in coded[rng.permutation(len(coded))[:30 * scale]]:
        b.add(row.copy(), "text label")
    for feature, known in labels.items():
        for code in rng.permutation(len(known))[:25 * scale]:
            row = coded[rng.integers(len(coded))].copy()
            row[feature] = code
            b.add(row, "text label")
        row = row.copy()
        row[feature] = np.nan
        b.add(row, ["text label", "null"])
    rows = finish(b)
    for cells, values in zip(rows.cells, rows.wide):
        for feature, known in labels.items():
            if not np.isnan(values[feature]):
                cells[feature] = copy_text(known[int(values[feature])])
    return rows
