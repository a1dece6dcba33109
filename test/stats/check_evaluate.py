"""riskml.evaluate() against scikit-learn, for models of each kind, and what it refuses."""
import numpy as np
from sklearn import metrics

import models
from check_metrics import calibration_error
from common import near


def wanted_binary(y, score, weight, threshold, probability, decides):
    w = np.ones(len(y)) if weight is None else weight
    auc = metrics.roc_auc_score(y, score, sample_weight=w)
    fpr, tpr, _ = metrics.roc_curve(y, score, sample_weight=w, drop_intermediate=False)
    result = {"rows": len(y), "event_rate": np.average(y, weights=w), "auc": auc, "gini": 2 * auc - 1, "ks_score": np.abs(tpr - fpr).max(),
              "average_precision": metrics.average_precision_score(y, score, sample_weight=w)}
    if probability:
        result |= {"log_loss": metrics.log_loss(y, score, sample_weight=w), "brier": metrics.brier_score_loss(y, score, sample_weight=w),
                   "expected_calibration_error": calibration_error(score, y, w, 10)}
    if decides:
        decided = score > threshold
        result |= {"accuracy": metrics.accuracy_score(y, decided, sample_weight=w), "precision": metrics.precision_score(y, decided, sample_weight=w),
                   "recall": metrics.recall_score(y, decided, sample_weight=w), "specificity": metrics.recall_score(~y, ~decided, sample_weight=w),
                   "f1": metrics.f1_score(y, decided, sample_weight=w), "mcc": metrics.matthews_corrcoef(y, decided, sample_weight=w)}
    return result


def agree(name, seen, wanted):
    seen = dict(seen)
    yield name, list(seen) == list(wanted) and all(near(seen[m], wanted[m], 1e-12, 1e-15) for m in wanted), (seen, wanted)


def binary(database):
    for model, table, label, threshold, probability, decides in (
            ("credit@2", "credit", "status", 0.5, True, True), ("lending@1", "lending", "class", 0.5, True, True),
            ("raw@1", "credit", "status", 0, False, True), ("hinge@1", "credit", "status", 0, False, True), ("ranks@1", "credit", "status", 0, False, False)):
        rows = database.rows(f"SELECT risk_score('{model}', t), {label} = 'bad', 1 + id % 4 FROM stats_{table} t")
        score, y, w = (np.array(column) for column in zip(*rows))
        query = f"SELECT *, {label} = 'bad' AS bad, ({label} = 'bad')::int::numeric AS bad_number, 1 + id % 4 AS w FROM stats_{table}"
        for column in ("bad", "bad_number"):
            yield from agree(f"{model}, {column}", database.rows("SELECT * FROM riskml.evaluate(%s, %s, %s)", (model, query, column)),
                             wanted_binary(y, score, None, threshold, probability, decides))
        yield from agree(f"{model}, weighted", database.rows("SELECT * FROM riskml.evaluate(%s, %s, 'bad', 'w')", (model, query)),
                         wanted_binary(y, score, w.astype(float), threshold, probability, decides))


def others(database):
    for model in ("lengths@2", "counts@1"):
        rows = database.rows(f"SELECT risk_score('{model}', t), amount / 1000, 1 + id % 4 FROM stats_credit t")
        score, y, w = (np.array(column) for column in zip(*rows))
        seen = database.rows("SELECT * FROM riskml.evaluate(%s, 'SELECT *, amount / 1000 AS y, 1 + id %% 4 AS w FROM stats_credit', 'y', 'w')", (model,))
        wanted = {"rows": len(y), "rmse": np.sqrt(metrics.mean_squared_error(y, score, sample_weight=w)), "mae": metrics.mean_absolute_error(y, score, sample_weight=w),
                  "r2": metrics.r2_score(y, score, sample_weight=w), "mape": metrics.mean_absolute_percentage_error(y, score, sample_weight=w)}
        yield from agree(model, seen, wanted)
    for model in ("kinds@1", "kinds@2"):
        rows = database.rows(f"SELECT risk_scores('{model}', t), id % 3, risk_class('{model}', t) FROM stats_credit t")
        scores, y, classes = (np.array(column) for column in zip(*rows))
        seen = database.rows("SELECT * FROM riskml.evaluate(%s, 'SELECT *, id %% 3 AS y FROM stats_credit', 'y')", (model,))
        yield from agree(model, seen, {"rows": len(y), "log_loss": metrics.log_loss(y, scores / scores.sum(axis=1, keepdims=True)), "accuracy": metrics.accuracy_score(y, classes)})


def refused(database):
    query = "SELECT *, id % 3 AS y, status = ''bad'' AS bad FROM stats_credit"
    for name, model, label, state in (("several outputs", "twice", "y", "42809"), ("a label of another class", "credit", "y", "22023"),
                                      ("a boolean label of a regression", "lengths", "bad", "42804"), ("a label without class", "kinds", "amount", "22023")):
        seen = database.error(f"SELECT * FROM riskml.evaluate('{model}@1', '{query}', '{label}')")
        yield f"refused: {name}", seen[0] == state, seen
    seen = database.error(f"SELECT * FROM riskml.compare('credit@1', 'lengths@1', '{query}', 'y')")
    yield "refused: two kinds of models", seen[0] == "42809", seen


def checks(database):
    models.load(database)
    yield from binary(database)
    yield from others(database)
    yield from refused(database)
