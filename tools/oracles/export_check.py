#!/usr/bin/env python3
"""Loads what `bench301 surrogate export --json` writes into XGBoost and compares every prediction's bits.

    /usr/bin/python3 tools/oracles/export_check.py PATH      (PATH: an XGBoost ensemble of 1.3 or later, or whose base
                                                              score is 0.5; needs numpy and xgboost)
"""
import glob, json, os, subprocess, sys, tempfile
import numpy as np
import xgboost as xgb

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main(path):
    path = os.path.abspath(path)
    with tempfile.TemporaryDirectory() as temp:
        run = lambda *args: subprocess.run(args, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        run("go", "build", "-o", temp + "/bench301", "./cmd/bench301")
        run(temp + "/bench301", "surrogate", "export", path, "--json", "--out", temp + "/boosters")
        x = np.frombuffer(run("go", "run", "./tools/surrogatespeed", "vectors", "2000"), "<f4").reshape(-1, 56)
        archs = run("go", "run", "./tools/surrogatespeed", "archs", "2000")
        with open(temp + "/archs.txt", "wb") as f:
            f.write(archs)
        lines = run(temp + "/bench301", "query", "--surrogate", path, "--members", "--json", temp + "/archs.txt").splitlines()
        ours = np.array([json.loads(line)["members"] for line in lines], np.float32)
        for m, file in enumerate(sorted(glob.glob(temp + "/boosters/*.json"))):
            theirs = xgb.Booster(model_file=file).predict(xgb.DMatrix(x))
            different = int((theirs.view(np.uint32) != ours[:, m].view(np.uint32)).sum())
            print(f"{os.path.basename(file)}: {different} of {len(x)} predictions differ")
            if different:
                sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
