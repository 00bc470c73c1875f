import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import { buildNetwork } from '../../../../src/kit/net/backbones/index.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { GraphExecutor } from '../../../../src/kit/net/backends/graph-executor.ts';
import { modelFormatOf } from '../../../../src/kit/net/exchange/choose-format.ts';
import { checkpointsIn } from '../../../../src/kit/net/exchange/mxnet/checkpoint-paths.ts';
import { mxnetFormat } from '../../../../src/kit/net/exchange/mxnet/mxnet-format.ts';
import type { Graph } from '../../../../src/kit/net/graph/graph.ts';
import { trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { otherEngines } from '../backends/engines.ts';
import { type SymbolNode, writeParameters, writeSymbol } from './mxnet-files.ts';

const authors = '../shared/data/models/mobilefacenet-y1';
const side = 112;
const work = mkdtempSync(join(tmpdir(), 'mxnet-'));
afterAll(() => {
  rmSync(work, { recursive: true });
});

describe('a folder with the checkpoints of two networks', () => {
  it('is refused with their names, for one model and for all epochs', () => {
    const folder = mkdtempSync(join(work, 'two-'));
    for (const name of ['left', 'right']) {
      writeSymbol(join(folder, name), [['Flatten', 'flat', ['data']]], ['flat']);
      writeParameters(join(folder, name), {});
    }
    const expected = 'expected the checkpoints of one network, found those of several: left, right';
    expect(() => modelFormatOf(folder).read(folder, {})).toThrow(expected);
    expect(() => checkpointsIn(folder)).toThrow(expected);
  });
});

// Embeddings that MXNet 1.1.0 gives for the original authors' checkpoint; specification of the training side, section 8.
const vectors = [
  {
    image: 'grey',
    pixel: () => 127.5,
    starts: [0.317739, 0.00589, 0.331827, 0.252509, -0.402753, 0.115107],
    norm: 3.0267,
  },
  {
    image: 'ramps',
    pixel: (row: number, column: number, channel: number) => (2 * row + 3 * column + 50 * channel) % 256,
    starts: [0.299836, -0.042476, 0.004281, -0.236532, -0.363795, 0.242892],
    norm: 3.400302,
  },
];

describe.skipIf(!existsSync(authors))(`the authors' MobileFaceNet as a file (${authors})`, () => {
  it('is the network y1 that is built here, but for the names of its sums', () => {
    const { graph } = modelFormatOf(authors).read(authors, {}).shaped;
    const built = buildNetwork({ name: 'y1', embeddingSize: 128, bnMomentum: 0.9 }, { height: side, width: side });
    expect(withNumberedSums(graph)).toEqual(withNumberedSums(built));
  });

  it.each([...otherEngines(), trainingEngine('cpu').identity])('embeds on $name as in MXNet', async (identity) => {
    const engine = await loadBackend(identity, { threads: 1 });
    const { shaped, parameters } = mxnetFormat.read(authors, {});
    const network = new GraphExecutor(engine, shaped, parameters);
    for (const { image, pixel, starts, norm } of vectors) {
      const pixels = Float32Array.from({ length: side * side * 3 }, (_, index) => {
        const place = Math.floor(index / 3);
        return pixel(Math.floor(place / side), place % side, index % 3);
      });
      const input = engine.tf.tensor4d(pixels, [1, side, side, 3]);
      const [output] = network.infer(input);
      const embedding = await output?.data<'float32'>();
      const difference = Math.max(...starts.map((wanted, index) => Math.abs(wanted - (embedding?.[index] ?? NaN))));
      expect([image, difference < 1e-5]).toEqual([image, true]);
      expect(Math.abs(Math.hypot(...(embedding ?? [])) - norm)).toBeLessThan(1e-5);
      input.dispose();
      output?.dispose();
    }
    network.dispose();
  });
});

function withNumberedSums(graph: Graph): Graph {
  const sums = graph.layers.filter(({ kind }) => kind === 'add').map(({ name }) => name);
  const renamed = (name: string): string => (sums.includes(name) ? `sum${sums.indexOf(name)}` : name);
  const layers = graph.layers.map((layer) => {
    return { ...layer, name: renamed(layer.name), inputs: layer.inputs.map(renamed) };
  });
  return { ...graph, layers };
}

/** A network with everything a training checkpoint has: embedding behind a BlockGrad, classifier, label and loss. */
const checkpoint: readonly SymbolNode[] = [
  ['_minus_scalar', '_minusscalar0', ['data'], { attrs: { scalar: '127.5' } }],
  ['_mul_scalar', '_mulscalar0', ['_minusscalar0'], { attr: { scalar: '0.0078125' } }],
  [
    'Convolution',
    'conv0',
    ['_mulscalar0', 'some weight'],
    { param: { kernel: '(3L, 3L)', num_filter: '4', no_bias: '1', pad: '[1,1]' }, attr: { ctx_group: 'one' } },
  ],
  ['BatchNorm', 'bn0', ['conv0', 'bn0_gamma', 'bn0_beta', 'bn0_moving_mean', 'bn0_moving_var']],
  ['LeakyReLU', 'relu0', ['bn0', 'relu0_gamma'], { attrs: { act_type: 'prelu', slope: '0.25' } }],
  ['Pooling', 'pool0', ['relu0'], { attrs: { kernel: '(2, 2)', stride: '(2, 2)', pooling_convention: 'full' } }],
  ['Dropout', 'drop0', ['pool0']],
  ['FullyConnected', 'fc1', ['drop0', 'fc1_weight', 'fc1_bias'], { attrs: { num_hidden: '6' } }],
  ['BlockGrad', 'blockgrad0', ['fc1']],
  ['L2Normalization', 'fc1n', ['fc1'], { attrs: { mode: 'instance' } }],
  ['FullyConnected', 'fc7', ['fc1n', 'fc7_weight'], { attrs: { no_bias: 'True', num_hidden: '10' } }],
  ['SoftmaxOutput', 'softmax', ['fc7', 'softmax_label']],
];

const shapes = {
  'arg:some weight': [4, 3, 3, 3],
  'arg:bn0_gamma': [4],
  'arg:bn0_beta': [4],
  'aux:bn0_moving_mean': [4],
  'aux:bn0_moving_var': [4],
  'arg:relu0_gamma': [4],
  'arg:fc1_weight': [6, 36],
  'arg:fc1_bias': [6],
  'arg:fc7_weight': [10, 6],
};

const input = { height: 5, width: 6 };

function prefixOf(name: string): string {
  return join(work, name);
}

function failuresOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof FailureError) return error.failures.map(({ code, message }) => `${code}: ${message}`);
    throw error;
  }
  return [];
}

describe('an MXNet checkpoint', () => {
  it('of a training is cut at the embedding, whatever the spelling of its attributes', () => {
    const prefix = prefixOf('training');
    writeSymbol(prefix, checkpoint, ['blockgrad0', 'softmax']);
    writeParameters(prefix, shapes);
    const { shaped, parameters, origin } = mxnetFormat.read(prefix, { input });
    const { layers, outputs } = shaped.graph;
    expect(outputs).toEqual(['fc1']);
    expect(origin).toMatchObject({ format: 'mxnet', parameters: 'training-0000.params', epoch: 0 });
    const window = { stride: [1, 1], pad: [1, 1], kernel: [3, 3] };
    expect(layers.map(({ name, kind, attributes }) => [name, kind, attributes])).toEqual([
      ['_minusscalar0', 'minus-scalar', { scalar: 127.5 }],
      ['_mulscalar0', 'multiply-scalar', { scalar: 0.0078125 }],
      ['conv0', 'convolution', { ...window, filters: 4, groups: 1, bias: false }],
      ['bn0', 'batch-normalization', { epsilon: 1e-3, momentum: 0.9, fixGamma: true }],
      ['relu0', 'prelu', {}],
      [
        'pool0',
        'pooling',
        { function: 'max', global: false, kernel: [2, 2], stride: [2, 2], pad: [0, 0], convention: 'full' },
      ],
      ['drop0', 'dropout', { rate: 0.5 }],
      ['fc1', 'fully-connected', { units: 6, bias: true }],
    ]);
    expect(layers[2]?.parameterNames).toEqual({ weight: 'some weight' });
    expect(shaped.parameters.map(({ name }) => name)).not.toContain('fc7_weight');
    // A gamma that is fixed is 1, whatever the file holds.
    expect([...(parameters.get('bn0_gamma')?.values ?? [])]).toEqual([1, 1, 1, 1]);
    expect(parameters.get('bn0_beta')?.values[0]).not.toBe(1);
  });

  it('can be cut at a layer by its name, or by the name MXNet gives to its value', () => {
    const prefix = prefixOf('cut');
    writeSymbol(prefix, checkpoint, ['blockgrad0', 'softmax']);
    writeParameters(prefix, shapes);
    for (const output of ['pool0', 'pool0_output']) {
      expect(mxnetFormat.read(`${prefix}-symbol.json`, { input, outputs: [output] }).shaped.graph.outputs).toEqual([
        'pool0',
      ]);
    }
    expect(failuresOf(() => mxnetFormat.read(prefix, { input, outputs: ['pol0'] }))).toEqual([
      'unknown-layer: expected a layer or value of the network as output, found "pol0" (did you mean "pool0"?)',
    ]);
  });

  it('has the last of its epochs, unless one is asked for', () => {
    const prefix = prefixOf('epochs');
    writeSymbol(prefix, checkpoint, ['blockgrad0', 'softmax']);
    writeParameters(prefix, shapes);
    renameSync(`${prefix}-0000.params`, `${prefix}-0012.params`);
    writeParameters(prefix, shapes);
    expect(mxnetFormat.read(prefix, { input }).origin['epoch']).toBe(12);
    expect(mxnetFormat.read(prefix, { input, epoch: 0 }).origin['epoch']).toBe(0);
    expect(mxnetFormat.read(`${prefix},0`, { input }).origin['epoch']).toBe(0);
    expect(mxnetFormat.read(`${prefix}-0000.params`, { input }).origin['epoch']).toBe(0);
    expect(failuresOf(() => mxnetFormat.read(prefix, { input, epoch: 3 }))).toEqual([
      'no-parameters: expected epochs-NNNN.params of epoch 3 beside epochs-symbol.json, found epochs 0, 12',
    ]);
  });

  it('with an operator that is no layer names the node', () => {
    const prefix = prefixOf('unknown');
    writeSymbol(prefix, [...checkpoint.slice(0, 3), ['LRN', 'norm0', ['conv0']]], ['norm0']);
    writeParameters(prefix, { 'arg:some weight': [4, 3, 3, 3] });
    expect(failuresOf(() => mxnetFormat.read(prefix, { input }))).toEqual([
      'unknown-operator: node "norm0" is of operator "LRN", for which there is no layer',
    ]);
  });

  it('with an attribute that no layer has names node and attribute', () => {
    const prefix = prefixOf('layout');
    const dilated = { attrs: { kernel: '(3, 3)', num_filter: '4', no_bias: 'True', layout: 'NHWC' } };
    writeSymbol(prefix, [['Convolution', 'conv0', ['data', 'w'], dilated]], ['conv0']);
    writeParameters(prefix, { 'arg:w': [4, 3, 3, 3] });
    expect(failuresOf(() => mxnetFormat.read(prefix, { input }))).toEqual([
      'unsupported-operator: node "conv0" (Convolution) must have layout NCHW, found NHWC',
    ]);
  });

  it('with a dilation that no image has room for names the layer', () => {
    const prefix = prefixOf('dilated');
    const dilated = { attrs: { kernel: '(3, 3)', num_filter: '4', no_bias: 'True', dilate: '(1, 100000000)' } };
    writeSymbol(prefix, [['Convolution', 'conv0', ['data', 'w'], dilated]], ['conv0']);
    writeParameters(prefix, { 'arg:w': [4, 3, 3, 3] });
    const normalization = { mean: 0, scale: 1, colorOrder: 'rgb' } as const;
    expect(failuresOf(() => mxnetFormat.read(prefix, { input, normalization }))).toEqual([
      'shape-mismatch: layer "conv0" (convolution) a 3 x 200000001 window does not fit 5 x 6',
    ]);
  });

  it('with missing, misshapen and superfluous parameters names them with their layers', () => {
    const prefix = prefixOf('mismatch');
    writeSymbol(prefix, checkpoint, ['blockgrad0', 'softmax']);
    const others = Object.entries(shapes).filter(([name]) => name !== 'arg:bn0_beta');
    writeParameters(prefix, { ...Object.fromEntries(others), 'arg:fc1_weight': [6, 35] });
    expect(failuresOf(() => mxnetFormat.read(prefix, { input }))).toEqual([
      'parameters-mismatch: layer "bn0" needs parameter "bn0_beta" of shape [4], which is missing',
      'parameters-mismatch: parameter "fc1_weight" of layer "fc1" must have shape [6, 36], found [6, 35]',
    ]);
    writeParameters(prefix, { ...shapes, 'arg:fc8_weight': [1] });
    expect(failuresOf(() => mxnetFormat.read(prefix, { input }))).toEqual([
      'parameters-mismatch: parameter "fc8_weight" belongs to no layer of the symbol',
    ]);
    const foreign = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`arg:other${index}_weight`, [1]]));
    writeParameters(prefix, foreign);
    const [failure, ...more] = failuresOf(() => mxnetFormat.read(prefix, { input }));
    expect(failure).toMatch(
      /8 of 8 arrays belong to no layer of .*-symbol\.json \("other0_weight", .*do not belong together$/,
    );
    expect(more).toEqual([]);
  });

  it('with a value that is no number names the parameter', () => {
    const prefix = prefixOf('nan');
    writeSymbol(prefix, checkpoint, ['blockgrad0', 'softmax']);
    writeParameters(prefix, shapes, { 'arg:fc1_bias': NaN });
    expect(failuresOf(() => mxnetFormat.read(prefix, { input }))).toEqual([
      'parameter-not-finite: value 0 of parameter "fc1_bias" of layer "fc1" is NaN; a model holds finite numbers only',
    ]);
  });

  it('for images in another order and range gets layers in front', () => {
    const prefix = prefixOf('normalized');
    writeSymbol(prefix, [['Flatten', 'flat', ['data']]], ['flat']);
    writeParameters(prefix, {});
    const normalization = { mean: 127.5, scale: 1 / 128, colorOrder: 'bgr' } as const;
    const { layers } = mxnetFormat.read(prefix, { input, normalization }).shaped.graph;
    expect(layers.map(({ kind, inputs }) => [kind, ...inputs])).toEqual([
      ['slice', 'data'],
      ['slice', 'data'],
      ['slice', 'data'],
      ['concat', 'input_channel2', 'input_channel1', 'input_channel0'],
      ['minus-scalar', 'input_bgr'],
      ['multiply-scalar', 'input_centred'],
      ['flatten', 'input_scaled'],
    ]);
  });
});
