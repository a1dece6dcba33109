#!/usr/bin/python3
"""Statistics against scipy and scikit-learn, computed in this run.

    test/stats/run.py [NAME...]

Each check_NAME.py has a function checks(database) that yields (name, passed, what was seen); the last is printed when it
did not pass. Prints TAP. The server is that of the PG* environment.
"""
import glob
import importlib
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(HERE)

from common import Database     # noqa: E402


def checks(name):
    """Those of check_NAME.py; one more, not passed, where it breaks off."""
    try:
        yield from importlib.import_module(f"check_{name}").checks(Database())
    except Exception:
        yield "is run to its end", False, traceback.format_exc().rstrip().replace("\n", "\n# ")


def main(folder):
    """Runs the checks of a folder."""
    sys.path.insert(0, folder)
    names = sys.argv[1:] or [os.path.basename(path)[len("check_"):-3] for path in sorted(glob.glob(f"{folder}/check_*.py"))]
    number = failed = 0
    for name in names:
        begin = time.monotonic()
        for what, passed, seen in checks(name):
            number += 1
            failed += not passed
            print(f"{'ok' if passed else 'not ok'} {number} - {name}: {what}")
            if not passed:
                print(f"# {seen}")
        print(f"# {name}: {time.monotonic() - begin:.1f} s", flush=True)
    print(f"1..{number}")
    return 1 if failed or not number else 0


if __name__ == "__main__":
    sys.exit(main(HERE))
