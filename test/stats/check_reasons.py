"""Adverse-action reasons: those worked out by hand in docs/reasons.md, and random definitions on real loans."""
import hashlib
import itertools
import json
import math
import os
import random
import re
import struct
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path.append(os.path.join(TOP, "data"))

from features import feature_names, load     # noqa: E402

# ---- the page


def page():
    with open(os.path.join(TOP, "docs", "reasons.md"), encoding="utf-8") as f:
        return f.read().replace("\N{MINUS SIGN}", "-")


def table(text, first_cells):
    """Rows of the table whose header begins with these cells."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("| " + " | ".join(first_cells) + " |"):
            break
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


# ---- Shapley values by their definition

def tree_value(tree, row, known, node=0):
    """What a tree gives if only some features are known: unknown splits give the mean by cover."""
    left, right = tree["left_children"][node], tree["right_children"][node]
    if left < 0:
        return tree["split_conditions"][node]
    feature = tree["split_indices"][node]
    if feature in known:
        x = row[feature]
        goes_left = bool(tree["default_left"][node]) if np.isnan(x) else np.float32(x) < np.float32(tree["split_conditions"][node])
        return tree_value(tree, row, known, left if goes_left else right)
    cover = tree["sum_hessian"]
    return (cover[left] * tree_value(tree, row, known, left) + cover[right] * tree_value(tree, row, known, right)) / (cover[left] + cover[right])


def shapley(trees, row):
    """The mean step over all orders, and the base value without that of the model."""
    n = len(row)
    worth = {known: sum(tree_value(tree, row, known) for tree in trees)
             for size in range(n + 1) for known in map(frozenset, itertools.combinations(range(n), size))}
    steps = np.zeros(n)
    orders = list(itertools.permutations(range(n)))
    for order in orders:
        known = frozenset()
        for feature in order:
            steps[feature] += worth[known | {feature}] - worth[known]
            known |= {feature}
    return steps / len(orders), worth[frozenset()]


def by_hand(database):
    with open(os.path.join(TOP, "data", "models", "by_hand.json"), encoding="utf-8") as f:
        source = f.read()
    learner = json.loads(source)["learner"]
    names = learner["feature_names"]
    trees = learner["gradient_booster"]["model"]["trees"]
    base = math.log(0.28 / 0.72)
    text = page()
    every, _, held_out = load("credit")
    columns = [feature_names("credit").index(name) for name in names]
    ids = (np.flatnonzero(held_out) + 1)[:10]
    database.run("SELECT riskml.import_model(%s, %s)", ("by_hand", source))
    database.run(re.search(r"```sql\n(SELECT riskml\.set_reasons\('by_hand'.*?;)\n```", text, re.DOTALL).group(1).replace("%", "%%"), ())
    shown = table(text, ["loan", *names])
    steps = table(text, ["loan", "by seniority"])
    reasons = table(text, ["loan", "first"])
    yield "the page has the ten loans", [[int(r[0]) for r in t] for t in (shown, steps, reasons)] == [list(ids)] * 3, (shown, steps, reasons)
    for node in (number for tree in trees for field in ("sum_hessian", "split_conditions") for number in tree[field]):
        shown_number = re.search(rf"(?<![\d.]){re.escape(f'{node:.9g}')}(?!\d)", text)
        if shown_number is None:
            yield f"the page shows {node:.9g} of the trees", False, ""
    wrong = []
    for number, loan, step, reason in zip(ids, shown, steps, reasons):
        row = every[number - 1][columns]
        exact, mean = shapley(trees, row)
        margin = base + mean + exact.sum()
        cells = ["\N{EM DASH}" if np.isnan(x) else f"{x:g}" for x in row] + [f"{1 / (1 + math.exp(-margin)):.4f}"]
        if cells != loan[1:]:
            wrong.append((number, cells, loan))
        cells = [f"{x:.4f}" for x in [*exact, base + mean, margin]]
        if cells != step[1:]:
            wrong.append((number, cells, step))
        values = [None if np.isnan(x) else float(x) for x in row]
        got = database.row("SELECT risk_contributions('by_hand', %s::float8[])", (values,))[0]
        if not np.allclose(got, [*exact, base + mean], rtol=0, atol=2e-6):
            wrong.append((number, got, exact))
        said = database.rows("SELECT rank, code, text, feature, contribution FROM risk_reasons('by_hand', ROW("
                             + ", ".join("%s::float8" for _ in values) + "))", values)
        if [f"{code} {contribution:.4f}" for _, code, _, _, contribution in said] != [cell for cell in reason[1:] if cell]:
            wrong.append((number, said, reason))
    yield "values, contributions, margins and reasons of the page are those of the trees and of riskml", not wrong, wrong


# ---- random definitions

def chosen(names, contributions, definitions, n):
    """The reasons by docs/reasons.md."""
    any_input = definitions.get("*", {})
    groups = {}
    largest = max(map(abs, contributions))
    step = 2.0 ** (math.frexp(largest)[1] - 21)
    for position, (name, contribution) in enumerate(zip(names, contributions)):
        entry = definitions.get(name)
        if any_input.get("excluded", False) if entry is None else entry.get("excluded", False):
            continue
        entry = entry or {}
        key = ("group", entry["group"]) if "group" in entry else ("code", entry["code"]) if "code" in entry else ("input", name)
        sign = -1 if entry.get("adverse", any_input.get("adverse", "increase")) == "decrease" else 1
        groups.setdefault(key, []).append((position, name, contribution, sign, entry))
    found = []
    for members in groups.values():
        total = sum(m[2] for m in members)
        amount = round(members[0][3] * total / step)
        lead = max(members, key=lambda m: (round(m[3] * m[2] / step), -m[0]))
        if amount > 0:
            found.append((-amount, members[0][0], lead[4].get("code"), lead[4].get("text", lead[1]), lead[1], total))
    found.sort(key=lambda f: f[:2])
    return [(rank + 1, *f[2:]) for rank, f in enumerate(found[:n])]


def random_definitions(draw, names):
    definitions = {}
    direction = {}
    if draw.random() < 0.5:
        definitions["*"] = {"adverse": draw.choice(["increase", "decrease"]), "excluded": draw.random() < 0.2}
    for name in names:
        if draw.random() < 0.3:
            continue
        entry = {}
        group = draw.choice([None, None, "a", "b", "c"])
        if group:
            entry["group"] = group
            entry["adverse"] = direction.setdefault(group, draw.choice(["increase", "decrease"]))
        elif draw.random() < 0.4:
            entry["adverse"] = draw.choice(["increase", "decrease"])
        if draw.random() < 0.7:
            entry["code"] = f"code of {name}"
        if draw.random() < 0.7:
            entry["text"] = f"text \N{LATIN SMALL LETTER U WITH DIAERESIS}ber {name}"
        if draw.random() < 0.2:
            entry["excluded"] = True
        definitions[name] = entry
    return definitions


def random_loans(database):
    with open(os.path.join(TOP, "data", "models", "credit_v1.json"), encoding="utf-8") as f:
        database.run("SELECT riskml.import_model(%s, %s)", ("reasons", f.read()))
    names = feature_names("credit")
    every, _, _ = load("credit")
    draw = random.Random(11)
    wrong = []
    rows = n_reasons = 0
    record = "(SELECT x FROM (SELECT " + ", ".join(f'%s::float8 AS "{name}"' for name in names) + ") x)"
    for _ in range(25):
        definitions = random_definitions(draw, names)
        database.run("SELECT riskml.set_reasons('reasons', %s)", (json.dumps(definitions),))
        for _ in range(12):
            values, reference = ([None if math.isnan(x) else x for x in every[draw.randrange(len(every))]] for _ in range(2))
            contributions = database.row("SELECT risk_contributions('reasons', %s::float8[])", (values,))[0][:-1]
            against = None
            if draw.random() < 0.5:
                against = json.dumps(dict(zip(names, reference)))
                other = database.row("SELECT risk_contributions('reasons', %s::float8[])", (reference,))[0][:-1]
                contributions = [a - b for a, b in zip(contributions, other)]
            n = draw.choice([1, 4, 4, None])
            got = database.rows(f"SELECT rank, code, text, feature, contribution FROM risk_reasons('reasons', {record}, %s, %s)", (*values, n, against))
            want = chosen(names, contributions, definitions, n)
            rows += 1
            n_reasons += len(got)
            if [g[:4] for g in got] != [w[:4] for w in want] or not np.allclose([g[4] for g in got], [w[4] for w in want], rtol=0, atol=1e-9):
                wrong.append((definitions, got, want))
    yield f"random definitions, groups, directions, exclusions and references on {rows} loans", not wrong and n_reasons > rows, wrong[:2]


def hashes(database):
    """What decision() says of the inputs, computed here."""
    names = feature_names("credit")
    every, _, _ = load("credit")
    record = "(SELECT x FROM (SELECT " + ", ".join(f'%s::float8 AS "{name}"' for name in reversed(names)) + ") x)"
    wrong = []

    def text(data):
        return struct.pack(">q", len(data)) + data

    for row in every[::400]:
        data = text(b"riskml inputs 1") + struct.pack(">q", len(names))
        for name, value in zip(names, row):
            data += text(name.encode()) + (b"m" if math.isnan(value) else b"n" + struct.pack(">d", np.float32(value)))
        values = [None if math.isnan(x) else x for x in row]
        got, margin = database.row(f"SELECT d ->> 'inputs', d -> 'margin' ->> 0 FROM (SELECT riskml.decision('reasons', {record})) x(d)", values[::-1])
        exact = database.row("SELECT risk_margin('reasons', %s::float8[])", (values,))[0]
        if got != hashlib.sha256(data).hexdigest() or margin != struct.pack(">f", exact).hex():
            wrong.append((row, got, margin))
    yield "hashes of inputs and bits of margins in decisions", not wrong, wrong


def mutate(draw, value):
    """The same JSON with something else somewhere."""
    if isinstance(value, (dict, list)) and value and draw.random() < 0.8:
        copy = value.copy()
        key = draw.choice(list(copy) if isinstance(copy, dict) else range(len(copy)))
        if draw.random() < 0.2:
            del copy[key]
        else:
            copy[key] = mutate(draw, copy[key])
        return copy
    return draw.choice([None, True, 0, -1, 1, 1e300, 2**31, "", "*", "x" * 5000, "credit@1", [], {}, [[]], {"": {}}, {"income": 1}, [value], {"a": value}, str(value)])


def hostile(database):
    """Definitions and decisions that somebody has tampered with: an error that says so, or a row that does."""
    names = feature_names("credit")
    record = "(SELECT x FROM (SELECT " + ", ".join(f'1::float8 AS "{name}"' for name in names) + ") x)"
    draw = random.Random(12)
    definitions = {"income": {"code": "a", "text": "b", "group": "c", "adverse": "increase", "excluded": False}, "*": {"adverse": "increase"}}
    database.run("SELECT riskml.set_reasons('reasons', %s)", (json.dumps(definitions),))
    decision = database.value(f"SELECT riskml.decision('reasons', {record}, reference => to_jsonb({record}))")
    states = {}
    wrong = []
    for _ in range(400):
        changed = mutate(draw, mutate(draw, definitions))
        state, message = database.error("SELECT riskml.set_reasons('reasons', %s)", (json.dumps(changed),))
        states[state] = states.get(state, 0) + 1
        if state not in (None, "22023", "42703"):
            wrong.append((changed, state, message))
    database.run("SELECT riskml.set_reasons('reasons', %s)", (json.dumps(definitions),))
    for _ in range(400):
        changed = mutate(draw, decision)
        query, values = f"SELECT count(*), count(*) FILTER (WHERE NOT equal) FROM riskml.replay(%s, {record})", (json.dumps(changed),)
        state, message = database.error(query, values)
        states[state] = states.get(state, 0) + 1
        if state is None:
            rows, different = database.row(query, values)
            # what was asked for may be changed without any effect
            if rows != 6 or different == 0 and any(changed[key] != decision[key] for key in ("model", "identity", "inputs", "margin", "score", "definitions", "reasons")):
                wrong.append((changed, rows, different))
        elif state not in ("22023", "42602", "42703", "42804", "42704"):
            wrong.append((changed, state, message))
    yield f"definitions and decisions that were tampered with ({states})", not wrong and len(states) > 2, wrong[:3]


def checks(database):
    yield from by_hand(database)
    yield from random_loans(database)
    yield from hashes(database)
    yield from hostile(database)
