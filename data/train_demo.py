#!/usr/bin/python3
"""Train the models of the demo and write them to data/models/.

    data/train_demo.py            write the files
    data/train_demo.py --check    train again and compare with the files instead

Needs Debian's python3-xgboost (1.7.4 wrote the committed files).  One thread, fixed
seeds and the exact tree method: the same version writes the same bytes again.  The
predicted event is a bad loan.  Every fifth loan is held out (see features.py).
"""
import os
import sys
import tempfile

os.environ["OMP_NUM_THREADS"] = "1"  # before the first use of xgboost
sys.dont_write_bytecode = True

import numpy as np
import xgboost as xgb

from features import HERE, TABLES, feature_names, load

COMMON = {"objective": "binary:logistic", "tree_method": "exact", "nthread": 1,
          "subsample": 0.8}

# file -> (table, rounds, parameters[, the only features to use])
TRAININGS = {
    "quickstart.json": ("credit", 12, {"max_depth": 2, "eta": 0.3, "seed": 4},
                        ["income", "debt", "seniority"]),
    "by_hand.json": ("credit", 3, {"max_depth": 2, "eta": 0.5, "seed": 5},
                     ["seniority", "income", "amount", "records_yes", "job_fixed"]),
    "credit_v1.json": ("credit", 40, {"max_depth": 3, "eta": 0.15, "seed": 1}),
    "credit_v2.ubj": ("credit", 160, {"max_depth": 4, "eta": 0.06, "seed": 2,
                                      "colsample_bytree": 0.7,
                                      "min_child_weight": 4}),
    "lending.ubj": ("lending", 80, {"booster": "dart", "max_depth": 3, "eta": 0.1,
                                    "rate_drop": 0.1, "skip_drop": 0.5, "seed": 3,
                                    "min_child_weight": 5}),
}


def auc(label, score):
    """Area under the ROC curve by the rank formula, ties at their mean rank."""
    values, inverse, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[inverse]
    bad, good = label.sum(), (~label).sum()
    return (rank[label].sum() - bad * (bad + 1) / 2) / (bad * good)


def train(path, table, rounds, params, only=None):
    features, label, held_out = load(table)
    names = feature_names(table)
    if only:
        features = features[:, [names.index(name) for name in only]]
        names = only
    seen = xgb.DMatrix(features[~held_out], label[~held_out], feature_names=names,
                       nthread=1)
    # Start from the share of bad loans, as XGBoost does by itself from 2.0 on.
    share = round(float(label[~held_out].mean()), 4)
    booster = xgb.train({**COMMON, **params, "base_score": share}, seen, rounds)
    booster.save_model(path)
    unseen = xgb.DMatrix(features[held_out], feature_names=names, nthread=1)
    return auc(label[held_out], booster.predict(unseen))


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    models = os.path.join(HERE, "models")
    os.makedirs(models, exist_ok=True)
    differ = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, training in TRAININGS.items():
            path = os.path.join(scratch if check else models, name)
            area = train(path, *training)
            table, rounds = training[:2]
            print(f"{name:15} {TABLES[table]['file']:17} {rounds:4} trees "
                  f"{os.path.getsize(path):7} bytes   AUC on held-out loans {area:.4f}")
            if check:
                with open(path, "rb") as new, open(os.path.join(models, name), "rb") as old:
                    if new.read() != old.read():
                        differ.append(name)
    if differ:
        sys.exit(f"xgboost {xgb.__version__} trained different bytes: {', '.join(differ)}")


if __name__ == "__main__":
    main()
