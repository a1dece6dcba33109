"""Input that recipes must survive: names and texts of any bytes, columns without values, infinities, labels that are none."""
import json
import math

import numpy as np
import psycopg2.extensions

from check_categories import ODD
from recipe import applied, fitted, matrix, numbers, same, same_bits, step, table, text_of, texts

NUMERIC_OPS = [("impute", {}), ("winsorize", {}), ("power", {}), ("standardize", {}), ("robust_scale", {}), ("minmax_scale", {}), ("maxabs_scale", {}), ("quantile_bucketize", {"n_bins": 4}),
               ("woe", {"convention": "ln_good_bad"})]
TEXT_OPS = [("onehot", {}), ("ordinal", {}), ("frequency_encode", {}), ("target_encode", {}), ("woe", {"convention": "ln_good_bad"})]


def by_sql(database, recipe, name="t"):
    """What recipe_sql()'s query gives; its rows in any order, so sorted."""
    query = database.value("SELECT riskml.recipe_sql(%s, %s::regclass)", (text_of(recipe), name))
    rows = matrix(database.rows(query))
    return rows[np.lexsort(np.nan_to_num(rows.T, nan=-9e99))]


def ordered(rows):
    return rows[np.lexsort(np.nan_to_num(rows.T, nan=-9e99))]


def any_bytes(database):
    """Categories, columns and features of odd texts; applied, and as SQL, whatever strings mean there."""
    values = [v for v in ODD if "\0" not in v]
    table(database, x=texts(values + [None, "else"]), y=("boolean", [i % 3 == 0 for i in range(len(values) + 2)]))
    recipe = [step("o", "ordinal", "x", categories=values), step("one", "onehot", "x", categories=values, names=[f"o{i}" for i in range(len(values))]),
              step("w", "woe", "x", convention="ln_good_bad", bins=[values[::2], values[1::2]], values=[0.25, -0.5], missing=3), step("h", "hash_bucket", "x", n_buckets=1000)]
    found = applied(database, recipe)
    yield "ordinal", *same_bits(found[:, 0], [*range(len(values)), math.nan, math.nan])
    yield "onehot", *same_bits(found[:, 1:1 + len(values)], np.vstack([np.eye(len(values)), np.zeros((2, len(values)))]))
    for setting in ("on", "off"):
        database.run(f"SET standard_conforming_strings = {setting}; SET backslash_quote = on; SET escape_string_warning = off")
        yield f"as SQL, standard_conforming_strings = {setting}", *same_bits(by_sql(database, recipe), ordered(found))
        database.run("RESET ALL")
    made = fitted(database, [step("o", "ordinal", "x"), step("f", "frequency_encode", "x"), step("t", "target_encode", "x"), step("w", "woe", "x", convention="ln_good_bad")], label="y")
    yield "fitted: all of them", set(made[0]["categories"]) - {None} == {*values, "else"}, made[0]["categories"]
    yield "fitted: as SQL", *same_bits(by_sql(database, made), ordered(applied(database, made)))
    names = [v[:40] for v in ODD if v.strip() and len(v.encode()) < 60 and "\ufffe" not in v]
    table(database, "n", **{f"c{i}": numbers([i, None]) for i in range(len(names))})
    for i, name in enumerate(names):
        quoted = psycopg2.extensions.quote_ident(name, database.connection)
        database.cursor.execute(f"ALTER TABLE n RENAME c{i} TO {quoted}")
    recipe = [step(f"{name}!", "standardize", name, mean=1, std=2) for name in names]
    yield "names of columns and features", *same_bits(applied(database, recipe, "n"), np.array([[(i - 1) / 2 for i in range(len(names))], [math.nan] * len(names)]))
    yield "names of columns and features: as SQL", *same_bits(by_sql(database, recipe, "n"), ordered(applied(database, recipe, "n")))
    keys = database.value("SELECT riskml.apply_recipe_json(%s, n) FROM n WHERE id = 0", (text_of(recipe),))
    yield "names of features", set(keys) == {f"{name}!" for name in names}, keys


def columns_without_values(database):
    table(database, x=numbers([None] * 5), c=texts([None] * 5), y=("boolean", [True, False, True, False, True]))
    for column, ops in (("x", NUMERIC_OPS), ("c", TEXT_OPS)):
        for op, fields in ops:
            code, message = database.error("SELECT riskml.fit_recipe(%s, 'TABLE t', 'y')", (text_of([step("f", op, column, **fields)]),))
            yield f"{op} of nothing ({column})", code == "22004" and f'"{column}"' in message, (code, message)
    code, message = database.error("SELECT riskml.fit_recipe(%s, 'SELECT * FROM t WHERE false', 'y')", (text_of([step("f", "standardize", "x")]),))
    yield "no rows", code is not None and code != "XX000", (code, message)


def constants(database):
    table(database, x=numbers([3.5] * 20), z=numbers([0] * 20), c=texts(["only"] * 20), y=("boolean", [i % 4 == 0 for i in range(20)]))
    for column in "xz":
        for op, fields in NUMERIC_OPS:
            made = fitted(database, [step("f", op, column, **fields)], label="y")
            found = applied(database, made)
            yield f"{op} of a constant ({column})", np.isfinite(found).all() and len(set(found[:, 0])) == 1, (made, found[:3])
            yield f"{op} of a constant ({column}): as SQL", *same_bits(by_sql(database, made), ordered(found))
    for op, fields in TEXT_OPS:
        made = fitted(database, [step("f", op, "c", **fields)], label="y")
        found = applied(database, made)
        yield f"{op} of one category", np.isfinite(found).all(), (made, found[:3])
        yield f"{op} of one category: as SQL", *same_bits(by_sql(database, made), ordered(found))


def infinities(database):
    values = [1.0, math.inf, -math.inf, math.nan, 0.0, -0.0, 1.7976931348623157e308, -1.7976931348623157e308, 5e-324, None, 2.0]
    table(database, x=("float8", values), y=("boolean", [i % 2 == 0 for i in range(len(values))]))
    for op, fields in NUMERIC_OPS:
        one = [step("f", op, "x", **fields)]
        code, message = database.error("SELECT riskml.fit_recipe(%s, 'TABLE t', 'y')", (text_of(one),))
        yield f"{op} of infinities: an error that names all, or none", code is None or code == "22003" and '"x"' in message and "step 1" in message, (code, message)
        if code is None:
            made = fitted(database, one, label="y")
            yield f"{op} of infinities: as SQL", *same_bits(by_sql(database, made), ordered(applied(database, made)))
    given = [step("a", "standardize", "x", mean=1, std=2), step("b", "minmax_scale", "x", min=0, max=2), step("c", "power", "x", lambda_=0.5), step("d", "log1p", "x"), step("e", "ratio", ["x", "a"]),
             step("f", "bucketize", "x", edges=[-1, 0, 1]), step("g", "interaction", ["x", "a", "b"]), step("h", "clip", "x", min=-5, max=5), step("i", "cyclic", "x", period=3),
             step("j", "winsorize", "x", min=-2, max=2), step("k", "impute", "x", strategy="constant", value=3, missing_indicator=True), step("l", "robust_scale", "x", center=0, scale=3),
             step("m", "maxabs_scale", "x", max_abs=2), step("n", "power", "x", method="box-cox", lambda_=-1), step("o", "quantile_bucketize", "x", n_bins=2, edges=[0]),
             step("p", "woe", "x", convention="ln_good_bad", edges=[0], values=[1, 2], missing=-1, special_values=[2], special=[9])]
    yield "given parameters: as SQL", *same_bits(by_sql(database, given), ordered(applied(database, given)))


def labels(database):
    encode, woe = [step("f", "target_encode", "c")], [step("f", "woe", "c", convention="ln_good_bad")]
    table(database, c=texts(["a", "b", "a", "b"]), n=numbers([1, None, 0, None]), two=numbers([0, 1, 2, 1]), t=texts(["good", "bad", "good", "bad"]), good=("int", [0, 0, 0, 0]))
    for what, recipe, label, wanted in (("a NULL label", encode, "n", "22004"), ("a NULL label of woe", woe, "n", "22004"), ("a label of 2", woe, "two", "22023"),
                                        ("no label", encode, None, "22023"), ("no such label", encode, "q", "42703")):
        code, message = database.error("SELECT riskml.fit_recipe(%s, 'TABLE t', %s)", (text_of(recipe), label))
        yield what, code is not None and code in (wanted, "22004", "42703", "42804"), (code, message)
    code, message = database.error("SELECT riskml.fit_recipe(%s, 'TABLE t', 't')", (text_of(woe),))
    yield "a label that is a text", code is not None and code != "XX000", (code, message)
    code, message = database.error("SELECT riskml.fit_recipe(%s, 'TABLE t', 'good')", (text_of(woe),))
    yield "only good ones", code is None or code != "XX000", (code, message)
    for query in ("DELETE FROM t", "SELECT 1; SELECT 2", "", "SELECT", "SELECT * FROM nowhere", "SELECT c, c FROM t"):
        code, message = database.error("SELECT riskml.fit_recipe(%s, %s)", (text_of([step("f", "ordinal", "c")]), query))
        yield f"the query {query!r}", code is not None and code != "XX000", (code, message)
    yield "nothing was written", database.value("SELECT count(*) FROM t") == 4, None


def checks(database):
    yield from any_bytes(database)
    yield from columns_without_values(database)
    yield from constants(database)
    yield from infinities(database)
    yield from labels(database)
