"""Exports small embedding networks from PyTorch to ONNX, as the face projects of today do, with what PyTorch gives for them.

python torch_exports.py FOLDER [--wide]

Writes images.pixels (float32, [2, 3, side, side], RGB 0..255), and for each network NAME.embeddings (float32,
[2, size]) and an NAME.EXPORTER.BATCH.onnx for each way of exporting; `--wide` makes them as large as the published ones.
test/fixtures/torch-exports holds half of what torch 2.15 with onnxscript 0.7.2 gives.
"""
import argparse
import pathlib
import warnings

import numpy as np
import onnx
import torch
from torch import nn


class Unit(nn.Module):
    """A unit of IResNet (insightface, recognition/arcface_torch/backbones/iresnet.py)."""

    def __init__(self, inner, outer, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inner, eps=1e-5)
        self.conv1 = nn.Conv2d(inner, outer, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outer, eps=1e-5)
        self.prelu = nn.PReLU(outer)
        self.conv2 = nn.Conv2d(outer, outer, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outer, eps=1e-5)
        self.downsample = None
        if stride != 1 or inner != outer:
            self.downsample = nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer, eps=1e-5))

    def forward(self, x):
        y = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
        return y + (x if self.downsample is None else self.downsample(x))


class IResNet(nn.Module):
    def __init__(self, widths, depths, side, size):
        super().__init__()
        first = widths[0]
        self.stem = nn.Sequential(nn.Conv2d(3, first, 3, 1, 1, bias=False), nn.BatchNorm2d(first, eps=1e-5), nn.PReLU(first))
        units = []
        for inner, outer, depth in zip([first, *widths], widths, depths):
            units += [Unit(inner, outer, 2), *(Unit(outer, outer, 1) for _ in range(depth - 1))]
        self.units = nn.Sequential(*units)
        self.bn2 = nn.BatchNorm2d(widths[-1], eps=1e-5)
        self.dropout = nn.Dropout(0.0)
        rest = side >> len(widths)
        self.fc = nn.Linear(widths[-1] * rest * rest, size)
        self.features = nn.BatchNorm1d(size, eps=1e-5)

    def forward(self, x):
        x = self.dropout(torch.flatten(self.bn2(self.units(self.stem(x))), 1))
        return self.features(self.fc(x))


def conv(inner, outer, kernel=1, stride=1, padding=0, groups=1, linear=False):
    layers = [nn.Conv2d(inner, outer, kernel, stride, padding, groups=groups, bias=False), nn.BatchNorm2d(outer)]
    return nn.Sequential(*layers, *([] if linear else [nn.PReLU(outer)]))


class DepthWise(nn.Module):
    def __init__(self, inner, outer, groups, stride=2, residual=False):
        super().__init__()
        self.layers = nn.Sequential(
            conv(inner, groups), conv(groups, groups, 3, stride, 1, groups=groups), conv(groups, outer, linear=True))
        self.residual = residual

    def forward(self, x):
        return x + self.layers(x) if self.residual else self.layers(x)


class MobileFaceNet(nn.Module):
    """The trunk and the head "GDC" of insightface, recognition/arcface_torch/backbones/mobilefacenet.py."""

    def __init__(self, width, side, size):
        super().__init__()
        w = width
        self.layers = nn.Sequential(
            conv(3, w, 3, 2, 1), conv(w, w, 3, 1, 1, groups=w), DepthWise(w, w, 2 * w),
            DepthWise(w, w, 2 * w, 1, True), DepthWise(w, 2 * w, 4 * w), DepthWise(2 * w, 2 * w, 4 * w, 1, True),
            DepthWise(2 * w, 2 * w, 4 * w), conv(2 * w, 8 * w))
        rest = side // 16
        self.gdc = conv(8 * w, 8 * w, rest, groups=8 * w, linear=True)
        self.linear = nn.Linear(8 * w, size, bias=False)
        self.bn = nn.BatchNorm1d(size)

    def forward(self, x):
        x = self.gdc(self.layers(x))
        return self.bn(self.linear(x.view(x.size(0), -1)))


class Normalized(nn.Module):
    """Normalises inside, per channel, and gives rows of unit length."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.register_buffer("mean", torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([58.395, 57.12, 57.375]).view(1, 3, 1, 1))

    def forward(self, x):
        return nn.functional.normalize(self.inner((x - self.mean) / self.std))


class ChannelsLast(nn.Module):
    """Takes pictures as decoders give them: [N, height, width, 3]."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner((x.permute(0, 3, 1, 2) - 127.5) / 128.0)


def drawn(module):
    """Weights as of a trained network: no statistic is 0 or 1."""
    generator = torch.Generator().manual_seed(7)
    for name, tensor in module.state_dict().items():
        if name.endswith(("mean", "std")) and "running" not in name or not tensor.is_floating_point():
            continue
        if "running_var" in name or (tensor.ndim == 1 and name.endswith("weight")):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.5 + 0.75)
        elif tensor.ndim == 1:
            tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.4 - 0.2)
        else:
            fan = tensor[0].numel()
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * (2.0 / fan) ** 0.5 * 0.7)
    return module.eval()


def export(module, shape, path, dynamo, batch):
    example = torch.zeros(1 if batch == "fixed" else 2, *shape)
    if dynamo:
        shapes = None if batch == "fixed" else ({0: torch.export.Dim("batch")},)
        torch.onnx.export(module, (example,), path, input_names=["input"], output_names=["embedding"],
                          dynamo=True, dynamic_shapes=shapes, external_data=False, verbose=False)
        without_traces(path)
    else:
        axes = None if batch == "fixed" else {"input": {0: "batch"}, "embedding": {0: "batch"}}
        torch.onnx.export(module, (example,), path, input_names=["input"], output_names=["embedding"],
                          dynamo=False, dynamic_axes=axes, opset_version=14)


def without_traces(path):
    """Takes out where in which file of this machine each node comes from."""
    model = onnx.load(path)
    for holder in [model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output]:
        del holder.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
    onnx.save(model, path)


def networks(wide):
    side = 112 if wide else 32
    ir = lambda: IResNet([64, 128, 256, 512], [3, 4, 14, 3], 112, 512) if wide else IResNet([8, 12], [2, 1], 32, 16)
    mobile = lambda: MobileFaceNet(64 if wide else 4, side, 512 if wide else 16)
    half, rgb = lambda x: (x - 127.5) / 127.5, lambda x: x
    yield "iresnet", drawn(ir()), (3, side, side), half
    yield "mobilefacenet-bgr", drawn(mobile()), (3, side, side), lambda x: (x.flip(1) - 127.5) / 128.0
    yield "normalized", drawn(Normalized(mobile())), (3, side, side), rgb
    yield "nhwc", drawn(ChannelsLast(mobile())), (side, side, 3), lambda x: x.permute(0, 2, 3, 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--wide", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore")
    for name, module, shape, prepare in networks(options.wide):
        side = shape[1]
        pixels = torch.from_numpy(np.random.default_rng(5).integers(0, 256, (2, 3, side, side)).astype(np.float32))
        with torch.no_grad():
            embeddings = module(prepare(pixels))
        pixels.numpy().tofile(options.folder / "images.pixels")
        embeddings.numpy().tofile(options.folder / f"{name}.embeddings")
        for exporter in ["legacy", "dynamo"]:
            for batch in ["fixed", "dynamic"]:
                path = options.folder / f"{name}.{exporter}.{batch}.onnx"
                export(module, shape, str(path), exporter == "dynamo", batch)


if __name__ == "__main__":
    main()
