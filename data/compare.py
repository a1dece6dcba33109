#!/usr/bin/python3
"""Compare riskml's results with XGBoost's, for every row of the demo.

Reads lines `model,id,margin,score` on standard input, as demo.sql sends them.  XGBoost
gets the same model files and its rows straight from the CSV files, so that nothing that
riskml computed stands on its side.  Margins must be equal bit for bit, scores equal or
neighbours in float32.  Exit code 1 if any is not, or if a row is missing.
"""
import csv
import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"
sys.dont_write_bytecode = True

import numpy as np
import xgboost as xgb

from features import HERE, MODELS, feature_names, load


def by_xgboost(name, table):
    """(margins, scores) of a whole table as XGBoost computes them, in float32."""
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(os.path.join(HERE, "models", name))
    rows = xgb.DMatrix(load(table)[0], feature_names=feature_names(table), nthread=1)
    return booster.predict(rows, output_margin=True), booster.predict(rows)


def by_riskml(lines):
    """model -> {id: (margin, score)}"""
    found = {}
    for model, row, margin, score in csv.reader(lines):
        found.setdefault(model, {})[int(row)] = (float(margin), float(score))
    return found


def ordered(values):
    """Float32 values as integers in which neighbours differ by 1."""
    bits = values.view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(2**31) - bits, bits)


def compare(margins, scores, got):
    """(mismatching margins, mismatching scores) of one model."""
    ids = range(1, len(margins) + 1)
    if sorted(got) != list(ids):
        sys.exit(f"compare.py: {len(got)} rows of {len(margins)} arrived")
    wide = np.array([got[i] for i in ids])
    ours = wide.astype(np.float32)
    exact = (ours[:, 0] == wide[:, 0]) & (ours[:, 0].view(np.int32) == margins.view(np.int32))
    near = np.abs(ordered(ours[:, 1].copy()) - ordered(scores)) <= 1
    return int((~exact).sum()), int((~near).sum())


def main():
    got = by_riskml(sys.stdin)
    print(f" {'model':10}|{'scores':>8} | margin bits that differ | scores that differ")
    print("-" * 11 + "+" + "-" * 9 + "+" + "-" * 25 + "+" + "-" * 20)
    total = wrong = 0
    for name, (model, table) in MODELS.items():
        margins, scores = by_xgboost(name, table)
        bad_margins, bad_scores = compare(margins, scores, got.get(model, {}))
        total += len(margins)
        wrong += max(bad_margins, bad_scores)
        print(f" {model:10}|{len(margins):8} |{bad_margins:24} |{bad_scores:19}")
    print(f"\n{total:,} scores compared with XGBoost {xgb.__version__}: {wrong} mismatches")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
