"""How `make bench` measures: sides in turn, and sessions whose processor time can be read."""
import math
import statistics
import subprocess
import threading
import time

import psycopg2


def in_turn(rounds, **sides):
    """Calls all sides once unmeasured, then in turn: {side: median of what its calls return}."""
    found = {name: [] for name in sides}
    for turn in range(rounds + 1):
        for name, side in sides.items():
            value = side()
            if turn > 0:
                found[name].append(value)
    return {name: statistics.median(values) for name, values in found.items()}


def wall(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def output_of(command):
    """What it prints; if we are ended meanwhile, it is asked to end and awaited, so that it can clean up."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            output = process.communicate()[0]
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise SystemExit(f"score.py: {command[0]} failed")
    return output


def connect():
    connection = psycopg2.connect("")
    connection.autocommit = True
    return connection


class Session:
    """A connection with settings; its backend's processor time is that of the statement alone."""

    def __init__(self, **settings):
        self.connection = connect()
        self.cursor = self.connection.cursor()
        for name, value in settings.items():
            self.cursor.execute("SELECT set_config(%s, %s, false)", (name.replace("__", "."), str(value)))
        self.pid = self.connection.get_backend_pid()

    def run(self, query, values=None):
        self.cursor.execute(query, values)

    def ask(self, query, values=None):
        self.run(query, values)
        return self.cursor.fetchone()[0]

    def text(self, query):
        self.run(query)
        return "\n".join(line for line, in self.cursor.fetchall())

    def cpu(self):
        """The backend's clock: what clock_getcpuclockid() gives for another process."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def cpu_of(self, query):
        begin = self.cpu()
        self.run(query)
        return self.cpu() - begin

    def wall_of(self, query):
        return wall(lambda: self.run(query))

    def close(self):
        self.connection.close()


def percentile(values, share):
    return sorted(values)[math.ceil(len(values) * share) - 1]


def private_memory(pid):
    """In MB."""
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon")) / 1024


class Peak(threading.Thread):
    """The most private memory that a process has while this runs."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.stopped = pid, 0, threading.Event()
        self.start()

    def run(self):
        while not self.stopped.wait(0.02):
            self.most = max(self.most, private_memory(self.pid))

    def stop(self):
        self.stopped.set()
        self.join()
        return self.most
