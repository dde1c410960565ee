#!/usr/bin/python3
"""Pickles made by Python's own pickler, with what they contain.

Writes internal/pickle/testdata/python.json.gz: for several values and protocols 2-5 the pickle in hex
and a rendering of the value that Python makes after loading it.
"""
import collections
import gzip
import json
import pathlib
import pickle

import numpy as np


def show(v):
    """Render a value; dicts and calls keep their order, bytes and bytearrays look the same."""
    if isinstance(v, bool) or v is None:
        return str(v)
    if isinstance(v, int):
        return str(v)
    if isinstance(v, float):
        return "float " + v.hex() if v == v and abs(v) != float("inf") else "float " + str(v)
    if isinstance(v, str):
        return "str " + v.encode().hex()
    if isinstance(v, (bytes, bytearray)):
        return "bytes " + bytes(v).hex()
    if isinstance(v, list):
        return "[" + ", ".join(map(show, v)) + "]"
    if isinstance(v, tuple):
        return "(" + ", ".join(map(show, v)) + ")"
    if type(v) is dict:
        return "{" + ", ".join(show(k) + ": " + show(x) for k, x in v.items()) + "}"
    raise TypeError(type(v))


shared = ["x"]
values = {
    "constants": [None, True, False],
    "integers": [0, 1, 255, 256, 65535, 65536, -1, -128, 2**31 - 1, -(2**31), 2**31, 2**63 - 1, -(2**63), 2**63,
                 -(2**63) - 1, 0x1950A86A20F9469CFC6C, -(10**40), 2**2040],
    "floats": [0.0, -0.0, 1.5, 1e-320, 1e308, 0.1, float("inf"), float("-inf")],
    "text": ["", "f0", "\u00e9\u20ac\U0001f600", "a" * 300],
    "bytes": [b"", b"\x00\x80\xff", bytes(range(256)) * 2, bytearray(b""), bytearray(b"\xfe\x00handle")],
    "tuples": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)),
    "dicts": {"b": 1, "a": {}, 3: [], (1, "x"): {"n": None}},
    "long list": list(range(2500)),
    "long dict": {str(i): i for i in range(1100)},
    "shared": [shared, shared, (shared, "x", "x")],
    "big text": ["x" * 70000, b"y" * 70000, 1],
}
cases = []
for name, value in values.items():
    for protocol in range(2, 6):
        raw = pickle.dumps(value, protocol)
        cases.append(dict(name=name, protocol=protocol, pickle=raw.hex(), value=show(pickle.loads(raw))))

score = collections.defaultdict(collections.OrderedDict)
score["valid_0"]["rmse"] = np.float64(0.25)
out = pathlib.Path(__file__).parents[2] / "internal/pickle/testdata/python.json.gz"
out.parent.mkdir(exist_ok=True)
objects = [dict(name="scores", protocol=p, pickle=pickle.dumps(score, p).hex()) for p in range(2, 6)]
out.write_bytes(gzip.compress(json.dumps(dict(python="3.11", values=cases, objects=objects)).encode(), mtime=0))
