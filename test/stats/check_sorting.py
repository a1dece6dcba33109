"""Sorted rows in an array, in a sort in memory and on disk: around the bounds, in many groups, shared, and cut off by a cancel."""
import threading
import time

import numpy as np
from scipy import stats
from sklearn import metrics

from common import near

# Records that fit into the array: plain numbers, and those with a weight
NUMBERS, WEIGHTED = 4096, 2048


def bounds(database):
    """Each class, and all rows with their weights, just fit, just do not, and fill the array again."""
    random = np.random.default_rng(3)
    sizes = [(bound + d, 1000) for bound in (32, NUMBERS, 2 * NUMBERS, WEIGHTED - 1000) for d in (-1, 0, 1)] + [(1000, NUMBERS), (NUMBERS + 1, NUMBERS + 1)]
    for positives, negatives in sizes:
        n = positives + negatives
        score, label, weight = random.integers(-500, 500, n) / 7, np.arange(n) < positives, random.random(n) + 0.1
        order = random.permutation(n)
        database.table("t", score=("float8", score[order]), label=("boolean", label[order]), weight=("float8", weight[order]))
        seen = database.row("SELECT riskml.auc(score, label), riskml.auc(score, label, weight), (riskml.ks_test(score, label)).statistic, (riskml.wasserstein_test(score, label)).distance FROM t")
        wanted = (metrics.roc_auc_score(label, score), metrics.roc_auc_score(label, score, sample_weight=weight),
                  stats.ks_2samp(score[label], score[~label], method="asymp").statistic, stats.wasserstein_distance(score[label], score[~label]))
        yield f"{positives} and {negatives} rows", near(seen, wanted), (seen, wanted)


def shared(database):
    """Aggregates that share their rows, each of which reads them anew, give what each gives by itself."""
    random = np.random.default_rng(4)
    weighted = ["riskml.auc({})", "riskml.gini({})", "riskml.ks_score({})", "riskml.average_precision({})", "md5(riskml.roc_curve({})::text)", "md5(riskml.pr_curve({})::text)"]
    for n in (2000, 30000, 120000):
        score, weight = random.integers(0, 5000, n) / 5000, random.integers(1, 9, n)
        label = random.random(n) < score
        database.table("t", score=("float8", score), label=("boolean", label), weight=("float8", weight))
        for arguments, aggregates in (("score, label", [*weighted, "md5(riskml.gains({})::text)", "riskml.hosmer_lemeshow({})"]), ("score, label, weight", weighted)):
            together = "SELECT " + ", ".join(aggregates).format(*[arguments] * len(aggregates)) + " FROM t"
            database.run("SET work_mem = '64MB'")
            seen = [database.row(together)]
            database.run("SET work_mem = '64kB'")
            seen.append(database.row(together))
            if n < 120000:
                seen.append(tuple(database.value(f"SELECT {aggregate.format(arguments)} FROM t") for aggregate in aggregates))
            database.run("RESET work_mem")
            yield f"{n} rows by ({arguments}): shared or not, on disk or not", len(set(seen)) == 1, seen
            w = weight if "weight" in arguments else None
            fpr, tpr, _ = metrics.roc_curve(label, score, sample_weight=w)
            auc = metrics.roc_auc_score(label, score, sample_weight=w)
            wanted = (auc, 2 * auc - 1, np.abs(tpr - fpr).max(), metrics.average_precision_score(label, score, sample_weight=w))
            yield f"{n} rows by ({arguments}): order", near(seen[1][:4], wanted, absolute=4e-16), (seen[1][:4], wanted)


class Peak:
    """The most private memory that the session's server process had meanwhile, beyond what it had before."""

    def __init__(self, database):
        self.path = f"/proc/{database.connection.get_backend_pid()}/status"

    def read(self):
        with open(self.path) as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("RssAnon:"))

    def watch(self):
        while not self.done.wait(0.005):
            self.most = max(self.most, self.read())

    def __enter__(self):
        self.done, self.before = threading.Event(), self.read()
        self.most = self.before
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        self.bytes = self.most - self.before


def groups(database):
    """10,000 groups of 20 rows at a time do not have a sort each."""
    i = np.arange(200000)
    score, label = (i * 7919 % 1009).reshape(20, -1), (i * 31 % 7 < 2).reshape(20, -1)
    positives, negatives = label.sum(axis=0), (~label).sum(axis=0)
    wins = np.zeros(10000)
    for a in range(20):
        for b in range(20):
            wins += (label[a] & ~label[b]) * ((score[a] > score[b]) + 0.5 * (score[a] == score[b]))
    both = (positives > 0) & (negatives > 0)
    database.run("SET enable_sort = off; SET work_mem = '1GB'")
    with Peak(database) as peak:
        seen = dict(database.rows("SELECT i % 10000, riskml.auc(i * 7919 % 1009, i * 31 % 7 < 2) FROM generate_series(0, 199999::bigint) i GROUP BY 1"))
    database.run("RESET ALL")
    wanted = {g: wins[g] / (positives[g] * negatives[g]) if both[g] else None for g in range(10000)}
    yield "many groups", len(seen) == 10000 and all(near(seen[g], wanted[g]) for g in range(10000)), None
    yield "their memory", peak.bytes < 60 << 20, peak.bytes


def rescans(database):
    """A hash table of groups that is read again, as a join's inner side."""
    database.run("SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_sort = off; SET max_parallel_workers_per_gather = 0; SET work_mem = '4MB'")
    groups = "SELECT i % 2 AS g, riskml.auc(i * 7919 % 100003, i % 3 = 0) AS auc{} FROM generate_series(1, 60000::bigint) i GROUP BY 1"
    for curve in ("", ", md5(riskml.roc_curve(i * 7919 % 100003, i % 3 = 0)::text)"):
        alone = sorted(database.rows(groups.format(curve)))
        query = f"SELECT s.* FROM generate_series(1, 3) v LEFT JOIN ({groups.format(curve)}) s ON s.g < v"
        plan = "".join(line for line, in database.rows(f"EXPLAIN {query}"))
        seen = database.rows(query)
        yield f"groups that are read again{curve and ', with a curve'}", \
            "Nested Loop" in plan and "HashAggregate" in plan and "Materialize" not in plan and sorted(seen) == sorted(alone[:1] + alone + alone), (plan, seen, alone)
    database.run("RESET ALL")


def memory(database):
    """A sort that is much larger than work_mem."""
    database.run("SET work_mem = '4MB'; SET max_parallel_workers_per_gather = 0; SET enable_sort = off")
    database.run("CREATE TEMP TABLE many AS SELECT (i * 7919 % 1000003)::float8 AS x, i % 3 = 0 AS label FROM generate_series(1, 200000::bigint) i")
    database.run("CREATE TEMP TABLE few AS SELECT * FROM many LIMIT 10000")
    calls = ", ".join(("riskml.auc(x, label)", "riskml.auc(x, label, 2)", "riskml.ks_test(x, label)"))
    database.run(f"SELECT {calls} FROM few")
    with Peak(database) as peak:
        database.run(f"SELECT {calls} FROM many")
    database.run("RESET ALL")
    yield "three sorts are within their memory", peak.bytes < 16 << 20, peak.bytes


def cancels(database):
    """At whatever moment a sort is cut off, its files are gone, and the session goes on."""
    files = "SELECT count(*) FROM pg_ls_tmpdir()"
    database.run("CREATE TEMP TABLE part AS SELECT * FROM many LIMIT 50000")
    query = "SELECT riskml.auc(x, label), riskml.auc(x, label, 2), (riskml.ks_test(x, label)).statistic FROM part"
    database.run("SET work_mem = '64kB'; SET max_parallel_workers_per_gather = 0")
    begin = time.monotonic()
    wanted = database.row(query)
    takes = time.monotonic() - begin
    seen = []
    for share in np.arange(1, 10) / 10:
        database.run(f"SET statement_timeout = {int(takes * share * 1000)}")
        begin = time.monotonic()
        code, _ = database.error(query)
        late = time.monotonic() - begin - takes * share
        database.run("SET statement_timeout = 0")
        seen.append((code, late < 10, database.value(files)))
    yield "a cancel stops a sort", seen[0] == ("57014", True, 0) and {s[0] for s in seen} <= {"57014", None} and all(s[1:] == (True, 0) for s in seen), seen
    database.run("BEGIN; SAVEPOINT s")
    code, _ = database.error("SELECT riskml.auc(x, 1 / (50000 - n) >= 0 AND label), riskml.ks_test(x, label) FROM (SELECT *, row_number() OVER () AS n FROM part) s")
    database.run("ROLLBACK TO s")
    yield "nor does an error leave files behind", (code, database.value(files)) == ("22012", 0), code
    database.run("ROLLBACK")
    yield "the session goes on", database.row(query) == wanted, None
    database.run("RESET ALL; DROP TABLE many, few, part")


def checks(database):
    yield from bounds(database)
    yield from shared(database)
    yield from groups(database)
    yield from rescans(database)
    yield from memory(database)
    yield from cancels(database)
