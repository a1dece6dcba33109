#!/usr/bin/python3
"""Parity: every score of riskml against libxgboost, computed in this run.

    test/parity/run.py [--long] [--self-check] [--seed N]

Trains the models of models.py and shapes.py with the XGBoost installed here, imports each
through psql (PG* environment), scores the rows of rows.py in every calling form, and
compares: margins bit by bit, responses within one float32 step, leaf ids exactly.  Prints
TAP and, as comments, the matrix.  --self-check needs no server: it compares the second
scorer with libxgboost over the same matrix.  See docs/parity.md.
"""
import argparse
import os
import sys
import time
from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

os.environ.setdefault("OMP_NUM_THREADS", "1")   # before the first use of xgboost

import numpy as np
import xgboost as xgb

import datasets
import models
import oracle
import plant
import rows as row_kinds
import scorer
import shapes
import sql

MIN_MODELS, MIN_ROWS, MIN_SCORES = 3, 500, 100_000
SHOWN = 5       # mismatches printed per cell


@dataclass
class Case:
    """One model, its rows, and what they must give."""
    model: object
    rows: object
    typed: object
    expected: object
    typed_expected: object
    file: bytes
    file_doc: dict
    table: str = None
    typed_table: str = None


class Cell:
    def __init__(self):
        self.models, self.rows, self.scores, self.bad = 0, 0, 0, 0
        self.notes = []

    def problem(self):
        if self.bad:
            return f"{self.bad} mismatches"
        if self.models < MIN_MODELS or self.rows < MIN_ROWS:
            return f"thin: needs {MIN_MODELS} models and {MIN_ROWS} rows"
        return ""

    def text(self):
        return (f"{self.models} models {self.rows:,} rows {self.scores:,} row-scores "
                f"{self.bad} mismatches")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def line(self, passed, text, notes=()):
        self.count += 1
        self.failed += not passed
        print(f"{'ok' if passed else 'not ok'} {self.count} - parity {text}", flush=True)
        for note in notes:
            print(f"#   {note}")


class Report:
    """Counts by cell, by calling form and by kind of row."""

    def __init__(self):
        self.cells, self.forms, self.kinds = OrderedDict(), defaultdict(Cell), Counter()
        self.bad_kinds = Counter()
        self.compared, self.disagree = Counter(), []

    def cell(self, model):
        return self.cells.setdefault((model.row, model.column), Cell())

    def add_rows(self, case):
        cell = self.cell(case.model)
        cell.models += 1
        cell.rows += len(case.rows) + len(case.typed)
        for rows in (case.rows, case.typed):
            self.kinds.update(kind for kinds in rows.kinds for kind in kinds)

    def compare(self, case, form, rows, expected, result, only=None, pinned=False, leaves=False):
        """Count one model in one calling form; only: the rows that were asked for."""
        cell, by_form = self.cell(case.model), self.forms[form]
        by_form.models += 1
        for i in range(len(rows)):
            if only is not None and not only[i]:
                continue
            cell.scores += 1
            by_form.scores += 1
            by_form.rows += 1
            problem = difference(expected, i, result, pinned, leaves)
            if problem:
                cell.bad += 1
                by_form.bad += 1
                self.bad_kinds.update(rows.kinds[i])
                if len(cell.notes) < SHOWN:
                    shown = dict(zip(case.model.data.columns, rows.cells[i]))
                    cell.notes.append(
                        f"{case.model.name} ({case.model.data.name}, {case.model.form}) {form} "
                        f"row {i} {sorted(rows.kinds[i])}: {problem}"
                        + (f" [{result.error}]" if result.error else "")
                        + (f" {shown}" if len(shown) < 25 else ""))


def float_text(value):
    return f"{float(value)!r} (0x{int(oracle.bits(np.float32(value))):08x})"


def difference(expected, i, result, pinned, leaves):
    """What is wrong with row i of a result, or None."""
    want = expected.margin[i]
    if not pinned:
        got = result.margin.get(i)
        if got is None:
            return "no margin"
        with np.errstate(over="ignore"):
            narrow = np.float32(got)
        if oracle.bits(narrow) != oracle.bits(want) or float(narrow) != got:
            return f"margin {float_text(got)}, expected {float_text(want)}"
    got = result.response.get(i)
    if got is None:
        return "no score"
    with np.errstate(over="ignore"):
        steps = int(oracle.ulps(np.float32(got), expected.response[i]))
    if not steps <= 1 or np.isnan(got):
        return f"score {float_text(got)}, expected {float_text(expected.response[i])}"
    if leaves and not np.array_equal(result.leaves.get(i), expected.leaves[i]):
        return f"leaves {result.leaves.get(i)}, expected {expected.leaves[i]}"
    return None


def prepare(model, seed, scale, report):
    """A model's rows and expected values; the scorer is checked on the way."""
    rng = np.random.default_rng([seed, 7, int(model.name.rsplit("_", 1)[1])])
    forest = scorer.Forest(model.doc, model.rounds)
    sets, wanted = [], []
    for make in (row_kinds.double_rows, row_kinds.typed_rows):
        rows = make(model.data, forest, rng, scale)
        values, compared, differ = oracle.expected(model, forest, rows)
        sets.append(rows)
        wanted.append(values)
        report.compared["models"] += make is row_kinds.double_rows
        report.compared["rows"] += int(compared.sum())
        for i in np.flatnonzero(differ):
            report.disagree.append(f"{model.name} {model.row} {model.column} {model.data.name} "
                                   f"row {i} {sorted(rows.kinds[i])}")
    case = Case(model, *sets, *wanted, model.content(), model.doc)
    report.add_rows(case)
    return case


def make_cases(args, report):
    sets = datasets.load_all(args.seed)
    found = []
    prefix = f"parity_{os.getpid()}"
    for made in (models.objective_models(sets, args.seed, 30 if args.long else 8),
                 shapes.shape_models(sets, args.seed, args.long)):
        for model in made:
            model.name = f"{prefix}_{len(found)}"
            found.append(prepare(model, args.seed, 4 if args.long else 1, report))
    return found


def score_in_sql(cases, args, report):
    rng = np.random.default_rng(args.seed)
    tables = {}
    for case in cases:
        d = case.model.data
        for typed, rows in ((False, case.rows), (True, case.typed)):
            key = (d.name, typed)
            if key not in tables:
                tables[key] = sql.Table(f"rows_{d.name}{'_typed' if typed else ''}", d, typed, rng)
            tables[key].add(case.model.name, rows)
        case.table, case.typed_table = (tables[d.name, t].name for t in (False, True))
    results = sql.run(cases, list(tables.values()))
    nothing = sql.Result({}, {}, {}, "no output")
    for case in cases:
        name = case.model.name
        failed = results.get((name, "import"), nothing).error
        for typed in (False, True):
            rows = case.typed if typed else case.rows
            expected = case.typed_expected if typed else case.expected
            for form, _, where, leaves in sql.forms(case.model, typed):
                result = results.get((name, form), nothing)
                result.error = failed or result.error
                report.compare(case, form, rows, expected, result,
                               only=rows.jsonable if where else None, leaves=leaves)
        report.compare(case, "pinned", case.rows, case.expected,
                       results.get((name, "pinned"), nothing), pinned=True)
    if ("session", "") in results:
        print(f"# {results['session', ''].error}")


def score_here(cases, report):
    """The scorer in the server's place."""
    for case in cases:
        forest = scorer.Forest(case.file_doc, case.model.rounds)
        for form, rows, expected in (("scorer", case.rows, case.expected),
                                     ("scorer, typed", case.typed, case.typed_expected)):
            margin, response, leaves = forest.score(rows.x)
            result = sql.Result(*(dict(enumerate(v)) for v in (margin, response, leaves)))
            report.compare(case, form, rows, expected, result, leaves=True)


def brief(cell):
    if not cell:
        return "-"
    return f"{cell.bad} / {cell.scores:,} ({cell.models}, {cell.rows:,})"


def print_matrix(report):
    print("# mismatches / row-scores (models, rows) by objective and booster with its layout")
    columns = [models.GBTREE] + models.DART
    print("# " + f"{'':24}" + "".join(f"{c:>30}" for c in columns))
    for objective in models.OBJECTIVES:
        cells = [report.cells.get((objective, c)) for c in columns]
        print("# " + f"{objective:24}" + "".join(f"{brief(c):>30}" for c in cells))
    print("# by shape")
    for (row, column), c in report.cells.items():
        if column == "shape":
            print(f"# {row:34}{brief(c):>30}")
    print("# rows by kind: " + ", ".join(f"{k} {report.kinds[k]:,}" for k in row_kinds.KINDS))


def verdict(report, tap, least):
    wanted = [(o, c) for o in models.OBJECTIVES for c in models.columns_of(o)]
    wanted += [(s, "shape") for s in shapes.SHAPES]
    n = report.compared
    tap.line(not report.disagree, f"scorer and libxgboost {xgb.__version__}: {n['models']} models "
             f"{n['rows']:,} rows {len(report.disagree)} differences", report.disagree[:SHOWN])
    for row, column in wanted:
        cell = report.cells.get((row, column), Cell())
        problem = cell.problem()
        tap.line(not problem, f"{row} {column}: {cell.text()}"
                 + (f" - {problem}" if problem else ""), cell.notes)
    for form, cell in report.forms.items():
        tap.line(not cell.bad and cell.scores > 0, f"calling form {form}: {cell.text()}")
    for kind in row_kinds.KINDS:
        count, bad = report.kinds[kind], report.bad_kinds[kind]
        tap.line(count > 0 and not bad, f"rows of kind '{kind}': {count:,} rows {bad} mismatches")
    total = sum(c.scores for c in report.cells.values())
    bad = sum(c.bad for c in report.cells.values())
    models_used = sum(c.models for c in report.cells.values())
    tap.line(total >= least and not bad,
             f"in all: {models_used} models {total:,} row-scores {bad} mismatches")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--long", action="store_true", help="more rounds, four times the rows")
    parser.add_argument("--self-check", action="store_true", help="without a server")
    parser.add_argument("--seed", type=int, default=20261)
    args = parser.parse_args()
    xgb.set_config(verbosity=0)
    start = time.monotonic()
    report, tap = Report(), Tap()
    cases = make_cases(args, report)
    print(f"# xgboost {xgb.__version__}, {len(cases)} models, "
          f"{sum(len(c.file) for c in cases):,} bytes, trained in {time.monotonic() - start:.1f} s")
    if os.environ.get("RISKML_PLANT"):
        print("# planted: " + plant.plant(os.environ["RISKML_PLANT"], cases))
    start = time.monotonic()
    if args.self_check:
        score_here(cases, report)
    else:
        score_in_sql(cases, args, report)
    print_matrix(report)
    verdict(report, tap, 0 if args.self_check else MIN_SCORES)
    print(f"# scored and compared in {time.monotonic() - start:.1f} s")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
