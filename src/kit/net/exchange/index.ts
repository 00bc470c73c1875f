import { caffeFormat } from './caffe/caffe-format.ts';
import { faceApiFormat } from './face-api-format.ts';
import { folderFormat } from './folder-format.ts';
import type { ModelFormat } from './model-format.ts';
import { mxnetFormat } from './mxnet/mxnet-format.ts';
import { npzFormat } from './npz-format.ts';
import { onnxFormat } from './onnx/onnx-format.ts';
import { tfjsFormat } from './tfjs/tfjs-format.ts';
import { safetensorsFormat } from './torch/safetensors-format.ts';
import { torchFormat } from './torch/torch-format.ts';

/** Every way to keep a model, in the order in which a path is tried. What is here `flow convert` reads and writes. */
export const modelFormats = {
  folder: folderFormat,
  mxnet: mxnetFormat,
  caffe: caffeFormat,
  onnx: onnxFormat,
  npz: npzFormat,
  safetensors: safetensorsFormat,
  tfjs: tfjsFormat,
  torch: torchFormat,
  faceApi: faceApiFormat,
} as const satisfies Record<string, ModelFormat>;
