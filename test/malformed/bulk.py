"""Every truncation and single-bit flips of small models."""
import json
import random
import re
import struct
import subprocess
import sys

import xgboost as xgb

from bases import REFUSED, SURVIVE, Case, margins_of
from syntax_json import OFFSET

FILES = ("gbtree.json", "gbtree.ubj", "dart.json", "dart.ubj")
SAMPLE = 1500       # flips per file in a short run
SEED = 20250301
FLIPS = "bit flips of "


def truncations(name, data):
    for size in range(1, len(data)):
        yield Case(f"{name} cut to {size} bytes", data[:size], REFUSED, OFFSET)


def flips(name, data, every):
    """Refused, or accepted: then it must score and verify like any other model."""
    bits = range(8 * len(data))
    if not every:
        bits = sorted(random.Random(SEED).sample(bits, SAMPLE))
    for bit in bits:
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        yield Case(f"{name}, bit {bit % 8} of byte {bit // 8}", bytes(flipped), SURVIVE)


def adds_as_today(data):
    """Not so up to 1.3: the base margin came last there, and riskml heeds that."""
    version = (re.search(rb'"version":\[(\d+),(\d+)', data)
               or re.search(rb"version\[#L.{8}i(.)i(.)", data, re.DOTALL))
    if version is None:
        return True
    numbers = [int(v) if v.isdigit() else v[0] for v in version.groups()]
    return numbers >= [1, 4]


def disagreements(accepted):
    """Lets XGBoost score flipped models that riskml has accepted, in a process of its own.

    Takes (case, outcome) pairs.  Returns how many XGBoost scored, for it refuses some,
    and a sentence for each whose margins differ.
    """
    accepted = [(c, o) for c, o in accepted if adds_as_today(c.data)]
    stream = b"".join(struct.pack("<I", len(c.data)) + c.data for c, _ in accepted)
    child = subprocess.run([sys.executable, "-B", __file__], input=stream,
                           stdout=subprocess.PIPE, check=False)
    answers = [json.loads(line) for line in child.stdout.splitlines()]
    said = []
    for (case, outcome), theirs in zip(accepted, answers):
        ours = [float(m) for m in outcome["margins"]]
        if theirs is not None and repr(ours) != repr([float(m) for m in theirs]):
            said.append(f"{case.name}: margins {ours}, XGBoost has {theirs}")
    if len(answers) < len(accepted):
        said.append(f"{accepted[len(answers)][0].name}: accepted, but XGBoost crashed on it")
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
    for name in FILES:
        data = bases.files[name]
        groups[f"truncations of {name}"] = truncations(name, data)
        groups[FLIPS + name] = flips(name, data, every)
    return groups


if __name__ == "__main__":
    xgb.set_config(verbosity=0)
    score_stream()
