"""Structural edits of models with several outputs: classes, targets, quantiles, their
trees and base scores."""
import expected
import ubj
from bases import INT_MAX, REFUSED, SURVIVE, TOO_BIG, Case, edited, model_of
from edits import both, said, shown
from edits_model import objective, set_in
from shapes import as_version, param, several
from trained import PROBES

NO_NUMBER = ("", "x", "3.0", "+3", "0x3", "3 ", " 3", "-3", "4294967299", 3, 3.0, None, True, [],
             {})


def with_param(doc, **values):
    return edited(doc, lambda d: param(d).update(values))


def counted(text):
    """A pattern for a parameter's value in a message, if it is a number at all."""
    digits = isinstance(text, str) and text.isdigit() and int(text) < 2**31
    return said(int(text)) if digits else ""


def softmax(value):
    def change(d):
        objective(d)["softmax_multiclass_param"]["num_class"] = value
    return change


def of_classes(doc):
    """num_class stands in two places, and trees go to as many outputs."""
    for value in ("0", "1", "2", "4", "100000") + NO_NUMBER:
        words = ("num_class", counted(value))
        yield from both(f"num_class = {value!r} for 3 classes",
                        with_param(doc, num_class=value), words)
        yield from both(f"softmax_multiclass_param.num_class = {value!r} for 3 classes",
                        edited(doc, softmax(value)), words)
    for value in ("0", "-1", "2147483648"):
        def change(d):
            param(d)["num_class"] = value
            softmax(value)(d)
        yield from both(f"num_class = {value!r} in both places", edited(doc, change),
                        ("num_class",))
    for value in ("1", "2"):
        def change(d):
            param(d)["num_class"] = value
            softmax(value)(d)
        yield from both(f"trees of 3 classes, {value} classes", edited(doc, change),
                        ("tree_info|num_parallel_tree",))
    for value in ("100001", "2147483647"):
        def change(d):
            param(d)["num_class"] = value
            softmax(value)(d)
        yield from both(f"num_class = {value} in both places", edited(doc, change), (), TOO_BIG)
        yield from both(f"num_class = {value} in one place",
                        with_param(doc, num_class=value), (), REFUSED | TOO_BIG)
    yield from both("num_class absent", edited(doc, lambda d: param(d).pop("num_class")),
                    ("num_class",))
    yield from both("classes and targets", with_param(doc, num_target="2"),
                    ("num_class|num_target",))
    yield from both("as many classes as targets", with_param(doc, num_target="3"),
                    ("num_class|num_target",))
    yield from both("targets instead of classes", with_param(doc, num_class="0", num_target="3"),
                    ("num_class",))
    for value in ("x", [], 3, None, True):
        yield from both(f"softmax_multiclass_param = {value!r}",
                        edited(doc, set_in(objective, "softmax_multiclass_param", value)),
                        ("softmax_multiclass_param",))
    for name, change in {
            "softmax_multiclass_param": lambda d: objective(d).pop("softmax_multiclass_param"),
            "its num_class": lambda d: objective(d)["softmax_multiclass_param"].clear()}.items():
        yield from both(f"{name} absent", edited(doc, change),
                        ("softmax_multiclass_param.num_class is missing",))


def of_targets(doc):
    for value in ("0", "1") + NO_NUMBER:
        yield from both(f"num_target = {value!r} for 2 targets", with_param(doc, num_target=value),
                        ("num_target" if value != "1" else "tree_info",))
    for value in ("100001", "2147483647"):
        yield from both(f"num_target = {value}", with_param(doc, num_target=value), (), TOO_BIG)
    for value in ("3", "4", "100000"):
        yield from both(f"num_target = {value} for 2 targets", with_param(doc, num_target=value),
                        (), SURVIVE)
    yield from both("num_target absent", edited(doc, lambda d: param(d).pop("num_target")),
                    ("tree_info",))
    yield from both("classes and targets, a regression",
                    with_param(doc, num_class="2"), ("num_class|num_target",))


def of_tree_info(docs):
    """Each tree belongs to an output there is."""
    for name, (doc, outputs) in docs.items():
        count = len(model_of(doc)["tree_info"])
        good = model_of(doc)["tree_info"]
        for place in range(0, count, count - 1):
            for value in (outputs, outputs + 1, -1, -2, 2**16, INT_MAX, -2**31, 2**31, 2**32,
                          2**40, 2**63 - 1, "0", 0.5, 0.0, None, True, [0]):
                def change(d):
                    model_of(d)["tree_info"][place] = value
                yield from both(f"{name}: tree_info[{place}] = {value!r}", edited(doc, change),
                                ("tree_info", said(value)))
        for value in (good[:-1], good + [0], [], [0], good * 2, "0", {}, None, 0):
            yield from both(f"{name}: tree_info = {shown(value)}",
                            edited(doc, set_in(model_of, "tree_info", value)), ("tree_info",))
        # Unusual, but each tree has an output; XGBoost does as it is told.
        for value in ([0] * count, [outputs - 1] * count, good[::-1]):
            odd = edited(doc, set_in(model_of, "tree_info", value))
            yield from both(f"{name}: tree_info = {value}", odd, (), SURVIVE,
                            like=expected.margins(odd, PROBES))


def of_custom(gbtree):
    """Classes with an objective that has none, as a custom objective leaves them."""
    for info in ([0, 0, 0], [0, 1, 2]):
        def change(d):
            param(d)["num_class"] = "3"
            model_of(d)["tree_info"] = info
        odd = edited(gbtree, change)
        yield from both(f"num_class = 3 with a binary objective, tree_info {info}", odd, (),
                        SURVIVE, like=expected.margins(odd, PROBES))
    for name in ("multi:softmax", "multi:softprob"):
        def bare(d):
            d["learner"]["objective"] = {"name": name}
        yield from both(f"{name} without classes", edited(gbtree, bare), ("num_class",))

        def fewer(d):
            several(d, name, 2)
            param(d)["num_class"] = "1"
        yield from both(f"{name} of one class, two in the objective", edited(gbtree, fewer),
                        ("num_class|tree_info",))


def of_base_scores(docs):
    """As many base scores as outputs, or one; each in the domain of the link."""
    for name, (doc, outputs) in docs.items():
        for count in (0, outputs - 1, outputs + 1, 2 * outputs, 100):
            if count == 1:
                continue
            text = "[" + ",".join(["5E-1"] * count) + "]"
            yield from both(f"{name}: {count} base scores for {outputs} outputs",
                            with_param(doc, base_score=text),
                            ("base_score", said(count) if count else ""))
        for value in ("nan", "NaN", "inf", "-inf", "Infinity", "1e39", "-1e39", "1e400", "x", "",
                      " ", "0x1p-2", "1..2", "1e", "5E-1 5E-1", "[5E-1]", '"5E-1"', "null",
                      "5E-1;5E-1"):
            text = "[" + ",".join(["5E-1", value, "5E-1"][:outputs]) + "]"
            yield from both(f"{name}: base_score = {text!r}", with_param(doc, base_score=text),
                            ("base_score",))
        two = ",".join(["5E-1"] * outputs)
        for value in (two, f"[{two}", f"{two}]", f"({two}]", f"[{two},]", f"[,{two}]",
                      f"[[{two}]]", f"[{two}][{two}]", f"[{two}]x", f"{{{two}}}", f"[{two}]\0",
                      [0.5] * outputs, None, 0.5, {"0": "5E-1"}):
            yield from both(f"{name}: base_score = {value!r}", with_param(doc, base_score=value),
                            ("base_score|NUL|byte",))


def of_domains(doc):
    """The second of two base scores is outside the domain of the link."""

    def case(value, version, name):
        def change(d):
            d["version"] = list(version)
            d["learner"]["objective"]["name"] = name
            param(d)["base_score"] = f"[5E-1,{value}]"
        label = ".".join(map(str, version))
        words = rf"(?<!\d){value}\b" if value in ("-0.25", "1.5") else ""
        return both(f"second base score {value}, {name} of {label}", edited(doc, change),
                    ("base_score", words))

    for name in ("binary:logistic", "reg:logistic"):
        for value in ("0", "1", "-0.25", "1.5", "1E-40", "0.99999999", "-0"):
            yield from case(value, (3, 1, 3), name)
        for value in ("-0.25", "1.5", "-1E-40", "1E38"):
            yield from case(value, (3, 2, 0), name)
    for name in ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"):
        for value in ("0", "-0", "-0.25", "-1E38"):
            yield from case(value, (3, 1, 3), name)


def of_levels(docs):
    """Quantiles and expectiles: one level per output."""
    for kind, doc in docs.items():
        place, key = f"{kind}_loss_param", f"{kind}_alpha"

        def put(value):
            return edited(doc, lambda d: objective(d)[place].update({key: value}))

        for value in ("[1E-1,5E-1]", "[1E-1,5E-1,9E-1,95E-2]", "[5E-1]", "5E-1", "[]", "", " ",
                      "[", "x", "[1E-1,5E-1,x]", "[1E-1,5E-1,9E-1", "[1E-1,5E-1,9E-1]]",
                      "[1E-1,5E-1,]", "[1E-1,,9E-1]", "[nan,5E-1,9E-1]", "[1E-1,inf,9E-1]",
                      "[1E-1,1e39,9E-1]", "[1E-1 5E-1 9E-1]", "1E-1,5E-1,9E-1",
                      "[1E-1,5E-1,9E-1]x", '["1E-1","5E-1","9E-1"]', "[[1E-1,5E-1,9E-1]]",
                      "[" + "5E-1," * 5000 + "5E-1]", 0.5, None, True, [0.1, 0.5, 0.9], {}):
            yield from both(f"{key} = {shown(value)}", put(value), ("alpha",),
                            REFUSED | TOO_BIG if len(str(value)) > 999 else REFUSED)
        for value in ("[9E-1,5E-1,1E-1]", "[5E-1,5E-1,5E-1]", "[-1E-1,5E-1,9E-1]",
                      "[0E0,5E-1,1.5E0]", "(1E-1,5E-1,9E-1)", "[ 1E-1 , 5E-1, 9E-1 ]",
                      "[0,0.5,1]"):
            yield from both(f"{key} = {value}", put(value), (), SURVIVE,
                            like=f"hand-{kind}s.json")
        for value in ("x", [], 3, None, True):
            yield from both(f"{place} = {value!r}", edited(doc, set_in(objective, place, value)),
                            (place,))
        yield from both(f"{key} absent", edited(doc, lambda d: objective(d)[place].clear()), (),
                        SURVIVE, like=f"hand-{kind}s.json")
        yield from both(f"{place} absent", edited(doc, lambda d: objective(d).pop(place)), (),
                        SURVIVE, like=f"hand-{kind}s.json")
    expectiles = docs["expectile"]
    for text in ("[-3E38,3E38,3.1E38]", "[5E-1,nan,9E-1]", "[3E38,-3E38,3E38]"):
        yield from both(f"expectiles: base_score = {text}", with_param(expectiles, base_score=text),
                        ("base_score",))
    for version in ((3, 2, 0), (3, 0, 0), (2, 1, 4)):
        yield from both(f"reg:expectileerror of {version}",
                        edited(expectiles, lambda d: d.update(version=list(version))),
                        ("reg:expectileerror",))
    yield from both("reg:quantileerror of 1.7",
                    edited(docs["quantile"], lambda d: d.update(version=[1, 7, 4])),
                    ("reg:quantileerror",))


def of_rounds(doc):
    """iteration_indptr of models with two trees a round."""
    doc = as_version(doc, (2, 1, 4), 2)
    for value in ([0, 2], [0, 2, 3], [0, 2, 5], [2, 4], [0, 4, 2], [0, 3, 2, 4], [0, -2, 4],
                  [0, 2, 2**31], [0, 2, 2**40], [], [0], [4], [0, "2", 4], [0, 2.0, 4],
                  [0, None, 4], {}, "024", None):
        yield from both(f"two targets: iteration_indptr = {value}",
                        edited(doc, set_in(model_of, "iteration_indptr", value)),
                        ("iteration_indptr",))
    for value in ([0, 4], [0, 1, 2, 3, 4], [0, 2, 2, 4], [0, 1, 4]):
        yield from both(f"two targets: iteration_indptr = {value}",
                        edited(doc, set_in(model_of, "iteration_indptr", value)), (), SURVIVE,
                        like="hand-targets.json")


def of_width(doc):
    """Margins and base scores of very many outputs, in few bytes."""

    def wide(d):
        param(d)["num_target"] = "100000"
        d["version"] = [2, 1, 4]
        model_of(d)["iteration_indptr"] = [0, 4]

    yield Case("100,000 targets (ubj)", ubj.encode(edited(doc, wide)), SURVIVE)

    def scores(d):
        wide(d)
        d["version"] = [3, 0, 5]
        param(d)["base_score"] = "[" + ",".join(["5E-1"] * 99999) + "]"

    yield Case("99,999 base scores for 100,000 targets (ubj)", ubj.encode(edited(doc, scores)),
               REFUSED, ("base_score",))


def parts(bases):
    shapes = bases.shapes
    scored = {"classes": (as_version(shapes["classes"], (3, 1, 3), 3), 3),
              "targets": (as_version(shapes["targets"], (3, 1, 3), 2), 2),
              "logistic": (shapes["scores"], 2),
              "gblinear": (as_version(shapes["linear-3"], (3, 1, 3)), 3)}
    informed = {"classes": (shapes["classes"], 3), "targets": (shapes["targets"], 2),
                "expectiles": (shapes["expectiles"], 3)}
    return {
        "num_class": of_classes(shapes["classes"]),
        "num_target": of_targets(shapes["targets"]),
        "tree_info of several outputs": of_tree_info(informed),
        "classes and other objectives": of_custom(bases.gbtree),
        "base scores of several outputs": of_base_scores(scored),
        "base scores outside their domain": of_domains(shapes["scores"]),
        "levels of quantiles and expectiles": of_levels(
            {"quantile": shapes["quantiles"], "expectile": shapes["expectiles"]}),
        "rounds of several trees": of_rounds(shapes["targets"]),
        "very many outputs": of_width(shapes["targets"]),
    }
