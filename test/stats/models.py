"""Models and scored tables for the checks of riskml.evaluate() and riskml.compare(): the demo's, and small ones trained here."""
import functools
import os
import sys

import numpy as np
import psycopg2
import xgboost as xgb

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "data")
sys.path.insert(0, DATA)

import features     # noqa: E402

LABELS = {"credit": ("status", "bad", "good"), "lending": ("class", "bad", "good")}


def imported(database, name, content):
    database.run("SELECT riskml.import_model(%s, %s::bytea)", (name, psycopg2.Binary(bytes(content))))


def trained(x, y, names, **parameters):
    matrix = xgb.DMatrix(x, y, feature_names=names, nthread=1)
    booster = xgb.train({"nthread": 1, "tree_method": "exact", "seed": 1, **parameters}, matrix, 12)
    return booster.save_raw("json")


@functools.cache
def columns(table):
    """Features, labels, names of the features; the columns of a table."""
    x, label, _ = features.load(table)
    names = features.feature_names(table)
    column, bad, good = LABELS[table]
    return x, label, names, {"id": ("int", range(len(x))), column: ("text", [bad if y else good for y in label])} | {
        f'"{name}"': ("float8", [None if np.isnan(v) else v for v in x[:, i]]) for i, name in enumerate(names)}


@functools.cache
def files():
    """Names and contents, in the order of versions."""
    result = []
    for name, file in (("credit", "credit_v1.json"), ("credit", "credit_v2.ubj"), ("lending", "lending.ubj")):
        with open(f"{DATA}/models/{file}", "rb") as model:
            result.append((name, model.read()))
    x, label, names, _ = columns("lending")
    result.append(("lending_shallow", trained(x, label, names, objective="binary:logistic", max_depth=1)))
    x, label, names, _ = columns("credit")
    amount, ids = x[:, names.index("amount")] / 1000, np.arange(len(x))
    for name, y, parameters in (("raw", label, {"objective": "binary:logitraw"}), ("hinge", label, {"objective": "binary:hinge"}), ("ranks", label, {"objective": "rank:pairwise"}),
                                ("lengths", amount, {"objective": "reg:squarederror", "max_depth": 2, "eta": 0.1}), ("lengths", amount, {"objective": "reg:squarederror", "max_depth": 4, "eta": 0.2}),
                                ("counts", np.round(amount * 3), {"objective": "count:poisson"}),
                                ("kinds", ids % 3, {"objective": "multi:softprob", "num_class": 3, "max_depth": 2}), ("kinds", ids % 3, {"objective": "multi:softmax", "num_class": 3, "max_depth": 4}),
                                ("twice", np.column_stack([amount, -amount]), {"objective": "reg:squarederror"})):
        result.append((name, trained(x, y, names, **parameters)))
    return result


def load(database):
    """Tables stats_credit and stats_lending, and the models; importing a file again gives the same version."""
    for table in LABELS:
        database.table(f"stats_{table}", **columns(table)[3])
    for name, content in files():
        imported(database, name, content)
