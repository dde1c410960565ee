"""Runs modules that `bench301 export --to pytorch` wrote, and prints what they compute.

usage: python3 tools/pytorch/run.py FOLDER < JOBS

JOBS are JSON objects, one a line: "module" is a module in FOLDER, "images" a file in it with float32
values n x 3 x height x width, "n" their number. Out comes a JSON object for each, with rows of
logits: "train", "eval" (with the statistics in the file), "eval_after" (after one pass in train
mode), the same in float64 as "train64" and "eval64", and the auxiliary logits "auxiliary". With "use" it
also trains for two steps, and tries other classes, drop path and weights of PyTorch's own.
"""

import importlib
import json
import sys
from array import array

import torch


def run(folder, job):
    module = importlib.import_module(job["module"])
    values = array("f")
    with open(folder + "/" + job["images"], "rb") as f:
        values.frombytes(f.read())
    x = torch.tensor(values).reshape((job["n"], 3) + module.IMAGE_SIZE)
    out = {}

    net = module.network()
    state = torch.load(str(module.WEIGHTS), weights_only=True)
    assert list(net.state_dict()) == list(state), "names of the state_dict"
    assert all(torch.equal(v, state[k]) for k, v in net.state_dict().items()), "values"
    out["parameters"] = sum(p.numel() for p in net.parameters())
    with torch.no_grad():
        out["eval"] = net.eval()(x).tolist()
        logits = net.train()(x)
        if isinstance(logits, tuple):
            logits, auxiliary = logits
            out["auxiliary"] = auxiliary.tolist()
        out["train"] = logits.tolist()
        out["eval_after"] = net.eval()(x).tolist()
        net = module.network().double()
        out["eval64"] = net.eval()(x.double()).tolist()
        logits = net.train()(x.double())
        out["train64"] = (logits[0] if isinstance(logits, tuple) else logits).tolist()
    if job["use"]:
        use(module, state, x, out)
    return out


def use(module, state, x, out):
    """Trains the network, and tries what else network() takes."""
    out["check"] = dict(module.check())

    # A step of training, as a script would do it.
    torch.manual_seed(1)
    labels = torch.arange(len(x)) % module.CLASSES
    net = module.network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.025, momentum=0.9, weight_decay=3e-4)
    losses = []
    for _ in range(2):
        optimizer.zero_grad()
        logits = net(x)
        logits, *auxiliary = logits if isinstance(logits, tuple) else (logits,)
        loss = torch.nn.functional.cross_entropy(logits, labels)
        losses.append(loss.item())
        for a in auxiliary:
            loss = loss + 0.4 * torch.nn.functional.cross_entropy(a, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5)
        optimizer.step()
    out["losses"] = losses
    out["without_gradient"] = [k for k, p in net.named_parameters() if p.grad is None]

    # What network() takes besides.
    other = module.network(classes=module.CLASSES + 3)
    assert other.eval()(x).shape == (len(x), module.CLASSES + 3), "classes"
    out["drawn"] = sorted(k for k, v in other.state_dict().items() if not torch.equal(v, state[k]))
    drawn = module.network(weights=None)
    assert not torch.equal(next(drawn.parameters()), next(module.network().parameters())), "weights"
    if hasattr(drawn, "drop_path_prob"):
        dropping = module.network(drop_path_prob=0.5).eval()
        assert dropping(x).tolist() == out["eval"], "drop path in eval mode"
        losing = dropping.train()(x)
        losing = losing[0] if isinstance(losing, tuple) else losing
        out["drops"] = bool(torch.isfinite(losing).all()) and losing.tolist() != out["train"]
    if hasattr(module, "CHANNELS"):
        try:
            module.network(channels=module.CHANNELS + 2)
            raise AssertionError("a size that the file does not have")
        except ValueError as error:
            out["refusal"] = str(error)
        module.network(weights=None, channels=module.CHANNELS + 2)
    if hasattr(module, "AUXILIARY") and module.IMAGE_SIZE in ((32, 32), (224, 224)):
        out["heads"] = len(module.network(auxiliary=True).train()(x))
        module.network(auxiliary=False)


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    torch.set_num_threads(1)
    for line in sys.stdin:
        job = json.loads(line)
        try:
            print(json.dumps(run(sys.argv[1], job)), flush=True)
        except Exception as error:
            raise RuntimeError("module " + job["module"]) from error
