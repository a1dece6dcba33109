"""docs/tools/sklearn_to_recipe.py: random ColumnTransformers on both data sets, the recipe beside transform(); and XGBoost's scores on what they make."""
import json
import os
import subprocess
import sys
import tempfile
import warnings

import joblib
import numpy as np
import psycopg2
import xgboost as xgb
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (Binarizer, FunctionTransformer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, PowerTransformer,
                                   QuantileTransformer, RobustScaler, StandardScaler)

from recipe import TOP, applied, frame, load_frame, same, sklearn_to_recipe

ROUNDS = 30
NUMBERS = {"credit_data": ["seniority", "time", "age", "expenses", "income", "assets", "debt", "amount", "price"],
           "lending_club": ["funded_amnt", "int_rate", "annual_inc", "delinq_2yrs", "revol_util", "open_il_24m", "total_bal_il", "all_util"]}
TEXTS = {"credit_data": ["home", "marital", "records", "job"], "lending_club": ["term", "sub_grade", "addr_state", "verification_status", "emp_length"]}

SCALERS = [lambda r: StandardScaler(with_mean=r.random() < 0.8, with_std=r.random() < 0.8), lambda r: MinMaxScaler((-1, 1 + r.random()), clip=r.random() < 0.5), lambda r: MaxAbsScaler(),
           lambda r: RobustScaler(quantile_range=(10, 75), with_centering=r.random() < 0.8, unit_variance=r.random() < 0.3), lambda r: PowerTransformer(standardize=r.random() < 0.5),
           lambda r: FunctionTransformer(np.log1p, feature_names_out="one-to-one"), lambda r: Binarizer(threshold=r.integers(0, 100)), lambda r: "passthrough"]
BINS = [lambda r: KBinsDiscretizer(4, encode="ordinal", strategy=r.choice(["uniform", "quantile"])), lambda r: KBinsDiscretizer(3, encode="onehot-dense")]
IMPUTERS = [lambda r: SimpleImputer(strategy=r.choice(["mean", "median", "most_frequent"]), add_indicator=r.random() < 0.4), lambda r: SimpleImputer(strategy="constant", fill_value=-1)]
ENCODERS = [lambda r: OneHotEncoder(handle_unknown=r.choice(["error", "ignore"]), drop=r.choice([None, "first", "if_binary"])),
            lambda r: OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=r.choice([0.05, 0.1]), drop=r.choice([None, "first"])),
            lambda r: OneHotEncoder(max_categories=3), lambda r: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=r.choice([np.nan, -2])),
            lambda r: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), lambda r: OrdinalEncoder()]


def pick(random, makers):
    return makers[random.integers(len(makers))](random)


def some(random, columns):
    return random.choice(columns, random.integers(1, len(columns) + 1), replace=False).tolist()


def random_transformer(random, name):
    parts = []
    for i in range(random.integers(1, 5)):
        if random.random() < 0.5:
            chain = [pick(random, IMPUTERS), pick(random, SCALERS)] if random.random() < 0.6 else [pick(random, SCALERS)]
            if random.random() < 0.3:
                chain = [pick(random, IMPUTERS), pick(random, BINS)]
            columns = some(random, NUMBERS[name])
        else:
            chain = [SimpleImputer(strategy="most_frequent")] * (random.random() < 0.4) + [pick(random, ENCODERS)]
            columns = some(random, TEXTS[name])
        parts.append((f"part{i}", make_pipeline(*chain) if len(chain) > 1 or random.random() < 0.2 else chain[0], columns))
    numbers = len(set(NUMBERS[name]))
    used = {column for _, _, columns in parts for column in columns}
    remainder = "passthrough" if set(TEXTS[name]) <= used and numbers else "drop"
    return ColumnTransformer(parts, remainder=remainder, sparse_threshold=0, verbose_feature_names_out=random.random() < 0.5)


def dense(found):
    return np.asarray(found.todense() if hasattr(found, "todense") else found, dtype=float)


def random_ones(database, name):
    random = np.random.default_rng(11)
    rows = frame(name)[NUMBERS[name] + TEXTS[name]]
    train, few = rows.iloc[::2], rows.iloc[1::9]
    load_frame(database, "few", few)
    made = 0
    for _ in range(10 * ROUNDS):
        if made == ROUNDS:
            break
        transformer = random_transformer(random, name)
        try:
            transformer.fit(train)
            names = list(transformer.get_feature_names_out())
            wanted = dense(transformer.transform(few))
        except ValueError:      # names that are not unique, NaN where it is not taken, unseen categories
            continue
        made += 1
        recipe = sklearn_to_recipe.convert(transformer)
        what = f"{name} {made}"
        yield what, *same(applied(database, recipe, "few"), wanted)
        keys = database.value("SELECT riskml.apply_recipe_json(%s, t) FROM few t WHERE id = 0", (json.dumps(recipe),))
        yield f"{what}: names", set(keys) == set(names) and len(keys) == len(names), set(keys) ^ set(names)
        outputs = [n for one in recipe if one.get("output", True) for n in one.get("names", [one["feature"]])]
        yield f"{what}: order", outputs == names, (outputs, names)
        errors = database.rows("SELECT step, problem FROM riskml.check_recipe(%s, 'few') WHERE severity = 'error'", (json.dumps(recipe),))
        yield f"{what}: check_recipe", not errors, errors
    yield f"{name}: as many as wanted", made == ROUNDS, made


def scores(database, name, label, bad):
    """A model trained in Python on a ColumnTransformer's columns gets raw columns here."""
    rows = frame(name)
    transformer = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), NUMBERS[name][:5]),
        ("power", make_pipeline(SimpleImputer(), PowerTransformer()), NUMBERS[name][5:7]), ("left", "passthrough", NUMBERS[name][7:]),
        ("texts", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.02, sparse_output=False), TEXTS[name][:2]), ("codes", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), TEXTS[name][2:])])
    train = rows.iloc[::2]
    transformer.fit(train)
    names = list(transformer.get_feature_names_out())
    y = (rows[label] == bad).to_numpy()
    booster = xgb.train({"objective": "binary:logistic", "max_depth": 6, "nthread": 1, "seed": 3},
                        xgb.DMatrix(transformer.transform(train), y[::2], feature_names=names, nthread=1), 100)
    database.value("SELECT riskml.import_model(%s, %s::bytea, recipe => %s)",
                   (f"sklearn_{name}", psycopg2.Binary(bytes(booster.save_raw("ubj"))), json.dumps(sklearn_to_recipe.convert(transformer))))
    load_frame(database, "loans", rows)
    everything = xgb.DMatrix(transformer.transform(rows), feature_names=names, nthread=1)
    found = database.rows(f"SELECT risk_margin('sklearn_{name}', t), risk_score('sklearn_{name}', t) FROM loans t ORDER BY id")
    yield f"{name}: margins of a model trained on scikit-learn's columns", *same([m for m, _ in found], booster.predict(everything, output_margin=True).astype(float), 0, 0)
    yield f"{name}: its scores", *same([s for _, s in found], booster.predict(everything).astype(float), 2e-7)


def refused():
    rows = frame("credit_data")
    for what, parts in (("PCA", [("a", PCA(2), ["age", "time"])]), ("QuantileTransformer", [("a", make_pipeline(StandardScaler(), QuantileTransformer(n_quantiles=50)), ["age"])]),
                        ("FunctionTransformer", [("a", FunctionTransformer(np.exp, feature_names_out="one-to-one"), ["age"])]), ("SimpleImputer", [("a", SimpleImputer(missing_values=0), ["age"])]),
                        ("OneHotEncoder", [("a", make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), OneHotEncoder()), ["home"])])):
        try:
            sklearn_to_recipe.convert(ColumnTransformer(parts).fit(rows.where(rows.home.notna(), None)))
            yield f"{what} is refused", False, "it was not"
        except ValueError as error:
            yield f"{what} is refused", what in str(error), error
    try:
        sklearn_to_recipe.convert(ColumnTransformer([("a", StandardScaler(), ["age"])], transformer_weights={"a": 2.0}).fit(rows))
        yield "weights are refused", False, "they were not"
    except ValueError as error:
        yield "weights are refused", "transformer_weights" in str(error), error
    try:
        sklearn_to_recipe.convert(StandardScaler().fit(rows[["age"]]))
        yield "no ColumnTransformer is refused", False, "it was not"
    except ValueError as error:
        yield "no ColumnTransformer is refused", "StandardScaler" in str(error), error


def command_line():
    transformer = ColumnTransformer([("n", StandardScaler(), ["age"]), ("again", OneHotEncoder(), slice("records", "job"))], verbose_feature_names_out=False).fit(frame("credit_data"))
    with tempfile.NamedTemporaryFile(suffix=".joblib") as file:
        joblib.dump(transformer, file.name)
        done = subprocess.run([sys.executable, os.path.join(TOP, "docs", "tools", "sklearn_to_recipe.py"), file.name], capture_output=True, text=True)
    yield "the command line", done.returncode == 0 and json.loads(done.stdout) == sklearn_to_recipe.convert(transformer), done
    yield "the command line warns of pickles", "runs" in done.stderr, done.stderr


def arrays(database):
    """Of an array columns are x0, x1, …; a column that one part reads and another's output is named like."""
    rows = frame("credit_data")[["age", "time", "price"]]
    transformer = ColumnTransformer([("a", StandardScaler(), [0, 2]), ("b", MinMaxScaler(), [True, False, False]), ("c", "drop", [1])]).fit(rows.to_numpy())
    load_frame(database, "few", rows.rename(columns={"age": "x0", "time": "x1", "price": "x2"}))
    yield "an array", *same(applied(database, sklearn_to_recipe.convert(transformer), "few"), transformer.transform(rows.to_numpy()))
    transformer = ColumnTransformer([("a", StandardScaler(), ["age", "time"]), ("b", KBinsDiscretizer(3, encode="onehot-dense"), ["age"])], verbose_feature_names_out=False).fit(rows)
    load_frame(database, "few", rows)
    yield "a column read again", *same(applied(database, sklearn_to_recipe.convert(transformer), "few"), transformer.transform(rows))
    rows = frame("credit_data")[["home", "income"]]
    rows["income_missing"] = 1.0
    rows = rows.where(rows.home.notna(), None).astype({"income": float, "income_missing": float})
    load_frame(database, "few", rows)
    for missing in (np.nan, -2):
        transformer = ColumnTransformer([("a", OrdinalEncoder(encoded_missing_value=missing), ["home"]), ("b", SimpleImputer(add_indicator=True), ["income"]),
                                         ("c", "passthrough", ["income_missing"])], verbose_feature_names_out=False).fit(rows)
        recipe = sklearn_to_recipe.convert(transformer)
        yield f"None is a category, missing {missing}", *same(applied(database, recipe, "few"), transformer.transform(rows))
        named = list(database.value("SELECT riskml.apply_recipe_json(%s, r) FROM few r LIMIT 1", (json.dumps(recipe),)))
        yield f"an indicator has its name, missing {missing}", sorted(named) == sorted(transformer.get_feature_names_out()), named


def checks(database):
    warnings.simplefilter("ignore")
    for name, label, bad in (("credit_data", "status", "bad"), ("lending_club", "class", "bad")):
        yield from random_ones(database, name)
        yield from scores(database, name, label, bad)
    yield from refused()
    yield from command_line()
    yield from arrays(database)
