import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../src/core/failure.ts';
import { mxnetParams, toFloat32 } from '../../src/kit/codec/mxnet/mxnet-params.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import { GraphExecutor } from '../../src/kit/net/backends/graph-executor.ts';
import type { Model } from '../../src/kit/net/model/model.ts';
import type { ModelReadOptions } from '../../src/kit/net/exchange/model-format.ts';
import { onnxFormat } from '../../src/kit/net/exchange/onnx/onnx-format.ts';
import { relativeDifference } from '../kit/net/backends/compute-network.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();

/**
 * Small graphs with the structure of published ones, written by ONNX's own builder, and what onnxruntime gives for a
 * image of RGB 0..255 that is normalised as each of them wants.
 */
const makeFiles = `
import sys, numpy as np, onnx, onnxruntime as ort, mxnet as mx
from onnx import helper, numpy_helper, TensorProto as T
folder = sys.argv[1]
random = np.random.default_rng(7)
results = {}

class Builder:
    def __init__(self):
        self.nodes, self.weights, self.count = [], [], 100
    def weight(self, values, name=None):
        name = name or 'w%d' % len(self.weights)
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name
    def floats(self, *shape, low=-0.5, high=0.5):
        return self.weight(random.uniform(low, high, shape).astype('f4'))
    def node(self, op, inputs, name='', outputs=None, **attributes):
        self.count += 1
        outputs = outputs or [str(self.count)]
        self.nodes.append(helper.make_node(op, inputs, outputs, name=name, **attributes))
        return outputs[0]
    def conv(self, x, i, o, k=3, s=1, p=1, bias=True, **more):
        inputs = [x, self.floats(o, i // more.get('group', 1), k, k)] + ([self.floats(o)] if bias else [])
        return self.node('Conv', inputs, kernel_shape=[k, k], strides=[s, s], pads=[p] * 4, dilations=[1, 1], **more)
    def norm(self, x, c, **more):
        inputs = [x, self.floats(c, low=0.5, high=1.5), self.floats(c), self.floats(c), self.floats(c, low=0.5, high=1.5)]
        return self.node('BatchNormalization', inputs, epsilon=1e-5, **more)
    def unit(self, x, i, o, s):
        y = self.norm(x, i)
        y = self.conv(y, i, o)
        y = self.node('PRelu', [y, self.floats(o, 1, 1, low=0.1, high=0.4)])
        y = self.conv(y, o, o, s=s)
        shortcut = x if i == o and s == 1 else self.conv(x, i, o, k=1, s=s, p=0)
        return self.node('Add', [y, shortcut])
    def save(self, name, inputs, output, feed, opset=14):
        graph = helper.make_graph(self.nodes, name, inputs, [helper.make_tensor_value_info(output, T.FLOAT, ['N', None])], self.weights)
        model = helper.make_model(graph, producer_name='pytorch', opset_imports=[helper.make_opsetid('', opset)], ir_version=7)
        onnx.checker.check_model(model)
        onnx.save(model, folder + '/' + name + '.onnx')
        session = ort.InferenceSession(folder + '/' + name + '.onnx', providers=['CPUExecutionProvider'])
        results[name] = mx.nd.array(session.run([output], {inputs[0].name: feed})[0])

def value(name, *shape):
    return helper.make_tensor_value_info(name, T.FLOAT, shape)

# The trunk of w600k_r50: unnamed nodes, numbered values, slopes [C, 1, 1], Flatten, Gemm, BatchNormalization.
def arcface(b, x, flatten):
    x = b.node('PRelu', [b.conv(x, 3, 8), b.floats(8, 1, 1, low=0.1, high=0.4)])
    x = b.unit(b.unit(x, 8, 8, 2), 8, 16, 2)
    x = b.norm(x, 16)
    x = flatten(b, x)
    x = b.node('Gemm', [x, b.floats(32, 16 * 8 * 8, low=-0.05, high=0.05), b.floats(32)], alpha=1.0, beta=1.0, transB=1)
    return b.norm(x, 32)

image = np.floor(random.uniform(0, 256, (1, 3, 32, 32))).astype('f4')
results['image'] = mx.nd.array(image)

b = Builder()
out = arcface(b, 'input.1', lambda b, x: b.node('Flatten', [x], axis=1))
b.save('w600k', [value('input.1', 'None', 3, 32, 32)], out, ((image - 127.5) / 127.5).astype('f4'))

# A fixed batch, sizes put together by Shape, Gather and Concat as older PyTorch did, BGR.
def view(b, x):
    n = b.node('Gather', [b.node('Shape', [x]), b.node('Constant', [], value=numpy_helper.from_array(np.array(0, 'i8')))], axis=0)
    n = b.node('Unsqueeze', [n, b.weight(np.array([0], 'i8'))])
    return b.node('Reshape', [x, b.node('Concat', [n, b.weight(np.array([-1], 'i8'))], axis=0)])
b = Builder()
out = arcface(b, 'data', view)
b.save('fixed', [value('data', 1, 3, 32, 32)], out, ((image[:, ::-1] - 127.5) / 128).astype('f4'))

# NHWC, normalised inside: per channel, as ImageNet is; ends in MatMul and Add.
b = Builder()
x = b.node('Transpose', ['image:0'], perm=[0, 3, 1, 2])
x = b.node('Div', [x, b.weight(np.float32(255))])
x = b.node('Sub', [x, b.weight(np.array([0.485, 0.456, 0.406], 'f4').reshape(1, 3, 1, 1))])
x = b.node('Div', [x, b.weight(np.array([0.229, 0.224, 0.225], 'f4').reshape(3, 1, 1))])
x = b.node('Relu', [b.conv(x, 3, 8, s=2, bias=False)], name='first relu')
x = b.node('LeakyRelu', [b.conv(x, 8, 8, group=8)], alpha=0.2)
x = b.node('MaxPool', [x], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
gate = b.node('Sigmoid', [b.conv(b.node('GlobalAveragePool', [x]), 8, 8, k=1, p=0)])
x = b.node('Mul', [gate, x])
x = b.node('ReduceMean', [x], axes=[2, 3], keepdims=0)
x = b.node('Add', [b.floats(12), b.node('MatMul', [x, b.floats(8, 12)])])
b.save('nhwc', [value('image:0', 'batch', 32, 32, 3)], x, image.transpose(0, 2, 3, 1), opset=17)

# What no layer stands for.
b = Builder()
x = b.node('Flatten', [b.conv('x', 3, 2)], name='rows')
x = b.node('LpNormalization', [x], name='unit length', axis=1, p=1)
b.save('unit', [value('x', 'N', 3, 32, 32)], x, image)
mx.nd.save(folder + '/results', results)
`;

let results: ReadonlyMap<string, Float32Array>;
let engine: Backend;
beforeAll(async () => {
  if (missing !== undefined) return;
  runPython(python, makeFiles, [folder]);
  results = new Map(decodeFile(mxnetParams, join(folder, 'results')).map((array) => [array.name, toFloat32(array)]));
  engine = await loadBackend(trainingEngine().identity, { threads: 1 });
});

function embed({ shaped, parameters }: Model, image: Float32Array): Float32Array {
  const { tf } = engine;
  const network = new GraphExecutor(engine, shaped, parameters);
  const values = tf.tidy(() => {
    const input = tf.transpose(tf.tensor4d(image, [1, 3, 32, 32]), [0, 2, 3, 1]);
    return Float32Array.from(network.infer(input)[0]?.dataSync() ?? []);
  });
  network.dispose();
  return values;
}

function failureOf(name: string, options: ModelReadOptions): string {
  try {
    onnxFormat.read(join(folder, `${name}.onnx`), options);
  } catch (error) {
    if (error instanceof FailureError) return `${error.failures[0].code}: ${error.message}`;
    throw error;
  }
  return 'it was read';
}

const foreign: Readonly<Record<string, ModelReadOptions>> = {
  w600k: { normalization: { mean: 127.5, scale: 1 / 127.5, colorOrder: 'rgb' } },
  fixed: { normalization: { mean: 127.5, scale: 1 / 128, colorOrder: 'bgr' } },
  nhwc: {},
};

describe.skipIf(missing !== undefined)(`foreign ONNX files${note}`, () => {
  it.each(Object.entries(foreign))(
    '%s: gives what onnxruntime gives for images made ready by hand',
    (name, options) => {
      const model = onnxFormat.read(join(folder, `${name}.onnx`), options);
      const found = embed(model, results.get('image') ?? new Float32Array());
      expect(relativeDifference(found, results.get(name) ?? new Float32Array())).toBeLessThan(2e-5);
    },
  );

  it('that do not say how images are normalised are not guessed at', () => {
    expect(failureOf('w600k', {})).toMatch(/^normalization-unknown: layer "\d+" takes the pixels as they come/);
  });

  it('with an operator that is no layer name the node; before it they can be read', () => {
    const normalization = { mean: 0, scale: 1, colorOrder: 'rgb' } as const;
    expect(failureOf('unit', { normalization })).toBe(
      'unsupported-operator: node "unit length" (LpNormalization) must have p 2',
    );
    const model = onnxFormat.read(join(folder, 'unit.onnx'), { normalization, outputs: ['rows'] });
    expect(model.shaped.shapes.get('rows')).toEqual([2048]);
  });
});
