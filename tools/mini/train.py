#!/usr/bin/python3
"""Train the mini surrogates: a quadratic ridge that approximates NAS-Bench-301's XGBoost v1.0 accuracy.

    /usr/bin/python3 tools/mini/train.py pairs.csv [--more v09.csv] [--check]

pairs.csv has the columns arch ([[(source, operation), ...], [...]], canonical numbering), val_accuracy (percent) and
noise_z: the standard-normal draw of the query noise where it is known (the noise is 0.032 * z percent).

The model is kernel ridge regression with the kernel ((x.y + c) / m)^2 on the features below, which is the same as
x'Mx + b'x + a. The script prints the Kendall tau, R2 and the coverage of the constant standard deviation of a 10-fold
cross-validation that holds out architectures, then trains on all rows and writes

    bench301/surrogate/mini.f32            b and the upper triangle of M by rows, little-endian float32
    bench301/surrogate/mini.json           everything else
    bench301/surrogate/testdata/mini.json  predictions by the kernel form, in float64, for the Go tests

With --more it trains mini2 (mini2.f32 and so on) on those rows and, with the same weight, on the architectures of
v09.csv that are not among them: columns arch and val_accuracy_xgb_v0.9_noisy, of version 0.9 of the surrogate, with
its noise. Folds hold out rows of pairs.csv only, the same ones as without, so that the two validations compare. The
kernel of 12 000 rows takes 1.2 GB and a fit one or two minutes.

With --check it stops after the cross-validation. Needs numpy and scipy.
"""
import argparse
import ast
import csv
import hashlib
import json
import random
import sys

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import kendalltau, spearmanr

NOISE = 0.032
OPS = 7
POOL, SKIP, SEP, DIL = range(4)
KIND = [POOL, POOL, SKIP, SEP, SEP, DIL, DIL]  # of each operation
SLOT = [0, 2, 5, 9]  # first (node, source) slot of each node: 14 slots a cell

# The blocks of features of a cell, with their size and the weight of a standardised column (one-hot columns are only
# centred). The weights, c and the ridge come from a small search on two of the ten folds.
BLOCKS = [
    ("onehot", 14 * OPS, None),  # operation at a (node, source) slot
    ("count", OPS, 0.4),         # edges of each operation
    ("degree", 5, 1.2),          # edges that read state 0..4
    ("longest", 3, 0.4),         # longest path from an input to node 3, 4, 5 of the states (nodes 1-3 of the cell)
    ("shortest", 3, 0.4),        # shortest one
    ("chain", 16, 0.25),         # edge of kind j reads a node that an edge of kind i feeds: [i, j]
    ("source", 3 * OPS, 0.4),    # edges of each operation that read input 0, input 1, a node
    ("paths", 5, 0.4),           # log(1 + paths from an input to a node with 0..4 convolutions on them)
]
CONSTANT, RIDGE = 100.0, 0.03
FOLDS = 10


def canonical(arch):
    """The two edges of each node sorted by source."""
    return tuple(tuple(e for n in range(4) for e in sorted(map(tuple, cell[2 * n:2 * n + 2]))) for cell in arch)


def cell_features(cell):
    onehot, count, degree = np.zeros((14, OPS)), np.zeros(OPS), np.zeros(6)
    source, chain = np.zeros((3, OPS)), np.zeros((4, 4))
    longest, shortest = [0, 0], [0, 0]
    paths = [np.array([1.0, 0, 0, 0, 0]), np.array([1.0, 0, 0, 0, 0])]
    for n in range(4):
        edges = cell[2 * n:2 * n + 2]
        arriving = np.zeros(5)
        for s, o in edges:
            onehot[SLOT[n] + s, o] = 1
            count[o] += 1
            degree[s] += 1
            source[min(s, 2), o] += 1
            arriving += np.concatenate([[0.0], paths[s][:-1]]) if KIND[o] >= SEP else paths[s]
            if s >= 2:
                for _, before in cell[2 * (s - 2):2 * (s - 2) + 2]:
                    chain[KIND[before], KIND[o]] += 1
        longest.append(1 + max(longest[s] for s, _ in edges))
        shortest.append(1 + min(shortest[s] for s, _ in edges))
        paths.append(arriving)
    return np.concatenate([onehot.ravel(), count, degree[:5], longest[3:], shortest[3:], chain.ravel(), source.ravel(),
                           np.log1p(sum(paths[2:]))])


def features(archs):
    return np.array([np.concatenate([cell_features(c) for c in a]) for a in archs])


def ranged(arch):
    """The counts whose range over the training data says whether an architecture is like them."""
    out = []
    for cell in arch:
        ops = [o for _, o in cell]
        out += [ops.count(o) for o in range(OPS)]
        out += [sum(KIND[o] == POOL for o in ops), sum(KIND[o] >= SEP for o in ops)]
        out += [sum(s == state for s, _ in cell) for state in range(5)]
    return out


def scales(x):
    weights = np.concatenate([np.full(size, np.nan if weight is None else weight) for _, size, weight in BLOCKS] * 2)
    std = x.std(0)
    std[std == 0] = 1
    return np.where(np.isnan(weights), 1, weights / std)


class Model:
    def __init__(self, x, y):
        self.centre, self.scale, self.mean = x.mean(0), scales(x), y.mean()
        self.x = self.map(x)
        gram = self.x @ self.x.T
        self.m = np.mean(np.diag(gram)) + CONSTANT
        kernel = ((gram + CONSTANT) / self.m) ** 2
        self.alpha = cho_solve(cho_factor(kernel + RIDGE * np.eye(len(y))), y - self.mean)

    def map(self, x):
        return (x - self.centre) * self.scale

    def predict(self, x):
        return ((self.map(x) @ self.x.T + CONSTANT) / self.m) ** 2 @ self.alpha + self.mean

    def collapse(self):
        """a, b, M of the same function of the raw features."""
        a2 = self.alpha / self.m ** 2
        m = (self.x.T * a2) @ self.x
        b = 2 * CONSTANT * (a2 @ self.x)
        s, mu = self.scale, self.centre
        raw = s[:, None] * m * s[None, :]
        slope = s * b - 2 * raw @ mu
        a = CONSTANT ** 2 * a2.sum() + self.mean + mu @ raw @ mu - (s * b) @ mu
        return a, slope, raw


def sample(rng):
    return canonical([[(s, rng.randrange(OPS)) for n in range(4) for s in rng.sample(range(n + 2), 2)] for _ in range(2)])


def text(arch):
    return "[" + ", ".join("[" + ", ".join(f"({s}, {o})" for s, o in cell) + "]" for cell in arch) + "]"


# Named architectures that tests ask for too: DARTS_V2, one of skips only, one of pools in the normal cell.
NAMED = ["[[(0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)], [(0, 0), (1, 0), (2, 2), (1, 0), (0, 0), (2, 2), (2, 2), (1, 0)]]",
         "[[(0, 2), (1, 2), (0, 2), (1, 2), (1, 2), (0, 2), (0, 2), (2, 2)], [(0, 2), (1, 2), (2, 2), (1, 2), (0, 2), (2, 2), (2, 2), (1, 2)]]",
         "[[(0, 0), (1, 1), (0, 0), (1, 1), (0, 0), (1, 1), (0, 0), (1, 1)], [(0, 3), (1, 3), (0, 3), (1, 3), (0, 3), (1, 3), (0, 3), (1, 3)]]"]


def read(path):
    rows = list(csv.DictReader(open(path)))
    archs = [canonical(ast.literal_eval(r["arch"])) for r in rows]
    if len(set(archs)) != len(archs):
        sys.exit(f"{path}: an architecture stands twice: folds by row would leak")
    return rows, archs, hashlib.sha256(open(path, "rb").read()).hexdigest()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("pairs")
    p.add_argument("--more")
    p.add_argument("--check", action="store_true")
    arg = p.parse_args()
    rows, archs, sha256 = read(arg.pairs)
    y = np.array([float(r["val_accuracy"]) - (NOISE * float(r["noise_z"]) if r["noise_z"] else 0) for r in rows])
    x = features(archs)
    name, facts = "mini", {}
    more_x, more_y, more_archs = np.zeros((0, x.shape[1])), np.zeros(0), []
    if arg.more:
        more_rows, more_archs, more_sha256 = read(arg.more)
        known = set(archs)
        fresh = [i for i, a in enumerate(more_archs) if a not in known]
        more_archs = [more_archs[i] for i in fresh]
        more_x = features(more_archs)
        more_y = np.array([float(more_rows[i]["val_accuracy_xgb_v0.9_noisy"]) for i in fresh])
        name, facts = "mini2", {"more_rows": len(fresh), "more_sha256": more_sha256}
        print(f"{len(fresh)} more architectures, {len(more_rows) - len(fresh)} left out that stand in {arg.pairs} too")

    fold = np.random.RandomState(301).permutation(len(y)) % FOLDS
    out, taus = np.zeros(len(y)), []
    for f in range(FOLDS):
        held = fold == f
        out[held] = Model(np.vstack([x[~held], more_x]), np.concatenate([y[~held], more_y])).predict(x[held])
        taus.append(kendalltau(out[held], y[held])[0])
        print(f"fold {f}: {held.sum()} architectures held out, tau {taus[-1]:.4f}, "
              f"R2 {1 - np.mean((out[held] - y[held]) ** 2) / y[held].var():.4f}", flush=True)
    error = out - y
    std = float(np.sqrt(np.mean(error ** 2)))
    inside = [float(np.mean(np.abs(error) <= k * std)) for k in (1, 1.96)]
    validation = {
        "folds": FOLDS, "kendall": kendalltau(out, y)[0], "kendall_folds": [float(t) for t in taus],
        "spearman": float(spearmanr(out, y)[0]), "r2": float(1 - np.mean(error ** 2) / y.var()),
        "mean_absolute_error": float(np.mean(np.abs(error))), "coverage_1": inside[0], "coverage_1.96": inside[1],
    }
    print(f"tau {validation['kendall']:.4f} (mean of folds {np.mean(taus):.4f}), rho {validation['spearman']:.4f}, R2 {validation['r2']:.4f}, "
          f"std {std:.4f} covers {inside[0]:.3f} at 1 and {inside[1]:.3f} at 1.96")
    bins = np.argsort(out)
    for part in np.array_split(bins, 4):
        print(f"  predicted {out[part].min():.2f} to {out[part].max():.2f}: error std {error[part].std():.3f}, bias {error[part].mean():+.3f}")
    if arg.check:
        return

    model = Model(np.vstack([x, more_x]), np.concatenate([y, more_y]))
    a, b, m = model.collapse()
    upper = np.triu_indices(len(b))
    factor = np.where(upper[0] == upper[1], 1, 2)  # x_i x_j occurs twice
    with open(f"bench301/surrogate/{name}.f32", "wb") as f:
        f.write(np.concatenate([b, m[upper] * factor]).astype("<f4").tobytes())
    counts = np.array([ranged(arch) for arch in archs + more_archs])
    json.dump({
        "rows": len(y), "table_sha256": sha256, **facts,
        "features": len(b), "intercept": a, "std": std,
        "min": counts.min(0).tolist(), "max": counts.max(0).tolist(), "validation": validation,
    }, open(f"bench301/surrogate/{name}.json", "w"), indent=1)

    rng = random.Random(301)
    tests = [sample(rng) for _ in range(300)]
    tests += [canonical(ast.literal_eval(t)) for t in NAMED]
    low, high = counts.min(0), counts.max(0)
    json.dump([{
        "arch": text(t), "accuracy": float(p), "in_range": bool(np.all((low <= ranged(t)) & (ranged(t) <= high))),
        "feature_sum": float(f @ np.arange(1, len(f) + 1)),
    } for t, p, f in zip(tests, model.predict(features(tests)), features(tests))],
        open(f"bench301/surrogate/testdata/{name}.json", "w"), indent=0)


if __name__ == "__main__":
    main()
