#!/usr/bin/env python3
"""Rank statistics beside scipy, in one run.

Runs the benchmarks of package correlation and the same work in scipy in turn, and prints best seconds and ratio.
Needs Go, and Debian's python3-scipy.

usage: /usr/bin/python3 tools/bench/peer_scipy.py [--rounds 2]
"""
import argparse
import os
import re
import subprocess
import time

for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(v, "1")
import numpy as np
import scipy
from scipy import stats

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def vectors(n, ties):
    rng = np.random.default_rng(12345)
    x = rng.normal(size=n)
    y = 0.5 * x + rng.normal(size=n)
    return (np.round(90 + x, 1), np.round(90 + y, 1)) if ties else (x, y)


def kendall(n, ties):
    x, y = vectors(n, ties)
    return lambda: stats.kendalltau(x, y)


def bootstrap(f):
    x, y = vectors(1000, False)
    return lambda: stats.bootstrap((x, y), f, paired=True, vectorized=False, n_resamples=1000, method="BCa",
                                   random_state=1)


WORK = {
    "BenchmarkKendall/n=1000/ties=false": kendall(1000, False),
    "BenchmarkKendall/n=1000000/ties=false": kendall(1_000_000, False),
    "BenchmarkKendall/n=1000000/ties=true": kendall(1_000_000, True),
    "BenchmarkBootstrap/tau-b/B=1000/n=1000": bootstrap(lambda u, v: stats.kendalltau(u, v)[0]),
    "BenchmarkBootstrap/rho/B=1000/n=1000": bootstrap(lambda u, v: stats.spearmanr(u, v)[0]),
}


def ours(name):
    pattern = "/".join("^" + re.escape(part) + "$" for part in name.split("/"))
    out = subprocess.run(["go", "test", "-run", "^$", "-bench", pattern, "./correlation"], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout
    return float(re.search(r"^%s\S*\s+\d+\s+([\d.]+) ns/op" % re.escape(name), out, re.M).group(1)) / 1e9


def theirs(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--rounds", type=int, default=2)
    a = ap.parse_args()
    print(f"scipy {scipy.__version__}, numpy {np.__version__}, one thread each")
    for name, work in WORK.items():
        pairs = [(ours(name), theirs(work)) for _ in range(a.rounds)]
        o, t = min(p[0] for p in pairs), min(p[1] for p in pairs)
        print(f"{name:44s} ours {o:.6f} s  scipy {t:.6f} s  {t / o:6.1f} x", flush=True)


if __name__ == "__main__":
    main()
