#!/usr/bin/python3
"""`make bench-load`: what loading costs beside what PostgreSQL does without riskml.

    test/harness/bench.sh load          (it runs this in a server with the settings of load.conf)

riskml.ingest() of a CSV file beside COPY of the same file into the same table, with no bad row and with 1 %;
riskml.load() beside the INSERT ... ON CONFLICT that one writes by hand.  The sides take turns; every table is compared
with what the other side made.  Prints the table and writes docs/results/load.md of the directory RISKML_TOP.
"""
import os
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from measure import Peak, Session, in_turn        # noqa: E402
from report import Report       # noqa: E402
from table import Line, seconds      # noqa: E402

ROWS = 1_000_000
BAD = 100               # one row in so many
ROUNDS = 3
COLUMNS = """id bigint PRIMARY KEY, customer int NOT NULL, opened_at timestamptz NOT NULL, due date, branch text,
    product text, currency text, amount numeric(14,2) CHECK (amount >= 0), balance numeric(14,2), rate float8,
    income float8, debt float8, score float8, age int, term int, late int, secured boolean, region text,
    channel text, note text"""
SELECTED = """SELECT i AS id, (i % 90000)::int AS customer, timestamptz '2024-01-01 00:00+00' + i * interval '7 s' AS opened_at,
    date '2025-01-01' + (i % 700)::int AS due, 'branch ' || i % 300 AS branch, (ARRAY['card', 'loan', 'lease', 'mortgage'])[1 + i % 4] AS product,
    (ARRAY['EUR', 'USD', 'PLN'])[1 + i % 3] AS currency, round((i * 7919 % 5000000) / 100.0, 2) AS amount,
    round((i * 104729 % 3000000) / 100.0, 2) AS balance, (i % 1300) / 10000.0::float8 AS rate, (i * 31 % 90000)::float8 / 7 AS income,
    (i * 17 % 70000)::float8 / 3 AS debt, (i % 1000) / 1000.0::float8 AS score, (18 + i % 70)::int AS age, (12 * (1 + i % 30))::int AS term,
    nullif(i % 50, 0)::int AS late, i % 5 = 0 AS secured, 'region ' || i % 16 AS region, (ARRAY['web', 'shop', 'phone'])[1 + i % 3] AS channel,
    'note, with a comma ' || i AS note FROM generate_series(1::bigint, {rows}) i"""


# ---- files

def spoilt(line, i):
    """A row that cannot be loaded: by its type, the number of its columns, a constraint, or a key that is there."""
    fields = line.split(",")
    kind = i // BAD % 4
    if kind == 0:
        fields[1] = "many"
    elif kind == 1:
        return ",".join(fields[:-3]) + "\n"
    elif kind == 2:
        fields[7] = "-1"
    else:
        fields[0] = "1"
    return ",".join(fields)


def write_files(session, folder):
    good, bad = os.path.join(folder, "good.csv"), os.path.join(folder, "bad.csv")
    session.run(f"COPY ({SELECTED.format(rows=ROWS)}) TO '{good}' (FORMAT csv, HEADER)")
    with open(good) as source, open(bad, "w") as target:
        target.write(next(source))
        target.writelines(spoilt(line, i) if i % BAD == BAD // 2 else line for i, line in enumerate(source))
    os.chmod(bad, 0o644)
    return good, bad


# ---- sides

class Side:
    """Empty tables, statements whose time is measured, and files of names that are new each time."""

    def __init__(self, folder):
        self.folder, self.session, self.n = folder, Session(), 0

    def empty(self, name):
        self.session.run(f"DROP TABLE IF EXISTS {name}")
        self.session.run(f"CREATE TABLE {name} ({COLUMNS})")

    def timed(self, statement):
        self.session.run("CHECKPOINT")
        return self.session.wall_of(statement)

    def copy(self, path):
        self.empty("copied")
        return self.timed(f"COPY copied FROM '{path}' (FORMAT csv, HEADER)")

    def ingest(self, path):
        self.empty("ingested")
        self.n += 1
        new = os.path.join(self.folder, f"arrived{self.n}.csv")
        os.link(path, new)
        took = self.timed(f"""CALL riskml.ingest('{new}', 'ingested', '{{"settle": "0 s"}}')""")
        os.remove(new)
        return took


def check(session, query, wanted, what):
    found = session.ask(query)
    if found != wanted:
        raise SystemExit(f"load.py: {what}: {found}, not {wanted}")


SAME = "SELECT count(*) FROM (SELECT * FROM {0} EXCEPT ALL SELECT * FROM {1}) x"


# ---- lines

def ingest_lines(folder, good, bad):
    side = Side(folder)
    took = in_turn(ROUNDS, copy=lambda: side.copy(good), clean=lambda: side.ingest(good))
    check(side.session, SAME.format("copied", "ingested"), 0, "rows that COPY has and ingest lacks")
    check(side.session, "SELECT count(*) FROM ingested", ROWS, "rows ingested")
    REPORT.say(f"ingest {took['clean']:.2f} s, COPY {took['copy']:.2f} s")
    yield Line(f"`ingest` of {ROWS:,} CSV rows × 20 columns, none bad, beside COPY: its speed", seconds(took["clean"]),
               seconds(took["copy"]), took["copy"] / took["clean"], must=0.7)
    took = in_turn(ROUNDS, copy=lambda: side.copy(good), spoilt=lambda: side.ingest(bad))
    check(side.session, "SELECT count(*) FROM ingested", ROWS - ROWS // BAD, "rows ingested beside bad ones")
    check(side.session, "SELECT count(*) FROM riskml.quarantine WHERE target = 'ingested'::regclass", ROWS // BAD, "bad rows")
    REPORT.say(f"ingest with bad rows {took['spoilt']:.2f} s")
    yield Line(f"the same with 1 % bad rows (type, number of columns, CHECK, unique key), beside COPY without: its time",
               seconds(took["spoilt"]), seconds(took["copy"]), took["spoilt"] / took["copy"], must=3, least=False)
    side.session.close()


BY_HAND = """INSERT INTO {0} SELECT * FROM source ON CONFLICT (id) DO UPDATE SET ({1}) = ROW ({2})"""
LOAD = """CALL riskml.load('source', '{0}', '{{"mode": "upsert", "key": ["id"]{1}}}')"""


def load_lines(folder):
    side = Side(folder)
    session = side.session
    session.run(f"CREATE TABLE source AS {SELECTED.format(rows=ROWS)}")
    session.run("CREATE INDEX ON source (opened_at)")
    session.run("VACUUM ANALYZE source")
    names = session.ask("SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
                        " WHERE attrelid = 'source'::regclass AND attnum > 1").split(", ")
    by_hand = BY_HAND.format("{0}", ", ".join(names), ", ".join("excluded." + name for name in names))

    def run(name, statement, full):
        side.empty(name)
        if full:
            session.run(f"INSERT INTO {name} SELECT * FROM source")
            session.run(f"UPDATE {name} SET note = 'before', score = -1")
            session.run(f"VACUUM ANALYZE {name}")
        return side.timed(statement.format(name))

    for full, what in ((False, "all new"), (True, "all changed")):
        for watermark, note in (("", ""), (', "watermark": "opened_at"', ", with a watermark")):
            load = LOAD.replace("{1}", watermark)
            took = in_turn(ROUNDS, hand=lambda: run("written", by_hand, full),
                           load=lambda: run("loaded", load, full))
            check(session, SAME.format("written", "loaded"), 0, "rows that differ")
            REPORT.say(f"load, {what}{note}: {took['load']:.2f} s, by hand {took['hand']:.2f} s")
            yield Line(f"`load`, upsert of {ROWS:,} rows × 20 columns, {what}{note}, beside INSERT … ON CONFLICT: its time",
                       seconds(took["load"]), seconds(took["hand"]), took["load"] / took["hand"], must=1.2, least=False)
    session.close()


def peak_of(folder, statement):
    side = Side(folder)
    side.empty("measured")
    side.session.run("SELECT count(*) FROM measured")
    peak = Peak(side.session.pid)
    side.session.run(statement)
    most = peak.stop()
    side.session.close()
    return most


def memory_lines(folder, bad):
    small, large = os.path.join(folder, "small.csv"), os.path.join(folder, "large.csv")
    with open(bad) as source, open(small, "w") as target:
        target.writelines(next(source) for _ in range(ROWS // 10))
    os.chmod(small, 0o644)
    os.link(bad, large)
    ingest = """CALL riskml.ingest('{0}', 'measured', '{{"settle": "0 s"}}')"""
    load = """CALL riskml.load('SELECT * FROM source WHERE id <= {0}', 'measured', '{{"mode": "upsert", "key": ["id"]}}')"""
    for what, less, more in (("`ingest` with 1 % bad rows", ingest.format(small), ingest.format(large)),
                             ("`load`, upsert", load.format(ROWS // 10), load.format(ROWS))):
        little, much = peak_of(folder, less), peak_of(folder, more)
        yield Line(f"{what}: private memory with {ROWS:,} rows over that with {ROWS // 10:,}", f"{much:.1f} MB",
                   f"{little:.1f} MB", much - little, " MB", must=8, least=False)


EXPLANATION = f"""\
Medians of {ROUNDS} rounds in which the sides take turns, a checkpoint before each; the tables have a primary key and a CHECK, and are compared
afterwards. Private memory: the most of RssAnon, read every 20 ms. The result is riskml's share of the other's speed, or its multiple of
the other's time. Settings: `test/bench/load.conf`."""
REPORT = Report("load", EXPLANATION)


def main():
    session = Session()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)         # the server writes the first file
        good, bad = write_files(session, folder)
        for lines in (ingest_lines(folder, good, bad), load_lines(folder), memory_lines(folder, bad)):
            REPORT.rows.extend(lines)
    REPORT.write(session)


if __name__ == "__main__":
    main()
