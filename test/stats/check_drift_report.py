"""riskml.drift_report() against numpy and scipy, on both real data sets and on odd columns."""
import csv
import json
import math
import os

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon

from common import near

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data")
EPSILON = 1e-4


# ---- what the report must say, from the values themselves

def is_missing(value):
    return value is None or isinstance(value, float) and math.isnan(value)


def counts_in(d, values):
    """Counts of the values in the bins of a distribution, under- and overflow or others among them."""
    if d["kind"] == "categorical":
        places = {value: i for i, value in enumerate(d["values"])}
        counts = np.zeros(len(places) + 1)
        for value in values:
            counts[places.get(value, len(places))] += 1
        return counts
    x, edges = np.array(values, dtype=float), np.array(d["edges"], dtype=float)
    return np.array([(x < edges[0]).sum(), *np.histogram(x, edges)[0], (x > edges[-1]).sum()], dtype=float)


def area_between(edges, expected, actual):
    """Of the distribution functions, which are straight within the bins."""
    differences = np.cumsum(expected / expected.sum() - actual / actual.sum())[:-1]
    area = 0.0
    for a, b, width in zip(differences[:-1], differences[1:], np.diff(edges)):
        if a * b >= 0:
            area += abs(a + b) / 2 * width
        else:
            area += (a * a + b * b) / (abs(a) + abs(b)) / 2 * width
    return area


def wanted(d, before, now, alpha):
    """The columns of a line that do not depend on others."""
    kept = [[v for v in values if not is_missing(v)] for values in (before, now)]
    expected, actual = (counts_in(d, values) for values in kept)
    line = {"rows": len(now), "baseline_rows": len(before), "null_rate": sum(v is None for v in now) / len(now),
            "baseline_null_rate": sum(v is None for v in before) / len(before)}
    shares = [sum(map(is_missing, values)) / len(values) for values in (before, now)]
    pooled = (sum(map(is_missing, before)) + sum(map(is_missing, now))) / (len(before) + len(now))
    spread = math.sqrt(pooled * (1 - pooled) * (1 / len(before) + 1 / len(now)))
    line["missing"] = shares
    if d["kind"] == "numeric":
        for values, names in zip(kept, (("baseline_min", "baseline_max"), ("min_value", "max_value"))):
            line.update(zip(names, (min(values), max(values)) if values else (None, None)))
        line["out_of_range"] = (actual[0] + actual[-1]) / actual.sum() if kept[1] else None
    line["missing_p"] = 2 * stats.norm.sf(abs(shares[0] - shares[1]) / spread) if spread > 0 else 1.0
    if not kept[0] or not kept[1]:
        return line
    e, a = expected / expected.sum(), actual / actual.sum()
    floored = [np.where(s == 0, EPSILON, s) for s in (e, a)]
    used = expected + actual > 0
    df = int(used.sum()) - 1
    chi2, p = (stats.chi2_contingency([expected[used], actual[used]], correction=False)[:2] if df > 0 else (0.0, 1.0))
    scale = 1 / expected.sum() + 1 / actual.sum()
    line.update({
        "psi": ((floored[1] - floored[0]) * np.log(floored[1] / floored[0])).sum(), "psi_threshold": scale * stats.chi2.isf(alpha, df) if df > 0 else 0.0,
        "kl": (floored[0] * np.log(floored[0] / floored[1])).sum(), "jensen_shannon": jensenshannon(e, a),
        "hellinger": math.sqrt(((np.sqrt(e) - np.sqrt(a)) ** 2).sum() / 2), "total_variation": abs(e - a).sum() / 2, "l_infinity": abs(e - a).max(),
        "chi2": chi2, "df": df, "p_value": p})
    if d["kind"] == "numeric":
        line.update({"ks": abs(np.cumsum(e - a)).max(), "wasserstein": area_between(np.array(d["edges"], dtype=float), expected, actual)})
    elif d["other"] == 0:
        unseen = {v: kept[1].count(v) for v in set(kept[1]) - set(kept[0])}
        line.update({"unseen": sorted(unseen, key=lambda v: (-unseen[v], v.encode()))[:20], "unseen_rate": sum(unseen.values()) / len(kept[1])})
    return line


def adjust(values, correction):
    tests = [i for i, p in enumerate(values) if p is not None]
    result = list(values)
    if correction == "bonferroni":
        for i in tests:
            result[i] = min(1.0, values[i] * len(tests))
    elif correction == "fdr_bh":
        tests.sort(key=lambda i: values[i])
        least = 1.0
        for rank in range(len(tests), 0, -1):
            least = min(least, values[tests[rank - 1]] * len(tests) / rank)
            result[tests[rank - 1]] = least
    return result


def status_of(line, alpha):
    level = 0
    if "psi" in line and line["psi"] >= 0.1 and line["psi"] > line["psi_threshold"] and line["adjusted_p_value"] < alpha:
        level = 2 if line["psi"] >= 0.25 else 1
    change = abs(line["missing"][0] - line["missing"][1])
    if change >= 0.01 and line["adjusted_missing_p"] < alpha:
        level = max(level, 2 if change >= 0.1 else 1)
    if line.get("unseen_rate", 0) > 0:
        level = max(level, 2 if line["unseen_rate"] >= 0.05 else 1)
    return ["ok", "warn", "alert"][level]


COMPARED = ["rows", "baseline_rows", "null_rate", "baseline_null_rate", "min_value", "max_value", "baseline_min", "baseline_max", "out_of_range", "unseen_rate",
            "psi", "psi_threshold", "kl", "jensen_shannon", "hellinger", "total_variation", "l_infinity", "ks", "wasserstein", "chi2", "df"]


def differences(database, baseline, query, before, now, alpha, correction):
    """What differs between a report and what it must say; before and now: {column: values}."""
    database.cursor.execute("SELECT * FROM riskml.drift_report(%s::jsonb, %s, %s, %s)", (json.dumps(baseline), query, alpha, correction))
    names = [c.name for c in database.cursor.description]
    lines = {line["column_name"]: line for line in (dict(zip(names, row)) for row in database.cursor.fetchall())}
    want = {name: wanted(baseline[name], before[name], now[name], alpha) for name in baseline}
    for key, source in (("adjusted_p_value", "p_value"), ("adjusted_missing_p", "missing_p")):
        for name, value in zip(want, adjust([w.get(source) for w in want.values()], correction)):
            want[name][key] = value
    if list(lines) != [name for name in now if name in baseline]:
        yield f"columns {list(lines)}"
    for name, w in want.items():
        line = lines[name]
        for key in COMPARED:
            found, expected = line[key], w.get(key)
            if key == "jensen_shannon" and None not in (found, expected):
                found, expected = found ** 2, expected ** 2     # terms that cancel, then a root: scipy's versions differ
            if not near(found, expected, 1e-12, 1e-15):
                yield f"{name}.{key}: {line[key]!r}, not {w.get(key)!r}"
        for key in ("p_value", "adjusted_p_value"):
            if not near(line[key], w.get(key), 1e-9, 1e-300):
                yield f"{name}.{key}: {line[key]!r}, not {w.get(key)!r}"
        if line["unseen"] != w.get("unseen"):
            yield f"{name}.unseen: {line['unseen']!r}, not {w.get('unseen')!r}"
        if line["status"] != status_of(w, alpha):
            yield f"{name}.status: {line['status']} ({line['reason']}), not {status_of(w, alpha)}"


# ---- data

def number_or_text(values):
    try:
        return "float8", [None if v == "" else float(v) for v in values]
    except ValueError:
        return "text", [None if v == "" else v for v in values]


def read(name):
    """{column: (type, values)} of a CSV file."""
    with open(os.path.join(DATA, name), newline="") as file:
        head, *rows = csv.reader(file)
    return {column: number_or_text(values) for column, values in zip(head, zip(*rows))}


def halves(database, table, columns):
    """A table of all rows with their number; queries of both halves."""
    n = len(next(iter(columns.values()))[1])
    named = {'"' + name.replace('"', '""') + '"': column for name, column in columns.items()}
    database.table(table, row_number=("int", list(range(n))), **named)
    return [f"SELECT * FROM {table} WHERE row_number {side} {n // 2}" for side in ("<", ">=")], \
        [{name: values[part] for name, (_, values) in columns.items()} for part in (slice(0, n // 2), slice(n // 2, n))]


def compare_halves(database, table, columns, alpha, correction, **options):
    (old, new), (before, now) = halves(database, table, columns)
    arguments = "".join(f", {name} => {value}" for name, value in options.items())
    baseline = database.value(f"SELECT riskml.baseline(%s{arguments})", (old,))
    del baseline["row_number"]
    return list(differences(database, baseline, new, before, now, alpha, correction))


def odd_columns():
    generator = np.random.default_rng(8)
    n = 400
    floats = lambda values: ("float8", [float(v) for v in values])
    return {
        "constant": floats([5] * n), "all_null": ("float8", [None] * n), "no_text": ("text", [None] * n),
        "two_values": floats([i % 2 for i in range(n)]), "shifted": floats([i % 7 + (i >= n // 2) for i in range(n)]),
        "vanishes": ("float8", [float(i) if i < n // 2 else None for i in range(n)]),
        "appears": ("float8", [float(i) if i >= n // 2 else None for i in range(n)]),
        "nan": floats([math.nan if i % 3 else i for i in range(n)]),
        "infinite": floats([[-math.inf, math.inf, 1e308, -1e308, 5e-324, 0, -0.0, 1][i % 8] for i in range(n)]),
        "denormal": floats(generator.integers(0, 50, n) * 5e-324),
        "distinct": floats(generator.normal(size=n)),
        "texts": ("text", ["ü'\"\\" if i % 5 else "" if i < n // 2 else f"new {i % 3}" for i in range(n)]),
        "Quoted \"'; column": floats(generator.exponential(size=n)),
    }


def checks(database):
    for name, file in (("credit", "credit_data.csv"), ("lending", "lending_club.csv")):
        columns = read(file)
        for correction, alpha, options in (("fdr_bh", 0.05, {}), ("bonferroni", 0.01, {"bins": 20}), ("none", 0.2, {"max_categories": 5})):
            found = compare_halves(database, name, columns, alpha, correction, **options)
            yield f"{name}: {len(columns)} columns, {correction}", not found, "; ".join(found[:5])
    found = compare_halves(database, "odd", odd_columns(), 0.05, "fdr_bh")
    yield "odd columns", not found, "; ".join(found[:5])
    yield from false_alarms(database)
    yield from score_check(database)


def false_alarms(database):
    """Without drift: of 300 samples of 100 rows, PSI is above 0.1 in most, but few get an alert."""
    database.run("SELECT setseed(0.5)")
    database.run("CREATE TEMP TABLE base AS SELECT random() AS x FROM generate_series(1, 1000)")
    rows = database.rows("""SELECT status, psi > 0.1 FROM generate_series(1, 300) s,
        riskml.drift_report(riskml.baseline('TABLE base'), 'SELECT random() AS x FROM generate_series(1, 100) WHERE ' || s || ' > 0')""")
    alarms, large = sum(status != "ok" for status, _ in rows), sum(is_large for _, is_large in rows)
    yield "no drift, 100 rows: at most 8 % are not ok, though PSI exceeds 0.1 in more", alarms <= 24 and large > 50, f"{alarms} not ok, {large} with PSI above 0.1"


def score_check(database):
    """The score's line is that of its distribution."""
    with open(os.path.join(DATA, "models", "credit_v1.json")) as file:
        database.run("SELECT riskml.import_model('stats_credit', %s)", (file.read(),))
    features = [f for f, in database.rows("SELECT feature FROM riskml.model_features WHERE model = 'stats_credit' ORDER BY position")]
    database.run("CREATE TEMP TABLE loans AS SELECT i AS row_number, " + ", ".join(f'(i * {k + 3} % 97)::float8 AS "{f}"' for k, f in enumerate(features))
                 + " FROM generate_series(1, 2000) i")
    old, new = (f"SELECT * FROM loans WHERE row_number {side} 1000" for side in ("<=", ">"))
    database.run("SELECT riskml.set_baseline('stats_credit', %s)", (old,))
    row = database.row("SELECT rows, psi, ks, p_value, min_value, max_value FROM riskml.drift_report('stats_credit', %s) WHERE role = 'score'", (new,))
    want = database.row(f"""SELECT 1000, riskml.psi(e, a), riskml.ks(e, a), (riskml.chi2(e, a)).p_value, least, most FROM
        (SELECT (riskml.get_baseline('stats_credit') -> 'scores' -> 'score')::riskml.distribution AS e) e,
        (SELECT riskml.histogram_like(risk_score('stats_credit', l), (riskml.get_baseline('stats_credit') -> 'scores' -> 'score')::riskml.distribution) AS a,
            min(risk_score('stats_credit', l)) AS least, max(risk_score('stats_credit', l)) AS most FROM ({new}) l) a""")
    yield "the score of a model", near(row, want), f"{row}, not {want}"
    names = [n for n, in database.rows("SELECT column_name FROM riskml.drift_report('stats_credit', %s)", (new,))]
    yield "inputs in the order of features, then the score", names == [*features, "score"], names
    database.run("SELECT riskml.drop_alias('stats_credit', a, 'end') FROM unnest('{production,staging}'::text[]) a")
    database.run("SELECT riskml.drop_model('stats_credit')")
