#!/usr/bin/python3
"""Reference numbers of the original DARTS evaluation network, by PyTorch on the CPU.

usage: /usr/bin/python3 tools/oracles/darts_variant.py ARCHITECTURE OUT.json.gz [--channels 4] [--layers 5] [--batch 8]

ARCHITECTURE is "[[(source, op), ...8], [...8]]": normal, then reduction cell; operations 0-6 are max_pool_3x3, avg_pool_3x3,
skip_connect, sep_conv_3x3, sep_conv_5x5, dil_conv_3x3, dil_conv_5x5. Against the network of the other files in
testdata/oracles/network: pools have no batch normalisation, all batch normalisations are affine, an auxiliary head
reads the output of cell 2*layers//3, and edges that are not identities can be dropped.

Written from the description of the network in the DARTS paper (arXiv 1806.09055) alone. Values come from
splitmix64 streams; the output has the fields of the other files, and besides:
  variant, auxiliary_weight, drop_path (rate), seeds.drop
  aux_logits_train, aux_logits_eval; losses are main + auxiliary_weight * auxiliary
  dropped: a train-mode pass with dropped paths. One stream runs through the dropped edges in order of cells, then edges,
           and for each through the images: an edge is kept when u >= rate, and kept ones are divided by 1 - rate
  per_layer_f64 is about the main loss alone: the auxiliary head's terms are zero
"""
import argparse
import ast
import gzip
import json
import math

import numpy as np
import torch
import torch.nn.functional as F

from streams import Stream, checksum

AUXILIARY = 0.4
DROP = 0.3


class Network:
    """The network as a function of a dictionary of parameters, which a first run with tensors=None lists."""

    def __init__(self, arch, channels, layers, classes, auxiliary=True):
        self.arch, self.channels, self.layers, self.classes, self.auxiliary = arch, channels, layers, classes, auxiliary
        self.shapes = []  # name, shape, kind, fan in
        self.running = {}
        self.trace(torch.zeros(2, 3, 32, 32))

    def trace(self, x):
        self.params, self.mode, self.rate = None, "train", 0
        self.forward(x)

    def run(self, params, x, mode, keep=None, rate=0.0):
        """mode: train (batch statistics, running ones updated), eval or start (running statistics 0 and 1)"""
        self.params, self.mode, self.keep, self.rate = params, mode, keep, rate
        return self.forward(x)

    # parts -----------------------------------------------------------------------------------------------------------
    def weight(self, name, kind, fan, *shape):
        if self.params is None:
            self.shapes.append((name, list(shape), kind, fan))
            return torch.zeros(shape)
        return self.params[name]

    def conv(self, name, x, out, k, stride=1, padding=0, dilation=1, groups=1):
        cin = x.shape[1] // groups
        w = self.weight(name + ".weight", "conv", cin * k * k, out, cin, k, k)
        y = F.conv2d(x, w, None, stride, padding, dilation, groups)
        self.layers_out.append((name, y))
        return y

    def bn(self, name, x):
        c = x.shape[1]
        w, b = self.weight(name + ".weight", "bn_w", 0, c), self.weight(name + ".bias", "bn_b", 0, c)
        if self.params is None:
            return x
        if self.mode == "start":
            mean, var = x.new_zeros(c), x.new_ones(c)
            return F.batch_norm(x, mean, var, w, b, False, 0, 1e-5)
        if name not in self.running:
            self.running[name] = (x.new_zeros(c), x.new_ones(c))
        mean, var = self.running[name]
        return F.batch_norm(x, mean, var, w, b, self.mode == "train", 0.1, 1e-5)

    def relu(self, x):
        self.relus.append(x)
        return F.relu(x)

    def linear(self, name, x, out):
        w = self.weight(name + ".weight", "linear_w", x.shape[1], out, x.shape[1])
        b = self.weight(name + ".bias", "linear_b", x.shape[1], out)
        y = F.linear(x, w, b)
        self.layers_out.append((name, y))
        return y

    def halve(self, name, x, out):
        r = self.relu(x)
        y = torch.cat([self.conv(name + ".conv1", r, out // 2, 1, 2), self.conv(name + ".conv2", r[:, :, 1:, 1:], out // 2, 1, 2)], 1)
        return self.bn(name + ".bn", y)

    def pre(self, name, x, out, halve):
        if halve:
            return self.halve(name, x, out)
        return self.bn(name + ".bn", self.conv(name + ".conv", self.relu(x), out, 1))

    def separable(self, name, suffix, x, k, stride, padding, dilation):
        c = x.shape[1]
        y = self.conv(name + ".dw" + suffix, self.relu(x), c, k, stride, padding, dilation, c)
        return self.bn(name + ".bn" + suffix, self.conv(name + ".pw" + suffix, y, c, 1))

    def edge(self, name, op, x, stride):
        if op == 0:
            y = F.max_pool2d(x, 3, stride, 1)
        elif op == 1:
            y = F.avg_pool2d(x, 3, stride, 1, count_include_pad=False)
        elif op == 2 and stride == 1:
            return x
        elif op == 2:
            y = self.halve(name, x, x.shape[1])
        elif op in (3, 4):
            k = 2 * op - 3
            y = self.separable(name, "1", x, k, stride, k // 2, 1)
            y = self.separable(name, "2", y, k, 1, k // 2, 1)
        else:
            k = 2 * op - 7
            y = self.separable(name, "", x, k, stride, k - 1, 2)
        if self.rate:
            y = y / (1 - self.rate) * self.keep[self.path].to(y.dtype).view(-1, 1, 1, 1)
            self.path += 1
        return y

    def forward(self, x):
        self.path, self.relus, self.layers_out, self.cells, self.edges = 0, [], [], [], []
        s0 = s1 = self.bn("stem.bn", self.conv("stem.conv", x, 3 * self.channels, 3, 1, 1))
        c, halved, aux = self.channels, False, None
        for i in range(self.layers):
            reduction = i in (self.layers // 3, 2 * self.layers // 3)
            c *= 2 if reduction else 1
            name, cell = "cell%d" % i, self.arch[1 if reduction else 0]
            states = [self.pre(name + ".pre0", s0, c, halved), self.pre(name + ".pre1", s1, c, False)]
            outs = []
            for n in range(4):
                for k in (2 * n, 2 * n + 1):
                    source, op = cell[k]
                    stride = 2 if reduction and source < 2 else 1
                    outs.append(self.edge("%s.edge%d" % (name, k), op, states[source], stride))
                states.append(outs[-2] + outs[-1])
            s0, s1 = s1, torch.cat(states[2:], 1)
            self.cells.append(s1)
            self.edges.append(outs)
            halved = reduction
            if i == 2 * self.layers // 3:
                aux = s1
        self.pooled = s1.mean((2, 3))
        logits = self.linear("classifier", self.pooled, self.classes)
        if not self.auxiliary:
            return logits, None
        y = F.avg_pool2d(self.relu(aux), 5, 3, 0, count_include_pad=False)
        y = self.relu(self.bn("auxiliary.bn1", self.conv("auxiliary.conv1", y, 128, 1)))
        y = self.relu(self.bn("auxiliary.bn2", self.conv("auxiliary.conv2", y, 768, 2)))
        return logits, self.linear("auxiliary.classifier", y.flatten(1), self.classes)


def fill(shapes, seed):
    """float32 arrays in the order of the architecture; one stream runs through all"""
    s, out = Stream(seed), {}
    for name, shape, kind, fan in shapes:
        r = s.symmetric(int(np.prod(shape)))
        if fan:
            v = r * np.float32(1 / math.sqrt(fan))
        elif kind == "bn_w":
            v = np.float32(1) + r * np.float32(0.125)
        else:
            v = r * np.float32(0.125)
        out[name] = v.astype(np.float32).reshape(shape)
    return out


def l2(t):
    return float(t.detach().double().pow(2).sum().sqrt())


def numbers(net, values, images, labels, keep, small, dtype):
    """one precision's fields"""
    params = {k: torch.tensor(v, dtype=dtype, requires_grad=True) for k, v in values.items()}
    names = list(params)
    x = torch.tensor(images, dtype=dtype)
    y = torch.tensor(labels)
    net.running = {}

    def loss(logits, aux):
        return F.cross_entropy(logits, y) + AUXILIARY * F.cross_entropy(aux, y)

    def gradients(total):
        g = torch.autograd.grad(total, list(params.values()), allow_unused=True)
        return [torch.zeros_like(p) if v is None else v for p, v in zip(params.values(), g)]

    def plain(t):
        return t.detach().double().tolist()

    out = {}
    logits, aux = net.run(params, x, "train")
    total = loss(logits, aux)
    out.update(logits_train=plain(logits), aux_logits_train=plain(aux), loss_train=total.item(), features_gap_train=plain(net.pooled))
    out["cells"] = [{"shape": list(c.shape), "sum": c.double().sum().item(), "l2": l2(c), "first3": plain(c.flatten()[:3])} for c in net.cells]
    out["edges_l2"] = [[l2(e) for e in cell] for cell in net.edges]
    out["edges_sum"] = [[e.double().sum().item() for e in cell] for cell in net.edges]
    out["bn_after_one_forward"] = [{"name": n, "mean_l2": l2(m), "var_sum": v.double().sum().item()} for n, (m, v) in net.running.items()]
    out["stem_bn_running_mean"], out["stem_bn_running_var"] = (plain(t) for t in net.running["stem.bn"])
    k = torch.zeros(len(labels), len(labels), dtype=torch.float64)
    for z in net.relus:
        b = (z.detach() > 0).double().flatten(1)
        k += b @ b.t() + (1 - b) @ (1 - b).t()
    out["nwot_K"] = k.long().tolist()
    g = gradients(total)
    out["grad_total_norm"] = math.sqrt(sum(l2(v) ** 2 for v in g))
    out["grad_l2"] = [l2(v) for v in g]
    out["grad_full"] = {n: plain(v.flatten()) for n, v in zip(names, g) if n in small}

    logits, aux = net.run(params, x, "eval")
    out.update(logits_eval=plain(logits), aux_logits_eval=plain(aux), loss_eval=loss(logits, aux).item())

    x.requires_grad_()
    logits, _ = net.run(params, x, "start")
    j = torch.autograd.grad(logits.sum(), x)[0].double()
    rows = j.flatten(1)
    out["evalmode_jacobian_row_l2"] = rows.norm(dim=1).tolist()
    out["evalmode_jacobian_row0_first3"] = rows[0, :3].tolist()
    out["evalmode_jacobian_corr"] = np.corrcoef(rows.numpy()).tolist()
    x.requires_grad_(False)

    logits, aux = net.run(params, x, "train", keep, DROP)
    total = loss(logits, aux)
    g = gradients(total)
    out["dropped"] = {"logits_train": plain(logits), "aux_logits_train": plain(aux), "loss_train": total.item(),
                      "grad_total_norm": math.sqrt(sum(l2(v) ** 2 for v in g)), "grad_l2": [l2(v) for v in g]}
    return out


def per_layer(net, values, images, labels):
    """terms of the proxies of every convolution and linear layer, main loss alone, float64"""
    params = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in values.items()}
    x, y = torch.tensor(images, dtype=torch.float64), torch.tensor(labels)
    net.running = {}
    weights = [n for n, _, kind, _ in net.shapes if kind in ("conv", "linear_w")]

    def grad(total, wrt, **more):
        return [torch.zeros_like(w) if v is None else v for w, v in zip(wrt, torch.autograd.grad(total, wrt, allow_unused=True, **more))]

    logits, _ = net.run(params, x, "train")
    outs = dict(net.layers_out)
    ws = [params[n] for n in weights]
    loss = F.cross_entropy(logits, y)
    g = grad(loss, ws, create_graph=True)
    acts = [outs[n[:-len(".weight")]] for n in weights]
    ga = grad(loss, acts, retain_graph=True)
    hg = grad(sum((a * a.detach()).sum() for a in g), ws)
    rows = []
    for name, w, d, a, da, h in zip(weights, ws, g, acts, ga, hg):
        fisher = ((a * da).flatten(2).sum(2) if a.dim() == 4 else a * da).pow(2).mean(0).sum() / 2 * w[0].numel()
        rows.append({"layer": name[:-len(".weight")], "l2_norm": l2(w), "grad_norm": l2(d), "snip": (w * d).abs().sum().item(),
                     "plain": (w * d).sum().item(), "grasp": -(w * h).sum().item(), "fisher": fisher.item()})
    return rows


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("architecture")
    ap.add_argument("out")
    ap.add_argument("--channels", type=int, default=4)
    ap.add_argument("--layers", type=int, default=5)
    ap.add_argument("--batch", type=int, default=8)
    ap.add_argument("--seed", type=int, default=100)
    a = ap.parse_args()
    torch.set_num_threads(1)
    arch = ast.literal_eval(a.architecture)
    net = Network(arch, a.channels, a.layers, 10)
    seeds = {"params": a.seed, "input": a.seed + 1, "labels": a.seed + 2, "drop": a.seed + 3}
    values = fill(net.shapes, seeds["params"])
    images = Stream(seeds["input"]).symmetric(a.batch * 3 * 32 * 32) * np.float32(2)
    labels_stream = Stream(seeds["labels"])
    labels = [(labels_stream.next() >> 33) % 10 for _ in range(a.batch)]
    drop = Stream(seeds["drop"])
    keep = [torch.tensor([drop.unit() >= DROP for _ in range(a.batch)]) for _ in range(8 * a.layers)]
    images = images.reshape(a.batch, 3, 32, 32)
    small = [n for n, shape, _, _ in net.shapes if int(np.prod(shape)) <= 100][::7] + ["auxiliary.classifier.bias", "auxiliary.bn1.weight"]
    out = {"format": "darts-variant-1", "kind": "full", "variant": "darts", "source": "torch " + torch.__version__, "arch": arch, "C": a.channels, "layers": a.layers,
           "classes": 10, "batch": a.batch, "seeds": seeds, "labels": labels, "auxiliary_weight": AUXILIARY, "drop_path": DROP,
           "input_first3": images.ravel()[:3].tolist(), "input_checksum": checksum(images),
           "params": [{"name": n, "shape": s, "kind": k, "first3": values[n].ravel()[:3].tolist(), "checksum": checksum(values[n]),
                       "sum": float(values[n].astype(np.float64).sum())} for n, s, k, _ in net.shapes]}
    out["f64"] = numbers(net, values, images, labels, keep, small, torch.float64)
    f32 = numbers(net, values, images, labels, keep, small, torch.float32)
    out["f32_f64_gap"] = {k: float(np.abs(np.array(f32[k]) - np.array(out["f64"][k])).max()) for k in ("logits_train", "aux_logits_train", "logits_eval", "grad_l2", "loss_train")}
    out["per_layer_f64"] = per_layer(net, values, images, labels)
    with gzip.GzipFile(a.out, "wb", mtime=0) as f:
        f.write(json.dumps(out, separators=(",", ":")).encode())
    print(a.out, out["f32_f64_gap"])


if __name__ == "__main__":
    main()
