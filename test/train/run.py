#!/usr/bin/python3
"""Training against XGBoost's own Python, on the same rows in this run; and riskml_trainer by itself.

    test/train/run.py [NAME...]

As test/stats/run.py, for the check_NAME.py of this folder.
"""
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = os.path.join(HERE, "..", "stats")

from run import main     # noqa: E402

if __name__ == "__main__":
    sys.exit(main(HERE))
