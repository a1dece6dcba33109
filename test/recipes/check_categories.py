"""Operations on categories against scikit-learn's encoders, and against counts in pandas."""
import json
import math
import string

import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.utils import murmurhash3_32

from recipe import applied, fault, fitted, frame, matrix, numbers, same, step, table, texts

ODD = ["", " ", "a", "a ", "A", "ä", "a\u0308", "日本", "🂡", "'", "''", '"', "\\", "\\\\", "\\n", "\n", "\t", "a\u0001b", "null", "NULL", "None", "nan", "{}", "[1]", "0",
       "-0", "1.0", "$1", "%s", "{a,b}", "x" * 900, "\u2028", "\ufffe", "é\u200d", ";DROP TABLE t;--"]


def columns():
    """name → texts, None where missing."""
    random = np.random.default_rng(4)
    credit, lending = frame("credit_data"), frame("lending_club")
    letters = list(string.ascii_lowercase[:12])
    found = {"home": credit["home"], "job": credit["job"], "state": lending["addr_state"], "sub_grade": lending["sub_grade"],
             "one": ["only"] * 30, "odd": ODD * 3 + ODD[:7] + [None] * 2, "tied": ["b", "a", "d", "c"] * 5 + ["e"], "alone": ["x"],
             "rare": list(random.choice(letters, 400, p=[2.0 ** -i for i in range(1, 12)] + [2.0 ** -11])) + [None] * 3}
    return {name: [None if value != value else value for value in values] for name, values in found.items()}


def as_sklearn(values):
    return np.array([[np.nan if v is None else v] for v in values], dtype=object)


ENCODERS = [({}, {}), ({"min_frequency": 5}, {}), ({"min_frequency": 0.05}, {}), ({"max_categories": 4}, {}), ({"max_categories": 2, "min_frequency": 3}, {}),
            ({"min_frequency": 5, "unknown": "infrequent"}, {"handle_unknown": "infrequent_if_exist"}), ({"min_frequency": 1000000}, {})]


def onehot(database):
    for name, values in columns().items():
        table(database, x=texts(values))
        there = [v for v in values if v is not None]
        other = there[:20] + ["never seen", "", None] + there[-20:]
        table(database, "u", x=texts(other))
        for fields, more in ENCODERS:
            encoder = OneHotEncoder(sparse_output=False, **{"handle_unknown": "ignore", **{k: v for k, v in fields.items() if k != "unknown"}, **more})
            wanted = encoder.fit_transform(as_sklearn(values))
            recipe = fitted(database, [step("x", "onehot", **fields)])
            yield f"onehot of {name} {json.dumps(fields)}", *same(applied(database, recipe), wanted)
            if None in values or "infrequent" not in fields.values():    # else an unseen NaN is unknown there, and missing here
                yield f"onehot of {name} {json.dumps(fields)}: other rows", *same(applied(database, recipe, "u"), encoder.transform(as_sklearn(other)))
        codes = list(OrdinalEncoder().fit(as_sklearn(there)).categories_[0])
        recipe = fitted(database, [step("x", "ordinal")])
        yield f"ordinal of {name}", *same(applied(database, recipe), [[codes.index(v) if v is not None else (len(codes) if None in recipe[0]["categories"] else math.nan)] for v in values])


def counted(database):
    random = np.random.default_rng(5)
    for name, values in columns().items():
        label = random.random(len(values)) < 0.3
        amount = random.normal(0, 5, len(values))
        table(database, x=texts(values), y=("boolean", label), z=numbers(amount))
        series = pd.Series(values, dtype=object)
        counts = series.value_counts(dropna=False)
        share = [counts[v if v is not None else np.nan] / len(values) if v is not None else series.isna().mean() for v in values]
        recipe = fitted(database, [step("x", "frequency_encode")])
        yield f"frequency_encode of {name}", *same(applied(database, recipe), np.array(share)[:, None])
        table(database, "u", x=texts(["never seen", None]))
        yield f"frequency_encode of {name}: unseen", *same(applied(database, recipe, "u"), [[0], [series.isna().mean() or math.nan]])
        for target, y in (("y", label.astype(float)), ("z", amount)):
            for smoothing in (10, 0.5):
                recipe = fitted(database, [step("x", "target_encode", smoothing=smoothing)], label=target)
                prior = y.mean()
                groups = {key: (part.sum() + smoothing * prior) / (len(part) + smoothing) for key in set(values) for part in [y[[v == key for v in values]]]}
                yield f"target_encode of {name} by {target}, {smoothing}", *same(applied(database, recipe), [[groups[v]] for v in values])
                yield f"target_encode of {name} by {target}, {smoothing}: unseen", *same(applied(database, recipe, "u"), [[prior], [groups.get(None, math.nan)]])
        for least in (3, 0.1):
            kept = {v for v, n in series.value_counts().items() if n >= (least if least >= 1 else least * len(values))}
            recipe = fitted(database, [step("g", "group_rare", "x", min_frequency=least, output=False), step("x", "ordinal", "g")])
            yield f"group_rare of {name} by {least}", set(recipe[0]["categories"]) == kept, (recipe[0], kept)
            grouped = sorted({v if v in kept else "other" for v in values if v is not None})
            wanted = [[math.nan if v is None else grouped.index(v if v in kept else "other")] for v in values]
            if None not in recipe[1]["categories"]:
                yield f"group_rare of {name} by {least}: its codes", *same(applied(database, recipe), wanted)


def hashes(database):
    random = np.random.default_rng(6)
    alphabet = "abcXYZ019 äßéλЖ日本🂡'\"\\"
    values = [v for v in ODD] + ["".join(random.choice(list(alphabet), random.integers(0, 40))) for _ in range(500)]
    table(database, x=texts([*values, None]))
    for n in (1, 2, 7, 1024, 1000003, 2147483647):
        wanted = [[murmurhash3_32(v.encode(), seed=0, positive=True) % n] for v in values] + [[math.nan]]
        yield f"hash_bucket by {n}", *same(applied(database, [step("x", "hash_bucket", n_buckets=n)]), wanted)
        found = database.rows(f"SELECT riskml.hash_bucket(x, {n}) FROM t ORDER BY id")
        yield f"riskml.hash_bucket by {n}", *same([[math.nan if v is None else v] for v, in found], wanted)


def given(database):
    """Categories as they are named, of texts and of numbers; what is unknown."""
    values = ["b", "a", None, "c", "zz", ""]
    table(database, x=texts(values), n=numbers([1, -0.0, None, 2.5, 7, 0]), b=("boolean", [True, False, None, True, False, True]))
    nan = math.nan
    for what, one, wanted in (
            ("ordinal: unknown is missing", step("x", "ordinal", categories=["c", "b"]), [1, nan, nan, 0, nan, nan]),
            ("ordinal: unknown is a number", step("x", "ordinal", categories=["c", "b"], unknown=-1), [1, -1, nan, 0, -1, -1]),
            ("ordinal: null is a category", step("x", "ordinal", categories=["c", None, "b", ""]), [2, nan, 1, 0, nan, 3]),
            ("ordinal of numbers: -0 is 0", step("n", "ordinal", categories=[2.5, 0, 1], unknown=9), [2, 1, nan, 0, 9, 1]),
            ("ordinal of a boolean", step("b", "ordinal", categories=[True, False]), [0, 1, nan, 0, 1, 0]),
            ("frequency_encode", step("x", "frequency_encode", categories=["a", "b", None], values=[0.5, 0.25, 0.125], unknown=-3), [0.25, 0.5, 0.125, -3, -3, -3]),
            ("target_encode", step("x", "target_encode", categories=["a", "b"], values=[0.5, 0.25], prior=0.3), [0.25, 0.5, nan, 0.3, 0.3, 0.3]),
            ("group_rare of numbers", step("n", "group_rare", categories=[1, 7], other=-5), [1, -5, nan, -5, 7, -5]),
    ):
        yield what, *same(applied(database, [one]), np.array(wanted)[:, None])
    one = step("x", "onehot", categories=["a", "b", "c", None], infrequent=["c"], unknown="infrequent", names=["is a", "is b", "gone", "rare"])
    yield "onehot", *same(applied(database, [one]), [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1]])
    found = database.value("SELECT riskml.apply_recipe_json(%s, r) FROM t r WHERE id = 0", (json.dumps([one]),))
    yield "onehot: names", found == {"is a": 0, "is b": 1, "gone": 0, "rare": 0}, found
    found = database.value("SELECT riskml.apply_recipe_json(%s, r) FROM t r WHERE id = 0", (json.dumps([step("h", "onehot", "x", categories=["a", "b", "c", None], infrequent=["c"])]),))
    yield "onehot: names of its own", found == {"h_a": 0, "h_b": 1, "h_missing": 0, "h_infrequent": 0}, found
    for op in ("onehot", "ordinal"):
        code, message = fault(database, [step("x", op, categories=["a", "b", "c", ""], unknown="error")])
        yield f"{op}: unknown is an error that names it", code == "22023" and "zz" in message and "x" in message, (code, message)
    filled = applied(database, [step("f", "impute", "x", strategy="constant", value="a", output=False), step("x", "ordinal", "f", categories=["a", "b", "c", "zz", ""])])
    yield "impute of a text", *same(filled, [[1], [0], [0], [2], [3], [4]])
    found = applied(database, [step("f", "impute", "x", strategy="constant", value="a"), step("o", "ordinal", "f", categories=["a"])])
    yield "a text is no output", found.shape == (len(values), 1), found


def out_of_fold(database):
    """What training sees of target_encode: means of other folds.  A column of one value tells which fold a row is in."""
    random = np.random.default_rng(8)
    n, folds, smoothing = 2000, 4, 3.0
    values = [None if v == "z" else str(v) for v in random.choice(list("aaaabbbccdz"), n)]
    label = random.normal(1, 1, n)
    table(database, x=texts(values), k=texts(["same"] * n), y=numbers(label))
    fields = {"folds": folds, "seed": 3, "smoothing": smoothing}
    recipe = fitted(database, [step("x", "target_encode", **fields), step("k", "target_encode", **fields), step("i", "pass", "id")], label="y")
    query = "SELECT features, label FROM riskml.training_features(%s, 'TABLE t', 'y')"
    rows = database.rows(query, (json.dumps(recipe),))
    found = matrix(features for features, _ in rows)
    yield "out of fold: rows are in their order", list(found[:, 2]) == list(range(n)) and [y for _, y in rows] == list(label), found[:3]
    fold_values, fold = np.unique(found[:, 1], return_inverse=True)
    yield "out of fold: folds", len(fold_values) == folds and np.bincount(fold).min() > n / folds * 0.8, np.bincount(fold)
    wanted = np.empty((n, 2))
    for f in range(folds):
        others = fold != f
        prior = label[others].mean()
        for v in set(values):
            among = np.array([u == v for u in values])
            wanted[among & ~others, 0] = (label[among & others].sum() + smoothing * prior) / ((among & others).sum() + smoothing)
        wanted[~others, 1] = (label[others].sum() + smoothing * prior) / (others.sum() + smoothing)
    yield "out of fold: values", *same(found[:, :2], wanted)
    shuffled = matrix(f for f, _ in database.rows(query.replace("TABLE t", "SELECT * FROM t ORDER BY md5(id::text)"), (json.dumps(recipe),)))
    yield "out of fold: the order of rows does not matter", *same(shuffled[np.argsort(shuffled[:, 2])], found, 0, 0)
    other = [{**one, "seed": 4} if "seed" in one else one for one in recipe]
    yield "out of fold: another seed", not same(matrix(f for f, _ in database.rows(query, (json.dumps(other),))), found)[0], None


def modes(database):
    for name, values in columns().items():
        table(database, x=texts(values))
        recipe = fitted(database, [step("f", "impute", "x", strategy="mode", output=False, missing_indicator=True), step("x", "ordinal", "f")])
        counts = pd.Series([v for v in values if v is not None], dtype=object).value_counts()
        wanted = min(v for v, n in counts.items() if n == counts.max())
        yield f"the mode of {name}", recipe[0]["value"] == wanted, (recipe[0], wanted)


def million(database):
    """A million categories: fitted, applied; those not there are unknown."""
    n = 1_000_000
    database.run("DROP TABLE IF EXISTS many")
    database.run(f"CREATE TEMP TABLE many AS SELECT i AS id, 'customer ' || (i::bigint * 7919) % {n} AS x, i % 3 = 0 AS y FROM generate_series(0, {n - 1}) i")
    database.run("CREATE TEMP TABLE made AS SELECT riskml.fit_recipe(%s, 'TABLE many', 'y') AS recipe", (json.dumps([step("share", "frequency_encode", "x"), step("r", "group_rare", "x", min_frequency=2, output=False), step("o", "ordinal", "r")]),))
    found = database.row("SELECT jsonb_array_length(recipe -> 0 -> 'categories'), jsonb_array_length(recipe -> 1 -> 'categories') FROM made")
    yield "a million categories: fitted", found == (n, 0), found
    found = database.row("SELECT min(features[1]), max(features[1]), count(*) FROM made, riskml.training_features(recipe, 'TABLE many', 'y')")
    yield "a million categories: applied to all rows", found == (1 / n, 1 / n, n), found
    found = database.rows("SELECT riskml.apply_recipe(recipe, m) FROM made, (VALUES ('customer 999999'), ('customer 1000000')) m (x)")
    yield "a million categories: one that is unknown", found == [([1 / n, 0],), ([0, 0],)], found
    database.run("DROP TABLE made, many")


def checks(database):
    yield from given(database)
    yield from onehot(database)
    yield from counted(database)
    yield from hashes(database)
    yield from out_of_fold(database)
    yield from modes(database)
    yield from million(database)
