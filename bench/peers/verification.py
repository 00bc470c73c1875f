"""A verification the way the 2018 system did it (src/eval/verification.py), in MXNet: the peer of bench/verification.ts.

All pictures are decoded first, into two float arrays (as they are, and mirrored), then each array goes through the
network in batches of 32, every picture as often as it stands in the set; the last batch is filled up from before its
start. Prints one line of JSON: seconds for loading and for inference, accuracy and deviation over ten folds, XNorm,
peak memory. With --distances, writes the distance of every pair as text.

    python verification.py --model <prefix> --epoch 0 --bin lfw.bin [--pairs 300] [--distances out.txt]
"""

import argparse
import json
import os
import pickle
import resource
import time

# With its fused subgraphs MXNet 1.9.1 cannot read this network's output ("can't generate TBlob for MKLDNN data").
os.environ.setdefault('MXNET_SUBGRAPH_BACKEND', 'NONE')

import cv2
import mxnet as mx
import numpy as np


def load(path, pairs):
    with open(path, 'rb') as file:
        bins, same = pickle.load(file, encoding='bytes')
    if pairs:
        bins, same = bins[: 2 * pairs], same[:pairs]
    arrays = [mx.nd.empty((len(bins), 3, 112, 112)) for _ in range(2)]
    for index, encoded in enumerate(bins):
        picture = cv2.imdecode(np.frombuffer(bytes(encoded), np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
        picture = np.transpose(picture, (2, 0, 1))
        arrays[0][index][:] = picture
        arrays[1][index][:] = picture[:, :, ::-1]
    return arrays, np.asarray(same, bool)


def embed(module, array, batch):
    count = array.shape[0]
    rows = None
    label = mx.nd.ones((batch,))
    for start in range(0, count, batch):
        end = min(start + batch, count)
        window = mx.nd.slice_axis(array, axis=0, begin=end - batch, end=end)
        module.forward(mx.io.DataBatch(data=(window,), label=(label,)), is_train=False)
        output = module.get_outputs()[0].asnumpy()
        if rows is None:
            rows = np.zeros((count, output.shape[1]))
        rows[start:end] = output[start - end :]
    return rows


def accuracy(distances, same, folds=10):
    thresholds = np.arange(0, 4, 0.01)
    accepted = distances[None, :] < thresholds[:, None]
    right = accepted == same[None, :]
    parts = np.array_split(np.arange(len(same)), folds)
    results = []
    for part in parts:
        training = np.ones(len(same), bool)
        training[part] = False
        best = np.argmax(right[:, training].mean(axis=1))
        results.append(right[best, part].mean())
    return float(np.mean(results)), float(np.std(results))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--model', required=True)
    parser.add_argument('--epoch', type=int, default=0)
    parser.add_argument('--bin', required=True)
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--pairs', type=int, default=0, help='only the first pairs; all of them unless given')
    parser.add_argument('--distances')
    arguments = parser.parse_args()

    start = time.perf_counter()
    symbol, arg_params, aux_params = mx.model.load_checkpoint(arguments.model, arguments.epoch)
    module = mx.mod.Module(symbol=symbol.get_internals()['fc1_output'], context=mx.cpu(), label_names=None)
    module.bind(data_shapes=[('data', (arguments.batch, 3, 112, 112))], for_training=False)
    module.set_params(arg_params, aux_params)
    arrays, same = load(arguments.bin, arguments.pairs)
    loaded = time.perf_counter()
    views = [embed(module, array, arguments.batch) for array in arrays]
    inferred = time.perf_counter()

    xnorm = float(np.mean([np.linalg.norm(row) for view in views for row in view]))
    total = views[0] + views[1]
    total /= np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-300)
    distances = np.sum((total[0::2] - total[1::2]) ** 2, axis=1)
    mean, deviation = accuracy(distances, same)
    if arguments.distances:
        np.savetxt(arguments.distances, distances, fmt='%.9f')
    print(json.dumps({
        'version': mx.__version__,
        'secondsLoading': loaded - start,
        'secondsInference': inferred - loaded,
        'seconds': time.perf_counter() - start,
        'pairs': len(same),
        'accuracy': mean,
        'deviation': deviation,
        'xnorm': xnorm,
        'peakMemoryBytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }))


if __name__ == '__main__':
    main()
