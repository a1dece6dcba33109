"""Expected values of a model: libxgboost's own, and the second scorer's where libxgboost
cannot read the file as its writer meant it."""
from dataclasses import dataclass

import numpy as np
import xgboost as xgb

import layouts
import scorer

F32_MAX = np.finfo(np.float32).max


@dataclass
class Values:
    """What a model gives for some rows."""
    margin: np.ndarray
    response: np.ndarray
    leaves: np.ndarray      # rows × trees


def bits(x):
    return np.asarray(x, np.float32).view(np.uint32)


def ulps(a, b):
    """Distance in float32 steps."""
    def ordered(x):
        i = np.asarray(x, np.float32).view(np.int32).astype(np.int64)
        return np.where(i < 0, -2**31 - i, i)
    return np.abs(ordered(a) - ordered(b))


def same(expected, got):
    """True per row: margin bits equal, response within one step, leaf ids equal."""
    return ((bits(expected.margin) == bits(got.margin))
            & (ulps(expected.response, got.response) <= 1)
            & (expected.leaves == got.leaves).all(axis=1))


def load(model):
    """libxgboost's reading of a file that its version can read."""
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(layouts.to_json(model.doc)))
    return booster


def library(booster, model, rows):
    """libxgboost's values.

    A DMatrix refuses infinite values: they are clamped there, which takes the same
    branches unless a threshold is -FLT_MAX (see `expected`).  gbtree models get them as
    they are through inplace_predict; for dart that rounds differently up to 3.2.
    """
    finite = np.where(np.isinf(rows.x), np.clip(rows.x, -F32_MAX, F32_MAX), rows.wide)
    names = booster.feature_names
    data = xgb.DMatrix(finite, feature_names=names, nthread=1, missing=np.nan)
    limit = {} if model.rounds is None else {"iteration_range": (0, model.rounds)}
    margin = booster.predict(data, output_margin=True, **limit)
    response = booster.predict(data, **limit)
    leaves = np.zeros((len(rows), 0))
    if layouts.trees_of(model.doc):
        leaves = booster.predict(data, pred_leaf=True, **limit)
    infinite = np.isinf(rows.x).any(axis=1)
    if infinite.any() and scorer.parts(model.doc)[1] is None:
        raw = rows.wide[infinite]
        limit["validate_features"] = False
        margin[infinite] = booster.inplace_predict(raw, predict_type="margin", **limit)
        response[infinite] = booster.inplace_predict(raw, **limit)
    return Values(margin.astype(np.float32), response.astype(np.float32),
                  leaves.reshape(len(rows), -1).astype(np.int64))


def expected(model, forest, rows):
    """(expected values, rows on which libxgboost and the scorer were compared, rows on
    which they differ)."""
    own = Values(*forest.score(rows.x))
    booster = model.booster or load(model)
    theirs = library(booster, model, rows)
    clamped = np.clip(rows.x, -F32_MAX, F32_MAX)
    comparable = (forest.leaves(clamped) == own.leaves).all(axis=1)
    if not model.same:      # other base margin: the leaves alone are libxgboost's
        theirs.margin = forest.margins(theirs.leaves)
        theirs.response = scorer.response(forest.objective, forest.version, theirs.margin)
    agree = same(theirs, own)
    take = comparable[:, None]
    return (Values(np.where(comparable, theirs.margin, own.margin),
                   np.where(comparable, theirs.response, own.response),
                   np.where(take, theirs.leaves, own.leaves)),
            comparable, comparable & ~agree)
