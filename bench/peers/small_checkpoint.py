"""A checkpoint as arcface_torch saves one, of an iresnet with few channels and random weights: test/fixtures/small-iresnet.pt.
Argument: the file."""

import sys

import torch
from torch import nn

WIDTHS, SIZE, SIDE = (4, 4, 8, 8), 16, 7


def conv(i, o, k, s=1):
    return nn.Conv2d(i, o, k, s, k // 2, bias=False)


class Unit(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(i), conv(i, o, 3)
        self.bn2, self.prelu = nn.BatchNorm2d(o), nn.PReLU(o)
        self.conv2, self.bn3 = conv(o, o, 3, 2), nn.BatchNorm2d(o)
        self.downsample = nn.Sequential(conv(i, o, 1, 2), nn.BatchNorm2d(o))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1, self.prelu = conv(3, WIDTHS[0], 3), nn.BatchNorm2d(WIDTHS[0]), nn.PReLU(WIDTHS[0])
        before = WIDTHS[0]
        for stage, width in enumerate(WIDTHS):
            setattr(self, 'layer%d' % (stage + 1), nn.Sequential(Unit(before, width)))
            before = width
        self.bn2, self.fc = nn.BatchNorm2d(before), nn.Linear(before * SIDE * SIDE, SIZE)
        self.features = nn.BatchNorm1d(SIZE)


torch.manual_seed(1)
torch.save(Network().state_dict(), sys.argv[1])
