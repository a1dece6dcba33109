#!/usr/bin/python3
"""Writes data/tiny.ubj: pg_temp.tiny_model(2) of data/fixtures.inc as XGBoost itself writes UBJSON.

Run by hand, the result is committed: test/harness/with-cluster test/sql/make_fixtures.py"""
import pathlib
import subprocess
import tempfile

import xgboost

data = pathlib.Path(__file__).parent / "data"
with tempfile.NamedTemporaryFile(suffix=".json") as model:
    subprocess.run(["psql", "-XAtq", "-f", data / "fixtures.inc", "-o", model.name,
                    "-c", "SELECT pg_temp.tiny_model(2)"], check=True, stdout=subprocess.DEVNULL)
    xgboost.Booster(model_file=model.name).save_model(data / "tiny.ubj")
