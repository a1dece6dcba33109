"""A small UBJSON writer, laid out as XGBoost writes it: long lengths, typed arrays for
what a tree holds per node, counted arrays elsewhere, objects closed by '}'.  And a reader
that trusts what it reads."""
import math
import struct

FLOATS = {"base_weights", "leaf_weights", "loss_changes", "split_conditions", "sum_hessian",
          "weights"}
INTS = {"left_children", "right_children", "parents", "split_indices", "categories",
        "categories_nodes", "feature_segments", "offsets", "sorted_idx"}
BYTES = {"default_left", "split_type"}
LONGS = {"categories_segments", "categories_sizes"}

FORMAT = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
# cats: the type of a column of integer labels, and the signed one it has in the file
COLUMNS = {9: "i", 10: "U", 11: "I", 12: "I", 13: "l", 14: "l", 15: "L", 16: "L"}
UNSIGNED = {12: 2**16, 14: 2**32, 16: 2**64}

RANGE = {"i": (-2**7, 2**7), "U": (0, 2**8), "I": (-2**15, 2**15),
         "l": (-2**31, 2**31), "L": (-2**63, 2**63)}


class Raw:
    """Bytes put into the file as they are, in place of a value."""

    def __init__(self, data):
        self.data = data


def fits(code, value):
    if code in "dD":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return code == "D" or not math.isfinite(value) or abs(value) < 3.4028235677973366e38
    low, high = RANGE[code]
    return type(value) is int and low <= value < high


def number(code, value):
    return struct.pack(FORMAT[code], value)


def length(n):
    return b"L" + number("L", n)


def text(value):
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    return length(len(value)) + value


def typed(code, values):
    """A typed array, also where XGBoost would not write one."""
    body = b"".join(number(code, v) for v in values)
    return b"[$" + code.encode() + b"#" + length(len(values)) + body


def array(key, values):
    codes = ("dD" if key in FLOATS else "lL" if key in INTS else "UlL" if key in BYTES
             else "L" if key in LONGS else "")
    for code in codes:
        if all(fits(code, v) for v in values):
            return typed(code, values)
    return b"[#" + length(len(values)) + b"".join(encode(v) for v in values)


def column(members):
    """The labels of a column of `cats`, wider unsigned ones with the same bits, signed."""
    code = COLUMNS.get(members["type"])
    modulus = UNSIGNED.get(members["type"])
    values = members["values"]
    if modulus and all(type(v) is int and 0 <= v < modulus for v in values):
        values = [v - modulus * (v >= modulus // 2) for v in values]
    if code and all(fits(code, v) for v in values):
        return Raw(typed(code, values))
    return members["values"]


def encode(value, key=None):
    """The bytes of a JSON-like value; key tells what array it is."""
    if isinstance(value, Raw):
        return value.data
    if value is None:
        return b"Z"
    if isinstance(value, bool):
        return b"T" if value else b"F"
    if isinstance(value, int):
        code = next((c for c in "iIlL" if fits(c, value)), None)
        return (code.encode() + number(code, value) if code
                else b"D" + number("D", value))
    if isinstance(value, float):
        code = "d" if fits("d", value) else "D"
        return code.encode() + number(code, value)
    if isinstance(value, (str, bytes)):
        return b"S" + text(value)
    if isinstance(value, dict):
        if isinstance(value.get("values"), list) and type(value.get("type")) is int:
            value = {**value, "values": column(value)}
        return b"{" + b"".join(text(k) + encode(v, k) for k, v in value.items()) + b"}"
    if key == "values" and all(fits("i", v) for v in value):
        return typed("i", value)
    return array(key, value)


class Reader:
    """Decodes the value at `at`; marker N, a no-op, only between values of a list."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def peek(self):
        return chr(self.data[self.at])

    def number(self, code):
        return struct.unpack(FORMAT[code], self.take(struct.calcsize(FORMAT[code])))[0]

    def length(self):
        return self.number(chr(self.take(1)[0]))

    def text(self):
        return self.take(self.length()).decode()

    def value(self, marker=None):
        marker = marker or chr(self.take(1)[0])
        if marker in FORMAT:
            return self.number(marker)
        if marker in "TFZ":
            return {"T": True, "F": False, "Z": None}[marker]
        if marker == "S":
            return self.text()
        return self.list() if marker == "[" else self.object()

    def object(self):
        members = {}
        while self.peek() != "}":
            key = self.text()
            members[key] = self.value()
        self.at += 1
        return members

    def list(self):
        marker, items = None, []
        if self.peek() == "$":
            marker = chr(self.take(2)[1])
        if self.peek() == "#":
            self.at += 1
            return [self.value(marker) for _ in range(self.length())]
        while self.peek() != "]":
            if self.peek() == "N":
                self.at += 1
                continue
            items.append(self.value())
        self.at += 1
        return items


def decode(data):
    return Reader(data).value()
