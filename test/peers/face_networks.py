"""Networks for faces with the names, shapes and order of layers that arcface_torch, MagFace, AdaFace and CVLface have, and
checkpoints as these programs save them, with random weights. Arguments: a folder, then names of cases."""

import argparse
import collections
import sys

import numpy
import torch
from safetensors.torch import load_file, save_file
from torch import nn


def conv(i, o, k, s=1):
    return nn.Conv2d(i, o, k, s, k // 2, bias=False)


class Unit(nn.Module):
    def __init__(self, i, o, stride, eps):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(i, eps), conv(i, o, 3)
        self.bn2, self.prelu = nn.BatchNorm2d(o, eps), nn.PReLU(o)
        self.conv2, self.bn3 = conv(o, o, 3, stride), nn.BatchNorm2d(o, eps)
        self.downsample = nn.Sequential(conv(i, o, 1, stride), nn.BatchNorm2d(o, eps)) if stride == 2 else None

    def forward(self, x):
        y = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
        return y + (x if self.downsample is None else self.downsample(x))


class IResNet(nn.Module):
    def __init__(self, counts, size=512, eps=1e-5, side=7):
        super().__init__()
        self.conv1, self.bn1, self.prelu = conv(3, 64, 3), nn.BatchNorm2d(64, eps), nn.PReLU(64)
        before = 64
        for stage, count in enumerate(counts):
            width = 64 * 2**stage
            units = [Unit(before if n == 0 else width, width, 2 if n == 0 else 1, eps) for n in range(count)]
            setattr(self, 'layer%d' % (stage + 1), nn.Sequential(*units))
            before = width
        self.bn2, self.fc = nn.BatchNorm2d(512, eps), nn.Linear(512 * side * side, size)
        self.features = nn.BatchNorm1d(size, eps)

    def forward(self, x):
        x = self.prelu(self.bn1(self.conv1(x)))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        return self.features(self.fc(torch.flatten(self.bn2(x), 1)))


class Squeeze(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1, self.fc2 = conv(channels, channels // 16, 1), conv(channels // 16, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class IrUnit(nn.Module):
    """kind: basic (AdaFace, CVLface), old (face.evoLVe), bottleneck (CVLface's 152 and 200)."""

    def __init__(self, i, o, stride, kind, squeezes):
        super().__init__()
        few = o // 4
        layers = {
            'basic': lambda: [nn.BatchNorm2d(i), conv(i, o, 3), nn.BatchNorm2d(o), nn.PReLU(o), conv(o, o, 3, stride), nn.BatchNorm2d(o)],
            'old': lambda: [nn.BatchNorm2d(i), conv(i, o, 3), nn.PReLU(o), conv(o, o, 3, stride), nn.BatchNorm2d(o)],
            'bottleneck': lambda: [
                nn.BatchNorm2d(i), conv(i, few, 1), nn.BatchNorm2d(few), nn.PReLU(few), conv(few, few, 3), nn.BatchNorm2d(few), nn.PReLU(few),
                conv(few, o, 1, stride), nn.BatchNorm2d(o),
            ],
        }[kind]()
        self.res_layer = nn.Sequential(*layers)
        if squeezes:
            self.res_layer.add_module('5' if kind == 'old' else 'se_block', Squeeze(o))
        self.shortcut_layer = nn.MaxPool2d(1, stride) if i == o else nn.Sequential(conv(i, o, 1, stride), nn.BatchNorm2d(o))

    def forward(self, x):
        return self.res_layer(x) + self.shortcut_layer(x)


class Flat(nn.Module):
    def forward(self, x):
        return x.flatten(1)


class Ir(nn.Module):
    def __init__(self, counts, kind='basic', squeezes=False, size=512, affine=False):
        super().__init__()
        self.input_layer = nn.Sequential(conv(3, 64, 3), nn.BatchNorm2d(64), nn.PReLU(64))
        first, before, units = 256 if kind == 'bottleneck' else 64, 64, []
        for stage, count in enumerate(counts):
            width = first * 2**stage
            units += [IrUnit(before if n == 0 else width, width, 2 if n == 0 else 1, kind, squeezes) for n in range(count)]
            before = width
        self.body = nn.Sequential(*units)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(before), nn.Dropout(0.4), Flat(), nn.Linear(before * 49, size), nn.BatchNorm1d(size, affine=affine)
        )

    def forward(self, x):
        return self.output_layer(self.body(self.input_layer(x)))


class Block(nn.Module):
    def __init__(self, i, o, k=1, stride=1, padding=0, groups=1, activates=True):
        super().__init__()
        layers = [nn.Conv2d(i, o, k, stride, padding, groups=groups, bias=False), nn.BatchNorm2d(o)]
        self.layers = nn.Sequential(*layers, *([nn.PReLU(o)] if activates else []))

    def forward(self, x):
        return self.layers(x)


class DepthUnit(nn.Module):
    def __init__(self, i, o, groups, stride, residual):
        super().__init__()
        self.residual = residual
        self.layers = nn.Sequential(Block(i, groups), Block(groups, groups, 3, stride, 1, groups), Block(groups, o, activates=False))

    def forward(self, x):
        y = self.layers(x)
        return x + y if self.residual else y


class UnitRow(nn.Module):
    def __init__(self, channels, count, groups):
        super().__init__()
        self.layers = nn.Sequential(*[DepthUnit(channels, channels, groups, 1, True) for _ in range(count)])

    def forward(self, x):
        return self.layers(x)


class WholeMap(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.layers = nn.Sequential(Block(512, 512, 7, groups=512, activates=False), Flat(), nn.Linear(512, size, bias=False), nn.BatchNorm1d(size))

    def forward(self, x):
        return self.layers(x)


class MobileFaceNet(nn.Module):
    def __init__(self, blocks=(1, 4, 6, 2), scale=2, size=512):
        super().__init__()
        few, many = 64 * scale, 128 * scale
        second = Block(few, few, 3, 1, 1, 64) if blocks[0] == 1 else UnitRow(few, blocks[0], 128)
        self.layers = nn.ModuleList([
            Block(3, few, 3, 2, 1), second,
            DepthUnit(few, few, 128, 2, False), UnitRow(few, blocks[1], 128),
            DepthUnit(few, many, 256, 2, False), UnitRow(many, blocks[2], 256),
            DepthUnit(many, many, 512, 2, False), UnitRow(many, blocks[3], 256),
        ])
        self.conv_sep, self.features = Block(many, 512), WholeMap(size)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.features(self.conv_sep(x))


def drawn(network):
    """Statistics and factors that are no longer those of a new network, with values that stay of one size through all layers."""
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            if module.affine:
                nn.init.uniform_(module.weight, 0.5, 1.0)
                nn.init.uniform_(module.bias, -0.1, 0.1)
        elif isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, 0.1, 0.4)
    return network.eval()


R18, R34, R50, R100, R200 = [2, 2, 2, 2], [3, 4, 6, 3], [3, 4, 14, 3], [3, 13, 30, 3], [6, 26, 60, 6]


def under(prefix, state):
    return collections.OrderedDict((prefix + name, value) for name, value in state.items())


def trained(network, state, key='state_dict'):
    """A checkpoint of a training: with the classifier, the optimiser's state, and objects of the program."""
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
    first = next(network.parameters())
    optimizer.state[first]['momentum_buffer'] = torch.zeros_like(first)
    return {'epoch': 3, 'arch': 'r18', key: state, 'optimizer': optimizer.state_dict(), 'args': argparse.Namespace(lr=0.1)}


ARC = {'mean': 127.5, 'scale': 1 / 127.5, 'bgr': False}
ADA = {**ARC, 'bgr': True}
MAG = {'mean': 0, 'scale': 1 / 255, 'bgr': True}


def lightning(state):
    return {**under('model.', state), 'head.kernel': torch.ones(512, 10), 'head.t': torch.zeros(1)}


CASES = {
    # name: network, what it is fed, what is saved as .pt, and as .safetensors
    'arcface-r18': lambda: (IResNet(R18), ARC, lambda n, s: s),
    'arcface-r34': lambda: (IResNet(R34, 256), ARC, lambda n, s: under('module.', s)),
    'arcface-r50': lambda: (IResNet(R50), ARC, lambda n, s: trained(n, s, 'state_dict_backbone')),
    'arcface-r100': lambda: (IResNet(R100), ARC, lambda n, s: s),
    'arcface-r200': lambda: (IResNet(R200), ARC, lambda n, s: s),
    'arcface-mbf': lambda: (MobileFaceNet(), ARC, lambda n, s: s),
    'arcface-mbf-large': lambda: (MobileFaceNet((2, 8, 12, 4), 4), ARC, lambda n, s: under('module.', s)),
    'magface-r18': lambda: (
        IResNet(R18, eps=2e-5), MAG, lambda n, s: trained(n, {**under('features.module.', s), 'fc.weight': torch.ones(512, 10)})
    ),
    'magface-dist': lambda: (IResNet(R18, eps=2e-5), MAG, lambda n, s: {'state_dict': under('module.features.', s)}),
    'adaface-ir18': lambda: (Ir(R18), ADA, lambda n, s: trained(n, lightning(s))),
    'adaface-ir50': lambda: (Ir(R50), ADA, lambda n, s: {'state_dict': lightning(s)}),
    'adaface-ir101': lambda: (Ir(R100), ADA, lambda n, s: {'state_dict': lightning(s)}),
    'cvlface-ir18': lambda: (Ir(R18), ARC, lambda n, s: under('net.', s)),
    'cvlface-ir50': lambda: (Ir(R50), ARC, lambda n, s: under('model.net.', s)),
    'cvlface-iresnet': lambda: (IResNet(R18), ARC, lambda n, s: under('net.', s)),
    'cvlface-bottleneck': lambda: (Ir([1, 2, 1, 1], 'bottleneck', True), ARC, lambda n, s: under('net.', s)),
    'evolve-irse': lambda: (Ir(R18, 'old', True, affine=True), ARC, lambda n, s: s),
    'half': lambda: (IResNet(R18), ARC, lambda n, s: collections.OrderedDict((k, v.half() if v.dim() > 1 else v) for k, v in s.items())),
    'whole-module': lambda: (IResNet(R18), ARC, lambda n, s: n),
    'channels-last': lambda: (IResNet(R18).to(memory_format=torch.channels_last), ARC, lambda n, s: n.state_dict()),
}


def flat(saved):
    """As a safetensors file has it: tensors with the names of the innermost dictionary."""
    if isinstance(saved, nn.Module):
        saved = saved.state_dict()
    for key in ('state_dict', 'state_dict_backbone'):
        saved = saved.get(key, saved)
    return {name: value.contiguous() for name, value in saved.items()}


def images_for(folder, fed):
    images = numpy.fromfile(folder + '/images', numpy.uint8).reshape(2, 112, 112, 3)
    pixels = images[..., ::-1].copy() if fed['bgr'] else images
    return (torch.from_numpy(pixels).permute(0, 3, 1, 2).double() - fed['mean']) * fed['scale']


def embed(network, folder, fed):
    with torch.no_grad():
        # In float64: what differs then is the other side's.
        return network.double()(images_for(folder, fed)).float()


def make(folder, *names):
    for name in names:
        torch.manual_seed(len(name))
        network, fed, save = CASES[name]()
        network = drawn(network)
        if name == 'half':
            for value in network.state_dict().values():
                if value.dim() > 1:
                    value.copy_(value.half().float())
        embed(network, folder, fed).numpy().tofile('%s/%s.wanted' % (folder, name))
        network.float()
        saved = save(network, network.state_dict())
        torch.save(saved, '%s/%s.pt' % (folder, name), _use_new_zipfile_serialization=name != 'arcface-r34')
        save_file(flat(saved), '%s/%s.safetensors' % (folder, name))


def load(folder, name, file):
    """Takes what was written as a checkpoint of the network, all of it and nothing else."""
    network, fed, _ = CASES[name]()
    network.load_state_dict(load_file(file), strict=True)
    wanted = torch.from_numpy(numpy.fromfile('%s/%s.wanted' % (folder, name), numpy.float32)).reshape(2, -1)
    difference = (embed(network.eval(), folder, fed) - wanted).abs().max() / wanted.abs().max()
    print(difference.item())


if __name__ == '__main__':
    {'make': make, 'load': load}[sys.argv[1]](*sys.argv[2:])
