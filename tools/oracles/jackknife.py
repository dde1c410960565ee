"""Differences of two rank correlations with one truth, with their jackknife standard errors, by scipy alone: every
coefficient is computed anew without each row. Prints testdata/oracles/correlation/jackknife.json:

    python3 tools/oracles/jackknife.py > testdata/oracles/correlation/jackknife.json
"""
import json

import numpy as np
from scipy import stats

COEFFICIENTS = {"kendall": lambda x, y: stats.kendalltau(x, y)[0], "spearman": lambda x, y: stats.spearmanr(x, y)[0]}


def without(of, x, y):
    return np.array([of(np.delete(x, i), np.delete(y, i)) for i in range(len(x))])


def variance(values):
    return (len(values) - 1) / len(values) * np.sum((values - values.mean()) ** 2)


def compared(difference, var):
    se = float(np.sqrt(var))
    half = float(stats.norm.ppf(.975)) * se
    return {"difference": float(difference), "low": float(difference - half), "high": float(difference + half),
            "p": float(2 * stats.norm.sf(abs(difference) / se))}


cases = []
for seed, (n, m, levels) in enumerate([(12, 9, 0), (60, 41, 0), (60, 60, 7), (150, 80, 25)]):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n)
    a, b = truth + rng.normal(size=n), .3 * truth + rng.normal(size=n)
    other_truth = rng.normal(size=m)
    other = other_truth + 2 * rng.normal(size=m)
    if levels:
        truth, a, b, other, other_truth = (np.round(v * levels / 6) for v in (truth, a, b, other, other_truth))
    case = {"a": a.tolist(), "b": b.tolist(), "truth": truth.tolist(), "other": other.tolist(),
            "other_truth": other_truth.tolist()}
    for name, of in COEFFICIENTS.items():
        one, two = without(of, a, truth), without(of, b, truth)
        apart = without(of, other, other_truth)
        value = of(a, truth)
        case[name] = {"paired": compared(value - of(b, truth), variance(one - two)),
                      "separate": compared(value - of(other, other_truth), variance(one) + variance(apart))}
    cases.append(case)
print(json.dumps({"source": "scipy " + __import__("scipy").__version__, "cases": cases}))
