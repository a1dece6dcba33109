"""The SQL side: one psql session that loads rows and files, imports every model, scores
in every calling form, and writes the results back as text."""
import functools
import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass, field

import numpy as np

import contributions

MARK = "@@parity"
KERNEL = "kernel "      # begins the forms that force one; what follows says how rows get to it
WAYS = ["in blocks", "one by one", "not rewritten"]
PARALLEL = "in parallel"
CONTRIBUTIONS = "contributions"
# what makes any scan parallel that may be
ALL_PARALLEL = """SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0; SET min_parallel_index_scan_size = 0;
SET parallel_leader_participation = off; SET max_parallel_workers_per_gather = 0;
"""
CATALOG = {"models": ["model", "objective", "xgboost", "booster", "trees", "outputs"],
           "features": ["model", "position", "feature", "weight", "gain", "cover", "total_gain",
                        "total_cover", "coefficients"]}


@dataclass
class Result:
    """What SQL gave for one model in one calling form."""
    there: np.ndarray       # rows that came back
    values: dict = field(default_factory=dict)      # function -> one entry per row
    error: str = ""


def ident(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class Table:
    """A table with a data set's columns, in another order and among others; kind: columns
    of float8 ("double"), of many types ("typed"), of text where there are codes ("text")."""

    def __init__(self, data, kind, rng):
        self.name, self.data = f"rows_{data.name}_{kind}", data
        types = data.types if kind == "typed" else ["double precision"] * len(data.columns)
        if kind == "text":
            texts = ["text", "varchar"]
            types = [texts[i % 2] if i in data.categories else t for i, t in enumerate(types)]
        columns = list(zip(map(ident, data.columns), types, range(len(types))))
        extra = [("model_", "text", "model"), ("row_", "integer", "row"),
                 ("jsonable_", "boolean", "jsonable"), ("a note", "text", "note"),
                 ("not a feature", "double precision", "number")]
        columns += [(ident(name), kind, what) for name, kind, what in extra]
        self.columns = [columns[i] for i in rng.permutation(len(columns))]
        self.lines = []

    def add(self, model, rows):
        for i, cells in enumerate(rows.cells):
            other = {"model": model, "row": str(i), "jsonable": "t" if rows.jsonable[i] else "f",
                     "note": "not a number", "number": "-1e9"}
            self.lines.append("\t".join(cells[what] if isinstance(what, int) else other[what]
                                        for _, _, what in self.columns))

    def write(self, out):
        columns = ", ".join(f"{name} {kind}" for name, kind, _ in self.columns)
        # workers do not see temporary tables
        out.write(f"DROP TABLE IF EXISTS {self.name};\nCREATE UNLOGGED TABLE {self.name} ({columns})\n"
                  "WITH (parallel_workers = 2);\n"
                  f"COPY {self.name} FROM STDIN;\n")
        out.writelines(line + "\n" for line in self.lines)
        out.write(f"\\.\nCREATE INDEX ON {self.name} (model_);\nANALYZE {self.name};\n")


@functools.lru_cache
def kernels():
    """The kernels that the server's CPU runs."""
    found = subprocess.run(["psql", "-XAt", "-v", "ON_ERROR_STOP=0", "-c", "SELECT riskml.image_kernel('')", "-c",
                            "SELECT unnest(enumvals) FROM pg_settings WHERE name = 'riskml.kernel'"],
                           capture_output=True, text=True, check=True).stdout.split()
    return [k for k in found if k != "auto" and
            subprocess.run(["psql", "-Xq", "-c", "SELECT riskml.image_kernel('')", "-c",
                            f"SET riskml.kernel = {k}"], capture_output=True, check=False).returncode == 0]


def ways():
    """How rows may get to a kernel: each with and without parallel workers."""
    return [[way, *more] for way in WAYS for more in ([], [PARALLEL])]


def kernel_forms(model, long):
    """Every kernel, for each model in one way; in all of them if it is long."""
    for i, kernel in enumerate(kernels()):
        turn = (int(model.name.rsplit("_", 1)[1]) + i) % len(ways())
        for way in ways() if long else [ways()[turn]]:
            yield ", ".join([KERNEL + kernel, *way]), "t", False, False


def forms(model, kind, long):
    """Calling forms of a model: (name, features expression, every function?, jsonb?)."""
    found = calling_forms(model, kind)
    if kind == "double":
        found = found + list(kernel_forms(model, long))
    return found


def calling_forms(model, kind):
    if kind == "text":
        return [("text record", "t", True, False), ("text jsonb", "to_jsonb(t)", False, True)]
    if kind == "typed":
        return [("typed record", "t", False, False)]
    listed = ", ".join(f"t.{ident(c)}" for c in model.data.columns)
    found = [("record", "t", True, False),
             ("float8[]", f"ARRAY[{listed}]::float8[]", True, False),
             ("jsonb", "to_jsonb(t)", True, True)]
    if model.brief:
        return [found[int(model.form == "text")]]
    found = [*found,
             ("subquery", f"(SELECT s FROM (SELECT {listed}) s)", False, False)]
    if model.names or model.data.names:     # features f0, f1, … take no positional ROW
        found.append(("ROW()", f"ROW({listed})", False, False))
    if has_one_score(model):
        found.append(("pinned", "t", False, False))
    return found


def has_one_score(model):
    """risk_margin and risk_score are errors where there are several, or classes."""
    param = model.doc["learner"]["learner_model_param"]
    outputs = max(int(param["num_class"]), int(param.get("num_target", "1")))
    return outputs <= 1 and not model.doc["learner"]["objective"]["name"].startswith("multi:")


def functions(case, form, every):
    """Functions to call in a form: one output has short names too."""
    one = has_one_score(case.model)
    if form == "pinned":
        return ["score_pinned"]
    found = ["margin", "score"] if one else ["margins", "scores"]
    if every:
        found = ["margin", "score"] * one + ["margins", "scores"]
        expected = case.views[0].expected
        found += ["class"] * (expected.classes is not None)
        found += ["leaves"] * (expected.leaves is not None)
    return found


def mark(out, name, form):
    """Start a section in both outputs, so that an error is known by its call."""
    out.write(f"\\echo {MARK} {name} {form}\n\\warn {MARK} {name} {form}\n")


def score(out, case, view, form, features, every, jsonable, explain=""):
    """Has psql print the scores, or their plan."""
    name = literal(case.model.name)
    kernel, *way = form.removeprefix(KERNEL).split(", ") if form.startswith(KERNEL) else ["auto"]
    # the planner leaves a model that is no constant alone
    model = "t.model_" if WAYS[2] in way else name
    calls = [f"risk_{f}({':' + repr('pin') if f == 'score_pinned' else model}, {features})"
             for f in functions(case, form, every)]
    where = " AND jsonable_" if jsonable else ""
    mark(out, "plan" if explain else case.model.name, form)
    out.write(f"SET riskml.kernel = {kernel};\n"
              f"SET riskml.enable_batch = {'off' if WAYS[1] in way else 'on'};\n"
              f"SET max_parallel_workers_per_gather = {2 if PARALLEL in way else 0};\n")
    out.write(f"{explain}SELECT row_, {', '.join(calls)} FROM {view.table} t "
              f"WHERE model_ = {name}{where};\n")


def contribute(out, case, number):
    """Has psql print exact and approximate contributions of a few rows, passed in one form."""
    model, view = case.model, case.views[0]
    name = literal(model.name)
    features = contributions.expression([ident(c) for c in model.data.columns], number)
    calls = [f"risk_contributions({name}, {features}, {output}, {approximate})"
             for output in contributions.outputs_shown(case.oracle.own) for approximate in ("false", "true")]
    where = " AND jsonable_" if number % 3 == 2 else ""
    mark(out, model.name, CONTRIBUTIONS)
    out.write("SET riskml.kernel = auto;\nSET max_parallel_workers_per_gather = 0;\n"
              f"SELECT row_, {', '.join(calls)} FROM {view.table} t "
              f"WHERE model_ = {name} AND row_ < {contributions.ROWS}{where};\n")


def import_call(model):
    body = "decode(body, 'hex')"
    if model.form == "text":
        body = f"convert_from({body}, 'UTF8')"
    more = ""
    if model.names:
        more += f", feature_names => ARRAY[{', '.join(map(literal, model.names))}]"
    if model.options:
        options = json.dumps(model.options, ensure_ascii=False)
        more += f", options => {literal(options)}"
    return (f"SELECT riskml.import_model(name, {body}{more}) FROM parity_file "
            f"WHERE name = {literal(model.name)};\n")


def write_script(out, cases, tables, prefix, long):
    out.write("\\set QUIET on\n\\pset tuples_only on\n\\pset format unaligned\n"
              "\\pset fieldsep '\\t'\n\\pset null '\\\\N'\n"
              "SET client_min_messages = warning;\n" + ALL_PARALLEL +
              "CREATE TEMP TABLE parity_file (name text, body text);\n"
              "COPY parity_file FROM STDIN;\n")
    for case in cases:
        out.write(f"{case.model.name}\t{case.file.hex()}\n")
    out.write("\\.\nCREATE INDEX ON parity_file (name);\n")
    for table in tables:
        table.write(out)
    for number, case in enumerate(cases):
        model = case.model
        mark(out, model.name, "import")
        out.write(import_call(model))
        if has_one_score(model):
            out.write(f"SELECT risk_version({literal(model.name)}) AS pin \\gset\n")
        for view in case.views:
            for form, features, every, jsonable in forms(model, view.kind, long):
                score(out, case, view, form, features, every, jsonable)
        contribute(out, case, number)
    if cases:
        for form, features, *_ in kernel_forms(cases[0].model, True):
            score(out, cases[0], cases[0].views[0], form, features, False, False, "EXPLAIN (VERBOSE, COSTS OFF) ")
    for what, columns in CATALOG.items():
        view = {"models": "riskml.models", "features": "riskml.model_features"}[what]
        out.write(f"\\echo {MARK} catalog {what}\n\\warn {MARK} catalog {what}\n"
                  f"SELECT {', '.join(columns)} FROM {view} "
                  f"WHERE model LIKE {literal(prefix + '%')} ORDER BY 1, 2;\n")


def sections(text):
    """{(model, form): lines} of marked output."""
    found, lines = {}, None
    for line in text.split("\n"):
        if line.startswith(MARK):
            _, model, form = line.split(" ", 2)
            lines = found.setdefault((model, form), [])
        elif lines is not None:
            lines.append(line)
    return found


def numbers(text):
    """A float8 or float8[] as text."""
    if text == "\\N":
        return None
    return [float("nan" if v == "NULL" else v) for v in text.strip("{}").split(",")]


def parse(lines, names, rows, outputs):
    """Result of one call; names: the functions in the order of its columns."""
    result = Result(np.zeros(rows, bool))
    for name in names:
        if name in ("class", "leaves"):
            result.values[name] = np.full(rows, -2 if name == "class" else "",
                                          int if name == "class" else object)
        else:
            result.values[name.replace("_pinned", "")] = np.full((rows, outputs), -np.inf)
    for line in lines:
        fields = line.split("\t")
        if len(fields) != len(names) + 1 or not fields[0].isdigit():
            continue
        row = int(fields[0])
        result.there[row] = True
        for name, text in zip(names, fields[1:]):
            if name == "leaves":
                result.values[name][row] = text
            elif name == "class":
                result.values[name][row] = -2 if text == "\\N" else int(text)
            else:
                got = numbers(text)
                if got is None or len(got) != outputs:
                    result.there[row] = False
                else:
                    result.values[name.replace("_pinned", "")][row] = got
    return result


@dataclass
class Output:
    """What the session printed."""
    lines: dict             # (model, form) -> lines
    errors: dict            # likewise
    failure: str = ""

    def result(self, case, view, form, every):
        key = case.model.name, form
        result = parse(self.lines.get(key, []), functions(case, form, every), len(view.rows),
                       case.oracle.own.outputs)
        result.error = self.errors.get((case.model.name, "import"), "") or self.errors.get(key, "")
        return result

    def contributions(self, case):
        """{row: [(exact, approximate) of each output shown]}."""
        found = {}
        for line in self.lines.get((case.model.name, CONTRIBUTIONS), []):
            fields = line.split("\t")
            if len(fields) > 1 and fields[0].isdigit():
                values = [np.array(numbers(text)) for text in fields[1:]]
                found[int(fields[0])] = list(zip(values[::2], values[1::2]))
        return found

    def wrong_plans(self):
        """Forms whose plan is not what their name says."""
        plans = {form: "\n".join(lines) for (name, form), lines in self.lines.items() if name == "plan"}
        return [form for form, plan in plans.items()
                if ("RiskmlBatch" in plan) != (WAYS[0] in form) or ("_columns(" in plan) == (WAYS[2] in form)
                or ("Workers Planned" in plan) != (PARALLEL in form)] if plans else ["no plans"]

    def catalog(self, what):
        """{model: rows of a view as dicts}."""
        found = {}
        for line in self.lines.get(("catalog", what), []):
            row = dict(zip(CATALOG[what], line.split("\t")))
            for key, text in row.items():
                if what == "features" and key not in ("model", "position", "feature"):
                    got = numbers(text)
                    row[key] = None if got is None else np.array(got, np.float32)
            found.setdefault(row["model"], []).append(row)
        return found


def run(cases, tables, prefix, long):
    """One psql session over all cases."""
    with tempfile.TemporaryDirectory(prefix="parity") as directory:
        path = os.path.join(directory, "parity.sql")
        with open(path, "w", encoding="utf-8") as out:
            write_script(out, cases, tables, prefix, long)
        done = subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=0", "-f", path],
                              env={**os.environ, "PGCLIENTENCODING": "UTF8"},
                              capture_output=True, text=True, encoding="utf-8", errors="replace")
    errors = {}
    for key, lines in sections(done.stderr).items():
        message = " ".join(re.sub(r"^psql:[^ ]*: ", "", line) for line in lines if line.strip())
        errors[key] = message[:400]
    failure = ""
    if done.returncode:
        failure = f"psql ended with {done.returncode}: " + done.stderr.strip()[-400:]
    return Output(sections(done.stdout), errors, failure)
