"""The first matrices: every objective with gbtree, with dart in every layout, with gblinear;
and every objective as each version writes it.

Every cell gets three models, on different data sets and in different file formats.
"""
import numpy as np

import layouts
import rewrite
from models import (FORMS, GBLINEAR, GBTREE, LIB, LINEAR_SETS, OBJECTIVES, SETS, dart_params,
                    derived, doc_of, native, train)

DART = ["dart 1.0", "dart 3.3", "dart 3.4"]     # each layout by its first version
COLUMNS = [GBTREE] + DART + [GBLINEAR]
DART_VERSION = {"dart 1.0": (2, 1, 4), "dart 3.3": (3, 3, 0), "dart 3.4": (3, 4, 1)}
KINDS = [GBTREE, "dart", GBLINEAR]


def text(version):
    return ".".join(map(str, version))


def version_for(column, since):
    """A version that writes this column's layout and knows the objective, or None."""
    version = max(DART_VERSION.get(column, LIB), since + (0,))
    return version if column not in DART or layouts.dart_layout(version) == column else None


def columns_of(row):
    return [c for c in COLUMNS if version_for(c, OBJECTIVES[row].since)]


def versions_of(row):
    return [v for v in layouts.VERSIONS if v >= OBJECTIVES[row].since]


def trained_models(row, data_sets, seed, rounds):
    """({(data set's number, kind of booster): (data, booster)}, objective that the file must
    have instead of the one it was trained for, or None)."""
    objective, found = OBJECTIVES[row], {}
    trained, label, stand_in = row, None, None
    if LIB < objective.since:
        trained, label, stand_in = objective.stand_in
    method = OBJECTIVES[trained].params.get("tree_method")
    for i in range(len(SETS)):
        for k, kind in enumerate(KINDS):
            data = data_sets[(LINEAR_SETS if kind == GBLINEAR else SETS)[i]]
            rng = np.random.default_rng([seed, list(OBJECTIVES).index(row), i, k])
            params = {"tree_method": method or ["exact", "hist", "approx"][i]}
            base = objective.bases[i]
            if kind == "dart":
                params.update(dart_params(i))
            elif kind == GBLINEAR:
                params = {"booster": kind, "tree_method": None, "max_depth": None,
                          "updater": "coord_descent"}
                # far from the labels its weights grow without bound
                base = {-1234.5: -2.5, 7.5e-3: 0.75}.get(base, base)
            found[i, kind] = data, train(data, trained, rounds, rng, label=label,
                                         base_score=base, **params)
    return found, stand_in


def as_written(row, column, data, booster, i, form, version, stand_in):
    """The model as that version writes it."""
    if version == LIB and not stand_in:
        return native(row, column, data, booster, form)
    doc = doc_of(booster)
    if stand_in:
        doc = rewrite.with_objective(doc, stand_in)
    doc = layouts.as_version(doc, version)
    if stand_in and row == "reg:expectileerror, 3 alphas":
        first = [0.5, -20.0, 1e3][i]        # the last gap is one that XGBoost widens
        doc = rewrite.with_base_score(doc, [first, first + 0.75, first + 0.75 + 1e-7])
    if version < (1, 6) and form == "ubj":
        form = "json"
    return derived(row, column, data, booster, doc, form,
                   names=data.names if version < (1, 4) else None)    # the file has none


def in_columns(row, trained, stand_in):
    """By booster and layout; gblinear, which has one layout, also as early and late versions
    write it, and so what stands in for an objective."""
    since = OBJECTIVES[row].since
    for (i, kind), (data, booster) in trained.items():
        for column in columns_of(row):
            if column.split()[0] != kind:
                continue
            version = version_for(column, since)
            if column == GBLINEAR:
                version = max([LIB, (1, 0, 2), (3, 4, 1)][i], since + (0,))
            elif column == GBTREE and stand_in:
                version = [version, max(version, (3, 0, 5)), (3, 4, 1)][i]
            form = FORMS[(list(OBJECTIVES).index(row) + i + len(column) + (column[-1] == "3")) % 3]
            if column in DART and column == layouts.dart_layout(LIB) and not stand_in:
                version = LIB
            yield as_written(row, column, data, booster, i, form, version, stand_in)


def in_versions(row, trained, stand_in):
    """By writer's version: one model of each kind of booster."""
    for n, version in enumerate(versions_of(row)):
        for k, kind in enumerate(KINDS):
            i = 1 if version < (1, 2) else (n + k) % len(SETS)      # 1.0 wrote six decimals
            data, booster = trained[i, kind]
            model = as_written(row, text(version), data, booster, i, FORMS[(n + k) % 3], version,
                               stand_in)
            model.brief = True
            yield model


def objective_models(data_sets, seed, rounds=8, only=""):
    for row in OBJECTIVES:
        if only in row:
            trained, stand_in = trained_models(row, data_sets, seed, rounds)
            yield from in_columns(row, trained, stand_in)
            yield from in_versions(row, trained, stand_in)
