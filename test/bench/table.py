"""The one table of `make bench`: its rows, and how they are written."""
from dataclasses import dataclass
from typing import Optional

HEAD = ["what", "riskml", "beside", "result", "must", "aim", "met"]


@dataclass
class Row:
    """result: in `unit`; must and aim: its limits, lower ones if `least`, else upper ones."""
    what: str
    ours: str
    beside: str
    result: Optional[float]
    unit: str = "×"
    must: Optional[float] = None
    aim: Optional[float] = None
    least: bool = True

    def passes(self, limit):
        return self.result >= limit if self.least else self.result <= limit

    def met(self):
        if self.result is None or self.must is None:
            return "—"
        if not self.passes(self.must):
            return "**no**"
        return "must" if self.aim is None or not self.passes(self.aim) else "yes"

    def limit(self, value):
        return "—" if value is None else f"{'≥' if self.least else '≤'} {value:g}{self.unit}"

    def cells(self):
        result = "—" if self.result is None else f"{self.result:.{2 if self.result < 10 else 1}f}{self.unit}"
        return [self.what, self.ours, self.beside, result, self.limit(self.must), self.limit(self.aim),
                self.met()]


class Line(Row):
    """One without an aim."""

    def met(self):
        return {"must": "yes"}.get(super().met(), super().met())


def seconds(value):
    return f"{value:.2f} s"


def nanoseconds(value):
    return f"{value:,.0f} ns"


def faster(what, ours, beside, must=None, aim=None, note=""):
    """Both in ns per row: how many times faster."""
    return Row(what, nanoseconds(ours), nanoseconds(beside) + note, beside / ours, must=must, aim=aim)


def skipped(what, why):
    return Row(what, why, "", None)


def markdown(rows, columns=None):
    picked = [HEAD.index(c) for c in columns or HEAD]
    lines = [[HEAD[i] for i in picked], ["---"] * len(picked)]
    lines += [[row.cells()[i] for i in picked] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
