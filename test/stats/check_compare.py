"""riskml.compare() against scikit-learn, scipy and a DeLong and a bootstrap written here, on both real data sets."""
from decimal import Decimal, getcontext

import numpy as np
from scipy import stats
from sklearn import metrics

import models
from common import near


def placements(score, label):
    """DeLong, by comparing every pair."""
    positives, negatives = score[label], score[~label]
    wins = (positives[:, None] > negatives[None, :]) + 0.5 * (positives[:, None] == negatives[None, :])
    return wins.mean(axis=1), wins.mean(axis=0)


def delong(a, b, label, confidence=0.95):
    (a_pos, a_neg), (b_pos, b_neg) = placements(a, label), placements(b, label)
    difference = b_pos.mean() - a_pos.mean()
    s10, s01 = np.cov(a_pos, b_pos), np.cov(a_neg, b_neg)
    covariance = s10 / len(a_pos) + s01 / len(a_neg)
    error = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    z = stats.norm.isf((1 - confidence) / 2)
    return difference, difference - z * error, difference + z * error, 2 * stats.norm.sf(abs(difference) / error)


def mix(x):
    with np.errstate(over="ignore"):
        x = np.asarray(x, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def poisson_thresholds():
    """floor(2^64 P(X <= k)) of a Poisson(1) variable."""
    getcontext().prec = 60
    total, factorial, result = Decimal(0), 1, []
    for k in range(21):
        factorial *= max(k, 1)
        total += 1 / (factorial * Decimal(1).exp())
        result.append(int(total * 2 ** 64))
    return np.array(result, dtype=np.uint64)


THRESHOLDS = poisson_thresholds()


def draw(n, replicates, seed):
    """Counts, by replicate and row."""
    with np.errstate(over="ignore"):
        keys = mix(mix(np.uint64(seed % 2 ** 64)) + np.arange(n, dtype=np.uint64))
        u = mix(keys[None, :] + np.arange(replicates, dtype=np.uint64)[:, None])
    return np.searchsorted(THRESHOLDS, u, side="right").astype(float)


def interval(differences, confidence):
    n = len(differences)
    low, high = np.quantile(differences, [(1 - confidence) / 2, (1 + confidence) / 2])
    return low, high, min(1.0, 2 * (1 + min((differences <= 0).sum(), (differences >= 0).sum())) / (n + 1))


def ks(label, score, weight):
    fpr, tpr, _ = metrics.roc_curve(label, score, sample_weight=weight, drop_intermediate=False)
    return np.abs(tpr - fpr).max()


BINARY = {
    "auc": lambda y, s, w: metrics.roc_auc_score(y, s, sample_weight=w), "gini": lambda y, s, w: 2 * metrics.roc_auc_score(y, s, sample_weight=w) - 1, "ks_score": ks,
    "average_precision": lambda y, s, w: metrics.average_precision_score(y, s, sample_weight=w),
    "log_loss": lambda y, s, w: metrics.log_loss(y, s, sample_weight=w), "brier": lambda y, s, w: metrics.brier_score_loss(y, s, sample_weight=w)}
REGRESSION = {"rmse": lambda y, s, w: np.sqrt(metrics.mean_squared_error(y, s, sample_weight=w)), "mae": lambda y, s, w: metrics.mean_absolute_error(y, s, sample_weight=w)}


def psi(a, b, weight):
    edges = np.concatenate([[-np.inf], np.unique(np.quantile(a, np.arange(1, 10) / 10)), [np.inf]])
    shares = [np.array([weight[(s >= low) & (s < high)].sum() for low, high in zip(edges, edges[1:])]) / weight.sum() for s in (a, b)]
    p, q = (np.where(s == 0, 0.0001, s) for s in shares)
    return ((q - p) * np.log(q / p)).sum()


def compared(a, b, y, weight, of, replicates, seed, confidence, delongs=()):
    """{metric: (value_a, value_b, difference, low, high, p_value)}"""
    given = np.ones(len(a)) if weight is None else weight
    order = np.lexsort((given, y, -b, -a))
    a, b, y, given = a[order], b[order], y[order], given[order]
    counts = draw(len(a), replicates, seed)
    result = {}
    for name, metric in of.items():
        values = metric(y, a, given), metric(y, b, given)
        if name in delongs:
            factor = 2 if name == "gini" else 1
            difference, low, high, p = delong(a, b, y, confidence)
            result[name] = (*values, factor * difference, factor * low, factor * high, p)
        else:
            differences = np.array([metric(y, b, w) - metric(y, a, w) for w in (given * count for count in counts)])
            result[name] = (*values, values[1] - values[0], *interval(differences, confidence))
    return result


def between(a, b, weight, decide):
    w = np.ones(len(a)) if weight is None else weight
    ranks = [stats.rankdata(s) for s in (a, b)] if weight is None else [np.array([w[s < v].sum() + w[s == v].sum() / 2 for v in s]) for s in (a, b)]
    correlation = lambda x, y: np.cov(x, y, aweights=w)[0, 1] / np.sqrt(np.cov(x, aweights=w) * np.cov(y, aweights=w))
    result = {"pearson": correlation(a, b), "spearman": correlation(*ranks)}
    if weight is None:
        result["psi"] = psi(a, b, w)
    if decide is not None:
        result["agreement"] = w[(a > decide) == (b > decide)].sum() / w.sum()
    return result


def agree(database, name, call, wanted, of_both):
    rows = {row[0]: row[1:] for row in database.rows(call)}
    for metric, values in wanted.items():
        seen = rows[metric][:6]
        yield f"{name}: {metric}", near(seen[:3], values[:3], 1e-12, 1e-15) and near(seen[3:], values[3:], 1e-9, 1e-14), (seen, values)
    for metric, value in of_both.items():
        yield f"{name}: {metric}", near(rows[metric][1], value, 1e-12, 1e-15), (rows[metric], value)
    expected = set(wanted) | set(of_both)
    yield f"{name}: the metrics", expected <= set(rows), set(rows) ^ expected


def binary(database):
    for table, a, b, label, part in (("credit", "credit@1", "credit@2", "status", "id % 3 = 0"), ("lending", "lending@1", "lending_shallow@1", "class", "id % 5 = 0")):
        query = f"SELECT *, {label} = ''bad'' AS y, 1 + id % 7 AS w FROM stats_{table} WHERE {part}"
        rows = database.rows(f"SELECT risk_score('{a}', t), risk_score('{b}', t), {label} = 'bad', 1 + id % 7 FROM stats_{table} t WHERE {part}")
        score_a, score_b, y, w = (np.array(column) for column in zip(*rows))
        w = w.astype(float)
        yield from agree(database, table, f"SELECT * FROM riskml.compare('{a}', '{b}', '{query}', 'y', replicates => 50, seed => -3, confidence => 0.9)",
                         compared(score_a, score_b, y, None, BINARY, 50, -3, 0.9, ("auc", "gini")), between(score_a, score_b, None, 0.5))
        yield from agree(database, f"{table}, weighted", f"SELECT * FROM riskml.compare('{a}', '{b}', '{query}', 'y', 'w', replicates => 30)",
                         compared(score_a, score_b, y, w, BINARY, 30, 0, 0.95), between(score_a, score_b, w, 0.5))


def others(database):
    query = "SELECT *, amount / 1000.0 AS y FROM stats_credit WHERE id % 3 = 0 AND assets IS NOT NULL"
    rows = database.rows(f"SELECT risk_score('lengths@1', t), risk_score('lengths@2', t), y FROM ({query}) t")
    a, b, y = (np.array(column, dtype=float) for column in zip(*rows))
    yield from agree(database, "regression", f"SELECT * FROM riskml.compare('lengths@1', 'lengths@2', '{query}', 'y', replicates => 50, seed => 7)",
                     compared(a, b, y, None, REGRESSION, 50, 7, 0.95), between(a, b, None, None))
    query = "SELECT *, id % 3 AS y FROM stats_credit WHERE id % 3 = 0 OR id % 7 = 0"
    rows = database.rows(f"SELECT risk_scores('kinds@1', t), risk_scores('kinds@2', t), y FROM ({query}) t")
    a, b, y = (np.array(column) for column in zip(*rows))
    seen = {row[0]: row[1:] for row in database.rows(f"SELECT * FROM riskml.compare('kinds@1', 'kinds@2', '{query}', 'y', replicates => 10)")}
    for metric, of in (("log_loss", lambda s: metrics.log_loss(y, s / s.sum(axis=1, keepdims=True), labels=[0, 1, 2])), ("accuracy", lambda s: metrics.accuracy_score(y, s.argmax(axis=1)))):
        yield f"classes: {metric}", near(seen[metric][:2], (of(a), of(b))), (seen[metric], of(a), of(b))
    yield "classes: agreement", near(seen["agreement"][1], (a.argmax(axis=1) == b.argmax(axis=1)).mean()), seen["agreement"]


def plans(database):
    call = "SELECT * FROM riskml.compare('credit@1', 'credit@2', 'SELECT *, status = ''bad'' AS y FROM stats_credit{}', 'y', replicates => 40)"
    first = database.rows(call.format(""))
    yield "the order of rows does not show", database.rows(call.format(" ORDER BY md5(id::text)")) == first, None
    database.run("SET work_mem = '64kB'")
    yield "nor does a spilled sort", database.rows(call.format("")) == first, None
    ties = "SELECT * FROM riskml.compare('lending_shallow@1', 'lending@1', 'SELECT *, class = ''bad'' AS y FROM stats_lending', 'y', replicates => 2)"
    spilled = database.rows(ties)
    database.run("SET work_mem = '64MB'")
    yield "nor one with long ties", database.rows(ties) == spilled, None
    database.run("RESET work_mem")
    yield "another seed, another interval", database.rows(call.format("").replace("=> 40", "=> 40, seed => 1"))[2] != first[2], None


def bounds(database):
    """Rows, and then their ranks, that just fit into memory of their own, and just do not."""
    for n in (818, 819, 820, 1023, 1024, 1025):
        query = f"SELECT *, status = ''bad'' AS y FROM stats_credit ORDER BY id LIMIT {n}"
        rows = database.rows(f"SELECT risk_score('credit@1', t), risk_score('credit@2', t), status = 'bad' FROM (SELECT * FROM stats_credit ORDER BY id LIMIT {n}) t")
        a, b, y = (np.array(column) for column in zip(*rows))
        yield from agree(database, f"{n} rows", f"SELECT * FROM riskml.compare('credit@1', 'credit@2', '{query}', 'y', replicates => 10)",
                         compared(a, b, y, None, {name: BINARY[name] for name in ("auc", "ks_score")}, 10, 0, 0.95, ("auc",)), between(a, b, None, 0.5))


def coverage(database):
    """The interval is about as wide as scipy's percentile bootstrap."""
    rows = database.rows("SELECT risk_score('credit@1', t), risk_score('credit@2', t), (status = 'bad')::int FROM stats_credit t")
    a, b, y = (np.array(column, dtype=float) for column in zip(*rows))
    costs = (b - y) ** 2 - (a - y) ** 2
    wanted = stats.bootstrap((costs,), np.mean, n_resamples=1000, method="percentile", random_state=1).confidence_interval
    seen = database.row("SELECT low, high FROM riskml.compare('credit@1', 'credit@2', 'SELECT *, status = ''bad'' AS y FROM stats_credit', 'y') WHERE metric = 'brier'")
    yield "about as wide as scipy.stats.bootstrap", abs((seen[1] - seen[0]) / (wanted.high - wanted.low) - 1) < 0.15 and abs(seen[0] - wanted.low) < 0.1 * (wanted.high - wanted.low), (seen, wanted)


def checks(database):
    models.load(database)
    yield from binary(database)
    yield from others(database)
    yield from plans(database)
    yield from bounds(database)
    yield from coverage(database)
