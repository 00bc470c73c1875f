"""One training step in PyTorch: the peer of bench/training-step.ts.

The same networks (spec: MobileFaceNet `y1`, ResNet-IR `r50` and `r100`, output head E), the same batch, softmax over a linear
classifier, SGD with momentum 0.9 and weight decay 5e-4. Prints one line of JSON: images/s (median over steps after
warm-up), peak resident memory, version, threads, parameter count.

    python training_step.py --network y1 --batch 32 --steps 10 --embedding 128 --classes 1000
"""

import argparse
import json
import resource
import statistics
import time
from functools import partial

import torch
from torch import nn


def convolution(inputs, outputs, kernel, stride=1, padding=0, groups=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)


def unit(inputs, outputs, kernel, stride, padding, groups, activation=True):
    layers = [convolution(inputs, outputs, kernel, stride, padding, groups), nn.BatchNorm2d(outputs, eps=1e-3)]
    if activation:
        layers.append(nn.PReLU(outputs))
    return nn.Sequential(*layers)


def depthwise_block(inputs, outputs, group, stride):
    return nn.Sequential(
        unit(inputs, group, 1, 1, 0, 1),
        unit(group, group, 3, stride, 1, group),
        unit(group, outputs, 1, 1, 0, 1, activation=False),
    )


class Residual(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, x):
        return self.body(x) + (x if self.shortcut is None else self.shortcut(x))


def mobile_face_net(embedding):
    layers = [unit(3, 64, 3, 2, 1, 1), unit(64, 64, 3, 1, 1, 64), depthwise_block(64, 64, 128, 2)]
    layers += [Residual(depthwise_block(64, 64, 128, 1)) for _ in range(4)]
    layers += [depthwise_block(64, 128, 256, 2)]
    layers += [Residual(depthwise_block(128, 128, 256, 1)) for _ in range(6)]
    layers += [depthwise_block(128, 128, 512, 2)]
    layers += [Residual(depthwise_block(128, 128, 256, 1)) for _ in range(2)]
    layers += [unit(128, 512, 1, 1, 0, 1), unit(512, 512, 7, 1, 0, 512, activation=False), nn.Flatten()]
    layers += [nn.Linear(512, embedding), nn.BatchNorm1d(embedding, eps=2e-5)]
    return nn.Sequential(*layers)


def improved_residual(inputs, outputs, stride):
    body = nn.Sequential(
        nn.BatchNorm2d(inputs, eps=2e-5),
        convolution(inputs, outputs, 3, 1, 1),
        nn.BatchNorm2d(outputs, eps=2e-5),
        nn.PReLU(outputs),
        convolution(outputs, outputs, 3, stride, 1),
        nn.BatchNorm2d(outputs, eps=2e-5),
    )
    projection = None
    if stride == 2:
        projection = nn.Sequential(convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs, eps=2e-5))
    return Residual(body, projection)


def resnet(counts, embedding):
    layers = [convolution(3, 64, 3, 1, 1), nn.BatchNorm2d(64, eps=2e-5), nn.PReLU(64)]
    inputs = 64
    for outputs, units in zip((64, 128, 256, 512), counts):
        layers += [improved_residual(inputs, outputs, 2)]
        layers += [improved_residual(outputs, outputs, 1) for _ in range(units - 1)]
        inputs = outputs
    layers += [nn.BatchNorm2d(512, eps=2e-5), nn.Dropout(0.4), nn.Flatten()]
    layers += [nn.Linear(512 * 49, embedding), nn.BatchNorm1d(embedding, eps=2e-5)]
    return nn.Sequential(*layers)


class Classifier(nn.Module):
    def __init__(self, network, embedding, classes):
        super().__init__()
        self.network = network
        self.classifier = nn.Linear(embedding, classes)

    def forward(self, images):
        return self.classifier(self.network((images - 127.5) * 0.0078125))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--network', choices=['y1', 'r50', 'r100'], required=True)
    parser.add_argument('--batch', type=int, required=True)
    parser.add_argument('--embedding', type=int, default=128)
    parser.add_argument('--classes', type=int, default=1000)
    parser.add_argument('--steps', type=int, default=10)
    parser.add_argument('--warmup', type=int, default=2)
    parser.add_argument('--layout', choices=['contiguous', 'channels_last'], default='contiguous')
    parser.add_argument('--device', default='cpu')
    arguments = parser.parse_args()

    torch.manual_seed(1)
    build = {'y1': mobile_face_net, 'r50': partial(resnet, (3, 4, 14, 3)), 'r100': partial(resnet, (3, 13, 30, 3))}
    layout = {'contiguous': torch.contiguous_format, 'channels_last': torch.channels_last}[arguments.layout]
    network = build[arguments.network](arguments.embedding)
    model = Classifier(network, arguments.embedding, arguments.classes)
    model.train().to(arguments.device, memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    loss_of = nn.CrossEntropyLoss()
    images = torch.randint(0, 256, (arguments.batch, 3, 112, 112)).float()
    images = images.to(arguments.device, memory_format=layout)
    labels = torch.randint(0, arguments.classes, (arguments.batch,)).to(arguments.device)
    seconds = []
    for _ in range(arguments.warmup + arguments.steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = loss_of(model(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        seconds.append(time.perf_counter() - start)
    print(
        json.dumps(
            {
                'imagesPerSecond': arguments.batch / statistics.median(seconds[arguments.warmup :]),
                'fastest': arguments.batch / min(seconds[arguments.warmup :]),
                'peakMemoryBytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                'version': torch.__version__,
                'threads': torch.get_num_threads(),
                'parameters': sum(parameter.numel() for parameter in model.parameters()),
            }
        )
    )


if __name__ == '__main__':
    main()
