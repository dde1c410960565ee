"""An estimator of one's own, in PyTorch, judged beside those of the program.

    python own_estimator.py [architectures [run folder]]

Interrupt it, and start it again: scores that are finished are kept.
"""

import sys

import torch

import bench301

n = int(sys.argv[1]) if len(sys.argv) > 1 else 20
out = sys.argv[2] if len(sys.argv) > 2 else "runs/own-estimator"

torch.manual_seed(0)
images = torch.randn(16, 3, 32, 32)
torch.set_num_threads(1)


def spread(arch, seed):
    """How far apart a random network keeps images: the log volume of their normalised logits."""
    network = bench301.module(arch, channels=4, seed=seed)  # a torch.nn.Module with the weights of bench301
    with torch.no_grad():
        logits = network(images)
    logits = torch.nn.functional.normalize(logits - logits.mean(0), dim=1)
    return torch.logdet(logits @ logits.T + 0.1 * torch.eye(len(images)))


def skips(arch, seed=None):
    """Minus the number of skip connections. arch is a Genotype: no network is needed to count."""
    return -sum(operation == "skip_connect" for operation, _ in arch.normal + arch.reduce)


# Both functions and two estimators of the program, on the same architectures.
study = bench301.study([spread, skips, "params", "l2_norm:channels=8"], archs=n, seed=1, out=out)

print(study)  # as `bench301 table` prints it
print()
for file in study.figure("scatter", format="png"):
    print("wrote", file)
spread_row = next(row for row in study.table() if row["estimator"] == "spread")
print("spread takes %.2f s an architecture" % spread_row["wall_seconds"])
