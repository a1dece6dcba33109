"""riskml_trainer by itself: frames in, frames out (src/train/protocol.h)."""
import os
import resource
import struct
import subprocess

import numpy as np

EXTRAS = ("label", "label_upper", "weight", "group", "role")


def path():
    directory = subprocess.run([os.environ.get("PG_CONFIG", "pg_config"), "--pkglibdir"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    return os.path.join(directory, "riskml_trainer")


def frame(kind, content=b""):
    return struct.pack("=II", ord(kind), len(content)) + content


def entries(pairs):
    return b"".join(f"{key}\0{value}\0".encode() for key, value in pairs)


def config(features, extras=("label",), params=None, **numbers):
    """Features: a number of them, or pairs of a type and a name."""
    columns = [("q", "")] * features if isinstance(features, int) else features
    pairs = [("protocol", 1), *(("feature", f"{t}\t{n}") for t, n in columns), ("extras", ",".join(extras))]
    pairs += [("param", f"{name}\t{value}") for name, value in (params or {}).items()]
    return frame("C", entries([*pairs, *numbers.items()]))


def rows(*columns):
    """Arrays side by side: the matrix of features, then extras."""
    table = np.column_stack(columns).astype(np.float32)
    step = max(1, (1 << 16) // (4 * table.shape[1]))
    return b"".join(frame("R", table[i:i + step].tobytes()) for i in range(0, len(table), step))


class Answer:
    """What it said, and how it ended."""

    def __init__(self, status, output, text):
        self.status, self.text = status, text
        self.lists, self.progress, self.model, self.scores = {}, [], b"", b""
        at = 0
        while at + 8 <= len(output):
            kind, size = struct.unpack_from("=II", output, at)
            content = output[at + 8:at + 8 + size]
            if len(content) != size or chr(kind) not in "HDPMSRX":
                raise AssertionError(f"no frame at {at} of {len(output)}: kind {kind}, size {size}")
            self.take(chr(kind), content)
            at += 8 + size
        if at != len(output):
            raise AssertionError(f"{len(output) - at} bytes behind the last frame")

    def take(self, kind, content):
        if kind == "M":
            self.model += content
        elif kind == "S":
            self.scores += content
        else:
            fields = content.split(b"\0")
            pairs = [(fields[i].decode(errors="replace"), fields[i + 1].decode(errors="replace")) for i in range(0, len(fields) - 1, 2)]
            if kind == "P":
                self.progress.append(pairs)
            else:
                self.lists[kind] = dict(pairs)

    def error(self):
        return self.lists.get("X", {}).get("kind"), self.lists.get("X", {}).get("message", "")

    def __str__(self):
        return f"status {self.status}, {self.lists}, {len(self.model)} bytes of model, {self.text[:300]}"


def run(stream, program=None, megabytes=None, seconds=60):
    def limit():
        if megabytes:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    done = subprocess.run([program or path()], input=stream, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds, preexec_fn=limit,
                          env={"OMP_NUM_THREADS": "1"})
    return Answer(done.returncode, done.stdout, done.stderr.decode(errors="replace"))
