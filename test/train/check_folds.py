"""Cross-validation: folds dealt by what is in the rows, within classes, and of each the metrics that XGBoost's Python has on the same folds."""
import numpy as np
import xgboost as xgb

from dealing import deal_folds, deal_groups
from training import Rows, margins, same_margins, train

BASE = {"objective": "binary:logistic", "nthread": 1, "tree_method": "hist", "eval_metric": ["auc", "logloss"]}
FOLDS = "SELECT folds, rounds FROM riskml.model_training t JOIN riskml.model m USING (model_id) WHERE m.name = 'm' AND version = %s"


def python(params, rows, label, texts, folds, rounds):
    """{set: {metric: [[of each round] of each fold]}}, of xgb.train() on each fold."""
    found = {}
    for fold in range(1, folds.max() + 1):
        training, validation = rows.matrix(label, texts, folds != fold), rows.matrix(label, texts, folds == fold)
        seen = {}
        xgb.train(params, training, rounds, evals=[(training, "train"), (validation, "validation")], evals_result=seen, verbose_eval=False)
        for name, metrics in seen.items():
            for metric, values in metrics.items():
                found.setdefault(name, {}).setdefault(metric, []).append(values)
    return found


def at(found, round_):
    return {name: {metric: [values[round_] for values in folds] for metric, folds in metrics.items()} for name, metrics in found.items()}


def judge(name, kept, wanted, round_):
    values = at(wanted, round_)
    yield f"{name}: round", kept["round"] == round_, kept["round"]
    for part, metrics in values.items():
        yield f"{name}: {part}, of each fold", kept[part] == metrics, (kept[part], metrics)
        for what, function in (("mean", np.mean), ("std", np.std)):
            near = all(np.isclose(kept[what][part][m], function(v), rtol=1e-12) for m, v in metrics.items())
            yield f"{name}: {part}, {what}", near, kept[what]


def apart(database, rows):
    """All rounds."""
    label = rows.frame["bad"].to_numpy(dtype=np.float32)
    for seed, n, texts in ((0, 5, False), (42, 3, True)):
        folds = deal_folds(rows.values(texts), label, seed, n)
        version = train(database, rows.select("bad", texts), "bad", BASE, 6, folds=n, seed=seed)
        kept, _ = database.row(FOLDS, (version,))
        yield from judge(f"{rows.name}: {n} folds", kept, python(BASE, rows, "bad", texts, folds, 6), 5)
        shares = [label[folds == fold].mean() for fold in range(1, n + 1)]
        yield f"{rows.name}: {n} folds: classes", np.ptp(shares) <= 1.5 / (len(label) / n), shares
        yield f"{rows.name}: {n} folds: sizes", np.ptp(np.bincount(folds)[1:]) <= 1, np.bincount(folds)
        matrix = rows.matrix("bad", texts)
        yield f"{rows.name}: {n} folds: the model is of all rows", *same_margins(margins(database, rows, f"m@{version}"), xgb.train(BASE, matrix, 6), matrix)
        again = train(database, rows.select("bad", texts, more=["1 AS one"]), "bad", BASE, 6, folds=n, seed=seed, features=rows.features(texts), comment="again")
        yield f"{rows.name}: {n} folds: again", database.row(FOLDS, (again,))[0] == kept or again == version, again


def together(database, rows):
    """Early stopping by the mean, as xgb.cv() does it; the model then has so many rounds."""
    label = rows.frame["bad"].to_numpy(dtype=np.float32)
    params = {**BASE, "learning_rate": 0.6, "eval_metric": "logloss"}
    folds = deal_folds(rows.values(False), label, 5, 4)
    matrix = rows.matrix("bad", False)
    pairs = [(np.flatnonzero(folds != f), np.flatnonzero(folds == f)) for f in range(1, 5)]
    table = xgb.cv(params, matrix, 60, folds=pairs, early_stopping_rounds=3)
    version = train(database, rows.select("bad", False), "bad", params, 60, folds=4, seed=5, early_stopping_rounds=3)
    kept, rounds = database.row(FOLDS, (version,))
    yield f"{rows.name}: stopped as xgb.cv()", rounds == len(table), (rounds, len(table))
    mean = kept["mean"]["validation"]["logloss"]
    yield f"{rows.name}: mean of xgb.cv()", np.isclose(mean, table["test-logloss-mean"].iloc[-1], rtol=1e-9), (mean, table["test-logloss-mean"].iloc[-1])
    yield f"{rows.name}: a model of as many rounds", *same_margins(margins(database, rows, f"m@{version}"), xgb.train(params, matrix, rounds), matrix)


def other_kinds(database, rows):
    """Without classes all rows are dealt together; in ranking, groups."""
    params = {"objective": "reg:squarederror", "nthread": 1, "tree_method": "hist"}
    label = rows.frame["amount_paid"].to_numpy(dtype=np.float32)
    folds = deal_folds(rows.values(False), label, 1, 4, stratify=False)
    version = train(database, rows.select("amount_paid", False), "amount_paid", params, 4, folds=4, seed=1)
    yield from judge(f"{rows.name}: regression", database.row(FOLDS, (version,))[0], python(params, rows, "amount_paid", False, folds, 4), 3)
    params = {"objective": "multi:softprob", "num_class": 3, "nthread": 1, "tree_method": "hist"}
    label = rows.frame["class3"].to_numpy(dtype=np.float32)
    folds = deal_folds(rows.values(False), label, 1, 3)
    version = train(database, rows.select("class3", False), "class3", params, 3, folds=3, seed=1)
    yield from judge(f"{rows.name}: classes", database.row(FOLDS, (version,))[0], python(params, rows, "class3", False, folds, 3), 2)
    yield from ranking(database, rows)


def ranking(database, rows):
    params = {"objective": "rank:pairwise", "nthread": 1, "tree_method": "hist", "eval_metric": "ndcg"}
    label = rows.frame["rank"].to_numpy(dtype=np.float32)
    batch = rows.frame["batch"].to_numpy()
    folds = deal_groups(rows.values(False), label, batch, 9, 3)
    version = train(database, rows.select("rank", False, ["batch"]), "rank", params, 3, folds=3, seed=9, group_column="batch")
    kept, _ = database.row(FOLDS, (version,))
    for fold in (1, 2, 3):
        sets = []
        for chosen in (folds != fold, folds == fold):
            sets.append(rows.matrix("rank", False, chosen))
            sets[-1].set_group(rows.frame[chosen].groupby("batch").size().to_numpy())
        seen = {}
        xgb.train(params, sets[0], 3, evals=[(sets[0], "train"), (sets[1], "validation")], evals_result=seen, verbose_eval=False)
        yield f"{rows.name}: groups, fold {fold}", kept["validation"]["ndcg"][fold - 1] == seen["validation"]["ndcg"][2], (kept, seen)


def noise(database):
    """Of rows with few different values, most of them equal to others, whose label is thrown: nobody can foretell it, and held-out rows must say so."""
    database.run("DROP TABLE IF EXISTS noise")
    database.run("CREATE TABLE noise AS SELECT i AS id, 'k' || (hashint4(i) & 255) AS k, (hashint4(i * 7 + 1) & 1) AS y FROM generate_series(1, 4000) i")
    for recipe in (None, '[{"feature": "k", "op": "woe", "convention": "ln_good_bad"}]'):
        version = train(database, "SELECT k, y FROM noise ORDER BY id", "y", {**BASE, "eval_metric": "auc"}, 20, folds=4, validation="0.25", recipe=recipe)
        kept = database.row("SELECT metrics, folds FROM riskml.model_training t JOIN riskml.model m USING (model_id) WHERE m.name = 'm' AND version = %s", (version,))
        seen = kept[0]["validation"]["auc"][-1], kept[1]["mean"]["validation"]["auc"]
        yield f"noise, {'a recipe' if recipe else 'texts'}", all(abs(auc - 0.5) < 0.06 for auc in seen), seen
    encode = '[{"feature": "k", "op": "target_encode", "smoothing": 1}]'
    rows = database.rows("SELECT features[1] FROM riskml.training_features(riskml.fit_recipe(%s, 'SELECT k, y FROM noise', 'y'), 'SELECT k, y FROM noise ORDER BY id', 'y')", (encode,))
    labels = database.rows("SELECT y FROM noise ORDER BY id")
    auc = database.value("SELECT riskml.auc(x, y = 1) FROM unnest(%s::float8[], %s::int[]) t(x, y)", ([x for x, in rows], [y for y, in labels]))
    yield "noise, encoded out of fold", abs(auc - 0.5) < 0.04, auc


def checks(database):
    yield from noise(database)
    for name in ("credit", "lending"):
        rows = Rows(database, name)
        for check in (apart, together, other_kinds):
            yield from check(database, rows)
