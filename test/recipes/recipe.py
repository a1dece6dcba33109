"""What the checks of test/recipes share: recipes applied and fitted, each checked by the schema on the way; columns; comparisons."""
import json
import math
import os
import sys

import jsonschema
import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
DATA = os.path.join(TOP, "data")
sys.path.insert(0, os.path.join(TOP, "docs", "tools"))

import sklearn_to_recipe    # noqa: E402, F401

with open(os.path.join(TOP, "docs", "recipe.schema.json"), encoding="utf-8") as file:
    SCHEMA = jsonschema.Draft202012Validator(json.load(file))


def step(feature, op, source=None, **fields):
    """lambda_: the field lambda, which is a word of Python."""
    named = {name.rstrip("_"): value for name, value in fields.items()}
    return {"feature": feature, "op": op, **({} if source is None else {"input": source}), **named}


def text_of(recipe):
    """As JSON; it must be what the schema says."""
    SCHEMA.validate(recipe)
    return json.dumps(recipe, allow_nan=False)


def matrix(rows):
    """Arrays of numbers and None, as an array; NaN is missing."""
    return np.array([[math.nan if value is None else value for value in row] for row in rows], dtype=float)


def applied(database, recipe, table="t"):
    """The outputs, a row for each row of the table, by id."""
    return matrix(features for features, in database.rows(f"SELECT riskml.apply_recipe(%s, r) FROM {table} r ORDER BY r.id", (text_of(recipe),)))


def fitted(database, recipe, query="TABLE t", label=None):
    """The fitted recipe, which must be what the schema says, too."""
    found = database.value("SELECT riskml.fit_recipe(%s, %s, %s)", (text_of(recipe), query, label))
    SCHEMA.validate(found)
    return found


def fault(database, recipe, table="t"):
    """(SQLSTATE, message) of applying it."""
    return database.error(f"SELECT riskml.apply_recipe(%s, r) FROM {table} r", (json.dumps(recipe),))


def table(database, name="t", **columns):
    """A temporary table with an id from 0."""
    n = len(next(iter(columns.values()))[1])
    database.table(name, id=("int", range(n)), **columns)


def numbers(values):
    return "float8", [None if v is None or v != v else float(v) for v in values]


def texts(values):
    return "text", list(values)


def same(found, wanted, relative=1e-12, absolute=1e-12):
    """(passed, the first difference) of two arrays; NaN is NaN's equal, and an infinity its own."""
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    if found.shape != wanted.shape:
        return False, f"shape {found.shape}, not {wanted.shape}"
    with np.errstate(invalid="ignore"):
        near = (found == wanted) | (np.isnan(found) & np.isnan(wanted)) | (np.abs(found - wanted) <= np.maximum(absolute, relative * np.abs(wanted)))
    if near.all():
        return True, None
    at = tuple(np.argwhere(~near)[0])
    return False, f"{(~near).sum()} of {near.size} differ; at {at}: found {found[at]!r}, not {wanted[at]!r}"


def same_bits(found, wanted):
    return same(found, wanted, 0, 0)


def frame(name):
    """data/NAME.csv as a data frame; what is empty is NaN."""
    return pd.read_csv(os.path.join(DATA, f"{name}.csv"), keep_default_na=False, na_values=[""])


def load_frame(database, name, data, **types):
    """As a temporary table with an id from 0; numbers are float8, all else text, unless types say otherwise."""
    columns = {}
    for column in data.columns:
        kind = types.get(column) or ("float8" if data[column].dtype.kind in "iuf" else "text")
        columns[column] = kind, [None if value is None or value != value else value for value in data[column].tolist()]
    table(database, name, **columns)


def column_of(found, step_name):
    """The step of a fitted recipe."""
    return next(s for s in found if s["feature"] == step_name)
