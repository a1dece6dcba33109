"""Rows of the table about many connections: their first score, their memory, lookups, promotions."""
import glob
import json
import os
import re
import statistics
import subprocess
import tempfile
import threading
import time

import data
import memory
from measure import Session, connect, in_turn, output_of, percentile, wall
from table import Row

HERE = os.path.dirname(os.path.abspath(__file__))
FRESH, LOOKUP_ROUNDS, LOOKUP_SECONDS = 100, 4, 5
CLIENTS, CLIENTS_OF_PROMOTIONS = 64, 8
PROMOTION_PAUSE = 0.02
MEGABYTE = 1 << 20


# ---- the first statement of a connection

def first(query):
    """Seconds from sending the first statement of a new connection to having its result."""
    connection = connect()
    cursor = connection.cursor()

    def run():
        cursor.execute(query)
        cursor.fetchone()
    took = wall(run)
    connection.close()
    return took


def literal_row(bench):
    values = ("NULL" if value != value else f"'{value!r}'::float8" for value in bench.x[0].tolist())
    return "ROW(" + ", ".join(values) + ")"


def first_rows(bench):
    row = literal_row(bench)
    for model, must in (("S", 1.0), ("L", 2.0)):
        took = in_turn(FRESH, one=lambda: first("SELECT 1"),
                       score=lambda: first(f"SELECT risk_score('{model}', {row})"),
                       looked_up=lambda: first(f"SELECT risk_score('{model}', k) FROM keyed k WHERE id = 1"),
                       lookup=lambda: first("SELECT c30 FROM keyed k WHERE id = 1"))
        took = {side: 1e3 * value for side, value in took.items()}
        yield Row(f"{model}: first score (`ROW(…)`) on a new connection over `SELECT 1`, preloaded, "
                  f"medians of {FRESH}",
                  f"{took['score']:.2f} ms", f"{took['one']:.2f} ms", took["score"] - took["one"], " ms",
                  must, 0.5, least=False)
        yield Row(f"{model}: the same by a lookup with the score over that lookup without",
                  f"{took['looked_up']:.2f} ms", f"{took['lookup']:.2f} ms", took["looked_up"] - took["lookup"],
                  " ms", least=False)


# ---- memory

def megabytes(value):
    return f"{value / MEGABYTE:.2f} MB"


def memory_rows(bench):
    preloaded = memory.private_bytes("L")
    yield Row("L: private memory per connection, preloaded, beside a connection that reads the same",
              megabytes(preloaded), f"image of {megabytes(memory.image_bytes(Session(), 'L'))} shared",
              preloaded / MEGABYTE, " MB", 0.5, 0.2, least=False)
    # a server of its own; it forgets ours
    output = output_of([os.path.join(HERE, "../harness/with-cluster"), os.path.join(HERE, "memory.py"),
                        bench.models["L"][0]])
    alone = json.loads(output.splitlines()[-1])
    yield Row("L: the same, not preloaded: over the image", megabytes(alone["bytes"]),
              f"image of {megabytes(alone['image'])}", (alone["bytes"] - alone["image"]) / MEGABYTE, " MB",
              0.5, 0.2, least=False)


# ---- pgbench

class Pgbench:
    """Lookups by key, with a score and without, which both return a key and a float8, and with a call
    of the server's own that looks at no more than whether the columns are NULL."""

    def __init__(self, bench, folder):
        self.folder, self.scripts = folder, {}
        for name, expression in (("plain", "c30"), ("score", "risk_score('S', k)"),
                                 ("nulls", f"num_nonnulls({', '.join(data.names(data.FEATURES))})")):
            self.scripts[name] = os.path.join(folder, name + ".sql")
            with open(self.scripts[name], "w") as file:
                file.write(f"\\set id random(1, {bench.keyed})\n"
                           f"SELECT id, {expression} FROM keyed k WHERE id = :id;\n")

    def run(self, name, clients, protocol, *options):
        return subprocess.run(["pgbench", "-n", "-M", protocol, "-c", str(clients), "-j", "2",
                               "-T", str(LOOKUP_SECONDS), "-f", self.scripts[name], *options],
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              cwd=self.folder).stdout

    def rate(self, name, protocol):
        return float(re.search(r"tps = ([\d.]+)", self.run(name, CLIENTS, protocol))[1])

    def latencies(self):
        """Milliseconds of every lookup with a score."""
        self.run("score", CLIENTS_OF_PROMOTIONS, "prepared", "-l", "--log-prefix=latency")
        found = []
        for path in glob.glob(os.path.join(self.folder, "latency.*")):
            with open(path) as file:
                found += [int(line.split()[2]) / 1000 for line in file]
            os.remove(path)
        return found


class Promoter(threading.Thread):
    """Promotes versions 1 and 2 of S in turn until told to stop."""

    def __init__(self):
        super().__init__()
        self.stopped, self.count, self.fault = threading.Event(), 0, None
        self.start()

    def run(self):
        session = Session()
        try:
            while not self.stopped.wait(PROMOTION_PAUSE):
                session.run("SELECT riskml.promote('S', %s, 'bench')", (1 + self.count % 2,))
                self.count += 1
            session.run("SELECT riskml.promote('S', 1, 'bench')")
        except Exception as fault:     # for the thread that waits
            self.fault = fault
        session.close()

    def stop(self):
        self.stopped.set()
        self.join()
        if self.fault:
            raise self.fault
        return self.count


def under_promotions(pgbench):
    begin = time.monotonic()
    promoter = Promoter()
    try:
        latencies = pgbench.latencies()
    finally:
        count = promoter.stop()
    return percentile(latencies, 0.99), count / (time.monotonic() - begin)


def lookup_rows(bench):
    with tempfile.TemporaryDirectory() as folder:
        pgbench = Pgbench(bench, folder)
        for protocol in ("prepared", "simple", "extended"):
            rate = in_turn(LOOKUP_ROUNDS, score=lambda: pgbench.rate("score", protocol),
                           plain=lambda: pgbench.rate("plain", protocol),
                           nulls=lambda: pgbench.rate("nulls", protocol))
            yield Row(f"S: {CLIENTS} clients, lookup by key with score beside without, `pgbench -M {protocol}`",
                      f"{rate['score']:,.0f}/s", f"{rate['plain']:,.0f}/s", rate["score"] / rate["plain"],
                      must=0.93, aim=0.97)
            yield Row("the same with `num_nonnulls(c1, …, c30)` in the place of the score",
                      f"{rate['nulls']:,.0f}/s", f"{rate['plain']:,.0f}/s", rate["nulls"] / rate["plain"])
        promotions = []

        def busy():
            latency, per_second = under_promotions(pgbench)
            promotions.append(per_second)
            return latency
        took = in_turn(LOOKUP_ROUNDS, busy=busy, quiet=lambda: percentile(pgbench.latencies(), 0.99))
        yield Row(f"S: p99 of lookups of {CLIENTS_OF_PROMOTIONS} clients under {statistics.median(promotions):.0f} "
                  "promotions a second beside the quiet one",
                  f"{took['busy']:.2f} ms", f"{took['quiet']:.2f} ms", took["busy"] / took["quiet"],
                  must=2, least=False)


def client_rows(bench):
    yield from first_rows(bench)
    yield from memory_rows(bench)
    yield from lookup_rows(bench)
