"""A training in PyTorch beside one of ours: the same packed set, batches, start and rates, everything else anew.

training.py PLAN RESULT [--threads N] [--pixels FILE]: PLAN is a folder that bench/learning/peer-plan.ts wrote. RESULT gets
JSON: the curves (as log.json has them), and accuracy, deviation and accuracies of the folds of the verification set.
Images are decoded by OpenCV, as MXNet does; with --pixels training takes those of the file, [images, height, width, 3].
"""
import argparse
import json
import os
import pickle
import struct

import cv2
import numpy
import torch

from losses import loss_of
from network import Network, Sgd


class PackedImages:
    """Images and labels of train.rec by position, as MXNet's RecordIO has them: decoded once, RGB."""

    def __init__(self, folder, pixels=None):
        with open(os.path.join(folder, 'train.idx')) as lines:
            self.offsets = {int(id): int(offset) for id, offset in (line.split('\t') for line in lines)}
        self.file = open(os.path.join(folder, 'train.rec'), 'rb')
        with open(os.path.join(folder, 'property')) as text:
            self.height, self.width = (int(size) for size in text.read().strip().split(',')[1:])
        shape = (-1, self.height, self.width, 3)
        self.pixels = None if pixels is None else numpy.fromfile(pixels, numpy.uint8).reshape(shape)
        self.decoded = {}

    def at(self, position):
        if position not in self.decoded:
            self.decoded[position] = self.read(position)
        return self.decoded[position]

    def read(self, position):
        self.file.seek(self.offsets[position + 1])
        magic, size = struct.unpack('<II', self.file.read(8))
        assert magic == 0xCED7230A and size >> 29 == 0, 'a record in one part'
        record = self.file.read(size)
        flag, label = struct.unpack('<If', record[:8])
        labels = struct.unpack(f'<{flag}f', record[24 : 24 + 4 * flag])
        image = decode(record[24 + 4 * flag :]) if self.pixels is None else self.pixels[position]
        return image, int(labels[0] if flag else label)

    def batch(self, positions, mirrored):
        images, labels = zip(*(self.at(position) for position in positions))
        turned = [image[:, ::-1] if is_mirrored else image for image, is_mirrored in zip(images, mirrored)]
        return as_tensor(turned), torch.tensor(labels)


def decode(encoded):
    return cv2.imdecode(numpy.frombuffer(encoded, numpy.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]


def as_tensor(images):
    """[batch, 3, height, width], channels last in memory."""
    return torch.tensor(numpy.stack(images)).permute(0, 3, 1, 2).float()


class Training:
    def __init__(self, plan, arrays):
        self.plan = plan
        own = {array['name']: arrays[array['name']] for array in plan['lossArrays']}
        self.network = Network(plan['graph'], {name: array for name, array in arrays.items() if name not in own})
        self.loss_arrays = own
        trained = {array['name']: own[array['name']].requires_grad_() for array in plan['lossArrays'] if array['role'] == 'trained'}
        self.arrays = {**self.network.trained, **trained}
        self.sgd = Sgd(plan['optimizer']['momentum'], plan['optimizer']['weightDecay'])

    def step(self, images, labels, rate):
        """One step; the loss before it."""
        embeddings = self.network(images, True)
        self.network.follow()
        given = {'embeddings': embeddings, **self.loss_arrays}
        loss, state = loss_of({}, self.plan['loss'], given, labels, self.plan['classes'])
        assert not state, 'losses with a state are compared one step at a time'
        gradients = torch.autograd.grad(loss, list(self.arrays.values()))
        self.sgd.step(self.arrays, dict(zip(self.arrays, gradients)), rate)
        return loss.item()

    def embed(self, images, batch=64):
        """Sums of the embeddings of images and mirrored images, normalised."""
        with torch.no_grad():
            parts = [
                sum(self.network(as_tensor([turn(image) for image in images[start : start + batch]]), False) for turn in turns)
                for start in range(0, len(images), batch)
            ]
        return torch.nn.functional.normalize(torch.cat(parts)).double().numpy()


turns = (lambda image: image, lambda image: image[:, ::-1])


def verify(training, path):
    """Accuracy over ten folds in order; thresholds 0, 0.01, ..., 3.99 of squared distances, the first of the best."""
    with open(path, 'rb') as file:
        images, same = pickle.load(file, encoding='bytes')
    distinct = list(dict.fromkeys(bytes(image) for image in images))
    places = {image: place for place, image in enumerate(distinct)}
    embedded = training.embed([decode(image) for image in distinct])
    rows = embedded[[places[bytes(image)] for image in images]]
    distances = ((rows[0::2] - rows[1::2]) ** 2).sum(1)
    right = (distances[:, None] < numpy.arange(0, 4, 0.01)) == numpy.array(same, bool)[:, None]
    folds = numpy.array_split(numpy.arange(len(same)), 10)
    accuracies = []
    for fold in folds:
        others = numpy.setdiff1d(numpy.arange(len(same)), fold)
        accuracies.append(right[fold, right[others].mean(0).argmax()].mean())
    return accuracies


def read_arrays(plan, folder):
    values = numpy.fromfile(os.path.join(folder, 'start.bin'), '<f4')
    return {
        name: torch.tensor(values[offset // 4 : offset // 4 + int(numpy.prod(shape))].reshape(shape))
        for name, shape, offset in ((array['name'], array['shape'], array['offset']) for array in plan['arrays'])
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('plan')
    parser.add_argument('result')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--pixels')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    with open(os.path.join(arguments.plan, 'plan.json')) as file:
        plan = json.load(file)
    training = Training(plan, read_arrays(plan, arguments.plan))
    images = PackedImages(plan['dataset'], arguments.pixels)
    points, window = [], []
    for step, batch in enumerate(plan['batches'], 1):
        window.append(training.step(*images.batch(batch['positions'], batch['mirrored']), batch['rate']))
        if step % plan['logEverySteps'] == 0 or step == len(plan['batches']):
            points.append([step, sum(window) / len(window)])
            window = []
            print(f'{step} steps, loss {points[-1][1]:.3f}', flush=True)
    accuracies = verify(training, plan['pairs'])
    result = {
        'curves': [{'name': 'loss', 'points': points}],
        'accuracy': numpy.mean(accuracies),
        'deviation': numpy.std(accuracies),
        'accuracies': accuracies,
        'program': f'PyTorch {torch.__version__}',
        'pixels': 'OpenCV ' + cv2.__version__ if arguments.pixels is None else 'as ours',
    }
    with open(arguments.result, 'w') as file:
        json.dump(result, file)
    print(f"accuracy {result['accuracy']:.4f}")


if __name__ == '__main__':
    main()
