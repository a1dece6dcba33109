"""Truncations and single-bit flips of small models: all or a sample."""
import json
import random
import struct
import subprocess
import sys

import xgboost as xgb

import expected
from bases import REFUSED, SURVIVE, Case
from syntax_json import OFFSET
from trained import PROBES, margins_of, readable

# By name: truncations and flips in a short run.
WHOLE = 10**9
FILES = {"gbtree": (WHOLE, 1500), "dart": (WHOLE, 1500)}
FILES.update((f"hand-{shape}", (150, 300)) for shape in (
    "linear-3", "classes", "scores", "expectiles", "vectors-3.0", "vectors-dart",
    "vectors-mixed", "categorical", "cats"))
SEED = 20250301
FLIPS = "bit flips of "


def sample(kinds, count):
    if len(kinds) <= count:
        return kinds
    return sorted(random.Random(SEED).sample(kinds, count))


def truncations(name, data, count):
    for size in sample(range(1, len(data)), count):
        yield Case(f"{name} cut to {size} bytes", data[:size], REFUSED, OFFSET)


def flips(name, data, count):
    """Refused, or accepted: then it must score and verify like any other model."""
    for bit in sample(range(8 * len(data)), count):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        yield Case(f"{name}, bit {bit % 8} of byte {bit // 8}", bytes(flipped), SURVIVE,
                   labels="cats" in name)


def rows_for(doc):
    """PROBES as a model sees them whose features may have lost their names."""
    names = doc["learner"].get("feature_names") or ["a", "b", "c"]
    return [[dict(zip("abc", row)).get(name) for name in names] for row in PROBES]


def same(ours, theirs):
    """Equal to the bit, NaN included."""
    return repr([[float(m) for m in row] for row in ours]) == repr(theirs)


def disagreements(accepted):
    """Scores flipped models that riskml has accepted otherwise: all by what the file says,
    and by XGBoost, in a process of its own, those it can read.

    Takes (case, outcome) pairs.  Returns how many XGBoost scored, for it refuses some,
    and a sentence for each whose margins differ.
    """
    said, scored = [], []
    for case, outcome in accepted:
        doc = expected.read(case.data)
        theirs = expected.margins(doc, rows_for(doc))
        if not same(outcome["margins"], theirs):
            said.append(f"{case.name}: margins {outcome['margins']}, expected {theirs}")
        if readable(doc):
            scored.append((case, outcome))
    stream = b"".join(struct.pack("<I", len(c.data)) + c.data for c, _ in scored)
    child = subprocess.run([sys.executable, "-B", __file__], input=stream,
                           stdout=subprocess.PIPE, check=False)
    answers = [json.loads(line) for line in child.stdout.splitlines()]
    for (case, outcome), theirs in zip(scored, answers):
        if theirs is not None and not same(outcome["margins"], theirs):
            said.append(f"{case.name}: margins {outcome['margins']}, XGBoost has {theirs}")
    if len(answers) < len(scored):
        said.append(f"{scored[len(answers)][0].name}: accepted, but XGBoost crashed on it")
    return sum(a is not None for a in answers), said


def score_stream():
    """The child: one line per model, its margins or null."""
    while head := sys.stdin.buffer.read(4):
        data = sys.stdin.buffer.read(struct.unpack("<I", head)[0])
        try:
            print(json.dumps(margins_of(data)), flush=True)
        except (xgb.core.XGBoostError, ValueError):
            print("null", flush=True)


def parts(bases, every):
    groups = {}
    for base, (cut, flipped) in FILES.items():
        for name in (f"{base}.json", f"{base}.ubj"):
            data = bases.files[name]
            groups[f"truncations of {name}"] = truncations(name, data, WHOLE if every else cut)
            groups[FLIPS + name] = flips(name, data, WHOLE if every else flipped)
    return groups


if __name__ == "__main__":
    xgb.set_config(verbosity=0)
    score_stream()
