#!/usr/bin/python3
"""How far PyTorch's float32 is from its float64 on one network.

usage: /usr/bin/python3 tools/oracles/gradient_noise.py OUT.json [--channels 8] [--layers 8] [--batch 16] [--seeds 6]

The network is that of darts_variant.py with DARTS_V2's cells, the loss the mean cross-entropy of the main logits with
batch statistics. For every seed:
  signs     ReLU inputs whose signs differ between float32 and float64. Each makes the gradient jump, and with a single one
            the rounding of the gradient's own sums no longer matters: they are what the error of a gradient is made of
  features  |f32 - f64| / |f64| (2-norms) of the pooled features
  median    over the parameter tensors, of |g32 - g64| / |g64|. Tensors whose gradient is zero but for rounding are left out
"""
import argparse
import json

import numpy as np
import torch
import torch.nn.functional as F

from darts_variant import Network, fill
from streams import Stream

ARCH = [[(0, 3), (1, 3), (0, 3), (1, 3), (0, 2), (1, 3), (0, 2), (2, 5)], [(0, 0), (1, 0), (1, 0), (2, 2), (0, 0), (2, 2), (1, 0), (2, 2)]]


def gradients(net, values, images, labels, dtype):
    params = {k: torch.tensor(v, dtype=dtype, requires_grad=True) for k, v in values.items()}
    net.running = {}
    logits, _ = net.run(params, torch.tensor(images, dtype=dtype), "train")
    g = torch.autograd.grad(F.cross_entropy(logits, torch.tensor(labels)), list(params.values()), allow_unused=True)
    signs = [(z > 0).detach() for z in net.relus]
    return {k: v.double() for k, v in zip(params, g) if v is not None}, signs, net.pooled.detach().double()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("out")
    ap.add_argument("--channels", type=int, default=8)
    ap.add_argument("--layers", type=int, default=8)
    ap.add_argument("--batch", type=int, default=16)
    ap.add_argument("--seeds", type=int, default=6)
    a = ap.parse_args()
    torch.set_num_threads(1)
    net = Network(ARCH, a.channels, a.layers, 10)
    out = {"format": "gradient-noise-1", "source": "torch " + torch.__version__, "arch": ARCH, "C": a.channels, "layers": a.layers, "batch": a.batch, "cases": []}
    for k in range(a.seeds):
        seeds = {"params": 100 * k + 1, "input": 100 * k + 2, "labels": 100 * k + 3}
        values = fill(net.shapes, seeds["params"])
        images = (Stream(seeds["input"]).symmetric(a.batch * 3 * 32 * 32) * np.float32(2)).reshape(a.batch, 3, 32, 32)
        s = Stream(seeds["labels"])
        labels = [(s.next() >> 33) % 10 for _ in range(a.batch)]
        g64, signs64, f64 = gradients(net, values, images, labels, torch.float64)
        g32, signs32, f32 = gradients(net, values, images, labels, torch.float32)
        total = sum(float(v.norm()) ** 2 for v in g64.values()) ** 0.5
        errors = [float((g32[n] - g64[n]).norm() / g64[n].norm()) for n in g64 if float(g64[n].norm()) > 1e-6 * total]
        out["cases"].append({"seeds": seeds, "labels": labels, "tensors": len(errors), "median": float(np.median(errors)),
                             "signs": sum(int((p != q).sum()) for p, q in zip(signs32, signs64)), "features": float((f32 - f64).norm() / f64.norm())})
        print(out["cases"][-1])
    with open(a.out, "w") as f:
        json.dump(out, f, separators=(",", ":"))


if __name__ == "__main__":
    main()
