"""riskml_trainer by itself: what makes no sense is an error that says so, never a crash."""
import os
import struct

import numpy as np
import xgboost as xgb

from program import config, entries, frame, rows, run

RNG = np.random.default_rng(3)
N = 200
X = RNG.normal(size=(N, 3)).astype(np.float32)
X[RNG.uniform(size=X.shape) < 0.1] = np.nan
Y = (np.nan_to_num(X[:, 0]) > 0).astype(np.float32)
LOGISTIC = {"objective": "binary:logistic", "nthread": 1}
END = frame("E")
GOOD = config(3, params=LOGISTIC, rounds=3)


def same(answer, matrix, booster):
    found = xgb.Booster()
    found.load_model(bytearray(answer.model))
    return (found.predict(matrix, output_margin=True) == booster.predict(matrix, output_margin=True)).all(), str(answer)


def sense():
    matrix = xgb.DMatrix(X, Y)
    answer = run(GOOD + rows(X, Y) + END)
    yield "trains", *same(answer, matrix, xgb.train(LOGISTIC, matrix, 3))
    yield "ends with 0", answer.status == 0 and answer.lists["R"]["rounds"] == "3", str(answer)
    yield "hello", answer.lists["H"]["protocol"] == "1" and answer.lists["H"]["xgboost"] == xgb.__version__, answer.lists["H"]
    scores = np.frombuffer(answer.scores, np.float32)
    yield "scores", (scores == xgb.train(LOGISTIC, matrix, 3).predict(matrix)).all(), scores
    answer = run(config(3, params=LOGISTIC, rounds=3, keep_model=0) + rows(X, Y) + END)
    yield "no model is wanted", answer.status == 0 and answer.model == b"" and len(answer.progress) == 3, str(answer)
    answer = run(config(3, ("label", "role"), LOGISTIC, rounds=3, folds=2) + rows(X, Y, 1 + np.arange(N) % 2) + END)
    yield "roles are folds", [dict(p).get("fold") for p in answer.progress] == ["1"] * 3 + ["2"] * 3 + [None] * 3, answer.progress
    answer = run(config(3, ("label", "role"), LOGISTIC, rounds=3, folds=2, fold_roles=0) + rows(X, Y, np.arange(N) % 4 == 0) + END)
    yield "roles beside folds", answer.lists["D"]["validation_rows"] == str(N // 4) and "validation-logloss" in dict(answer.progress[-1]), str(answer)
    answer = run(config(3, params={**LOGISTIC, "verbosity": 3}, rounds=3) + rows(X, Y) + END)
    yield "messages are no frames", answer.status == 0 and answer.text != "", str(answer)
    codes = RNG.integers(0, 4, N)
    order = np.array([2, 0, 3, 1])
    described = [("c", "kind"), ("q", "a"), ("q", "b")]
    params = {**LOGISTIC, "tree_method": "hist"}
    answer = run(config(described, params=params, rounds=3) + rows(codes, X[:, 1:], Y) + frame("M", struct.pack("=6I", 0, 4, *order)) + END)
    matrix = xgb.DMatrix(np.column_stack([order[codes], X[:, 1:]]), Y, feature_types=["c", "q", "q"], feature_names=["kind", "a", "b"])
    yield "categories are renumbered", *same(answer, matrix, xgb.train(params, matrix, 3))


def large():
    """More rows than a sample has."""
    x = RNG.normal(size=(50000, 3)).astype(np.float32)
    kinds = RNG.integers(0, 5, 50000)
    y = (x[:, 0] + kinds / 5 + RNG.normal(size=50000) > 0).astype(np.float32)
    described = [("q", "a"), ("q", "b"), ("q", "c"), ("c", "kind")]
    params = {**LOGISTIC, "tree_method": "hist", "eval_metric": "auc", "learning_rate": 0.9}
    answer = run(config(described, params=params, rounds=60, fraction=0.2, stratify=1, early_stopping_rounds=3) + rows(x, kinds, y) + END)
    yield "a sample measures the rows of training", answer.lists["D"]["train_metric_rows"] == "20000" and len(answer.scores) == 80000, str(answer)
    measured = dict(answer.progress[-1])
    yield "and not far off", abs(float(measured["train-auc"]) - float(measured["validation-auc"])) < 0.05, measured
    yield "the model is cut", int(answer.lists["R"]["best_iteration"]) + 4 == int(answer.lists["R"]["rounds"]), answer.lists["R"]
    groups = np.arange(50000) % 25 == 0
    answer = run(config(3, ("label", "weight", "group"), {"objective": "rank:ndcg", "nthread": 1}, rounds=4, fraction=0.2, early_stopping_rounds=1)
                 + rows(x, y, np.ones(50000), groups) + END)
    yield "groups are measured as they are", answer.status == 0 and answer.lists["D"]["train_metric_rows"] == "40000", str(answer)


def nonsense():
    body = rows(X, Y)
    role = config(3, ("label", "role"), LOGISTIC, rounds=3)
    cases = {
        "no feature": config(0, params=LOGISTIC, rounds=3),
        "no label": config(3, (), LOGISTIC, rounds=3),
        "no rounds": config(3, params=LOGISTIC),
        "no rows": GOOD + END,
        "half a row": GOOD + frame("R", b"1234567") + END,
        "rows before the configuration": body,
        "two configurations": GOOD + GOOD,
        "an unknown frame": GOOD + frame("?"),
        "an END with content": GOOD + body + frame("E", b"x"),
        "a frame that is too large": GOOD + struct.pack("=II", ord("R"), 1 << 31),
        "another protocol": frame("C", entries([("protocol", 7)])),
        "an unknown key": frame("C", entries([("protocol", 1), ("colour", "red")])),
        "a list without an end": frame("C", b"protocol"),
        "a key without a value": frame("C", b"protocol\0"),
        "a parameter without a name": frame("C", entries([("param", "\t1")])),
        "a parameter without a value": frame("C", entries([("param", "eta")])),
        "a feature of no type": frame("C", entries([("feature", "z\tx")])),
        "names for some": config([("q", "a"), ("q", "")], rounds=3),
        "extras in another order": config(3, ("weight", "label"), LOGISTIC, rounds=3),
        "rounds of no number": config(3, params=LOGISTIC, rounds="3x"),
        "rounds below 1": config(3, params=LOGISTIC, rounds=0),
        "a fraction of 1": config(3, params=LOGISTIC, rounds=3, fraction=1),
        "one fold": config(3, params=LOGISTIC, rounds=3, folds=1),
        "more folds than rows": config(3, params=LOGISTIC, rounds=3, folds=900) + body + END,
        "a fold that is empty": config(3, ("label", "role"), LOGISTIC, rounds=3, folds=3) + rows(X, Y, 1 + np.arange(N) % 2) + END,
        "a fraction of too few": config(3, params=LOGISTIC, rounds=3, fraction=0.001) + body + END,
        "roles below 0": role + rows(X, Y, np.full(N, -1)) + END,
        "roles that are no numbers": role + rows(X, Y, np.full(N, np.nan)) + END,
        "all rows held out": role + rows(X, Y, np.ones(N)) + END,
        "early stopping without rows held out": config(3, params=LOGISTIC, rounds=3, early_stopping_rounds=2) + body + END,
        "a REMAP of no column": GOOD + body + frame("M", struct.pack("=3I", 9, 1, 0)) + END,
        "a REMAP that is short": GOOD + body + frame("M", struct.pack("=3I", 0, 7, 0)) + END,
        "a REMAP of values that are no codes": GOOD + body + frame("M", struct.pack("=3I", 0, 1, 0)) + END,
        "weights that differ in a group": config(3, ("label", "weight", "group"), {"objective": "rank:ndcg"}, rounds=3)
        + rows(X, Y, np.arange(N), np.arange(N) == 0) + END,
        "a label of no class": config(3, params={"objective": "multi:softprob"}, rounds=3) + rows(X, np.full(N, 1e20)) + END,
    }
    for name, stream in cases.items():
        answer = run(stream)
        yield f"refuses {name}", (answer.status, answer.error()[0]) == (1, "input") and answer.error()[1] != "", str(answer)
    for name, params, y in (("objective", {"objective": "binary:logistik"}, Y), ("value", {**LOGISTIC, "max_depth": "deep"}, Y), ("label", LOGISTIC, Y * 7)):
        answer = run(config(3, params=params, rounds=3) + rows(X, y) + END)
        yield f"passes on what XGBoost refuses: {name}", answer.error()[0] == "xgboost" and "trace" not in answer.error()[1] and ".cc" not in answer.error()[1], str(answer)


def long_texts():
    """Messages end with a whole character."""
    for length in range(9):
        stream = frame("C", entries([("x" * length + "ä€😀" * 500, "1")]))
        message = run(stream).error()[1]
        yield f"a long message, {length}", "\ufffd" not in message and len(message.encode()) > 4000, message[-9:]


def cut_short():
    """Who closes the pipe has gone: it ends at once, and says nothing."""
    stream = GOOD + rows(X, Y) + END
    for size in (0, 5, 9, len(GOOD) - 1, len(GOOD), len(GOOD) + 20, len(stream) - 8, len(stream) - 1):
        answer = run(stream[:size])
        yield f"a stream of {size} bytes", answer.status == 2 and set(answer.lists) == {"H"}, str(answer)


def random_bytes():
    """Bytes changed anywhere but in parameters and numbers of rounds, whose values are XGBoost's business."""
    stream = bytearray(config([("q", "a"), ("c", "b"), ("q", "c")], ("label", "role"), {"nthread": 1, "tree_method": "hist"}, rounds=2)
                       + rows(X[:, 0], np.arange(N) % 5, X[:, 2], Y, np.arange(N) % 3 == 0) + frame("M", struct.pack("=7I", 1, 5, 4, 3, 2, 1, 0)) + END)
    begin = stream.index(b"param"), stream.index(b"rounds")
    worst = None
    for i in range(500 if os.environ.get("RISKML_LONG") else 60):
        changed = bytearray(stream)
        for _ in range(RNG.integers(1, 4)):
            at = int(RNG.integers(0, len(stream) if i % 2 else begin[0]))
            if not begin[0] <= at < begin[1] + 10:
                changed[at] = RNG.integers(0, 256)
        answer = run(bytes(changed), megabytes=2000)
        if answer.status not in (0, 1, 2) or (answer.status == 1) != ("X" in answer.lists):
            worst = f"{i}: {answer}"
    yield "random bytes", worst is None, worst


def memory():
    """What does not fit says so, or is killed by the library; it never hangs."""
    x = RNG.normal(size=(400000, 10)).astype(np.float32)
    stream = config(10, params=LOGISTIC, rounds=2) + rows(x, (x[:, 0] > 0)) + END
    kinds = set()
    for megabytes in (30, 50, 70, 200):
        answer = run(stream, megabytes=megabytes)
        kinds.add("memory" if answer.error()[0] == "memory" else "done" if answer.status == 0 else f"{answer.status}: {answer.text[:100]}")
    yield "memory that does not suffice", "memory" in kinds and not any(k.startswith("1") for k in kinds), kinds


def checks(database):
    for check in (sense, large, nonsense, long_texts, cut_short, random_bytes, memory):
        yield from check()
