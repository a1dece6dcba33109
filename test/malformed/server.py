"""One long-lived psql that tries cases, one statement each."""
import json
import os
import queue
import subprocess
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
STATEMENT_TIMEOUT = 20      # seconds; an import that does not end is cancelled
GIVE_UP = 60                # and if that does not help, the run ends
DONE = "@@done"


class Gone(Exception):
    """The server or its backend does not answer any more."""


class Server:
    def __init__(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.errors = open(os.path.join(self.scratch.name, "stderr"), "w+b")
        self.connect()

    def connect(self):
        """A new backend; the old one, if any, is left."""
        options = f"-c statement_timeout={STATEMENT_TIMEOUT}s -c client_min_messages=warning"
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, env={**os.environ, "PGOPTIONS": options})
        self.lines = queue.Queue()
        threading.Thread(target=self.read, args=(self.psql.stdout, self.lines),
                         daemon=True).start()
        self.pid = int(self.value("SELECT pg_backend_pid()"))

    @staticmethod
    def read(stream, lines):
        for line in stream:
            lines.put(line.decode("utf-8", "replace").rstrip("\n"))
        lines.put(None)

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()

    def next_line(self):
        try:
            line = self.lines.get(timeout=GIVE_UP)
        except queue.Empty:
            self.psql.kill()
            raise Gone("no answer, and it cannot be cancelled") from None
        if line is None:
            self.errors.seek(0)
            said = self.errors.read().decode("utf-8", "replace").strip().splitlines()
            raise Gone(" ".join(" ".join(said[-3:]).split()) or "the connection ended")
        return line

    def send(self, text):
        try:
            self.psql.stdin.write(text.encode())
            self.psql.stdin.flush()
        except BrokenPipeError:
            pass        # next_line tells

    def rows(self, sql):
        self.send(f"{sql}\n;\n\\echo {DONE}\n")
        found = []
        while (line := self.next_line()) != DONE:
            found.append(line)
        return found

    def value(self, sql):
        return "\n".join(self.rows(sql))

    def script(self, path):
        self.send(f"\\i {path}\n\\echo {DONE}\n")
        while self.next_line() != DONE:
            pass

    def warnings(self):
        """What psql has said on stderr so far."""
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    def load(self, cases):
        """Replaces the cases in the server; ids are their places in the list."""
        self.rows("TRUNCATE malformed.cases")
        path = os.path.join(self.scratch.name, "cases.sql")
        with open(path, "w") as f:
            f.write("COPY malformed.cases FROM STDIN;\n")
            for i, case in enumerate(cases):
                f.write(f"{i}\t\\\\x{case.data.hex()}\t{case.as_text}\t{case.labels}\t"
                        f"{json.dumps(case.settings)}\n")
            f.write("\\.\n")
        self.script(path)

    def attempts(self, ids):
        """Yields (id, outcome) as they come."""
        path = os.path.join(self.scratch.name, "attempts.sql")
        with open(path, "w") as f:
            for n, i in enumerate(ids, 1):
                f.write(f"SELECT malformed.attempt({i});\n")
                if n % 500 == 0:        # rolled back imports leave dead rows
                    f.write("VACUUM riskml.model, riskml.model_version, riskml.model_alias,"
                            " riskml.audit_log;\n")
        self.send(f"\\i {path}\n\\echo {DONE}\n")
        for i in ids:
            line = self.next_line()
            if line == DONE:
                raise Gone(f"no result: {self.warnings()[-500:]}")
            yield i, json.loads(line)
        while self.next_line() != DONE:
            pass

    def peak_memory(self):
        """The most address space the backend has had so far, in bytes."""
        return self.status("VmPeak")

    def private_memory(self):
        """What of its own the backend has in memory now, in bytes."""
        return self.status("RssAnon")

    def status(self, key):
        with open(f"/proc/{self.pid}/status") as f:
            for line in f:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError(f"no {key}")
