#!/usr/bin/python3
"""Reference numbers of functional ANOVA over full grids, by numpy.

usage: /usr/bin/python3 tools/oracles/importance.py

Writes testdata/oracles/analysis/importance.json. Over a full grid with equal weights the share of a set of settings is
its Sobol index: the variance of the conditional mean given these settings, less the shares of its subsets, divided by
the whole variance (Sobol 1993; Hooker 2007).
"""
import itertools
import json
import os

import numpy as np

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "testdata", "oracles", "analysis", "importance.json")


def shares(y):
    closed, own = {}, {}
    axes = range(y.ndim)
    for size in range(1, y.ndim + 1):
        for u in itertools.combinations(axes, size):
            closed[u] = np.mean(y, axis=tuple(a for a in axes if a not in u)).var()
            own[u] = closed[u] - sum(own[v] for v in own if set(v) < set(u))
    assert np.isclose(sum(own.values()), y.var())
    return {",".join("abcd"[i] for i in u): v / y.var() for u, v in own.items()}


rng = np.random.default_rng(301)
cases = []
for shape in [(3, 3), (2, 5), (2, 3, 4), (2, 2, 3, 2)]:
    y = np.round(rng.uniform(-0.5, 0.9, shape), 3)
    cases.append({"shape": list(shape), "y": y.ravel().tolist(), "variance": y.var(), "shares": shares(y)})
os.makedirs(os.path.dirname(OUT), exist_ok=True)
with open(OUT, "w") as f:
    json.dump({"numpy": np.__version__, "cases": cases}, f, indent=1)
    f.write("\n")
