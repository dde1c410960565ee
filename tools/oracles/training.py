#!/usr/bin/python3
"""Reference numbers of the first epochs of training, by PyTorch on the CPU in float64.

usage: /usr/bin/python3 tools/oracles/training.py

Writes testdata/oracles/network/training_*.json: the original DARTS network (darts_variant.py) is trained by
torch.optim.SGD, torch.optim.lr_scheduler.CosineAnnealingLR and torch.nn.utils.clip_grad_norm_ on images from the
splitmix64 streams of the other files, without augmentation. Epoch k (from 0) takes image (i + 5k) mod n as its i-th, in
batches. Per epoch: the mean over its steps of the loss of the main classifier before the step, and loss and accuracy of
the validation images with running statistics after it; and the sums of training losses of arXiv 2006.04492.
"""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

from darts_variant import Network, fill
from streams import Stream

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "testdata", "oracles", "network")
GAMMA = 0.9
CASES = [
    ("a", [[(0, 3), (1, 2), (2, 5), (0, 1), (3, 4), (1, 0), (2, 2), (4, 6)], [(1, 4), (0, 0), (2, 3), (1, 2), (0, 6), (3, 1), (4, 2), (2, 5)]], 0.0),
    ("b", [[(1, 0), (0, 6), (1, 3), (2, 2), (0, 2), (3, 5), (2, 1), (1, 4)], [(0, 2), (1, 5), (2, 0), (0, 3), (2, 4), (3, 2), (1, 1), (4, 6)]], 0.4),
]


def labels_of(seed, n):
    s = Stream(seed)
    return [(s.next() >> 33) % 10 for _ in range(n)]


def case(name, arch, weight):
    c, layers, n, m, batch, epochs = 4, 5, 12, 6, 4, 3
    settings = {"lr": 0.025, "momentum": 0.9, "weight_decay": 3e-4, "clip": 5.0, "gamma": GAMMA}
    seed = 7000 + 10 * ord(name)
    seeds = {"params": seed, "input": seed + 1, "labels": seed + 2}
    net = Network(arch, c, layers, 10, weight > 0)
    params = {k: torch.tensor(v.astype(np.float64), requires_grad=True) for k, v in fill(net.shapes, seeds["params"]).items()}
    images = (Stream(seeds["input"]).symmetric((n + m) * 3072) * np.float32(2)).reshape(-1, 3, 32, 32).astype(np.float64)
    images, labels = torch.tensor(images), torch.tensor(labels_of(seeds["labels"], n + m))
    net.running = {}
    optimiser = torch.optim.SGD(list(params.values()), lr=settings["lr"], momentum=settings["momentum"], weight_decay=settings["weight_decay"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    out = {"kind": "training", "arch": arch, "variant": "darts", "C": c, "layers": layers, "classes": 10, "train_images": n, "val_images": m,
           "batch": batch, "epochs": epochs, "auxiliary_weight": weight, "seeds": seeds, "settings": settings, "torch": torch.__version__,
           "rates": [], "step_losses": [], "grad_norms": [], "train_loss": [], "val_loss": [], "val_accuracy": [], "sotl": [], "sotl_e2": [], "tse_ema": []}
    ema = 0.0
    for epoch in range(epochs):
        out["rates"].append(optimiser.param_groups[0]["lr"])
        losses = []
        for step in range(n // batch):
            rows = [(step * batch + i + 5 * epoch) % n for i in range(batch)]
            logits, aux = net.run(params, images[rows], "train")
            loss = F.cross_entropy(logits, labels[rows])
            losses.append(loss.item())
            if weight:
                loss = loss + weight * F.cross_entropy(aux, labels[rows])
            optimiser.zero_grad()
            loss.backward()
            out["grad_norms"].append(torch.nn.utils.clip_grad_norm_(list(params.values()), settings["clip"]).item())
            optimiser.step()
        schedule.step()
        with torch.no_grad():
            logits, _ = net.run(params, images[n:], "eval")
        out["step_losses"] += losses
        out["train_loss"].append(float(np.mean(losses)))
        out["val_loss"].append(F.cross_entropy(logits, labels[n:]).item())
        out["val_accuracy"].append(100 * (logits.argmax(1) == labels[n:]).double().mean().item())
        ema = GAMMA * ema + out["train_loss"][-1]
        out["sotl"].append(sum(out["train_loss"]))
        out["sotl_e2"].append(sum(out["train_loss"][-2:]))
        out["tse_ema"].append(ema)
    out["params"] = [{"name": k, "l2": v.detach().norm().item(), "sum": v.detach().sum().item(), "first3": v.detach().flatten()[:3].tolist()} for k, v in params.items()]
    out["running"] = [{"name": k, "mean_l2": mean.norm().item(), "var_sum": var.sum().item()} for k, (mean, var) in net.running.items()]
    path = os.path.join(OUT, "training_%s.json" % name)
    with open(path, "w") as f:
        json.dump(out, f)
        f.write("\n")
    print(path, os.path.getsize(path), out["train_loss"], out["val_loss"], out["val_accuracy"], out["grad_norms"])


if __name__ == "__main__":
    torch.set_num_threads(1)
    for args in CASES:
        case(*args)
