#!/usr/bin/python3
"""`make bench-recipe`: what recipes cost, at scoring and at fitting.

    test/harness/bench.sh recipe      (it runs this in a server with the settings of recipe.conf)

A model of 100 trees of depth 6 over 30 features: scored on raw columns, by a recipe of 30 steps, beside scored on a table of the
ready features.  The fit of 30 steps, 10 of them woe, beside a scan that sums the columns, and beside the rows pulled out by
psycopg2 into scikit-learn.  The sides take turns; margins are equal to the last bit, and fitted parameters to 9 digits.  Prints
the table and writes docs/results/recipe.md of the directory RISKML_TOP.
"""
import io
import json
import math
import sys
import warnings

sys.dont_write_bytecode = True

import numpy as np      # noqa: E402
import xgboost as xgb   # noqa: E402
from sklearn import preprocessing       # noqa: E402
from sklearn.impute import SimpleImputer        # noqa: E402
from sklearn.tree import DecisionTreeClassifier         # noqa: E402

import data     # noqa: E402
from measure import Session, connect, in_turn, wall       # noqa: E402
from report import Report       # noqa: E402
from table import Line, nanoseconds, seconds      # noqa: E402

ROWS = 1_000_000
ROUNDS = 5
SAMPLE = 50_000
NUMBERS = [f"c{i + 1}" for i in range(22)]
CATEGORIES = [2, 4, 8, 12, 20, 50, 200, 2000]       # of the columns t1 to t8
CATEGORICAL = [f"t{i + 1}" for i in range(len(CATEGORIES))]
CODED = ("t3", "t4", "t7")      # of these the categories are integers, as of terms, products and branches
SERIAL = {"max_parallel_workers_per_gather": 0}


def step(feature, op, source=None, **fields):
    return {"feature": feature, "op": op, "input": source or feature, **fields}


WOE = {"convention": "ln_good_bad"}
# what is scored: 30 steps make 30 features
SCORED = [
    step("c1", "standardize"), step("c2", "log1p"), step("c3", "impute", strategy="median"), step("c4", "minmax_scale"), step("c5", "winsorize"), step("c6", "robust_scale"),
    step("c7", "power"), step("c8", "quantile_bucketize", n_bins=10), step("c9", "clip", min=0.05, max=0.95), step("c10", "woe", **WOE), step("c11", "impute"),
    step("c12", "woe", **WOE), step("c13", "bucketize", edges=[6, 12, 24, 36, 60, 90]), step("c14", "maxabs_scale"), step("c15", "pass"), step("c16", "standardize"),
    step("c17", "woe", **WOE), step("c18_c19", "interaction", ["c18", "c19"]), step("c20_c19", "ratio", ["c20", "c19"]), step("c21", "standardize", deviation="sample"),
    step("c22", "minmax_scale", clip=True),
    step("t1", "onehot"), step("t2", "ordinal"), step("t3", "ordinal"), step("t4", "frequency_encode"), step("t5", "woe", **WOE), step("t6", "woe", **WOE),
    step("t7_grouped", "group_rare", "t7", min_frequency=0.004, other=-1, output=False), step("t7", "target_encode", "t7_grouped"), step("t8", "hash_bucket", n_buckets=64),
]
# what is fitted: 30 steps, 10 of them woe, each with something to find
FITTED = [
    *(step(c, "woe", **WOE) for c in ("c1", "c2", "c3", "c4", "c5", "c6", "c7", "t2", "t5", "t6")),
    step("c8", "standardize"), step("c9", "robust_scale"), step("c10", "impute", strategy="median"), step("c11", "impute"),
    step("c12", "winsorize"), step("c13", "quantile_bucketize", n_bins=10), step("c14", "minmax_scale"), step("c15", "maxabs_scale"), step("c16", "power"), step("c17", "robust_scale"),
    step("c18", "impute", strategy="mode"), step("c19", "standardize"), step("c20", "minmax_scale"), step("c21", "standardize"), step("c22", "winsorize"),
    step("t1", "onehot"), step("t3", "ordinal"), step("t4", "frequency_encode"), step("t7", "target_encode"), step("t8", "frequency_encode"),
]

EXPLANATION = f"""\
{ROWS:,} rows of 22 numeric columns (float8) and 8 categorical ones ({', '.join(map(str, CATEGORIES))} categories; five of text, three of integer codes), 5 % of the values
missing. Medians of {ROUNDS} rounds in which the sides take turns, tables in memory, without parallel workers. Scoring: processor time of the backend; the recipe has 30 steps that make the 30 features, and
margins of both sides are equal bit for bit in all rows. Fitting: by the clock; the sum of a text column is that of its octet_length. In Python: a
server-side cursor of psycopg2, 50,000 rows at a time, into columns, then scikit-learn; once. scikit-learn has no woe: its bins are the leaves of a
DecisionTreeClassifier of the same number and size for numbers, and a count by category for texts, which is less work than what `woe` does. What both
sides find is compared. The result is riskml's multiple of the other's time, or how many times faster it is. Settings: `test/bench/recipe.conf`."""
REPORT = Report("recipe", EXPLANATION)


# ---- data

def categories(n, rng):
    """Categories of a column of n, as uneven as such columns are, each with a risk."""
    weights = 1 / np.arange(1, n + 1) ** 0.7
    return weights / weights.sum(), rng.normal(0, 0.4, n)


def portion(number):
    """(numbers, codes of texts, labels) of data.SAMPLE rows; NaN and -1 where missing."""
    x, y = data.portion(number)
    rng = np.random.default_rng([data.SEED, 9, number])
    codes = np.empty((len(x), len(CATEGORIES)), int)
    line = np.zeros(len(x))
    for j, n in enumerate(CATEGORIES):
        shares, risk = categories(n, np.random.default_rng([data.SEED, j]))
        codes[:, j] = rng.choice(n, len(x), p=shares)
        line += risk[codes[:, j]]
    y = np.where(rng.uniform(size=len(x)) < 0.3, rng.uniform(size=len(x)) < 1 / (1 + np.exp(-line)), y)
    codes[rng.uniform(size=codes.shape) < data.MISSING] = -1
    return x[:, :len(NUMBERS)], codes, y.astype(bool)


def create_raw(session):
    session.run("BEGIN")
    session.run(f"CREATE TABLE raw (id int, {', '.join(f'{c} float8' for c in NUMBERS)}, {', '.join(t + (' int' if t in CODED else ' text') for t in CATEGORICAL)}, bad boolean)")
    names = [[*(f"{i}" if t in CODED else f"category {i}" for i in range(n)), ""] for t, n in zip(CATEGORICAL, CATEGORIES)]
    for number in range(ROWS // data.SAMPLE):
        x, codes, y = portion(number)
        lines = io.StringIO()
        for i, (row, code, label) in enumerate(zip(x.tolist(), codes.tolist(), y.tolist())):
            fields = [repr(v) if v == v else "" for v in row] + [n[c] for n, c in zip(names, code)]
            lines.write(f"{number * data.SAMPLE + i},{','.join(fields)},{label}\n")
        lines.seek(0)
        session.cursor.copy_expert("COPY raw FROM STDIN (FORMAT csv)", lines)
    session.run("COMMIT")
    session.run("VACUUM (FREEZE, ANALYZE) raw")


# ---- scoring

def names_of(recipe):
    names = []
    for one in recipe:
        if one.get("output", True):
            names += [f"{one['feature']}_{c if c is not None else 'missing'}" for c in one["categories"]] if one["op"] == "onehot" else [one["feature"]]
    return names


def scoring_lines(session):
    session.run("CREATE TABLE recipes AS SELECT riskml.fit_recipe(%s, %s, 'bad') AS recipe", (json.dumps(SCORED), f"SELECT * FROM raw WHERE id < {SAMPLE}"))
    session.run("UPDATE recipes SET recipe = jsonb_set(recipe, '{21,categories}', '[\"category 0\", \"category 1\"]')")      # 30 features: a missing t1 is 0, 0
    recipe = session.ask("SELECT recipe FROM recipes")
    names = names_of(recipe)
    if (len(recipe), len(names)) != (30, 30):
        raise SystemExit(f"recipe.py: {len(recipe)} steps make {len(names)} features")
    columns = ", ".join(f'f[{i + 1}] AS "{name}"' for i, name in enumerate(names))
    session.run(f"CREATE TABLE ready AS SELECT id, {columns} FROM (SELECT id, riskml.apply_recipe(recipe, raw) AS f FROM recipes, raw OFFSET 0) s")
    session.run("VACUUM (FREEZE, ANALYZE) ready")
    session.run(f"SELECT bad, {', '.join(f'ready.{chr(34)}{name}{chr(34)}' for name in names)} FROM ready JOIN raw USING (id) WHERE id < {SAMPLE}")
    sample = np.array(session.cursor.fetchall(), dtype=float)
    booster = xgb.train({"objective": "binary:logistic", "tree_method": "hist", "max_depth": 6, "eta": 0.02, "min_child_weight": 0, "seed": data.SEED, "verbosity": 0},
                        xgb.DMatrix(sample[:, 1:].astype(np.float32), sample[:, 0], feature_names=names), 100)
    content = bytes(booster.save_raw("ubj"))
    session.run("SELECT riskml.import_model('raw', %s::bytea, recipe => %s)", (content, json.dumps(recipe)))
    session.run("SELECT riskml.import_model('ready', %s::bytea)", (content,))
    REPORT.say(f"tables and a model of {data.count_nodes(booster):,} nodes")
    wrong = session.ask("SELECT count(*) FROM raw JOIN ready USING (id) WHERE risk_margin('raw', raw) IS DISTINCT FROM risk_margin('ready', ready)")
    if wrong:
        raise SystemExit(f"recipe.py: {wrong} margins differ")
    scan = "SELECT sum(risk_score('{0}', t)) FROM {0} t"
    for table in ("raw", "ready"):
        if "score_columns(" not in session.text("EXPLAIN (VERBOSE, COSTS off) " + scan.format(table)):
            raise SystemExit("recipe.py: the planner did not rewrite the call")
    took = in_turn(ROUNDS, raw=lambda: session.cpu_of(scan.format("raw")), ready=lambda: session.cpu_of(scan.format("ready")))
    raw, ready = (1e9 * took[side] / ROWS for side in ("raw", "ready"))
    REPORT.say(f"raw {raw:.0f} ns, ready {ready:.0f} ns")
    yield Line("`SELECT sum(risk_score(model, t))` of raw columns by a recipe of 30 steps, beside the same model on the ready features: its time",
               nanoseconds(raw), nanoseconds(ready), raw / ready, must=1.4, least=False)
    session.run("DROP TABLE ready")


# ---- fitting

def pull():
    """The columns of raw: arrays of floats, lists of texts, the labels."""
    columns = [[] for _ in range(len(NUMBERS) + len(CATEGORICAL) + 1)]
    connection = connect()
    connection.autocommit = False
    with connection.cursor("rows") as cursor:
        cursor.itersize = 50_000
        cursor.execute(f"SELECT {', '.join(NUMBERS + CATEGORICAL)}, bad FROM raw")
        while rows := cursor.fetchmany(50_000):
            for column, values in zip(columns, zip(*rows)):
                column.append(np.array(values, dtype=object))
    connection.close()
    parts = dict(zip([*NUMBERS, *CATEGORICAL, "bad"], columns))
    return {name: np.concatenate(part).astype(float) if name in NUMBERS else np.concatenate(part) for name, part in parts.items()}


def woe_by_leaves(x, bad):
    there = ~np.isnan(x)
    leaves = np.full(len(x), -1)
    leaves[there] = DecisionTreeClassifier(max_leaf_nodes=8, min_samples_leaf=0.05).fit(x[there, None], bad[there]).apply(x[there, None])
    return counted(leaves, bad)


def counted(groups, bad):
    _, codes = np.unique(groups, return_inverse=True)
    bads, sizes = np.bincount(codes, bad), np.bincount(codes)
    return np.log(((sizes - bads + 0.5) / (~bad).sum()) / ((bads + 0.5) / bad.sum()))


def sklearn_fit():
    """The parameters of FITTED, by feature."""
    columns = pull()
    bad = columns["bad"].astype(bool)
    found = {}
    for one in FITTED:
        name, op, x = one["feature"], one["op"], columns[one["input"]]
        if op == "woe":
            found[name] = woe_by_leaves(x, bad) if name in NUMBERS else counted(np.where(x == None, "", x).astype(str), bad)      # noqa: E711
        elif name in CATEGORICAL:
            x = np.where(x == None, "", x).astype(str)[:, None]         # noqa: E711
            if op == "onehot":
                found[name] = preprocessing.OneHotEncoder(min_frequency=one.get("min_frequency")).fit(x).categories_
            elif op == "ordinal":
                found[name] = preprocessing.OrdinalEncoder().fit(x).categories_
            else:
                values, codes = np.unique(x, return_inverse=True)
                sizes = np.bincount(codes.ravel())
                found[name] = sizes / len(x) if op == "frequency_encode" else (np.bincount(codes.ravel(), bad) + 10 * bad.mean()) / (sizes + 10)
        elif op in ("winsorize", "quantile_bucketize"):
            found[name] = np.nanquantile(x, [0.01, 0.99] if op == "winsorize" else np.arange(1, 10) / 10)
        else:
            fitted = (SCALERS[op]() if op != "impute" else SimpleImputer(strategy=STRATEGIES.get(one.get("strategy"), "mean"))).fit(x[:, None])
            found[name] = {parameter: getattr(fitted, attribute)[0] for parameter, attribute in PARAMETERS[op].items()}
    return found


STRATEGIES = {"median": "median", "mode": "most_frequent"}
SCALERS = {"standardize": preprocessing.StandardScaler, "robust_scale": preprocessing.RobustScaler, "minmax_scale": preprocessing.MinMaxScaler,
           "maxabs_scale": preprocessing.MaxAbsScaler, "power": lambda: preprocessing.PowerTransformer(standardize=False)}
PARAMETERS = {"standardize": {"mean": "mean_", "std": "scale_"}, "robust_scale": {"center": "center_", "scale": "scale_"},
              "minmax_scale": {"min": "data_min_", "max": "data_max_"}, "maxabs_scale": {"max_abs": "scale_"}, "impute": {"value": "statistics_"}, "power": {"lambda": "lambdas_"}}


def compare(recipe, theirs):
    for one in recipe:
        if one["op"] in PARAMETERS:
            for name, value in theirs[one["feature"]].items():
                if not math.isclose(one[name], value, rel_tol=1e-4 if name == "lambda" else 1e-9):
                    raise SystemExit(f"recipe.py: {one['op']} of {one['feature']}: {name} {one[name]!r}, not {value!r}")
        elif one["op"] in ("frequency_encode", "target_encode") and not np.allclose(sorted(one["values"]), sorted(theirs[one["feature"]]), rtol=1e-9):
            raise SystemExit(f"recipe.py: values of {one['feature']}")


def fitting_lines(session):
    sums = "SELECT " + ", ".join([f"sum({c})" for c in NUMBERS] + [f"sum({t})" if t in CODED else f"sum(octet_length({t}))" for t in CATEGORICAL]) + " FROM raw"
    fit = "SELECT riskml.fit_recipe(%s, 'TABLE raw', 'bad')"
    took = in_turn(ROUNDS, sums=lambda: session.wall_of(sums), fit=lambda: wall(lambda: session.run(fit, (json.dumps(FITTED),))))
    recipe = session.ask(fit, (json.dumps(FITTED),))
    kept = []
    python = wall(lambda: kept.append(sklearn_fit()))
    compare(recipe, kept[0])
    REPORT.say(f"fit {took['fit']:.2f} s, sums {took['sums']:.2f} s, Python {python:.1f} s")
    what = f"`fit_recipe` of 30 steps, 10 of them woe, on {ROWS:,} rows"
    yield Line(f"{what}, beside `SELECT sum(c1), …` of the columns: its time", seconds(took["fit"]), seconds(took["sums"]), took["fit"] / took["sums"], must=8, least=False)
    yield Line(f"{what}, beside the rows pulled into scikit-learn: its speed", seconds(took["fit"]), seconds(python), python / took["fit"], must=5)


def main():
    warnings.simplefilter("ignore")
    session = Session(**SERIAL)
    create_raw(session)
    REPORT.say(f"{ROWS:,} rows")
    for lines in (scoring_lines(session), fitting_lines(session)):
        REPORT.rows.extend(lines)
    REPORT.write(session)


if __name__ == "__main__":
    main()
