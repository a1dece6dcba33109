"""A model trained in SQL has, of every row, the margin bit for bit that it has when XGBoost's Python trains it on the same rows."""
import json
import os

import numpy as np
import xgboost as xgb

from training import Rows, margins, same_margins, train

LOGISTIC = {"objective": "binary:logistic", "nthread": 1}
HIST = {**LOGISTIC, "tree_method": "hist"}
# name, parameters, label, with texts
CASES = [
    ("hist", HIST, "bad", True),
    ("approx", {**LOGISTIC, "tree_method": "approx"}, "bad", True),
    ("exact", {**LOGISTIC, "tree_method": "exact"}, "bad", False),
    ("auto", LOGISTIC, "bad", False),
    ("dart", {**HIST, "booster": "dart", "rate_drop": 0.3, "skip_drop": 0.2, "normalize_type": "forest", "seed": 5}, "bad", False),
    ("gblinear", {**LOGISTIC, "booster": "gblinear", "updater": "coord_descent", "feature_selector": "cyclic", "alpha": 0.01}, "bad", False),
    ("gblinear, greedy", {**LOGISTIC, "booster": "gblinear", "updater": "coord_descent", "feature_selector": "greedy", "top_k": 4}, "bad", False),
    ("forest", {**HIST, "num_parallel_tree": 4, "subsample": 0.7, "colsample_bynode": 0.5, "learning_rate": 1, "seed": 11}, "bad", True),
    ("draws of rows and columns", {**HIST, "subsample": 0.6, "colsample_bytree": 0.7, "colsample_bylevel": 0.8, "seed": 77}, "bad", True),
    ("lossguide", {**HIST, "grow_policy": "lossguide", "max_depth": 0, "max_leaves": 20, "max_bin": 64}, "bad", True),
    ("regularized", {**HIST, "gamma": 0.2, "lambda": 3, "alpha": 0.5, "min_child_weight": 4, "max_delta_step": 0.7, "scale_pos_weight": 2.5, "base_score": 0.2}, "bad", True),
    ("interactions", {**HIST, "interaction_constraints": "[[0, 1, 2], [3, 4]]"}, "bad", False),
    ("one category against the rest", {**HIST, "max_cat_to_onehot": 100}, "bad", True),
    ("binary:logitraw", {**HIST, "objective": "binary:logitraw"}, "bad", True),
    ("binary:hinge", {**HIST, "objective": "binary:hinge"}, "bad", True),
    ("reg:logistic", {**HIST, "objective": "reg:logistic"}, "share", True),
    ("reg:squarederror", {**HIST, "objective": "reg:squarederror"}, "amount_paid", True),
    ("reg:squaredlogerror", {**HIST, "objective": "reg:squaredlogerror"}, "amount_paid", False),
    ("reg:pseudohubererror", {**HIST, "objective": "reg:pseudohubererror"}, "share", False),
    ("reg:absoluteerror", {**HIST, "objective": "reg:absoluteerror"}, "amount_paid", False),
    ("reg:gamma", {**HIST, "objective": "reg:gamma"}, "amount_paid", True),
    ("reg:tweedie", {**HIST, "objective": "reg:tweedie", "tweedie_variance_power": 1.3}, "count", True),
    ("count:poisson", {**HIST, "objective": "count:poisson"}, "count", True),
    ("survival:cox", {**HIST, "objective": "survival:cox"}, "months", False),
    ("multi:softprob", {**HIST, "objective": "multi:softprob", "num_class": 3}, "class3", True),
    ("multi:softmax, exact", {**LOGISTIC, "tree_method": "exact", "objective": "multi:softmax", "num_class": 3}, "class3", False),
]


ALSO_LARGE = ("hist", "approx", "exact", "dart", "draws of rows and columns", "lossguide", "reg:squarederror", "multi:softprob")
ROUNDS = 10


def plain(database, rows):
    for name, params, label, texts in CASES:
        if rows.name == "lending" and name not in ALSO_LARGE and not os.environ.get("RISKML_LONG"):
            continue
        version = train(database, rows.select(label, texts), label, params, ROUNDS)
        matrix = rows.matrix(label, texts)
        yield f"{rows.name}: {name}", *same_margins(margins(database, rows, f"m@{version}"), xgb.train(params, matrix, ROUNDS), matrix)


def weighted(database, rows):
    for method, texts in (("hist", True), ("exact", False), ("approx", True)):
        params = {**LOGISTIC, "tree_method": method}
        version = train(database, rows.select("bad", texts, ["weight"]), "bad", params, 8, weight="weight")
        matrix = rows.matrix("bad", texts, weight="weight")
        yield f"{rows.name}: weights, {method}", *same_margins(margins(database, rows, f"m@{version}"), xgb.train(params, matrix, 8), matrix)


def ranked(database, rows):
    sizes = rows.frame.groupby("batch").size().to_numpy()
    for objective in ("rank:pairwise", "rank:ndcg", "rank:map"):
        params = {"objective": objective, "nthread": 1, "tree_method": "hist"}
        label = "bad" if objective == "rank:map" else "rank"
        version = train(database, rows.select(label, False, ["batch"]), label, params, 8, group_column="batch")
        matrix = rows.matrix(label, False)
        matrix.set_group(sizes)
        yield f"{rows.name}: {objective}", *same_margins(margins(database, rows, f"m@{version}"), xgb.train(params, matrix, 8), matrix)


def censored(database, rows):
    for distribution in ("normal", "logistic", "extreme"):
        params = {"objective": "survival:aft", "nthread": 1, "tree_method": "hist", "aft_loss_distribution": distribution, "aft_loss_distribution_scale": 1.2}
        version = train(database, rows.select("months_lower", False, ["upper"]), "months_lower", params, 8, label_upper="upper")
        matrix = rows.matrix(None, False)
        matrix.set_float_info("label_lower_bound", rows.frame["months_lower"].to_numpy(dtype=np.float32))
        matrix.set_float_info("label_upper_bound", rows.frame["upper"].fillna(np.inf).to_numpy(dtype=np.float32))
        yield f"{rows.name}: survival:aft, {distribution}", *same_margins(margins(database, rows, f"m@{version}"), xgb.train(params, matrix, 8), matrix)


def by_arguments(database, rows):
    """What arguments of their own are for."""
    numbers = rows.numbers
    signs = {numbers[0]: -1, numbers[1]: 1, numbers[3]: -1}
    constraints = tuple(signs.get(c, 0) for c in numbers)
    for method in ("hist", "exact"):
        params = {**LOGISTIC, "tree_method": method}
        version = train(database, rows.select("bad", False), "bad", params, 8, monotone_constraints=json.dumps(signs))
        matrix = rows.matrix("bad", False)
        booster = xgb.train({**params, "monotone_constraints": constraints}, matrix, 8)
        yield f"{rows.name}: monotone, {method}", *same_margins(margins(database, rows, f"m@{version}"), booster, matrix)
    params = {**HIST, "subsample": 0.5}
    version = train(database, rows.select("bad"), "bad", params, 8, seed=1234)
    matrix = rows.matrix("bad")
    yield f"{rows.name}: seed", *same_margins(margins(database, rows, f"m@{version}"), xgb.train({**params, "seed": 1234}, matrix, 8), matrix)
    # one array column is features without names
    query = f"SELECT ARRAY[{', '.join(numbers)}] AS x, bad FROM {rows.name} ORDER BY id"
    version = train(database, query, "bad", HIST, 8)
    matrix = rows.matrix("bad", False)
    found = database.rows(f"SELECT risk_margin(%s, ARRAY[{', '.join(numbers)}]) FROM {rows.name} ORDER BY id", (f"m@{version}",))
    found = np.array(found, dtype=np.float32)
    yield f"{rows.name}: an array", *same_margins(found, xgb.train(HIST, matrix, 8), matrix)


def scores(database, rows):
    """The baseline's scores are the responses of the rows."""
    version = train(database, rows.select("bad"), "bad", HIST, 5, model="based")
    found = database.value("SELECT baseline -> 'scores' -> 'score' FROM riskml.model_baseline JOIN riskml.model USING (model_id) WHERE name = 'based' AND version = %s", (version,))
    matrix = rows.matrix("bad")
    wanted = xgb.train(HIST, matrix, 5).predict(matrix)
    yield f"{rows.name}: scores of the baseline", (found["min"], found["max"], sum(found["counts"])) == (wanted.min(), wanted.max(), len(wanted)), found


def checks(database):
    for name in ("credit", "lending"):
        rows = Rows(database, name)
        for check in (plain, weighted, ranked, censored, by_arguments, scores):
            yield from check(database, rows)
