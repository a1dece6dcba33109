"""The page of docs/results that a bench writes: what it was measured on, what the lines mean, the table."""
import datetime
import os
import platform
import time

import machine
import table

COLUMNS = ["what", "riskml", "beside", "result", "must", "met"]


class Report:
    """Begins with the bench, so that the load before it and its time are known."""

    def __init__(self, name, explanation):
        self.name, self.explanation = name, explanation
        self.begin, self.load = time.monotonic(), os.getloadavg()[0]
        self.rows = []

    def say(self, text):
        print(f"# {time.monotonic() - self.begin:4.0f} s: {text}", flush=True)

    def text(self, version):
        head = [
            f"* {machine.hardware()}; Linux {platform.release()}; load before: {self.load:.2f}",
            f"* riskml {os.environ.get('RISKML_COMMIT', 'unknown')}, PostgreSQL {version}, gcc {machine.gcc_version()}",
            f"* measured in {time.monotonic() - self.begin:.0f} s",
        ]
        return "\n".join([f"# make bench-{self.name}", "", f"Written by `make bench-{self.name}` on {datetime.date.today()}.", "", *head, "",
                          self.explanation, "", table.markdown(self.rows, COLUMNS), ""])

    def write(self, session):
        text = self.text(session.ask("SHOW server_version"))
        path = os.path.join(os.environ["RISKML_TOP"], "docs", "results", f"{self.name}.md")
        with open(path, "w") as file:
            file.write(text)
        print(f"\n{text}\nwritten: {path}")
