"""Numbers of cohorts by numpy and scipy (1.10.1), written apart from the program.

    python3 cohorts.py spans > testdata/oracles/cohorts/spans_dev.json
        made-up populations with ties, constant, missing and repeated scores, and what the program should say of them
    python3 cohorts.py check POPULATIONS.jsonl SCORES.jsonl TABLE.jsonl...
        compares tables of a study with numbers from `bench301 search populations --json`, `bench301 study export
        --format jsonl` (one question an estimator) and `bench301 table RUN --only cohorts --format json`; the tables are
        of survivors, newborn or births, also --only cohorts-values
"""

import json
import math
import sys
import warnings
from collections import defaultdict

import numpy as np
import scipy
from scipy import stats

MEASURES = ["rho", "tau_b", "partial_rho", "partial_tau_b"]
LEAST = 5  # distinct architectures


def coefficient(kind, x, y):
    """None where a side is constant."""
    if len(set(x)) < 2 or len(set(y)) < 2:
        return None
    return (stats.spearmanr if kind == "rho" else stats.kendalltau)(x, y)[0]


def within(measure, members, score, accuracy, given):
    """A measure within a cohort, None where it is undefined."""
    partial = measure.startswith("partial")
    columns = [score, accuracy] + ([given] if partial else [])
    kept = [m for m in members if all(c.get(m) is not None for c in columns)]
    if len(kept) < LEAST or partial and score is given:
        return None
    x, y, *z = ([c[m] for m in kept] for c in columns)
    kind = measure.replace("partial_", "")
    xy = coefficient(kind, x, y)
    if not partial:
        return xy
    xz, yz = coefficient(kind, x, z[0]), coefficient(kind, y, z[0])
    if None in (xy, xz, yz) or abs(xz) > 1 - 1e-12 or abs(yz) > 1 - 1e-12:
        return None
    return (xy - xz * yz) / math.sqrt((1 - xz**2) * (1 - yz**2))


def quantile(p, df):
    """Of Student's t; scipy's own is off by 1e-11, so a step by Newton follows."""
    q = stats.t.ppf(p, df)
    return q - (stats.t.cdf(q, df) - p) / stats.t.pdf(q, df)


def spread(values):
    """Mean, deviation and t interval of the defined values."""
    v = [x for x in values if x is not None]
    out = {"mean": None, "sd": None, "low": None, "high": None, "defined": len(v)}
    if v:
        out["mean"] = float(np.mean(v))
    if len(v) > 1:
        out["sd"] = float(np.std(v, ddof=1))
        half = quantile(0.975, len(v) - 1) * out["sd"] / math.sqrt(len(v))
        out["low"], out["high"] = out["mean"] - half, out["mean"] + half
    return out


def mean(values):
    v = [x for x in values if x is not None]
    return float(np.mean(v)) if v else None


def holm(ps):
    """Adjusted p-values, None passed over."""
    order = sorted((p, i) for i, p in enumerate(ps) if p is not None)
    out, least = [None] * len(ps), 0
    for k, (p, i) in enumerate(order):
        least = max(least, min(1, (len(order) - k) * p))
        out[i] = least
    return out


def versus(ours, theirs):
    """The difference of two estimators, [generation][seed], paired by cohort and seed: its spread and paired t."""
    differences = []
    for a, b in zip(zip(*ours), zip(*theirs)):
        d = mean([x - y for x, y in zip(a, b) if x is not None and y is not None])
        if d is not None:
            differences.append(d)
    out = spread(differences) | {"p": None}
    scale = max((abs(x) for v in ours + theirs for x in v if x is not None), default=0)
    if out["sd"] is not None and out["sd"] > 1e-12 * scale:
        out["p"] = float(stats.ttest_1samp(differences, 0)[1])
    return out


def sums(cohorts, scores, accuracy, given, first, last):
    """cohorts are [generation][seed] lists of members. For each estimator: each measure within each cohort, over seeds,
    and over the span, with the difference in rho from the estimator `given`."""
    out = {}
    for name, score in scores.items():
        one = {}
        for m in MEASURES:
            values = [[within(m, c, score, accuracy, scores[given]) for c in row] for row in cohorts]
            span = values[first - 1 : last]
            one[m] = {"values": values, "over": [spread(v) for v in values], "span": spread([mean(v) for v in zip(*span)])}
        out[name] = one
    others = [n for n in scores if n != given]
    of = lambda n: out[n]["rho"]["values"][first - 1 : last]
    compared = [versus(of(n), of(given)) for n in others]
    for n, v, p in zip(others, compared, holm([v["p"] for v in compared])):
        out[n]["versus"] = v | {"adjusted": p}
    return out


def made_up():
    rng = np.random.default_rng(14)
    n, seeds, generations = 60, [3, 1, 9], 7
    names = [f"{i:03d}" for i in range(n)]
    accuracy = {m: round(float(v), 1) for m, v in zip(names, rng.normal(93, 1, n))}  # ties
    accuracy[names[7]] = None
    macs = {m: int(v) for m, v in zip(names, rng.integers(80, 110, n))}
    noisy = {m: float(v) + (accuracy[m] or 93) for m, v in zip(names, rng.normal(0, 1, n))}
    scores = {
        "noisy": noisy,
        "macs": macs,
        "twice": {m: 2 * v for m, v in macs.items()},  # orders as the count does
        "against": {m: -v for m, v in macs.items()},
        "constant": {m: 1.0 for m in names},
        "coarse": {m: round(v) for m, v in noisy.items()},
        "missing": {m: None if i % 3 == 0 else v for i, (m, v) in enumerate(noisy.items())},
        "seldom": {m: None if i % 9 else v for i, (m, v) in enumerate(noisy.items())},
    }
    cohorts = []
    for g in range(generations):
        row = []
        for s in seeds:
            size = 4 if g == 5 and s == 1 else 9 + g
            row.append(sorted(rng.choice(names, size=size, replace=False).tolist()))
        cohorts.append(row)
    cohorts[6][2] = []  # a search that has not come so far
    return {"about": "by tools/oracles/cohorts.py with scipy " + scipy.__version__, "seeds": seeds,
            "accuracy": accuracy, "scores": scores, "cohorts": cohorts, "first": 3, "last": 7,
            "given": {g: sums(cohorts, scores, accuracy, g, 3, 7) for g in ("macs", "missing", "constant")}}


def lines(path):
    with open(path) as f:
        return [json.loads(line) for line in f if line.strip()]


def check(populations, exported, tables):
    totals = defaultdict(lambda: defaultdict(list))
    for r in lines(exported):
        totals[r["estimator"]][r["id"]].append(r.get("score"))
    scores = {e: {i: (None if None in v else float(np.mean(v))) for i, v in c.items()} for e, c in totals.items()}
    accuracy = scores.pop("accuracy")
    members = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))  # [of method][generation][seed]
    for r in lines(populations):
        for of in ("born", "survived"):
            members[of, r["method"]][r["generation"]][r["seed"]] += [r["id"]] if r[of] else []
    seen, bad, known = 0, 0, {}

    def near(what, got, want, tolerance=1e-9):
        nonlocal seen, bad
        seen += 1
        if got in (None, "undefined", "held") or want is None:
            same = got in (None, "undefined", "held") and want is None
        else:
            same = abs(got - want) <= tolerance
        if not same:
            bad += 1
            print("DIFFERS", what, got, want)

    for path in tables:
        for t in lines(path):
            for row in t["rows"]:
                of, method, given = row["cohorts"], row["method"], row["given"]
                by = members["survived" if of == "survivors" else "born", method]
                seeds = sorted({s for g in by.values() for s in g})
                cohorts = [[by[g + 1][s] for s in seeds] for g in range(max(by))]
                if of == "births":
                    met = set()
                    for g, row_ in enumerate(cohorts):
                        pooled = {m for c in row_ for m in c} - met
                        met |= pooled
                        cohorts[g] = [sorted(pooled)]
                first, last = row.get("first") or 1, row.get("last") or len(cohorts)
                key = (of, method, given, first, last)
                if key not in known:
                    known[key] = sums(cohorts, scores, accuracy, given, first, last)
                one = known[key][row["estimator"]]
                for m in MEASURES:
                    at = f"{path} {method} {row['estimator']} {m}"
                    if t["table"] == "cohorts":
                        want = one[m]["span"]
                    elif row.get("seed") in (None, "", "mean"):
                        want = one[m]["over"][row["generation"] - 1]
                    else:
                        want = spread([one[m]["values"][row["generation"] - 1][seeds.index(int(row["seed"]))]])
                    near(at, row[m], want["mean"])
                    if of != "births":
                        near(at + " sd", row[m + "_sd"], want["sd"])
                        near(at + " low", row[m + "_low"], want["low"])
                        near(at + " high", row[m + "_high"], want["high"])
                        if row[m + "_bootstrap_low"] is not None:
                            assert row[m + "_bootstrap_low"] <= row[m] + 1e-12 <= row[m + "_bootstrap_high"] + 2e-12
                if t["table"] == "cohorts" and of != "births" and "versus" in one:
                    v = one["versus"]
                    near(at + " difference", row["difference"], v["mean"])
                    near(at + " p", row["p_unadjusted"], v["p"])
                    near(at + " Holm", row["p_versus_given"], v["adjusted"])
    print(f"{seen} numbers compared, {bad} differ")
    return bad > 0


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:] == ["spans"]:
        json.dump(made_up(), sys.stdout)
        print()
    elif len(sys.argv) > 4 and sys.argv[1] == "check":
        sys.exit(check(sys.argv[2], sys.argv[3], sys.argv[4:]))
    else:
        sys.exit(__doc__)
