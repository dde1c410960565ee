#!/usr/bin/env python3
"""How the terms of the estimator effdim-cell were chosen on one half of the architectures, and what they reach on the other.

    bench301 study export runs/random > all.csv
    python3 docs/results/random/rule.py all.csv

Needs numpy and scipy. Half A has the architectures at even positions in the order of their ids, B the others. Every
choice is made by tau-b on A; B is printed beside it and decides nothing.
"""
import ast
import csv
import sys

import numpy as np
from scipy.stats import kendalltau, spearmanr

OPERATIONS = ["max pool", "avg pool", "skip", "sep 3x3", "sep 5x5", "dil 3x3", "dil 5x5"]  # by their numbers
TERMS = 4


def read(path):
    """Ids in order, genotypes, and every column of scores of the architectures that have them all."""
    scores, arch = {}, {}
    with open(path, newline="") as f:
        for row in csv.DictReader(f):
            if row["status"] == "ok":
                scores.setdefault(row["id"], {})[row["estimator"]] = float(row["score"])
                arch[row["id"]] = ast.literal_eval(row["arch"])
    names = sorted(set().union(*scores.values()))
    ids = sorted(i for i in scores if len(scores[i]) == len(names))
    return [arch[i] for i in ids], {n: np.array([scores[i][n] for i in ids]) for n in names}


def depths(cell):
    """Of the cell's four nodes: edges on the longest path from an input of the cell."""
    depth = [0, 0]
    for node in range(4):
        depth.append(1 + max(depth[source] for source, _ in cell[2 * node:2 * node + 2]))
    return depth[2:]


def counts(genotypes):
    """Counts of each cell, by name."""
    out = {}
    for k, cell in enumerate(["normal", "reduction"]):
        cells = [g[k] for g in genotypes]
        of = lambda ops: np.array([sum(op in ops for _, op in c) for c in cells], float)
        for op, name in enumerate(OPERATIONS):
            out[f"{name} of the {cell} cell"] = of([op])
        for name, ops in ("pools", [0, 1]), ("separable", [3, 4]), ("convolutions", [3, 4, 5, 6]):
            out[f"{name} of the {cell} cell"] = of(ops)
        out[f"input edges of the {cell} cell"] = np.array([sum(s < 2 for s, _ in c) for c in cells], float)
        out[f"depth of the {cell} cell"] = np.array([max(depths(c)) for c in cells], float)
        out[f"sum of depths of the {cell} cell"] = np.array([sum(depths(c)) for c in cells], float)
    return out


def partial(x, y, z):
    """Spearman's correlation of x and y given z."""
    xy, xz, yz = spearmanr(x, y)[0], spearmanr(x, z)[0], spearmanr(y, z)[0]
    return (xy - xz * yz) / np.sqrt((1 - xz ** 2) * (1 - yz ** 2))


def main(path):
    genotypes, scores = read(path)
    accuracy, cell = scores.pop("accuracy"), counts(genotypes)
    scores.pop("effdim-cell", None)  # it is made here, from map-effdim and the genotypes
    a = np.arange(len(accuracy)) % 2 == 0
    tau = lambda s, half: kendalltau(s[half], accuracy[half])[0]
    line = lambda name, s: print(f"  {name:72} A {tau(s, a):+.4f}   B {tau(s, ~a):+.4f}")
    print(f"{len(accuracy)} architectures: {a.sum()} in A, {(~a).sum()} in B; tau-b of every score")
    for name, s in scores.items():
        line(name, s)

    scaled = {n: s / s[a].std() for n, s in {**scores, **cell}.items() if s[a].std() > 0}
    print(f"\nStep 1, greedy on A among {len(scaled)} candidates, each divided by its deviation on A, signs + and -")
    total, chosen = np.zeros(len(accuracy)), []
    for _ in range(TERMS):
        _, name, sign = max((tau(total + sign * s, a), n, sign) for n, s in scaled.items() if n not in chosen for sign in (1, -1))
        total, chosen = total + sign * scaled[name], chosen + [name]
        line(("+ " if sign > 0 else "- ") + name, total)

    print("\nStep 2, variants of these four terms, compared on A")
    unit = lambda s: s / s[a].std()
    both = lambda n: cell[f"{n} of the normal cell"] + cell[f"{n} of the reduction cell"]
    ways = {"normal cell": lambda n: cell[f"{n} of the normal cell"], "both cells": both}
    for inputs, edges in ways.items():
        for skips, skip in ways.items():
            line(f"input edges of {inputs}, skips of {skips}", unit(scores["map-effdim"]) + unit(both("separable"))
                 + unit(edges("input edges")) + unit(skip("skip")))
    terms = {"map-effdim": scores["map-effdim"], "separable convolutions of both cells": both("separable"),
             "input edges of both cells": both("input edges"), "skips of the normal cell": cell["skip of the normal cell"]}
    print("\nDeviations on A: " + ", ".join(f"{n} {s[a].std():.3f}" for n, s in terms.items()))

    rule = sum(s / d for s, d in zip(terms.values(), (25.5, 1.8, 1.4, 1)))
    print("\neffdim-cell = map-effdim/25.5 + separable/1.8 + input edges/1.4 + normal skips, and others; tau-b")
    rivals = {"effdim-cell": rule, "its three counts alone": rule - scores["map-effdim"] / 25.5, "map-effdim": scores["map-effdim"]}
    for name, s in rivals.items():
        line(name, s)
    print("  partial Spearman given macs")
    for name, s in rivals.items():
        print(f"  {name:72} " + "   ".join(f"{n} {partial(s[h], accuracy[h], scores['macs'][h]):+.4f}" for n, h in (("A", a), ("B", ~a))))
    top = np.flatnonzero(~a)[np.argsort(-accuracy[~a], kind="stable")[:400]]
    print("  tau-b among the 400 most accurate of B")
    for name, s in rivals.items():
        print(f"  {name:85} B {tau(s, top):+.4f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
