"""Accuracies of a random sample of NAS-Bench-301, and which cheap estimates order it rightly.

    python query_sample.py [architectures]
"""

import sys

import bench301

n = int(sys.argv[1]) if len(sys.argv) > 1 else 200

# A text, a Genotype, or a dictionary of ConfigSpace: everything here takes any of them.
archs = bench301.sample(n, seed=1)
accuracies = bench301.query(archs)  # of the model inside the program; surrogate="nb_models/xgb_v1.0" asks another

values = sorted(accuracies.column("accuracy"))
print("%d architectures: %.2f to %.2f %%, median %.2f %%" % (n, values[0], values[-1], values[n // 2]))
best = max(accuracies, key=lambda row: row["accuracy"])
print("the most accurate, %s, with %.2f +- %.2f %%:" % (best["id"], best["accuracy"], best["std"]))
print(bench301.convert(best["arch"], to="genotype")[0])

# Counts cost nothing, the last one of these takes a few milliseconds an architecture.
scores = bench301.score(archs, ["macs", "sepconv-count", "l2_norm:channels=8"])
print("\n%-24s %6s  95 %% interval" % ("estimator", "tau-b"))
for row in bench301.correlate(scores, accuracies):
    print("%-24s %6.3f  [%.3f, %.3f]" % (row["estimator"], row["tau_b"], row["tau_b_low"], row["tau_b_high"]))
