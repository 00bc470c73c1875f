import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countOfBlob, layersOfNet, valuesOfBlob } from '../../../../src/kit/codec/caffe/layers-of-net.ts';
import type { LayerParameter, NetParameter } from '../../../../src/kit/codec/caffe/schema.ts';
import { caffemodel } from '../../../../src/kit/codec/caffe/caffemodel.ts';
import { tally } from '../../../../src/kit/codec/description.ts';
import { decodeFile } from '../../../../src/kit/codec/read-file.ts';
import { buildNetwork, chooseNetwork } from '../../../../src/kit/net/backbones/index.ts';
import { NetworkBuilder } from '../../../../src/kit/net/backbones/network-builder.ts';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { GraphExecutor } from '../../../../src/kit/net/backends/graph-executor.ts';
import type { Graph } from '../../../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import type { Model } from '../../../../src/kit/net/model/model.ts';
import { caffeFormat } from '../../../../src/kit/net/exchange/caffe/caffe-format.ts';
import { layerWriters } from '../../../../src/kit/net/exchange/caffe/layer-writers.ts';
import type { ModelReadOptions } from '../../../../src/kit/net/exchange/model-format.ts';
import { failuresOf } from '../../dataset/tiny-faces.ts';
import { relativeDifference } from '../backends/compute-network.ts';
import { referenceEngine } from '../backends/engines.ts';
import { smallFamilies } from '../backends/small-families.ts';
import { randomParameters, randomValues, smallNetworks } from '../backends/small-networks.ts';

const folder = mkdtempSync(join(tmpdir(), 'faceflow-caffe-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let engine: Backend;
beforeAll(async () => {
  engine = await referenceEngine();
});

function modelOf(graph: Graph): Model {
  return { shaped: inferShapes(graph), parameters: randomParameters(graph, 1), origin: {} };
}

/** What a model gives for an input (NHWC), by output. */
function valuesOf({ shaped, parameters }: Model, pixels?: Float32Array): Map<string, Float32Array> {
  const { height, width, channels } = shaped.graph.input;
  const network = new GraphExecutor(engine, shaped, parameters);
  const values = pixels ?? randomValues(2 * height * width * channels, 5);
  const count = values.length / (height * width * channels);
  const input = engine.tf.tensor4d(values, [count, height, width, channels]);
  const outputs = network.infer(input);
  const named = shaped.graph.outputs.map((name, index) => {
    return [name, Float32Array.from(outputs[index]?.dataSync() ?? [])] as const;
  });
  engine.tf.dispose([input, ...outputs]);
  network.dispose();
  return new Map(named);
}

function pathFor(name: string): string {
  return join(folder, `${name.replaceAll(/[^\w]/g, '-')}.caffemodel`);
}

function roundTrip(name: string, model: Model, normalization: 'inside' | 'outside'): Model {
  caffeFormat.write(pathFor(name), model, { normalization });
  return caffeFormat.read(pathFor(name), {});
}

/** Small networks with a layer that Caffe lacks. */
const inexpressible = [
  'softsign',
  'mean pooling, padding left out',
  ...Object.entries(layerWriters).flatMap(([kind, writer]) => ('notIn' in writer ? [`the example of ${kind}`] : [])),
];
const gnapFamilies = ['resnext, head GNAP', 'resnet, head GNAP with more values than channels'];

describe('a network that goes to Caffe and comes back', () => {
  const expressible = Object.entries(smallNetworks).filter(([name]) => !inexpressible.includes(name));

  const families = Object.entries(smallFamilies)
    .filter(([name]) => !gnapFamilies.includes(name))
    .map(([name, { graph }]) => [`small ${name}`, graph] as const);

  it.each([...expressible, ...families])('gives the same values: %s', (name, graph) => {
    const model = modelOf(graph);
    const wanted = valuesOf(model);
    for (const normalization of ['inside', 'outside'] as const) {
      const found = valuesOf(roundTrip(name, model, normalization));
      expect(new Set(found.keys())).toEqual(new Set(wanted.keys()));
      for (const [output, values] of found) {
        expect(relativeDifference(values, wanted.get(output) ?? new Float32Array())).toBeLessThan(1e-6);
      }
    }
  });

  it.each([...inexpressible, ...gnapFamilies])('is refused where Caffe lacks a layer, by name: %s', async (name) => {
    const graph = smallNetworks[name] ?? smallFamilies[name]?.graph;
    if (graph === undefined) throw new Error(`no small network ${name}`);
    const failures = await failuresOf(() => {
      caffeFormat.write(pathFor(name), modelOf(graph), {});
    });
    expect(failures).toMatchObject([{ code: 'not-expressible', at: { file: pathFor(name) } }]);
    expect(failures[0]?.message).toMatch(/^layer ".+" \(.+\) .*which Caffe has no layer for$/);
  });

  it('says how pixels are normalised where it leaves that to others, and takes it back', () => {
    const builder = new NetworkBuilder();
    const start = builder.normalizeInput(builder.add('identity', 'id', builder.data));
    const model = modelOf(
      builder.build(
        { channels: 3, height: 4, width: 5 },
        builder.add('fully-connected', 'fc', start, { units: 2, bias: true }),
      ),
    );
    const pixels = randomValues(2 * 60, 3).map((value) => Math.round(128 + 60 * value));
    const wanted = valuesOf(model, pixels);
    expect(valuesOf(roundTrip('outside', model, 'outside'), pixels)).toEqual(wanted);
    expect(layersOf('outside').map(({ type }) => type)).toEqual(['Input', 'InnerProduct']);
    expect(layersOf('outside')[0]?.transform_param).toEqual({ scale: 0.0078125, mean_value: [127.5] });
    expect(layersOf('inside', model)[1]).toMatchObject({
      type: 'Power',
      power_param: { power: 1, scale: 0.0078125, shift: -0.99609375 },
    });
    const found = valuesOf(caffeFormat.read(pathFor('inside'), {}), pixels).get('fc') ?? new Float32Array();
    expect(relativeDifference(found, wanted.get('fc') ?? new Float32Array())).toBeLessThan(1e-6);
  });
});

/** The layers of a file, which is written first where a model is given, with its normalisation inside. */
function layersOf(name: string, model?: Model): readonly LayerParameter[] {
  if (model !== undefined) caffeFormat.write(pathFor(name), model, { normalization: 'inside' });
  return layersOfNet(decodeFile(caffemodel, pathFor(name)));
}

describe('r50 in Caffe', () => {
  const graph = buildNetwork(chooseNetwork('r50'), { height: 112, width: 112 });
  const model = modelOf(graph);

  it('has the 262 layers of the 2018 converter, and 79 floats more than in MXNet', () => {
    caffeFormat.write(pathFor('r50'), model, {});
    const layers = layersOf('r50');
    expect(
      tally(
        layers.map(({ type }) => type ?? ''),
        9,
      ),
    ).toBe('BatchNorm (79), Scale (79), Convolution (53), PReLU (25), Eltwise (24), Input (1), InnerProduct (1)');
    expect(layers).toHaveLength(262);
    const floats = layers.flatMap(({ blobs = [] }) => blobs).reduce((sum, blob) => sum + countOfBlob(blob), 0);
    expect(floats).toBe(43_590_848 + 38_144 + 79);
    expect(layers.slice(0, 6).map(({ name }) => name)).toEqual([
      'data',
      'conv0',
      'bn0',
      'bn0_scale',
      'relu0',
      'stage1_unit1_bn1',
    ]);
    expect(layers.at(-1)).toMatchObject({ name: 'fc1_scale', type: 'Scale', bottom: ['fc1'], top: ['fc1'] });
    const epsilons = new Set(layers.map((layer) => layer.batch_norm_param?.eps).filter((eps) => eps !== undefined));
    expect([...epsilons]).toEqual([Math.fround(2e-5)]);
    const gamma = valuesOfBlob(layers.at(-1)?.blobs?.[0] ?? {});
    expect(gamma.every((value) => value === 1)).toBe(true);
  });

  it('comes back with every number as it was', () => {
    const found = caffeFormat.read(pathFor('r50'), {});
    expect(found.shaped.graph.outputs).toEqual(['fc1']);
    expect(new Set(found.parameters.keys())).toEqual(new Set(model.parameters.keys()));
    for (const [name, { values, shape }] of found.parameters) {
      const wanted = name === 'fc1_gamma' ? new Float32Array(512).fill(1) : model.parameters.get(name)?.values;
      expect([name, shape, Buffer.compare(bytesOf(values), bytesOf(wanted ?? values.subarray(1)))]).toEqual([
        name,
        model.parameters.get(name)?.shape,
        0,
      ]);
    }
  });

  it('embeds as before, bit for bit', async () => {
    engine = await loadBackend(trainingEngine().identity, { threads: 1 });
    const pixels = randomValues(112 * 112 * 3, 9).map((value) =>
      Math.min(255, Math.max(0, Math.round(128 + 60 * value))),
    );
    const wanted = valuesOf(model, pixels).get('fc1') ?? new Float32Array();
    const found = valuesOf(caffeFormat.read(pathFor('r50'), {}), pixels).get('fc1') ?? new Float32Array();
    engine = await referenceEngine();
    expect(Math.hypot(...wanted)).toBeGreaterThan(0.1);
    expect(Buffer.compare(bytesOf(found), bytesOf(wanted))).toBe(0);
  });
});

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

describe('a network of Google’s encoder', () => {
  // OpenCV 4.7.0's dnn module on the same files and input (for the old one with its doubles written as floats, which
  // OpenCV wants): value(n) = ((7 n) mod 11 - 4) / 4 in the order channels, rows, columns.
  it.each([
    ['caffe', [-0.40839892625808716, 0.9922088384628296, 2.3928167819976807]],
    ['caffe-v1', [90.45703125, 1392.01953125]],
  ])('gives what OpenCV makes of it: %s', (name, wanted) => {
    const model = caffeFormat.read(join('test/kit/codec/golden', `${name}.prototxt`), {});
    const { channels, height, width } = model.shaped.graph.input;
    const pixels = Float32Array.from({ length: channels * height * width }, (_, index) => {
      const [pixel, channel] = [Math.floor(index / channels), index % channels];
      return ((((channel * height * width + pixel) * 7) % 11) - 4) / 4;
    });
    const [found = new Float32Array()] = valuesOf(model, pixels).values();
    expect(relativeDifference(found, Float32Array.from(wanted))).toBeLessThan(1e-6);
  });
});

const header = 'input: "data" input_dim: 1 input_dim: 2 input_dim: 4 input_dim: 4';
const conv =
  'layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 2 kernel_size: 1 } }';
const weights: NetParameter = {
  layer: [
    {
      name: 'c',
      blobs: [{ data: Float32Array.of(1, 2, 3, 4), shape: { dim: [2, 2, 1, 1] } }, { data: Float32Array.of(0, 0) }],
    },
  ],
};

function readText(text: string, net = weights, options: ModelReadOptions = {}): Model {
  writeFileSync(join(folder, 'text.prototxt'), text);
  writeFileSync(join(folder, 'text.caffemodel'), caffemodel.encode(net));
  return caffeFormat.read(join(folder, 'text.prototxt'), options);
}

const layer = (name: string, type: string, rest = ''): string =>
  `${conv} layer { name: "${name}" type: "${type}" bottom: "c" top: "${name}" ${rest} }`;

describe('reading Caffe', () => {
  it('leaves out what only training has, and makes results of what remains', () => {
    const { graph } = readText(`name: "t"
      layer { name: "d" type: "HDF5Data" top: "data" top: "label" include { phase: TRAIN } hdf5_data_param { source: "x" } }
      layer { name: "in" type: "Input" top: "data" input_param { shape { dim: [1, 2, 4, 4] } } }
      layer { name: "cut" type: "Slice" bottom: "label" top: "l1" top: "l2" }
      ${conv}
      layer { name: "s" type: "Split" bottom: "c" top: "c_c_0_split_0" top: "c_c_0_split_1" }
      layer { name: "r" type: "ReLU" bottom: "c_c_0_split_0" top: "c_c_0_split_0" }
      layer { name: "p" type: "Softmax" bottom: "c_c_0_split_0" top: "p" include { phase: TEST } }
      layer { name: "loss" type: "SoftmaxWithLoss" bottom: "c_c_0_split_1" bottom: "l1" top: "loss" }
      layer { name: "late" type: "LRN" bottom: "c" top: "late" exclude { phase: TEST } }`).shaped;
    expect(graph.layers.map(({ name, inputs }) => [name, ...inputs])).toEqual([
      ['c', 'data'],
      ['r', 'c'],
      ['p', 'r'],
    ]);
    expect(graph.outputs).toEqual(['p']);
  });

  it('finds copies again whose Split layer is gone', () => {
    const text = `${header} ${conv} layer { name: "s" type: "Eltwise" bottom: "c_c_0_split_0" bottom: "c_c_0_split_1" top: "s" }`;
    expect(readText(text).shaped.graph.layers[1]).toMatchObject({ kind: 'add', inputs: ['c', 'c'] });
  });

  it('takes sums with coefficients and of three, slopes of ReLU, shared slopes and equal slices', () => {
    const text = `${header} ${conv}
      layer { name: "q" type: "PReLU" bottom: "c" top: "c" prelu_param { channel_shared: true } }
      layer { name: "l" type: "ReLU" bottom: "c" top: "l" relu_param { negative_slope: 0.5 } }
      layer { name: "cut" type: "Slice" bottom: "l" top: "a" top: "b" }
      layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" bottom: "a" top: "sum" eltwise_param { coeff: 1 coeff: -1 coeff: 2 } }`;
    const model = readText(text, {
      layer: [...(weights.layer ?? []), { name: 'q', blobs: [{ data: Float32Array.of(0.25) }] }],
    });
    const pixels = new Float32Array(32).fill(0);
    [pixels[0], pixels[1]] = [1, -2];
    // c = (1 - 4, 3 - 8) = (-3, -5); q: a quarter of it; l: an eighth; 3 a - b.
    expect(valuesOf(model, pixels).get('sum')?.[0]).toBe((3 * -3 + 5) / 8);
  });

  it('takes maxima of three, ELU of another alpha, and transposed convolutions with dilation', () => {
    const text = `${header} ${conv}
      layer { name: "cut" type: "Slice" bottom: "c" top: "a" top: "b" }
      layer { name: "l" type: "Power" bottom: "a" top: "l" power_param { scale: -1 shift: -4 } }
      layer { name: "most" type: "Eltwise" bottom: "a" bottom: "b" bottom: "l" top: "most" eltwise_param { operation: MAX } }
      layer { name: "e" type: "ELU" bottom: "most" top: "e" elu_param { alpha: 0.25 } }
      layer { name: "d" type: "Deconvolution" bottom: "e" top: "d" convolution_param { num_output: 1 kernel_size: 2 stride: 2 dilation: 2 bias_term: false } }`;
    const window = { data: Float32Array.of(1, 10, 100, 1000), shape: { dim: [1, 1, 2, 2] } };
    const model = readText(text, { layer: [...(weights.layer ?? []), { name: 'd', blobs: [window] }] });
    const pixels = new Float32Array(32).fill(0);
    [pixels[0], pixels[1]] = [1, -2];
    const values = valuesOf(model, pixels).get('d') ?? new Float32Array();
    // c = (-3, -5) in the corner and 0 elsewhere; of -3, -5, -1 the greatest is -1, and of 0, 0, -4 it is 0.
    const corner = 0.25 * (Math.exp(-1) - 1);
    const wanted = new Map([
      [0, corner],
      [2, 10 * corner],
      [18, 100 * corner],
      [20, 1000 * corner],
    ]);
    expect(values).toHaveLength(81);
    for (const [place, value] of values.entries()) expect(value).toBeCloseTo(wanted.get(place) ?? 0, 3);
  });

  it('refuses a dilation that makes more weights than any network has', () => {
    const text = `${header} layer { name: "c" type: "Convolution" bottom: "data" top: "c"
      convolution_param { num_output: 2 kernel_size: 2 dilation: 100000 bias_term: false } }`;
    const window = { data: new Float32Array(16), shape: { dim: [2, 2, 2, 2] } };
    expect(() => readText(text, { layer: [{ name: 'c', blobs: [window] }] })).toThrow(
      'has dilations that make more than 268435456 weights',
    );
  });

  it('takes the size and the normalisation of the input from options where the file lacks them', () => {
    const options = {
      input: { channels: 2, height: 4, width: 4 },
      normalization: { mean: 1, scale: 2, colorOrder: 'rgb' },
    } as const;
    const pixels = new Float32Array(32).fill(2);
    const found = valuesOf(readText(conv, weights, options), pixels).get('c');
    expect([...(found ?? [])].slice(0, 2)).toEqual([6, 14]);
  });

  it('does not guess the normalisation of an embedding network of colour images, and takes what is given', async () => {
    const text =
      'layer { name: "c" type: "InnerProduct" bottom: "data" top: "c" inner_product_param { num_output: 1 } }';
    const input = { channels: 3, height: 1, width: 1 };
    const net = { layer: [{ name: 'c', blobs: [{ data: Float32Array.of(1, 2, 3) }, { data: Float32Array.of(0) }] }] };
    const failures = await failuresOf(() => readText(text, net, { input }));
    expect(failures).toMatchObject([{ code: 'normalization-unknown', at: { file: join(folder, 'text.prototxt') } }]);
    const model = readText(text, net, { input, normalization: { mean: 0, scale: 1, colorOrder: 'rgb' } });
    expect(model.shaped.graph.layers).toHaveLength(1);
  });

  it.each<[string, string, string, NetParameter?]>([
    [`${header} ${layer('x', 'Convolutio')}`, 'unsupported-layer', 'layer "x" (Convolutio) is of an unsupported type (did you mean "Convolution"?)'],
    [`${header} ${layer('x', 'Pooling')}`, 'unsupported-layer', 'layer "x" (Pooling) has no kernel size, expected one or two'],
    [`${header} ${layer('x', 'Softmax', 'softmax_param { axis: 2 }')}`, 'unsupported-layer', 'layer "x" (Softmax) works along axis 2, and only axis 1 (channels) is supported'],
    [`${header} ${layer('x', 'Power', 'power_param { power: 2 }')}`, 'unsupported-layer', 'layer "x" (Power) raises to the power of 2, and only 1 is supported'],
    [`${header} ${conv.replace('"data"', '"dat"')}`, 'unknown-blob', 'layer "c" (Convolution) takes blob "dat", which no layer before it has (did you mean "data"?)'],
    [conv, 'no-input', 'expected an input with its size (input and input_dim, or a layer of type Input), found none'],
    [`${header} ${layer('x', 'InnerProduct', 'inner_product_param { num_output: 3 }')}`, 'missing-weights', 'layer "x" (InnerProduct) needs its weight as blob 0; the file has no weights for it'],
    [`${header} ${conv}`, 'missing-weights', 'layer "c" (Convolution) needs its bias as blob 1; the file has 1 for it', { layer: [{ name: 'c', blobs: [{ data: Float32Array.of(1, 2, 3, 4) }] }] }],
    [`${header} ${conv.replace('kernel_size: 1', 'kernel_size: 2')}`, 'parameters-mismatch', 'the weight of layer "c" must have shape [2, 2, 2, 2], found [2, 2, 1, 1] with 4 numbers'],
    [`${header} ${conv.replace('kernel_size: 1', 'kernel_size: 5')}`, 'shape-mismatch', 'layer "c" (convolution) a 5 x 5 window does not fit 4 x 4'],
    [`${header} ${conv}`, 'parameter-not-finite', 'value 1 of parameter "c_weight" of layer "c" is NaN; a model holds finite numbers only', { layer: [{ name: 'c', blobs: [{ data: Float32Array.of(1, NaN, 3, 4) }, { data: Float32Array.of(0, 0) }] }] }],
  ])('says what is wrong, with the layer and the file: %#', async (text, code, message, net) => {
    const failures = await failuresOf(() => readText(text, net ?? weights));
    const isOfWeights = ['missing-weights', 'parameters-mismatch', 'parameter-not-finite'].includes(code);
    expect(failures).toMatchObject([{ code, message, at: { file: join(folder, isOfWeights ? 'text.caffemodel' : 'text.prototxt') } }]);
  }); // prettier-ignore

  it('reports a cut file at the byte where it ends', async () => {
    writeFileSync(join(folder, 'cut.prototxt'), readFileSync('test/kit/codec/golden/caffe.prototxt'));
    writeFileSync(
      join(folder, 'cut.caffemodel'),
      readFileSync('test/kit/codec/golden/caffe.caffemodel').subarray(0, 300),
    );
    const failures = await failuresOf(() => caffeFormat.read(join(folder, 'cut.caffemodel'), {}));
    expect(failures).toMatchObject([{ code: 'truncated-file', at: { file: join(folder, 'cut.caffemodel') } }]);
  });
});
