"""docs/recipe.schema.json and riskml.check_recipe(): what they say of recipes that are whole, and of broken ones."""
import json

from recipe import SCHEMA, numbers, step, table, texts

WHOLE = [
    [step("x", "pass")], [step("x", "impute"), step("y", "clip", "x", min=0)], [step("z", "ratio", ["x", "y"])], [step("z", "onehot", "c")],
    [step("z", "onehot", "c", categories=["a", None], unknown="error", names=["one", "two"])], [step("z", "woe", "x", convention="ln_good_bad", max_bins=5)],
    [step("z", "woe", "c", convention="ln_bad_good", bins=[["a"], ["b"]], values=[0.5, -0.5], missing=0)], [step("z", "age_days", "t", reference="2024-01-01")],
    [step("z", "hash_bucket", "c", n_buckets=10)], [step("z", "cyclic", "t", part="month")], [step("z", "target_encode", "c", smoothing=2)], [step("z", "power", "x", lambda_=0.5)],
    [step("a", "group_rare", "c", output=False), step("z", "ordinal", "a")], [step("z", "minmax_scale", "x", range=[0, 2], clip=True)], [step("z", "quantile_bucketize", "x", n_bins=4)],
]
# neither takes them
BROKEN = {
    "no list": step("x", "pass"), "no step": [], "a number": 7, "a step that is no object": [1], "no feature": [{"op": "pass"}], "no op": [{"feature": "x"}], "an empty feature": [step("", "pass")],
    "a feature that is a number": [{"feature": 1, "op": "pass"}], "an unknown op": [step("x", "standardise")], "an unknown field": [step("x", "standardize", avg=1)],
    "a field of another op": [step("x", "pass", edges=[1])], "no input": [step("z", "interaction", [])], "one input for a ratio": [step("z", "ratio", "x")],
    "two inputs for a log1p": [step("z", "log1p", ["x", "y"])], "an input that is a number": [step("z", "pass", 5)], "output is no boolean": [step("x", "pass", output="no")],
    "an unknown strategy": [step("x", "impute", strategy="average")], "a constant without value": [step("x", "impute", strategy="constant")], "clip at nothing": [step("x", "clip")],
    "a mean that is a text": [step("x", "standardize", mean="1", std=1)], "a null mean": [step("x", "standardize", mean=None, std=1)], "an unknown deviation": [step("x", "standardize", deviation="pop")],
    "a negative std": [step("x", "standardize", mean=0, std=-1)], "no edges": [step("x", "bucketize")], "edges that are no list": [step("x", "bucketize", edges=5)],
    "edges that are equal": [step("x", "bucketize", edges=[1, 1])], "one bin": [step("x", "quantile_bucketize", n_bins=1)], "half a bin": [step("x", "quantile_bucketize", n_bins=2.5)],
    "a quantile of 2": [step("x", "winsorize", upper=2)], "an unknown method": [step("x", "power", method="yeo")], "a range of one": [step("x", "minmax_scale", range=[1])],
    "two equal categories": [step("z", "ordinal", "c", categories=["a", "a"])], "a category that is a list": [step("z", "ordinal", "c", categories=[["a"]])],
    "no number of buckets": [step("z", "hash_bucket", "c")], "no buckets": [step("z", "hash_bucket", "c", n_buckets=0)], "another hash": [step("z", "hash_bucket", "c", n_buckets=5, hash="md5")],
    "no convention": [step("z", "woe", "x")], "another convention": [step("z", "woe", "x", convention="woe")], "an unknown part": [step("z", "date_part", "t", part="century")],
    "no part": [step("z", "date_part", "t")], "neither part nor period": [step("z", "cyclic", "t")], "a period of 0": [step("z", "cyclic", "x", period=0)], "no reference": [step("z", "age_days", "t")],
    "a frequency of 0": [step("z", "group_rare", "c", min_frequency=0)], "smoothing below 0": [step("z", "target_encode", "c", smoothing=-1)], "one fold": [step("z", "target_encode", "c", folds=1)],
    "unknown by another name": [step("z", "onehot", "c", unknown="drop")], "monotonic by another name": [step("z", "woe", "x", convention="ln_good_bad", monotonic="up")],
}
# what a schema cannot say
SUBTLE = {
    "edges that fall": [step("x", "bucketize", edges=[2, 1])], "the same feature twice": [step("z", "pass", "x"), step("z", "pass", "y")], "min above max": [step("x", "clip", min=2, max=1)],
    "a range that falls": [step("x", "minmax_scale", range=[2, 1])], "fewer values than edges": [step("z", "woe", "x", convention="ln_good_bad", edges=[1], values=[1])],
    "fewer values than categories": [step("z", "frequency_encode", "c", categories=["a", "b"], values=[1])], "fewer names than categories": [step("z", "onehot", "c", categories=["a", "b"], names=["a"])],
    "texts and numbers as categories": [step("z", "ordinal", "c", categories=["a", 1])], "no such time zone": [step("z", "date_part", "t", part="hour", time_zone="Mars/Olympus")],
    "no such date": [step("z", "age_days", "t", reference="2024-02-30")], "one category in two bins": [step("z", "woe", "c", convention="ln_good_bad", bins=[["a"], ["a", "b"]], values=[1, 2])],
    "a text as a number": [step("z", "pass", "c"), step("y", "ordinal", "c", categories=["a"])],
}
# what only a relation tells
OF_RELATION = {"no such column": [step("z", "pass", "q")], "a number is a text": [step("z", "pass", "c")], "a text is a number": [step("z", "ordinal", "x", categories=["a"])],
               "an instant without a time zone": [step("z", "date_part", "i", part="hour")], "a time is a number": [step("z", "date_part", "x", part="hour")]}


def errors(database, recipe, relation=None):
    """Those that check_recipe tells; what is no recipe at all may also be an error."""
    try:
        return database.rows("SELECT step, feature, field, column_name, problem, hint FROM riskml.check_recipe(%s::jsonb, %s::regclass) WHERE severity = 'error'", (json.dumps(recipe), relation))
    except Exception as error:
        return [error]


def checks(database):
    table(database, x=numbers([1]), y=numbers([2]), c=texts(["a"]), t=("date", ["2024-01-01"]), i=("timestamptz", ["2024-01-01 00:00+00"]))
    for i, recipe in enumerate(WHOLE):
        yield f"whole recipe {i}: the schema", SCHEMA.is_valid(recipe), recipe
        found = errors(database, recipe, "t")
        yield f"whole recipe {i}: check_recipe", not found, (recipe, found)
    for name, recipe in BROKEN.items():
        yield f"{name}: the schema", not SCHEMA.is_valid(recipe), recipe
        yield f"{name}: check_recipe", bool(errors(database, recipe)), recipe
        code, message = database.error("SELECT riskml.apply_recipe(%s::jsonb, t) FROM t", (json.dumps(recipe),))
        yield f"{name}: apply_recipe", code is not None and code != "XX000", (recipe, code, message)
    for name, recipe in SUBTLE.items():
        yield f"{name}: the schema takes it", SCHEMA.is_valid(recipe), recipe
        yield f"{name}: check_recipe does not", bool(errors(database, recipe)), recipe
        code, message = database.error("SELECT riskml.apply_recipe(%s::jsonb, t) FROM t", (json.dumps(recipe),))
        yield f"{name}: nor apply_recipe", code is not None and code != "XX000", (recipe, code, message)
    for name, recipe in OF_RELATION.items():
        yield f"{name}: no error of the recipe", not errors(database, recipe), errors(database, recipe)
        yield f"{name}: with the relation", bool(errors(database, recipe, "t")), recipe
    recipe = [step("x", "standardise"), step("y", "clip", "x"), step("y", "pass", "q"), step("unused", "pass", "x", output=False)]
    found = database.rows("SELECT step, feature, severity, coalesce(hint, '') FROM riskml.check_recipe(%s, 't') ORDER BY 1", (json.dumps(recipe),))
    yield "all faults at once", {(s, v) for s, _, v, _ in found} >= {(1, "error"), (2, "error"), (3, "error"), (4, "warning")}, found
    yield "the nearest op is named", any("standardize" in hint for s, _, _, hint in found if s == 1), found
