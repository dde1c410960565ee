"""A search for small and accurate architectures, and its best network in PyTorch.

    python search_front.py [generations [run folder]]
"""

import os
import sys

import bench301

generations = int(sys.argv[1]) if len(sys.argv) > 1 else 10
out = sys.argv[2] if len(sys.argv) > 2 else "runs/front"

# What it minimises is cheap; the accuracies judge the front only.
search = bench301.search(["pool-count", "macs"], "nsga2", population=20, generations=generations,
                         limits={"macs": "150M"}, seeds=1, out=out)

print("%-18s %10s %12s %9s" % ("architecture", "pools", "macs", "accuracy"))
for row in search.front():
    print("%-18s %10d %12d %8.2f%%" % (
        row["id"], row["minimised"]["pool-count"], row["minimised"]["macs"], row["accuracy"]))

# A module of Python and its weights, for each network of the front; here for the best one.
best = search.best()
module = search.export(os.path.join(out, "best.py"), to="pytorch", archs=[best], channels=16, calibrate=100)[0]
print("\nwrote %s and its weights" % module)

try:
    import torch
except ImportError:
    print("PyTorch is not here: a training script that has it says: from best import network")
else:
    sys.path.insert(0, out)
    from best import MEAN, STD, network  # all that a training script needs

    net = network(classes=100).eval()  # of another data set: PyTorch draws the classifier
    images = (torch.rand(2, 3, 32, 32) - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    print("a network of %d parameters, logits %s" % (
        sum(p.numel() for p in net.parameters()), list(net(images).shape)))
