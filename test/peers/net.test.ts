import { writeFileSync } from 'node:fs';
import type { Tensor } from '@tensorflow/tfjs-core';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { mxnetParams, type MxnetArray, toFloat32 } from '../../src/kit/codec/mxnet/mxnet-params.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { buildNetwork, chooseNetwork } from '../../src/kit/net/backbones/index.ts';
import { embeddingOutput } from '../../src/kit/net/model/embedding-output.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import { GraphExecutor } from '../../src/kit/net/backends/graph-executor.ts';
import { required, valuesOf } from '../../src/kit/net/backends/tensors.ts';
import type { Graph } from '../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../src/kit/net/graph/infer-shapes.ts';
import { initialValues } from '../../src/kit/net/model/initialize.ts';
import type { NamedArray } from '../../src/kit/net/model/model.ts';
import { ruleOf } from '../../src/kit/net/optimizers/index.ts';
import { Optimizer } from '../../src/kit/net/optimizers/optimizer.ts';
import { type Computed, relativeDifference } from '../kit/net/backends/compute-network.ts';
import { randomValues } from '../kit/net/backends/small-networks.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();

let engine: Backend;
beforeAll(async () => {
  engine = await loadBackend(trainingEngine().identity, { threads: 2 });
});

const batch = 8;

/** Builds a graph in MXNet, runs one step forwards and backwards, and writes everything that comes of it. */
const stepInMxnet = `
import json, os, sys
# Threads that wait by spinning take the processor from each other on a busy machine.
os.environ['OMP_NUM_THREADS'] = '1'
import mxnet as mx
graph, given, written = sys.argv[1:]
graph = json.load(open(graph))
arrays = mx.nd.load(given)
values, variables = {'data': mx.sym.Variable('data')}, {}
def own(node, suffix):
    name = node.get('parameterNames', {}).get(suffix, node['name'] + '_' + suffix)
    return mx.sym.Variable(name)
def convolution(node, x, a):
    bias = {'bias': own(node, 'bias')} if a['bias'] else {}
    return mx.sym.Convolution(x, weight=own(node, 'weight'), num_filter=a['filters'], kernel=a['kernel'], stride=a['stride'],
                              pad=a['pad'], num_group=a['groups'], no_bias=not a['bias'], name=node['name'], **bias)
def dense(node, x, a):
    bias = {'bias': own(node, 'bias')} if a['bias'] else {}
    return mx.sym.FullyConnected(x, weight=own(node, 'weight'), num_hidden=a['units'], no_bias=not a['bias'],
                                 name=node['name'], **bias)
kinds = {
    'identity': lambda node, x, a: mx.sym.identity(x),
    'minus-scalar': lambda node, x, a: x - a['scalar'],
    'multiply-scalar': lambda node, x, a: x * a['scalar'],
    'convolution': convolution,
    'fully-connected': dense,
    'batch-normalization': lambda node, x, a: mx.sym.BatchNorm(
        x, eps=a['epsilon'], momentum=a['momentum'], fix_gamma=a['fixGamma'], name=node['name']),
    'prelu': lambda node, x, a: mx.sym.LeakyReLU(x, act_type='prelu', name=node['name']),
    'dropout': lambda node, x, a: mx.sym.Dropout(x, p=a['rate'], name=node['name']),
}
for node in graph['layers']:
    inputs = [values[name] for name in node['inputs']]
    values[node['name']] = inputs[0] + inputs[1] if node['kind'] == 'add' else kinds[node['kind']](node, inputs[0], node['attributes'])
symbol = values[graph['outputs'][0]]
args = {name: arrays['arg:' + name] for name in symbol.list_arguments()}
aux = {name: arrays['aux:' + name] for name in symbol.list_auxiliary_states()}
grads = {name: mx.nd.zeros(array.shape) for name, array in args.items()}
executor = symbol.bind(mx.cpu(), args, args_grad=grads, aux_states=aux)
result = {'output': executor.forward(is_train=True)[0].copy()}
executor.backward(arrays['arg:gradient'])
result.update({'gradient of ' + name: array for name, array in grads.items() if name != 'data'})
result.update(executor.aux_dict)
mx.nd.waitall()
mx.nd.save(written, result)
`;

/** As `stepInMxnet`, on our engine. */
async function stepHere(
  graph: Graph,
  arrays: ReadonlyMap<string, NamedArray>,
  data: Float32Array,
  gradient: Float32Array,
): Promise<Computed> {
  const { tf } = engine;
  const { height, width } = graph.input;
  const shaped = inferShapes(graph);
  const network = new GraphExecutor(engine, shaped, arrays);
  const images = tf.tidy(() => tf.transpose(tf.tensor4d(data, [batch, 3, height, width]), [0, 2, 3, 1]));
  const pass = network.forward(images, 1);
  const output = required(pass.outputs[0], 'the output');
  const computed = new Map<string, Float32Array>([['output', await valuesOf(output)]]);
  const found = new Map<string, Tensor>();
  network.backward(pass, [tf.tensor(gradient, output.shape)], {
    take: (name, tensor) => found.set(name, tensor),
  });
  for (const [name, tensor] of found) {
    computed.set(`gradient of ${name}`, (await network.read(name, tensor)).values);
    tensor.dispose();
  }
  for (const { name, role } of shaped.parameters) {
    if (role === 'auxiliary') computed.set(name, (await network.read(name)).values);
  }
  network.dispose();
  return computed;
}

/**
 * Length of the difference, relative to that of the array, but at least to a thousandth of the longest array of its kind:
 * in front of a batch normalisation the gradient of a bias is 0 but for rounding, and so is a mean behind one. Rounding
 * grows on the way through fifty layers that normalise a batch of eight, and where it turns a sign before a PReLU a single
 * value changes a lot; hence a limit of 0.02. A formula that is wrong differs by about 1.
 */
function differencesOf(found: Computed, wanted: Computed): readonly { key: string; difference: number }[] {
  const kindOf = (key: string): string =>
    key.startsWith('gradient of ') ? 'gradient' : (/mean|var|output/.exec(key)?.[0] ?? key);
  return [...found].map(([key, values]) => {
    const other = wanted.get(key) ?? new Float32Array();
    const kin = [...wanted].filter(([otherKey]) => kindOf(otherKey) === kindOf(key));
    const floor = Math.max(...kin.map(([, array]) => lengthOf(array))) / 1000;
    const difference = lengthOf(values.map((value, index) => value - (other[index] ?? NaN)));
    return { key, difference: difference / Math.max(lengthOf(other), floor) };
  });
}

function lengthOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** A dense array in the layout of MXNet 1.x. */
function float32Array(name: string, shape: readonly number[], values: Float32Array): MxnetArray {
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, version: 2, shape, type: 'float32', device: { type: 1, id: 0 }, data };
}

/** Dropout draws other numbers there. */
function withoutDropout(graph: Graph): Graph {
  const layers = graph.layers.map((node) => (node.kind === 'dropout' ? { ...node, attributes: { rate: 0 } } : node));
  return { ...graph, layers };
}

const networks = {
  y1: buildNetwork({ name: 'y1', embeddingSize: 128, bnMomentum: 0.9 }, { height: 112, width: 112 }),
  r18: withoutDropout(buildNetwork(chooseNetwork('r18', { embeddingSize: 64 }), { height: 32, width: 32 })),
};

describe.skipIf(missing !== undefined)(`networks beside MXNet 1.9.1${note}`, () => {
  it.each(Object.entries(networks))(
    '%s: a step has the same values, gradients and moving statistics',
    async (name, graph) => {
      const shaped = inferShapes(graph);
      const { parameters } = shaped;
      const arrays = new Map(
        parameters.map((parameter) => {
          const rule = { distribution: 'gaussian', fan: 'out' } as const;
          return [parameter.name, initialValues(parameter, rule, 3)];
        }),
      );
      const { height, width } = graph.input;
      const data = randomValues(batch * 3 * height * width, 4).map((value) => 128 + 40 * value);
      const { size: embeddingSize } = embeddingOutput(shaped);
      const gradient = randomValues(batch * embeddingSize, 5);
      const roles = new Map(parameters.map((parameter) => [parameter.name, parameter.role]));
      const given = [...arrays.values()].map(({ name: array, shape, values }) =>
        float32Array(`${roles.get(array) === 'auxiliary' ? 'aux' : 'arg'}:${array}`, shape, values),
      );
      given.push(float32Array('arg:data', [batch, 3, height, width], data));
      given.push(float32Array('arg:gradient', [batch, embeddingSize], gradient));
      const files = ['graph.json', 'given.params', 'written.params'].map((file) => join(folder, `${name}-${file}`));
      const [graphFile = '', givenFile = '', writtenFile = ''] = files;
      writeFileSync(graphFile, JSON.stringify(graph));
      writeFileSync(givenFile, mxnetParams.encode(given));
      runPython(python, stepInMxnet, files);

      const found = await stepHere(graph, arrays, data, gradient);
      const wanted = new Map(decodeFile(mxnetParams, writtenFile).map((array) => [array.name, toFloat32(array)]));
      // Gamma is fixed there: its gradient is 0, and here there is none.
      const fixed = parameters
        .filter(({ role }) => role === 'fixed')
        .map((parameter) => `gradient of ${parameter.name}`);
      expect(new Set([...found.keys(), ...fixed])).toEqual(new Set(wanted.keys()));
      expect(differencesOf(found, wanted).filter(({ difference }) => !(difference <= 0.02))).toEqual([]);
    },
  );

  it('SGD moves a weight as MXNet does, decay, momentum and a drop of the rate included', () => {
    const script = `
import mxnet as mx
sgd = mx.optimizer.SGD(learning_rate=0.1, momentum=0.9, wd=5e-4, rescale_grad=1.0)
weight = mx.nd.array([0.5, -2.0, 3.0])
state = sgd.create_state(0, weight)
for step, gradient in enumerate([[1.0, 2.0, -1.0], [0.5, 0.0, 4.0], [-1.0, 1.0, 0.0]]):
    if step == 2: sgd.set_learning_rate(0.01)
    sgd.update(0, weight, mx.nd.array(gradient), state)
print(' '.join(repr(float(value)) for value in weight.asnumpy()))
`;
    const wanted = runPython(python, script, []).trim().split(' ').map(Number);
    const { tf } = engine;
    const sgd = new Optimizer({ tf, device: 'cpu' }, ruleOf({ learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 }));
    const gradients = [[1, 2, -1], [0.5, 0, 4], [-1, 1, 0]]; // prettier-ignore
    let weight = tf.tensor([0.5, -2, 3]);
    for (const [index, gradient] of gradients.entries()) {
      sgd.at({ learningRate: index === 2 ? 0.01 : 0.1, step: index + 1 });
      weight = sgd.step('w', { weight, gradient: tf.tensor1d(gradient) });
    }
    expect(relativeDifference(Float32Array.from(weight.dataSync()), Float32Array.from(wanted))).toBeLessThan(1e-6);
  });
});
