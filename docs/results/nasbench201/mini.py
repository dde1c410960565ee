"""Can the accuracies of NAS-Bench-201 be approximated, as the mini surrogate approximates NAS-Bench-301's?

    python3 mini.py nb201_val_accs.csv [folds]

reads CIFAR-10 accuracies (columns net, val_accs; NASLib's six operation indices of the edges 01 02 03 12 13 23) and
prints how well a Gaussian process orders cells that it has not seen (ten-fold cross-validation, Kendall's tau-b), and
how well the accuracies order themselves: cells that compute the same network were trained several times over. Needs
numpy and scipy.
"""
import ast
import csv
import sys
from collections import defaultdict

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import kendalltau

SKIP, NONE, CONV3, CONV1, POOL = range(5)
PATHS = [[2], [0, 4], [1, 5], [0, 3, 5]]  # of edges, from the input to the output


def swapped(cell):
    """The same network with the two inner nodes exchanged, where no edge joins them."""
    a, b, c, between, d, e = cell
    return (b, a, c, NONE, e, d) if between == NONE else tuple(cell)


def expression(cell):
    """What the cell computes, equal for cells that are the same network."""
    def through(op, value):
        if op == NONE or value == ():
            return ()
        return value if op == SKIP else ((int(op), value),)

    def plus(*terms):
        return tuple(sorted((t for term in terms for t in term), key=repr))

    nodes = [("in",)]
    nodes.append(through(cell[0], nodes[0]))
    nodes.append(plus(through(cell[1], nodes[0]), through(cell[3], nodes[1])))
    return repr(plus(through(cell[2], nodes[0]), through(cell[4], nodes[1]), through(cell[5], nodes[2])))


def path_features(cells):
    """How often each sequence of operations leads from the input to the output, and counts of operations."""
    counts = []
    for cell in cells:
        seen = defaultdict(float)
        for path in PATHS:
            ops = [cell[e] for e in path]
            if NONE not in ops:
                seen[tuple(op for op in ops if op != SKIP)] += 1
        for op in range(5):
            seen[op] = float(np.sum(cell == op))
        counts.append(seen)
    keys = sorted({k for c in counts for k in c}, key=repr)
    x = np.array([[c.get(k, 0.) for k in keys] for c in counts])
    return (x - x.mean(0)) / (x.std(0) + 1e-9)


def kernel(cells, rho=.9, width=.3):
    """Product over edges, 1 where the operations agree and rho where not, times a Gaussian of the paths; averaged over
    the two spellings of a cell."""
    x = path_features(cells)
    squares = (x ** 2).sum(1)
    near = np.exp(-width * (squares[:, None] + squares - 2 * x @ x.T) / x.shape[1])
    twins = np.array([swapped(c) for c in cells])
    total = 0.
    for a, b in ((cells, cells), (cells, twins), (twins, cells), (twins, twins)):
        differ = sum((a[:, e][:, None] != b[:, e]).astype(np.int8) for e in range(6))
        total = total + rho ** differ
    return total / 4 * near


def main():
    with open(sys.argv[1]) as f:
        rows = list(csv.DictReader(f))
    folds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    cells = np.array([ast.literal_eval(r["net"]) for r in rows])
    accuracy = np.array([float(r["val_accs"]) for r in rows])

    same = defaultdict(list)
    for cell, value in zip(cells, accuracy):
        same[expression(cell)].append(value)
    repeated = [v for v in same.values() if len(v) > 1]
    first, second = np.array([v[:2] for v in repeated]).T
    spread = np.median(np.abs(first - second)) / .9539  # of a normal difference of two to its deviation
    print(f"{len(cells)} cells, {len(same)} different networks; {len(repeated)} of them trained twice or more:")
    print(f"  tau-b of the first training with the second {kendalltau(first, second)[0]:.3f}, "
          f"deviation of a training {spread:.2f} points")
    noisy = accuracy + np.random.default_rng(0).normal(0, spread, len(accuracy))
    print(f"  tau-b of all accuracies with themselves plus so much noise {kendalltau(accuracy, noisy)[0]:.3f}")

    k = kernel(cells)
    target = -np.log(100 - accuracy)
    order = np.random.default_rng(0).permutation(len(cells))
    taus = []
    for test in np.array_split(order, 10)[:folds]:
        train = np.setdiff1d(order, test)
        a = k[np.ix_(train, train)]
        a[np.diag_indices_from(a)] += .03
        weights = cho_solve(cho_factor(a, overwrite_a=True), target[train] - target[train].mean())
        taus.append(kendalltau(k[np.ix_(test, train)] @ weights, accuracy[test])[0])
        print(f"  fold {len(taus)}: tau-b {taus[-1]:.4f}", flush=True)
    print(f"Gaussian process, cells not seen: tau-b {np.mean(taus):.3f} ({min(taus):.3f} to {max(taus):.3f})")


if __name__ == "__main__":
    main()
