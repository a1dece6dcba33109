"""A small UBJSON writer, laid out as XGBoost writes it: long lengths, typed arrays for
what a tree holds per node, counted arrays elsewhere, objects closed by '}'."""
import math
import struct

FLOATS = {"base_weights", "loss_changes", "split_conditions", "sum_hessian"}
INTS = {"left_children", "right_children", "parents", "split_indices", "categories",
        "categories_nodes"}
BYTES = {"default_left", "split_type"}
LONGS = {"categories_segments", "categories_sizes"}

FORMAT = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
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
        return b"{" + b"".join(text(k) + encode(v, k) for k, v in value.items()) + b"}"
    return array(key, value)
