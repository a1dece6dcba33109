#!/usr/bin/python3
"""Parity: every score of riskml against libxgboost, computed in this run.

    test/parity/run.py [--long] [--self-check] [--seed N] [--only TEXT]

Trains the models of matrix.py and of the shapes with the XGBoost installed here, imports
each through psql (PG* environment), scores the rows of rows.py in every calling form, and
compares: margins bit by bit, scores within one float32 step, classes, leaf ids and
importance exactly, contributions within 1e-5 + 1e-4 relative.  Prints TAP and, as comments, the matrices.  --self-check needs no
server: it compares the second scorer with libxgboost over the same matrix.  --only: shapes
and objectives whose name has TEXT in it, for work on one.  See docs/parity.md.
"""
import argparse
import os
import sys
import time
from dataclasses import dataclass

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

os.environ.setdefault("OMP_NUM_THREADS", "1")   # before the first use of xgboost

import numpy as np
import xgboost as xgb

import datasets
import matrix
import oracle
import plant
import report as reports
import rows as row_kinds
import scorer
import shapes
import shapes_categories
import shapes_outputs
import shapes_ranges
import shaping
import sql
import writers

MIN_SCORES = 250_000
SHAPES = {}
for _file in (shapes, shapes_outputs, shapes_categories, shapes_ranges, writers):
    SHAPES.update(_file.SHAPES)


@dataclass
class View:
    """Rows of one kind and what they must give; kind: see sql.Table."""
    kind: str
    rows: object
    expected: object
    table: str = None


@dataclass
class Case:
    """One model, its rows, and what they must give."""
    model: object
    oracle: object
    views: list
    file: bytes
    file_doc: dict


def all_rows(model, own, rng, scale):
    """(kind, rows) of a model."""
    yield "double", row_kinds.double_rows(model.data, own, rng, scale)
    if not model.brief:
        yield "typed", row_kinds.typed_rows(model.data, own, rng, scale)
    if model.labels:
        yield "text", row_kinds.text_rows(model.data, model.labels, rng, scale)


def prepare(model, seed, scale, report):
    """A model's rows and expected values; the scorer is checked on the way."""
    rng = np.random.default_rng([seed, 7, int(model.name.rsplit("_", 1)[1])])
    expected = oracle.Expected(model)
    report.compared["models"] += 1
    case = Case(model, expected, [], model.content(), model.doc)
    where = f"{model.name} {model.row} {model.column} {model.data.name}"
    for kind in expected.importance_differs():
        report.disagree.append(f"{where} importance {kind}")
    for kind, rows in all_rows(model, expected.own, rng, scale):
        values, compared, differ = expected.of(rows)
        case.views.append(View(kind, rows, values))
        report.compared.update(compared)
        report.compared["rows"] += len(rows)
        report.disagree += [f"{where} row {i} {sorted(rows.kinds[i])}" for i in differ]
    report.add_rows(case)
    return case


def all_models(args):
    sets = datasets.load_all(args.seed)
    yield from matrix.objective_models(sets, args.seed, 30 if args.long else 8, args.only)
    context = shaping.Context(sets, args.seed, args.long)
    for row, function in SHAPES.items():
        if args.only in row:
            yield from function(context, row)


def make_cases(args, report, prefix):
    found = []
    for model in all_models(args):
        model.name = f"{prefix}{len(found)}"
        found.append(prepare(model, args.seed, 4 if args.long else 1, report))
    return found


def score_in_sql(cases, args, report, prefix):
    rng = np.random.default_rng(args.seed)
    tables = {}
    for case in cases:
        data = case.model.data
        for view in case.views:
            key = data.name, view.kind
            if key not in tables:
                tables[key] = sql.Table(data, view.kind, rng)
            tables[key].add(case.model.name, view.rows)
            view.table = tables[key].name
    output = sql.run(cases, list(tables.values()), prefix, args.long)
    report.wrong_plans = output.wrong_plans()
    facts, features = (output.catalog(what) for what in ("models", "features"))
    for case in cases:
        name = case.model.name
        for view in case.views:
            for form, _, every, jsonable in sql.forms(case.model, view.kind, args.long):
                report.compare(case, form, view, output.result(case, view, form, every),
                               only=view.rows.jsonable if jsonable else None)
        report.contributions.check(case, case.views[0], output.contributions(case))
        report.compare_catalog(case, facts.get(name, [None])[0], features.get(name))
    if output.failure:
        print(f"# {output.failure}")


def score_here(cases, report):
    """The scorer in the server's place."""
    for case in cases:
        own = scorer.read(case.file_doc, case.model.span)
        for view in case.views:
            values = own.score(view.rows.x)
            got = {"margins": values.margins.astype(np.float64),
                   "scores": values.scores.astype(np.float64)}
            if values.classes is not None:
                got["class"] = values.classes
            if values.leaves is not None:
                got["leaves"] = values.leaf_texts
            result = sql.Result(np.ones(len(view.rows), bool), got)
            report.compare(case, f"scorer, {view.kind}", view, result)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--long", action="store_true", help="more rounds, four times the rows")
    parser.add_argument("--self-check", action="store_true", help="without a server")
    parser.add_argument("--seed", type=int, default=20261)
    parser.add_argument("--only", default="", metavar="TEXT", help="cells with TEXT in the name")
    args = parser.parse_args()
    xgb.set_config(verbosity=0)
    start = time.monotonic()
    report, tap = reports.Report(), reports.Tap()
    prefix = f"parity_{os.getpid()}_"
    cases = make_cases(args, report, prefix)
    print(f"# xgboost {xgb.__version__}, {len(cases)} models, "
          f"{sum(len(c.file) for c in cases):,} bytes, trained in {time.monotonic() - start:.1f} s")
    if os.environ.get("RISKML_PLANT"):
        print("# planted: " + plant.plant(os.environ["RISKML_PLANT"], cases))
    start = time.monotonic()
    if args.self_check:
        score_here(cases, report)
    else:
        score_in_sql(cases, args, report, prefix)
    reports.print_matrix(report)
    least = 0 if args.self_check or args.only else MIN_SCORES
    reports.verdict(report, tap, [s for s in SHAPES if args.only in s], least, not args.self_check,
                    args.only)
    print(f"# scored and compared in {time.monotonic() - start:.1f} s")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
