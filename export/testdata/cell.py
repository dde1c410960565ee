r"""A network: a network of the search space nasbench201, for PyTorch.

    from cell import network

    net = network()  # with the weights in cell.pt, which lies beside this file

id          7871c9cb8f4e7fa1

    bench301 export cell

Needs PyTorch 1.6 or newer, nothing else. Run as a program, it compares its logits with bench301's.
"""

from inspect import signature
from pathlib import Path

import torch
from torch import nn

# The operation from each earlier node, for the nodes 1, 2 and 3 of the cell.
GENOTYPE = [
    ["avg_pool_3x3"],
    ["nor_conv_1x1", "nor_conv_3x3"],
    ["skip_connect", "none", "nor_conv_3x3"],
]

ID = "7871c9cb8f4e7fa1"  # of the architecture, in bench301
CHANNELS = 4
CELLS = 2  # in each of three stages
CLASSES = 10
IMAGE_SIZE = (16, 16)
# Images are RGB in [0, 1], minus MEAN and divided by STD.
MEAN = (0.5, 0.25, 1.0)
STD = (1.0, 0.125, 0.2)
# A state_dict, as torch.save writes it.
WEIGHTS = Path(__file__).with_name("cell.pt")


class ReLUConvBN(nn.Module):
    """ReLU, convolution, normalisation."""

    def __init__(self, c_in, c_out, kernel, stride=1):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(c_in, c_out, kernel, stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(c_out),
        )

    def forward(self, x):
        return self.op(x)


class Zero(nn.Module):
    """Zeros."""

    def forward(self, x):
        return torch.zeros_like(x)


OPS = {  # by width
    "none": lambda c: Zero(),
    "skip_connect": lambda c: nn.Identity(),
    "nor_conv_1x1": lambda c: ReLUConvBN(c, c, 1),
    "nor_conv_3x3": lambda c: ReLUConvBN(c, c, 3),
    "avg_pool_3x3": lambda c: nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
}


class Cell(nn.Module):
    """Three nodes behind the input, each the sum of its edges; the output is the last node."""

    def __init__(self, genotype, c):
        super().__init__()
        self.nodes = [len(node) for node in genotype]
        self.layers = nn.ModuleList(OPS[name](c) for node in genotype for name in node)

    def forward(self, x):
        states, layers = [x], iter(self.layers)
        for edges in self.nodes:
            states.append(sum(next(layers)(state) for state in states[:edges]))
        return states[-1]


class ResidualBlock(nn.Module):
    """Halves the map and widens it: two convolutions beside a pool and a pointwise convolution."""

    def __init__(self, c_in, c_out):
        super().__init__()
        self.conv_a = ReLUConvBN(c_in, c_out, 3, stride=2)
        self.conv_b = ReLUConvBN(c_out, c_out, 3)
        self.downsample = nn.Sequential(
            nn.AvgPool2d(2, stride=2),
            nn.Conv2d(c_in, c_out, 1, bias=False),
        )

    def forward(self, x):
        return self.downsample(x) + self.conv_b(self.conv_a(x))


class Network(nn.Module):
    """Stem, three stages of equal cells, global average, classifier.

    Images (batch x 3 x height x width) to logits (batch x classes). The names in state_dict() are
    those of the code of NAS-Bench-201.
    """

    def __init__(self, genotype=GENOTYPE, channels=CHANNELS, cells=CELLS, classes=CLASSES):
        super().__init__()
        c = channels
        self.stem = nn.Sequential(
            nn.Conv2d(3, c, 3, padding=1, bias=False),
            nn.BatchNorm2d(c),
        )
        self.cells = nn.ModuleList()
        for stage in range(3):
            if stage > 0:
                self.cells.append(ResidualBlock(c, 2 * c))
                c *= 2
            self.cells.extend(Cell(genotype, c) for _ in range(cells))
        self.lastact = nn.Sequential(nn.BatchNorm2d(c), nn.ReLU())
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(c, classes)

    def forward(self, x):
        x = self.stem(x)
        for cell in self.cells:
            x = cell(x)
        return self.classifier(self.global_pooling(self.lastact(x)).flatten(1))


def network(weights=WEIGHTS, classes=CLASSES, channels=CHANNELS, cells=CELLS):
    """The network, on the CPU and in train mode.

    weights: the file of a state_dict, or None for weights as PyTorch draws them.
    classes: where the file has another number of them, PyTorch draws the classifier.
    channels, cells: another size than that of the file needs weights=None.
    """
    if weights == WEIGHTS and (channels, cells) != (CHANNELS, CELLS):
        raise ValueError(
            "%s has %d channels and %d cells a stage: another size needs weights=None"
            % (WEIGHTS.name, CHANNELS, CELLS)
        )
    net = Network(channels=channels, cells=cells, classes=classes)
    if weights is not None:
        load(net, weights)
    return net


def load(net, weights):
    """Loads the state_dict in a file. Heads that fit nothing in it stay as PyTorch drew them."""
    safe = {"weights_only": True} if "weights_only" in signature(torch.load).parameters else {}
    state = torch.load(str(weights), map_location="cpu", **safe)
    heads = ("classifier.", "auxiliary_head.")
    own = net.state_dict()
    fitting = {k: v for k, v in state.items() if k in own or not k.startswith(heads)}
    for name, drawn in own.items():
        if name.startswith(heads) and (name not in state or state[name].shape != drawn.shape):
            fitting[name] = drawn
    net.load_state_dict(fitting)


# What bench301 computes for image 0 of check_images(): with the statistics of these images (train
# mode), and with the running statistics in the file of weights (eval mode).
CHECK = {
    "train": (
        0.5, -0.25,
    ),
}


def check_images():
    """2 images of noise, the same everywhere."""
    size = (2, 3) + IMAGE_SIZE
    k = torch.arange(size[0] * size[1] * size[2] * size[3])
    return ((k * k % 251).float() / 128 - 1).reshape(size)


def check():
    """Yields each mode, and by how much a logit differs from bench301's at most."""
    for mode, want in CHECK.items():
        net = network().train(mode == "train")
        with torch.no_grad():
            logits = net(check_images())
        logits = logits[0] if isinstance(logits, tuple) else logits
        yield mode, (logits[0, : len(want)] - torch.tensor(want)).abs().max().item()


if __name__ == "__main__":
    print(ID, "has", sum(p.numel() for p in network().parameters()), "parameters")
    for mode, difference in check():
        print(mode, "mode: logits differ from bench301's by at most", "%.2g" % difference)
