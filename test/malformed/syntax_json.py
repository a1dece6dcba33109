"""JSON that breaks the grammar, or the limits set to it.  Each is refused with the byte
offset of the fault."""
from bases import ACCEPTED, REFUSED, SURVIVE, Case, chain, to_json

OFFSET = (r"(byte|offset)\D{0,12}\d+\b",)


class Text:
    """The text of a good model, in which single places are replaced."""

    def __init__(self, doc):
        self.text = to_json(doc)

    def put(self, name, old, new, expect=REFUSED, words=OFFSET, like=None):
        """The first `old` replaced by `new`; the fault lies in `new` or right after."""
        if isinstance(old, str):
            old = old.encode()
        if isinstance(new, str):
            new = new.encode()
        start = self.text.index(old)
        data = self.text[:start] + new + self.text[start + len(old):]
        refused = expect == REFUSED
        return Case(f"{name} (json)", data, expect, words if refused else (), like,
                    at=(start - 1, start + len(new) + 2) if refused else None)


def of_marks(text):
    """Commas, colons, brackets, quotes, comments."""
    trees = '"tree_info":[0,0,0]'
    for name, new in {
            "comma after the last element": '"tree_info":[0,0,0,]',
            "comma before the first element": '"tree_info":[,0,0,0]',
            "two commas": '"tree_info":[0,,0,0]',
            "no comma between elements": '"tree_info":[0 0,0]',
            "no colon": '"tree_info" [0,0,0]',
            "two colons": '"tree_info"::[0,0,0]',
            "equals sign": '"tree_info"=[0,0,0]',
            "key without quotes": 'tree_info:[0,0,0]',
            "key in single quotes": "'tree_info':[0,0,0]",
            "number as a key": '1:[0,0,0]',
            "array closed by a brace": '"tree_info":[0,0,0}',
            "array closed twice": '"tree_info":[0,0,0]]',
            "array in parentheses": '"tree_info":(0,0,0)',
            "key without a value": '"tree_info":',
            "value without a key": '[0,0,0]',
            "line comment": '"tree_info"://x\n[0,0,0]',
            "block comment": '"tree_info":/*x*/[0,0,0]',
            "hash comment": '"tree_info":#x\n[0,0,0]',
            "vertical tab as white space": '"tree_info":\v[0,0,0]',
            "form feed as white space": '"tree_info":\f[0,0,0]',
            "no-break space as white space": '"tree_info":\u00a0[0,0,0]',
            "NUL between tokens": '"tree_info":\0[0,0,0]',
    }.items():
        yield text.put(name, trees, new)
    end = text.text[-12:]
    yield text.put("comma after the last member", end, end[:-1] + b",}")
    yield text.put("array closed as the end", end, end[:-1] + b"]")
    for name, more in {"a brace": b"}", "a letter": b"x", "a second model": text.text,
                       "a comma": b",", "NUL": b"\0", "NUL after white space": b"\n\0",
                       "a comment": b"//", "a byte order mark": b"\xef\xbb\xbf"}.items():
        yield text.put(f"{name} after the end", end, end + more)
    for name, before in {"a comma": b",", "NUL": b"\0", "a comment": b"//\n",
                         "a byte order mark": b"\xef\xbb\xbf"}.items():
        yield Case(f"{name} before the model (json)", before + text.text, REFUSED)
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield Case(f"in {encoding}", text.text.decode().encode(encoding), REFUSED)


def of_keys(text):
    """A key twice in one object: which one counts is not for the reader to choose."""
    word = ("twice|duplicate",) + OFFSET
    num_trees, trees = '"num_trees":"3"', '"tree_info":[0,0,0]'
    for old, new in ((num_trees, f"{num_trees},{num_trees}"),
                     (num_trees, f'{num_trees},"num\\u005ftrees":"3"'),
                     (trees, f"{trees},{trees}"),
                     ('"name":"gbtree"', '"name":"gbtree","name":"gbtree"'),
                     ('"id":1', '"id":1,"id":1'),
                     ('"version":[1,7,4]', '"version":[1,7,4],"version":[1,7,4]'),
                     ('"version":[1,7,4]', '"version":[1,7,4],"x":1,"x":1'),
                     ('"version":[1,7,4]', '"version":[1,7,4],"x":{"":1,"":2}'),
                     ('"num_nodes":"5"', '"num_nodes":"5","num_nodes":"5"')):
        yield text.put(f"key twice: {new[:44]}", old, new, words=word)
    learner = text.text[1:text.text.rindex(b',"version"')]
    yield Case("learner twice (json)", b"{" + learner + b"," + text.text[1:], REFUSED, word)
    yield text.put("the same key in another object", '"version":[1,7,4]',
                   '"version":[1,7,4],"x":{"a":1,"b":{"a":1}}', ACCEPTED, like="hand.json")


def of_numbers(text):
    """Where a threshold stands: numbers JSON does not know, and ones that overflow."""
    for number in ("+1", "+1.5", "1.", "-1.", ".5", "-.5", "01", "-01", "00", "0x10", "0X1p3",
                   "1e", "1e+", "1E-", "1e5.5", "--1", "-", "1-2", "1_0", "1.5.5", "1,",
                   "1f", "0b1", "1e400", "-1e400", "1e39", "-1e39",
                   "3.40282356779733661637539395458142568448e38",
                   "1e99999999999999999999", "inf", "-inf", "nan",
                   "-NaN", "Inf", "INFINITY", "infinity", "-nan", "NAN", "1e5e5", "½", "١"):
        yield text.put(f"number {number}", "-1.5,", f"{number},")
    yield text.put("number NaN", "-1.5,", "NaN,", words=("split_conditions", r"tree 0\b"))
    for number in ("1e-99999999999999999999", "1" + "0" * 30, "1" * 10000,
                   "0." + "1" * 100000):
        yield text.put(f"number {number[:24]}, {len(number)} characters", "-1.5,",
                       f"{number},", SURVIVE)
    for number in ("2147483648", "-2147483649", "4294967296", "9223372036854775808",
                   "18446744073709551616", "99999999999999999999999999", "1e10"):
        yield text.put(f"child {number}", '"left_children":[1,', f'"left_children":[{number},',
                       words=("left_children|integer",))
    for word in ("tru", "TRUE", "True", "nul", "None", "undefined", "falsee", "t", "yes"):
        yield text.put(f"literal {word}", '"split_type":[0,', f'"split_type":[{word},')


def of_strings(text):
    """Escapes, surrogates, NUL and invalid UTF-8, as a value and in a key."""
    # XGBoost writes and reads a backslash before u as it is.
    kept = {
        "half an escape": b"\\u12", "no digit in an escape": b"\\u12g4",
        "a path": rb"C:\users\\x",
        "escape at the end": b"\\u", "escape with a sign": b"\\u+123",
        "escape with blanks": b"\\u 123",
        "lone high surrogate": b"\\ud800", "lone low surrogate": b"\\udc00",
        "two high surrogates": b"\\ud800\\ud800", "surrogates reversed": b"\\udc00\\ud800",
        "high surrogate and a letter": b"\\ud800x", "high surrogate and \\n": b"\\ud800\\n",
        "high surrogate and half an escape": b"\\ud800\\udc",
        "escaped NUL": b"\\u0000",
    }
    bad = {
        "NUL": b"\0", "NUL inside": b"a\0b",
        "escape \\x": b"\\x41", "escape \\a": b"\\a", "escape \\0": b"\\0",
        "escape \\'": b"\\'", "escape \\U": b"\\U0001f600", "escaped NUL byte": b"\\\0",
        "byte 0x80": b"\x80", "byte 0xff": b"\xff", "byte 0xfe": b"\xfe",
        "Latin-1": "é".encode("latin-1"), "overlong NUL": b"\xc0\x80",
        "overlong slash": b"\xe0\x80\xaf", "overlong, four bytes": b"\xf0\x80\x80\xaf",
        "surrogate in UTF-8": b"\xed\xa0\x80", "surrogate pair in UTF-8":
        b"\xed\xa0\xbd\xed\xb8\x80", "beyond U+10FFFF": b"\xf4\x90\x80\x80",
        "five-byte form": b"\xf8\x88\x80\x80\x80", "two bytes cut to one": b"\xc3",
        "three bytes cut to two": b"\xe6\xbc", "four bytes cut to three": b"\xf0\x9f\x98",
        "continuation alone": b"a\xbf", "escaped byte 0xff": b"\\\xff",
    }
    places = {
        "attribute": (b'"best_iteration":"2"', b'"x":"%s"'),
        "attribute key": (b'"best_iteration":"2"', b'"%s":"2"'),
        "feature name": (b'"feature_names":["a","b","c"]',
                         b'"feature_names":["a","%s","c"]'),
        "skipped key": (b'"id":1', b'"id":1,"%s":0'),
        "skipped value": (b'"id":1', b'"id":1,"x":["%s"]'),
    }
    for place, (old, new) in places.items():
        for name, body in bad.items():
            yield text.put(f"{name}, {place}", old, new.replace(b"%s", body))
        for name, body in kept.items():
            yield text.put(f"{name}, {place}", old, new.replace(b"%s", body), ACCEPTED,
                           like=None if place == "feature name" else "hand.json")
    for name, body in {"a tab": b"\t", "control character 1": b"\x01",
                       "line feed": b"\n", "DEL": b"\x7f"}.items():
        yield text.put(f"bare {name} in a string", places["attribute"][0],
                       b'"x":"' + body + b'"', SURVIVE)
    yield text.put("string without end", '"name":"gbtree"', '"name":"gbtree',
                   words=())
    yield Case("one quote (json)", b'{"', REFUSED, OFFSET)
    yield Case("backslash at the end (json)", b'{"learner\\', REFUSED, OFFSET)
    yield Case("string of 1 MB without end (json)", b'{"' + b"x" * 2**20, REFUSED, OFFSET)
    yield Case("1 MB of backslashes (json)", b'{"' + b"\\" * 2**20, REFUSED, OFFSET)


def of_depth(text):
    """Nesting: 64 levels at most, whatever stands there."""
    place = '"version":[1,7,4]'
    forms = {"arrays": (b"[", b"]"), "objects": (b'{"x":', b"}")}
    for name, (opening, closing) in forms.items():
        for levels, expect in ((64, ACCEPTED), (65, REFUSED)):
            inner = opening * (levels - 1) + b"0" + closing * (levels - 1)
            yield text.put(f"{name} {levels} deep", place,
                           place.encode() + b',"x":' + inner, expect,
                           words=("nest|deep",) + OFFSET, like="hand.json")
        for levels in (1000, 30000, 1000000):
            yield Case(f"{name} {levels} deep (json)",
                       b'{"x":' + opening * levels + b"0" + closing * levels + b"}",
                       REFUSED, ("nest|deep",) + OFFSET)
            yield Case(f"{name} {levels} deep, open (json)", opening * levels, REFUSED)
    yield Case("{[{[ 30000 deep (json)", b'{"x":[' * 30000, REFUSED, ("nest|deep",) + OFFSET)


def of_size(text):
    """Much of everything: time and memory stay in proportion to the input."""
    place = '"version":[1,7,4]'
    members = ",".join(f'"k{i}":{i}' for i in range(50000))
    yield text.put("50,000 members in an object", place, f'{place},"x":{{{members}}}',
                   ACCEPTED, like="hand.json")
    same = ",".join('"k":0' for _ in range(50000))
    yield text.put("50,000 times the same key", place, f'{place},"x":{{{same}}}',
                   words=("twice|duplicate",))
    yield text.put("an array of 300,000 skipped numbers", place,
                   f'{place},"x":[{",".join(["1.5"] * 300000)}]', ACCEPTED,
                   like="hand.json")
    yield text.put("a string of 1 MB", place, f'{place},"x":"{"é" * 2**19}"', ACCEPTED,
                   like="hand.json")
    yield text.put("white space of 1 MB", place, place + " \n" * 2**19, ACCEPTED,
                   like="hand.json")
    names = ",".join('"n"' for _ in range(300000))
    yield text.put("300,000 feature names", '["a","b","c"]', f"[{names}]", frozenset(
        REFUSED | {"54000"}))
    big = to_json(chain(4000))
    trees = big[big.index(b'"trees":[') + 9:big.index(b']},"name"')]
    many = [trees.replace(b'"id":0', b'"id":%d' % i) for i in range(10)]
    head = big.replace(b'"num_trees":"1"', b'"num_trees":"10"')
    head = head.replace(b'"tree_info":[0]', b'"tree_info":[' + b",".join([b"0"] * 10) + b"]")
    data = head.replace(trees, b",".join(many))
    yield Case(f"a good model of {len(data) >> 20} MB (json)", data, ACCEPTED)
    yield Case(f"a model of {len(data) >> 20} MB cut at its end (json)", data[:-1], REFUSED,
               OFFSET)
    yield Case(f"a model of {len(data) >> 20} MB with one bad link at its end (json)",
               data[:data.rindex(b'"right_children":[2')] +
               data[data.rindex(b'"right_children":[2'):].replace(b"[2", b"[3", 1),
               REFUSED, (r"tree 9\b", r"node 0\b", "right_children"))


def parts(bases):
    text = Text(bases.gbtree)
    return {
        "JSON: commas, brackets, comments": of_marks(text),
        "JSON: duplicate keys": of_keys(text),
        "JSON: numbers and literals": of_numbers(text),
        "JSON: strings": of_strings(text),
        "JSON: nesting": of_depth(text),
        "JSON: size": of_size(text),
    }
