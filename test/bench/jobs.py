#!/usr/bin/python3
"""`make bench-jobs`: how fast the job engine starts steps, how punctually, and what it costs at rest.

    test/harness/bench.sh jobs          (it runs this in a server with the settings of jobs.conf)

Where pg_cron can do the same, the two take turns.  Prints the table and writes
docs/results/jobs.md of the directory RISKML_TOP.
"""
import datetime
import os
import platform
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import machine      # noqa: E402
import table        # noqa: E402
from measure import Session, percentile     # noqa: E402
from table import Line      # noqa: E402

STEPS = 1000            # of a throughput
ROUNDS = 3              # of one
TICKS = 30              # of a job that is due each second
IDLE = 1000             # jobs at rest
REST = 60               # seconds for which they are watched
CROWD = 200             # jobs that are due in the same minute
TURNS = 2               # of each side with them
TOP = os.environ["RISKML_TOP"]


def say(text):
    print(f"# {time.monotonic() - BEGIN:4.0f} s: {text}", flush=True)


def wait_until(session, query, seconds=120):
    end = time.monotonic() + seconds
    while not session.ask(query):
        if time.monotonic() > end:
            raise SystemExit(f"jobs.py: waited in vain for: {query}")
        time.sleep(0.05)


# ---- throughput

def steps_per_second(session, jobs):
    """Runs all jobs at once: their steps by the time from the request's commit to the last run's end."""
    found = []
    for _ in range(ROUNDS):
        first = session.ask("SELECT min(riskml.run_job(name)) FROM riskml.jobs WHERE name LIKE %s", (jobs,))
        wait_until(session, f"SELECT bool_and(ended_at IS NOT NULL) FROM riskml.runs WHERE run_id >= {first}")
        session.run("SELECT count(*), count(*) FILTER (WHERE a.state <> 'success'),"
                    " extract(epoch FROM max(r.ended_at) - max(r.created_at))::float8"
                    " FROM riskml.attempts a JOIN riskml.runs r USING (run_id) WHERE run_id >= %s", (first,))
        steps, bad, seconds = session.cursor.fetchone()
        if (steps, bad) != (STEPS, 0):
            raise SystemExit(f"jobs.py: {steps} attempts, {bad} of them failed, not {STEPS} that succeeded")
        found.append(steps / seconds)
        say(f"{jobs}: {found[-1]:.0f} steps/s")
    return statistics.median(found)


def throughput_rows(session):
    session.run("SELECT riskml.create_job('wide')")
    session.run("SELECT riskml.add_step('wide', 's' || i, command => 'SELECT') FROM generate_series(1, %s) i", (STEPS,))
    session.run("SELECT riskml.create_job('single' || i), riskml.add_step('single' || i, 's', command => 'SELECT')"
                " FROM generate_series(1, %s) i", (STEPS,))
    say("jobs created")
    for jobs, what in (("wide", f"a job of {STEPS:,} steps without order"), ("single%", f"{STEPS:,} jobs of a step each")):
        value = steps_per_second(session, jobs)
        yield Line(f"{what}, run by hand: empty steps (`SELECT`) per second with 8 workers",
                        f"{value:.0f}/s", "cannot", value, "/s", must=100)


# ---- punctuality

def latencies(session, job):
    """Of each tick: milliseconds until the step's SQL runs.  And how many ticks had no run of their own."""
    session.run("TRUNCATE noted")
    session.run("SELECT riskml.create_job(%s, '1 second'), riskml.add_step(%s, 's', command =>"
                " 'INSERT INTO noted VALUES (riskml.interval_end(), clock_timestamp())')", (job, job))
    time.sleep(TICKS + 1.5)
    session.run("SELECT riskml.pause_job(%s)", (job,))
    time.sleep(1)
    session.run("SELECT (1000 * extract(epoch FROM noted_at - due_at))::float8 FROM noted")
    found = [ms for ms, in session.cursor.fetchall()]
    ticks = session.ask("SELECT 1 + round(extract(epoch FROM max(due_at) - min(due_at)))::int FROM noted")
    say(f"{job}: median {statistics.median(found):.1f} ms, p99 {percentile(found, 0.99):.1f} ms,"
        f" {len(found)} of {ticks} ticks")
    return found, ticks - len(found)


def latency_rows(session, job, where):
    found, missing = latencies(session, job)
    note = f"{len(found)} ticks" + (f", {missing} missing" if missing else "")
    for share, name, must in ((0.5, "median", 100), (0.99, "99 of 100", 1000)):
        value = percentile(found, share)
        yield Line(f"a job due each second{where}: from due to its SQL, {name} of {note}", f"{value:.1f} ms",
                        "cannot: seconds came with 1.5", value, " ms", must=must, least=False)


# ---- at rest

def create_idle(session):
    """Hourly jobs that are due in 20 to 40 minutes."""
    minute = datetime.datetime.now().minute
    session.run("SELECT riskml.create_job('idle' || i, (%s + i %% 20) %% 60 || ' * * * *'),"
                " riskml.add_step('idle' || i, 's', command => 'SELECT') FROM generate_series(1, %s) i",
                (minute + 20, IDLE))


def processor_seconds(pids):
    """From the first field of schedstat: ns on a processor."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


CHANGES = """SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_all_tables"""
# where the next record goes; what was inserted need not be written yet
WAL = "SELECT pg_current_wal_insert_lsn()"


def records_between(session, begin, end):
    """What the server wrote there, a line for each record."""
    dump = subprocess.run(["pg_waldump", "-p", session.ask("SHOW data_directory") + "/pg_wal", "-s", begin, "-e", end],
                          stdout=subprocess.PIPE, text=True, check=False)
    return dump.stdout.splitlines()


def rest_rows(session):
    session.run("VACUUM ANALYZE")
    # it has all databases of the new cluster to analyze; and the scheduler, which is woken, tells what it had changed
    session.run("ALTER SYSTEM SET autovacuum = off")
    session.run("SELECT pg_reload_conf()")
    time.sleep(2)
    # who reads a page that VACUUM ANALYZE left dead rows in prunes it, which is WAL: our own query, too
    session.ask(CHANGES)
    session.run("CHECKPOINT")           # and a checkpoint nothing to write
    # nor the background writer a list of transactions to log, of all 15 s; and the scheduler has made a round, of all 30 s
    time.sleep(35)
    session.run("SELECT pid FROM pg_stat_activity WHERE backend_type IN ('riskml launcher', 'riskml scheduler')")
    pids = [pid for pid, in session.cursor.fetchall()]
    if len(pids) != 2:
        raise SystemExit(f"jobs.py: {len(pids)} processes of the engine, not 2")
    changes, wal = session.ask(CHANGES), session.ask(WAL)
    cpu, begin = processor_seconds(pids), time.monotonic()
    time.sleep(REST)
    share = (processor_seconds(pids) - cpu) / (time.monotonic() - begin)
    wal_end = session.ask(WAL)
    written = int(session.ask("SELECT %s::pg_lsn - %s::pg_lsn", (wal_end, wal)))
    changed = session.ask(CHANGES) - changes
    for record in records_between(session, wal, wal_end) if written > 0 else []:
        say(record)
    say(f"at rest: {100 * share:.4f} %, {written} bytes of WAL, {changed} rows changed")
    what = f"{IDLE:,} hourly jobs, none due for {REST} s: "
    yield Line(what + "processor time of launcher and scheduler, of one core", f"{100 * share:.4f} %", "—",
                    100 * share, " %", must=0.1, least=False)
    session.run("ALTER SYSTEM RESET autovacuum")
    session.run("SELECT pg_reload_conf()")
    yield Line(what + "WAL written by the whole server", f"{written} bytes", "—", written, " bytes", must=0, least=False)
    yield Line(what + "rows changed in all tables", f"{changed}", "—", changed, " rows", must=0, least=False)


# ---- beside pg_cron

NOTE = "INSERT INTO noted VALUES (date_trunc('minute', clock_timestamp()), clock_timestamp())"


def create_crowd(session):
    """The same jobs of either side, which do nothing yet."""
    session.run("CREATE EXTENSION pg_cron")
    session.run("SELECT riskml.create_job('crowd' || i, '* * * * *', enabled => false),"
                " riskml.add_step('crowd' || i, 's', command => %s) FROM generate_series(1, %s) i", (NOTE, CROWD))
    session.run("SELECT cron.schedule('crowd' || i, '* * * * *', %s) FROM generate_series(1, %s) i", (NOTE, CROWD))
    session.run("UPDATE cron.job SET active = false")


SWITCH = {
    "riskml": "SELECT riskml.alter_job(name, enabled => {}) FROM riskml.jobs WHERE name LIKE 'crowd%'",
    "pg_cron": "UPDATE cron.job SET active = {}",
}


def crowd_turn(session, side):
    """Lets all be due at the next minute: seconds until the first and until the last has run its SQL."""
    session.run("TRUNCATE noted")
    if time.time() % 60 > 50:
        time.sleep(60 - time.time() % 60)
    session.run(SWITCH[side].format("true"))
    minute = session.ask("SELECT date_trunc('minute', clock_timestamp()) + interval '1 minute'")
    time.sleep(60 - time.time() % 60 + 1)
    wait_until(session, f"SELECT count(*) = {CROWD} FROM noted", 55)
    session.run(SWITCH[side].format("false"))
    session.run("SELECT extract(epoch FROM min(noted_at) - %s)::float8, extract(epoch FROM max(noted_at) - %s)::float8"
                " FROM noted", (minute, minute))
    first, last = session.cursor.fetchone()
    say(f"{side}: {CROWD} jobs, the first after {first:.3f} s, the last after {last:.3f} s")
    return first, last


def crowd_rows(session):
    create_crowd(session)
    found = {side: [] for side in SWITCH}
    for _ in range(TURNS):
        for side in SWITCH:
            found[side].append(crowd_turn(session, side))
    firsts = {side: 1000 * statistics.mean(first for first, _ in turns) for side, turns in found.items()}
    rates = {side: CROWD / statistics.mean(last for _, last in turns) for side, turns in found.items()}
    what = f"{CROWD} jobs (`* * * * *`, an INSERT) due at once, 8 at the same time: "
    yield Line(what + "jobs per second, from the tick to the last", f"{rates['riskml']:.0f}/s",
                    f"{rates['pg_cron']:.0f}/s", None)
    yield Line(what + "from the tick to the first", f"{firsts['riskml']:.0f} ms", f"{firsts['pg_cron']:.0f} ms",
                    None)


# ---- the run

def measurements(session):
    session.run("CREATE TABLE noted (due_at timestamptz, noted_at timestamptz)")
    session.run("SELECT riskml.adopt_jobs()")
    yield from throughput_rows(session)
    yield from latency_rows(session, "each_second", "")
    create_idle(session)
    yield from latency_rows(session, "each_second_again", f" beside {IDLE:,} jobs at rest")
    yield from rest_rows(session)
    yield from crowd_rows(session)


EXPLANATION = f"""\
All figures are from one run. Throughput: median of {ROUNDS} rounds, from the commit that asks for the runs to the end of the
last. Punctuality: from the tick of the schedule, the end of the run's data interval, to `clock_timestamp()` in the SQL
of the step, so with the start of its process. At rest: the first field of /proc/PID/schedstat; autovacuum is off meanwhile,
and a CHECKPOINT and 35 s before leave nothing to checkpointer and background writer, so that WAL, counted where it is inserted, would be
the engine's. Beside
pg_cron: both sides have background workers (`cron.use_background_workers`), 8 at the same time
(`cron.max_running_jobs`), and take turns from minute to minute, {TURNS} turns each (means). `cannot`: pg_cron has no jobs by hand
and no steps, and in this version none that are due more often than each minute. Settings: `test/bench/jobs.conf`, with fsync on."""


def document(rows, version, cron, load):
    head = [
        f"* {machine.hardware()}; Linux {platform.release()}; load before: {load:.2f}",
        f"* riskml {os.environ.get('RISKML_COMMIT', 'unknown')}, PostgreSQL {version}, pg_cron {cron},"
        f" gcc {machine.gcc_version()}",
        f"* measured in {time.monotonic() - BEGIN:.0f} s",
    ]
    text = table.markdown(rows, ["what", "riskml", "beside", "must", "met"]).replace("| beside |", "| pg_cron |", 1)
    return "\n".join(["# make bench-jobs", "", f"Written by `make bench-jobs` on {datetime.date.today()}.", "",
                      *head, "", EXPLANATION, "", text, ""])


def main():
    load = os.getloadavg()[0]
    session = Session()
    rows = []
    for row in measurements(session):
        rows.append(row)
    text = document(rows, session.ask("SHOW server_version"),
                    session.ask("SELECT extversion FROM pg_extension WHERE extname = 'pg_cron'"), load)
    path = os.path.join(TOP, "docs", "results", "jobs.md")
    with open(path, "w") as file:
        file.write(text)
    print(f"\n{text}\nwritten: {path}")


if __name__ == "__main__":
    BEGIN = time.monotonic()
    main()
