r"""A network: a network of the search space darts, for PyTorch.

    from auxiliary import network

    net = network()  # with the weights in auxiliary.pt, which lies beside this file

id          b149d8919d89ab39

    bench301 export auxiliary

Needs PyTorch 1.6 or newer, nothing else. Run as a program, it compares its logits with bench301's.
"""

from collections import namedtuple
from inspect import signature
from pathlib import Path

import torch
from torch import nn

Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")

# Operations and the states that they read, two for each node: states 0 and 1 are the outputs of
# the two cells before, 2 to 5 are the nodes.
GENOTYPE = Genotype(
    normal=[
        ("sep_conv_3x3", 0), ("sep_conv_3x3", 1),
        ("sep_conv_3x3", 0), ("sep_conv_3x3", 1),
        ("sep_conv_3x3", 1), ("skip_connect", 0),
        ("skip_connect", 0), ("dil_conv_3x3", 2),
    ],
    normal_concat=[2, 3, 4, 5],
    reduce=[
        ("max_pool_3x3", 0), ("max_pool_3x3", 1),
        ("skip_connect", 2), ("max_pool_3x3", 1),
        ("max_pool_3x3", 0), ("skip_connect", 2),
        ("skip_connect", 2), ("max_pool_3x3", 1),
    ],
    reduce_concat=[2, 3, 4, 5],
)

ID = "b149d8919d89ab39"  # of the architecture, in bench301
CHANNELS = 4
LAYERS = 5
CLASSES = 7
AUXILIARY = True
IMAGE_SIZE = (32, 32)
# Images are RGB in [0, 1], minus MEAN and divided by STD.
MEAN = (0.5, 0.25, 1.0)
STD = (1.0, 0.125, 0.2)
# A state_dict, as torch.save writes it.
WEIGHTS = Path(__file__).with_name("auxiliary.pt")


class ReLUConvBN(nn.Module):
    """ReLU, pointwise convolution, normalisation."""

    def __init__(self, c_in, c_out):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(c_in, c_out, 1, bias=False),
            nn.BatchNorm2d(c_out),
        )

    def forward(self, x):
        return self.op(x)


class FactorizedReduce(nn.Module):
    """Halves the map: two pointwise convolutions of stride 2, the second shifted by a pixel."""

    def __init__(self, c_in, c_out):
        super().__init__()
        self.relu = nn.ReLU()
        self.conv_1 = nn.Conv2d(c_in, c_out // 2, 1, stride=2, bias=False)
        self.conv_2 = nn.Conv2d(c_in, c_out // 2, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(c_out)

    def forward(self, x):
        x = self.relu(x)
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], dim=1))


class SepConv(nn.Module):
    """Twice: ReLU, depthwise and pointwise convolution, normalisation. The first has the stride."""

    def __init__(self, c, kernel, stride):
        super().__init__()
        pad = kernel // 2
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(c, c, kernel, stride, pad, groups=c, bias=False),
            nn.Conv2d(c, c, 1, bias=False),
            nn.BatchNorm2d(c),
            nn.ReLU(),
            nn.Conv2d(c, c, kernel, 1, pad, groups=c, bias=False),
            nn.Conv2d(c, c, 1, bias=False),
            nn.BatchNorm2d(c),
        )

    def forward(self, x):
        return self.op(x)


class DilConv(nn.Module):
    """ReLU, depthwise convolution with dilation 2, pointwise convolution, normalisation."""

    def __init__(self, c, kernel, stride):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(c, c, kernel, stride, kernel - 1, dilation=2, groups=c, bias=False),
            nn.Conv2d(c, c, 1, bias=False),
            nn.BatchNorm2d(c),
        )

    def forward(self, x):
        return self.op(x)


def skip(c, stride):
    """The state itself, or at half its size."""
    return nn.Identity() if stride == 1 else FactorizedReduce(c, c)


OPS = {  # by width and stride
    "max_pool_3x3": lambda c, stride: nn.MaxPool2d(3, stride, padding=1),
    "avg_pool_3x3": lambda c, stride: nn.AvgPool2d(3, stride, padding=1, count_include_pad=False),
    "skip_connect": skip,
    "sep_conv_3x3": lambda c, stride: SepConv(c, 3, stride),
    "sep_conv_5x5": lambda c, stride: SepConv(c, 5, stride),
    "dil_conv_3x3": lambda c, stride: DilConv(c, 3, stride),
    "dil_conv_5x5": lambda c, stride: DilConv(c, 5, stride),
}


def drop_path(x, prob):
    """Zeroes x for whole images with a probability; the others are scaled to keep the mean."""
    kept = torch.rand(x.size(0), 1, 1, 1, device=x.device) >= prob
    return x * kept.to(x.dtype) / (1 - prob)


class Cell(nn.Module):
    """Four nodes, each the sum of two edges; the output is their concatenation, 4c channels."""

    def __init__(self, genotype, c_prev_prev, c_prev, c, reduction, reduction_prev):
        super().__init__()
        pre0 = FactorizedReduce if reduction_prev else ReLUConvBN
        self.preprocess0 = pre0(c_prev_prev, c)
        self.preprocess1 = ReLUConvBN(c_prev, c)
        edges = genotype.reduce if reduction else genotype.normal
        self.concat = genotype.reduce_concat if reduction else genotype.normal_concat
        self.sources = [source for _, source in edges]
        self._ops = nn.ModuleList(
            OPS[name](c, 2 if reduction and source < 2 else 1) for name, source in edges
        )

    def forward(self, s0, s1, drop_path_prob=0.0):
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        node = []
        for source, op in zip(self.sources, self._ops):
            x = op(states[source])
            if self.training and drop_path_prob > 0 and not isinstance(op, nn.Identity):
                x = drop_path(x, drop_path_prob)
            node.append(x)
            if len(node) == 2:
                states.append(node[0] + node[1])
                node = []
        return torch.cat([states[i] for i in self.concat], dim=1)


class AuxiliaryHead(nn.Module):
    """A second classifier, of a map of 8 x 8, which helps in training."""

    def __init__(self, c, classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.ReLU(),
            nn.AvgPool2d(5, stride=3, padding=0, count_include_pad=False),
            nn.Conv2d(c, 128, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.Conv2d(128, 768, 2, bias=False),
            nn.BatchNorm2d(768),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(768, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class Network(nn.Module):
    """Stem, cells, global average, classifier.

    Images (batch x 3 x height x width) to logits (batch x classes). With the auxiliary head, in
    train mode, to (logits, auxiliary logits).

    Drop path is off; a training script may set net.drop_path_prob before every epoch. The names in
    state_dict() are those of the code of DARTS, whose checkpoints of this GENOTYPE fit.
    """

    def __init__(
        self,
        genotype=GENOTYPE,
        channels=CHANNELS,
        layers=LAYERS,
        classes=CLASSES,
        auxiliary=AUXILIARY,
        drop_path_prob=0.0,
    ):
        super().__init__()
        self.drop_path_prob = drop_path_prob
        self.stem = nn.Sequential(
            nn.Conv2d(3, 3 * channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(3 * channels),
        )
        c_prev_prev, c_prev, c = 3 * channels, 3 * channels, channels
        reduction_prev = False
        self.cells = nn.ModuleList()
        for i in range(layers):
            reduction = i in (layers // 3, 2 * layers // 3)
            if reduction:
                c *= 2
            self.cells.append(Cell(genotype, c_prev_prev, c_prev, c, reduction, reduction_prev))
            c_prev_prev, c_prev, reduction_prev = c_prev, 4 * c, reduction
            if i == 2 * layers // 3:
                c_auxiliary = c_prev
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(c_prev, classes)
        self.auxiliary_head = AuxiliaryHead(c_auxiliary, classes) if auxiliary else None

    def forward(self, x):
        auxiliary = None
        s0 = s1 = self.stem(x)
        for i, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1, self.drop_path_prob)
            if i == 2 * len(self.cells) // 3 and self.auxiliary_head is not None and self.training:
                auxiliary = self.auxiliary_head(s1)
        logits = self.classifier(self.global_pooling(s1).flatten(1))
        return logits if auxiliary is None else (logits, auxiliary)


def network(
    weights=WEIGHTS,
    classes=CLASSES,
    channels=CHANNELS,
    layers=LAYERS,
    auxiliary=AUXILIARY,
    drop_path_prob=0.0,
):
    """The network, on the CPU and in train mode.

    weights: the file of a state_dict, or None for weights as PyTorch draws them.
    classes: where the file has another number of them, PyTorch draws the classifier.
    channels, layers: another size than that of the file needs weights=None.
    auxiliary: with the auxiliary head, which PyTorch draws where the file has none.
    drop_path_prob: of an edge that is no identity, for an image, in train mode.
    """
    if weights == WEIGHTS and (channels, layers) != (CHANNELS, LAYERS):
        raise ValueError(
            "%s has %d channels and %d cells: another size needs weights=None"
            % (WEIGHTS.name, CHANNELS, LAYERS)
        )
    net = Network(
        channels=channels,
        layers=layers,
        classes=classes,
        auxiliary=auxiliary,
        drop_path_prob=drop_path_prob,
    )
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
