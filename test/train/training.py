"""What the checks of test/train share: the two data sets as tables and as matrices, CALL riskml.train_model(), margins."""
import json
import os
import sys

import numpy as np
import pandas as pd
import xgboost as xgb

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "recipes"))

from recipe import frame, load_frame    # noqa: E402

TEXTS = {"credit": ["home", "marital", "records", "job"], "lending": ["term", "sub_grade", "addr_state", "verification_status", "emp_length"]}
LABELS = {"credit": "status", "lending": "class"}


class Rows:
    """A data set with an id, its label as 0 and 1 in "bad", and columns to train on otherwise; numbers and texts, as they are."""

    def __init__(self, database, name):
        self.name, self.texts = name, TEXTS[name]
        rows = frame({"credit": "credit_data", "lending": "lending_club"}[name])
        rows["bad"] = (rows.pop(LABELS[name]) == "bad").astype(float)
        self.numbers = [c for c in rows.columns if c not in [*self.texts, "bad"]]
        i = np.arange(len(rows))
        rng = np.random.default_rng(10)
        first = self.numbers[0]
        rows["weight"] = rng.choice([0.25, 0.5, 1, 2, 3.7], len(rows))
        rows["class3"] = rng.integers(0, 3, len(rows)).astype(float)
        rows["count"] = rng.poisson(1 + 3 * rows["bad"]).astype(float)
        rows["amount_paid"] = np.round(10 + rows[first].fillna(0).abs() + rng.exponential(5, len(rows)), 3)
        rows["share"] = np.round(rng.uniform(0, 1, len(rows)), 4)
        rows["months"] = np.where(rng.uniform(size=len(rows)) < 0.4, 1, -1) * (1 + rng.integers(0, 60, len(rows))).astype(float)
        rows["upper"] = np.where(rows["months"] > 0, rows["months"], np.nan)
        rows["months_lower"] = rows["months"].abs()
        rows["batch"] = (i // 37).astype(float)
        rows["rank"] = rng.integers(0, 4, len(rows)).astype(float)
        rows["held_out"] = rng.uniform(size=len(rows)) < 0.25
        self.frame = rows
        load_frame(database, name, rows, held_out="boolean")

    def features(self, texts=True):
        return self.numbers + (self.texts if texts else [])

    def select(self, label, texts=True, more=(), where="true", order="id"):
        """The query of a training."""
        columns = [*self.features(texts), label, *more]
        return f"SELECT {', '.join(columns)} FROM {self.name} WHERE {where} ORDER BY {order}"

    def values(self, texts=True):
        """Of all rows, as float32; texts are the codes of their sorted values."""
        columns = [self.frame[c].to_numpy(dtype=np.float32) for c in self.numbers]
        for c in self.texts if texts else []:
            codes = pd.Categorical(self.frame[c], categories=sorted(self.frame[c].dropna().unique())).codes
            columns.append(np.where(codes < 0, np.nan, codes).astype(np.float32))
        return np.column_stack(columns)

    def matrix(self, label=None, texts=True, rows=None, **info):
        """Of all or some rows a DMatrix, with columns for its weight and the like."""
        chosen = self.frame if rows is None else self.frame[rows]
        values = self.values(texts)
        types = ["q"] * len(self.numbers) + (["c"] * len(self.texts) if texts else [])
        return xgb.DMatrix(values if rows is None else values[rows], None if label is None else chosen[label].to_numpy(dtype=np.float32),
                           feature_names=self.features(texts), feature_types=types, nthread=1, **{k: chosen[v].to_numpy(dtype=np.float32) for k, v in info.items()})


def train(database, query, label, params, rounds, model="m", **arguments):
    """The version that it makes."""
    names = {"num_boost_round": rounds, "params": json.dumps(params), **arguments}
    given = "".join(f", {name} => %s" for name in names)
    return database.value(f"CALL riskml.train_model(%s, %s, %s{given})", (model, query, label, *names.values()))


def margins(database, rows, model, where="true"):
    """Of all rows by id, as float32."""
    found = database.rows(f"SELECT risk_margins(%s, t) FROM {rows.name} t WHERE {where} ORDER BY id", (model,))
    return np.array([m for m, in found], dtype=np.float32)


def same_margins(found, booster, matrix):
    """(passed, seen): bit for bit."""
    wanted = booster.predict(matrix, output_margin=True).reshape(len(found), -1)
    if found.shape != wanted.shape:
        return False, f"shape {found.shape}, not {wanted.shape}"
    differ = found.view(np.uint32) != wanted.astype(np.float32).view(np.uint32)
    return not differ.any(), f"{differ.sum()} of {differ.size} differ; the first: {found[differ][:1]}, not {wanted[differ][:1]}"
