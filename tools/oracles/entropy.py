#!/usr/bin/python3
"""Reference numbers of conditional entropies, by numpy and scipy.

usage: /usr/bin/python3 tools/oracles/entropy.py

Writes testdata/oracles/correlation/entropy.json. Values are put into round(1 + 3.322 ln n) bins of equal width by
numpy.histogram_bin_edges and numpy.digitize; entropies are scipy.stats.entropy (base 2) of the numbers of equal rows.
This is the definition of NAS-Bench-Suite-Zero's figure of entropies (its notebook uses pyitlib). "greedy" adds, one after
another, the scores after which the entropy of y given all chosen ones is least, the first of equals.
"""
import json
import os

import numpy as np
import scipy
from scipy.stats import entropy

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "testdata", "oracles", "correlation", "entropy.json")


def bins(n):
    return int(np.round(1 + 3.322 * np.log(n)))


def discretise(x, k):
    edges = np.histogram_bin_edges(x, bins=k)
    edges[-1] = np.inf
    return np.digitize(x, edges) - 1


def joint(columns):
    if not columns:
        return 0.0
    counts = np.unique(np.stack(columns, 1), axis=0, return_counts=True)[1]
    return float(entropy(counts, base=2))


def conditional(y, given):
    return joint(given + [y]) - joint(given)


def case(name, y, scores):
    y, scores = np.asarray(y, float), [np.asarray(s, float) for s in scores]
    k = bins(len(y))
    dy, ds = discretise(y, k), [discretise(s, k) for s in scores]
    chosen, values, left = [], [], list(range(len(ds)))
    while left:
        tried = [conditional(dy, [ds[i] for i in chosen + [c]]) for c in left]
        best = min(range(len(left)), key=lambda i: (round(tried[i], 12), i))
        values.append(tried[best])
        chosen.append(left.pop(best))
    return {
        "name": name, "y": y.tolist(), "scores": [s.tolist() for s in scores], "bins": k, "y_bins": dy.tolist(),
        "score_bins": [d.tolist() for d in ds], "entropy": joint([dy]), "single": [conditional(dy, [d]) for d in ds],
        "prefix": [conditional(dy, ds[: i + 1]) for i in range(len(ds))], "greedy": chosen, "greedy_entropy": values,
    }


def main():
    rng = np.random.default_rng(301)
    n = 120
    y = rng.normal(94, 0.6, n)
    noisy = [y + rng.normal(0, s, n) for s in (0.3, 0.6, 1.5)]
    cases = [
        case("noisy copies", y, noisy + [rng.normal(size=n)]),
        case("heavy tails", y, [np.exp(4 * (s - 94)) for s in noisy] + [rng.standard_cauchy(n)]),
        case("ties", np.round(y, 1), [np.round(s) for s in noisy] + [rng.integers(0, 3, n)]),
        case("constant score", y, [np.full(n, 3.0), noisy[1]]),
        case("constant accuracy", np.full(20, 94.0), [rng.normal(size=20), rng.normal(size=20)]),
        case("same score twice", y[:50], [noisy[0][:50], noisy[0][:50], noisy[2][:50]]),
        case("three architectures", y[:3], [noisy[0][:3], noisy[2][:3]]),
    ]
    with open(OUT, "w") as f:
        json.dump({"source": f"numpy {np.__version__}, scipy {scipy.__version__}", "cases": cases}, f)
        f.write("\n")


if __name__ == "__main__":
    main()
