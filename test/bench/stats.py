#!/usr/bin/python3
"""`make bench-stats`: what distributions, drift reports and measures of performance cost.

    test/harness/bench.sh stats       (it runs this in a server with the settings of stats.conf)

Each statistic beside SQL that reads the same rows, and beside the rows pulled out by psycopg2 into numpy, scipy and
scikit-learn, end to end; two workers beside one; memory with ten times as many rows.  What both sides compute is compared.
Prints the table and writes docs/results/stats.md of the directory RISKML_TOP.
"""
import math
import sys

sys.dont_write_bytecode = True

import numpy as np      # noqa: E402
from scipy import stats         # noqa: E402
from sklearn import metrics     # noqa: E402

from measure import Peak, Session, connect, in_turn, private_memory, wall         # noqa: E402
from report import Report       # noqa: E402
from table import Line, seconds         # noqa: E402

ROWS = 1_000_000
MANY = 10 * ROWS
ROUNDS = 5
COLUMNS = [f"c{i}" for i in range(30)]
EDGES = "ARRAY[" + ", ".join(str(i / 19) for i in range(20)) + "]::float8[]"
HISTOGRAM = f"SELECT riskml.histogram(x, {EDGES}) FROM scored"
SERIAL = {"max_parallel_workers_per_gather": 0}

EXPLANATION = f"""\
Medians of {ROUNDS} rounds in which the sides take turns, the tables in memory, without parallel workers where nothing else is said; beside
Python of one call. In Python: a server-side cursor of psycopg2, 50,000 rows at a time, into numpy arrays, then what computes the same; both
sides' numbers are compared. Two workers beside one: `parallel_leader_participation` off. Private memory: the most of RssAnon, read every 20 ms,
`work_mem` 64 MB. The result is riskml's multiple of the other's time, or how many times faster it is. Settings: `test/bench/stats.conf`."""
REPORT = Report("stats", EXPLANATION)


def same(what, found, wanted, relative=1e-9):
    if not math.isclose(found, wanted, rel_tol=relative):
        raise SystemExit(f"stats.py: {what}: found {found!r}, not {wanted!r}")


# ---- data

def create_tables(session):
    """scored: labels that depend on a score with ties; loans: 30 columns; both without an order."""
    session.run("SELECT setseed(0.8)")
    session.run(f"""CREATE TABLE scored AS SELECT x, score, random() < score AS label
        FROM (SELECT random() AS x, round(random()::numeric, 5)::float8 AS score FROM generate_series(1, {ROWS})) s""")
    columns = ", ".join(f"random() ^ {1 + i % 3} * {i + 1} AS {c}" for i, c in enumerate(COLUMNS))
    session.run(f"CREATE TABLE loans AS SELECT {columns} FROM generate_series(1, {ROWS})")
    session.run("VACUUM (FREEZE, ANALYZE) scored, loans")


def pull(query, width):
    """The rows of a query as float64 columns."""
    connection = connect()
    connection.autocommit = False
    parts = []
    with connection.cursor("rows") as cursor:
        cursor.itersize = 50_000
        cursor.execute(query)
        while rows := cursor.fetchmany(50_000):
            parts.append(np.array(rows, dtype=np.float64))
    connection.close()
    return np.concatenate(parts).T if parts else np.empty((width, 0))


# ---- Python's side

def numpy_histogram():
    (x,) = pull("SELECT x FROM scored", 1)
    return np.histogram(x, np.array([i / 19 for i in range(20)]))[0]


def sklearn_auc():
    score, label = pull("SELECT score, label::int FROM scored", 2)
    return metrics.roc_auc_score(label, score)


def sklearn_measures():
    score, label = pull("SELECT score, label::int FROM scored", 2)
    return [metrics.roc_auc_score(label, score), stats.ks_2samp(score[label == 1], score[label == 0], mode="asymp").statistic,
            metrics.average_precision_score(label, score), metrics.log_loss(label, score), metrics.brier_score_loss(label, score)]


def numpy_report(baseline):
    """PSI, chi-squared test, Jensen-Shannon and Wasserstein of each column, in the baseline's bins."""
    found = []
    for column, (name, d) in zip(pull(f"SELECT {', '.join(COLUMNS)} FROM loans", len(COLUMNS)), baseline.items()):
        edges = np.array(d["edges"], dtype=float)
        expected = np.array([d["underflow"], *d["counts"], d["overflow"]], dtype=float)
        actual = np.array([(column < edges[0]).sum(), *np.histogram(column, edges)[0], (column > edges[-1]).sum()], dtype=float)
        e, a = (np.where(c == 0, 1e-4, c / c.sum()) for c in (expected, actual))
        used = expected + actual > 0
        found.append((name, float(((e - a) * np.log(e / a)).sum()),
                      stats.chi2_contingency([expected[used], actual[used]], correction=False)[1],
                      stats.wasserstein_distance(edges[:-1], edges[:-1], expected[1:-1], actual[1:-1])))
    return found


# ---- lines

def timed(work):
    """(result, seconds)"""
    kept = []
    took = wall(lambda: kept.append(work()))
    return kept[0], took


def beside_python(what, ours, python):
    return Line(f"{what}, beside Python: its speed", seconds(ours), seconds(python), python / ours)


def histogram_lines(session):
    took = in_turn(ROUNDS, sums=lambda: session.wall_of("SELECT sum(x), count(x) FROM scored"), ours=lambda: session.wall_of(HISTOGRAM))
    counts, python = timed(numpy_histogram)
    if list(counts) != session.ask(f"SELECT riskml.counts(({HISTOGRAM}))"):
        raise SystemExit("stats.py: numpy counts otherwise")
    REPORT.say(f"histogram {took['ours']:.3f} s, sums {took['sums']:.3f} s, Python {python:.2f} s")
    what = f"`histogram` of {ROWS:,} float8 with 20 edges"
    yield Line(f"{what}, beside `sum(x), count(x)`: its time", seconds(took["ours"]), seconds(took["sums"]),
               took["ours"] / took["sums"], must=1.5, least=False)
    yield beside_python(what, took["ours"], python)


def auc_lines(session):
    took = in_turn(ROUNDS, sort=lambda: session.wall_of("SELECT count(*) FROM (SELECT score FROM scored ORDER BY score OFFSET 0) s"),
                   ours=lambda: session.wall_of("SELECT riskml.auc(score, label) FROM scored"))
    wanted, python = timed(sklearn_auc)
    same("auc", session.ask("SELECT riskml.auc(score, label) FROM scored"), wanted, 1e-12)
    REPORT.say(f"auc {took['ours']:.3f} s, sort {took['sort']:.3f} s, Python {python:.2f} s")
    what = f"exact `auc` of {ROWS:,} rows"
    yield Line(f"{what}, beside `SELECT score FROM … ORDER BY score` (in the server): its time", seconds(took["ours"]), seconds(took["sort"]),
               took["ours"] / took["sort"], must=1.4, least=False)
    yield beside_python(what, took["ours"], python)
    query = "SELECT ARRAY[riskml.auc(score, label), riskml.ks_score(score, label), riskml.average_precision(score, label)," \
        " riskml.log_loss(score, label), riskml.brier(score, label)] FROM scored"
    took = in_turn(ROUNDS, ours=lambda: session.wall_of(query))
    wanted, python = timed(sklearn_measures)
    for found, value in zip(session.ask(query), wanted, strict=True):
        same(query, found, value)
    yield beside_python("`auc`, `ks_score`, `average_precision`, `log_loss`, `brier` of the same in one query", took["ours"], python)


def report_lines(session):
    session.run("CREATE TABLE kept AS SELECT riskml.baseline(%s) AS baseline", (f"SELECT * FROM loans LIMIT {ROWS // 10}",))
    baseline = session.ask("SELECT baseline FROM kept")
    report = "SELECT column_name, psi, p_value FROM kept, riskml.drift_report(baseline, 'TABLE loans')"
    sums = "SELECT " + ", ".join(f"sum({c})" for c in COLUMNS) + " FROM loans"
    take = "SELECT riskml.baseline('TABLE loans')"
    took = in_turn(ROUNDS, sums=lambda: session.wall_of(sums), ours=lambda: session.wall_of(report), take=lambda: session.wall_of(take))
    wanted, python = timed(lambda: numpy_report(baseline))
    session.run(report)
    found = {name: (psi, p) for name, psi, p in session.cursor.fetchall()}
    for name, psi, p, _ in wanted:
        same(f"psi of {name}", found[name][0], psi)
        same(f"p of {name}", found[name][1], p)
    REPORT.say(f"report {took['ours']:.2f} s, sums {took['sums']:.2f} s, baseline {took['take']:.2f} s, Python {python:.2f} s")
    what = f"`drift_report` of {len(COLUMNS)} columns × {ROWS:,} rows"
    yield Line(f"{what}, beside `SELECT sum(c1), …` of them: its time", seconds(took["ours"]), seconds(took["sums"]),
               took["ours"] / took["sums"], must=3, least=False)
    yield beside_python(what, took["ours"], python)
    yield Line("`baseline` of the same, beside the sums: its time", seconds(took["take"]), seconds(took["sums"]), took["take"] / took["sums"], least=False)


PARALLEL = {
    "`histogram`, 20 edges": f"SELECT riskml.histogram(x, {EDGES}) FROM many",
    "`quantile_histogram`, 10 bins": "SELECT riskml.quantile_histogram(x, 10) FROM many",
    "`log_loss`, `brier`": "SELECT riskml.log_loss(score, label), riskml.brier(score, label) FROM many",
}


def create_many(session):
    session.run("CREATE TABLE many AS SELECT s.* FROM scored s, generate_series(1, %s)", (MANY // ROWS,))
    session.run("VACUUM (FREEZE, ANALYZE) many")


def parallel_lines():
    create_many(Session())
    sessions = {n: Session(max_parallel_workers_per_gather=2, max_parallel_workers=n, parallel_leader_participation="off",
                           parallel_setup_cost=0, parallel_tuple_cost=0, min_parallel_table_scan_size=0) for n in (1, 2)}
    for what, query in PARALLEL.items():
        for n, session in sessions.items():
            plan = session.text("EXPLAIN (ANALYZE, COSTS off, TIMING off) " + query)
            if f"Workers Launched: {n}" not in plan:
                raise SystemExit(f"stats.py: not {n} workers:\n{plan}")
        took = in_turn(ROUNDS, one=lambda q=query: sessions[1].wall_of(q), two=lambda q=query: sessions[2].wall_of(q))
        REPORT.say(f"{what}: 1 worker {took['one']:.2f} s, 2 workers {took['two']:.2f} s")
        yield Line(f"{what}, {MANY:,} rows, 2 parallel workers beside 1: its speed", seconds(took["two"]), seconds(took["one"]),
                   took["one"] / took["two"], must=1.7)
    for session in sessions.values():
        session.close()


MEMORY = {
    "`auc`, `ks_score`, `average_precision`": "SELECT riskml.auc(score, label), riskml.ks_score(score, label), riskml.average_precision(score, label) FROM many",
    "`ks_test` of raw values": "SELECT riskml.ks_test(x, label) FROM many",
    "`quantile_histogram`": "SELECT riskml.quantile_histogram(x, 20) FROM many",
    "`category_histogram` of as many categories": "SELECT riskml.category_histogram((x::text), 100) FROM many",
    "`histogram`": f"SELECT riskml.histogram(x, {EDGES}) FROM many",
}


def memory_lines():
    for what, query in MEMORY.items():
        session = Session(**SERIAL)
        session.run("SELECT count(*), sum(x) FROM many")
        before = private_memory(session.pid)
        peak = Peak(session.pid)
        session.run(query)
        most = peak.stop() - before
        session.close()
        REPORT.say(f"{what}: {most:.1f} MB")
        yield Line(f"{what}, {MANY:,} rows: private memory beside `work_mem`", f"{most:.1f} MB", "64 MB", most / 64, must=1.25, least=False)


def main():
    session = Session(**SERIAL)
    create_tables(session)
    for lines in (histogram_lines(session), auc_lines(session), report_lines(session), parallel_lines(), memory_lines()):
        REPORT.rows.extend(lines)
    REPORT.write(session)


if __name__ == "__main__":
    main()
