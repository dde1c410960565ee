#!/usr/bin/python3
"""Train the mini runtime model: a linear ridge that approximates the training times of NAS-Bench-301's lgb_runtime v0.9.

    /usr/bin/python3 tools/mini/runtime.py v09.csv [--check]

v09.csv has the columns arch ([[(source, operation), ...], [...]], canonical numbering) and runtime_lgb_v0.9 (seconds
that the published LightGBM ensemble predicts for training the architecture as NAS-Bench-301 did).

The features are those of train.py, the folds are drawn as there. The script prints a 10-fold cross-validation that
holds out architectures, of this model and of train.py's quadratic form, then trains on all rows and writes

    bench301/surrogate/miniruntime.json           the model
    bench301/surrogate/testdata/miniruntime.json  predictions by the kernel form, in float64, for the Go tests

With --check it stops after the cross-validation. Needs numpy and scipy; OPENBLAS_NUM_THREADS=1 keeps it to one core.
"""
import ast
import json
import random
import sys

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import kendalltau, spearmanr

import train

COLUMN = "runtime_lgb_v0.9"
RIDGE = 1.0


class Linear:
    """Ridge regression on standardised features."""

    def __init__(self, x, y):
        self.centre, self.scale, self.mean = x.mean(0), x.std(0), y.mean()
        self.scale[self.scale == 0] = 1
        self.x, self.y = self.map(x), y
        self.w = np.linalg.solve(self.x.T @ self.x + RIDGE * np.eye(x.shape[1]), self.x.T @ (y - self.mean))

    def map(self, x):
        return (x - self.centre) / self.scale

    def predict(self, x):
        return self.map(x) @ self.w + self.mean

    def by_kernel(self, x):
        """The same function, without the weights: what the training rows say, weighed by inner products."""
        gram = self.x @ self.x.T + RIDGE * np.eye(len(self.y))
        return self.map(x) @ self.x.T @ cho_solve(cho_factor(gram), self.y - self.mean) + self.mean

    def collapse(self):
        """Intercept and weights of the raw features."""
        w = self.w / self.scale
        return self.mean - self.centre @ w, w


def validate(name, model, x, y):
    fold = np.random.RandomState(301).permutation(len(y)) % train.FOLDS
    out, taus = np.zeros(len(y)), []
    for f in range(train.FOLDS):
        held = fold == f
        out[held] = model(x[~held], y[~held]).predict(x[held])
        taus.append(float(kendalltau(out[held], y[held])[0]))
    error = out - y
    std = float(np.sqrt(np.mean(error ** 2)))
    v = {
        "folds": train.FOLDS, "kendall": float(kendalltau(out, y)[0]), "kendall_folds": taus,
        "spearman": float(spearmanr(out, y)[0]), "r2": float(1 - np.mean(error ** 2) / y.var()),
        "mean_absolute_error": float(np.mean(np.abs(error))),
        "median_relative_error": float(np.median(np.abs(error) / y)),
        "coverage_1": float(np.mean(np.abs(error) <= std)), "coverage_1.96": float(np.mean(np.abs(error) <= 1.96 * std)),
    }
    print(f"{name}: tau {v['kendall']:.5f} (folds {min(taus):.5f} to {max(taus):.5f}), rho {v['spearman']:.6f}, "
          f"R2 {v['r2']:.6f}, median relative error {v['median_relative_error']:.5f}, largest error "
          f"{np.abs(error).max():.1f} s, std {std:.2f} s", flush=True)
    return std, v


def main():
    path = sys.argv[1]
    rows, archs, sha256 = train.read(path)
    y = np.array([float(r[COLUMN]) for r in rows])
    x = train.features(archs)
    std, validation = validate("linear", Linear, x, y)
    if "--check" in sys.argv:
        validate("quadratic", train.Model, x, y)
        return

    model = Linear(x, y)
    intercept, weights = model.collapse()
    counts = np.array([train.ranged(arch) for arch in archs])
    low, high = counts.min(0), counts.max(0)
    with open("bench301/surrogate/miniruntime.json", "w") as f:
        json.dump({
            "rows": len(y), "table_sha256": sha256,
            "features": len(weights), "intercept": intercept, "std": std,
            "min": low.tolist(), "max": high.tolist(), "validation": validation, "weights": weights.tolist(),
        }, f)
        f.write("\n")

    rng = random.Random(302)
    tests = [train.sample(rng) for _ in range(60)] + [train.canonical(ast.literal_eval(t)) for t in train.NAMED]
    with open("bench301/surrogate/testdata/miniruntime.json", "w") as f:
        json.dump([{
            "arch": train.text(t), "seconds": float(p),
            "in_range": bool(np.all((low <= train.ranged(t)) & (train.ranged(t) <= high))),
        } for t, p in zip(tests, model.by_kernel(train.features(tests)))], f, indent=0)
        f.write("\n")


if __name__ == "__main__":
    main()
