#!/usr/bin/python3
"""Reference numbers of the networks of NAS-Bench-201 and of DARTS on ImageNet, by PyTorch on the CPU in float64.

    /usr/bin/python3 tools/oracles/spaces.py testdata/oracles/network

writes space_*.json.gz. Written from the descriptions of the networks: Dong and Yang, NAS-Bench-201 (arXiv 2001.00326),
and Liu, Simonyan and Yang, DARTS (arXiv 1806.09055). Parameters and images come from splitmix64 streams, drawn as for
the other files of that folder: parameters in the order in which the modules below are made.

Fields: space, arch, variant, C, layers, classes, batch, height, width, auxiliary, seeds, labels, params (shape,
checksum), counts, and in float64 logits_train, aux_logits_train (batch statistics), logits_eval (running statistics
after that one pass), loss_train, cells (sum and l2 of every cell's output in train mode), grad_l2 of the mean
cross-entropy in train mode (main logits alone), one a parameter tensor.
"""
import ast
import gzip
import json
import math
import os
import sys

import numpy as np
import torch
from torch import nn

import complexity
from streams import Stream, checksum


def fill(net, seed):
    """Draws all parameters and returns them as float32, in order."""
    s = Stream(seed)
    values = []
    for m in net.modules():
        for name, p in m.named_parameters(recurse=False):
            r = s.symmetric(tuple(p.shape))
            if isinstance(m, nn.Conv2d):
                v = r * np.float32(1 / math.sqrt(p.shape[1] * p.shape[2] * p.shape[3]))
            elif isinstance(m, nn.Linear):
                v = r * np.float32(1 / math.sqrt(m.in_features))
            elif name == "weight":
                v = np.float32(1) + r * np.float32(0.125)
            else:
                v = r * np.float32(0.125)
            v = v.astype(np.float32)
            p.data.copy_(torch.from_numpy(v.astype(np.float64)))
            values.append((list(p.shape), v))
    return values


# NAS-Bench-201 ------------------------------------------------------------------------------------------------------


class Zero(nn.Module):
    def forward(self, x):
        return x * 0.0


def relu_conv_bn(ci, co, k, stride=1):
    return nn.Sequential(nn.ReLU(), nn.Conv2d(ci, co, k, stride, k // 2, bias=False), nn.BatchNorm2d(co))


def operation201(name, c):
    if name == "nor_conv_3x3":
        return relu_conv_bn(c, c, 3)
    if name == "nor_conv_1x1":
        return relu_conv_bn(c, c, 1)
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    return {"skip_connect": nn.Identity, "none": Zero}[name]()


class Cell201(nn.Module):
    def __init__(self, arch, c):
        super().__init__()
        self.wiring = [[tuple(e.split("~")) for e in node.strip("|").split("|")] for node in arch.split("+")]
        self.ops = nn.ModuleList(operation201(name, c) for node in self.wiring for name, _ in node)

    def forward(self, x):
        nodes, k = [x], 0
        for node in self.wiring:
            total = 0
            for _, source in node:
                total = total + self.ops[k](nodes[int(source)])
                k += 1
            nodes.append(total)
        return nodes[-1]


class Residual(nn.Module):
    def __init__(self, ci, co):
        super().__init__()
        self.main = nn.Sequential(relu_conv_bn(ci, co, 3, 2), relu_conv_bn(co, co, 3))
        self.side = nn.Sequential(nn.AvgPool2d(2, 2, 0), nn.Conv2d(ci, co, 1, bias=False))

    def forward(self, x):
        return self.side(x) + self.main(x)


class Network201(nn.Module):
    def __init__(self, arch, cfg):
        super().__init__()
        c, n = cfg["C"], (cfg["layers"] - 2) // 3
        self.stem = nn.Sequential(nn.Conv2d(3, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c))
        self.cells = nn.ModuleList()
        for stage in range(3):
            if stage:
                self.cells.append(Residual(c, 2 * c))
                c *= 2
            for _ in range(n):
                self.cells.append(Cell201(arch, c))
        self.last = nn.Sequential(nn.BatchNorm2d(c), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(c, cfg["classes"])

    def forward(self, x):
        x = self.stem(x)
        self.outputs, self.aux_logits = [], None
        for cell in self.cells:
            x = cell(x)
            self.outputs.append(x)
        return self.classifier(self.pool(self.last(x)).flatten(1))


# DARTS on ImageNet: the modules of complexity.py, run ----------------------------------------------------------------


class NetworkImageNet(complexity.Network):
    def __init__(self, arch, cfg):
        super().__init__(ast.literal_eval(arch), cfg)
        if self.aux is not None:  # its parameters come last
            aux = self.aux
            del self.aux
            self.aux = aux

    def forward(self, x):
        s0 = self.stem0(x)
        s1 = self.stem1(s0)
        self.outputs, self.aux_logits = [], None
        for i, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1)
            self.outputs.append(s1)
            if self.aux is not None and i == self.aux_at:
                self.aux_logits = self.aux(s1)
        return self.classifier(self.pool(s1).flatten(1))


def numbers(t):
    return [[float(v) for v in row] for row in t.detach()]


def case(space, arch, seed, **cfg):
    cfg = {"variant": "imagenet", "auxiliary": False, "classes": 10, **cfg}
    net = {"nasbench201": Network201, "darts": NetworkImageNet}[space](arch, cfg).double()
    # A pool's divisor leaves out the padding, as everywhere in these networks.
    for m in net.modules():
        if isinstance(m, nn.AvgPool2d):
            m.count_include_pad = False
    counts = complexity.count(net, cfg["height"], cfg["width"], torch.float64)
    values = fill(net, seed)
    stream = Stream(seed + 1)
    x = 2 * stream.symmetric((cfg["batch"], 3, cfg["height"], cfg["width"]))
    stream = Stream(seed + 2)
    labels = [(stream.next() >> 33) % cfg["classes"] for _ in range(cfg["batch"])]
    images = torch.from_numpy(x.astype(np.float64))
    net.train()
    logits = net(images)
    aux = net.aux_logits
    cells = [{"sum": float(o.sum()), "l2": float(o.norm())} for o in net.outputs]
    loss = nn.functional.cross_entropy(logits, torch.tensor(labels))
    loss.backward()
    grads = [float(p.grad.norm()) if p.grad is not None else 0.0 for p in net.parameters()]
    net.eval()
    with torch.no_grad():
        evaluated = net(images)
    return {
        "space": space, "arch": arch, **cfg, "seeds": {"params": seed, "input": seed + 1, "labels": seed + 2}, "labels": labels,
        "input_checksum": checksum(x), "params": [{"shape": shape, "checksum": checksum(v)} for shape, v in values], "counts": counts,
        "f64": {
            "logits_train": numbers(logits), "aux_logits_train": numbers(aux) if aux is not None else None, "logits_eval": numbers(evaluated),
            "loss_train": float(loss), "cells": cells, "grad_l2": grads[:len(values)],
        },
    }


CELLS = [
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|avg_pool_3x3~2|",
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|",
    "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|nor_conv_1x1~0|nor_conv_3x3~1|skip_connect~2|",
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|nor_conv_3x3~0|none~1|nor_conv_3x3~2|",
    "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|skip_connect~1|nor_conv_3x3~2|",
]
DARTS = [
    "[[(0, 3), (1, 4), (0, 5), (2, 6), (1, 0), (3, 1), (2, 2), (4, 3)], [(0, 2), (1, 3), (0, 1), (1, 0), (1, 4), (3, 5), (0, 6), (2, 2)]]",
    "[[(1, 1), (0, 2), (2, 3), (0, 3), (1, 3), (0, 3), (0, 2), (2, 5)], [(0, 0), (1, 5), (2, 2), (1, 6), (0, 4), (2, 4), (2, 2), (1, 2)]]",
]


def main(folder):
    cases = {}
    for i, arch in enumerate(CELLS):
        cases["nasbench201_%d" % i] = case("nasbench201", arch, 9000 + 10 * i, C=4, layers=5 if i % 2 else 8, batch=4, height=16, width=16 + 4 * (i % 3))
    cases["nasbench201_full"] = case("nasbench201", CELLS[3], 9100, C=16, layers=17, batch=2, height=32, width=32, classes=100)
    for i, arch in enumerate(DARTS):
        cases["imagenet_%d" % i] = case("darts", arch, 9200 + 10 * i, C=4, layers=5, batch=4, height=64, width=96)
    cases["imagenet_auxiliary"] = case("darts", DARTS[0], 9300, C=2, layers=3, batch=2, height=224, width=224, auxiliary=True)
    for name, value in cases.items():
        with gzip.GzipFile(os.path.join(folder, "space_%s.json.gz" % name), "wb", mtime=0) as f:
            f.write(json.dumps(value).encode())


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])
