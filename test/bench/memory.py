#!/usr/bin/python3
"""Memory of its own that a connection needs for scoring.

    test/harness/with-cluster test/bench/memory.py MODEL_FILE

Prints, for a server that does not preload riskml, the bytes that a connection has beyond those of
one that did the same without scoring, and the bytes of the model's image. score.py, in whose server
riskml is preloaded, calls private_bytes() itself.
"""
import json
import statistics
import sys

import data
from loading import import_model, load_keyed, load_table
from measure import Session

CONNECTIONS = 5


def anonymous(pid):
    """Exact, unlike RssAnon in status, which is a count that the processors' own counts are missing from."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("Anonymous:"))


def after(expression):
    """Anonymous memory of a new connection that has read 1,000 keyed rows through an expression."""
    session = Session()
    session.ask("SELECT 1")
    session.ask(f"SELECT {expression} FROM keyed k WHERE id = 1")
    session.ask(f"SELECT sum({expression}) FROM keyed k WHERE id <= 1000")
    bytes_used = anonymous(session.pid)
    session.close()
    return bytes_used


def private_bytes(model):
    nothing = f"num_nonnulls({', '.join(data.names(data.FEATURES))})"
    pairs = [(after(f"risk_score('{model}', k)"), after(nothing)) for _ in range(CONNECTIONS)]
    return statistics.median(scored - not_scored for scored, not_scored in pairs)


def image_bytes(session, model):
    return session.ask("SELECT image_bytes FROM riskml.models WHERE model = %s AND version = 1", (model,))


def main():
    session = Session()
    load_table(session, "loans", 1000, data.FEATURES)
    load_keyed(session, 1000)
    import_model(session, "L", sys.argv[1])
    print(json.dumps({"bytes": private_bytes("L"), "image": image_bytes(session, "L")}))


if __name__ == "__main__":
    main()
