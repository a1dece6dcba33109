"""UBJSON that breaks the grammar: markers, lengths, counts, nesting."""
import copy

import ubj
from bases import ACCEPTED, REFUSED, SURVIVE, Case, edited, model_of, trees_of
from syntax_json import OFFSET
from ubj import Raw, length, number, text


def extra(doc, raw, key="x"):
    """The model with a further top-level member of these bytes."""
    doc = copy.copy(doc)
    doc[key] = Raw(raw)
    return ubj.encode(doc)


def of_lengths(doc):
    """Lengths and counts that the bytes left do not cover, or that are none."""
    wrong = {"-1": -1, "-2^63": -2**63, "2^31": 2**31, "2^31 - 1": 2**31 - 1, "2^32": 2**32,
             "2^62": 2**62, "2^63 - 1": 2**63 - 1, "one too long": None}
    for label, value in wrong.items():
        for kind, head, rest in (
                ("string", b"S", b"abc"), ("counted array", b"[#", b"TTT"),
                ("typed array of l", b"[$l#", b"\0" * 12),
                ("typed array of d", b"[$d#", b"\0" * 12),
                ("typed array of U", b"[$U#", b"\0" * 3),
                ("typed array of L", b"[$L#", b"\0" * 24)):
            n = 4 if value is None else value
            # At the very end of the file, where "one too long" reaches beyond it.
            doc_end = ubj.encode(doc)[:-1] + text("x") + head + b"L" + number("L", n) + rest
            yield Case(f"{kind}, length {label} (ubj)", doc_end, REFUSED, OFFSET)
        if value is not None:
            yield Case(f"key, length {label} (ubj)",
                       ubj.encode(doc)[:-1] + b"L" + number("L", value) + b"x" + b"T}",
                       REFUSED, OFFSET)
            yield Case(f"first key, length {label} (ubj)",
                       b"{L" + number("L", value) + b"learner{", REFUSED, OFFSET)
    # Counts of elements that take no bytes at all.
    for marker in "TFZN":
        for count in (2**31, 2**62, 10**7):
            for tail in (b"", b"}"):
                raw = b"[$" + marker.encode() + b"#" + length(count)
                yield Case(f"{count} elements of type {marker}, tail {tail!r} (ubj)",
                           ubj.encode(doc)[:-1] + text("x") + raw + tail, REFUSED)
    for field, marker in (("left_children", "T"), ("default_left", "F"),
                          ("split_conditions", "Z"), ("default_left", "T")):
        def change(d):
            trees_of(d)[0][field] = Raw(b"[$" + marker.encode() + b"#" + length(2**31))
        yield Case(f"{field}: 2^31 elements of type {marker} (ubj)",
                   ubj.encode(edited(doc, change)), REFUSED)
    # A huge claim where an array of the model stands.
    for field in ("left_children", "split_conditions", "default_left"):
        for count in (2**31, 2**40, 2**62, -1):
            def change(d):
                values = trees_of(d)[0][field]
                good = ubj.array(field, values)
                trees_of(d)[0][field] = Raw(good[:4] + length(count) + good[13:])
            yield Case(f"{field} claims {count} elements (ubj)",
                       ubj.encode(edited(doc, change)), REFUSED, OFFSET)
    for count in (2**31, 2**62, -1, 4, 2):
        def change(d):
            good = ubj.encode(trees_of(d))
            model_of(d)["trees"] = Raw(b"[#" + length(count) + good[11:])
        yield Case(f"trees claim {count} elements (ubj)", ubj.encode(edited(doc, change)),
                   REFUSED)
    # The type of a length.
    for code in "iUIl":
        small = code.encode() + number(code, 1)
        yield Case(f"length of type {code} (ubj)", ubj.encode(doc)[:-1] + small + b"x" +
                   b"S" + small + b"y}", ACCEPTED, like="hand.json")
    for head in (b"d" + number("d", 1.0), b"D" + number("D", 1.0), b"T", b"Z", b"S", b"\x01",
                 b"C\x01", b"H", b"["):
        yield Case(f"length {head!r} (ubj)", ubj.encode(doc)[:-1] + head + b"xT}", REFUSED,
                   OFFSET)
        yield Case(f"string length {head!r} (ubj)",
                   ubj.encode(doc)[:-1] + text("x") + b"S" + head + b"xT}", REFUSED, OFFSET)


def of_marks(doc):
    """Unknown markers, containers in odd forms, what follows the end."""
    good = ubj.encode(doc)
    for code in range(256):
        marker = bytes([code])
        if marker in b"{[SiUIlLdDTFZ":
            continue
        # N, C and H are UBJSON, but XGBoost never writes them.
        expect = SURVIVE if marker in b"NCH" else REFUSED
        yield Case(f"marker 0x{code:02x} (ubj)", extra(doc, marker), expect,
                   () if marker in b"NCH" else OFFSET)
    for tail in (b"[", b"[#", b"[$", b"[$d", b"[$d#", b"[$d#L", b"[#L", b"[#L\0\0\0\0\0\0\0",
                 b"{", b"{L", b"S", b"SL", b"d\0\0\0", b"L\0", b"["*20, b"[[#"):
        yield Case(f"ends in {tail[:12]!r} (ubj)", good[:-1] + text("x") + tail, REFUSED,
                   OFFSET)
    yield Case("ends after a key (ubj)", good[:-1] + text("x"), REFUSED, OFFSET)
    yield Case("open array with its end (ubj)", extra(doc, b"[TT]"), ACCEPTED,
               like="hand.json")
    for name, raw in {
            "typed array without count": b"[$d" + number("d", 1.0) + b"]",
            "typed array of arrays": b"[$[#" + length(1) + b"]",
            "typed array of objects": b"[${#" + length(1) + b"}",
            "typed array of nothing": b"[$\0#" + length(1) + b"\0",
            "counted array with an end": b"[#" + length(1) + b"T]",
            "end of an array alone": b"]",
            "array closed by a brace": b"[T}",
    }.items():
        yield Case(f"{name} (ubj)", extra(doc, raw), REFUSED)
    for name, raw in {"typed array of strings": b"[$S#" + length(1) + text("y"),
                      "object with a count": b"{#" + length(1) + text("y") + b"T",
                      "typed object": b"{$i#" + length(1) + text("y") + b"\1",
                      "no-op in an array": b"[NTN]"}.items():
        yield Case(f"{name} (ubj)", extra(doc, raw), SURVIVE)
    for name, more in {"a brace": b"}", "a second model": good, "NUL": b"\0",
                       "a no-op": b"N", "a letter": b"x"}.items():
        yield Case(f"{name} after the end (ubj)", good + more, REFUSED, OFFSET)
    yield Case("white space after the end (ubj)", good + b" \r\n\t", ACCEPTED,
               like="hand.json")
    yield Case("NUL before the model (ubj)", b"\0" + good, REFUSED)
    yield Case("JSON after one UBJSON marker (ubj)", b"{i" + good, REFUSED)


def of_strings(doc):
    """Duplicate keys, NUL and invalid UTF-8 in keys and values."""
    good = ubj.encode(doc)
    word = ("twice|duplicate",) + OFFSET
    yield Case("learner twice (ubj)", good[:-1] + text("learner") +
               ubj.encode(doc["learner"]) + b"}", REFUSED, word)
    yield Case("version twice (ubj)", good[:-1] + text("version") +
               ubj.encode(doc["version"]) + b"}", REFUSED, word)
    yield Case("skipped key twice (ubj)",
               extra(doc, b"{" + (text("y") + b"T") * 2 + b"}"), REFUSED, word)
    for name, body in {"NUL": b"a\0b", "byte 0xff": b"\xff", "overlong NUL": b"\xc0\x80",
                       "surrogate": b"\xed\xa0\x80", "beyond U+10FFFF": b"\xf4\x90\x80\x80",
                       "cut sequence": b"\xf0\x9f\x98", "Latin-1": b"\xe9"}.items():
        yield Case(f"{name} in a key (ubj)", good[:-1] + text(body) + b"T}", REFUSED, OFFSET)
        yield Case(f"{name} in a skipped value (ubj)", extra(doc, b"S" + text(body)), REFUSED,
                   OFFSET)
        for field in ("feature_names", "attributes"):
            value = ["a", body, "c"] if field == "feature_names" else {"k": body}
            yield Case(f"{name} in {field} (ubj)", ubj.encode(
                edited(doc, lambda d: d["learner"].update({field: value}))), REFUSED, OFFSET)


def of_depth(doc):
    forms = {"arrays": (b"[", b"]"), "counted arrays": (b"[#" + length(1), b""),
             "objects": (b"{" + text("x"), b"}")}
    for name, (opening, closing) in forms.items():
        for levels, expect in ((64, ACCEPTED), (65, REFUSED)):
            raw = opening * (levels - 1) + b"T" + closing * (levels - 1)
            refused = expect == REFUSED
            yield Case(f"{name} {levels} deep (ubj)", extra(doc, raw), expect,
                       ("nest|deep",) + OFFSET if refused else (),
                       like=None if refused else "hand.json")
        for levels in (1000, 30000, 1000000 // len(opening)):
            yield Case(f"{name} {levels} deep (ubj)",
                       extra(doc, opening * levels + b"T" + closing * levels), REFUSED,
                       ("nest|deep",) + OFFSET)
            yield Case(f"{name} {levels} deep, open (ubj)",
                       b"{" + text("x") + opening * levels, REFUSED)


def of_size(doc):
    big = b"[$d#" + length(2**18) + b"\x3f\x80\0\0" * 2**18
    yield Case("a skipped array of 1 MB (ubj)", extra(doc, big), ACCEPTED, like="hand.json")
    yield Case("a skipped string of 1 MB (ubj)", extra(doc, b"S" + text("é" * 2**19)),
               ACCEPTED, like="hand.json")

    def change(d):
        trees_of(d)[0]["left_children"] = Raw(
            b"[$U#" + length(2**20) + b"\1" * 2**20)

    yield Case("left_children of 2^20 bytes (ubj)", ubj.encode(edited(doc, change)), REFUSED,
               ("left_children",))


def parts(bases):
    doc = bases.gbtree
    return {
        "UBJSON: lengths and counts": of_lengths(doc),
        "UBJSON: markers": of_marks(doc),
        "UBJSON: strings and duplicate keys": of_strings(doc),
        "UBJSON: nesting": of_depth(doc),
        "UBJSON: size": of_size(doc),
    }
