import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { GraphExecutor } from '../../../../src/kit/net/backends/graph-executor.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { defaultModel } from '../../../../src/embedding/default-model.ts';
import { modelFormatForWriting, modelFormatOf } from '../../../../src/kit/net/exchange/choose-format.ts';
import { readRecognitionNetwork } from '../../../../src/kit/net/exchange/face-recognition-net.ts';
import { modelFormats } from '../../../../src/kit/net/exchange/index.ts';
import { filesNamedBy } from '../../../../src/kit/net/exchange/named-files.ts';
import { tfjsFormat } from '../../../../src/kit/net/exchange/tfjs/tfjs-format.ts';
import { GraphBuilder } from '../../../../src/kit/net/graph/graph-builder.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { loadDetectorWeights } from '../../../../src/kit/net/mtcnn/cascade-models.ts';
import type { Model } from '../../../../src/kit/net/model/model.ts';
import { failuresOf } from '../../dataset/tiny-faces.ts';
import { relativeDifference } from '../backends/compute-network.ts';
import { referenceEngine } from '../backends/engines.ts';
import { familyParameters, smallFamilies } from '../backends/small-families.ts';
import { randomParameters, randomPixels, randomValues, smallNetworks } from '../backends/small-networks.ts';
import { runGraphModel } from './run-graph-model.ts';

const work = mkdtempSync(join(tmpdir(), 'tfjs-'));
afterAll(() => {
  rmSync(work, { recursive: true });
});

/** Outputs as the backend has them, NHWC or rows. */
function computeHere({ tf, ...backend }: Backend, { shaped, parameters }: Model, images: Float32Array) {
  const { channels, height, width } = shaped.graph.input;
  const network = new GraphExecutor({ tf, ...backend }, shaped, parameters);
  const outputs = tf.tidy(() => {
    const input = tf.tensor4d(images, [images.length / channels / height / width, height, width, channels]);
    return network.infer(input).map((output) => Float32Array.from(output.dataSync()));
  });
  network.dispose();
  return outputs;
}

function greatestDifference(found: readonly Float32Array[], wanted: readonly Float32Array[]): number {
  if (found.length !== wanted.length) return Infinity;
  return Math.max(...wanted.map((values, index) => relativeDifference(found[index] ?? new Float32Array(), values)));
}

function pathOf(name: string): string {
  return join(work, `${name.replaceAll(/\W+/g, '-')}/model.json`);
}

/** How far the converter's result is from ours, and that of what is read back. */
async function differences(backend: Backend, model: Model, { path, images }: { path: string; images: Float32Array }) {
  tfjsFormat.write(path, model);
  const wanted = computeHere(backend, model, images);
  const { outputs } = await runGraphModel(path, { tf: backend.tf, images, size: model.shaped.graph.input });
  const again = tfjsFormat.read(path, {});
  return {
    there: greatestDifference(outputs, wanted),
    again: greatestDifference(computeHere(backend, again, images), wanted),
    graph: again.shaped.graph,
  };
}

describe('a network written for TensorFlow.js', () => {
  let reference: Backend;
  beforeAll(async () => {
    reference = await referenceEngine();
  });

  it.each(Object.entries(smallNetworks))(
    '%s: the converter gives what the reference gives, and so does what is read',
    async (name, graph) => {
      const { channels, height, width } = graph.input;
      const model = { shaped: inferShapes(graph), parameters: randomParameters(graph, 1), origin: {} };
      for (const batch of [1, 3]) {
        const images = randomValues(batch * channels * height * width, 2);
        const found = await differences(reference, model, { path: pathOf(name), images });
        expect(found.there).toBeLessThan(1e-5);
        expect(found.again).toBeLessThan(1e-6);
        expect(found.graph.outputs).toEqual(graph.outputs);
      }
    },
  );

  it.each(Object.entries(smallFamilies))('%s: the same', async (name, family) => {
    const { graph } = family;
    const { channels, height, width } = graph.input;
    const model = { shaped: inferShapes(graph), parameters: familyParameters(family), origin: {} };
    const images = randomPixels(2 * channels * height * width, 2);
    const found = await differences(reference, model, { path: pathOf(`family ${name}`), images });
    expect(found.there).toBeLessThan(1e-5);
    expect(found.again).toBeLessThan(1e-6);
  });

  it('has the names that layers have, as far as TensorFlow takes them, and one alone for each node', async () => {
    const builder = new GraphBuilder();
    const same = (name: string, input: string): string => builder.add('identity', name, input);
    const outputs = [
      same('683', builder.data),
      same('a b', builder.data),
      same('a:b', builder.data),
      same('_', 'data'),
    ];
    const graph = builder.build({ channels: 1, height: 2, width: 2 }, ...outputs);
    const model = { shaped: inferShapes(graph), parameters: new Map(), origin: {} };
    const path = pathOf('names');
    tfjsFormat.write(path, model);
    const images = Float32Array.of(1, 2, 3, 4);
    const { outputNames, outputs: found } = await runGraphModel(path, { tf: reference.tf, images, size: graph.input });
    expect(outputNames).toEqual(['layer_683', 'a_b', 'a_b_1', 'layer_']);
    expect(found).toEqual(outputs.map(() => images));
    expect(tfjsFormat.read(path, {}).shaped.graph.outputs).toEqual(outputNames);
  });

  it('tells pages what it takes, and cuts its weights into shards of 4 MB', async () => {
    const builder = new GraphBuilder();
    const output = builder.add('fully-connected', 'fc1', builder.data, { units: 1100, bias: false });
    const graph = builder.build({ channels: 3, height: 18, width: 20 }, output);
    const model = { shaped: inferShapes(graph), parameters: randomParameters(graph, 1), origin: { steps: 3 } };
    const path = join(work, 'shards', 'dense.json');
    tfjsFormat.write(path, model);
    const names = [1, 2].map((number) => `dense-shard${number}of2.bin`);
    expect(readdirSync(join(work, 'shards')).sort()).toEqual([...names, 'dense.json']);
    const sizes = names.map((name) => statSync(join(work, 'shards', name)).size);
    // Beside the weights: four axes to put the channels first, two sizes of rows.
    expect(sizes).toEqual([4 * 1024 * 1024, 4 * 1080 * 1100 + 24 - 4 * 1024 * 1024]);
    const images = randomPixels(3 * 18 * 20, 2);
    const { outputs, metadata } = await runGraphModel(path, { tf: reference.tf, images, size: graph.input });
    expect(greatestDifference(outputs, computeHere(reference, model, images))).toBeLessThan(1e-5);
    expect(metadata).toEqual({
      input: {
        ...{ layout: 'NHWC', height: 18, width: 20, channels: 3, colorOrder: 'RGB' },
        ...{ minimum: 0, maximum: 255, normalization: 'part of the graph' },
      },
      origin: { steps: 3 },
    });
    expect(tfjsFormat.read(path, {}).parameters).toEqual(model.parameters);
    // What a task's key takes into account beside the file that it is given.
    expect([...filesNamedBy([path])]).toEqual(names.map((name) => join(work, 'shards', name)));
  });

  it('is no model folder of ours, although its file has the same name', () => {
    const path = pathOf('identity and scalars');
    for (const named of [path, dirname(path)]) {
      expect(modelFormatOf(named).name).toBe('tfjs');
      expect(modelFormats.folder.recognises(named)).toBe(false);
    }
    expect(modelFormatForWriting(path).name).toBe('folder');
    expect([...filesNamedBy([dirname(path)])]).toEqual([]);
    const folder = join(work, 'folder');
    modelFormats.folder.write(folder, tfjsFormat.read(path, {}));
    expect(modelFormatOf(join(folder, 'model.json')).name).toBe('folder');
  });
});

/** A graph as another program's converter arranges it: in any order, functions fused with what is before them. */
function foreignGraph(nodes: readonly object[], weights: Readonly<Record<string, readonly number[]>>): string {
  const folder = join(work, 'foreign');
  mkdirSync(folder, { recursive: true });
  const arrays = Object.entries(weights).map(([name, shape], index) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return { name, shape, dtype: 'float32', values: randomValues(count, index).map((value) => value / 4) };
  });
  const row = Int32Array.of(-1, 90);
  const consts = [...Object.keys(weights), 'row'].map((name) => ({ name, op: 'Const', attr: {} }));
  const bytes = [...arrays.map(({ values }) => Buffer.from(values.buffer)), Buffer.from(row.buffer)];
  writeFileSync(join(folder, 'group1-shard1of1.bin'), Buffer.concat(bytes));
  const manifest = [
    ...arrays.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    { name: 'row', shape: [2], dtype: 'int32' },
  ];
  const content = {
    format: 'graph-model',
    generatedBy: '2.11.0',
    modelTopology: { node: [...nodes, ...consts], versions: { producer: 1286 } },
    weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: manifest }],
  };
  writeFileSync(join(folder, 'model.json'), JSON.stringify(content));
  return join(folder, 'model.json');
}

const text = (value: string): object => ({ s: Buffer.from(value).toString('base64') });
const texts = (...values: readonly string[]): object => {
  return { list: { s: values.map((value) => Buffer.from(value).toString('base64')) } };
};
const integers = (...values: readonly number[]): object => ({ list: { i: values.map(String) } });

describe('a graph of another converter', () => {
  const image = { dim: ['-1', '11', '12', '3'].map((size) => ({ size })) };
  const same = { padding: text('SAME'), data_format: text('NHWC'), dilations: integers(1, 1, 1, 1) };
  const nodes = [
    {
      name: 'Identity',
      op: '_FusedMatMul',
      input: ['flat', 'dense', 'dense_bias'],
      attr: { num_args: { i: '1' }, fused_ops: texts('BiasAdd') },
    },
    { name: 'flat', op: 'Reshape', input: ['pool', 'row'], attr: {} },
    {
      name: 'pool',
      op: 'MaxPool',
      input: ['deep'],
      attr: { ksize: integers(1, 3, 3, 1), strides: integers(1, 2, 2, 1), padding: text('SAME') },
    },
    {
      name: 'deep',
      op: 'FusedDepthwiseConv2dNative',
      input: ['mean', 'each', 'slopes'],
      attr: { ...same, strides: integers(1, 1, 1, 1), num_args: { i: '1' }, fused_ops: texts('NoOp', 'Prelu') },
    },
    {
      name: 'mean',
      op: 'AvgPool',
      input: ['wide'],
      attr: { ksize: integers(1, 3, 3, 1), strides: integers(1, 1, 1, 1), padding: text('SAME') },
    },
    {
      name: 'wide',
      op: 'Conv2D',
      input: ['conv', 'dilated'],
      attr: { ...same, strides: integers(1, 1, 1, 1), dilations: integers(1, 2, 2, 1) },
    },
    {
      name: 'conv',
      op: '_FusedConv2D',
      input: ['x', 'filter', 'bias'],
      attr: { ...same, strides: integers(1, 2, 1, 1), num_args: { i: '1' }, fused_ops: texts('BiasAdd', 'Relu6') },
    },
    { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: image } } },
  ];
  const weights = {
    ...{ filter: [4, 3, 3, 5], bias: [5], dilated: [3, 2, 5, 5], each: [3, 3, 5, 1], slopes: [1, 1, 5] },
    ...{ dense: [90, 6], dense_bias: [6] },
  };
  const raw = { mean: 0, scale: 1, colorOrder: 'rgb' } as const;

  it('with padding SAME, fused functions and rows of cells computes the same once it is read', async () => {
    const reference = await referenceEngine();
    const path = foreignGraph(nodes, weights);
    const model = tfjsFormat.read(path, { normalization: raw });
    const size = { channels: 3, height: 11, width: 12 };
    expect(model.shaped.graph.input).toEqual(size);
    const images = randomValues(2 * 3 * 11 * 12, 4);
    const { outputs } = await runGraphModel(path, { tf: reference.tf, images, size });
    expect(greatestDifference(computeHere(reference, model, images), outputs)).toBeLessThan(1e-5);
  });

  it('does not state how its images are normalised, and is cut where an output is asked for', async () => {
    const path = foreignGraph(nodes, weights);
    expect(await failuresOf(() => tfjsFormat.read(path, {}))).toMatchObject([{ code: 'normalization-unknown' }]);
    const cut = tfjsFormat.read(path, { normalization: raw, outputs: ['conv'] });
    expect(cut.shaped.shapes.get('conv')).toEqual([5, 6, 12]);
    expect(await failuresOf(() => tfjsFormat.read(path, { outputs: ['cnv'] }))).toMatchObject([
      {
        code: 'unknown-layer',
        message: 'expected a layer or value of the network as output, found "cnv" (did you mean "conv"?)',
      },
    ]);
  });

  const refused = (
    change: (node: (typeof nodes)[number]) => object,
  ): Promise<readonly { readonly message: string }[]> =>
    failuresOf(() => tfjsFormat.read(foreignGraph(nodes.map(change), weights), { normalization: raw }));

  it('is refused by the names of nodes that layers do not compute, or that lack something', async () => {
    const changed = async (name: string, change: object): Promise<string> => {
      const [failure] = await refused((node) => (node.name === name ? { ...node, ...change } : node));
      return failure?.message ?? 'none';
    };
    expect(await changed('pool', { op: 'LRN' })).toBe('node "pool" is of operator "LRN", for which there is no layer');
    expect(await changed('conv', { attr: { data_format: text('NCHW') } })).toBe(
      'node "conv" (_FusedConv2D) must have data_format NHWC',
    );
    expect(await changed('flat', { input: ['pool:1', 'row'] })).toBe(
      'output 1 of node "pool" (MaxPool) is used; layers have their value only',
    );
    expect(await changed('flat', { input: ['pool', 'rows'] })).toBe(
      'node "flat" (Reshape) takes value "rows", which no weight and no node before it has',
    );
    // In a circle.
    expect(await changed('conv', { input: ['pool', 'filter', 'bias'] })).toContain('takes value "pool"');
    expect(
      await changed('deep', { input: ['mean', 'each', 'bias'], attr: { fused_ops: texts('BiasAdd', 'Relu', 'Elu') } }),
    ).toBe('node "deep" (FusedDepthwiseConv2dNative) must have BiasAdd or NoOp, and one function, fused with it');
    expect(await changed('mean', { attr: { ksize: integers(1, 2, 2, 1), padding: text('SAME') } })).toBe(
      'node "mean" (AvgPool) must have the same padding on opposite sides, or as much more at the end as a last window needs',
    );
    const steps = [integers(1, 0, 0, 1), integers(1, -1, 1, 1), integers(1, 1.5, 1.5, 1)];
    for (const strides of steps) {
      expect(await changed('conv', { attr: { ...same, strides } })).toBe(
        'node "conv" (_FusedConv2D) must have strides of whole numbers above 0',
      );
    }
    const padded = (...pads: number[]) => ({
      attr: { padding: text('EXPLICIT'), explicit_paddings: integers(...pads) },
    });
    expect(await changed('conv', padded(0, 0, -3, 0, 0, 0, 0, 0))).toContain('must have pads of whole numbers');
    const tooLarge = 'must have dilations and paddings that make at most';
    expect(await changed('conv', padded(0, 0, 0, 2 ** 40, 0, 0, 0, 0))).toContain(tooLarge);
    const dilations = integers(1, 2 ** 40, 1, 1);
    expect(await changed('conv', { attr: { ...same, dilations } })).toContain(tooLarge);
    // What a layer before cannot compute is told of where it is, and not of those that take its value.
    const large = { ksize: integers(1, 99, 99, 1), strides: integers(1, 1, 1, 1), padding: text('VALID') };
    expect(await changed('pool', { attr: large })).toContain('layer "pool"');
    expect(await changed('x', { attr: {} })).toBe('expected input "x" to be images of four dimensions, found 0');
  });
});

const checkpoint = '../shared/data/models/mobilefacenet-y1/model-0000.params';
const own = [...Object.entries(loadDetectorWeights()), ['dlib', readRecognitionNetwork(defaultModel())] as const];
const missing = existsSync(checkpoint) ? '' : ` (not MobileFaceNet y1: there is no ${checkpoint})`;
const real = existsSync(checkpoint) ? [...own, ['y1', modelFormatOf(checkpoint).read(checkpoint, {})] as const] : own;

describe(`real weights on the wasm backend${missing}`, { timeout: 120_000 }, () => {
  let wasm: Backend;
  beforeAll(async () => {
    wasm = await loadBackend(trainingEngine('wasm').identity, { threads: 1 });
  });

  it.each(real)('%s: the converter gives what we give, and so does what is read', async (name, model) => {
    const { channels, height, width } = model.shaped.graph.input;
    const images = randomPixels(2 * channels * height * width, 2);
    const found = await differences(wasm, model, { path: pathOf(`real ${name}`), images });
    expect(found.there).toBeLessThan(1e-5);
    expect(found.again).toBeLessThan(1e-6);
  });
});
