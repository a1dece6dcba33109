"""Distributions against numpy; counts of all plans; text and bytes from outside."""
import collections
import io
import json
import random
import struct

import numpy as np
import psycopg2

from common import near
from samples import column, hostile


def split(values):
    """(finite or infinite numbers, nulls, NaN)"""
    numbers = np.array([v for v in values if v is not None], dtype=float)
    return numbers[~np.isnan(numbers)], sum(v is None for v in values), int(np.isnan(numbers).sum())


def histogram(values, edges):
    """What riskml.histogram() must say."""
    numbers, nulls, nans = split(values)
    edges = np.array(edges, dtype=float)
    inside = numbers[(numbers >= edges[0]) & (numbers <= edges[-1])]
    # numpy's own for uneven edges: [lo, hi), the last one [lo, hi]
    bins = np.minimum(np.searchsorted(edges, inside, side="right") - 1, len(edges) - 2)
    return {
        "kind": "numeric", "edges": [float(e) + 0.0 for e in edges], "counts": np.bincount(bins, minlength=len(edges) - 1).tolist(),
        "underflow": int((numbers < edges[0]).sum()), "overflow": int((numbers > edges[-1]).sum()), "nan": nans, "nulls": nulls,
        "min": bound(numbers.min() + 0.0) if len(numbers) else None, "max": bound(numbers.max() + 0.0) if len(numbers) else None}


def bound(x):
    return ("Infinity" if x > 0 else "-Infinity") if np.isinf(x) else float(x)


EDGES = {
    "twenty": list(np.linspace(0, 20, 21)),
    "two": [0.0, 1.0],
    "uneven": [-1e308, -1.0, -5e-324, 0.0, 5e-324, 0.5, 1.0, 7.25, 1e9, 1e9 + 0.5, 1.7976931348623157e308],
    "a thousand": list(np.linspace(-3, 3, 1001)),
    "sixty": list(np.linspace(-50000, 50000, 61)),
}


def literal(edges):
    return "{" + ",".join(repr(float(e)) for e in edges) + "}"


def samples():
    yield from hostile().items()
    yield "credit income", column("credit_data", "income")
    yield "credit assets", column("credit_data", "assets")
    yield "lending annual_inc", column("lending_club", "annual_inc")


# ---- plans

PLANS = {
    "serial": ["SET jit = off", "SET max_parallel_workers_per_gather = 0"],
    "parallel": ["SET jit = off", "SET max_parallel_workers_per_gather = 3", "SET parallel_setup_cost = 0", "SET parallel_tuple_cost = 1000",
                 "SET cpu_tuple_cost = 1000", "SET min_parallel_table_scan_size = 0", "SET parallel_leader_participation = off"],
}


def by_plan(db, plan, call, table):
    db.run("RESET ALL")
    for setting in PLANS[plan]:
        db.run(setting)
    if plan == "parallel":
        explained = " ".join(row[0] for row in db.rows(f"EXPLAIN SELECT {call} FROM {table}"))
        if "Partial Aggregate" not in explained and db.value(f"SELECT count(*) FROM {table}") > 100:
            return explained
    return db.value(f"SELECT {call}::text FROM {table}")


def by_merging(db, aggregate, argument, table, parts, seed):
    """As shards would: states of parts as text, merged in some order, by groups of some."""
    step, combine, final, state = AGGREGATES[aggregate]
    db.run(f"DROP AGGREGATE IF EXISTS pg_temp.partly({argument[0]})")
    db.run(f"CREATE AGGREGATE pg_temp.partly({argument[0]}) (SFUNC = riskml.{step}, STYPE = riskml.{state})")
    states = [row[0] for row in db.rows(f"SELECT pg_temp.partly({argument[1]})::text FROM {table} GROUP BY (hashint8(i + {seed}) & 1023) % {parts}")]
    shuffle = random.Random(seed)
    shuffle.shuffle(states)
    while len(states) > 1:
        a = states.pop(shuffle.randrange(len(states)))
        b = states.pop(shuffle.randrange(len(states)))
        states.append(db.value(f"SELECT riskml.{combine}(%s::riskml.{state}, %s::riskml.{state})::text", (a, b)))
    return db.value(f"SELECT riskml.{final}(%s::riskml.{state})::text", (states[0],)), states[0]


AGGREGATES = {
    "histogram": ("histogram_step", "distribution_merge", "distribution_final", "distribution"),
    "quantile_histogram": ("quantile_histogram_step", "quantile_histogram_combine", "quantile_histogram_final", "sketch"),
    "category_histogram": ("category_histogram_step", "category_histogram_combine", "category_histogram_final", "sketch"),
}


def stored(db, kind, values):
    """The values in a table that workers can read, in an order of its own."""
    db.table("sample_t", i=("int", range(len(values))), x=(kind, values))
    db.run("DROP TABLE IF EXISTS sample")
    db.run("CREATE UNLOGGED TABLE sample AS SELECT * FROM sample_t ORDER BY hashint4(i)")
    db.run("ALTER TABLE sample SET (parallel_workers = 3)")
    db.run("ANALYZE sample")


def checks(db):
    for name, values in samples():
        stored(db, "float8", values)
        yield from check_histograms(db, name, values)
        yield from check_quantile_histograms(db, name, values)
    yield from check_shift(db)
    yield from check_categories(db)
    yield from check_positions(db)
    yield from check_faults(db)
    yield from check_outside(db)
    db.run("DROP TABLE IF EXISTS sample")


def check_histograms(db, name, values):
    wrong = []
    for which, edges in EDGES.items():
        wanted = histogram(values, edges)
        call = f"riskml.histogram(x, '{literal(edges)}')"
        seen = {plan: by_plan(db, plan, call, "sample") for plan in PLANS if plan == "serial" or which == "uneven"}
        if which == "sixty":
            seen["merged"] = by_merging(db, "histogram", ("float8, float8[]", f"x, '{literal(edges)}'::float8[]"), "sample", 7, 3)[0]
        else:
            seen["like"] = db.value("SELECT riskml.histogram_like(x, %s::riskml.distribution)::text FROM sample", (seen["serial"],))
        wrong += [(which, how, text) for how, text in seen.items() if not text.startswith("{") or json.loads(text) != wanted]
    yield f"histograms of {name}: numpy's counts, by every plan", not wrong, wrong[:2]


def check_quantile_histograms(db, name, values):
    numbers, _, _ = split(values)
    finite = numbers[np.isfinite(numbers)]
    merged, state = by_merging(db, "quantile_histogram", ("float8, int", "x, 10"), "sample", 5, 10)
    # what is promised of equal counts: the largest key's count
    largest = max(json.loads(state)["counts"], default=0)
    wrong = []
    for bins in (1, 10, 1000):
        call = f"riskml.quantile_histogram(x, {bins})"
        serial = by_plan(db, "serial", call, "sample")
        d = json.loads(serial)
        parallel = by_plan(db, "parallel", call, "sample") if bins == 10 else serial
        if not serial == parallel or (bins == 10 and serial != merged):
            wrong.append((bins, "plans differ", serial[:300], parallel[:300], merged[:300]))
        if histogram(values, d["edges"]) != d:
            wrong.append((bins, "counts are wrong", serial[:300]))
        if any(abs(c - len(finite) / bins) > largest for c in d["counts"]) and len(d["counts"]) == bins:
            wrong.append((bins, "bins are not equal", largest, d["counts"]))
        # there is no edge above the greatest number of all, so its bin may have to begin at its neighbour
        most = len(finite) / bins + largest * (2 if "neighbour" in name else 1)
        if any(c > most for c in d["counts"]) or len(d["counts"]) > bins:
            wrong.append((bins, "a bin is too large", largest, d["counts"]))
    yield f"quantile histograms of {name}: exact counts, equal as promised, by every plan", not wrong, wrong[:2]


def check_shift(db):
    """The smallest shift that does: one less, and there are too many keys. More at a time than are kept meanwhile, and fewer."""
    numbers = np.random.default_rng(9).normal(0, 1, 40000)
    wrong = []
    for n in (16384, 16385, 24577, 40000):
        stored(db, "float8", list(numbers[:n]))
        text, parts = by_merging(db, "quantile_histogram", ("float8, int", "x, 10"), "sample", 2, 1)
        state = json.loads(parts)
        bits = numbers[:n].view(np.uint64)
        keys = np.where(bits >> np.uint64(63), ~bits, bits | np.uint64(1 << 63))
        sizes = [len(np.unique(keys >> np.uint64(max(state["shift"] - less, 0)))) for less in (0, 1)]
        if not sizes[0] == len(state["values"]) == len(state["counts"]) <= 16384 or (state["shift"] > 0 and sizes[1] <= 16384) or sum(state["counts"]) != n:
            wrong.append((n, state["shift"], sizes))
        # states as they are, with keys that wait, added to others of few and many
        whole = db.value("SELECT riskml.quantile_histogram(x, 10)::text FROM sample")
        db.run("DROP AGGREGATE IF EXISTS pg_temp.together(riskml.sketch)")
        db.run("CREATE AGGREGATE pg_temp.together(riskml.sketch) (SFUNC = riskml.quantile_histogram_combine, STYPE = riskml.sketch, FINALFUNC = riskml.quantile_histogram_final)")
        for part in ("(i > 1)::int", "(i > 5000)::int", "CASE WHEN i < 300 THEN i % 60 ELSE 99 END"):
            for order in ("p", "p DESC")[:1 + (n == 40000)]:
                found = db.value(f"SELECT pg_temp.together(s ORDER BY {order})::text FROM (SELECT {part} AS p, pg_temp.partly(x, 10) AS s FROM sample GROUP BY 1) q")
                if found != whole or text != whole:
                    wrong.append((n, part, order, found, whole))
    yield "the sketch drops no more bits than it must, however it is put together", not wrong, wrong[:2]


def categorical(values, most):
    counts = collections.Counter(v for v in values if v is not None)
    kept = sorted(counts, key=lambda v: (-counts[v], v.encode()))[:most]
    kept.sort(key=lambda v: v.encode())
    return {"kind": "categorical", "values": kept, "counts": [counts[v] for v in kept],
            "other": sum(counts.values()) - sum(counts[v] for v in kept), "nulls": sum(v is None for v in values)}


def check_categories(db):
    rng = np.random.default_rng(3)
    texts = {
        "credit home": column("credit_data", "home", str),
        "lending addr_state": column("lending_club", "addr_state", str),
        "all null": [None] * 9,
        "ties": [str(v) for v in range(500)] * 2,
        "strange": ["", " ", "\"", "\\", "\u00e9", "\U0001f600", "\n", "a\tb", "x" * 1000, "A", "a", None, "\u007f"] * 2,
        "9,000 distinct": [f"value {v}" for v in rng.zipf(1.3, 30000) % 9000],
    }
    for name, values in texts.items():
        stored(db, "text", values)
        wrong = []
        for most in (1, 5, 10000):
            wanted = categorical(values, most)
            seen = {plan: by_plan(db, plan, f"riskml.category_histogram(x, {most})", "sample") for plan in PLANS if plan == "serial" or most == 5}
            seen["merged"] = by_merging(db, "category_histogram", ("text, int", f"x, {most}"), "sample", 6, most)[0]
            wrong += [(most, how, text[:300], str(wanted)[:300]) for how, text in seen.items() if not text.startswith("{") or json.loads(text) != wanted]
        yield f"categories of {name}: all counts, by every plan", not wrong, wrong[:2]
    # more than there is room for: what is kept has its count, by every plan
    values = [f"{'x' * (v % 50)}{v}" for v in rng.integers(0, 30000, 50000)] + ["z" * 1001] * 5
    counts = collections.Counter(values)
    stored(db, "text", values)
    serial = by_plan(db, "serial", "riskml.category_histogram(x, 20)", "sample")
    merged = by_merging(db, "category_histogram", ("text, int", "x, 20"), "sample", 4, 5)[0]
    d = json.loads(serial)
    yield "30,000 categories: by every plan the same", by_plan(db, "parallel", "riskml.category_histogram(x, 20)", "sample") == serial == merged, (serial, merged)
    yield ("30,000 categories: true counts, and all rows",
           all(counts[v] == c for v, c in zip(d["values"], d["counts"])) and sum(d["counts"]) + d["other"] == len(values) and len(d["values"]) == 20, d)
    # a million: bounded
    text, size = db.row("""SELECT riskml.category_histogram_final(s)::text, pg_column_size(s)
        FROM (SELECT pg_temp.partly(i::text, 20) s FROM generate_series(1, 1000000) i) q""")
    d = json.loads(text)
    yield "a million categories: 20 of them, all rows counted, a state below 4 MB", len(d["values"]) == 20 and sum(d["counts"]) + d["other"] == 1000000 and size < 4 << 20, (d, size)


def quantile(d, p):
    """Spread evenly within bins; what is outside, between the edge and the extreme."""
    low = [min(d["min"], d["edges"][0])] + d["edges"]
    high = d["edges"] + [max(d["max"], d["edges"][-1])]
    counts = [d["underflow"]] + d["counts"] + [d["overflow"]]
    target, before = p * sum(counts), 0
    for lower, upper, count in zip(low, high, counts):
        if count and before + count >= target:
            within = (target - before) / count
            return min(max(lower * (1 - within) + upper * within, d["min"]), d["max"])
        before += count
    return d["max"]


def cdf(d, x):
    low = [min(d["min"], d["edges"][0])] + d["edges"]
    high = d["edges"] + [max(d["max"], d["edges"][-1])]
    counts = [d["underflow"]] + d["counts"] + [d["overflow"]]
    if x < d["min"] or x >= d["max"]:
        return float(x >= d["max"])
    below = sum(c if x >= upper else c * (x - lower) / (upper - lower) if x > lower else 0 for lower, upper, c in zip(low, high, counts))
    return below / sum(counts)


def check_positions(db):
    rng = np.random.default_rng(5)
    wrong = []
    for values, edges in ((rng.normal(0, 1, 5000), [-2, -1, 0, 0.25, 2]), (rng.exponential(3, 5000), [0, 1, 2, 4, 8]), ([3.0] * 9, [1, 3, 5]), ([1.0], [5, 6])):
        db.table("t", x=("float8", list(values)))
        text = db.value("SELECT riskml.histogram(x, %s)::text FROM t", ([float(e) for e in edges],))
        d = json.loads(text)
        for p in (0, 1e-9, 0.01, 0.25, 0.5, 0.9, 0.999, 1):
            found = db.value("SELECT riskml.quantile(%s, %s)", (text, p))
            if not near(found, quantile(d, p), 1e-9, 1e-12):
                wrong.append((p, found, quantile(d, p)))
        for x in (-1e308, -3.0, -0.1, 0.0, 1.1, 2.999, 3.0, 4.0, 100.0, float("inf"), float("-inf")):
            found = db.value("SELECT riskml.cdf(%s, %s)", (text, x))
            if not near(found, cdf(d, x), 1e-12, 1e-15):
                wrong.append((x, found, cdf(d, x)))
    yield "quantile() and cdf(): evenly within bins", not wrong, wrong[:3]
    # within a bin of the true quantile
    values = np.array(hostile()["normal"])
    db.table("t", x=("float8", list(values)))
    text = db.value("SELECT riskml.quantile_histogram(x, 1000)::text FROM t")
    ordered = np.sort(values)
    edges = np.array(json.loads(text)["edges"])
    wrong = []
    for p in np.linspace(0.001, 0.999, 37):
        found, true = db.value("SELECT riskml.quantile(%s, %s)", (text, float(p))), ordered[int(np.ceil(p * len(ordered))) - 1]
        at = np.searchsorted(edges, true, side="right") - 1
        if not edges[at] <= found <= edges[min(at + 1, len(edges) - 1)]:
            wrong.append((p, found, true))
    yield "quantiles of a quantile histogram lie in the true one's bin", not wrong, wrong[:3]


def check_faults(db):
    text = '\'{"kind": "numeric", "edges": [0, 1], "counts": [1]}\'::riskml.distribution'
    far = '\'{"kind": "numeric", "edges": [0, 2], "counts": [9223372036854775807]}\'::riskml.distribution'
    cases = {
        "SELECT riskml.histogram(1.0, '{1,1}')": "22023",
        "SELECT riskml.histogram(1.0, '{2,1}')": "22023",
        "SELECT riskml.histogram(1.0, '{1}')": "22023",
        "SELECT riskml.histogram(1.0, '{}')": "22023",
        "SELECT riskml.histogram(1.0, '{1,NaN}')": "22023",
        "SELECT riskml.histogram(1.0, '{-Infinity,1}')": "22023",
        "SELECT riskml.histogram(1.0, '{1,NULL,3}')": "22023",
        "SELECT riskml.histogram(1.0, '{{1,2},{3,4}}')": "22023",
        "SELECT riskml.histogram(1.0, NULL)": "22004",
        "SELECT riskml.histogram(1.0, (SELECT array_agg(i::float8) FROM generate_series(1, 100002) i))": "22023",
        "SELECT riskml.histogram(x, CASE WHEN x = 1 THEN '{0,1}' ELSE '{0,2}' END::float8[]) FROM (VALUES (1), (2)) v(x)": "22023",
        f"SELECT riskml.histogram_like('a', {text})": "22023",
        "SELECT riskml.histogram_like(1, '{\"kind\": \"categorical\", \"values\": [], \"counts\": []}'::riskml.distribution)": "22023",
        "SELECT riskml.histogram_like(1, NULL::riskml.distribution)": "22004",
        "SELECT riskml.quantile_histogram(1, 0)": "22023",
        "SELECT riskml.quantile_histogram(1, 100000)": "22023",
        "SELECT riskml.quantile_histogram(1, NULL)": "22004",
        "SELECT riskml.quantile_histogram(1, x) FROM generate_series(1, 2) x": "22023",
        "SELECT riskml.category_histogram('a', 0)": "22023",
        "SELECT riskml.category_histogram('a', -1)": "22023",
        "SELECT riskml.category_histogram('a', x) FROM generate_series(1, 2) x": "22023",
        f"SELECT {text} + {far}": "22023",
        f"SELECT {far} + {far}": "22003",
        f"SELECT riskml.merge(d) FROM (VALUES ({far}), ({far})) v(d)": "22003",
        f"SELECT riskml.histogram_step({far}, 1, '{{0,2}}')": "22003",
        f"SELECT riskml.histogram_step({text}, 1, '{{0,2}}')": "22023",
        f"SELECT riskml.histogram_like_step({text}, 'a'::text, {text})": "22023",
        f"SELECT riskml.quantile({text}, 1.5)": "22023",
        f"SELECT riskml.quantile({text}, 'NaN')": "22023",
        "SELECT riskml.quantile('{\"kind\": \"categorical\", \"values\": [], \"counts\": []}', 0.5)": "22023",
        "SELECT riskml.quantile_histogram_combine(riskml.quantile_histogram_step(NULL, 1, 3), riskml.category_histogram_step(NULL, 'a', 3))": "22023",
        "SELECT riskml.category_histogram_combine(riskml.quantile_histogram_step(NULL, 1, 3), riskml.category_histogram_step(NULL, 'a', 3))": "22023",
        "SELECT riskml.quantile_histogram_step(riskml.category_histogram_step(NULL, 'a', 3), 1, 3)": "22023",
        "SELECT riskml.category_histogram_step(riskml.quantile_histogram_step(NULL, 1, 3), 'a', 3)": "22023",
        "SELECT riskml.quantile_histogram_final(riskml.category_histogram_step(NULL, 'a', 3))": "22023",
        "SELECT riskml.category_histogram_final(riskml.quantile_histogram_step(NULL, 1, 3))": "22023",
    }
    wrong = [(query, state, db.error(query)) for query, state in cases.items() if db.error(query)[0] != state]
    yield "faults are errors with their SQLSTATE", not wrong, wrong[:4]


# ---- text and bytes from outside

TEXTS = [
    ("distribution", '{"kind": "numeric", "edges": [0, 1.5, 1e308], "counts": [5, 6], "underflow": 1, "overflow": 0, "nan": 3, "nulls": 4, "min": -2, "max": 7e100}'),
    ("distribution", '{"kind": "numeric", "edges": [-5e-324, 0.1], "counts": [0], "underflow": 0, "overflow": 0, "nan": 0, "nulls": 0, "min": null, "max": null}'),
    ("distribution", '{"kind": "numeric", "edges": [0, 1], "counts": [0], "underflow": 1, "overflow": 2, "nan": 0, "nulls": 0, "min": "-Infinity", "max": "Infinity"}'),
    ("distribution", '{"kind": "categorical", "values": ["", "\\"", "a", "b\u00e9"], "counts": [5, 6, 0, 8], "other": 7, "nulls": 9}'),
    ("distribution", '{"kind": "categorical", "values": [], "counts": [], "other": 0, "nulls": 0}'),
    ("sketch", '{"kind": "numeric", "bins": 10, "shift": 0, "values": [-1e300, 5e-324, 2.5], "counts": [1, 2, 3], "underflow": 1, "overflow": 2, "nan": 3, "nulls": 4, "min": -1e300, "max": 2.5}'),
    ("sketch", '{"kind": "categorical", "max_categories": 3, "limit": "ffffffffffffffff", "values": ["a", "b\u00e9"], "counts": [1, 2], "other": 3, "nulls": 4}'),
]
CLEAN = {"22P02", "22023", "22003", "22P03", "54000", "22P05", "22021", "22030", "22032", "08P01", "22000", "22P04"}
PIECES = ["0", "-1", "1e400", "null", "true", "[]", "{}", "NaN", "\"Infinity\"", "9223372036854775808", "99999999999999999999", "1.5", ",", "]", "[", "\"", "\\u0000", "1e-400", "-0.0"]


def mutated_text(rng, text):
    if rng.randrange(2):
        # another digit: still JSON, as a rule
        at = rng.choice([i for i, c in enumerate(text) if c.isdigit() or c == ","])
        return text[:at] + rng.choice((str(rng.randrange(10)), "e9", "-", ", 0, ", ", -3, ", ".5")) + text[at + 1:]
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(text))
        to = min(len(text), at + rng.choice((0, 1, 1, 3, 12)))
        text = text[:at] + rng.choice((rng.choice(PIECES), "", chr(rng.randrange(32, 127)), text[rng.randrange(len(text)):][:9])) + text[to:]
    return text.replace("\x00", "")


def mutated_bytes(rng, data):
    data = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data)) if data else 0
        what = rng.randrange(4)
        if what == 0 and data:
            data[at] = rng.randrange(256)
        elif what == 1:
            del data[at:at + rng.randrange(1, 9)]
        elif what == 2:
            data[at:at + 8] = rng.choice((b"\xff" * 8, b"\x7f" + b"\xff" * 7, struct.pack(">d", float("nan")), struct.pack(">d", -0.0), bytes(8)))
        else:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 5)))
    return bytes(data)


def receive(db, kind, data):
    """The text of what the receive function makes of these bytes, or the error."""
    copy = b"PGCOPY\n\xff\r\n\x00" + bytes(8) + struct.pack(">hi", 1, len(data)) + data + struct.pack(">h", -1)
    try:
        db.cursor.copy_expert(f"COPY received_{kind} (d) FROM STDIN (FORMAT binary)", io.BytesIO(copy))
    except psycopg2.Error as error:
        return None, error.pgcode
    return db.value(f"SELECT d::text FROM received_{kind} ORDER BY i DESC LIMIT 1"), None


def again(db, kind, text):
    """Does its text, its jsonb and its binary form give it back?"""
    copied = db.value(f"SELECT %s::riskml.{kind}::text", (text,))
    data = bytes(db.value(f"SELECT riskml.{kind}_send(%s::riskml.{kind})", (text,)))
    received = receive(db, kind, data)[0]
    by_jsonb = kind != "distribution" or db.value("SELECT %s::riskml.distribution::jsonb::riskml.distribution = %s::riskml.distribution", (text, text))
    return copied == text and received == text and by_jsonb


def check_outside(db):
    rng = random.Random(1)
    for kind in ("distribution", "sketch"):
        db.run(f"CREATE TEMP TABLE received_{kind} (i serial PRIMARY KEY, d riskml.{kind})")
    wrong = []
    for digits in (-15, 0, 3):
        db.run(f"SET extra_float_digits = {digits}")
        wrong += [text for kind, text in TEXTS if not again(db, kind, db.value(f"SELECT %s::riskml.{kind}::text", (text,)))]
    db.run("RESET extra_float_digits")
    yield "text, jsonb and binary forms give the value back", not wrong, wrong
    process = db.value("SELECT pg_backend_pid()")
    wrong, taken = [], collections.Counter()
    for _ in range(1000):
        kind, text = rng.choice(TEXTS)
        text = mutated_text(rng, text)
        state, message = db.error(f"SELECT %s::riskml.{kind}::text", (text,))
        if state is None:
            taken["good"] += 1
            if not again(db, kind, db.cursor.fetchone()[0]):
                wrong.append((kind, text))
        elif state not in CLEAN:
            wrong.append((kind, text, state, message))
        else:
            taken[state] += 1
    yield f"mutated texts: taken or refused ({dict(taken)})", not wrong and min(taken["good"], taken["22P02"], taken["22023"]) > 10, wrong[:3] or taken
    good = [(kind, bytes(db.value(f"SELECT riskml.{kind}_send(%s::riskml.{kind})", (text,)))) for kind, text in TEXTS]
    wrong, taken = [], collections.Counter()
    for _ in range(1000):
        kind, data = rng.choice(good)
        data = mutated_bytes(rng, data)
        text, state = receive(db, kind, data)
        if state is None:
            taken["good"] += 1
            if not again(db, kind, text):
                wrong.append((kind, data, text))
        elif state not in CLEAN:
            wrong.append((kind, data, state))
        else:
            taken[state] += 1
    yield f"mutated bytes: taken or refused ({dict(taken)})", not wrong and taken["good"] > 50, wrong[:3] or taken
    yield "the server has lived", db.value("SELECT pg_backend_pid()") == process, None
