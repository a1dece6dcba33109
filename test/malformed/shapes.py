"""Models by hand of every further shape: linear ones, several outputs, vector leaves,
categorical splits, labels.  And the layouts of later versions.

All have the trees of bases.by_hand() or parts of them, features a, b and c.
"""
from bases import INT_MAX, booster_of, by_hand, document, edited, model_of, tree, trees_of

NAN = float("nan")
DENORMAL = 1e-45        # what 3.2 and later write where earlier ones have NaN

LABELS = ["blue", "green", "red"]           # of feature a
WIDE_LABELS = ["blau", "größe", "red"]      # up to 3.3, these may have lost bytes
NUMBERS = [-5, 10, 20, 300]                 # of feature c


def param(d):
    return d["learner"]["learner_model_param"]


# Layouts


def relayout(d, version):
    """Turn the dart layout of 1.7 into the one of a later version."""
    d["version"] = list(version)
    booster = booster_of(d)
    if version >= (3, 1, 0):
        score = param(d)["base_score"]
        param(d)["base_score"] = f"[{score}]"
        if booster["name"] != "gblinear":
            model_of(d)["cats"] = {"enc": [], "feature_segments": [], "sorted_idx": []}
    if version >= (3, 3, 0) and "gbtree" in booster:
        model = booster["gbtree"]["model"]
        weights = booster["weight_drop"]
        new = {"model": model, "name": "gbtree"}
        (model if version >= (3, 4, 0) else new)["weight_drop"] = weights
        d["learner"]["gradient_booster"] = new


def modern(d, version, per_round=1):
    """2.x and 3.x: iteration_indptr, the root's parent -1, one size_leaf_vector."""
    d["version"] = list(version)
    if booster_of(d)["name"] != "gblinear":
        trees = trees_of(d)
        model_of(d)["iteration_indptr"] = list(range(0, len(trees) + 1, per_round))
        del model_of(d)["gbtree_model_param"]["size_leaf_vector"]
        for t in trees:
            t["tree_param"]["size_leaf_vector"] = "1"
            if version >= (3, 0, 0):
                t["parents"][0] = -1
    relayout(d, version)


def as_version(doc, version, per_round=1):
    return edited(doc, lambda d: modern(d, version, per_round))


# Linear models and several outputs


def linear(outputs=1):
    """gblinear: for each feature a weight per output, then the biases."""
    doc = by_hand()
    weights = [0.5, -0.3, 0.125, 0.7, 0.1, -0.9, 1.5, -0.45, 0.05, 0.35, -0.6, 0.2]
    if outputs == 1:
        weights = [0.5, -0.3, 0.125, 0.35]
    else:
        several(doc, "multi:softprob", 3)
    doc["learner"]["gradient_booster"] = {
        "model": {"boosted_rounds": 2, "weights": weights}, "name": "gblinear"}
    return doc


def several(d, objective, classes=0, targets=1):
    """As many outputs; the trees go to them in turn."""
    param(d).update(num_class=str(classes), num_target=str(targets))
    own = {"reg_loss_param": {"scale_pos_weight": "1"}}
    if objective.startswith("multi:"):
        own = {"softmax_multiclass_param": {"num_class": str(classes)}}
    elif objective.endswith("tileerror"):
        kind = objective[4:-len("error")]
        own = {f"{kind}_loss_param": {f"{kind}_alpha": "[1E-1,5E-1,9E-1]"}}
    elif objective == "count:poisson":
        own = {"poisson_regression_param": {"max_delta_step": "7E-1"}}
    d["learner"]["objective"] = {"name": objective, **own}
    outputs = max(classes, targets)
    model_of(d)["tree_info"] = [i % outputs for i in range(len(trees_of(d)))]


def classes():
    return edited(by_hand(), lambda d: several(d, "multi:softprob", 3))


def targets(objective="reg:squarederror"):
    """Two rounds of a tree for each of two targets."""
    doc = by_hand()
    more = tree(3, [1, -1, -1], [-0.2, 0.15, -0.55], [0, 0, 0], [1, 0, 0])
    doc = document(trees_of(doc) + [more])
    several(doc, objective, targets=2)
    return doc


def scores():
    """A base score for each of two targets, as from 3.1 on."""
    doc = as_version(targets("binary:logistic"), (3, 1, 3), 2)
    param(doc)["base_score"] = "[2.5E-1,7.5E-1]"
    return doc


def quantiles():
    """reg:quantileerror of 3.0: one base score, three quantiles."""
    doc = as_version(by_hand(), (3, 0, 5), 3)
    several(doc, "reg:quantileerror", targets=3)
    return doc


def expectiles():
    doc = as_version(by_hand(), (3, 3, 0), 3)
    several(doc, "reg:expectileerror", targets=3)
    param(doc)["base_score"] = "[-8E-1,-1.7E-1,5.4E-1]"
    return doc


# Vector leaves


def make_vector(t, outputs, version):
    """Turn a tree into one whose leaves have a value for each output."""
    count = len(t["left_children"])
    leaves = [i for i, child in enumerate(t["left_children"]) if child == -1]
    values = {n: [t["split_conditions"][n] * (1 - 1.75 * k) for k in range(outputs)]
              for n in leaves}
    t["tree_param"]["size_leaf_vector"] = str(outputs)
    t["base_weights"] = [v for n in range(count) for v in values.get(n, [0.5] * outputs)]
    for n in leaves:
        t["split_conditions"][n] = DENORMAL if version >= (3, 2, 0) else NAN
    if version >= (3, 2, 0):
        t["leaf_weights"] = [v for n in leaves for v in values[n]]
        for row, n in enumerate(leaves):
            t["right_children"][n] = row
    else:
        del t["loss_changes"], t["sum_hessian"]


def vectors(version, weights=None, scalar=()):
    """Two targets; the last tree has a categorical split, too.

    Weights stand where 3.3 and later have them, for earlier ones do not score such a
    model.  Trees listed in `scalar` keep one value a leaf, for target 1.
    """
    doc = as_version(by_hand(), version)
    several(doc, "reg:squarederror", targets=2)
    for i, t in enumerate(trees_of(doc)):
        if i not in scalar:
            make_vector(t, 2, version)
    make_categorical(trees_of(doc)[2], {1: [0, 3]},
                     DENORMAL if version >= (3, 2, 0) else NAN)
    model_of(doc)["tree_info"] = [int(i in scalar) for i in range(3)]
    if version >= (3, 1, 0):
        param(doc)["base_score"] = "[2.5E-1,-1.5E0]"
    if weights is not None:
        (model_of(doc) if version >= (3, 4, 0) else booster_of(doc))["weight_drop"] = weights
    return doc


# Categories


def make_categorical(t, sets, threshold):
    """Let nodes of a tree split by a set of categories, or be marked as if they did."""
    t.update(categories=[], categories_nodes=[], categories_segments=[], categories_sizes=[])
    for node, codes in sorted(sets.items()):
        t["split_type"][node] = 1
        t["categories_nodes"].append(node)
        t["categories_segments"].append(len(t["categories"]))
        t["categories_sizes"].append(len(codes))
        t["categories"] += codes
        if t["left_children"][node] != -1:
            t["split_conditions"][node] = threshold


def add_deleted(t, count, parent):
    """What pruning leaves: nodes nobody points at."""
    for field, value in {"base_weights": 0.5, "default_left": 1, "left_children": -1,
                         "loss_changes": 0.0, "parents": parent, "right_children": -1,
                         "split_conditions": 0.5, "split_indices": INT_MAX,
                         "split_type": 0, "sum_hessian": 1.0}.items():
        t[field] += [value] * count
    t["tree_param"].update(num_nodes=str(len(t["parents"])), num_deleted=str(count))


def categorical(threshold=NAN):
    """One category, several, a leaf that was such a split and a deleted node that was.

    Tree 0 splits a at node 0 and c at node 1; tree 1 splits a at node 2, its node 1 is the
    pruned one, nodes 5 and 6 are deleted.
    """
    doc = by_hand()
    doc["learner"]["feature_types"] = ["c", "float", "c"]
    first, second, _ = trees_of(doc)
    first["split_indices"][:2] = [0, 2]
    make_categorical(first, {0: [1], 1: [0, 3]}, threshold)
    add_deleted(second, 2, parent=1)
    second["default_left"][1] = 1
    make_categorical(second, {1: [1, 2], 2: [0, 2, 37], 5: [3]}, threshold)
    return doc


def text_column(labels):
    """Labels as a column of `cats` has them: signed bytes."""
    offsets, values = [0], []
    for label in labels:
        data = label if isinstance(label, bytes) else label.encode()
        values += [byte - 256 * (byte > 127) for byte in data]
        offsets.append(len(values))
    return {"offsets": offsets, "values": values}


def cats(version=(3, 3, 0), labels=LABELS):
    """The categorical model with labels of text for a and of integers for c."""
    doc = as_version(categorical(DENORMAL), version)
    model_of(doc)["cats"] = {
        "enc": [text_column(labels), {"offsets": [], "values": []},
                {"type": 13, "values": NUMBERS[:]}],
        "feature_segments": [0, 3, 3, 7],
        "sorted_idx": [0, 1, 2, 0, 1, 2, 3]}
    return doc


def all_shapes():
    """Name -> document."""
    return {
        "linear": linear(),
        "linear-3": linear(3),
        "classes": classes(),
        "targets": targets(),
        "scores": scores(),
        "quantiles": quantiles(),
        "expectiles": expectiles(),
        "vectors-3.0": vectors((3, 0, 5)),
        "vectors-3.3": vectors((3, 3, 0)),
        "vectors-dart": vectors((3, 3, 0), weights=[0.75, 1.0, 0.3]),
        "vectors-mixed": vectors((3, 3, 0), scalar=(1,)),
        "categorical": categorical(),
        "cats": cats(),
    }
