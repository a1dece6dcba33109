#!/usr/bin/python3
"""Runs the published code of evidently, NannyML and scorecardpy on the samples of tool_cases.py, and writes tool_fixtures.json.

    make_tool_fixtures.py EVIDENTLY NANNYML SCORECARDPY

The arguments are checkouts with their .git, of the versions in VERSIONS. Of evidently and NannyML only the modules
with the statistics are loaded; what they import besides and do not need for a number (registries, plots) is replaced by
empty modules. What the tools do with a column before they call these functions is done here: evidently takes infinite values for
missing and drops what is missing (legacy/calculations/data_drift.py).

scorecardpy fills an empty cell with 0.9, which it can see only if groupby() leaves empty bins out, as it does from pandas 3 on.
Before, a bin that is empty on one side makes its PSI infinite. So it runs with that default of pandas 3.
"""
import enum
import importlib
import json
import math
import os
import subprocess
import sys
import types
import warnings

import numpy as np
import pandas as pd
import scipy

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from tool_cases import cases, digest     # noqa: E402

VERSIONS = {"evidently": "0.7.21", "nannyml": "0.13.1", "scorecardpy": "0.1.9.7"}


def package(name, path=None, **content):
    module = types.ModuleType(name)
    module.__path__ = [path] if path else []
    module.__dict__.update(content)
    sys.modules[name] = module


class Anything(types.ModuleType):
    def __getattr__(self, name):
        return Anything(name)

    def __call__(self, *arguments, **options):
        return self

    def __mro_entries__(self, bases):
        return (object,)


def evidently(checkout):
    class ColumnType(enum.Enum):
        Numerical = "num"
        Categorical = "cat"

    class StatTest:
        def __init__(self, **options):
            self.__dict__.update(options)

    source = f"{checkout}/src/evidently"
    package("evidently", source)
    package("evidently.legacy", f"{source}/legacy")
    package("evidently.legacy.core", ColumnType=ColumnType)
    package("evidently.legacy.calculations", f"{source}/legacy/calculations")
    tests = "evidently.legacy.calculations.stattests"
    package(tests, f"{source}/legacy/calculations/stattests")
    package(f"{tests}.registry", StatTest=StatTest, register_stattest=lambda *arguments: None)
    psi = importlib.import_module(f"{tests}.psi")._psi
    distance = importlib.import_module(f"{tests}.jensenshannon")._jensenshannon

    def run(function):
        def statistic(kind, reference, current):
            column_type = ColumnType.Numerical if kind == "float8" else ColumnType.Categorical
            columns = [pd.Series(values).replace([-np.inf, np.inf], np.nan).dropna() for values in (reference, current)]
            if any(column.empty for column in columns):
                raise ValueError("an empty column")
            return function(*columns, column_type, 0.1)[0]
        return statistic
    return {"psi_evidently": run(psi), "jensen_shannon_evidently": run(distance)}


def nannyml(checkout):
    package("nannyml", f"{checkout}/nannyml")
    for name in ("plotly", "plotly.graph_objects", "nannyml.plots"):
        sys.modules[name] = Anything(name)
    package("nannyml.drift", f"{checkout}/nannyml/drift")
    package("nannyml.drift.univariate", f"{checkout}/nannyml/drift/univariate")
    methods = importlib.import_module("nannyml.drift.univariate.methods")

    def statistic(kind, reference, current):
        name = "ContinuousJensenShannonDistance" if kind == "float8" else "CategoricalJensenShannonDistance"
        method = getattr(methods, name)(chunker=None, threshold=None)
        method._fit(pd.Series(reference))
        return method._calculate(pd.Series(current))
    return {"jensen_shannon_nannyml": statistic}


def scorecardpy(checkout):
    package("scorecardpy", f"{checkout}/scorecardpy")
    for name in ("matplotlib", "matplotlib.pyplot", "statsmodels", "statsmodels.api"):
        sys.modules[name] = Anything(name)
    perf = importlib.import_module("scorecardpy.perf")
    groupby = pd.DataFrame.groupby

    def run(observed):
        def statistic(kind, reference, current):
            samples = {"current": current, "reference": reference}
            pd.DataFrame.groupby = lambda self, by, **options: groupby(self, by, **({"observed": observed} | options))
            try:
                result = perf.perf_psi({side: pd.DataFrame({"x": values}) for side, values in samples.items()},
                                       # without labels it fails: it adds the column to a copy
                                       {side: pd.Series(np.zeros(len(values))) for side, values in samples.items()}, show_plot=False)
            finally:
                pd.DataFrame.groupby = groupby
            return result["psi"]["PSI"][0]
        return statistic
    return {"psi_scorecardpy": run(True), "psi_scorecardpy, pandas before 3": run(False)}


def outcome(statistic, *arguments):
    try:
        value = float(statistic(*arguments))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return value if math.isfinite(value) else str(value)


def commit(checkout):
    return subprocess.run(["git", "-C", checkout, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def main():
    checkouts = dict(zip(VERSIONS, sys.argv[1:], strict=True))
    statistics = evidently(checkouts["evidently"]) | nannyml(checkouts["nannyml"]) | scorecardpy(checkouts["scorecardpy"])
    result = {
        "tools": {tool: {"version": VERSIONS[tool], "commit": commit(path)} for tool, path in checkouts.items()},
        "run with": {"numpy": np.__version__, "pandas": pd.__version__, "scipy": scipy.__version__},
        "cases": [],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind, name, reference, current in cases():
            result["cases"].append({"kind": kind, "name": name, "data": digest(reference, current)} |
                                   {what: outcome(statistic, kind, reference, current) for what, statistic in statistics.items()})
    with open(f"{HERE}/tool_fixtures.json", "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
