"""Weight of evidence: values, tables and IV against counts made here, and what bins have to be.  (That bins are the best ones is
tested without a server, in test/unit.)"""
import json
import math

import numpy as np
import pandas as pd

from recipe import applied, fitted, frame, load_frame, matrix, same, step, table, numbers, texts

FIELDS = "bin, bin_label, lower_edge, upper_edge, categories, n_rows, share, n_good, n_bad, bad_rate, woe, iv"


def woe_of(good, bad, total_good, total_bad, convention, adjust=0.5):
    if good == bad == 0:
        return 0
    if good == 0 or bad == 0:
        good, bad = good + adjust, bad + adjust
    found = math.log((good / total_good) / (bad / total_bad))
    return found if convention == "ln_good_bad" else -found


def counts_of(groups, label):
    """{group: (rows, good, bad)}"""
    found = pd.DataFrame({"g": groups, "bad": label}).groupby("g")["bad"].agg(["size", "sum"])
    return {g: (int(n), int(n - bad), int(bad)) for g, n, bad in found.itertuples()}


def data():
    credit, lending = frame("credit_data"), frame("lending_club")
    return {"credit": (credit, (credit["status"] == "bad").to_numpy()), "lending": (lending, (lending["class"] == "bad").to_numpy())}


NUMERIC = {"credit": ["seniority", "time", "age", "expenses", "income", "assets", "debt", "amount", "price"],
           "lending": ["funded_amnt", "int_rate", "annual_inc", "delinq_2yrs", "revol_util", "open_il_24m", "total_bal_il", "all_util"]}
TEXT = {"credit": ["home", "marital", "records", "job"], "lending": ["term", "sub_grade", "addr_state", "verification_status", "emp_length"]}
OPTIONS = [{"convention": "ln_good_bad"}, {"convention": "ln_bad_good", "max_bins": 4, "min_bin_size": 0.1, "monotonic": "descending"},
           {"convention": "ln_good_bad", "monotonic": "none", "max_bins": 12, "min_bin_size": 0.01, "zero_adjust": 0.1, "min_bin_events": 5}]


def judge(name, one, label, groups, values, total):
    """The values of bins, by their counts; that bins are as large as they have to be."""
    good, bad = (~label).sum(), label.sum()
    counts = counts_of(groups, label)
    wanted = [woe_of(*counts.get(g, (0, 0, 0))[1:], good, bad, one["convention"], one.get("zero_adjust", 0.5)) for g in values]
    yield f"{name}: values", *same(list(values.values()), wanted)
    proper = [counts.get(g, (0, 0, 0)) for g in values if isinstance(g, int)]
    if len(proper) > 1:
        yield f"{name}: size", min(n for n, _, _ in proper) >= one.get("min_bin_size", 0.05) * total, proper
        yield f"{name}: events", min(min(g, b) for _, g, b in proper) >= one.get("min_bin_events", 1), proper
    yield f"{name}: number of bins", 1 <= len(proper) <= one.get("max_bins", 8), proper
    rates = np.array([b / n for n, _, b in proper if n])
    direction = one.get("monotonic", "auto")
    steps = np.diff(rates)
    yield f"{name}: monotone", {"none": True, "ascending": (steps >= 0).all(), "descending": (steps <= 0).all()}.get(direction, (steps >= 0).all() or (steps <= 0).all()), rates


def numeric(database):
    for dataset, (rows, label) in data().items():
        load_frame(database, "t", rows.assign(bad=label), bad="boolean")
        for options in OPTIONS:
            recipe = fitted(database, [step(c, "woe", **options) for c in NUMERIC[dataset]], label="bad")
            found = applied(database, recipe)
            for i, one in enumerate(recipe):
                x = rows[one["feature"]].to_numpy(dtype=float)
                groups = np.searchsorted(one["edges"], x, side="right").astype(object)
                groups[np.isnan(x)] = "missing"
                by = {**dict(enumerate(one["values"])), "missing": one["missing"]}
                name = f"{dataset} {one['feature']} {options}"
                yield f"{name}: applied", *same(found[:, i], [by[g] for g in groups])
                yield from judge(name, one, label, groups, by, len(x))


def categorical(database):
    for dataset, (rows, label) in data().items():
        load_frame(database, "t", rows.assign(bad=label), bad="boolean")
        for options in OPTIONS:
            recipe = fitted(database, [step(c, "woe", **options) for c in TEXT[dataset]], label="bad")
            found = applied(database, recipe)
            for i, one in enumerate(recipe):
                x = rows[one["feature"]]
                number = {category: n for n, categories in enumerate(one["bins"]) for category in categories}
                groups = np.array(["missing" if v != v else number[v] for v in x], dtype=object)
                by = {**dict(enumerate(one["values"])), "missing": one["missing"]}
                name = f"{dataset} {one['feature']} {options}"
                yield f"{name}: applied", *same(found[:, i], [by[g] for g in groups])
                yield f"{name}: all categories", set(number) == set(x.dropna()), number
                yield from judge(name, {**one, "monotonic": "none"}, label, groups, by, len(x))


def given(database):
    nan = math.nan
    table(database, x=numbers([-1, 0, 0.5, 1, 99, nan, 1e308, -1e308, -99]), c=texts(["a", "b", "z", "", None, "A", "b", "c", "q"]))
    one = step("x", "woe", convention="ln_good_bad", edges=[0, 1], values=[0.1, 0.2, 0.3], missing=-0.5, special_values=[99, -99], special=[0.7, 0.8])
    yield "numeric", *same(applied(database, [one]), np.array([0.1, 0.2, 0.2, 0.3, 0.7, -0.5, 0.3, 0.1, 0.8])[:, None])
    one = step("c", "woe", convention="ln_bad_good", bins=[["a", ""], ["b", "c"]], values=[0.1, 0.2], missing=0.4, special_values=["q"], special=[0.9])
    yield "categorical", *same(applied(database, [one]), np.array([0.1, 0.2, 0, 0.1, 0.4, 0, 0.2, 0.2, 0.9])[:, None])
    yield "categorical: unknown", *same(applied(database, [{**one, "unknown": -7}]), np.array([0.1, 0.2, -7, 0.1, 0.4, -7, 0.2, 0.2, 0.9])[:, None])
    found = database.rows("SELECT riskml.woe(x, ARRAY[0, 1]::float8[], ARRAY[0.1, 0.2, 0.3]::float8[], -0.5) FROM t ORDER BY id")
    yield "riskml.woe", *same(matrix(found), np.array([0.1, 0.2, 0.2, 0.3, 0.3, -0.5, 0.3, 0.1, 0.1])[:, None])
    for good, bad in ((10, 5), (0, 7), (7, 0), (0, 0), (100, 1)):
        for convention in ("ln_good_bad", "ln_bad_good"):
            found = database.value("SELECT riskml.woe_of(%s, %s, 200, 50, %s, 0.5)", (good, bad, convention))
            yield f"woe_of {good} {bad} {convention}", *same([found], [woe_of(good, bad, 200, 50, convention)])


def special(database):
    random = np.random.default_rng(2)
    x = np.where(random.random(3000) < 0.1, -9999, random.normal(0, 1, 3000))
    x[random.random(3000) < 0.05] = np.nan
    label = random.random(3000) < np.where(x == -9999, 0.7, 0.2 + 0.1 * (np.nan_to_num(x) > 0))
    table(database, x=numbers(x), bad=("boolean", label))
    one = fitted(database, [step("x", "woe", convention="ln_good_bad", special_values=[-9999, 12345])], label="bad")[0]
    good, bad = (~label).sum(), label.sum()
    yield "special values", *same(one["special"], [woe_of((~label)[x == -9999].sum(), label[x == -9999].sum(), good, bad, "ln_good_bad"), 0])
    yield "missing values", *same([one["missing"]], [woe_of((~label)[np.isnan(x)].sum(), label[np.isnan(x)].sum(), good, bad, "ln_good_bad")])
    groups = np.searchsorted(one["edges"], x, side="right").astype(object)
    groups[np.isnan(x)], groups[x == -9999] = "missing", "special"
    by = {**dict(enumerate(one["values"])), "missing": one["missing"], "special": one["special"][0]}
    yield from judge("special and missing", one, label, groups, by, len(x))


def tables(database):
    """riskml.woe_table() and riskml.iv()."""
    for dataset, (rows, label) in data().items():
        kept = [*NUMERIC[dataset], *TEXT[dataset]]
        load_frame(database, "t", rows[kept].assign(bad=label), bad="boolean")
        query = f"SELECT {', '.join(kept)}, bad FROM t"
        ivs = {name: (iv, n, missing) for name, iv, n, missing in database.rows("SELECT column_name, iv, n_bins, missing_share FROM riskml.iv(%s, 'bad')", (query,))}
        yield f"{dataset}: iv: the columns", set(ivs) == set(kept), set(ivs) ^ set(kept)
        values = [iv for iv, _, _ in ivs.values()]
        yield f"{dataset}: iv: largest first", values == sorted(values, reverse=True), values
        for column in kept:
            recipe = fitted(database, [step(column, "woe", convention="ln_bad_good")], query, "bad")[0]
            found = [dict(zip(FIELDS.split(", "), row)) for row in database.rows(f"SELECT {FIELDS} FROM riskml.woe_table(%s, %s, 'bad', 'ln_bad_good')", (query, column))]
            n = len(rows)
            yield f"{dataset} {column}: counts", sum(r["n_rows"] for r in found) == n and sum(r["n_bad"] for r in found) == label.sum() and sum(r["n_good"] for r in found) == (~label).sum(), found
            yield f"{dataset} {column}: shares", *same([r["share"] for r in found], [r["n_rows"] / n for r in found])
            yield f"{dataset} {column}: rates", *same([r["bad_rate"] for r in found if r["n_rows"]], [r["n_bad"] / r["n_rows"] for r in found if r["n_rows"]])
            good, bad = (~label).sum(), label.sum()
            wanted = [woe_of(r["n_good"], r["n_bad"], good, bad, "ln_bad_good") for r in found]
            yield f"{dataset} {column}: woe", *same([r["woe"] for r in found], wanted)
            yield f"{dataset} {column}: woe of the step", *same([r["woe"] for r in found][:len(recipe["values"])], recipe["values"])

            def share_difference(r):
                g, b = (r["n_good"], r["n_bad"]) if r["n_good"] and r["n_bad"] else (r["n_good"] + 0.5, r["n_bad"] + 0.5)
                return b / bad - g / good
            pieces = [share_difference(r) * w if r["n_rows"] else 0 for r, w in zip(found, wanted)]
            yield f"{dataset} {column}: iv of the bins", *same([r["iv"] for r in found], pieces)
            yield f"{dataset} {column}: iv", *same([ivs[column][0]], [sum(pieces)])
            yield f"{dataset} {column}: missing", *same([ivs[column][2]], [rows[column].isna().mean()])


def checks(database):
    yield from given(database)
    yield from numeric(database)
    yield from categorical(database)
    yield from special(database)
    yield from tables(database)
