"""Rows held out by a column, a query or a fraction; early stopping and the metrics of each round, as XGBoost's Python has them."""
import numpy as np
import xgboost as xgb

from dealing import deal_fraction
from training import Rows, margins, same_margins, train

BASE = {"objective": "binary:logistic", "nthread": 1, "tree_method": "hist", "learning_rate": 0.5}
CASES = [
    ("log loss", BASE),
    ("area under the curve", {**BASE, "eval_metric": "auc"}),
    ("the last of three metrics", {**BASE, "eval_metric": ["logloss", "error@0.4", "aucpr"]}),
    ("a forest in each round", {**BASE, "num_parallel_tree": 3, "subsample": 0.5, "seed": 3}),
    ("dart", {**BASE, "booster": "dart", "rate_drop": 0.1, "seed": 3}),
    ("exact", {**BASE, "tree_method": "exact"}),
]
METRICS = """SELECT metrics, best_iteration, best_score, rounds, validation_rows FROM riskml.model_training t JOIN riskml.model m USING (model_id)
    WHERE m.name = 'm' AND version = %s"""


def python(params, training, validation, patience=5, rounds=60):
    """(booster, metrics as riskml keeps them)"""
    found = {}
    return xgb.train(params, training, rounds, evals=[(training, "train"), (validation, "validation")], early_stopping_rounds=patience, evals_result=found,
                     verbose_eval=False), {name: dict(by_metric) for name, by_metric in found.items()}


def judge(name, database, rows, version, booster, metrics, matrix):
    found, best, score, rounds, _ = database.row(METRICS, (version,))
    yield f"{name}: best iteration", best == booster.best_iteration, (best, booster.best_iteration)
    yield f"{name}: best score", score == booster.best_score, (score, booster.best_score)
    yield f"{name}: rounds", rounds == booster.num_boosted_rounds(), (rounds, booster.num_boosted_rounds())
    yield f"{name}: metrics of each round", found == metrics, (found, metrics)
    if booster.attr("best_iteration") is not None:
        booster = booster[:booster.best_iteration + 1] if "gblinear" not in name else booster
    yield f"{name}: margins", *same_margins(margins(database, rows, f"m@{version}"), booster, matrix)


def columns(database, rows):
    """Held out by a column, and the same rows by a query of their own."""
    out = rows.frame["held_out"].to_numpy()
    matrix = rows.matrix(None, False)
    for name, params in CASES:
        training, validation = rows.matrix("bad", False, ~out), rows.matrix("bad", False, out)
        booster, metrics = python(params, training, validation)
        version = train(database, rows.select("bad", False, ["held_out"]), "bad", params, 60, validation="held_out", early_stopping_rounds=5)
        yield from judge(f"{rows.name}: {name}, a column", database, rows, version, booster, metrics, matrix)
        version = train(database, rows.select("bad", False, where="NOT held_out"), "bad", params, 60, validation=rows.select("bad", False, where="held_out"),
                        early_stopping_rounds=5, comment="by a query")
        yield f"{rows.name}: {name}, a query: margins", *same_margins(margins(database, rows, f"m@{version}"), booster[:booster.best_iteration + 1], matrix)


def linear(database, rows):
    """Linear models cannot be cut: what is kept is the model as it was."""
    params = {"objective": "binary:logistic", "nthread": 1, "booster": "gblinear", "updater": "coord_descent", "learning_rate": 0.9}
    out = rows.frame["held_out"].to_numpy()
    training, validation = rows.matrix("bad", False, ~out), rows.matrix("bad", False, out)
    booster, _ = python(params, training, validation, 2)
    booster = xgb.train(params, training, booster.best_iteration + 1)
    version = train(database, rows.select("bad", False, ["held_out"]), "bad", params, 60, validation="held_out", early_stopping_rounds=2)
    yield f"{rows.name}: a linear model", *same_margins(margins(database, rows, f"m@{version}"), booster, rows.matrix(None, False))


def fraction(database, rows):
    """By what is in the rows: their order does not matter, and classes have their share."""
    label = rows.frame["bad"].to_numpy(dtype=np.float32)
    for seed in (0, 7):
        out = deal_fraction(rows.values(False), label, seed, 0.25)
        booster, metrics = python(BASE, rows.matrix("bad", False, ~out), rows.matrix("bad", False, out))
        version = train(database, rows.select("bad", False), "bad", BASE, 60, validation=0.25, early_stopping_rounds=5, seed=seed)
        yield from judge(f"{rows.name}: a fraction, seed {seed}", database, rows, version, booster, metrics, rows.matrix(None, False))
        shares = [out[label == c].mean() for c in (0, 1)]
        yield f"{rows.name}: a fraction of each class", abs(shares[0] - 0.25) < 0.002 and abs(shares[1] - 0.25) < 0.002, shares
        again = train(database, rows.select("bad", False, order="md5(id::text)"), "bad", BASE, 3, validation=0.25, seed=seed)
        found, *_, n = database.row(METRICS, (again,))
        near = abs(found["validation"]["logloss"][0] - metrics["validation"]["logloss"][0])
        yield f"{rows.name}: a fraction of rows in another order", n == out.sum() and near < 1e-6, (n, near)


def checks(database):
    for name in ("credit", "lending"):
        rows = Rows(database, name)
        for check in (columns, linear, fraction):
            yield from check(database, rows)
