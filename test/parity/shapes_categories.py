"""Shapes of splits by category: how they were grown, codes as each version treats them,
and text for codes."""
import layouts
import rewrite
from models import FORMS, LIB, dart_params, derived, native, train
from shaping import Shapes, boosters, demand, read_here, rewritten, simple

try:
    import pandas
except ImportError:
    pandas = None

SHAPES = Shapes()
shape = SHAPES.add

CODED = ["coded", "coded_too", "coded"]
ONE_HOT, PARTITION = {"max_cat_to_onehot": 100}, {"max_cat_to_onehot": 1}

# Releases whose treatment of codes or layout of categories differs.
VERSIONS = [(1, 5, 2), (1, 6, 2), (1, 7, 2), (1, 7, 6), (2, 1, 4), (3, 0, 5), (3, 1, 3), (3, 2, 0),
            (3, 3, 0), (3, 4, 1)]


def sets_of(doc):
    """The codes of every split by category."""
    for tree in rewrite.trees_of(doc):
        for begin, size in zip(tree["categories_segments"], tree["categories_sizes"]):
            yield tree["categories"][begin:begin + size]


def checked(models, row, condition):
    """Models whose sets of codes are as the shape says."""
    for m in models:
        demand(condition([len(codes) for codes in sets_of(m.doc)]), row)
        yield m


@shape("categories one by one")
def one_hot(c, row):
    yield from checked(simple(c, row, CODED, max_depth=6, **ONE_HOT), row,
                       lambda sizes: len(sizes) > 20 and set(sizes) == {1})


@shape("categories by partition")
def partition(c, row):
    yield from checked(simple(c, row, CODED, "reg:squarederror", max_depth=6, **PARTITION), row,
                       lambda sizes: max(sizes) > 8)
    yield from checked(simple(c, row, CODED[:1], tree_method="approx", **PARTITION), row,
                       lambda sizes: max(sizes) > 8)


@shape("categories both ways")
def both_ways(c, row):
    yield from checked(simple(c, row, CODED, "reg:gamma", max_cat_to_onehot=13, rounds=20), row,
                       lambda sizes: min(sizes) == 1 and max(sizes) > 8)


@shape("1,000 categories and more")
def many(c, row):
    for i, params in enumerate((PARTITION, {**PARTITION, "max_cat_threshold": 1000}, ONE_HOT)):
        limit = {"max_cat_to_onehot": 2000} if params is ONE_HOT else params
        objective = ["reg:squarederror", "binary:logistic"][i % 2]
        for m in simple(c, row, ["many_codes"], objective, 6, max_depth=5, min_child_weight=0,
                        **limit):
            demand(max(code for codes in sets_of(m.doc) for code in codes) >= 1000, row)
            m.form, m.file = FORMS[i], None
            yield m


@shape("categories in classes and targets")
def outputs(c, row):
    yield from simple(c, row, CODED, "multi:softprob", 5, **PARTITION)
    yield from simple(c, row, CODED[:2], "reg:squarederror", 5, label=("targets", 3), **ONE_HOT)


@shape("categories with dart")
def dart(c, row):
    for i, name in enumerate(CODED):
        yield from simple(c, row, [name], ["binary:logistic", "multi:softmax"][i % 2], 8,
                          **[ONE_HOT, PARTITION][i % 2], **dart_params(i))


@shape("categories of pruned splits")
def pruned(c, row):
    """A leaf that was a split keeps its type and its set."""
    for i, name in enumerate(CODED):
        data = c.sets[name]
        booster = train(data, "reg:squarederror", 8, c.rng(row, i), max_depth=6, **PARTITION)
        booster = train(data, "reg:squarederror", 8, c.rng(row, i), max_depth=6, gamma=60,
                        process_type="update", updater="prune", xgb_model=booster)
        m = native(row, "shape", data, booster, FORMS[i])
        ends = [tree["left_children"][node] == -1 for tree in rewrite.trees_of(m.doc)
                for node in tree["categories_nodes"]]
        demand(any(ends) and not all(ends), row)
        yield m


EDGE_SETS = [[0], [31], [32], [0, 31, 32, 63, 64], list(range(70)), [1, 2, 2**24 - 1],
             list(range(0, 3000, 3)), list(range(33)), [2**24 - 2, 2**24 - 1], [33, 100_000]]


@shape("sets of categories at the edges")
def edge_sets(c, row):
    """Codes around the words of a set of bits, and the largest there are."""
    for i, data, _, doc, rng in boosters(c, row, CODED, "reg:squarederror", 12, **PARTITION):
        used = 0
        for tree in rewrite.trees_of(doc):
            sets = [EDGE_SETS[(used + k) % len(EDGE_SETS)]
                    for k in range(len(tree["categories_nodes"]))]
            used += len(sets)
            tree["categories"] = [code for codes in sets for code in codes]
            tree["categories_sizes"] = [len(codes) for codes in sets]
            tree["categories_segments"] = [sum(map(len, sets[:k])) for k in range(len(sets))]
        demand(used >= len(EDGE_SETS), row)
        yield read_here(row, data, doc, i)


for _version in VERSIONS:
    @shape("categories as written by " + ".".join(map(str, _version)))
    def writer(c, row, version=_version):
        kinds = [("binary:logistic", PARTITION), ("reg:squarederror", ONE_HOT),
                 ("multi:softprob", {**PARTITION, **dart_params(0)})]
        for i, (objective, params) in enumerate(kinds):
            for _, data, booster, doc, _ in boosters(c, row, [CODED[i]], objective, 6,
                                                     base_score=0.5, **params):
                form = FORMS[i % 3] if version >= (1, 6) or i % 3 else "json"
                yield derived(row, "shape", data, booster, layouts.as_version(doc, version), form)


# Text for codes


ODD_LABELS = ["", " ", "a", "A", "größe", "日本", "x,y", 'quo"te', "back\\slash", "tab\there",
              "NULL", "true", "1", "1.0", "-0", "\u00e9", "e\u0301", "\U0001f600", "\\N", "{}",
              "it's", "line\nbreak", "a ", " a", "\u200b", "z" * 300, "ÿ", "\x01", "null", "0"]


def odd_labels(data, i=0, ascii_only=False):
    """As many different labels as a feature has codes, odd ones first, for each feature."""
    odd = [t for t in ODD_LABELS if t.isascii() or not ascii_only]
    found = {}
    for f, size in data.categories.items():
        start = (7 * i + f) % len(odd)
        found[f] = (odd[start:] + odd[:start] + [f"label {k}" for k in range(size)])[:size]
    return found


def plain_labels(data):
    return {f: [f"label {i:04}" for i in range(size)] for f, size in data.categories.items()}


# XGBoost's number of a type of integers: the first label of a column, the step to the next
INTEGERS = {9: (-100, 1), 10: (120, 1), 11: (-30000, 301), 12: (65000, 3), 13: (-2**31, 2**24),
            14: (2**31 - 3, 2**23), 15: (-2**63, 2**55), 16: (2**63 - 71 * 3, 3)}


def integer_labels(data, i):
    """(labels, types) of integers, each column of another type."""
    found, kinds = {}, {}
    for n, (feature, size) in enumerate(data.categories.items()):
        kind = list(INTEGERS)[(n + 3 * i) % len(INTEGERS)]
        first, step = INTEGERS[kind]
        kinds[feature], found[feature] = kind, [first + step * k for k in range(size)]
    return found, kinds


def as_texts(labels):
    return {f: [str(v) for v in column] for f, column in labels.items()}


def with_labels(c, row, i, name, version, labels, kinds, objective="binary:logistic", **params):
    """A file of 3.1 or later with these labels in it."""
    for _, data, booster, doc, _ in boosters(c, row, [name], objective, 6, **params):
        doc = rewrite.with_cats(layouts.as_version(doc, version), labels, kinds)
        demand(rewrite.labels_of(doc) == as_texts(labels), row)
        yield rewritten(row, data, booster, doc, i, labels=as_texts(labels))


def from_pandas(c, row, name, i):
    """A file whose labels libxgboost wrote itself: none but ASCII, for up to 3.3 it takes
    the number of characters for that of bytes."""
    data = c.sets[name]
    labels = plain_labels(data)
    frame = pandas.DataFrame({column: data.train[:, f] for f, column in enumerate(data.columns)})
    for f, known in labels.items():
        codes = [-1 if v != v else int(v) for v in data.train[:, f]]
        frame[data.columns[f]] = pandas.Categorical.from_codes(codes, known)
    booster = train(data.changed(train=frame), "binary:logistic", 6, c.rng(row, 50 + i),
                    **PARTITION)
    m = native(row, "shape", data, booster, FORMS[i % 3], labels=labels)
    demand(rewrite.labels_of(m.doc) == labels, row)
    return m


@shape("text labels in the file")
def text_labels(c, row):
    """Before 3.4 with characters of ASCII only: others may be cut, and are not used."""
    for i, version in enumerate(((3, 1, 3), (3, 2, 0), (3, 3, 0), (3, 4, 1), (3, 4, 0))):
        name = CODED[i % 2]
        labels = odd_labels(c.sets[name], i, version < (3, 4))
        yield from with_labels(c, row, i, name, version, labels, {}, **PARTITION)
    if pandas is not None and LIB >= (3, 1):
        for i in range(2):
            yield from_pandas(c, row, CODED[i], i)


@shape("text labels with classes, dart, 1,500 categories")
def more_labels(c, row):
    kinds = [("coded", "multi:softprob", {}), ("coded_too", "reg:squarederror", dart_params(0)),
             ("many_codes", "reg:squarederror", {})]
    for i, (name, objective, params) in enumerate(kinds):
        labels = odd_labels(c.sets[name], i) if i < 2 else plain_labels(c.sets[name])
        yield from with_labels(c, row, i, name, (3, 4, 1), labels, {}, objective, **PARTITION,
                               **params)


@shape("integer labels in the file")
def integers(c, row):
    for i, version in enumerate(((3, 1, 3), (3, 3, 0), (3, 4, 1), (3, 4, 1))):
        name = CODED[i % 2]
        labels, kinds = integer_labels(c.sets[name], i)
        yield from with_labels(c, row, i + (i == 3), name, version, labels, kinds, **ONE_HOT)


@shape("labels given at import, for those in the file")
def cut_labels(c, row):
    """Labels that Python's XGBoost up to 3.3 cut when it saved them."""
    for i, version in enumerate(((3, 1, 3), (3, 2, 0), (3, 3, 0))):
        data = c.sets[CODED[i % 2]]
        labels = {f: [f"größe {k}"] + known[1:]
                  for k, (f, known) in enumerate(odd_labels(data, i).items())}
        options = {"categories": {data.columns[f]: known for f, known in labels.items()}}
        for _, _, booster, doc, _ in boosters(c, row, [data.name], rounds=6, **PARTITION):
            doc = rewrite.with_cats(layouts.as_version(doc, version), labels, {}, cut=True)
            yield derived(row, "shape", data, booster, doc, FORMS[i], labels=labels,
                          options=options)


@shape("labels given at import")
def given_labels(c, row):
    """For files that have none: of any version, with names of features or without."""
    for i, version in enumerate(((1, 5, 2), (1, 7, 6), (3, 0, 5), (3, 4, 1))):
        name = ["coded", "coded_too", "many_codes", "coded"][i]
        data = c.sets[name]
        labels = odd_labels(data, i) if name != "many_codes" else plain_labels(data)
        options = {"categories": {data.columns[f]: known for f, known in labels.items()}}
        for _, data, booster, doc, _ in boosters(c, row, [name], rounds=6, **PARTITION):
            doc = layouts.as_version(doc, version)
            yield derived(row, "shape", data, booster, doc, "json" if i == 0 else FORMS[i % 3],
                          labels=labels, options=options)
