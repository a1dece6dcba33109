"""Expected values of a model: libxgboost's own, and the second scorer's where libxgboost
cannot read the file as its writer meant it."""
import json
from dataclasses import replace

import numpy as np
import xgboost as xgb

import importance
import layouts
import scorer
from scorer import Values

F32_MAX = np.finfo(np.float32).max
PARTS = ["margins", "scores", "classes", "leaves"]


def bits(x):
    return np.asarray(x, np.float32).view(np.uint32)


def ulps(a, b):
    """Distance in float32 steps; none between two NaN."""
    def ordered(x):
        i = np.asarray(x, np.float32).view(np.int32).astype(np.int64)
        return np.where(i < 0, -2**31 - i, i)
    return np.where(np.isnan(a) & np.isnan(b), 0, np.abs(ordered(a) - ordered(b)))


def same_bits(a, b):
    return (bits(a) == bits(b)) | np.isnan(a) & np.isnan(b)


def same_part(part, a, b):
    """True per row: the same bits of margins, scores within one step, the same class, ids."""
    if a is None or b is None or a.shape != b.shape:
        return np.bool_(a is None and b is None)
    if part == "classes":
        return a == b
    if part == "leaves":
        return (a == b).all(axis=1)
    return (same_bits(a, b) if part == "margins" else ulps(a, b) <= 1).all(axis=1)


def doc_of(booster):
    return json.loads(bytes(booster.save_raw("json")))


def load(file):
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(file))
    return booster


class Library:
    """libxgboost's reading of a file that its version can read."""

    def __init__(self, file, doc, own, span, feature_types):
        """own: the scorer's reading of the same."""
        self.doc, self.own, self.feature_types = doc, own, feature_types
        self.booster = load(file)
        self.limit = {} if span is None else {"iteration_range": span}
        self.probabilities = self.booster
        if self.own.objective == "multi:softmax":   # which predicts classes
            self.probabilities = load(file)
            self.probabilities.set_param({"objective": "multi:softprob"})

    def matrix(self, x):
        kinds = {}
        if self.feature_types:
            kinds = {"feature_types": self.feature_types, "enable_categorical": True}
        return xgb.DMatrix(x, feature_names=self.booster.feature_names, nthread=1,
                           missing=np.nan, **kinds)

    def leaf_ids(self, data):
        """XGBoost gives them from the first iteration on only."""
        if self.own.linear:
            return None
        if not self.own.trees:
            return np.zeros((data.num_row(), 0), np.int64)
        begin, end = self.limit.get("iteration_range", (0, 0))
        ids = self.booster.predict(data, pred_leaf=True, iteration_range=(0, end))
        ids = ids.reshape(data.num_row(), -1).astype(np.int64)
        return ids[:, -len(self.own.trees):] if begin else ids

    def values(self, rows):
        """A DMatrix refuses infinite values: they are clamped there, which takes the same
        branches unless a threshold is -FLT_MAX, and gives a linear model other sums.  gbtree
        models get them as they are through inplace_predict; for dart that rounds differently
        up to 3.2."""
        finite = np.where(np.isinf(rows.x), np.clip(rows.x, -F32_MAX, F32_MAX), rows.wide)
        data = self.matrix(finite)
        shape = len(rows), -1
        margins = self.booster.predict(data, output_margin=True, **self.limit).reshape(shape)
        scores = self.probabilities.predict(data, **self.limit).reshape(shape)
        infinite = np.isinf(rows.x).any(axis=1)
        if infinite.any() and not self.own.linear and scorer.parts(self.doc)[1] is None:
            raw, more = rows.wide[infinite], {**self.limit, "validate_features": False}
            margins[infinite] = self.booster.inplace_predict(
                raw, predict_type="margin", **more).reshape(len(raw), -1)
            scores[infinite] = self.probabilities.inplace_predict(raw, **more).reshape(len(raw), -1)
        return Values(margins.astype(np.float32), scores.astype(np.float32),
                      self.classes(data, margins, scores), self.leaf_ids(data))

    def classes(self, data, margins, scores):
        """What a user takes from predict(); only multi:softmax gives classes by itself."""
        objective = self.own.objective
        if objective == "multi:softmax":
            found = self.booster.predict(data, **self.limit).astype(np.int64).ravel()
            return np.where(np.isnan(margins).any(1), -1, found)
        if objective == "multi:softprob":
            return np.where(np.isnan(scores).any(1), -1, np.argmax(scores, axis=1))
        if scores.shape[1] == 1 and objective.startswith("binary:"):
            limit = 0.5 if objective == "binary:logistic" else 0
            return np.where(np.isnan(scores[:, 0]), -1, scores[:, 0] > np.float32(limit))
        return None

    def comparable(self, rows):
        """Rows on which clamping changes nothing."""
        infinite = np.isinf(rows.x).any(axis=1)
        if self.own.linear:
            return ~infinite
        found = np.ones(len(rows), bool)
        if infinite.any() and self.own.trees:
            x = rows.x[infinite]
            clamped = self.own.leaves(np.clip(x, -F32_MAX, F32_MAX))
            found[infinite] = (clamped == self.own.leaves(x)).all(axis=1)
        return found


class Expected:
    """Expected values of one model's rows, and what libxgboost had to say on the way."""

    def __init__(self, model):
        self.own = scorer.read(model.doc, model.span)
        self.importance = importance.of_model(model.doc, model.span)
        doc, own, file, span = model.doc, self.own, model.raw, model.span
        if model.booster is not None:
            doc, file, span = doc_of(model.booster), None, model.source_span
            own = scorer.read(doc, span)
        self.library = Library(file or layouts.to_json(doc), doc, own, span,
                               model.data.feature_types)

    def importance_differs(self):
        """Kinds in which libxgboost's importance is not the scorer's; spans have none."""
        if self.library.limit:
            return []
        linear = self.own.linear
        own = (self.importance if self.library.own is self.own
               else importance.of_model(self.library.doc))
        return importance.differ(own, importance.of_booster(self.library.booster, linear))

    def of(self, rows):
        """(expected values, {part: rows compared with libxgboost}, rows that differ)."""
        values = self.own.score(rows.x)
        compared = dict.fromkeys(PARTS, 0)
        theirs = self.library.values(rows)
        twin = replace(values)      # what the scorer makes of libxgboost's file, computed as it does here
        if self.library.own is not self.own or scorer.FUSED:
            twin = self.library.own.score(rows.x, scorer.FUSED)
        usable = self.library.comparable(rows)
        wrong = np.zeros(len(rows), bool)
        for part in PARTS:
            mine, its = getattr(twin, part), getattr(theirs, part)
            wrong |= usable & ~same_part(part, its, mine)
            ours = getattr(values, part)
            if ours is None or its is None or not its.shape == ours.shape == mine.shape:
                continue
            # rows on which libxgboost's file and this one mean the same
            same = same_bits(mine, ours) if part in ("margins", "scores") else mine == ours
            take = usable & (same if ours.ndim == 1 else same.all(axis=1))
            compared[part] = int(take.sum())
            setattr(values, part, np.where(take if ours.ndim == 1 else take[:, None], its, ours))
        return values, compared, list(np.flatnonzero(wrong))
