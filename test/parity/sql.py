"""The SQL side: one psql session that loads rows and files, imports every model, scores
in every calling form, and writes the results back as text."""
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass

import numpy as np

MARK = "@@parity"


@dataclass
class Result:
    """What SQL gave for one model in one calling form."""
    margin: dict        # row -> float
    response: dict
    leaves: dict
    error: str = ""


def ident(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class Table:
    """A table with a data set's columns, in another order and among others."""

    def __init__(self, name, data, typed, rng):
        self.name, self.data = name, data
        types = data.types if typed else ["double precision"] * len(data.columns)
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
        out.write(f"CREATE TEMP TABLE {self.name} ({columns});\nCOPY {self.name} FROM STDIN;\n")
        out.writelines(line + "\n" for line in self.lines)
        out.write(f"\\.\nCREATE INDEX ON {self.name} (model_);\nANALYZE {self.name};\n")


def forms(model, typed):
    """Calling forms of a model: (name, features expression, table alias, rows, leaves too)."""
    fields = [f"t.{ident(c)}" for c in model.data.columns]
    if typed:
        return [("typed record", "t", "", False)]
    listed = ", ".join(fields)
    found = [("record", "t", "", True),
             ("float8[]", f"ARRAY[{listed}]::float8[]", "", True),
             ("jsonb", "to_jsonb(t)", " AND jsonable_", False),
             ("subquery", f"(SELECT s FROM (SELECT {listed}) s)", "", False)]
    names = model.names or model.data.names
    if names:   # a model with features f0, f1, … takes no positional ROW
        found.append(("ROW()", f"ROW({listed})", "", False))
    return found


def mark(out, model, form):
    """Start a section in both outputs, so that an error is known by its call."""
    out.write(f"\\echo {MARK} {model.name} {form}\n\\warn {MARK} {model.name} {form}\n")


def score(out, model, form, table, features, where, leaves):
    name = literal(model.name)
    columns = [f"risk_margin({name}, {features})", f"risk_score({name}, {features})",
               f"risk_leaves({name}, {features})" if leaves else "NULL"]
    if form == "pinned":
        columns = ["NULL", f"risk_score_pinned(:'pin', {features})", "NULL"]
    mark(out, model, form)
    out.write(f"SELECT row_, {', '.join(columns)} FROM {table} t WHERE model_ = {name}{where};\n")


def import_call(model):
    body = "decode(body, 'hex')"
    if model.form == "text":
        body = f"convert_from({body}, 'UTF8')"
    more = ""
    if model.names:
        more += f", feature_names => ARRAY[{', '.join(map(literal, model.names))}]"
    if model.options:
        pairs = ", ".join(f'"{k}": {str(v).lower()}' for k, v in model.options.items())
        more += f", options => '{{{pairs}}}'"
    return (f"SELECT riskml.import_model(name, {body}{more}) FROM parity_file "
            f"WHERE name = {literal(model.name)};\n")


def write_script(out, cases, tables):
    out.write("\\set QUIET on\n\\pset tuples_only on\n\\pset format unaligned\n"
              "\\pset fieldsep '\\t'\n\\pset null '\\\\N'\n"
              "SET client_min_messages = warning;\n"
              "CREATE TEMP TABLE parity_file (name text, body text);\n"
              "COPY parity_file FROM STDIN;\n")
    for case in cases:
        out.write(f"{case.model.name}\t{case.file.hex()}\n")
    out.write("\\.\nCREATE INDEX ON parity_file (name);\n")
    for table in tables:
        table.write(out)
    for case in cases:
        model = case.model
        mark(out, model, "import")
        out.write(import_call(model))
        out.write(f"SELECT risk_version({literal(model.name)}) AS pin \\gset\n")
        for typed, table in ((False, case.table), (True, case.typed_table)):
            for form, features, where, leaves in forms(model, typed):
                score(out, model, form, table, features, where, leaves)
        score(out, model, "pinned", case.table, "t", "", False)


def sections(text):
    """{(model, form): lines} of marked output."""
    found, lines = {}, None
    for line in text.splitlines():
        if line.startswith(MARK):
            _, model, form = line.split(" ", 2)
            lines = found.setdefault((model, form), [])
        elif lines is not None:
            lines.append(line)
    return found


def parse(lines):
    result = Result({}, {}, {})
    for line in lines:
        fields = line.split("\t")
        if len(fields) != 4:
            continue
        row = int(fields[0])
        for kept, field in ((result.margin, fields[1]), (result.response, fields[2])):
            if field != "\\N":
                kept[row] = float(field)
        if fields[3] != "\\N":
            ids = re.findall(r"-?\d+", fields[3])
            result.leaves[row] = np.array([int(v) for v in ids], np.int64)
    return result


def run(cases, tables):
    """{(model name, form): Result} of one psql session."""
    with tempfile.TemporaryDirectory(prefix="parity") as directory:
        path = os.path.join(directory, "parity.sql")
        with open(path, "w", encoding="utf-8") as out:
            write_script(out, cases, tables)
        done = subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=0", "-f", path],
                              env={**os.environ, "PGCLIENTENCODING": "UTF8"},
                              capture_output=True, text=True, encoding="utf-8", errors="replace")
    results = {key: parse(lines) for key, lines in sections(done.stdout).items()}
    for key, lines in sections(done.stderr).items():
        message = " ".join(re.sub(r"^psql:[^ ]*: ", "", line) for line in lines if line.strip())
        results.setdefault(key, Result({}, {}, {})).error = message[:400]
    if done.returncode:
        results["session", ""] = Result({}, {}, {}, f"psql ended with {done.returncode}: "
                                        + done.stderr.strip()[-400:])
    return results
