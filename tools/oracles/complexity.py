#!/usr/bin/python3
"""Counts parameters, multiply-accumulates and NASLib's flops of DARTS-space networks module by module.

The networks are built from PyTorch modules and run on one image; a hook on every leaf module counts what tensorwatch
0.9.1 counts behind NASLib's tables: a convolution its multiply-accumulates, a linear layer its weights, a batch
normalisation one operation a value (two when affine), a ReLU one a value, a pool k*k an output, and a global average
(H+1)*(W+1) a channel. Nothing here knows a closed form.

    bench301 sample -n 24 --seed 2301 | /usr/bin/python3 tools/oracles/complexity.py > testdata/oracles/network/complexity.json
"""
import ast
import json
import sys

import torch
from torch import nn

POOLS = {0: nn.MaxPool2d, 1: nn.AvgPool2d}


class Factorised(nn.Module):
    def __init__(self, ci, co, affine):
        super().__init__()
        self.relu = nn.ReLU()
        self.a = nn.Conv2d(ci, co // 2, 1, 2, bias=False)
        self.b = nn.Conv2d(ci, co // 2, 1, 2, bias=False)
        self.bn = nn.BatchNorm2d(co, affine=affine)

    def forward(self, x):
        x = self.relu(x)
        return self.bn(torch.cat([self.a(x), self.b(x[:, :, 1:, 1:])], 1))


def conv_bn(ci, co, affine=True):
    return nn.Sequential(nn.ReLU(), nn.Conv2d(ci, co, 1, bias=False), nn.BatchNorm2d(co, affine=affine))


def depthwise(c, k, stride, pad, dilation, affine):
    return [nn.ReLU(), nn.Conv2d(c, c, k, stride, pad, dilation, groups=c, bias=False), nn.Conv2d(c, c, 1, bias=False), nn.BatchNorm2d(c, affine=affine)]


def operation(op, c, stride, naslib):
    affine = not naslib
    if op in POOLS:
        pool = POOLS[op](3, stride, 1)
        return nn.Sequential(pool, nn.BatchNorm2d(c, affine=False)) if naslib else pool
    if op == 2:
        return nn.Identity() if stride == 1 else Factorised(c, c, affine)
    k = 3 if op in (3, 5) else 5
    if op in (3, 4):
        return nn.Sequential(*depthwise(c, k, stride, k // 2, 1, affine), *depthwise(c, k, 1, k // 2, 1, affine))
    return nn.Sequential(*depthwise(c, k, stride, k - 1, 2, affine))


class Cell(nn.Module):
    def __init__(self, pairs, c0, c1, c, reduce, reduced, naslib):
        super().__init__()
        self.sources = [s for s, _ in pairs]
        self.pre0 = Factorised(c0, c, True) if reduced else conv_bn(c0, c)
        self.pre1 = conv_bn(c1, c)
        self.ops = nn.ModuleList(operation(o, c, 2 if reduce and s < 2 else 1, naslib) for s, o in pairs)

    def forward(self, s0, s1):
        states = [self.pre0(s0), self.pre1(s1)]
        for n in range(4):
            states.append(sum(self.ops[k](states[self.sources[k]]) for k in (2 * n, 2 * n + 1)))
        return torch.cat(states[2:], 1)


class Auxiliary(nn.Module):
    def __init__(self, c, classes, imagenet):
        super().__init__()
        self.features = nn.Sequential(
            nn.ReLU(), nn.AvgPool2d(5, 2 if imagenet else 3, 0, count_include_pad=False), nn.Conv2d(c, 128, 1, bias=False), nn.BatchNorm2d(128), nn.ReLU(),
            nn.Conv2d(128, 768, 2, bias=False), nn.Identity() if imagenet else nn.BatchNorm2d(768), nn.ReLU())
        self.classifier = nn.Linear(768, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class Network(nn.Module):
    def __init__(self, arch, cfg):
        super().__init__()
        naslib = cfg["variant"] == "naslib"
        c, layers = cfg["C"], cfg["layers"]
        imagenet = cfg["variant"] == "imagenet"
        if imagenet:
            self.stem0 = nn.Sequential(
                nn.Conv2d(3, c // 2, 3, 2, 1, bias=False), nn.BatchNorm2d(c // 2), nn.ReLU(), nn.Conv2d(c // 2, c, 3, 2, 1, bias=False), nn.BatchNorm2d(c))
            self.stem1 = nn.Sequential(nn.ReLU(), nn.Conv2d(c, c, 3, 2, 1, bias=False), nn.BatchNorm2d(c))
            c0 = c1 = c
        else:
            self.stem0 = nn.Sequential(nn.Conv2d(3, 3 * c, 3, 1, 1, bias=False), nn.BatchNorm2d(3 * c))
            self.stem1 = nn.Identity()
            c0 = c1 = 3 * c
        self.cells = nn.ModuleList()
        self.aux, self.aux_at = None, 2 * layers // 3
        reduced = imagenet
        for i in range(layers):
            reduce = i in (layers // 3, 2 * layers // 3)
            c = 2 * c if reduce else c
            self.cells.append(Cell(arch[1 if reduce else 0], c0, c1, c, reduce, reduced, naslib))
            c0, c1, reduced = c1, 4 * c, reduce
            if cfg["auxiliary"] and i == self.aux_at:
                self.aux = Auxiliary(c1, cfg["classes"], imagenet)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(c1, cfg["classes"])

    def forward(self, x):
        s0 = self.stem0(x)
        s1 = self.stem1(s0)
        for i, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1)
            if self.aux is not None and i == self.aux_at:
                self.aux(s1)
        return self.classifier(self.pool(s1).flatten(1))


def count(net, height, width, dtype=torch.float32):
    total = {"params": sum(p.numel() for p in net.parameters()), "macs": 0, "flops": 0}

    def hook(m, inputs, out):
        x = inputs[0]
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            n = m.weight.numel() * (out.shape[2] * out.shape[3] if out.dim() == 4 else 1)
            total["macs"] += n
            total["flops"] += n
        elif isinstance(m, nn.BatchNorm2d):
            total["flops"] += x.numel() * (2 if m.affine else 1)
        elif isinstance(m, nn.ReLU):
            total["flops"] += x.numel()
        elif isinstance(m, (nn.MaxPool2d, nn.AvgPool2d)):
            total["flops"] += out.numel() * m.kernel_size ** 2
        elif isinstance(m, nn.AdaptiveAvgPool2d):
            total["flops"] += x.shape[1] * (x.shape[2] + 1) * (x.shape[3] + 1)

    hooks = [m.register_forward_hook(hook) for m in net.modules() if not list(m.children())]
    net.eval()
    with torch.no_grad():
        net(torch.zeros(1, 3, height, width, dtype=dtype))
    for h in hooks:
        h.remove()
    return total


SIZES = [
    dict(variant="naslib", C=32, layers=8, classes=10, height=32, width=32, auxiliary=False),
    dict(variant="naslib", C=8, layers=8, classes=10, height=16, width=16, auxiliary=False),
    dict(variant="naslib", C=5, layers=3, classes=7, height=8, width=12, auxiliary=False),
    dict(variant="darts", C=16, layers=8, classes=10, height=32, width=32, auxiliary=True),
    dict(variant="darts", C=36, layers=20, classes=100, height=32, width=32, auxiliary=False),
    dict(variant="naslib", C=4, layers=2, classes=3, height=32, width=24, auxiliary=False),
    dict(variant="imagenet", C=48, layers=14, classes=1000, height=224, width=224, auxiliary=True),
    dict(variant="imagenet", C=6, layers=5, classes=10, height=64, width=61, auxiliary=False),
]


def main():
    cases = []
    for i, line in enumerate(sys.stdin):
        arch = ast.literal_eval(line.strip())
        cfg = SIZES[i % len(SIZES)]
        cases.append({"arch": line.strip(), **cfg, **count(Network(arch, cfg), cfg["height"], cfg["width"])})
    print('{"torch": "%s", "cases": [\n%s\n]}' % (torch.__version__, ",\n".join(json.dumps(c) for c in cases)))


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(1)
    main()
