#!/usr/bin/python3
"""Hostile, broken and odd model files against a running server.  Each must get the verdict
it deserves, and the server must not be harmed.

    run.py                 thousands of cases in under a minute (TAP)
    run.py --long          every single-bit flip instead of a sample
    run.py --only PATTERN  only groups whose title matches
    run.py --write DIR     writes the cases to files instead, as seeds for a fuzzer

Needs PGHOST PGPORT PGUSER PGDATABASE (test/harness/with-cluster sets them) and
python3-xgboost, which trains the small models that the cases are made from.
"""
import argparse
import json
import os
import re
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
sys.dont_write_bytecode = True

import bulk
import edits
import edits_categories
import edits_cats
import edits_linear
import edits_model
import edits_outputs
import edits_vectors
import foreign
import spared
import spared_shapes
import syntax_json
import syntax_ubj
from bases import ACCEPTED
from server import HERE, Gone, Server
from trained import LABELLED, LIB, PROBES, UNKNOWN_LABEL, Bases
from verdicts import problems, too_slow

MODULES = (spared, spared_shapes, edits, edits_model, edits_linear, edits_outputs, edits_vectors,
           edits_categories, edits_cats, syntax_json, syntax_ubj, foreign)

SHOWN = 8                   # failed cases told per group
SEED_BYTES = 64 * 1024      # larger cases make poor seeds
SEEDS_PER_GROUP = 400
SERVER_MEMORY = 64 << 20   # growth of the backend's own memory over the run
OWN_WARNING = "category labels of feature .* are not used"


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def line(self, passed, name, notes=()):
        self.count += 1
        self.failed += not passed
        print(f"{'ok' if passed else 'not ok'} {self.count} - malformed: {name}")
        for note in notes:
            print("#   " + "\n#   ".join(str(note).splitlines()))
        sys.stdout.flush()


def groups_of(bases, every):
    groups = {}
    for part in [m.parts(bases) for m in MODULES] + [bulk.parts(bases, every)]:
        for title, cases in part.items():
            if title in groups:
                raise ValueError(f"two groups are called {title}")
            groups[title] = cases
    return groups


def write(groups, folder):
    os.makedirs(folder, exist_ok=True)
    written = 0
    for title, cases in groups.items():
        cases = [c for c in cases if len(c.data) <= SEED_BYTES and not c.settings]
        step = max(1, len(cases) // SEEDS_PER_GROUP)
        prefix = re.sub(r"\W+", "-", title).strip("-")
        for i, case in enumerate(cases[::step]):
            with open(os.path.join(folder, f"{prefix}-{i:04}"), "wb") as f:
                f.write(case.data)
            written += 1
    print(f"{written} files in {folder}")


def outcomes_of(server, cases):
    """One outcome per case.  A slow one gets two more tries: the machine is shared."""
    server.load(cases)
    outcomes = {}
    try:
        outcomes.update(server.attempts(range(len(cases))))
    except Gone as gone:
        raise Gone(f"{cases[len(outcomes)].name}: {gone}") from None
    slow = [i for i, outcome in outcomes.items() if too_slow(cases[i], outcome)]
    for _ in range(2):
        for i, again in server.attempts(slow):
            if again["ms"] < outcomes[i]["ms"]:
                outcomes[i] = again
    return [outcomes[i] for i in range(len(cases))]


def run_group(tap, server, title, cases, margins):
    """Tries the cases of a group; returns a few that were refused."""
    outcomes = outcomes_of(server, cases)
    accepted = sum(o["state"] == "00000" for o in outcomes)
    notes = []
    for case, outcome in zip(cases, outcomes):
        found = problems(case, outcome, margins)
        if found:
            notes.append(f"{case.name}: {'; '.join(found)}")
    summary = f"{title}: {len(cases)} cases, {accepted} accepted"
    if title.startswith(bulk.FLIPS):
        scored, said = bulk.disagreements(
            [(c, o) for c, o in zip(cases, outcomes) if o["state"] == "00000"])
        summary += f", {scored} of these scored by XGBoost too"
        notes += said
    failed = len(notes)
    if failed > SHOWN:
        notes[SHOWN:] = [f"and {failed - SHOWN} more"]
    slowest = max(o["ms"] for o in outcomes)
    tap.line(not failed, f"{summary}, slowest {slowest:.0f} ms", notes)
    refused = [c for c, o in zip(cases, outcomes) if o["state"] != "00000" and not c.settings]
    return refused[::max(1, len(refused) // 3)][:3]


def plain_statements(tap, server, refused):
    """The same refusals outside of any function, each in a transaction of its own."""
    before = server.value("SELECT * FROM malformed.registry")
    server.load(refused)
    answered = []
    for i in range(len(refused)):
        answered += server.rows("SELECT 'imported', riskml.import_model('malformed', data)"
                                f" FROM malformed.cases WHERE id = {i}")
    server.rows("BEGIN; SELECT riskml.import_model('malformed', data) FROM malformed.cases"
                " WHERE id = 0; ROLLBACK")
    after = server.value("SELECT * FROM malformed.registry")
    tap.line(not answered and before == after,
             f"{len(refused)} refused imports as plain statements store nothing",
             answered[:SHOWN] + ([] if before == after else [f"{before} became {after}"]))


def rolled_back(tap, server, good):
    before = server.value("SELECT * FROM malformed.registry")
    server.load([good])
    version = server.rows("BEGIN; SELECT riskml.import_model('malformed', data)"
                          " FROM malformed.cases; ROLLBACK")
    after = server.value("SELECT * FROM malformed.registry")
    tap.line(len(version) == 1 and before == after,
             "an import in a transaction that rolls back stores nothing",
             [f"version {version}, {before} became {after}"] * (before != after))


def memory(tap, server, grown, big):
    """The whole run, and one large import in a fresh backend."""
    tap.line(grown < SERVER_MEMORY, f"the backend's own memory grew by {grown >> 20} MB at most")
    server.load([big])
    server.close()
    server.connect()
    rows = "SELECT octet_length(data || ''::bytea) FROM malformed.cases"
    server.rows(rows)
    before = server.peak_memory()
    server.rows("SELECT malformed.attempt(0)")
    used = server.peak_memory() - before
    size = len(big.data)
    tap.line(used <= 8 * size + (8 << 20),
             f"importing {size / 2**20:.1f} MB took {used / 2**20:.1f} MB, at most 8 times "
             "the input")


def unharmed(tap, server, started, backend, log_before):
    now = server.value("SELECT pg_postmaster_start_time()")
    tap.line(now == started, "the server was never restarted", [] if now == started else [now])
    tap.line(backend == server.pid, "one backend served the whole run")
    tap.line(crashes_in_log(server) == log_before, "no server process was killed by a signal")


def crashes_in_log(server):
    """How often the log of test/harness/with-cluster tells of one, '' without such a log."""
    return server.value(
        "SELECT count(*) FROM regexp_matches(pg_read_file("
        "current_setting('data_directory') || '/../server.log', 0, 1000000000, true),"
        " 'terminated by signal|PANIC', 'g')")


def scorers(tap, bases):
    count, said = bases.disagreements()
    tap.line(not said, f"{count} files score as XGBoost {'.'.join(map(str, LIB))} has them",
             said[:SHOWN])


def prepare(server):
    server.script(os.path.join(HERE, "attempt.sql"))
    for n, row in enumerate(PROBES):
        names = zip(("a", "b", "c", "f0", "f1", "f2"), row + row)
        pairs = ", ".join(f"'{k}', {'null' if v is None else v}" for k, v in names)
        server.rows(f"INSERT INTO malformed.probes VALUES ({n}, jsonb_build_object({pairs}))")
    for n, row in enumerate([row for row, _ in LABELLED] + [UNKNOWN_LABEL]):
        row = {**row, **{f"f{'abc'.index(k)}": v for k, v in row.items()}}
        server.rows(f"INSERT INTO malformed.labelled VALUES ({n}, '{json.dumps(row)}')")


def run(groups, bases):
    tap = Tap()
    began = time.monotonic()
    scorers(tap, bases)
    server = Server()
    prepare(server)
    started = server.value("SELECT pg_postmaster_start_time()")
    backend, log_before = server.pid, crashes_in_log(server)
    registry = server.value("SELECT * FROM malformed.registry")
    first = most = server.private_memory()
    total, refused, big, title = 0, [], None, "start"
    try:
        for title, cases in groups.items():
            cases = list(cases)
            total += len(cases)
            refused += run_group(tap, server, title, cases, bases.margins)
            most = max(most, server.private_memory())
            large = [c for c in cases if c.expect == ACCEPTED and len(c.data) > 1 << 20]
            big = max(large + [big] * bool(big), key=lambda c: len(c.data), default=None)
        now = server.value("SELECT * FROM malformed.registry")
        tap.line(now == registry, "the registry is as it was",
                 [] if now == registry else [f"{registry} became {now}"])
        plain_statements(tap, server, [c for c in refused if not c.as_text])
        unharmed(tap, server, started, backend, log_before)
        good = next(spared.as_written(bases))
        rolled_back(tap, server, good)
        if big:
            memory(tap, server, most - first, big)
        server.rows("DROP SCHEMA malformed CASCADE")
        said = [line for line in server.warnings().splitlines()
                if "WARNING" in line and not re.search(OWN_WARNING, line)]
        tap.line(not said, "no warning was raised but of labels", said[:SHOWN])
        server.close()
    except Gone as gone:
        tap.line(False, f"{title}: the server is gone", [gone])
    print(f"1..{tap.count}")
    print(f"# {total} cases in {time.monotonic() - began:.0f} s")
    return 1 if tap.failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", metavar="PATTERN", default="")
    parser.add_argument("--write", metavar="DIR")
    args = parser.parse_args()
    bases = Bases()
    groups = {title: cases for title, cases in groups_of(bases, args.long).items()
              if re.search(args.only, title)}
    if args.write:
        write(groups, args.write)
        return 0
    return run(groups, bases)


if __name__ == "__main__":
    sys.exit(main())
