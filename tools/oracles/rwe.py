#!/usr/bin/env python3
"""Reference numbers for Random-Weight Evaluation and its kin, by PyTorch and numpy in float64.

Writes testdata/oracles/network/rwe_*.json.gz and near_paper.json. Weights and images come from the splitmix64 streams of the network
fixtures (streams.py), images being bytes with a class-dependent pattern. Run: /usr/bin/python3 tools/oracles/rwe.py
"""
import gzip, json, os
import numpy as np
import torch
import torch.nn.functional as F

import streams

torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "testdata", "oracles", "network")
MEAN = np.array([0.49139968, 0.48215827, 0.44653124], np.float32)
STD = np.array([0.24703233, 0.24348505, 0.26158768], np.float32)


class Stream(streams.Stream):
    def tensor(self, shape, fan=0, weight=False):
        r = self.symmetric(shape)
        if fan:
            v = r * np.float32(1 / np.sqrt(np.float64(fan)))
        elif weight:
            v = (1 + r.astype(np.float64) * 0.125).astype(np.float32)
        else:
            v = r * np.float32(0.125)
        return torch.tensor(v.astype(np.float64))


class Net:
    """The DARTS network. The first pass draws the parameters in the order in which they are used, which is theirs."""

    def __init__(self, arch, c, layers, variant, seed):
        self.arch, self.c, self.layers, self.darts = arch, c, layers, variant == "darts"
        self.stream, self.params = Stream(seed), []

    def p(self, shape, fan=0, weight=False):
        if self.at == len(self.params):
            self.params.append(self.stream.tensor(shape, fan, weight))
        self.at += 1
        return self.params[self.at - 1]

    def conv(self, x, co, k, stride=1, pad=0, dil=1, groups=1):
        ci = x.shape[1] // groups
        w = self.p((co, ci, k, k), fan=ci * k * k)
        return F.conv2d(x, w, None, stride, pad, dil, groups)

    def bn(self, x, affine):
        w = b = None
        if affine:
            w, b = self.p((x.shape[1],), weight=True), self.p((x.shape[1],))
        if self.mode == "none":
            return x
        if self.mode == "batch":
            return F.batch_norm(x, None, None, w, b, True, 0.0, 1e-5)
        key = self.norms
        self.norms += 1
        if self.mode == "collect":
            m, v = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=True)
            self.stats.setdefault(key, []).append((m, v))
            return F.batch_norm(x, None, None, w, b, True, 0.0, 1e-5)
        m = torch.stack([s[0] for s in self.stats[key]]).mean(0)
        v = torch.stack([s[1] for s in self.stats[key]]).mean(0)
        return F.batch_norm(x, m, v, w, b, False, 0.0, 1e-5)

    def point(self, x, co):
        return self.bn(self.conv(F.relu(x), co, 1), True)

    def halve(self, x, co, affine):
        r = F.relu(x)
        a = self.conv(r, co // 2, 1, 2)
        b = self.conv(r[:, :, 1:, 1:], co // 2, 1, 2)
        return self.bn(torch.cat((a, b), 1), affine)

    def sep(self, x, k, stride, pad, dil):
        c = x.shape[1]
        y = self.conv(F.relu(x), c, k, stride, pad, dil, c)
        return self.bn(self.conv(y, c, 1), self.darts)

    def edge(self, x, op, stride):
        if op == 0:
            y = F.max_pool2d(x, 3, stride, 1)
        elif op == 1:
            y = F.avg_pool2d(x, 3, stride, 1, count_include_pad=False)
        elif op == 2:
            return x if stride == 1 else self.halve(x, x.shape[1], self.darts)
        elif op in (3, 4):
            k = 3 if op == 3 else 5
            return self.sep(self.sep(x, k, stride, k // 2, 1), k, 1, k // 2, 1)
        else:
            k = 3 if op == 5 else 5
            return self.sep(x, k, stride, k - 1, 2)
        return y if self.darts else self.bn(y, False)

    def cells(self, x, mode):
        self.at, self.norms, self.mode = 0, 0, mode
        s0 = s1 = self.bn(self.conv(x, 3 * self.c, 3, pad=1), True)
        c, reduced, out = self.c, False, []
        for i in range(self.layers):
            red = i in (self.layers // 3, 2 * self.layers // 3)
            c = 2 * c if red else c
            st = [self.halve(s0, c, True) if reduced else self.point(s0, c), self.point(s1, c)]
            spec = self.arch[1 if red else 0]
            for n in range(4):
                a, b = [self.edge(st[s], o, 2 if red and s < 2 else 1) for s, o in spec[2 * n:2 * n + 2]]
                st.append(a + b)
            s0, s1, reduced = s1, torch.cat(st[2:], 1), red
            out.append(s1)
        return out


def images(seed, n, classes):
    """n x 32 x 32 x 3 bytes: stripes whose period and colour depend on the class, under noise."""
    s = Stream(seed)
    pix = np.empty((n, 32, 32, 3), np.uint8)
    labels = [i % classes for i in range(n)]
    for i, l in enumerate(labels):
        for y in range(32):
            for x in range(32):
                for c in range(3):
                    v = 64 + 24 * (((x + y * (l % 3)) // (2 + l)) % 2) + 3 * ((l * (c + 1)) % 4) + (s.next() >> 57)
                    pix[i, y, x, c] = v
    return pix, labels


def normalise(pix, side):
    x = (pix.astype(np.float32) / np.float32(255) - MEAN) / STD
    while x.shape[1] > side:
        x = ((x[:, ::2, ::2] + x[:, ::2, 1::2]) + x[:, 1::2, ::2] + x[:, 1::2, 1::2]) / np.float32(4)
    return torch.tensor(x.astype(np.float64)).permute(0, 3, 1, 2)


def read(net, x, cells, batch, pool, mode):
    rows = []
    for lo in range(0, len(x), batch):
        maps = net.cells(x[lo:lo + batch], mode)
        rows.append(torch.cat([pool(maps[k]) for k in cells], 1))
    return torch.cat(rows).numpy()


def grid(m):
    """Quarters in the order top left, top right, bottom left, bottom right; channels inside."""
    h, w = m.shape[2] // 2, m.shape[3] // 2
    return torch.cat([m[:, :, y:y + h, x:x + w].mean((2, 3)) for y in (0, h) for x in (0, w)], 1)


POOLS = {
    "mean": lambda m: m.mean((2, 3)), "relu-mean": lambda m: F.relu(m).mean((2, 3)), "max": lambda m: m.amax((2, 3)),
    "std": lambda m: m.flatten(2).std(2, unbiased=False), "grid": grid, "relu-grid": lambda m: grid(F.relu(m)),
    "none": lambda m: m.permute(0, 2, 3, 1).flatten(1),
}


def standardise(train, *more):
    m, s = train.mean(0), train.std(0)
    ok = s > 1e-6 * np.sqrt((train ** 2).mean(0))
    scale = np.where(ok, 1 / np.where(ok, s, 1), 0)
    return [(t - m) * scale for t in (train,) + more]


def ridge(x, y, classes, lam):
    n, mx = len(x), x.mean(0)
    t = np.eye(classes)[y]
    a = np.vstack([(x - mx) / np.sqrt(n), np.sqrt(lam) * np.eye(x.shape[1])])
    b = np.vstack([(t - t.mean(0)) / np.sqrt(n), np.zeros((x.shape[1], classes))])
    w = np.linalg.lstsq(a, b, rcond=None)[0]
    return w, t.mean(0) - mx @ w


def measure(w, b, x, y, regression):
    o = x @ w + b
    p = np.exp(o - o.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    t = np.eye(o.shape[1])[y]
    return {
        "accuracy": 100 * float((o.argmax(1) == y).mean()),
        "cross_entropy": float(-np.log(p[np.arange(len(y)), y]).mean()),
        "squared_error": float((((o if regression else p) - t) ** 2).mean()),
        "margin": float(np.sort(o, 1)[:, -2:].ptp(1).min()),
    }


def descent(x, y, xv, yv, classes, solver, epochs, batch, lr, seed, schedule="constant"):
    """Training from a start drawn by a stream; epoch e takes image (7 i + 3 e) mod n as its i-th."""
    s, n, d = Stream(seed), len(x), x.shape[1]
    a = 1 / np.sqrt(d)
    w = torch.tensor(a * s.symmetric((d, classes)).astype(np.float64), requires_grad=True)
    b = torch.tensor(a * s.symmetric(classes).astype(np.float64), requires_grad=True)
    opt = torch.optim.SGD([w, b], lr=lr, momentum=0.9) if solver == "sgd" else torch.optim.Adam([w, b], lr=lr)
    annealing = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=epochs, eta_min=0)
    xt, yt, losses = torch.tensor(x), torch.tensor(y), []
    for e in range(epochs):
        order, total = [(7 * i + 3 * e) % n for i in range(n)], 0.0
        for lo in range(0, n, batch):
            k = order[lo:lo + batch]
            loss = F.cross_entropy(xt[k] @ w + b, yt[k])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += float(loss) * len(k) / n
        losses.append(total)
        if schedule == "cosine":
            annealing.step()
    w, b = w.detach().numpy(), b.detach().numpy()
    return {"solver": solver, "epochs": epochs, "batch": batch, "lr": lr, "momentum": 0.9 if solver == "sgd" else 0,
            "seed": seed, "losses": losses, "weights_sum": float(w.sum()), "weights_l2": float(np.linalg.norm(w)),
            "bias": b.tolist(), "train": measure(w, b, x, y, False), "val": measure(w, b, xv, yv, False)}


def case(name, arch, c, layers, variant, side, seed, n_train=60, n_val=40, batch=20, classes=5):
    pix, labels = images(seed + 1, n_train + n_val, classes)
    x, y = normalise(pix, side), np.array(labels)
    xt, xv, yt, yv = x[:n_train], x[n_train:], y[:n_train], y[n_train:]
    net = Net(arch, c, layers, variant, seed)
    last = [layers - 1]
    mean = POOLS["mean"]
    ft, fv = read(net, xt, last, batch, mean, "batch"), read(net, xv, last, batch, mean, "batch")
    zt, zv = standardise(ft, fv)
    out = {"format": "bench301-rwe-1", "arch": arch, "C": c, "layers": layers, "variant": variant, "resolution": side,
           "classes": classes, "train_images": n_train, "val_images": n_val, "batch": batch,
           "seeds": {"params": seed, "images": seed + 1}, "features_train": ft.tolist(), "features_val": fv.tolist()}
    w, b = ridge(zt, yt, classes, 0.1)
    out["ridge"] = {"lambda": 0.1, "train": measure(w, b, zt, yt, True), "val": measure(w, b, zv, yv, True)}
    w, b = ridge(ft, yt, classes, 0.01)
    out["ridge_raw"] = {"lambda": 0.01, "train": measure(w, b, ft, yt, True), "val": measure(w, b, fv, yv, True)}
    out["featstd"] = -float(ft.std(0).mean())
    eig = np.linalg.eigvalsh(zt.T @ zt / n_train)
    out["effdim"] = {str(l): float((eig / (eig + l)).sum()) for l in (0.3, 0.01)}
    z = standardise(read(net, xt, last, batch, POOLS["none"], "batch"))[0]
    eig = np.linalg.eigvalsh(z @ z.T / z.shape[1])
    out["map_effdim"] = {str(l): float((eig / (eig + l * eig.mean())).sum()) for l in (0.1, 0.01)}
    out["descent"] = [descent(zt, yt, zv, yv, classes, *o) for o in (("sgd", 6, 25, 0.025, seed + 2), ("adam", 6, 25, 0.01, seed + 3))]
    net.stats = {}
    read(net, xt, last, batch, mean, "collect")
    out["readouts"] = []
    for readout, cells in (("last", last), ("last2", [layers - 2, layers - 1]), ("all", list(range(layers))), ("cell1", [1])):
        for pool in POOLS:
            for norm, mode in (("batch", "batch"), ("calibrated", "running"), ("none", "none")):
                if readout != "last" and (pool, norm) not in (("mean", "batch"), ("relu-grid", "calibrated")):
                    continue
                f = read(net, xv, cells, batch, POOLS[pool], mode)
                out["readouts"].append({"readout": readout, "pooling": pool, "norm": norm, "columns": f.shape[1],
                                        "sum": float(f.sum()), "magnitude": float(np.abs(f).sum()), "l2": float(np.linalg.norm(f)),
                                        "first3": f[-1, :3].tolist()})
    os.makedirs(OUT, exist_ok=True)
    with gzip.GzipFile(os.path.join(OUT, f"rwe_{name}.json.gz"), "wb", mtime=0) as g:
        g.write(json.dumps(out).encode())
    print(name, {k: out[k] for k in ("ridge", "featstd", "effdim", "map_effdim")}, [d["losses"][-1] for d in out["descent"]])


class KaimingNet(Net):
    """Convolutions from N(0, 1), by sums of twelve numbers of the stream, times PyTorch's scale of kaiming_normal_ for
    ReLU; normalisations 1 and 0."""

    def p(self, shape, fan=0, weight=False):
        if self.at == len(self.params) and fan:
            w = torch.empty(shape)
            fan_in, _ = torch.nn.init._calculate_fan_in_and_fan_out(w)
            std = np.float32(torch.nn.init.calculate_gain("relu") / np.sqrt(fan_in))
            n = int(np.prod(shape))
            r = np.array([np.float32(sum(self.stream.unit() for _ in range(12)) - 6) for _ in range(n)], np.float32)
            self.params.append(torch.tensor((r * std).reshape(shape).astype(np.float64)))
        elif self.at == len(self.params):
            self.params.append(torch.ones(shape, dtype=torch.float64) if weight else torch.zeros(shape, dtype=torch.float64))
        self.at += 1
        return self.params[self.at - 1]


def near_paper(arch, c=4, layers=8, side=32, seed=74, n_train=300, n_val=100, batch=100, classes=10):
    """The preset near-paper on a narrow network: raw features; batches of 128 of 300 images, so that the last has 44."""
    pix, labels = images(seed + 1, n_train + n_val, classes)
    x, y = normalise(pix, side), np.array(labels)
    net, pool = KaimingNet(arch, c, layers, "darts", seed), POOLS["mean"]
    ft, fv = (read(net, x[a:b], [layers - 1], batch, pool, "batch") for a, b in ((0, n_train), (n_train, n_train + n_val)))
    out = {"format": "bench301-near-paper-1", "arch": arch, "C": c, "layers": layers, "variant": "darts", "resolution": side,
           "classes": classes, "train_images": n_train, "val_images": n_val, "batch": batch,
           "seeds": {"zen_params": seed, "images": seed + 1}, "features_train": ft[:3].tolist(), "descent": []}
    for solver, epochs, lr, schedule in (("sgd", 5, 0.025, "cosine"), ("sgd", 5, 0.025, "constant"), ("sgd", 30, 0.025, "cosine"),
                                         ("adam", 5, 0.01, "cosine"), ("adam", 5, 0.01, "constant")):
        d = descent(ft, y[:n_train], fv, y[n_train:], classes, solver, epochs, 128, lr, seed + 2, schedule)
        out["descent"].append(dict(d, schedule=schedule))
    with open(os.path.join(OUT, "near_paper.json"), "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")
    print("near_paper", [(d["solver"], d["epochs"], d["schedule"], d["val"], d["losses"][-1]) for d in out["descent"]])


DARTS_V2 = [[(0, 3), (1, 3), (0, 3), (1, 3), (0, 2), (1, 3), (0, 2), (2, 5)],
            [(0, 0), (1, 0), (1, 0), (2, 2), (0, 0), (2, 2), (1, 0), (2, 2)]]
MIXED = [[(0, 1), (1, 4), (0, 6), (2, 2), (1, 3), (3, 0), (2, 5), (4, 1)],
         [(0, 2), (1, 5), (1, 4), (2, 3), (0, 6), (3, 1), (0, 0), (1, 2)]]

if __name__ == "__main__":
    case("naslib_C4_L5", MIXED, 4, 5, "naslib", 16, 71)
    case("darts_C4_L5", MIXED, 4, 5, "darts", 16, 72)
    case("naslib_C6_L3_32", DARTS_V2, 6, 3, "naslib", 32, 73)
    near_paper(MIXED)
