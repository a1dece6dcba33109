"""What the run found: counts by cell, by calling form and by kind of row, as TAP and as
the matrices."""
from collections import Counter, OrderedDict, defaultdict

import numpy as np
import xgboost as xgb

import contributions
import importance
import layouts
import matrix
import models
import oracle
import rows as row_kinds
import scorer

MIN_MODELS, MIN_ROWS = 3, 500
SHOWN = 5       # mismatches printed per cell


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


def float_text(value):
    with np.errstate(over="ignore"):
        return f"{float(value)!r} (0x{int(oracle.bits(np.float32(value))):08x})"


def list_text(values):
    return "[" + ", ".join(map(float_text, np.atleast_1d(values))) + "]"


def exact(got, want):
    """Rows whose float8 values are the wanted float32 ones, bit by bit."""
    same = got.view(np.int64) == want.astype(np.float64).view(np.int64)
    return (same | np.isnan(got) & np.isnan(want)).all(axis=1)


def close(got, want):
    """Rows whose values are at most one float32 step off."""
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = got.astype(np.float32)
    return (oracle.ulps(narrow, want) <= 1).all(axis=1)


def checks(expected, result):
    """(what, rows that are right, got, wanted) of each function that was called."""
    for what, got in result.values.items():
        if what in ("margin", "margins"):
            yield what, exact(got, expected.margins), got, expected.margins
        elif what in ("score", "scores"):
            yield what, close(got, expected.scores), got, expected.scores
        elif what == "class":
            wanted = expected.classes
            yield what, (got == wanted) | (wanted == -1), got, wanted
        else:
            yield what, got == expected.leaf_texts, got, expected.leaf_texts


class Report:
    def __init__(self):
        self.cells, self.forms, self.kinds = OrderedDict(), defaultdict(Cell), Counter()
        self.bad_kinds = Counter()
        self.compared, self.disagree = Counter(), []
        self.catalog = Counter()
        self.catalog_notes = []
        self.contributions = contributions.Compared()

    def cell(self, model):
        return self.cells.setdefault((model.row, model.column), Cell())

    def add_rows(self, case):
        cell = self.cell(case.model)
        cell.models += 1
        for view in case.views:
            cell.rows += len(view.rows)
            self.kinds.update(kind for kinds in view.rows.kinds for kind in kinds)

    def compare(self, case, form, view, result, only=None):
        """Count one model in one calling form; only: the rows that were asked for."""
        cell, by_form = self.cell(case.model), self.forms[form]
        asked = np.ones(len(view.rows), bool) if only is None else only
        by_form.models += 1
        for counted in (cell, by_form):
            counted.scores += int(asked.sum())
        by_form.rows += int(asked.sum())
        problems = {}
        for i in np.flatnonzero(asked & ~result.there):
            problems[i] = "no row"
        for what, right, got, wanted in checks(view.expected, result):
            for i in np.flatnonzero(asked & ~right):
                if i not in problems:
                    show = list_text if what in ("margin", "margins", "score", "scores") else str
                    problems[i] = f"{what} {show(got[i])}, expected {show(wanted[i])}"
        for i, problem in problems.items():
            self.add_problem(case, form, view.rows, i, problem, result.error)

    def add_problem(self, case, form, rows, i, problem, error):
        cell = self.cell(case.model)
        cell.bad += 1
        self.forms[form].bad += 1
        self.bad_kinds.update(rows.kinds[i])
        if len(cell.notes) < SHOWN:
            shown = dict(zip(case.model.data.columns, rows.cells[i]))
            cell.notes.append(
                f"{case.model.name} ({case.model.data.name}, {case.model.form}) {form} "
                f"row {i} {sorted(rows.kinds[i])}: {problem}" + (f" [{error}]" if error else "")
                + (f" {shown}" if len(shown) < 25 else ""))

    # riskml.models and riskml.model_features

    def compare_catalog(self, case, facts, features):
        """facts: of riskml.models; features: rows of riskml.model_features, in order."""
        self.catalog["models"] += 1
        self.catalog["features"] += len(features or [])
        for problem in catalog_problems(case, facts, features):
            self.catalog["bad"] += 1
            self.catalog_notes.append(f"{case.model.name} {case.model.row} {case.model.column}: "
                                      + problem)


def booster_names(doc):
    """What riskml.models may call the booster: weights that are all 1 say nothing."""
    if scorer.is_linear(doc):
        return {"gblinear"}
    weights = scorer.parts(doc)[1]
    if doc["learner"]["gradient_booster"]["name"] == "dart":
        return {"dart"}
    if weights is None:
        return {"gbtree"}
    return {"dart", "gbtree"} if set(weights) == {1} else {"dart"}


def catalog_problems(case, facts, features):
    model, own = case.model, case.oracle.own
    if facts is None:
        yield "not in riskml.models"
        return
    wanted = {"objective": {own.objective}, "xgboost": {".".join(map(str, own.version))},
              "booster": booster_names(model.doc), "trees": {str(len(own.trees))},
              "outputs": {str(own.outputs)}}
    for key, allowed in wanted.items():
        if facts[key] not in allowed:
            yield f"{key} {facts[key]}, expected {' or '.join(sorted(allowed))}"
    names = model.names or model.data.columns
    if [f["feature"] for f in features] != list(names):
        yield f"features {[f['feature'] for f in features]}"
        return
    yield from importance_problems(case.oracle.importance, features)


def importance_problems(expected, features):
    """Each kind, feature by feature; None: NULL."""
    if "coefficients" in expected:
        table = expected["coefficients"]
        kinds = {"coefficients": list(table)}
        kinds.update({k: [None] * len(table) for k in importance.KINDS[1:]})
        if table.shape[1] == 1:
            kinds["weight"] = list(table[:, 0])
    else:
        unused = expected["weight"] == 0
        kinds = {k: expected[k] for k in importance.KINDS}
        for kind in importance.KINDS[1:]:
            if kinds[kind] is None:
                kinds[kind] = [None] * len(unused)
            elif not kind.startswith("total"):
                kinds[kind] = [None if none else v for none, v in zip(unused, kinds[kind])]
    for kind, values in kinds.items():
        for feature, want in zip(features, values):
            got = feature[kind]
            if (got is None) != (want is None) or want is not None and not np.array_equal(
                    oracle.bits(got), oracle.bits(np.atleast_1d(want))):
                yield f"{kind} of {feature['feature']} {got}, expected {want}"
                break


# Output


def brief(cell, sizes=True):
    if not cell:
        return "-"
    return f"{cell.bad} / {cell.scores:,}" + f" ({cell.models}, {cell.rows:,})" * sizes


def print_matrix(report):
    print("# mismatches / row-scores (models, rows) by objective and booster with its layout")
    print("# " + f"{'':30}" + "".join(f"{c:>25}" for c in matrix.COLUMNS))
    for row in models.OBJECTIVES:
        cells = [report.cells.get((row, c)) for c in matrix.COLUMNS]
        print("# " + f"{row:30}" + "".join(f"{brief(c):>25}" for c in cells))
    print("# mismatches / row-scores by objective and writer's version")
    versions = [matrix.text(v) for v in layouts.VERSIONS]
    print("# " + f"{'':30}" + "".join(f"{v:>10}" for v in versions))
    for row in models.OBJECTIVES:
        cells = [report.cells.get((row, v)) for v in versions]
        print("# " + f"{row:30}" + "".join(f"{brief(c, False):>10}" for c in cells))
    print("# by shape")
    for (row, column), c in report.cells.items():
        if column == "shape":
            print(f"# {row:50}{brief(c):>30}")
    print("# rows by kind: " + ", ".join(f"{k} {report.kinds[k]:,}" for k in row_kinds.KINDS))


def versions_verdict(report, tap, row):
    """One line for an objective as all versions write it."""
    whole, problems = Cell(), []
    for version in map(matrix.text, matrix.versions_of(row)):
        cell = report.cells.get((row, version), Cell())
        for count in ("models", "rows", "scores", "bad"):
            setattr(whole, count, getattr(whole, count) + getattr(cell, count))
        whole.notes += cell.notes
        if cell.problem():
            problems.append(f"{version}: {cell.problem()}")
    tap.line(not problems, f"{row} as {len(matrix.versions_of(row))} versions write it: "
             + whole.text() + "".join(f" - {p}" for p in problems), whole.notes[:SHOWN])


def verdict(report, tap, shape_names, least, server, only):
    """least: row-scores that the run must have; server: it had one; only: part of a name."""
    n = report.compared
    tap.line(not report.disagree, f"scorer and libxgboost {xgb.__version__}: {n['models']} models "
             f"{n['rows']:,} rows {len(report.disagree)} differences; expected from libxgboost: "
             + ", ".join(f"{n[part]:,} {part}" for part in oracle.PARTS), report.disagree[:SHOWN])
    cells_verdict(report, tap, shape_names, only)
    for form, cell in report.forms.items():
        tap.line(not cell.bad and cell.scores > 0, f"calling form {form}: {cell.text()}")
    if server:
        tap.line(not report.wrong_plans, "plans are in blocks, one by one, not rewritten, in parallel as said",
                 report.wrong_plans)
    for kind in row_kinds.KINDS:
        count, bad = report.kinds[kind], report.bad_kinds[kind]
        tap.line((count > 0 or only) and not bad,
                 f"rows of kind '{kind}': {count:,} rows {bad} mismatches")
    if server:
        c = report.catalog
        tap.line(c["models"] > 0 and not c["bad"], f"riskml.models and riskml.model_features: "
                 f"{c['models']} models {c['features']:,} features {c['bad']} mismatches",
                 report.catalog_notes[:SHOWN])
        c = report.contributions
        tap.line(c.models > 0 and not c.notes and c.library_off <= c.library_rows / 20,
                 f"contributions: {c.models} models ({c.without} more have no covers), {c.rows:,} row-outputs, "
                 f"{c.library_rows - c.library_off:,} of them compared with libxgboost, which is itself too far off for "
                 f"{c.library_off} more; {len(c.notes)} mismatches", c.notes[:SHOWN])
    total = sum(c.scores for c in report.cells.values())
    bad = sum(c.bad for c in report.cells.values())
    models_used = sum(c.models for c in report.cells.values())
    tap.line(total >= least and not bad,
             f"in all: {models_used} models {total:,} row-scores {bad} mismatches")


def cells_verdict(report, tap, shape_names, only):
    rows = [o for o in models.OBJECTIVES if only in o]
    wanted = [(o, c) for o in rows for c in matrix.columns_of(o)]
    for row, column in wanted + [(s, "shape") for s in shape_names]:
        cell = report.cells.get((row, column), Cell())
        problem = cell.problem()
        tap.line(not problem, f"{row} {column}: {cell.text()}"
                 + (f" - {problem}" if problem else ""), cell.notes)
    for row in rows:
        versions_verdict(report, tap, row)
