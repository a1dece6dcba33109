"""The margins a model has by what its file states, as the version that wrote it computes
them: for models that the XGBoost installed here cannot read, and for flipped ones.

The scorer is that of the parity suite.
"""
import json
import os
import sys

import numpy as np

import ubj

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import scorer  # noqa: E402

LOGIT = scorer.LOGIT


def read(data):
    """The document in bytes that are known to be well-formed."""
    return ubj.decode(data) if data[1:2] in b"iUIlL" else json.loads(data, strict=False)


class Model:
    """What a document says of itself."""

    def __init__(self, doc):
        model, self.weights = scorer.parts(doc)
        self.trees = model.get("trees", [])
        self.stored = scorer.base_scores_of(doc)
        self.objective = doc["learner"]["objective"]["name"]
        self.classes = int(doc["learner"]["learner_model_param"].get("num_class", "0"))
        self.fitted = bool(model.get("boosted_rounds", 0)) or bool(self.trees)


def margins(doc, rows):
    """A list of margins, one per output, for each row."""
    x = np.array([[np.nan if v is None else v for v in row] for row in rows], np.float64)
    with np.errstate(all="ignore"):
        return scorer.read(doc).score(x.astype(np.float32)).margins.tolist()
