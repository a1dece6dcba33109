#!/usr/bin/python3
"""What train.py measures riskml beside: XGBoost's Python, in a process of its own.

    test/bench/train_rival.py pull QUERY THREADS
    test/bench/train_rival.py train MATRIX.npy LABELS.npy PARAMS ROUNDS [MODEL]

pull: the rows by psycopg2 into a data frame, and that into a DMatrix: seconds. train: a DMatrix of a float32 array, which then
goes, and xgboost.train() on it: seconds of the training alone, and the most memory of the process. Prints JSON.
"""
import json
import sys
import time

import numpy as np
import xgboost as xgb


def peak_kilobytes():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def pull(query, threads):
    import pandas as pd
    import psycopg2

    times = [time.monotonic()]
    connection = psycopg2.connect("")
    cursor = connection.cursor()
    cursor.execute(query)
    rows = cursor.fetchall()
    times.append(time.monotonic())
    frame = pd.DataFrame(rows, columns=[column.name for column in cursor.description], dtype=np.float64)
    times.append(time.monotonic())
    label = frame.pop("label")
    matrix = xgb.DMatrix(frame, label, nthread=int(threads))
    times.append(time.monotonic())
    return {"rows": matrix.num_row(), "seconds": times[-1] - times[0], "pull": times[1] - times[0], "frame": times[2] - times[1], "matrix": times[3] - times[2]}


def train(values, labels, params, rounds, model=None):
    params = json.loads(params)
    x = np.load(values)
    matrix = xgb.DMatrix(x, np.load(labels), nthread=params["nthread"])
    del x
    begin = time.monotonic()
    booster = xgb.train(params, matrix, int(rounds))
    seconds = time.monotonic() - begin
    peak = peak_kilobytes()
    if model:
        booster.save_model(model)
    return {"seconds": seconds, "peak": peak}


if __name__ == "__main__":
    print(json.dumps({"pull": pull, "train": train}[sys.argv[1]](*sys.argv[2:])))
