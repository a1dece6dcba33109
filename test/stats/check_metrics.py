"""Metrics of riskml against scikit-learn and scipy, on real and on adversarial rows."""
import csv
import os

import numpy as np
from scipy import stats
from sklearn import metrics
from sklearn.calibration import calibration_curve

from common import near

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data")


def logistic(x):
    return 1 / (1 + np.exp(-x))


def real():
    """Columns of the real data, taken for scores, with ties and without; labels; weights."""
    with open(f"{DATA}/credit_data.csv") as file:
        rows = [r for r in csv.DictReader(file) if r["amount"] and r["price"] and r["status"]]
    label = np.array([r["status"] == "bad" for r in rows])
    amount, price = (np.array([float(r[c]) for r in rows]) for c in ("amount", "price"))
    yield "credit", amount / price / 2, label, 1 + price / 1000
    yield "credit, ties", np.round(amount / 5000, 1), label, price
    with open(f"{DATA}/lending_club.csv") as file:
        rows = list(csv.DictReader(file))
    label = np.array([r["class"] == "bad" for r in rows])
    rate, income = (np.array([float(r[c]) for r in rows]) for c in ("int_rate", "annual_inc"))
    yield "lending", rate / 100, label, np.sqrt(income)
    yield "lending, by income", logistic(-income / 1e5), label, rate


def adversarial():
    random = np.random.default_rng(8)
    n = 2000
    label = random.random(n) < 0.2
    yield "constant", np.full(n, 0.25), label, random.random(n)
    yield "two values", np.where(random.random(n) < 0.5, 0.0, 1.0), label, random.random(n)
    yield "ties everywhere", np.round(random.random(n), 1), label, random.integers(0, 4, n).astype(float)
    yield "perfect", label * 0.5 + random.random(n) / 3, label, random.random(n)
    yield "inverted", 1 - (label * 0.5 + random.random(n) / 3), label, random.random(n)
    yield "two rows", np.array([0.25, 0.75]), np.array([True, False]), np.array([3.0, 0.5])
    yield "denormal", random.integers(0, 900, n) * 5e-324, label, random.random(n)
    yield "near to 0 and 1", np.where(random.random(n) < 0.5, 1e-17, 1 - 2.0 ** -53), label, random.random(n) * 1e-300
    yield "huge weights", random.random(n), label, random.random(n) * 1e304
    yield "one positive", random.random(n), np.arange(n) == 77, random.random(n)
    yield "weights far apart", random.random(n), label, 10.0 ** random.integers(-12, 12, n)


def ranked_only():
    """Scores that are no probabilities."""
    random = np.random.default_rng(9)
    n = 3000
    label = random.random(n) < 0.4
    yield "1e308", (random.random(n) - 0.5) * 1.7e308 * 2 * 0.5, label, random.random(n)
    yield "negative zero", np.where(random.random(n) < 0.5, -0.0, 0.0), label, random.random(n)
    yield "margins", random.normal(size=n) * 5, label, random.random(n)


def gains(score, label, weight, bins):
    """Independent: by hand, over distinct scores."""
    values = np.unique(score)[::-1]
    of_bin, before, total = {}, 0.0, weight.sum()
    for value in values:
        here = score == value
        rows = weight[here].sum()
        if rows == 0:
            continue
        middle = min(int((before + rows / 2) / total * bins), bins - 1)
        of_bin.setdefault(middle, []).append(value)
        before += rows
    events, share, tpr, fpr, result = weight[label].sum(), 0.0, 0.0, 0.0, []
    for number in sorted(of_bin):
        here = np.isin(score, of_bin[number])
        rows, hits = weight[here].sum(), weight[here & label].sum()
        share, tpr, fpr = share + rows / total, tpr + hits / events, fpr + (rows - hits) / (total - events)
        result.append((number + 1, min(of_bin[number]), max(of_bin[number]), rows, hits, hits / rows, share, tpr,
                       hits / rows / (events / total), tpr / share, tpr - fpr))
    return result


def hosmer_lemeshow(score, label, groups):
    edges = np.unique(np.quantile(score, np.arange(groups + 1) / groups))
    group = np.clip(np.searchsorted(edges, score, side="left"), 1, max(len(edges) - 1, 1))
    statistic, filled = 0.0, 0
    for number in np.unique(group):
        here = group == number
        filled += 1
        for seen, expected in ((label[here].sum(), score[here].sum()), ((~label[here]).sum(), (1 - score[here]).sum())):
            if seen != expected:
                statistic += np.inf if expected == 0 else (seen - expected) ** 2 / expected
    return [statistic, max(filled - 2, 0), stats.chi2.sf(statistic, filled - 2) if filled > 2 else None]


def calibration_error(score, label, weight, bins):
    edges = np.linspace(0, 1, bins + 1)
    index = np.searchsorted(edges[1:-1], score)
    error = 0.0
    for number in np.unique(index):
        here = index == number
        error += abs((weight[here] * (label[here] - score[here])).sum())
    return error / weight.sum()


def roc(score, label, **arguments):
    fpr, tpr, thresholds = metrics.roc_curve(label, score, **arguments)
    thresholds[0] = np.max(score) + 1       # scikit-learn says so before 1.3, infinity later
    return list(zip(thresholds, fpr, tpr))


def pr(score, label, **arguments):
    precision, recall, thresholds = metrics.precision_recall_curve(label, score, **arguments)
    return list(zip(list(thresholds) + [np.inf], precision, recall))


def ranked(database, name, score, label, weight):
    """Both forms of the label and, where scikit-learn has it, the weight."""
    database.table("t", score=("float8", score), label=("boolean", label), weight=("float8", weight))
    for form in ("label", "label::int"):
        seen = database.row(f"SELECT riskml.auc(score, {form}), riskml.gini(score, {form}), riskml.ks_score(score, {form}), riskml.average_precision(score, {form}) FROM t")
        auc = metrics.roc_auc_score(label, score)
        wanted = (auc, 2 * auc - 1, stats.ks_2samp(score[label], score[~label], method="asymp").statistic, metrics.average_precision_score(label, score))
        yield f"{name}: order, {form}", near(seen[:1] + seen[2:], wanted[:1] + wanted[2:]) and near(seen[1], wanted[1], absolute=4e-16), (seen, wanted)
        seen = database.row(f"SELECT riskml.auc(score, {form}, weight), riskml.ks_score(score, {form}, weight), riskml.average_precision(score, {form}, weight) FROM t")
        w = weight / weight.max()       # scikit-learn overflows
        fpr, tpr, _ = metrics.roc_curve(label, score, sample_weight=w)
        wanted = (metrics.roc_auc_score(label, score, sample_weight=w), np.abs(tpr - fpr).max(), metrics.average_precision_score(label, score, sample_weight=w))
        yield f"{name}: order, {form}, weighted", near(seen, wanted, absolute=4e-16), (seen, wanted)
    seen = database.rows("SELECT * FROM unnest((SELECT riskml.roc_curve(score, label) FROM t))")
    yield f"{name}: roc_curve", near(seen, roc(score, label)), (seen[:5], roc(score, label)[:5])
    seen = database.rows("SELECT * FROM unnest((SELECT riskml.pr_curve(score, label::int) FROM t))")
    yield f"{name}: pr_curve", near(seen, pr(score, label)), (seen[:5], pr(score, label)[:5])
    seen = database.rows("SELECT * FROM unnest((SELECT riskml.pr_curve(score, label, weight) FROM t))")
    yield f"{name}: pr_curve, weighted", near(seen, pr(score, label, sample_weight=w), absolute=4e-16), (seen[:5], pr(score, label, sample_weight=w)[:5])
    for bins in (10, 3):
        seen = database.rows(f"SELECT * FROM unnest((SELECT riskml.gains(score, label, {bins}) FROM t))")
        wanted = gains(score, label, np.ones(len(score)), bins)
        yield f"{name}: gains, {bins}", near(seen, wanted, absolute=4e-16), (seen, wanted)


def probabilities(database, name, score, label, weight):
    w = weight / weight.max()
    rescaled = f"weight / {weight.max()!r}"
    for form in ("label", "label::int"):
        for argument, given in (("", None), (f", {rescaled}", w)):
            seen = database.row(f"SELECT riskml.log_loss(score, {form}{argument}), riskml.brier(score, {form}{argument}), riskml.expected_calibration_error(score, {form}, 10{argument}) FROM t")
            wanted = (metrics.log_loss(label, score, sample_weight=given), metrics.brier_score_loss(label, score, sample_weight=given),
                      calibration_error(score, label, np.ones(len(score)) if given is None else given, 10))
            yield f"{name}: losses, {form}{argument and ', weighted'}", near(seen, wanted, absolute=1e-16), (seen, wanted)
            for threshold in (0.2, 0.5):
                seen = database.row(f"SELECT (riskml.confusion(score, {form}, {threshold}{argument})).* FROM t")
                decided = score >= threshold
                (tn, fp), (fn, tp) = metrics.confusion_matrix(label, decided, labels=[False, True], sample_weight=given)
                divide = lambda a, b: a / b if b else None
                wanted = [tp, fp, tn, fn, metrics.accuracy_score(label, decided, sample_weight=given), divide(tp, tp + fp), divide(tp, tp + fn), divide(tn, tn + fp), divide(fp, tn + fp),
                          divide(2 * tp, 2 * tp + fp + fn), metrics.matthews_corrcoef(label, decided, sample_weight=given) if (tp + fp) * (tn + fn) else None,
                          metrics.balanced_accuracy_score(label, decided, sample_weight=given)]
                yield f"{name}: confusion at {threshold}, {form}{argument and ', weighted'}", near(seen, wanted, 1e-11 if given is not None else 1e-12, absolute=1e-15), (seen, wanted)
    for bins in (10, 7):
        seen = database.rows(f"SELECT event_rate, mean_score FROM unnest((SELECT riskml.calibration(score, label, {bins}) FROM t))")
        wanted = list(zip(*calibration_curve(label, score, n_bins=bins)))
        yield f"{name}: calibration, {bins}", near(seen, wanted), (seen, wanted)
    for groups in (10, 4):
        seen = database.row(f"SELECT (riskml.hosmer_lemeshow(score, label, {groups})).* FROM t")
        wanted = hosmer_lemeshow(score, label, groups)
        yield f"{name}: hosmer_lemeshow, {groups}", near(seen, wanted, 1e-9), (seen, wanted)


def r2(actual, prediction, weight):
    """In long doubles, as scikit-learn loses digits on values far from 0."""
    y, p, w = (np.asarray(v, dtype=np.longdouble) for v in (actual, prediction, weight))
    return float(1 - (w * (y - p) ** 2).sum() / (w * (y - (w * y).sum() / w.sum()) ** 2).sum())


def regression(database):
    random = np.random.default_rng(10)
    n = 5000
    base = random.normal(size=n)
    cases = {"normal": (base, base + random.normal(size=n)), "far from 0": (1e9 + base, 1e9 + base * 1.1),
             "with zeros": (np.round(base), base), "denormal": (random.integers(0, 50, n) * 5e-324, np.zeros(n)), "1e150": (base * 1e150, base * 2e150), "nearly constant": (1e12 + np.round(base * 64) / 64, np.full(n, 1e12)),
             "two rows": (np.array([1.0, 2.0]), np.array([2.0, 2.0]))}
    for name, (actual, prediction) in cases.items():
        weight = random.random(len(actual))
        database.table("t", prediction=("float8", prediction), actual=("float8", actual), weight=("float8", weight))
        for argument, given in (("", None), (", weight", weight)):
            seen = database.row(f"SELECT riskml.rmse(prediction, actual{argument}), riskml.mae(prediction, actual{argument}), riskml.mape(prediction, actual{argument}) FROM t")
            wanted = (np.sqrt(metrics.mean_squared_error(actual, prediction, sample_weight=given)), metrics.mean_absolute_error(actual, prediction, sample_weight=given),
                      metrics.mean_absolute_percentage_error(actual, prediction, sample_weight=given))
            yield f"regression, {name}{argument and ', weighted'}", near(seen, wanted), (seen, wanted)
            if name != "denormal":
                seen = database.value(f"SELECT riskml.r2(prediction, actual{argument}) FROM t")
                wanted = r2(actual, prediction, np.ones(len(actual)) if given is None else given)
                yield f"r2, {name}{argument and ', weighted'}", near(seen, wanted), (seen, wanted)
    database.table("t", prediction=("float8", [0.1, 0.1, 0.2]), actual=("float8", [0.1, 0.1, 0.1]))
    yield "r2 of a constant", database.value("SELECT riskml.r2(prediction, actual) FROM t") == 0.0 and \
        database.value("SELECT riskml.r2(prediction, actual) FROM t WHERE prediction = 0.1") == 1.0, None


def classes(database):
    random = np.random.default_rng(11)
    n = 3000
    scores = random.dirichlet([1, 2, 0.1], n)
    label = random.integers(0, 3, n)
    weight = random.random(n)
    database.table("t", scores=("float8[]", ["{" + ",".join(map(repr, row)) + "}" for row in scores.tolist()]), label=("int", label), weight=("float8", weight))
    for argument, given in (("", None), (", weight", weight)):
        seen = database.row(f"SELECT riskml.multi_log_loss(scores, label{argument}), riskml.multi_accuracy(scores, label{argument}), riskml.accuracy((label + 1) % 2, label{argument}) FROM t")
        wanted = (metrics.log_loss(label, scores, sample_weight=given), metrics.accuracy_score(label, scores.argmax(axis=1), sample_weight=given),
                  metrics.accuracy_score(label, (label + 1) % 2, sample_weight=given))
        yield f"classes{argument and ', weighted'}", near(seen, wanted), (seen, wanted)


def plans(database):
    """Counts are equal and sums agree, serial, by workers, in pieces, and spilled to disk."""
    database.run("CREATE TABLE metrics_plans AS SELECT round(random()::numeric, 4)::float8 AS score, random() < 0.3 AS label, random() AS weight FROM generate_series(1, 300000)")
    try:
        query = """SELECT riskml.log_loss(score, label), riskml.brier(score, label, weight), riskml.rmse(score, weight), riskml.r2(score, weight), riskml.mape(score, weight),
            riskml.expected_calibration_error(score, label, 10, weight), (riskml.confusion(score, label, 0.3)).*, riskml.auc(score, label), riskml.auc(score, label, weight),
            riskml.average_precision(score, label), riskml.ks_score(score, label, weight) FROM metrics_plans"""
        database.run("ANALYZE metrics_plans")
        database.run("SET max_parallel_workers_per_gather = 0; SET work_mem = '64MB'")
        serial = database.row(query)
        database.run("SET work_mem = '64kB'")
        spilled = database.row(query)
        database.run("SET work_mem = '4MB'; SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0")
        parallel = database.row(query)
        plan = database.rows("EXPLAIN SELECT riskml.log_loss(score, label) FROM metrics_plans")
        yield "a spilled sort gives the same", spilled == serial, (spilled, serial)
        yield "workers give the same", near(parallel, serial), (parallel, serial)
        yield "workers do their part", any("Partial Aggregate" in line for line, in plan), plan
    finally:
        database.run("DROP TABLE metrics_plans; RESET ALL")


def checks(database):
    for name, score, label, weight in [*real(), *adversarial()]:
        yield from ranked(database, name, score, label, weight)
        yield from probabilities(database, name, score, label, weight)
    for case in ranked_only():
        yield from ranked(database, *case)
    yield from regression(database)
    yield from classes(database)
    yield from plans(database)
