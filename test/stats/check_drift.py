"""Statistics on two distributions against scipy and numpy, and the bounds of those on scores."""
import json
from fractions import Fraction

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon

from common import near
from samples import column, hostile


def numeric(edges, counts, **rest):
    return json.dumps({"kind": "numeric", "edges": [float(e) for e in edges], "counts": [int(c) for c in counts], **rest})


def categorical(values, counts, other=0, nulls=0):
    return json.dumps({"kind": "categorical", "values": values, "counts": [int(c) for c in counts], "other": other, "nulls": nulls})


def bins(text, missing=False):
    """The counts that enter: underflow, bins, overflow, and nulls and NaN where asked for."""
    d = json.loads(text)
    if d["kind"] == "numeric":
        counts = [d.get("underflow", 0)] + d["counts"] + [d.get("overflow", 0)]
    else:
        counts = d["counts"] + [d["other"]]
    return np.array(counts + ([d.get("nulls", 0), d.get("nan", 0)] if missing else []), dtype=float)


def aligned(e, a):
    """Two categorical ones over the categories of both."""
    e, a = json.loads(e), json.loads(a)
    every = sorted(set(e["values"]) | set(a["values"]))
    return [categorical(every, [dict(zip(d["values"], d["counts"])).get(v, 0) for v in every], d["other"], d["nulls"]) for d in (e, a)]


def wasserstein(edges, e, a):
    """The area between two polygons, in fractions: exact."""
    edges = [Fraction(float(x)) for x in edges]
    n, m = Fraction(int(e.sum())), Fraction(int(a.sum()))
    left = Fraction(int(e[0])) / n - Fraction(int(a[0])) / m
    area = Fraction(0)
    for i in range(len(edges) - 1):
        right = left + Fraction(int(e[i + 1])) / n - Fraction(int(a[i + 1])) / m
        width = edges[i + 1] - edges[i]
        if left * right >= 0:
            area += width * (abs(left) + abs(right)) / 2
        else:
            area += width * (left * left + right * right) / (2 * (abs(left) + abs(right)))
        left = right
    return float(area)


def wanted(e, a, missing=False):
    """Each statistic, by scipy or by its formula."""
    original = e
    if json.loads(e)["kind"] == "categorical":
        e, a = aligned(e, a)
    n, m = bins(e, missing), bins(a, missing)
    p, q = n / n.sum(), m / m.sum()
    pe, qe = np.where(p > 0, p, 1e-4), np.where(q > 0, q, 1e-4)
    occupied = (n > 0) | (m > 0)
    chi2 = stats.chi2_contingency([n[occupied], m[occupied]], correction=False)
    psi = float(np.sum((qe - pe) * np.log(qe / pe)))
    scale, df = 1 / n.sum() + 1 / m.sum(), int(occupied.sum()) - 1
    result = {
        "psi": psi, "kl": float(np.sum(pe * np.log(pe / qe))), "jensen_shannon": float(np.nan_to_num(jensenshannon(p, q))),
        "hellinger": float(np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2)) / np.sqrt(2)), "total_variation": float(np.abs(p - q).sum() / 2),
        "l_infinity": float(np.abs(p - q).max()), "chi2": (float(chi2[0]), chi2[2], float(chi2[1])),
        "stability": (psi, float(stats.chi2.sf(psi / scale, df)) if df else 1.0, float(scale * stats.chi2.isf(0.05, df)) if df else 0.0)}
    if json.loads(original)["kind"] == "numeric" and not missing:
        cn, cm = np.cumsum(n), np.cumsum(m)
        result["ks"] = float(np.abs(cn / cn[-1] - cm / cm[-1]).max())
        result["wasserstein"] = wasserstein(json.loads(e)["edges"], n, m)
    return result


# near 0 rounding errors of shares are all there is: of 1, so 1e-15 of it; a distance is the root of such a sum
ABSOLUTE = {"psi": 1e-16, "kl": 1e-15, "jensen_shannon": 3e-8, "hellinger": 1e-15, "total_variation": 1e-15, "l_infinity": 1e-16, "ks": 2e-16}


def differences(db, e, a, missing=False):
    expected = wanted(e, a, missing)
    wrong = []
    for name, value in expected.items():
        arguments = "missing => true" if missing else ""
        arguments = f"%s, %s{', ' + arguments if arguments and name not in ('ks', 'wasserstein') else ''}"
        found = db.row(f"SELECT * FROM riskml.{name}({arguments})", (e, a))
        if name in ("chi2", "stability"):
            where = {"chi2": (1e-12, 0, 1e-9), "stability": (1e-12, 1e-9, 1e-9)}[name]
            good = all(near(f, v, r, 1e-12 if i == 0 or v < 1e-300 else 0) for i, (f, v, r) in enumerate(zip(found, value, where)))
        else:
            found = found[0]
            # where both sides are alike, scipy's own error is larger than 1e-12 of so small a number
            good = near(found, value, 1e-12, ABSOLUTE.get(name, 0) if value < 1e-3 or name == "jensen_shannon" and value < 1e-6 else 0)
        if not good:
            wrong.append((name, found, value))
    return wrong


def pairs():
    rng = np.random.default_rng(4)
    for b in (1, 2, 5, 20, 1000):
        edges = np.sort(rng.normal(0, 10, b + 1))
        yield f"{b} random bins", numeric(edges, rng.integers(0, 1000, b), underflow=3, overflow=1, nulls=5, nan=2), numeric(edges, rng.integers(0, 500, b) + (b < 3), nulls=7)
    edges = [0, 1, 2, 3, 4]
    yield "empty bins on one side", numeric(edges, [5, 0, 3, 0]), numeric(edges, [0, 4, 3, 0])
    yield "nothing in common", numeric(edges, [5, 0, 0, 0]), numeric(edges, [0, 0, 0, 7])
    yield "equal", numeric(edges, [5, 1, 2, 3]), numeric(edges, [5, 1, 2, 3])
    yield "in proportion", numeric(edges, [5, 1, 2, 3]), numeric(edges, [50, 10, 20, 30])
    yield "one bin used", numeric(edges, [5, 0, 0, 0]), numeric(edges, [9, 0, 0, 0])
    yield "all outside", numeric(edges, [0, 0, 0, 0], underflow=4), numeric(edges, [0, 0, 0, 0], overflow=9)
    yield "very many rows", numeric(edges, [10**15, 2 * 10**15, 3, 0]), numeric(edges, [10**14, 10**13, 10**15, 1])
    yield "wide as can be", numeric([-1.7e308, 0, 1.7e308], [1, 2]), numeric([-1.7e308, 0, 1.7e308], [2, 2])
    yield "subnormal edges", numeric([0, 5e-324, 1e-323, 1e-310], [1, 2, 3]), numeric([0, 5e-324, 1e-323, 1e-310], [7, 1, 1])
    yield "categories", categorical(["a", "b", "c"], [5, 6, 7], 2, 1), categorical(["a", "b", "c"], [1, 9, 3], 0, 4)
    yield "categories of two lists", categorical(["a", "c", "x"], [5, 6, 7], 2), categorical(["b", "c"], [4, 9], 3)
    yield "a thousand categories", categorical([str(i) for i in range(1000)], rng.integers(0, 9, 1000)), categorical([str(i) for i in range(500, 1500)], rng.integers(0, 9, 1000))


def real(db):
    """The newer half of a column against the older, in its deciles."""
    for name, field in (("lending_club", "annual_inc"), ("lending_club", "funded_amnt"), ("lending_club", "int_rate"), ("credit_data", "income"), ("credit_data", "age")):
        values = column(name, field)
        half = len(values) // 2
        db.table("halves", x=("float8", values), newer=("boolean", [i >= half for i in range(len(values))]))
        yield f"{name} {field}", *db.row("""WITH baseline AS (SELECT riskml.quantile_histogram(x, 10) AS d FROM halves WHERE NOT newer)
            SELECT d::text, (SELECT riskml.histogram_like(x, d) FROM halves WHERE newer)::text FROM baseline""")
    for name, field in (("lending_club", "addr_state"), ("credit_data", "home")):
        values = column(name, field, str)
        half = len(values) // 2
        db.table("halves", x=("text", values), newer=("boolean", [i >= half for i in range(len(values))]))
        yield f"{name} {field}", *db.row("""SELECT riskml.category_histogram(x, 20) FILTER (WHERE NOT newer)::text, riskml.category_histogram(x, 15) FILTER (WHERE newer)::text FROM halves""")


def checks(db):
    for name, e, a in [*pairs(), *real(db)]:
        wrong = differences(db, e, a) + differences(db, a, e) + differences(db, e, a, missing=True)
        yield f"statistics of {name}: scipy's", not wrong, wrong[:3]
    yield from check_parameters(db)
    yield from check_none(db)
    yield from check_scores(db)


def check_parameters(db):
    e, a = numeric([0, 1, 2, 3], [5, 0, 2]), numeric([0, 1, 2, 3], [1, 3, 4])
    p, q = np.array([5, 0, 2]) / 7, np.array([1, 3, 4]) / 8
    pe = np.where(p > 0, p, 0.02)
    row = db.row("""SELECT riskml.psi(e, a, 0.02), riskml.kl(e, a, epsilon => 0.02), riskml.jensen_shannon(e, a, 2), (riskml.stability(e, a, alpha => 0.2)).threshold
        FROM (SELECT %s::riskml.distribution e, %s::riskml.distribution a) s""", (e, a))
    good = [float(np.sum((q - pe) * np.log(q / pe))), float(np.sum(pe * np.log(pe / q))), float(jensenshannon(p, q, 2)),
            float((1 / 7 + 1 / 8) * stats.chi2.isf(0.2, 2))]
    yield "epsilon, base and alpha count", near(row, good), (row, good)
    # under no drift a share alpha of stability()'s p-values is below alpha
    rng = np.random.default_rng(6)
    share = np.full(10, 0.1)
    rows = [(numeric(range(11), rng.multinomial(2000, share)), numeric(range(11), rng.multinomial(3000, share))) for _ in range(1500)]
    db.table("simulated", e=("text", [r[0] for r in rows]), a=("text", [r[1] for r in rows]))
    below, above = db.row("""SELECT avg((s.p_value < 0.05)::int), avg((s.psi > s.threshold)::int)
        FROM simulated, riskml.stability(e::riskml.distribution, a::riskml.distribution) s""")
    yield "stability() is calibrated: 5 % of p-values below 0.05", 0.03 < below < 0.07 and below == above, (below, above)


def check_none(db):
    functions = ["psi", "kl", "jensen_shannon", "hellinger", "total_variation", "l_infinity", "ks", "wasserstein", "chi2", "stability", "auc", "gini", "ks_score", "average_precision"]
    full, empty, other = numeric([0, 1], [5]), numeric([0, 1], [0], nulls=4, nan=1), numeric([0, 2], [5])
    wrong = [f for f in functions for pair in ((full, empty), (empty, full), (empty, empty), (full, None))
             if any(v is not None for v in db.row(f"SELECT * FROM riskml.{f}(%s::riskml.distribution, %s::riskml.distribution)", pair))]
    yield "an empty side: NULL", not wrong, wrong
    yield "an empty side is not empty with its nulls", db.value("SELECT riskml.psi(%s, %s, missing => true)", (full, empty)) > 1, None
    category = categorical(["a"], [5])
    wrong = [(f, db.error(f"SELECT riskml.{f}(%s::riskml.distribution, %s::riskml.distribution)", pair)) for f in functions for pair in ((full, other), (full, category), (category, full))
             if db.error(f"SELECT riskml.{f}(%s::riskml.distribution, %s::riskml.distribution)", pair)[0] != "22023"]
    wrong += [(f, "categories") for f in ("ks", "wasserstein", "auc", "gini", "ks_score", "average_precision")
              if db.error(f"SELECT riskml.{f}(%s::riskml.distribution, %s::riskml.distribution)", (category, category))[0] != "22023"]
    for call in ("psi(d, d, 0)", "psi(d, d, -1)", "psi(d, d, 'NaN')", "psi(d, d, 1)", "kl(d, d, 0)", "jensen_shannon(d, d, 1)", "jensen_shannon(d, d, 0)",
                 "jensen_shannon(d, d, 'NaN')", "jensen_shannon(d, d, 'Infinity')", "stability(d, d, 0)", "stability(d, d, 1)", "stability(d, d, 'NaN')"):
        state = db.error(f"SELECT riskml.{call} FROM (SELECT %s::riskml.distribution d) s", (full,))[0]
        wrong += [(call, state)] if state != "22023" else []
    yield "other bins, categories without order, wrong parameters: 22023", not wrong, wrong[:4]


def true_scores(positives, negatives):
    """auc, gini, ks and average precision of the scores themselves."""
    scores = np.concatenate([positives, negatives])
    labels = np.concatenate([np.ones(len(positives)), np.zeros(len(negatives))])
    auc = stats.mannwhitneyu(positives, negatives, method="asymptotic").statistic / len(positives) / len(negatives)
    order = np.argsort(-scores, kind="mergesort")
    ends = np.append(np.nonzero(np.diff(scores[order]))[0], len(scores) - 1)
    tp = np.cumsum(labels[order])[ends]
    precision, recall = tp / (ends + 1), tp / len(positives)
    return {"auc": auc, "gini": 2 * auc - 1, "ks_score": stats.ks_2samp(positives, negatives, mode="asymp").statistic,
            "average_precision": float(np.sum(np.diff(np.append(0, recall)) * precision))}


def check_scores(db):
    rng = np.random.default_rng(7)
    cases = {
        "normal": (rng.normal(1, 1, 700), rng.normal(0, 1, 3000)), "ties": (rng.integers(0, 6, 500) / 7 + 0.1, rng.integers(0, 4, 900) / 7),
        "rare": (rng.normal(2, 1, 3), rng.normal(0, 1, 5000)), "apart": (rng.random(50) + 2, rng.random(50)), "constant": (np.full(9, 0.5), np.full(20, 0.5)),
        "far out": (np.append(rng.normal(1, 1, 50), [1e300, np.inf]), np.append(rng.normal(0, 1, 80), [-np.inf, -1e9]))}
    for name, (positives, negatives) in cases.items():
        db.table("scores", x=("float8", [*positives, *negatives]), y=("boolean", [True] * len(positives) + [False] * len(negatives)))
        true = true_scores(positives, negatives)
        wrong = []
        for edges in ([0.0, 1.0], list(np.linspace(-3, 4, 8)), list(np.linspace(-3, 4, 701)), list(np.linspace(0, 0.01, 5))):
            for function, value in true.items():
                found, bound = db.row(f"""SELECT * FROM riskml.{function}((SELECT riskml.histogram(x, %s) FROM scores WHERE y),
                    (SELECT riskml.histogram(x, %s) FROM scores WHERE NOT y))""", (edges, edges))
                if abs(found - value) > bound + 1e-12 or (len(edges) > 700 and name == "normal" and bound > 0.1):
                    wrong.append((function, len(edges), found, bound, value))
        yield f"scores in bins, {name}: within their bounds", not wrong, wrong[:3]
    # the binned KS of hostile columns is within its bound of scipy's
    values = [v for v in hostile()["all magnitudes"]]
    db.table("scores", x=("float8", values), y=("boolean", [i % 3 == 0 for i in range(len(values))]))
    found, bound = db.row("""SELECT k.* FROM (SELECT riskml.quantile_histogram(x, 200) AS d FROM scores) q,
        LATERAL (SELECT riskml.histogram_like(x, d) FILTER (WHERE y) AS p, riskml.histogram_like(x, d) FILTER (WHERE NOT y) AS n FROM scores) h,
        riskml.ks_score(p, n) k""")
    true = stats.ks_2samp(values[::3], [v for i, v in enumerate(values) if i % 3], mode="asymp").statistic
    yield "ks of all magnitudes in 200 bins: within its bound", found <= true + 1e-12 and true <= found + bound + 1e-12 and bound < 0.02, (found, bound, true)
