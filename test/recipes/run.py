#!/usr/bin/python3
"""Recipes against scikit-learn, numpy, scipy, XGBoost and the published formulas, computed in this run.

    test/recipes/run.py [NAME...]

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
