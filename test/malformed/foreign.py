"""Files that are no XGBoost model in JSON or UBJSON.  The error says what each is and how
to come to a model from it."""
import base64
import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import zipfile
import zlib

import numpy as np

from bases import ACCEPTED, REFUSED, TOO_BIG, Case

RESAVE = "save_model"


def old_binary(features=3):
    """The head of the binary format of 0.4 to 2.x: parameters, then names."""
    head = struct.pack("<fIiii", 0.5, features, 0, 1, 0) + b"\0" * 116
    names = b"".join(struct.pack("<Q", len(n)) + n for n in (b"binary:logistic", b"gbtree"))
    return head + names + struct.pack("<ii", 1, 1) + b"\0" * 152 + b"\1\0\0\0" * 60


# What pickle makes of a small object of a scikit-learn class.
SKLEARN = {
    2: (b"\x80\x02csklearn.tree._tree\nTree\nq\x00)\x81q\x01}q\x02"
        b"X\x0a\x00\x00\x00n_featuresq\x03K\x03sb."),
    4: (b"\x80\x04\x95\x3a\x00\x00\x00\x00\x00\x00\x00\x8c\x12sklearn.tree._tree\x94"
        b"\x8c\x04Tree\x94\x93\x94)\x81\x94}\x94\x8c\nn_features\x94K\x03sb."),
}


def archives(model):
    yield "gzip of a model", gzip.compress(model, mtime=0), "gzip"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as z:
        z.writestr("model.json", model)
    yield "zip of a model", packed.getvalue(), "zip"
    arrays = io.BytesIO()
    np.savez(arrays, x=np.arange(9.0))
    yield "NumPy npz", arrays.getvalue(), "zip|NumPy"
    array = io.BytesIO()
    np.save(array, np.arange(9.0))
    yield "NumPy npy", array.getvalue(), "NumPy"
    yield "bzip2 of a model", bz2.compress(model), "bzip2"
    yield "xz of a model", lzma.compress(model), r"\bxz"
    yield "zlib of a model", zlib.compress(model), "zlib|compress"


def boosters(bases):
    """What XGBoost itself writes besides model files."""
    trained = bases.trained
    handle = bytes(trained.__getstate__()["handle"])
    yield "snapshot {Config, Model}", handle, "snapshot|pickle"
    for protocol in (0, 1, 2, 3, 4, 5):
        yield (f"pickle of a booster, protocol {protocol}",
               pickle.dumps(trained, protocol=protocol), "pickle")
    try:
        raw = bytes(trained.save_raw("deprecated"))
        yield "old binary format, from XGBoost", raw, "old binary|deprecated"
    except Exception:
        pass            # 3.1 and later cannot write it
    yield "old binary format", b"binf" + old_binary(), "old binary|deprecated"
    yield "old binary format without its magic", old_binary(), "old binary|deprecated"
    yield "old binary format of Spark", b"\x00\x0a_cls_model" + old_binary(), \
        "old binary|deprecated"
    yield "old base64 format", b"bs64\tYmluZgAAAD8=", "base64|old"
    yield "text dump", ("booster[0]:\n" + trained.get_dump()[0]).encode(), "dump"
    yield ("JSON dump", ("[" + ",".join(trained.get_dump(dump_format="json")) + "]").encode(),
           "dump")


def others():
    """Other libraries, by their first bytes."""
    lightgbm = (b"tree\nversion=v3\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
                b"max_feature_idx=2\nobjective=binary sigmoid:1\nfeature_names=a b c\n"
                b"Tree=0\nnum_leaves=2\nsplit_feature=0\nleaf_value=0.1 -0.1\n")
    yield "LightGBM text", lightgbm, "LightGBM"
    yield ("LightGBM JSON", json.dumps({"name": "tree", "version": "v3", "num_class": 1,
                                        "tree_info": [{"tree_index": 0}]}).encode(), None)
    yield "CatBoost cbm", b"CBM1" + struct.pack("<I", 200) + b"\x10\0\0\0" + b"\0" * 200, \
        "CatBoost"
    yield ("CatBoost JSON", json.dumps({"features_info": {"float_features": []},
                                        "oblivious_trees": [], "model_info": {}}).encode(),
           None)
    onnx = (b"\x08\x07\x12\x08skl2onnx\x1a\x041.13\x22\x07ai.onnx(\x00:\x40\n>\n\x01X"
            b"\x12\x05label\x22\x16TreeEnsembleClassifier:\x0aai.onnx.ml" + b"\0" * 40)
    yield "ONNX", onnx, "ONNX"
    for protocol, data in SKLEARN.items():
        yield f"scikit-learn joblib, protocol {protocol}", data, "pickle|joblib"
    yield "scikit-learn joblib, zlib", zlib.compress(SKLEARN[4]), "zlib|compress|joblib"
    yield "PMML", b'<?xml version="1.0"?>\n<PMML version="4.4"><MiningModel/></PMML>', \
        "PMML|XML"
    yield "PMML without a prolog", b'<PMML version="4.4"><MiningModel/></PMML>', "PMML"
    yield "HDF5", b"\x89HDF\r\n\x1a\n" + b"\0" * 100, "HDF5"
    yield "a web page", b"<!DOCTYPE html><html><body>404</body></html>", None
    yield "a Git LFS pointer", (b"version https://git-lfs.github.com/spec/v1\n"
                                b"oid sha256:" + b"0" * 64 + b"\nsize 12345\n"), None
    yield "CSV", b"status,seniority,home\ngood,9,rent\nbad,10,owner\n", None
    yield ("a configuration file", b"booster = gbtree\nobjective = binary:logistic\n",
           r"\A(?![^\0]*old binary)")
    yield "a path", b"/home/me/model.json", None


def of_files(bases):
    for name, data, word in (*archives(bases.files["hand.json"]), *boosters(bases), *others()):
        words = (word,) if word else ()
        if word and any(w in word for w in ("deprecated", "pickle", "dump", "snapshot")):
            words += (RESAVE,)
        yield Case(name, data, REFUSED, words)


def of_nothing(bases):
    model = bases.files["hand.json"]
    for name, data in {"nothing": b"", "one blank": b" ", "white space": b" \n\t\r\n"}.items():
        yield Case(name, data, REFUSED, ("empty",))
    for name, data in {"one brace": b"{", "one bracket": b"[", "one quote": b'"',
                       "one NUL": b"\0", "1 MB of NUL": b"\0" * 2**20,
                       "1 MB of braces": b"{" * 2**20, "1 MB of brackets": b"[" * 2**20,
                       "base64 of a model": base64.b64encode(model),
                       "a model in quotes": json.dumps(model.decode()).encode(),
                       "hex of a model": b"\\x" + model.hex().encode()}.items():
        yield Case(name, data, REFUSED)
    for name, text in {"empty": "", "a word": "hello", "CSV": "a,b\n1,2\n",
                       "base64": "e30=", "a brace": "{"}.items():
        yield Case(f"the text form: {name}", text.encode(), REFUSED, as_text=True)


def of_noise():
    rng = np.random.default_rng(11)
    for i in range(200):
        size = int(rng.integers(1, 3000))
        for mark in (b"", b"{", b"{L", b'{"', b"{L\0\0\0\0\0\0\0\7learner{"):
            yield Case(f"random bytes {i} after {mark!r}", mark + rng.bytes(size), REFUSED)
    binary = b"binf" + old_binary()
    for bit in rng.choice(8 * len(binary), 500, replace=False):
        flipped = bytearray(binary)
        flipped[bit // 8] ^= 1 << bit % 8
        yield Case(f"old binary format, bit {bit} flipped", bytes(flipped), REFUSED)
    for size in range(1, len(binary), 3):
        yield Case(f"old binary format, cut to {size} bytes", binary[:size], REFUSED)


def limits(bases):
    """riskml.max_model_bytes: exactly that many bytes pass, one more does not."""
    limit = {"riskml.max_model_bytes": "65536"}
    for name in ("hand.json", "hand.ubj"):
        data = bases.files[name]
        full = data + b" " * (65536 - len(data))
        yield Case(f"{name} of max_model_bytes", full, ACCEPTED, like="hand.json",
                   settings=limit)
        yield Case(f"{name} one byte beyond max_model_bytes", full + b" ", TOO_BIG,
                   ("max_model_bytes",), settings=limit)
    yield Case("garbage beyond max_model_bytes", b"x" * 70000, TOO_BIG,
               ("max_model_bytes",), settings=limit)
    yield Case("text beyond max_model_bytes", b"x" * 70000, TOO_BIG, ("max_model_bytes",),
               settings=limit, as_text=True)


def parts(bases):
    return {
        "other files": of_files(bases),
        "nothing, and things in the wrong wrapping": of_nothing(bases),
        "random bytes, damaged old binaries": of_noise(),
        "riskml.max_model_bytes": limits(bases),
    }
