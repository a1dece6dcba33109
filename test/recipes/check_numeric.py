"""Operations on numbers: with given parameters and with fitted ones, against scikit-learn, scipy and numpy."""
import json
import math

import numpy as np
import warnings
from scipy import stats
from sklearn import preprocessing
from sklearn.impute import SimpleImputer

from recipe import applied, column_of, fault, fitted, frame, numbers, same, same_bits, step, table

INF = math.inf
SPECIAL = [math.nan, INF, -INF, 0.0, -0.0, 5e-324, -1.0, 1.0, 1.7976931348623157e308, -1.7976931348623157e308, 0.1, -3.5, 1e-300, 2.0, 3.0]


def samples():
    """name → numbers, of which some are missing; those that can be fitted."""
    random = np.random.default_rng(9)
    lending, credit = frame("lending_club"), frame("credit_data")
    found = {
        "income": credit["income"], "assets": credit["assets"], "annual_inc": lending["annual_inc"], "revol_util": lending["revol_util"],
        "normal": np.where(random.random(1001) < 0.1, np.nan, random.normal(3, 2, 1001)), "ties": random.integers(0, 4, 800).astype(float),
        "constant": np.full(50, 7.25), "two values": np.array([1.0, 2.0]), "one value": np.array([3.5, math.nan]),
        "far away": 1e6 + random.random(500), "all magnitudes": np.exp(random.normal(0, 20, 500)) * random.choice([-1, 1], 500),
    }
    return {name: np.asarray(values, dtype=float) for name, values in found.items()}


def yeo_johnson(x, power):
    transformer = preprocessing.PowerTransformer(standardize=False)
    transformer.lambdas_, transformer.n_features_in_ = np.array([power]), 1
    return transformer._yeo_johnson_transform(x.copy(), power)


def box_cox(x, power):
    found = np.full(len(x), np.nan)
    positive = x > 0
    found[positive] = np.log(x[positive]) if power == 0 else np.expm1(power * np.log(x[positive])) / power
    return found


def scaled(scaler, x, **attributes):
    for name, value in attributes.items():
        setattr(scaler, name, np.array([value]))
    scaler.n_features_in_ = 1
    return scaler.transform(x[:, None])[:, 0]


def given(database):
    """The formulas, on numbers that stress them."""
    random = np.random.default_rng(1)
    x = np.array(SPECIAL + list(random.normal(0, 10, 200)) + list(np.exp(random.normal(0, 30, 200))))
    y = np.array((SPECIAL[::-1] + list(random.normal(0, 3, len(x) - len(SPECIAL)))))
    table(database, x=numbers(x), y=numbers(y))
    bounded = np.clip(x, -1e300, 1e300)
    table(database, "b", x=numbers(bounded))
    missing, finite = np.isnan(x), np.where(np.isinf(x), np.nan, x)
    with np.errstate(all="ignore"):
        log = np.where(x < -1, np.nan, np.log1p(x))
        wanted = [
            (step("x", "pass"), x), (step("y", "impute", "x", strategy="constant", value=-4.5), np.where(missing, -4.5, x)),
            (step("x", "clip", min=-2, max=3.25), np.clip(x, -2, 3.25)), (step("x", "clip", min=0.5), np.maximum(x, 0.5)), (step("x", "clip", max=0.5), np.minimum(x, 0.5)),
            (step("x", "winsorize", min=-1.5, max=1.5), np.clip(x, -1.5, 1.5)), (step("x", "log1p"), log),
            (step("x", "standardize", mean=1.25, std=3.5), (x - 1.25) / 3.5), (step("x", "standardize", mean=1.25, std=0), x - 1.25),
            (step("x", "robust_scale", center=0.1, scale=0.3), (x - 0.1) / 0.3), (step("x", "robust_scale", center=0.1, scale=0), x - 0.1),
            (step("x", "minmax_scale", min=-3, max=4.5), x * (1 / 7.5) + (0 - -3 * (1 / 7.5))),
            (step("x", "minmax_scale", min=-3, max=4.5, range=[-1, 2], clip=True), np.clip(x * (3 / 7.5) + (-1 - -3 * (3 / 7.5)), -1, 2)),
            (step("x", "minmax_scale", min=2, max=2, range=[1, 3]), x * 2 + (1 - 2 * 2.0)),
            (step("x", "maxabs_scale", max_abs=3), x / 3), (step("x", "maxabs_scale", max_abs=0), x),
            (step("x", "bucketize", edges=[-1, 0, 0.1, 2, 1e300]), np.where(missing, np.nan, np.searchsorted([-1, 0, 0.1, 2, 1e300], x, side="right"))),
            (step("x", "quantile_bucketize", n_bins=3, edges=[0, 1]), np.where(missing, np.nan, np.searchsorted([0, 1], x, side="right"))),
            (step("r", "ratio", ["x", "y"]), np.where(y == 0, np.nan, x / np.where(y == 0, 1, y))), (step("p", "interaction", ["x", "y"]), x * y),
            (step("p", "interaction", ["x", "y", "x"]), x * y * x),
            (step("x", "cyclic", period=7), np.column_stack([np.sin(2 * np.pi * x / 7), np.cos(2 * np.pi * x / 7)])),
        ]
    for one, values in wanted:
        name = json.dumps({k: v for k, v in one.items() if k != "feature"})
        yield name, *same(applied(database, [one]), values if values.ndim == 2 else values[:, None])
    everything = [{"input": one["feature"], **one, "feature": f"f{i}"} for i, (one, _) in enumerate(wanted)]
    yield "all in one recipe", *same_bits(applied(database, everything), np.column_stack([applied(database, [one]) for one in everything]))
    for power in (-2, -0.5, 0, 1e-20, 0.3, 1, 2, 2.5, 5):
        some = finite[np.abs(finite) < 1e20]
        table(database, "s", x=numbers(some))
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield f"yeo-johnson {power}", *same(applied(database, [step("x", "power", lambda_=power)], "s"), yeo_johnson(some, power)[:, None], 1e-11)
            yield f"box-cox {power}", *same(applied(database, [step("x", "power", method="box-cox", lambda_=power)], "s"), box_cox(some, power)[:, None], 1e-11)


def fitted_steps():
    """(step, scikit-learn's side of the fitted parameters, a function of the values that are there)."""
    quantiles = lambda x, *q: np.quantile(x, q)
    return [
        (step("x", "impute"), {"value": np.mean}), (step("x", "impute", strategy="median"), {"value": np.median}),
        (step("x", "impute", strategy="mode"), {"value": lambda x: SimpleImputer(strategy="most_frequent").fit(x[:, None]).statistics_[0]}),
        (step("x", "winsorize"), {"min": lambda x: quantiles(x, 0.01)[0], "max": lambda x: quantiles(x, 0.99)[0]}),
        (step("x", "winsorize", lower=0.2, upper=0.5), {"min": lambda x: quantiles(x, 0.2)[0], "max": lambda x: quantiles(x, 0.5)[0]}),
        (step("x", "standardize"), {"mean": np.mean, "std": lambda x: preprocessing.StandardScaler().fit(x[:, None]).scale_[0]}),
        (step("x", "standardize", deviation="sample"), {"mean": np.mean, "std": lambda x: (np.std(x, ddof=1) if len(x) > 1 else 0) or 1.0}),
        (step("x", "robust_scale"), {"center": np.median, "scale": lambda x: preprocessing.RobustScaler().fit(x[:, None]).scale_[0]}),
        (step("x", "robust_scale", lower=0.1, upper=0.8), {"center": np.median, "scale": lambda x: preprocessing.RobustScaler(quantile_range=(10, 80)).fit(x[:, None]).scale_[0]}),
        (step("x", "minmax_scale"), {"min": np.min, "max": np.max}),
        (step("x", "maxabs_scale"), {"max_abs": lambda x: np.abs(x).max()}),
        (step("x", "quantile_bucketize", n_bins=5), {"edges": lambda x: np.unique(np.quantile(x, np.arange(1, 5) / 5))}),
        (step("x", "quantile_bucketize", n_bins=40), {"edges": lambda x: np.unique(np.quantile(x, np.arange(1, 40) / 40))}),
    ]


def found_parameters(database):
    for name, values in samples().items():
        there = values[~np.isnan(values)]
        table(database, x=numbers(values))
        for one, parameters in fitted_steps():
            found = fitted(database, [one])[0]
            what = " ".join(str(v) for k, v in one.items() if k != "feature")
            for field, wanted in parameters.items():
                found[field] = found[field] or (1 if field in ("std", "scale") else 0)      # 0 counts as 1
                yield f"{name}: {what}: {field}", *same(np.atleast_1d(found[field]), np.atleast_1d(wanted(there)), 1e-12, 1e-12 * np.abs(there).max())
            yield f"{name}: {what}: nothing else is added", set(found) == set(one) | set(parameters), found


SCALERS = {"standardize": preprocessing.StandardScaler, "robust_scale": preprocessing.RobustScaler, "minmax_scale": preprocessing.MinMaxScaler, "maxabs_scale": preprocessing.MaxAbsScaler}


def transformed(database):
    """Fitted and applied, beside fit_transform()."""
    for name, values in samples().items():
        table(database, x=numbers(values))
        for op, scaler in SCALERS.items():
            recipe = fitted(database, [step("x", op)])
            spread = 1e-12 if name != "far away" else 1e-9       # of 1e6 and its neighbours
            yield f"{name}: {op} as {scaler.__name__}", *same(applied(database, recipe), scaler().fit_transform(values[:, None]), spread, spread)


def likelihood(x, power, method):
    """scipy's llf, of values whose digits do not cancel where the power is nearly 0 or 2."""
    box = lambda log, power: np.expm1(power * log) / power if power else log
    if method == "box-cox":
        y, log = box(np.log(x), power), np.log(x)
    else:
        log = np.sign(x) * np.log1p(np.abs(x))
        y = np.where(x < 0, -box(-log, 2 - power), box(log, power))
    return -len(x) / 2 * np.log(y.var()) + (power - 1) * log.sum()


def powers(database):
    for name in ("income", "assets", "annual_inc", "revol_util", "normal", "ties", "two values"):
        values = samples()[name]
        there = values[~np.isnan(values)]
        for method, usable in (("yeo-johnson", there), ("box-cox", there[there > 0])):
            table(database, x=numbers(usable))
            found = fitted(database, [step("x", "power", method=method)])[0]["lambda"]
            best = stats.yeojohnson_normmax(usable) if method == "yeo-johnson" else stats.boxcox_normmax(usable, method="mle")
            ours, theirs = likelihood(usable, found, method), likelihood(usable, best, method)
            yield f"{name}: {method}: a lambda as likely as scipy's", ours >= theirs - 1e-9 * max(1, abs(theirs)), (found, best, ours, theirs)
    table(database, x=numbers([1.0, 0.0, 2.0]))
    code, message = database.error("SELECT riskml.fit_recipe(%s, 'TABLE t')", (json.dumps([step("x", "power", method="box-cox")]),))
    yield "box-cox of a zero is an error", code is not None and "x" in (message or ""), (code, message)


def chains(database):
    """Steps are fitted to what those before them make; unused and internal features are no outputs."""
    values = samples()["income"]
    table(database, x=numbers(values))
    recipe = fitted(database, [step("filled", "impute", "x", strategy="median", missing_indicator=True, output=False), step("logged", "log1p", "filled", output=False),
                               step("z", "standardize", "logged"), step("bin", "quantile_bucketize", "z", n_bins=4), step("gone", "pass", "filled_missing")])
    filled = np.where(np.isnan(values), np.nanmedian(values), values)
    z = preprocessing.StandardScaler().fit_transform(np.log1p(filled)[:, None])[:, 0]
    wanted = np.column_stack([z, np.searchsorted(np.quantile(z, [0.25, 0.5, 0.75]), z, side="right"), np.isnan(values)])
    found = applied(database, recipe)
    yield "a chain: numbers", *same(found[:, [0, 2]], wanted[:, [0, 2]])
    yield "a chain: bins", (found[:, 1] != wanted[:, 1]).mean() < 0.01, (found[:5], wanted[:5])
    yield "a chain: its parameters", near_value(column_of(recipe, "filled")["value"], np.nanmedian(values)), recipe
    given = [step("x", "standardize", mean=5)]
    found = fitted(database, given)[0]
    yield "what is given stays", found["mean"] == 5 and near_value(found["std"], np.nanstd(values)), found
    yield "a recipe that is not fitted is refused", fault(database, given)[0] == "55000", fault(database, given)


def near_value(found, wanted):
    return same([found], [wanted])[0]


def checks(database):
    yield from given(database)
    yield from found_parameters(database)
    yield from transformed(database)
    yield from powers(database)
    yield from chains(database)
