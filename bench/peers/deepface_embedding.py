"""Vectors of faces whose points are known, by deepface's package with the same ONNX file: the peer of bench/embedding.ts.

deepface has two ways to run such a file. Its client Buffalo_L hands each face to insightface's get_feat. Its client ArcFace gives onnxruntime
all faces at once, with channels last and blue first; before our file stand a Transpose and a Gather for it. Both take crops (norm_crop of
insightface, as deepface's own alignment goes by two eyes), detector_backend 'skip', the list of all faces in one call of represent.

    python deepface_embedding.py <model.onnx> <folder>

`folder` becomes deepface's home. The first line of the input names images and five points of a face in each. Every line after that asks for
one measurement: faces a second of both. Images are decoded before.
"""

import contextlib
import json
import os
import shutil
import sys
import time

model, home = sys.argv[1], sys.argv[2]
os.environ |= {'DEEPFACE_HOME': home, 'DEEPFACE_BACKEND': 'onnx', 'DEEPFACE_LOG_LEVEL': '40'}
weights = os.path.join(home, '.deepface', 'weights')
os.makedirs(os.path.join(weights, 'buffalo_l'), exist_ok=True)
shutil.copy(model, os.path.join(weights, 'buffalo_l', 'webface_r50.onnx'))

import cv2
import numpy as np
import onnx
import onnxruntime

network = onnx.load(model)
feed = network.graph.input[0].name
network.graph.node.insert(0, onnx.helper.make_node('Transpose', ['faces'], ['planes'], perm=[0, 3, 1, 2]))
network.graph.node.insert(1, onnx.helper.make_node('Gather', ['planes', 'red_first'], [feed], axis=1))
network.graph.initializer.append(onnx.numpy_helper.from_array(np.array([2, 1, 0]), 'red_first'))
kept = [each for each in network.graph.input if each.name != feed]
del network.graph.input[:]
network.graph.input.extend(
    [onnx.helper.make_tensor_value_info('faces', onnx.TensorProto.FLOAT, ['n', 112, 112, 3]), *kept]
)
onnx.save(network, os.path.join(weights, 'arcface_weights.onnx'))

with contextlib.redirect_stdout(sys.stderr):
    from deepface import DeepFace
    from insightface.utils import face_align

    ways = {
        'Buffalo_L': {'model_name': 'Buffalo_L', 'normalization': 'base'},
        'ArcFace': {'model_name': 'ArcFace', 'normalization': 'raw'},
    }
    for way in ways.values():
        DeepFace.build_model(way['model_name'])

asked = json.loads(sys.stdin.readline())
images = [cv2.imread(path) for path in asked['paths']]
points = [np.array(each, 'float32') for each in asked['points']]
versions = f'deepface {DeepFace.__version__}, onnxruntime {onnxruntime.__version__}'

for _ in sys.stdin:
    answer = {'versions': versions, 'speeds': {}, 'vectors': {}}
    with contextlib.redirect_stdout(sys.stderr):
        for name, way in ways.items():
            start = time.perf_counter()
            crops = [face_align.norm_crop(image, each, 112) for image, each in zip(images, points)]
            found = DeepFace.represent(crops, detector_backend='skip', enforce_detection=False, align=False, **way)
            answer['speeds'][name] = len(images) / (time.perf_counter() - start)
            vectors = np.array([face[0]['embedding'] for face in found])
            answer['vectors'][name] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).tolist()
    print(json.dumps(answer), flush=True)
