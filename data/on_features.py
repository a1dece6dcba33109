#!/usr/bin/python3
"""XGBoost on features that riskml's recipe made, for the demo.

    data/on_features.py train FILE      reads lines `label,features`, trains a model and writes it
    data/on_features.py compare FILE    reads lines `margin,features`, and compares each margin with XGBoost's, bit for bit

Features are an array as PostgreSQL writes it.  Exit code 1 if a margin differs.
"""
import csv
import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"
sys.dont_write_bytecode = True

import numpy as np
import xgboost as xgb

PARAMETERS = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": 3, "eta": 0.1, "subsample": 0.8, "seed": 1, "nthread": 1}


def read(lines):
    """(first fields, features as XGBoost takes them)"""
    rows = list(csv.reader(lines))
    features = [[np.nan if v == "NULL" else float(v) for v in array.strip("{}").split(",")] for _, array in rows]
    return np.array([float(first) for first, _ in rows]), xgb.DMatrix(np.array(features), nthread=1)


def train(path):
    label, rows = read(sys.stdin)
    rows.set_label(label)
    xgb.train(PARAMETERS, rows, 120).save_model(path)


def compare(path):
    margins, rows = read(sys.stdin)
    wanted = xgb.Booster({"nthread": 1}, model_file=path).predict(rows, output_margin=True)
    wrong = int((margins != wanted.astype(np.float64)).sum())
    print(f"{len(margins):,} margins compared with XGBoost {xgb.__version__}: {wrong} mismatches")
    return 1 if wrong or not len(margins) else 0


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("train", "compare"):
        sys.exit(__doc__)
    return {"train": train, "compare": compare}[sys.argv[1]](sys.argv[2])


if __name__ == "__main__":
    sys.exit(main())
