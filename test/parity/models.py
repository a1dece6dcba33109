"""What is trained: objectives by booster and layout, and shapes of trees and files.

Each function yields models of one cell of the matrix; every cell gets three or more, on
different data sets and in different file formats.
"""
import json
from dataclasses import dataclass, field

import numpy as np
import xgboost as xgb

import layouts

LIB = tuple(int("".join(c for c in part if c.isdigit()) or 0)
            for part in xgb.__version__.split(".")[:3])
FORMS = ["ubj", "text", "json"]     # UBJSON; JSON as text; JSON as bytea
SETS = ["credit", "lending", "wild"]

# objective -> (first version, how the label is made, base_score to try, parameters)
LOGISTIC_BASES = [None, 0.1, 0.9999]
LOG_BASES = [None, 0.1, 7.5e-3]
PLAIN_BASES = [None, 0.1, -1234.5]
OBJECTIVES = {
    "reg:squarederror": ((1, 0), "real", PLAIN_BASES, {}),
    "reg:squaredlogerror": ((1, 0), "positive", PLAIN_BASES[:2] + [3.75], {}),
    "reg:logistic": ((1, 0), "unit", LOGISTIC_BASES, {}),
    "reg:pseudohubererror": ((1, 2), "real", PLAIN_BASES, {}),
    "reg:absoluteerror": ((1, 7), "real", PLAIN_BASES, {"tree_method": "hist"}),
    "reg:gamma": ((1, 0), "positive", LOG_BASES, {}),
    "reg:tweedie": ((1, 0), "positive", LOG_BASES, {"tweedie_variance_power": 1.3}),
    "binary:logistic": ((1, 0), "binary", LOGISTIC_BASES, {}),
    "binary:logitraw": ((1, 0), "binary", LOGISTIC_BASES, {}),
    "binary:hinge": ((1, 0), "binary", PLAIN_BASES, {}),
    "count:poisson": ((1, 0), "count", LOG_BASES, {}),
    "survival:cox": ((1, 0), "survival", LOG_BASES, {}),
    "survival:aft": ((1, 1), "interval", LOG_BASES, {}),
    "rank:pairwise": ((1, 0), "relevance", PLAIN_BASES, {}),
    "rank:ndcg": ((1, 0), "relevance", PLAIN_BASES, {}),
    "rank:map": ((1, 0), "relevant", PLAIN_BASES, {}),
    "reg:quantileerror": ((2, 0), "real", PLAIN_BASES,
                          {"tree_method": "hist", "quantile_alpha": 0.3}),
    "reg:expectileerror": ((3, 3), "real", PLAIN_BASES,
                           {"tree_method": "hist", "expectile_alpha": 0.3}),
}

# Where libxgboost is too old for an objective, another one's model stands in for it:
# the same base margin and response, the objective's own name and parameters.
STAND_IN = {
    "reg:quantileerror": ("reg:absoluteerror",
                          {"name": "reg:quantileerror",
                           "quantile_loss_param": {"quantile_alpha": "[0.3]"}}),
    "reg:expectileerror": ("reg:absoluteerror",
                           {"name": "reg:expectileerror",
                            "expectile_loss_param": {"expectile_alpha": "[0.3]"}}),
}

GBTREE = "gbtree"
DART = ["dart 1.0", "dart 3.3", "dart 3.4"]     # each layout by its first version
DART_VERSION = {"dart 1.0": (2, 1, 4), "dart 3.3": (3, 3, 0), "dart 3.4": (3, 4, 1)}


@dataclass
class Model:
    """A file to import and where its expected values come from."""
    row: str                # cell of the matrix
    column: str
    data: object
    doc: dict               # the file's content
    form: str
    booster: object         # libxgboost's model with the same trees
    same: bool = True       # it has the same margins too; False: the same leaves only
    file: bytes = None
    options: dict = field(default_factory=dict)
    names: list = None      # feature_names given at import
    rounds: int = None      # only the first boosting rounds count
    derived: bool = False
    name: str = None        # in SQL; set by run.py

    def content(self):
        return self.file or layouts.write(self.doc, self.form)


def labels(kind, data, rng):
    """(label, extra DMatrix fields) of a kind."""
    s, n = data.signal, len(data.signal)
    positive = np.exp(0.4 * np.clip(s, -3, 3))
    if kind == "real":
        return 3 * s, {}
    if kind == "positive":
        return positive, {}
    if kind == "unit":
        return 1 / (1 + np.exp(-s)), {}
    if kind == "binary":
        return data.binary, {}
    if kind == "count":
        return rng.poisson(positive).astype(float), {}
    if kind == "survival":
        return np.where(rng.random(n) < 0.3, -positive, positive), {}
    if kind == "interval":
        upper = np.where(rng.random(n) < 0.3, np.inf, positive)
        return positive, {"label_lower_bound": positive, "label_upper_bound": upper}
    grades = (s > 0).astype(float) if kind == "relevant" else np.clip(np.round(s + 1), 0, 3)
    return grades, {"group": [20] * (n // 20) + ([n % 20] if n % 20 else [])}


def matrix(data, kind, rng):
    label, fields = labels(kind, data, rng)
    d = xgb.DMatrix(data.train, label, feature_names=data.names, nthread=1)
    for key, value in fields.items():
        d.set_group(value) if key == "group" else d.set_float_info(key, value)
    return d


def train(data, objective, rounds, rng, attributes=None, **params):
    """A booster of this libxgboost; None as base_score leaves the choice to it."""
    _, kind, _, extra = OBJECTIVES[objective]
    params = {"objective": objective, "max_depth": 4, "eta": 0.3, "nthread": 1,
              "verbosity": 0, "seed": int(rng.integers(2**31)), **extra, **params}
    params = {k: v for k, v in params.items() if v is not None}
    booster = xgb.train(params, matrix(data, kind, rng), rounds, verbose_eval=False)
    # Early versions set best_iteration by themselves; here only who asks for it has it.
    booster.set_attr(best_iteration=None, best_ntree_limit=None)
    if attributes:
        booster.set_attr(**attributes)
    return booster


def doc_of(booster):
    return json.loads(bytes(booster.save_raw("json")))


def native(row, column, data, booster, form, **more):
    file = bytes(booster.save_raw("ubj" if form == "ubj" else "json"))
    return Model(row, column, data, doc_of(booster), form, booster, file=file, **more)


def derived(row, column, data, booster, doc, form, **more):
    return Model(row, column, data, doc, form, booster, derived=True, **more)


def dart_params(i):
    return {"booster": "dart", "rate_drop": [0.3, 0.1, 0.5][i % 3], "skip_drop": [0, 0.3, 0][i % 3],
            "one_drop": 1, "normalize_type": ["tree", "forest"][i % 2],
            "sample_type": ["uniform", "weighted"][i % 2]}


def version_for(column, since):
    """A version that writes this column's layout and knows the objective, or None."""
    version = max(DART_VERSION.get(column, LIB), since + (0,))
    return version if column == GBTREE or layouts.dart_layout(version) == column else None


def columns_of(objective):
    since = OBJECTIVES[objective][0]
    return [c for c in [GBTREE] + DART if version_for(c, since)]


def objective_models(data_sets, seed, rounds=8):
    """The first matrix: every objective with gbtree and with dart in every layout."""
    for n, (objective, (since, _, bases, _)) in enumerate(OBJECTIVES.items()):
        trained, stand_in = objective, None
        if LIB < since:
            trained, stand_in = STAND_IN[objective]
        fixed_method = OBJECTIVES[trained][3].get("tree_method")
        for i, name in enumerate(SETS):
            data = data_sets[name]
            for k, booster_kind in enumerate((GBTREE, "dart")):
                rng = np.random.default_rng([seed, n, i, k])
                method = fixed_method or ["exact", "hist", "approx"][i]
                booster = train(data, trained, rounds, rng, base_score=bases[i],
                                tree_method=method, **(dart_params(i) if k else {}))
                doc = doc_of(booster)
                if stand_in:
                    doc = layouts.with_objective(doc, stand_in)
                for column in columns_of(objective):
                    if column.split()[0] != booster_kind:
                        continue
                    form = FORMS[(n + i + len(column) + int(column[-1] == "3")) % 3]
                    if column in (GBTREE, layouts.dart_layout(LIB)) and not stand_in:
                        yield native(objective, column, data, booster, form)
                    else:
                        yield derived(objective, column, data, booster,
                                      layouts.as_version(doc, version_for(column, since)), form)
