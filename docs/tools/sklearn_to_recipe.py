#!/usr/bin/python3
"""A recipe of riskml from a fitted ColumnTransformer of scikit-learn 1.2.

    sklearn_to_recipe.py FILE > recipe.json     of a file by pickle or joblib; an unpickled file runs code: trust who made it

or, in Python, where the transformer is:

    import sklearn_to_recipe
    recipe = sklearn_to_recipe.convert(transformer)         # a list, for json.dumps()

The recipe's outputs are the columns of transform(), in their order, named as get_feature_names_out() says.  A missing value is NaN
or None there and NULL in SQL.  Takes ColumnTransformer, Pipeline, SimpleImputer, StandardScaler, MinMaxScaler, MaxAbsScaler,
RobustScaler, PowerTransformer, KBinsDiscretizer, Binarizer, OneHotEncoder, OrdinalEncoder, FunctionTransformer of numpy.log1p, and
"passthrough" and "drop".  What has no counterpart is a ValueError that names the transformer.
"""
import json
import math
import sys

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (Binarizer, FunctionTransformer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder,
                                   PowerTransformer, RobustScaler, StandardScaler)
from sklearn.impute import SimpleImputer


def convert(transformer):
    """The steps, as a list of dictionaries."""
    return Recipe(transformer).steps


class Refused(ValueError):
    """What a recipe cannot say."""


def refuse(transformer, why):
    raise Refused(f"{type(transformer).__name__}: {why}")


def is_missing(value):
    return value is None or isinstance(value, (float, np.floating)) and math.isnan(value)


def plain(value):
    """A category as JSON has it."""
    if is_missing(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def categories_of(transformer, values):
    found = [plain(value) for value in values]
    if found.count(None) > 1:
        refuse(transformer, "None and NaN are two categories, and NULL is one")
    if len({isinstance(value, str) for value in found if value is not None}) > 1:
        refuse(transformer, "a column has numbers and texts")
    return found


class Recipe:
    """Each transformer becomes steps that read what those before it made; a column of the data is known by its name."""

    def __init__(self, transformer):
        if not isinstance(transformer, ColumnTransformer):
            refuse(transformer, "only a ColumnTransformer is taken")
        if transformer.transformer_weights:
            refuse(transformer, "has transformer_weights")
        self.steps = []
        self.filled = set()     # features of which NaN was filled, but None was not
        columns = getattr(transformer, "feature_names_in_", [f"x{i}" for i in range(transformer.n_features_in_)])
        self.columns = [str(column) for column in columns]
        self.outputs = [str(name) for name in transformer.get_feature_names_out()]
        self.taken = {*self.columns, *self.outputs}
        blocks = [self.chain(part, self.selected(transformer, selection)) for _, part, selection in transformer.transformers_ if part != "drop"]
        if sum(map(len, blocks)) != len(self.outputs):
            refuse(transformer, f"{len(self.outputs)} names for {sum(map(len, blocks))} columns")
        self.name_outputs(blocks)

    def selected(self, transformer, selection):
        """The names of the columns that a part of the transformer gets."""
        if callable(selection):
            refuse(transformer, "is not fitted")
        if isinstance(selection, slice):
            as_names = isinstance(selection.start or selection.stop, str)
            bounds = [self.columns.index(v) if isinstance(v, str) else v for v in (selection.start, selection.stop)]
            if as_names and bounds[1] is not None:
                bounds[1] += 1
            return self.columns[slice(*bounds, selection.step)]
        chosen = np.atleast_1d(np.asarray(selection, dtype=object))
        if len(chosen) and isinstance(chosen[0], (bool, np.bool_)):
            return [column for column, is_chosen in zip(self.columns, chosen) if is_chosen]
        return [column if isinstance(column, str) else self.columns[column] for column in chosen]

    # ---- steps

    def unique(self, name):
        found, n = name, 1
        while found in self.taken:
            n += 1
            found = f"{name}.{n}"
        self.taken.add(found)
        return found

    def add(self, source, op, **fields):
        """A step on one feature; the name of what it makes."""
        name = self.unique(f"{source}.{op}")
        self.steps.append({"feature": name, "op": op, "input": source, "output": False, **fields})
        return name

    def name_outputs(self, blocks):
        """Steps whose features are outputs get their names; where order or names forbid it, `pass` steps say the outputs at the end."""
        wanted = dict(zip([feature for block in blocks for feature in block], self.outputs, strict=True)) if self.in_order(blocks) else {}
        readers = {step["input"]: number for number, step in enumerate(self.steps)}
        for number, step in enumerate(self.steps):
            for feature in self.features(step):
                if readers.get(wanted.get(feature), -1) > number:       # a later step would read it in place of the column
                    wanted = {}
        for step in self.steps:
            if any(feature in wanted for feature in self.features(step)):
                del step["output"]
                if "names" in step:
                    step["names"] = [wanted[name] for name in step["names"]]
                else:
                    step["feature"] = wanted[step["feature"]]
                if step["feature"] == step["input"]:
                    del step["input"]
        if not wanted:
            made = [feature for block in blocks for feature in block]
            self.steps += [{"feature": name, "op": "pass", "input": feature} for name, feature in zip(self.outputs, made)]

    @staticmethod
    def features(step):
        if step["op"] == "impute" and step.get("missing_indicator"):
            return [step["feature"], step["feature"] + "_missing"]
        return step.get("names", [step["feature"]])

    def in_order(self, blocks):
        """Are the outputs the features of whole steps, in their order, that no other step reads, and each with a name of its own?"""
        if any(step.get("missing_indicator") for step in self.steps if set(self.features(step)) & {feature for block in blocks for feature in block}):
            return False
        outputs = [feature for block in blocks for feature in block]
        of_steps = [feature for step in self.steps if set(self.features(step)) & set(outputs) for feature in self.features(step)]
        return of_steps == outputs and not set(outputs) & {step["input"] for step in self.steps}

    # ---- transformers: each takes names of features and gives those that it makes

    def chain(self, transformer, sources):
        if not len(sources):
            return []
        if transformer is None or isinstance(transformer, str) and transformer == "passthrough":
            return [self.add(source, "pass") for source in sources]
        if isinstance(transformer, Pipeline):
            for _, part in transformer.steps:
                if part is not None and not (isinstance(part, str) and part == "passthrough"):
                    sources = self.chain(part, sources)
            return [self.add(source, "pass") if source in self.columns else source for source in sources]
        converter = CONVERTERS.get(type(transformer))
        if not converter:
            refuse(transformer, "has no counterpart in recipes")
        return converter(self, transformer, sources)

    def simple_imputer(self, imputer, sources):
        if not is_missing(imputer.missing_values):
            refuse(imputer, f"missing_values is {imputer.missing_values!r}; a recipe takes NULL for missing")
        strategy = {"most_frequent": "mode"}.get(imputer.strategy, imputer.strategy)
        indicated = set(imputer.indicator_.features_) if imputer.add_indicator else set()
        filled, indicators = [], []
        for i, (source, value) in enumerate(zip(sources, imputer.statistics_, strict=True)):
            if is_missing(value):       # a column without values, which the imputer leaves out
                if i in indicated:
                    refuse(imputer, f"column {source!r} has no value")
                continue
            more = {"missing_indicator": True} if i in indicated else {}
            filled.append(self.add(source, "impute", strategy=strategy, value=plain(value), **more))
            if imputer.missing_values is not None:
                self.filled.add(filled[-1])
            if i in indicated:
                indicators.append(filled[-1] + "_missing")
        return filled + indicators

    def standard_scaler(self, scaler, sources):
        means, deviations = ((np.full(len(sources), default) if found is None else found)
                             for found, default in ((scaler.mean_ if scaler.with_mean else None, 0.0), (scaler.scale_, 1.0)))
        return [self.add(source, "standardize", mean=float(m), std=float(s)) for source, m, s in zip(sources, means, deviations, strict=True)]

    def min_max_scaler(self, scaler, sources):
        low, high = map(float, scaler.feature_range)
        made = []
        for i, source in enumerate(sources):
            span = float(scaler.data_max_[i]) - float(scaler.data_min_[i])
            if scaler.scale_[i] != (high - low) / (span or 1.0):
                refuse(scaler, f"the values of column {source!r} are too close to each other")
            clip = {"clip": True} if scaler.clip else {}
            made.append(self.add(source, "minmax_scale", range=[low, high], **clip, min=float(scaler.data_min_[i]), max=float(scaler.data_max_[i])))
        return made

    def max_abs_scaler(self, scaler, sources):
        return [self.add(source, "maxabs_scale", max_abs=float(scale)) for source, scale in zip(sources, scaler.scale_, strict=True)]

    def robust_scaler(self, scaler, sources):
        lower, upper = (share / 100 for share in scaler.quantile_range)
        centers = scaler.center_ if scaler.with_centering else np.zeros(len(sources))
        scales = scaler.scale_ if scaler.with_scaling else np.ones(len(sources))
        return [self.add(source, "robust_scale", lower=lower, upper=upper, center=float(c), scale=float(s))
                for source, c, s in zip(sources, centers, scales, strict=True)]

    def power_transformer(self, transformer, sources):
        made = [self.add(source, "power", method=transformer.method, **{"lambda": float(value)})
                for source, value in zip(sources, transformer.lambdas_, strict=True)]
        return self.standard_scaler(transformer._scaler, made) if transformer.standardize else made

    def bins_discretizer(self, discretizer, sources):
        inner = [[float(edge) for edge in edges[1:-1]] for edges in discretizer.bin_edges_]
        made = [self.add(source, "bucketize", edges=edges) for source, edges in zip(sources, inner, strict=True)]
        return made if discretizer.encode == "ordinal" else self.one_hot_encoder(discretizer._encoder, made)

    def binarizer(self, binarizer, sources):
        return [self.add(source, "bucketize", edges=[float(np.nextafter(float(binarizer.threshold), np.inf))]) for source in sources]

    def function_transformer(self, transformer, sources):
        if transformer.func is None:
            return [self.add(source, "pass") for source in sources]
        if transformer.func is not np.log1p or transformer.kw_args:
            refuse(transformer, f"of the function {transformer.func!r}")
        return [self.add(source, "log1p") for source in sources]

    def encoded(self, encoder, source, values):
        if source in self.filled and any(is_missing(value) for value in values):
            refuse(encoder, f"{source!r} has None, which a SimpleImputer of NaN leaves as it is; give it missing_values=None")
        return categories_of(encoder, values)

    def one_hot_encoder(self, encoder, sources):
        unknown = {"infrequent_if_exist": "infrequent"}.get(encoder.handle_unknown, encoder.handle_unknown)
        rare = encoder.infrequent_categories_ if encoder._infrequent_enabled else [None] * len(sources)
        dropped = [None] * len(sources) if encoder.drop_idx_ is None else encoder.drop_idx_
        made = []
        for i, source in enumerate(sources):
            categories = self.encoded(encoder, source, encoder.categories_[i])
            grouped = [] if rare[i] is None else categories_of(encoder, rare[i])
            fields = {"infrequent": grouped} if grouped else {}
            names = [self.unique(f"{source}.onehot.{n}") for n in range(len(categories) - len(grouped) + bool(grouped))]
            self.steps.append({"feature": self.unique(f"{source}.onehot"), "op": "onehot", "input": source, "output": False, "categories": categories,
                               **fields, "unknown": unknown, "names": names})
            made += [name for n, name in enumerate(names) if n != dropped[i]]
        return made

    def ordinal_encoder(self, encoder, sources):
        made = []
        for source, values in zip(sources, encoder.categories_, strict=True):
            categories = self.encoded(encoder, source, values)
            has_missing = None in categories
            unknown = "error"
            if encoder.handle_unknown == "use_encoded_value":
                unknown = "missing" if is_missing(encoder.unknown_value) else float(encoder.unknown_value)
            # a missing value stays missing, unless it has a number
            number = encoder.encoded_missing_value if has_missing else encoder.unknown_value
            if any(value is None for value in values):      # a category like others there
                number = categories.index(None)
            name = self.add(source, "ordinal", categories=[c for c in categories if c is not None], unknown=unknown)
            if number is not None and not is_missing(number):
                if unknown == "missing":
                    refuse(encoder, f"column {source!r}: unknown becomes NaN, and missing {number}")
                name = self.add(name, "impute", strategy="constant", value=float(number))
            made.append(name)
        return made


CONVERTERS = {SimpleImputer: Recipe.simple_imputer, StandardScaler: Recipe.standard_scaler, MinMaxScaler: Recipe.min_max_scaler,
              MaxAbsScaler: Recipe.max_abs_scaler, RobustScaler: Recipe.robust_scaler, PowerTransformer: Recipe.power_transformer,
              KBinsDiscretizer: Recipe.bins_discretizer, Binarizer: Recipe.binarizer, FunctionTransformer: Recipe.function_transformer,
              OneHotEncoder: Recipe.one_hot_encoder, OrdinalEncoder: Recipe.ordinal_encoder}


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    import joblib           # reads files of pickle, too
    print("sklearn_to_recipe.py: loading a pickle runs the code in it; do so with files of people you trust", file=sys.stderr)
    try:
        print(json.dumps(convert(joblib.load(sys.argv[1])), ensure_ascii=False, allow_nan=False, indent=1))
    except Refused as why:
        sys.exit(f"sklearn_to_recipe.py: {why}")


if __name__ == "__main__":
    main()
