"""Inference in PyTorch eager or in Python's onnxruntime: the peers of bench/inference.ts.

PyTorch runs the networks of training_step.py in inference mode; onnxruntime runs the file that faceflow wrote. Both take
float32 planes, as such programs do. Prints one line of JSON: images/s (median after warm-up), the fastest, peak memory.

    python inference.py --library torch --network r50 --batch 32 --steps 8 --threads 2
    python inference.py --library onnxruntime --file r50.onnx --batch 32 --steps 8 --threads 2
"""

import argparse
import json
import resource
import statistics
import time
from functools import partial

import numpy as np


def torch_runner(arguments):
    import torch

    import training_step

    torch.set_num_threads(arguments.threads)
    embedding = 128 if arguments.network == 'y1' else 512
    build = {'y1': training_step.mobile_face_net, 'r50': partial(training_step.resnet, (3, 4, 14, 3))}[arguments.network]
    network = build(embedding).eval()

    def run(images):
        with torch.inference_mode():
            return network((torch.from_numpy(images) - 127.5) * 0.0078125).numpy()

    return run, f'torch {torch.__version__}'


def onnxruntime_runner(arguments):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    session = onnxruntime.InferenceSession(arguments.file, options, providers=['CPUExecutionProvider'])
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: images})[0], f'onnxruntime {onnxruntime.__version__}'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--library', choices=['torch', 'onnxruntime'], required=True)
    parser.add_argument('--network', choices=['y1', 'r50'])
    parser.add_argument('--file')
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--steps', type=int, default=8)
    parser.add_argument('--threads', type=int, default=2)
    arguments = parser.parse_args()
    run, version = {'torch': torch_runner, 'onnxruntime': onnxruntime_runner}[arguments.library](arguments)
    images = np.random.default_rng(1).integers(0, 256, (arguments.batch, 3, 112, 112)).astype(np.float32)
    seconds = []
    for _ in range(arguments.steps + 2):
        start = time.perf_counter()
        run(images)
        seconds.append(time.perf_counter() - start)
    measured = seconds[2:]
    print(json.dumps({
        'imagesPerSecond': arguments.batch / statistics.median(measured),
        'fastest': arguments.batch / min(measured),
        'peakMemoryBytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        'version': version,
    }))


if __name__ == '__main__':
    main()
