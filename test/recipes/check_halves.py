"""A recipe fitted on one half of a real data set gives the same features, bit for bit, wherever it is applied; and scores that no setting changes."""
import json
import math

import numpy as np
import psycopg2
import xgboost as xgb

from recipe import applied, fitted, frame, load_frame, matrix, same, same_bits, step

COMMON = [
    step("opened_month", "date_part", "opened", part="month", time_zone="Europe/Madrid"), step("opened_hour", "cyclic", "opened", part="hour", time_zone="America/New_York"),
    step("days", "age_days", "opened", reference="2026-01-01T12:00:00", time_zone="Asia/Kolkata"), step("due_dow", "date_part", "due", part="dow"),
]
RECIPES = {
    "credit_data": ("status", COMMON + [
        step("income_filled", "impute", "income", strategy="median", missing_indicator=True, output=False), step("income_log", "log1p", "income_filled"),
        step("income_was_missing", "pass", "income_filled_missing"), step("assets", "winsorize"), step("debt", "power"), step("expenses", "standardize", deviation="sample"),
        step("age", "robust_scale"), step("amount", "minmax_scale", range=[-1, 1], clip=True), step("price", "maxabs_scale"), step("time", "bucketize", edges=[12, 24.5, 36, 48]),
        step("seniority", "quantile_bucketize", n_bins=6), step("financed", "ratio", ["amount", "price"]), step("product", "interaction", ["age", "debt", "financed"]),
        step("income_clipped", "clip", "income", min=50, max=300), step("home", "onehot", min_frequency=0.05, unknown="infrequent"), step("marital", "ordinal"),
        step("job_share", "frequency_encode", "job"), step("records", "target_encode"), step("job_grouped", "group_rare", "job", min_frequency=0.05, output=False),
        step("job", "onehot", "job_grouped"), step("home_hash", "hash_bucket", "home", n_buckets=13), step("age_woe", "woe", "age", convention="ln_good_bad"),
        step("income_woe", "woe", "income", convention="ln_bad_good", special_values=[0]), step("job_woe", "woe", "job", convention="ln_good_bad")]),
    "lending_club": ("class", COMMON + [
        step("annual_inc", "power", method="box-cox"), step("int_rate", "standardize"), step("revol_util", "winsorize", lower=0.05, upper=0.9), step("all_util", "impute", strategy="mean"),
        step("state", "onehot", "addr_state", max_categories=12), step("grade", "ordinal", "sub_grade", unknown=-1), step("state_share", "frequency_encode", "addr_state"),
        step("grade_target", "target_encode", "sub_grade", smoothing=3.5, folds=4, seed=7), step("term", "onehot"), step("bal", "quantile_bucketize", "total_bal_il", n_bins=20),
        step("il", "ratio", ["total_bal_il", "total_il_high_credit_limit"]), step("verification_status", "woe", convention="ln_bad_good"), step("emp_length", "woe", convention="ln_good_bad"),
        step("inq", "woe", "inq_last_6mths", convention="ln_good_bad", min_bin_size=0.02), step("funded", "robust_scale", "funded_amnt", lower=0.1, upper=0.9)]),
}
SETTINGS = ["TimeZone = 'Asia/Tokyo'", "TimeZone = 'America/St_Johns'", "DateStyle = 'German'", "DateStyle = 'SQL, DMY'", "lc_numeric = 'C.UTF-8'", "lc_time = 'C.UTF-8'", "lc_monetary = 'C.UTF-8'",
            "lc_messages = 'C.UTF-8'", "search_path = hostile, public", "search_path = hostile, pg_catalog, public", "extra_float_digits = -15", "IntervalStyle = 'iso_8601'",
            "standard_conforming_strings = off", "bytea_output = 'escape'", "work_mem = '64kB'", "maintenance_work_mem = '1MB'", "jit = off", "xmloption = 'document'", "array_nulls = off"]
# digests of bits
APPLIED = "SELECT encode(sha256(string_agg(array_send(riskml.apply_recipe(%s::jsonb, t)), '' ORDER BY id)), 'hex') FROM {0} t"
BY_SQL = "SELECT encode(sha256(string_agg(bits, '' ORDER BY bits)), 'hex') FROM (SELECT record_send(s) AS bits FROM ({0}) s) s"
HOSTILE = """CREATE SCHEMA hostile;
    CREATE FUNCTION hostile.evil(float8, float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 666::float8';
    CREATE OPERATOR hostile.- (LEFTARG = float8, RIGHTARG = float8, FUNCTION = hostile.evil);
    CREATE OPERATOR hostile./ (LEFTARG = float8, RIGHTARG = float8, FUNCTION = hostile.evil);
    CREATE OPERATOR hostile.* (LEFTARG = float8, RIGHTARG = float8, FUNCTION = hostile.evil);
    CREATE FUNCTION hostile.ln(float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 666::float8';
    CREATE FUNCTION hostile.sin(float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 666::float8'"""


def load(database, name):
    rows = frame(name).assign(label=lambda d: d[RECIPES[name][0]] == "bad")
    ids = np.arange(len(rows))
    rows["opened"] = [f"{2015 + i % 10}-{1 + i % 12:02}-{1 + i % 28:02} {i % 24:02}:{i % 60:02}:{i % 59:02}+00" if i % 37 else None for i in ids]
    rows["due"] = [f"{2020 + i % 7}-{1 + i % 12:02}-{1 + i % 28:02}" if i % 41 else None for i in ids]
    load_frame(database, name, rows, label="boolean", opened="timestamptz", due="date")
    return rows["label"].to_numpy()


def outputs_of(database, recipe, name):
    """Names, by the model's order: those of the features of one row."""
    return list(database.value(f"SELECT riskml.apply_recipe_json(%s, t) FROM {name} t WHERE id = 0", (json.dumps(recipe),)))


def ordered_names(recipe):
    names = []
    for one in recipe:
        if one.get("output", True):
            feature = one["feature"]
            if one["op"] == "onehot":
                rare = one.get("infrequent", [])
                names += [f"{feature}_{'missing' if c is None else c}" for c in one["categories"] if c not in rare] + [f"{feature}_infrequent"] * bool(rare)
            else:
                names += {"cyclic": [feature + "_sin", feature + "_cos"]}.get(one["op"], [feature])
    return names


def imported(database, name, recipe, features, label):
    names = ordered_names(recipe)
    matrix = xgb.DMatrix(features, label, feature_names=[n.replace("<", "lt").replace("[", "(").replace("]", ")") for n in names], nthread=1)
    booster = xgb.train({"objective": "binary:logistic", "tree_method": "hist", "max_depth": 5, "nthread": 1, "seed": 2}, matrix, 30)
    database.value("SELECT riskml.import_model(%s, %s::bytea, recipe => %s)", (name, psycopg2.Binary(bytes(booster.save_raw("json"))), json.dumps(recipe)))
    return booster, matrix


def one_set(database, name):
    label = load(database, name)
    recipe = fitted(database, RECIPES[name][1], f"SELECT * FROM {name} WHERE id % 2 = 0", "label")
    again = fitted(database, RECIPES[name][1], f"SELECT * FROM {name} WHERE id % 2 = 0 ORDER BY md5(id::text)", "label")
    yield f"{name}: the fit does not depend on the order of rows", recipe == again, None
    database.run("SET work_mem = '64kB'; SET maintenance_work_mem = '1MB'")
    yield f"{name}: nor on memory", fitted(database, RECIPES[name][1], f"SELECT * FROM {name} WHERE id % 2 = 0", "label") == recipe, None
    database.run("RESET ALL")
    features, names = applied(database, recipe, name), ordered_names(recipe)
    yield f"{name}: names", sorted(outputs_of(database, recipe, name)) == sorted(names), (outputs_of(database, recipe, name), names)
    yield f"{name}: one row per loan", features.shape == (len(label), len(names)), features.shape

    seen = matrix(row for row, in database.rows(f"SELECT features FROM riskml.training_features(%s, 'SELECT * FROM {name} ORDER BY id', 'label')", (json.dumps(recipe),)))
    targets = [i for i, n in enumerate(names) if n in {one["feature"] for one in recipe if one["op"] == "target_encode"}]
    others = [i for i in range(len(names)) if i not in targets]
    yield f"{name}: training_features", *same_bits(seen[:, others], features[:, others])
    yield f"{name}: target_encode is out of fold in training", bool((seen[:, targets] != features[:, targets]).any()), seen[:3, targets]

    query = database.value("SELECT riskml.recipe_sql(%s, %s::regclass)", (json.dumps(recipe), name))
    database.cursor.execute(f"SELECT s.* FROM ({query}) s")
    yield f"{name}: recipe_sql: names", [c.name for c in database.cursor.description] == [n[:63] for n in names], [c.name for c in database.cursor.description]
    key = lambda rows: np.array(sorted(map(tuple, np.nan_to_num(rows, nan=-1e99))))      # a SELECT without an order
    yield f"{name}: recipe_sql", *same_bits(key(matrix(database.cursor.fetchall())), key(features))

    as_json = matrix(row for row, in database.rows(f"SELECT riskml.apply_recipe(%s, to_jsonb(t)) FROM {name} t ORDER BY id", (json.dumps(recipe),)))
    yield f"{name}: of JSON", *same_bits(as_json, features)

    booster, rows = imported(database, name, recipe, features, label)
    made = database.rows(f"SELECT f.feature, f.value FROM {name} t, riskml.transform(%s, t) WITH ORDINALITY f (feature, value, n) WHERE id % 7 = 0 ORDER BY id, n".replace("% 7", "%% 7"), (name,))
    yield f"{name}: transform: names", [n for n, _ in made[:len(names)]] == names, made[:len(names)]
    with np.errstate(over="ignore"):
        narrow = features.astype(np.float32).astype(float)
    yield f"{name}: transform", *same_bits(matrix([value for _, value in made[i:i + len(names)]] for i in range(0, len(made), len(names))), narrow[::7])
    stored = database.value("SELECT riskml.model_recipe(%s)", (name,))
    yield f"{name}: model_recipe", stored == recipe, None

    margins = [m for m, in database.rows(f"SELECT risk_margin('{name}', t) FROM {name} t ORDER BY id")]
    yield f"{name}: margins are XGBoost's", *same_bits(margins, booster.predict(rows, output_margin=True).astype(float))
    score = "SELECT encode(array_send(array_agg(risk_score('{0}', {1}) ORDER BY id)), 'hex') FROM {2} t"       # bits, whatever digits are shown
    scores = database.value(score.format(name, "t", name))
    yield f"{name}: scores of JSON", database.value(score.format(name, "to_jsonb(t)", name)) == scores, None
    yield f"{name}: scores of a subquery", database.value(score.format(name, "t", f"(SELECT * FROM {name} OFFSET 0)")) == scores, None
    digest, digest_of_sql = database.value(APPLIED.format(name), (json.dumps(recipe),)), database.value(BY_SQL.format(query))
    for setting in SETTINGS:
        database.run(f"SET {setting}")
        try:
            yield f"{name}: scores, SET {setting}", database.value(score.format(name, "t", name)) == scores, None
            yield f"{name}: features, SET {setting}", database.value(APPLIED.format(name), (json.dumps(recipe),)) == digest, None
            yield f"{name}: recipe_sql, SET {setting}", database.value(BY_SQL.format(query)) == digest_of_sql, None
        finally:
            database.run("RESET ALL")
    for column, problem in database.rows(f"SELECT column_name, problem FROM riskml.check_input('{name}', '{name}')"):
        yield f"{name}: check_input: {column}", problem is None, problem


def checks(database):
    database.run(HOSTILE)
    for name in RECIPES:
        yield from one_set(database, name)
