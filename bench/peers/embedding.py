"""Vectors of faces whose points are known, by insightface's package: the peer of bench/embedding.ts.

The first line of the input names images and five points of a face in each. Every line after that asks for one measurement: faces a
second of ArcFaceONNX.get for each face, and of norm_crop and one get_feat for all. Images are decoded before.

    python embedding.py <model.onnx>
"""

import contextlib
import json
import sys
import time

import cv2
import insightface
import numpy as np
import onnxruntime
from insightface.app.common import Face
from insightface.model_zoo import get_model
from insightface.utils import face_align

with contextlib.redirect_stdout(sys.stderr):
    model = get_model(sys.argv[1], providers=['CPUExecutionProvider'])
asked = json.loads(sys.stdin.readline())
images = [cv2.imread(path) for path in asked['paths']]
faces = [Face(kps=np.array(points, 'float32')) for points in asked['points']]
versions = f'insightface {insightface.__version__}, onnxruntime {onnxruntime.__version__}, OpenCV {cv2.__version__}'

for _ in sys.stdin:
    start = time.perf_counter()
    for image, face in zip(images, faces):
        model.get(image, face)
    middle = time.perf_counter()
    model.get_feat([face_align.norm_crop(image, face.kps, model.input_size[0]) for image, face in zip(images, faces)])
    end = time.perf_counter()
    answer = {
        'single': len(faces) / (middle - start),
        'together': len(faces) / (end - middle),
        'versions': versions,
        'vectors': [(face.embedding / np.linalg.norm(face.embedding)).tolist() for face in faces],
    }
    print(json.dumps(answer), flush=True)
