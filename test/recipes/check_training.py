"""What riskml.train_model() makes of a recipe: it is fitted to the rows that are trained on and to no others, and the model is the one that XGBoost trains on
the features of riskml.training_features() and riskml.apply_recipe()."""
import json

import numpy as np
import xgboost as xgb

import check_halves
from recipe import fitted, matrix, same, same_bits, step

# some incomes of lending_club are 0
RECIPES = {name: [{**one, "method": "yeo-johnson"} if one.get("method") == "box-cox" else one for one in recipe] for name, (_, recipe) in check_halves.RECIPES.items()}
PARAMS = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": 4, "eval_metric": ["auc", "logloss"], "seed": 3}
TRAINING = ("SELECT t.* FROM riskml.model_training t JOIN riskml.model m USING (model_id) WHERE m.name = %s ORDER BY version DESC LIMIT 1")


def train(database, model, query, recipe, **arguments):
    arguments = {"params": json.dumps(PARAMS), "recipe": json.dumps(recipe), "num_boost_round": 20, **arguments}
    given = "".join(f", {name} => %s" for name in arguments)
    return database.value(f"CALL riskml.train_model(%s, %s, 'label'{given})", (model, query, *arguments.values()))


def kept(database, model, column):
    return database.value(f"SELECT {column} FROM ({TRAINING}) t", (model,))


def stored_recipe(database, model, version):
    return database.value("SELECT riskml.model_recipe(%s)", (f"{model}@{version}",))


def margins(database, model, version, name):
    return np.array([m for m, in database.rows(f"SELECT risk_margin(%s, t) FROM {name} t ORDER BY id", (f"{model}@{version}",))])


def training_features(database, recipe, name, where):
    query = f"SELECT * FROM {name} WHERE {where} ORDER BY id"
    return matrix(row for row, in database.rows("SELECT features FROM riskml.training_features(%s, %s, 'label')", (json.dumps(recipe), query)))


def applied(database, recipe, name, where="true"):
    return matrix(row for row, in database.rows(f"SELECT riskml.apply_recipe(%s, t) FROM {name} t WHERE {where.replace('%', '%%')} ORDER BY id", (json.dumps(recipe),)))


def as_floats(features):
    with np.errstate(over="ignore"):
        return features.astype(np.float32)


class Halves:
    """The matrices that XGBoost has of a data set, when a part is held out."""

    def __init__(self, database, name, labels, held_out):
        ids = np.arange(len(labels))
        held = ids % 3 == 0 if held_out else ids < 0
        where = "id % 3 <> 0" if held_out else "true"
        self.recipe = fitted(database, RECIPES[name], f"SELECT * FROM {name} WHERE {where}", "label")
        self.training = xgb.DMatrix(as_floats(training_features(database, self.recipe, name, where)), labels[~held], nthread=1)
        if held_out:
            self.held_out = xgb.DMatrix(as_floats(applied(database, self.recipe, name, "id % 3 = 0")), labels[held], nthread=1)
        self.all = xgb.DMatrix(as_floats(applied(database, self.recipe, name)), nthread=1)


def on_all_rows(database, name, labels):
    halves = Halves(database, name, labels, False)
    booster = xgb.train({**PARAMS, "nthread": 1}, halves.training, 20)
    wanted = booster.predict(halves.all, output_margin=True).astype(float)
    query = f"SELECT * FROM {name} ORDER BY id"
    version = train(database, name, query, RECIPES[name])
    yield f"{name}: the recipe is fitted", stored_recipe(database, name, version) == halves.recipe, None
    yield f"{name}: margins", *same_bits(margins(database, name, version, name), wanted)
    again = train(database, name + "_fitted", query, halves.recipe)
    yield f"{name}: a fitted recipe", *same_bits(margins(database, name + "_fitted", again, name), wanted)
    folded = train(database, name + "_folds", query, RECIPES[name], folds=3)
    yield f"{name}: folds do not change the model", *same_bits(margins(database, name + "_folds", folded, name), wanted)
    folds = kept(database, name + "_folds", "folds")
    train(database, name + "_folds", f"SELECT * FROM {name} ORDER BY md5(id::text)", RECIPES[name], folds=3)
    again = kept(database, name + "_folds", "folds")
    found = [[set_of[m] for m in ("auc", "logloss")] for set_of in (again["train"], again["validation"])]
    # sums of gradients are in another order
    yield f"{name}: folds are the same of rows in another order", *same(found, [[set_of[m] for m in ("auc", "logloss")] for set_of in (folds["train"], folds["validation"])], 0.02, 0)


def with_held_out(database, name, labels):
    halves = Halves(database, name, labels, True)
    metrics = {}
    booster = xgb.train({**PARAMS, "nthread": 1}, halves.training, 200, evals=[(halves.training, "train"), (halves.held_out, "validation")], evals_result=metrics, verbose_eval=False,
                        callbacks=[xgb.callback.EarlyStopping(5, save_best=True)])
    wanted = booster.predict(halves.all, output_margin=True).astype(float)
    ways = {
        "a column": (f"SELECT *, id % 3 = 0 AS held FROM {name} ORDER BY id", "held"),
        "a query": (f"SELECT * FROM {name} WHERE id % 3 <> 0 ORDER BY id", f"SELECT * FROM {name} WHERE id % 3 = 0 ORDER BY id"),
    }
    for way, (query, validation) in ways.items():
        model = f"{name}, {way}".replace(", a ", "_")
        version = train(database, model, query, RECIPES[name], validation=validation, num_boost_round=200, early_stopping_rounds=5)
        yield f"{name}: {way}: the recipe is fitted to the rows that are not held out", stored_recipe(database, model, version) == halves.recipe, None
        yield f"{name}: {way}: margins", *same_bits(margins(database, model, version, name), wanted)
        found = kept(database, model, "metrics")
        for part in ("train", "validation"):
            for metric in ("auc", "logloss"):
                yield f"{name}: {way}: {metric} of {part}", *same(found[part][metric], metrics[part][metric], 1e-9)


def encoded_out_of_fold(database):
    """A category with a row of its own tells its label, unless encoded by others: then the column is worth nothing."""
    rng = np.random.default_rng(4)
    n = 4000
    database.table("alone", id=("int", range(n)), key=("text", [f"k{i}" for i in range(n)]), label=("boolean", rng.random(n) < 0.3))
    train(database, "alone", "SELECT * FROM alone ORDER BY id", [step("key", "target_encode", smoothing=0)], folds=3)
    auc = kept(database, "alone", "folds")["mean"]["validation"]["auc"]
    yield "a column that tells nothing tells nothing in folds", abs(auc - 0.5) < 0.05, auc
    train(database, "alone", "SELECT * FROM alone ORDER BY id", [step("key", "target_encode", smoothing=0)], validation="0.3")
    auc = kept(database, "alone", "metrics")["validation"]["auc"][-1]
    yield "nor in rows that are held out", abs(auc - 0.5) < 0.05, auc


def checks(database):
    for name in RECIPES:
        labels = check_halves.load(database, name).astype(float)
        yield from on_all_rows(database, name, labels)
        yield from with_held_out(database, name, labels)
    yield from encoded_out_of_fold(database)
