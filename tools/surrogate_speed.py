#!/usr/bin/env python3
"""Compares query times of bench301 with those of XGBoost's Python package, in one run on the same cores.

    python3 tools/surrogate_speed.py [FOLDER]   (needs xgboost and numpy; Debian: python3-xgboost)

Two ensembles: the 3 x 80 trees of the reference material, and 10 x 200 trees with NAS-Bench-301's
hyperparameters that are trained here on a made-up target. A single query in Python is what NAS-Bench-301 does:
one DMatrix, one predict a member. Conversion from genotype to vector is in bench301's times and not in Python's.
CPU times of one thread are printed too: other work on the machine disturbs them least. FOLDER keeps the trained
ensemble for another run.
"""
import json, os, pickle, subprocess, sys, tempfile, time
import numpy as np
import xgboost as xgb

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROWS = 100_000
PARAMS = {"booster": "gbtree", "max_depth": 13, "min_child_weight": 39, "colsample_bytree": 0.2545374925231651,
          "colsample_bylevel": 0.6909224923784677, "lambda": 31.393252465064943, "alpha": 0.24167936088332426,
          "learning_rate": 0.05, "objective": "reg:squarederror", "tree_method": "hist"}


def train(x, folder, members=10, rounds=200):
    """Boosters that have learned a sum of effects of columns and pairs of columns, in NB301's layout."""
    rng = np.random.default_rng(0)
    varying = [i for i in range(56) if x[:, i].std() > 0]
    y = 92 + rng.normal(0, 0.1, len(x))
    for i in varying:
        y += rng.normal(0, 0.2, 12)[x[:, i].astype(int)]
    for _ in range(60):
        i, j = rng.choice(varying, 2, replace=False)
        y += rng.normal(0, 0.2, (12, 12))[x[:, i].astype(int), x[:, j].astype(int)]
    for m in range(members):
        booster = xgb.train({**PARAMS, "seed": m}, xgb.DMatrix(x, y), rounds)
        where = os.path.join(folder, f"ensemble_member_{m}")
        os.makedirs(where)
        with open(os.path.join(where, "surrogate_model.model"), "wb") as f:
            pickle.dump(booster, f, protocol=4)
        for name, content in (("model_config.json", {"model": "xgb"}), ("data_config.json", {"seed": m})):
            with open(os.path.join(where, name), "w") as f:
                json.dump(content, f)


def best(f, repeat=5):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return min(times)


def python_times(folder, x):
    boosters = []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name, "surrogate_model.model")
        if os.path.exists(path):
            with open(path, "rb") as f:
                boosters.append(pickle.load(f))

    def singles(n=10):
        for row in x[:n]:
            for b in boosters:
                b.predict(xgb.DMatrix(row.reshape(1, -1)))

    def batch(clock, threads):
        """Seconds of predicting all rows with every booster, and the predictions."""
        predictions, seconds = [], 0.0
        for b in boosters:
            b.set_param({"nthread": threads})
            matrix = xgb.DMatrix(x)  # a new one: boosters remember what they predicted for a matrix
            start = clock()
            predictions.append(b.predict(matrix))
            seconds += clock() - start
        return seconds, predictions

    single = best(singles, 20) * 1e6 / 10
    all_cores = min(batch(time.perf_counter, 0)[0] for _ in range(5))
    runs = [batch(time.process_time, 1) for _ in range(5)]
    scale = 1e6 / len(x)
    return {"single_us": single, "batch_us": all_cores * scale, "batch_cpu_us": min(r[0] for r in runs) * scale, "means": np.mean(runs[0][1], axis=0)}


def main():
    xgb.set_config(verbosity=0)
    with tempfile.TemporaryDirectory() as temp:
        tool = os.path.join(temp, "surrogatespeed")
        subprocess.run(["go", "build", "-o", tool, "./tools/surrogatespeed"], cwd=ROOT, check=True)
        raw = subprocess.run([tool, "vectors", str(ROWS)], check=True, stdout=subprocess.PIPE).stdout
        x = np.frombuffer(raw, "<f4").reshape(ROWS, 56)
        large = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.join(temp, "10x200")
        if not os.path.exists(large):
            train(x[:20_000], large)
        small = os.path.join(ROOT, "testdata", "oracles", "surrogate", "xgb", "ensemble")
        print(f"xgboost {xgb.__version__}, {os.cpu_count()} cores, {ROWS} rows a batch, best of several")
        failed = False
        for name, folder in (("3 x 80 trees", small), ("10 x 200 trees", large)):
            theirs = python_times(folder, x)
            ours = json.loads(subprocess.run([tool, "time", folder, str(ROWS)], check=True, stdout=subprocess.PIPE).stdout)
            difference = np.abs(np.array(ours["means"]) - theirs["means"][: len(ours["means"])]).max()
            print(f"{name}: bench301 loads in {ours['load_ms']:.0f} ms; greatest difference of the means {difference:.1e}")
            print(f"  one query: xgboost {theirs['single_us']:.0f} us, bench301 {ours['single_us']:.1f} us on one core, {theirs['single_us'] / ours['single_us']:.0f} times faster")
            print(f"  a batch:   xgboost {theirs['batch_us']:.2f} us a row, bench301 {ours['batch_us']:.2f} us, {theirs['batch_us'] / ours['batch_us']:.1f} times faster")
            print(f"  CPU time of one thread: xgboost {theirs['batch_cpu_us']:.2f} us a row, bench301 {ours['batch_cpu_us']:.2f} us, {theirs['batch_cpu_us'] / ours['batch_cpu_us']:.1f} times less")
            failed |= difference > 1e-4
        sys.exit(failed)


if __name__ == "__main__":
    main()
