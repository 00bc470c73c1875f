import { caffe } from './caffe/index.ts';
import { faceApi } from './face-api.ts';
import { folder } from './folder.ts';
import type { ModelFormat } from './model-format.ts';
import { mxnet } from './mxnet/index.ts';
import { npz } from './npz.ts';
import { onnx } from './onnx/index.ts';

/** Every way to keep a model, in the order in which a path is tried. What stands here `flow convert` reads and writes. */
export const modelFormats = { folder, mxnet, caffe, onnx, npz, faceApi } as const satisfies Record<string, ModelFormat>;
