"""Structural edits of `cats`, the labels of categories that 3.1 and later write.

Column 0 of the model has three labels of text, column 1 none, column 2 four integers.
"""
import ubj
from bases import INT_MAX, REFUSED, SURVIVE, Case, Raw, edited, model_of
from edits import both, said, shown
from edits_model import drop_from, set_in
from shapes import WIDE_LABELS, cats, text_column

ODD = ({}, "x", 1, 0.5, None, True)
COLUMN0 = r"(enc|column|feature)\W{0,3}0\b|\"a\""
COLUMN2 = r"(enc|column|feature)\W{0,3}2\b|\"c\""
DUPLICATE = "twice|duplicate|more than once"


def cats_of(d):
    return model_of(d)["cats"]


def put(doc, key, value):
    return edited(doc, set_in(cats_of, key, value))


def column(doc, number, **members):
    return edited(doc, lambda d: cats_of(d)["enc"][number].update(members))


def replaced(doc, number, value):
    def change(d):
        cats_of(d)["enc"][number] = value
    return edited(doc, change)


def of_columns(doc):
    """enc has one column per feature, or none at all."""
    now = cats_of(doc)["enc"]
    empty = {"offsets": [], "values": []}
    for value in (now[:2], now[:1], now + [empty], now * 2, [empty] * 3, [empty], [now[0]],
                  [], [now[2], now[1], now[0]]):
        yield from both(f"enc of {len(value)} columns: {shown(value)}", put(doc, "enc", value),
                        ("cats|enc|feature_segments|sorted_idx",))
    for value in ODD:
        yield from both(f"enc = {value!r}", put(doc, "enc", value), ("cats|enc",))
        yield from both(f"cats = {value!r}", edited(doc, set_in(model_of, "cats", value)),
                        ("cats|enc|labels",), REFUSED if value != {} else SURVIVE)
    for value in (None, [], "x", 1, {}, True, [1], {"offsets": [0, 1]}, {"values": [97]},
                  {"type": 13}, {"Offsets": [0, 1], "Values": [97]}, {"names": ["a", "b", "c"]}):
        yield from both(f"enc[0] = {value!r}", replaced(doc, 0, value),
                        ("cats|enc|offsets|values|type",))
        yield from both(f"enc[2] = {value!r}", replaced(doc, 2, value),
                        ("cats|enc|offsets|values|type",))
    for number, key, word in ((0, "offsets", "offsets|type"), (0, "values", "values"),
                              (1, "offsets", "offsets|type"), (1, "values", "values"),
                              (2, "type", "type|offsets"), (2, "values", "values")):
        yield from both(f"enc[{number}].{key} absent",
                        edited(doc, lambda d: cats_of(d)["enc"][number].pop(key)), (word,))
    yield from both("enc absent", edited(doc, drop_from(cats_of, "enc")), (), SURVIVE)
    yield from both("offsets and type in one column", column(doc, 0, type=13), (), SURVIVE)


def of_offsets(doc):
    """Offsets run from 0 to the number of bytes, never back."""
    now = cats_of(doc)["enc"][0]["offsets"]         # [0, 4, 11, 14]
    end = now[-1]
    for value in ([1] + now[1:], [-1] + now[1:], [0, 11, 4, end], [0, 5, 4, end], [0, 4, end, 11],
                  now[:-1] + [end - 1], now[:-1] + [end + 1], now[:-1] + [1000], now[:-1], now[:2],
                  [0], [], [end], [0, end], now + [end], now + [end + 1], [0] + now,
                  now[:-1] + [INT_MAX], now[:-1] + [-2**31], [0, -1, 11, end],
                  [0, INT_MAX, 11, end],
                  [0, 4, 2**31, end], [0, 4, 2**32 + 11, end], [0, 4, 2**40, end],
                  [0, 4, 2**63 - 1, end]):
        yield from both(f"offsets = {value}", column(doc, 0, offsets=value),
                        ("offsets|feature_segments",))
    yield from both("offsets with an empty label", column(doc, 0, offsets=[0, 0, 4, end]), (),
                    SURVIVE)
    for value in ("4", 4.0, 4.5, None, True, [4], {}):
        yield from both(f"offsets hold {value!r}", column(doc, 0, offsets=[0, value, 11, end]),
                        (COLUMN0, "offsets"))
    for value in ODD:
        yield from both(f"offsets = {value!r}", column(doc, 0, offsets=value), ("offsets",))
    for value in ([0, 0], [0, 1], [1], [0, 0, 0], [-1]):
        yield from both(f"offsets = {value} of a column without labels",
                        column(doc, 1, offsets=value), ("cats|offsets|feature_segments",))
    for count in (2**31, 2**62, -1, 5, 3):
        raw = ubj.Raw(b"[$l#" + ubj.length(count))
        yield Case(f"offsets claim {count} elements (ubj)",
                   ubj.encode(column(doc, 0, offsets=raw)), REFUSED)


def of_text(doc):
    """Labels of text are bytes, as many as the last offset says."""
    now = cats_of(doc)["enc"][0]["values"]
    for place in (0, 5, len(now) - 1):
        for value in (128, 200, 255):           # bytes, but not signed
            changed = now[:place] + [value] + now[place + 1:]
            yield from both(f"values[{place}] = {value}", column(doc, 0, values=changed), (),
                            SURVIVE)
        for value in (256, -129, 1000, INT_MAX, -2**31, 2**31, 2**63 - 1, "r", 114.0, 0.5, None,
                      True, [114], {}):
            changed = now[:place] + [value] + now[place + 1:]
            yield from both(f"values[{place}] = {value!r}", column(doc, 0, values=changed),
                            (COLUMN0, "values", said(value)))
    for value in (now[:-1], now[:-3], now[:4], [], now + [114], now * 2):
        yield from both(f"{len(value)} bytes, offsets to {len(now)}",
                        column(doc, 0, values=value), ("cats|values|offsets",))
    for value in ODD:
        yield from both(f"values = {value!r}", column(doc, 0, values=value), ("values",))
    for count in (2**31, 2**62, -1, 15):
        for code in (b"i", b"U", b"Z", b"T"):
            raw = ubj.Raw(b"[$" + code + b"#" + ubj.length(count))
            yield Case(f"values claim {count} elements of type {code!r} (ubj)",
                       ubj.encode(column(doc, 0, values=raw)), REFUSED)


def of_letters(doc, early):
    """Labels of text have no NUL, and each is there once; those that are no UTF-8 are not used.

    XGBoost up to 3.3 saves some labels beyond ASCII without their last bytes.
    """
    bad = {"NUL": b"r\0d", "NUL alone": b"\0", "byte 0x80": b"\x80", "byte 0xff": b"\xff",
           "Latin-1": b"gr\xf6\xdfe", "overlong NUL": b"\xc0\x80",
           "overlong slash": b"\xe0\x80\xaf",
           "surrogate": b"\xed\xa0\x80", "surrogate pair": b"\xed\xa0\xbd\xed\xb8\x80",
           "beyond U+10FFFF": b"\xf4\x90\x80\x80", "five-byte form": b"\xf8\x88\x80\x80\x80",
           "cut to one of two": b"gr\xc3", "cut to three of four": b"\xf0\x9f\x98",
           "continuation alone": b"a\xbf", "UTF-16": "rot".encode("utf-16")}
    for name, label in bad.items():
        for place in (0, 2):
            labels = [b"blau", b"green", b"red"]
            labels[place] = label
            for which, base in (("", doc), (" of 3.3", early)):
                yield from both(f"label {place}{which}: {name}",
                                column(base, 0, **text_column(labels)), (),
                                REFUSED if max(label) < 128 else SURVIVE, like="hand-cats.json")
    # Each label is cut in the middle of a letter, together they are UTF-8.
    for labels in ((b"gr\xc3", b"\xb6\xc3", b"\x9fe"), (b"a", b"\xe6\xbc", b"\xa2")):
        yield from both(f"letters across labels: {labels}",
                        column(doc, 0, **text_column(labels)), (), SURVIVE, like="hand-cats.json")
    for labels in (("red", "green", "red"), ("red", "red", "green"), ("", "red", ""),
                   ("größe", "größe", "red"), ("x" * 300, "red", "x" * 300)):
        yield from both(f"labels {shown(labels)}", column(doc, 0, **text_column(labels)),
                        (COLUMN0, DUPLICATE))


BOUNDS = {9: (-2**7, 2**7), 10: (0, 2**8), 11: (-2**15, 2**15), 12: (0, 2**16),
          13: (-2**31, 2**31), 14: (0, 2**32), 15: (-2**63, 2**63), 16: (0, 2**64)}


def of_integers(doc):
    """Labels that are integers: of a known type, in its range, each once."""
    good = [5, 10, 20, 30]
    for value in (0, 1, 6, 7, 8, 17, 18, 255, -1, -9, 2**31 - 1, 2**31, 2**40, "13", "", 13.0, 0.5,
                  None, True, [13], {}):
        small = type(value) is int and abs(value) < 2**31
        yield from both(f"type = {value!r}", column(doc, 2, type=value),
                        ("type", said(value) if small else ""))
    for value in (7, 8):
        yield from both(f"type {value} with floats",
                        column(doc, 2, type=value, values=[0.5, 1.5, 2.5, 3.5]), ("type|values",))
    for kind, (low, high) in BOUNDS.items():
        for value in (low - 1, high):
            large = not -2**63 <= value < 2**63
            changed = column(doc, 2, type=kind,
                             values=[5, 10, 20, Raw(str(value)) if large else value])
            if kind in (12, 14, 16) and value == -1:
                # Wide unsigned integers have the same bits as signed ones in UBJSON.
                yield from both(f"type {kind} with -1", changed, (), SURVIVE)
            elif not large:
                yield from both(f"type {kind} with {value}", changed, (COLUMN2, "values"))
            elif kind == 15:
                yield from both(f"type {kind} with {value}", changed, ("values|byte",))
        for values in ([5, 10, 10, 30], [30, 10, 20, 30], [5, 5, 5, 5]):
            yield from both(f"type {kind} with {values}", column(doc, 2, type=kind, values=values),
                            (COLUMN2, DUPLICATE))
    for value in ("20", 20.0, 0.5, None, True, [20], {}):
        yield from both(f"integer labels hold {value!r}", column(doc, 2, values=[5, 10, value, 30]),
                        ("values",))
    for value in (good[:3], good + [40], [], good * 2):
        yield from both(f"{len(value)} integer labels, 4 in feature_segments",
                        column(doc, 2, values=value), ("cats|values|feature_segments|twice",))
    for value in ODD:
        yield from both(f"values = {value!r} of integers", column(doc, 2, values=value),
                        ("values",))
    for code in "iUIlLdD":
        expect = REFUSED if code in "dD" else SURVIVE
        raw = ubj.Raw(ubj.typed(code, good))
        yield Case(f"labels of type 13 in an array of type {code} (ubj)",
                   ubj.encode(column(doc, 2, values=raw)), expect)


def of_segments(doc):
    """feature_segments counts the labels; sorted_idx orders them, feature by feature."""
    for value in ([0, 3, 3, 6], [0, 3, 3, 8], [1, 3, 3, 7], [0, 2, 3, 7], [0, 4, 3, 7],
                  [0, 3, 4, 7], [0, 0, 3, 7], [0, 3, 7], [3, 3, 7],
                  [0, 3, 3, 7, 7], [0], [7], [0, 3, 0, 4],
                  [-1, 3, 3, 7], [0, -3, 3, 7], [0, 3, 3, INT_MAX], [0, 3, 3, -2**31],
                  [0, 3, 3, 2**31], [0, 3, 3, 2**32 + 7], [2**40, 3, 3, 7], [0, 0, 0, 0]):
        yield from both(f"feature_segments = {value}", put(doc, "feature_segments", value),
                        ("feature_segments",))
    order = cats_of(doc)["sorted_idx"]              # [0, 1, 2, 0, 1, 2, 3]
    for value in (order[:-1], order + [4], order[:3], order[3:], order * 2, [0],
                  [0, 1, 3, 0, 1, 2, 3],
                  [0, 1, 2, 0, 1, 2, 4], [0, 1, 2, 3, 4, 5, 6], [-1, 1, 2, 0, 1, 2, 3],
                  [0, 1, 1, 0, 1, 2, 3], [0, 1, 2, 0, 1, 2, 2], [0] * 7, [3, 1, 2, 0, 1, 2, 0],
                  [0, 1, INT_MAX, 0, 1, 2, 3], [0, 1, 2**31, 0, 1, 2, 3], [0, 1, 2**40, 0, 1, 2, 3],
                  [0, 1, -2**31, 0, 1, 2, 3], [0, 1, 2**32 + 2, 0, 1, 2, 3]):
        yield from both(f"sorted_idx = {value}", put(doc, "sorted_idx", value), ("sorted_idx",))
    for key, good in (("feature_segments", [0, 3, 3, 7]), ("sorted_idx", order)):
        for value in ("0", 0.0, 0.5, None, True, [0], {}):
            yield from both(f"{key} holds {value!r}", put(doc, key, [value] + good[1:]), (key,))
        for value in ODD:
            yield from both(f"{key} = {value!r}", put(doc, key, value), (key,))
        yield from both(f"{key} = []", put(doc, key, []), (), SURVIVE)
        yield from both(f"{key} absent", edited(doc, drop_from(cats_of, key)), (), SURVIVE)
        for count in (2**31, 2**62, -1):
            raw = ubj.Raw(b"[$l#" + ubj.length(count))
            yield Case(f"{key} claims {count} elements (ubj)",
                       ubj.encode(put(doc, key, raw)), REFUSED)


def of_rest(doc):
    """What labels say about features and splits is not for the file to prove."""
    for version in ((1, 7, 4), (3, 0, 5), (3, 1, 0), (3, 3, 0)):
        yield from both(f"labels in a file of {version}",
                        edited(doc, lambda d: d.update(version=list(version))), (), SURVIVE)
    for kinds in ([], ["float"] * 3, ["c"] * 3, ["q", "c", "q"]):
        yield from both(f"labels with feature_types {kinds}", edited(
            doc, lambda d: d["learner"].update(feature_types=kinds)), (), SURVIVE)

    def bare(d):
        cats_of(d).update(enc=[{"offsets": [], "values": []}] * 3, sorted_idx=[],
                          feature_segments=[0, 0, 0, 0])

    yield from both("three columns without labels", edited(doc, bare), (), SURVIVE,
                    like="hand-cats.json")

    def twice(d):
        cats_of(d).update(sorted_idx=list(range(100000)) * 2, feature_segments=[0, 1, 1, 100001])
        cats_of(d)["enc"][0] = text_column(["x"])
        cats_of(d)["enc"][2] = {"type": 13, "values": [7] * 100000}

    yield Case("100,000 equal labels (ubj)", ubj.encode(edited(doc, twice)), REFUSED)

    def same_text(d):
        cats_of(d).update(sorted_idx=[], feature_segments=[0, 30000, 30000, 30004])
        cats_of(d)["enc"][0] = text_column(["label"] * 30000)

    yield Case("30,000 equal labels of text (ubj)", ubj.encode(edited(doc, same_text)), REFUSED)


def parts(bases):
    doc = cats((3, 4, 1), WIDE_LABELS)
    return {
        "labels: columns": of_columns(doc),
        "labels: offsets": of_offsets(doc),
        "labels: bytes": of_text(doc),
        "labels: text": of_letters(doc, bases.shapes["cats"]),
        "labels: integers": of_integers(doc),
        "labels: segments and order": of_segments(doc),
        "labels: versions, types, sizes": of_rest(doc),
    }
