"""An estimator of one's own, in PyTorch, judged beside those of the program.

    python own_estimator.py [architectures [run folder]]

Interrupt it, and start it again: scores that are finished are kept.
"""

import sys

import torch

import bench301

n = int(sys.argv[1]) if len(sys.argv) > 1 else 12
out = sys.argv[2] if len(sys.argv) > 2 else "runs/own-estimator"

torch.manual_seed(0)
images = torch.randn(16, 3, 32, 32)


def codes(arch, seed):
    """How differently a random network's ReLUs answer to images (Mellor et al. 2021), by the log determinant of how
    many of them agree on each pair of images."""
    network = bench301.module(arch, channels=4, seed=seed)  # a torch.nn.Module, with the weights of that seed
    agreeing = torch.zeros(len(images), len(images))

    def count(module, inputs, output):
        on = (output.flatten(1) > 0).float()
        agreeing.add_(on @ on.T + (1 - on) @ (1 - on.T))

    for layer in network.modules():
        if isinstance(layer, torch.nn.ReLU):
            layer.register_forward_hook(count)
    with torch.no_grad():
        network(images)
    return torch.linalg.slogdet(agreeing)[1]


def skips(arch):
    """Minus the number of skip connections. arch is a Genotype: counting needs no network."""
    return -sum(operation == "skip_connect" for operation, _ in arch.normal + arch.reduce)


# Both functions and two estimators of the program, on the same architectures.
study = bench301.study([codes, skips, "nwot:channels=4", "params"], archs=n, seed=1, out=out)

print(study)  # the table that `bench301 table` prints
for file in study.figure("scatter", format="png"):
    print("wrote", file)
for row in study.table():
    print("%-6s tau-b %+.2f, %.3f s an architecture" % (row["estimator"], row["tau_b"], row["wall_seconds"]))
