r"""A network: a network of the search space nasbench201, for PyTorch.

    from graph_cell import network

    net = network()  # with the weights in graph_cell.pt, which lies beside this file

id          4ae220669bda80de

    bench301 export graph_cell

Needs PyTorch 1.6 or newer, nothing else. Run as a program, it compares its logits with bench301's.
"""

from inspect import signature
from pathlib import Path

import torch
from torch import nn

ARCHITECTURE = (
    "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
)

ID = "4ae220669bda80de"  # of the architecture, in bench301
CLASSES = 10
IMAGE_SIZE = (16, 16)
# Images are RGB in [0, 1], minus MEAN and divided by STD.
MEAN = (0.5, 0.25, 1.0)
STD = (1.0, 0.125, 0.2)
# A state_dict, as torch.save writes it.
WEIGHTS = Path(__file__).with_name("graph_cell.pt")


class Network(nn.Module):
    """The network, operation by operation: images (batch x 3 x height x width) to logits."""

    def __init__(self, classes=CLASSES):
        super().__init__()
        self.stem_conv = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.stem_bn = nn.BatchNorm2d(4)
        self.cell0_edge1_conv = nn.Conv2d(4, 4, 3, 1, 1, bias=False)
        self.cell0_edge1_bn = nn.BatchNorm2d(4)
        self.cell0_edge2_conv = nn.Conv2d(4, 4, 1, 1, bias=False)
        self.cell0_edge2_bn = nn.BatchNorm2d(4)
        self.cell0_edge5_conv = nn.Conv2d(4, 4, 3, 1, 1, bias=False)
        self.cell0_edge5_bn = nn.BatchNorm2d(4)
        self.cell1_conv1 = nn.Conv2d(4, 8, 3, 2, 1, bias=False)
        self.cell1_bn1 = nn.BatchNorm2d(8)
        self.cell1_conv2 = nn.Conv2d(8, 8, 3, 1, 1, bias=False)
        self.cell1_bn2 = nn.BatchNorm2d(8)
        self.cell1_pool = nn.AvgPool2d(2, 2, count_include_pad=False)
        self.cell1_shortcut = nn.Conv2d(4, 8, 1, 1, bias=False)
        self.cell2_edge1_conv = nn.Conv2d(8, 8, 3, 1, 1, bias=False)
        self.cell2_edge1_bn = nn.BatchNorm2d(8)
        self.cell2_edge2_conv = nn.Conv2d(8, 8, 1, 1, bias=False)
        self.cell2_edge2_bn = nn.BatchNorm2d(8)
        self.cell2_edge5_conv = nn.Conv2d(8, 8, 3, 1, 1, bias=False)
        self.cell2_edge5_bn = nn.BatchNorm2d(8)
        self.cell3_conv1 = nn.Conv2d(8, 16, 3, 2, 1, bias=False)
        self.cell3_bn1 = nn.BatchNorm2d(16)
        self.cell3_conv2 = nn.Conv2d(16, 16, 3, 1, 1, bias=False)
        self.cell3_bn2 = nn.BatchNorm2d(16)
        self.cell3_pool = nn.AvgPool2d(2, 2, count_include_pad=False)
        self.cell3_shortcut = nn.Conv2d(8, 16, 1, 1, bias=False)
        self.cell4_edge1_conv = nn.Conv2d(16, 16, 3, 1, 1, bias=False)
        self.cell4_edge1_bn = nn.BatchNorm2d(16)
        self.cell4_edge2_conv = nn.Conv2d(16, 16, 1, 1, bias=False)
        self.cell4_edge2_bn = nn.BatchNorm2d(16)
        self.cell4_edge5_conv = nn.Conv2d(16, 16, 3, 1, 1, bias=False)
        self.cell4_edge5_bn = nn.BatchNorm2d(16)
        self.head_bn = nn.BatchNorm2d(16)
        self.classifier = nn.Linear(16, classes)

    def forward(self, images):
        stem_conv = self.stem_conv(images)
        stem_bn = self.stem_bn(stem_conv)
        cell0_zero = images.new_zeros(len(images), 4, 16, 16)
        cell0_edge1_relu = torch.relu(stem_bn)
        cell0_edge1_conv = self.cell0_edge1_conv(cell0_edge1_relu)
        cell0_edge1_bn = self.cell0_edge1_bn(cell0_edge1_conv)
        cell0_edge2_relu = torch.relu(cell0_zero)
        cell0_edge2_conv = self.cell0_edge2_conv(cell0_edge2_relu)
        cell0_edge2_bn = self.cell0_edge2_bn(cell0_edge2_conv)
        cell0_node2 = cell0_edge1_bn + cell0_edge2_bn
        cell0_edge5_relu = torch.relu(cell0_node2)
        cell0_edge5_conv = self.cell0_edge5_conv(cell0_edge5_relu)
        cell0_edge5_bn = self.cell0_edge5_bn(cell0_edge5_conv)
        cell0_node3 = stem_bn + cell0_edge5_bn
        cell1_relu1 = torch.relu(cell0_node3)
        cell1_conv1 = self.cell1_conv1(cell1_relu1)
        cell1_bn1 = self.cell1_bn1(cell1_conv1)
        cell1_relu2 = torch.relu(cell1_bn1)
        cell1_conv2 = self.cell1_conv2(cell1_relu2)
        cell1_bn2 = self.cell1_bn2(cell1_conv2)
        cell1_pool = self.cell1_pool(cell0_node3)
        cell1_shortcut = self.cell1_shortcut(cell1_pool)
        cell1_sum = cell1_shortcut + cell1_bn2
        cell2_zero = images.new_zeros(len(images), 8, 8, 8)
        cell2_edge1_relu = torch.relu(cell1_sum)
        cell2_edge1_conv = self.cell2_edge1_conv(cell2_edge1_relu)
        cell2_edge1_bn = self.cell2_edge1_bn(cell2_edge1_conv)
        cell2_edge2_relu = torch.relu(cell2_zero)
        cell2_edge2_conv = self.cell2_edge2_conv(cell2_edge2_relu)
        cell2_edge2_bn = self.cell2_edge2_bn(cell2_edge2_conv)
        cell2_node2 = cell2_edge1_bn + cell2_edge2_bn
        cell2_edge5_relu = torch.relu(cell2_node2)
        cell2_edge5_conv = self.cell2_edge5_conv(cell2_edge5_relu)
        cell2_edge5_bn = self.cell2_edge5_bn(cell2_edge5_conv)
        cell2_node3 = cell1_sum + cell2_edge5_bn
        cell3_relu1 = torch.relu(cell2_node3)
        cell3_conv1 = self.cell3_conv1(cell3_relu1)
        cell3_bn1 = self.cell3_bn1(cell3_conv1)
        cell3_relu2 = torch.relu(cell3_bn1)
        cell3_conv2 = self.cell3_conv2(cell3_relu2)
        cell3_bn2 = self.cell3_bn2(cell3_conv2)
        cell3_pool = self.cell3_pool(cell2_node3)
        cell3_shortcut = self.cell3_shortcut(cell3_pool)
        cell3_sum = cell3_shortcut + cell3_bn2
        cell4_zero = images.new_zeros(len(images), 16, 4, 4)
        cell4_edge1_relu = torch.relu(cell3_sum)
        cell4_edge1_conv = self.cell4_edge1_conv(cell4_edge1_relu)
        cell4_edge1_bn = self.cell4_edge1_bn(cell4_edge1_conv)
        cell4_edge2_relu = torch.relu(cell4_zero)
        cell4_edge2_conv = self.cell4_edge2_conv(cell4_edge2_relu)
        cell4_edge2_bn = self.cell4_edge2_bn(cell4_edge2_conv)
        cell4_node2 = cell4_edge1_bn + cell4_edge2_bn
        cell4_edge5_relu = torch.relu(cell4_node2)
        cell4_edge5_conv = self.cell4_edge5_conv(cell4_edge5_relu)
        cell4_edge5_bn = self.cell4_edge5_bn(cell4_edge5_conv)
        cell4_node3 = cell3_sum + cell4_edge5_bn
        head_bn = self.head_bn(cell4_node3)
        head_relu = torch.relu(head_bn)
        gap = head_relu.mean(dim=(2, 3), keepdim=True)
        classifier = self.classifier(gap.flatten(1))
        return classifier


def network(weights=WEIGHTS, classes=CLASSES):
    """The network, on the CPU and in train mode.

    weights: the file of a state_dict, or None for weights as PyTorch draws them.
    classes: where the file has another number of them, PyTorch draws the classifier.
    """
    net = Network(classes=classes)
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
