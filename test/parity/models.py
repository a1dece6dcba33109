"""The objectives, the means to train models of them, and what a model is."""
from dataclasses import dataclass, field

import numpy as np
import xgboost as xgb

import layouts
from oracle import doc_of

LIB = tuple(int("".join(c for c in part if c.isdigit()) or 0)
            for part in xgb.__version__.split(".")[:3])
FORMS = ["ubj", "text", "json"]     # UBJSON; JSON as text; JSON as bytea
SETS = ["credit", "lending", "wild"]
LINEAR_SETS = ["credit", "lending", "wide"]     # no values that make weights overflow

LOGISTIC_BASES = [None, 0.1, 0.9999]
LOG_BASES = [None, 0.1, 7.5e-3]
PLAIN_BASES = [None, 0.1, -1234.5]
HIST = {"tree_method": "hist"}


@dataclass
class Objective:
    """A row of the first matrix."""
    since: tuple            # the first version that has it
    label: object           # how the label is made, see labels()
    bases: list             # base_score of each model
    params: dict = field(default_factory=dict)
    # Where libxgboost is too old, another objective's model stands in: it has the same base
    # margin and other trees.  (row to train, its label, the objective in the file)
    stand_in: tuple = None
    name: str = None        # in files, if it is not the row's name


def alpha_doc(name, alphas):
    key = {"reg:quantileerror": "quantile", "reg:expectileerror": "expectile"}[name]
    return {"name": name, f"{key}_loss_param": {f"{key}_alpha": layouts.listed(alphas)}}


def with_alphas(name, since, alphas, bases=PLAIN_BASES):
    """A row for an objective with as many outputs as alphas."""
    document = alpha_doc(name, alphas)
    key = list(list(document.values())[1])[0]
    several = len(alphas) > 1
    stand_in = (("reg:squarederror", ("targets", len(alphas)), document) if several
                else ("reg:absoluteerror", "real", document))
    return Objective(since, "real", bases, {**HIST, key: alphas if several else alphas[0]},
                     stand_in, name)


OBJECTIVES = {
    "reg:squarederror": Objective((1, 0), "real", PLAIN_BASES),
    "reg:squaredlogerror": Objective((1, 0), "positive", [None, 0.1, 3.75]),
    "reg:logistic": Objective((1, 0), "unit", LOGISTIC_BASES),
    "reg:pseudohubererror": Objective((1, 2), "real", PLAIN_BASES),
    "reg:absoluteerror": Objective((1, 7), "real", PLAIN_BASES, HIST),
    "reg:gamma": Objective((1, 0), "positive", LOG_BASES),
    "reg:tweedie": Objective((1, 0), "positive", LOG_BASES, {"tweedie_variance_power": 1.3}),
    "binary:logistic": Objective((1, 0), "binary", LOGISTIC_BASES),
    "binary:logitraw": Objective((1, 0), "binary", LOGISTIC_BASES),
    "binary:hinge": Objective((1, 0), "binary", PLAIN_BASES),
    "count:poisson": Objective((1, 0), "count", LOG_BASES),
    "survival:cox": Objective((1, 0), "survival", LOG_BASES),
    "survival:aft": Objective((1, 1), "interval", LOG_BASES),
    "rank:pairwise": Objective((1, 0), "relevance", PLAIN_BASES),
    "rank:ndcg": Objective((1, 0), "relevance", PLAIN_BASES),
    "rank:map": Objective((1, 0), "relevant", PLAIN_BASES),
    "multi:softmax": Objective((1, 0), ("class", 4), [None, 0.1, -3.5], {"num_class": 4}),
    "multi:softprob": Objective((1, 0), ("class", 3), [None, 0.1, -3.5], {"num_class": 3}),
    "reg:quantileerror": with_alphas("reg:quantileerror", (2, 0), [0.3]),
    "reg:quantileerror, 3 alphas": with_alphas("reg:quantileerror", (2, 0), [0.1, 0.5, 0.9]),
    "reg:expectileerror": with_alphas("reg:expectileerror", (3, 3), [0.3]),
    "reg:expectileerror, 3 alphas": with_alphas("reg:expectileerror", (3, 3), [0.2, 0.5, 0.8]),
}

GBTREE, GBLINEAR = "gbtree", "gblinear"


@dataclass
class Model:
    """A file to import and where its expected values come from."""
    row: str                # cell of the matrix
    column: str
    data: object
    doc: dict               # the file's content
    form: str
    booster: object = None  # libxgboost's model with the same trees; None: it reads the file
    file: bytes = None
    raw: bytes = None       # what libxgboost reads; None: doc
    options: dict = field(default_factory=dict)
    names: list = None      # feature_names given at import
    span: tuple = None      # only iterations [begin, end) count, end 0: all
    source_span: tuple = None   # likewise of the booster
    labels: dict = field(default_factory=dict)      # feature -> label of each code
    brief: bool = False     # only rows of float8, in one calling form
    name: str = None        # in SQL; set by run.py

    def content(self):
        return self.file or layouts.write(self.doc, self.form)


def labels(kind, data, rng):
    """(label, extra DMatrix fields) of a kind."""
    s, n = data.signal, len(data.signal)
    positive = np.exp(0.4 * np.clip(s, -3, 3))
    if isinstance(kind, tuple):
        what, count = kind
        if what == "class":
            edges = np.quantile(s, np.arange(1, count) / count)
            return np.searchsorted(edges, s).astype(float), {}
        many = np.stack([(i + 1) * s * (-1)**i + rng.normal(size=n) for i in range(count)], 1)
        if what == "flags":
            return (many > 0).astype(float), {}
        return (1 / (1 + np.exp(-many)) if what == "units" else many), {}
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
    kinds = {"feature_names": data.names}
    if data.categories:
        kinds["enable_categorical"] = True
        if isinstance(data.train, np.ndarray):      # a data frame knows
            kinds["feature_types"] = data.feature_types
    d = xgb.DMatrix(data.train, label, nthread=1, **kinds)
    for key, value in fields.items():
        d.set_group(value) if key == "group" else d.set_float_info(key, value)
    return d


def train(data, row, rounds, rng, attributes=None, label=None, obj=None, xgb_model=None,
          **params):
    """A booster of this libxgboost; row: of OBJECTIVES; None as base_score leaves the choice
    to it; label, obj: another kind of label, an objective function."""
    objective = OBJECTIVES[row]
    params = {"objective": objective.name or row, "max_depth": 4, "eta": 0.3, "nthread": 1,
              "verbosity": 0, "seed": int(rng.integers(2**31)),
              **(HIST if data.categories else {}), **objective.params, **params}
    params = {k: v for k, v in params.items() if v is not None}
    booster = xgb.train(params, matrix(data, label or objective.label, rng), rounds, obj=obj,
                        xgb_model=xgb_model, verbose_eval=False)
    # Early versions set best_iteration by themselves; here only who asks for it has it.
    booster.set_attr(best_iteration=None, best_ntree_limit=None)
    if attributes:
        booster.set_attr(**attributes)
    return booster


def native(row, column, data, booster, form, **more):
    """A file as this libxgboost writes it, which up to 1.7 does not read its own JSON if
    there are odd characters in it."""
    raw = bytes(booster.save_raw("ubj"))
    file = raw if form == "ubj" else bytes(booster.save_raw("json"))
    return Model(row, column, data, doc_of(booster), form, file=file, raw=raw, **more)


def derived(row, column, data, booster, doc, form, **more):
    return Model(row, column, data, doc, form, booster, **more)


def dart_params(i):
    return {"booster": "dart", "rate_drop": [0.3, 0.1, 0.5][i % 3], "skip_drop": [0, 0.3, 0][i % 3],
            "one_drop": 1, "normalize_type": ["tree", "forest"][i % 2],
            "sample_type": ["uniform", "weighted"][i % 2]}
