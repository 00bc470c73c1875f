import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineIdentity } from '../../../../src/core/engine-identity.ts';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { type OnnxModel, onnxModel } from '../../../../src/kit/codec/onnx/onnx-model.ts';
import type { OnnxValueInfo } from '../../../../src/kit/codec/onnx/onnx-messages.ts';
import { trainingEngine, installedOnnxruntime } from '../../../../src/kit/net/engines/choose-engine.ts';
import { GraphWriter } from '../../../../src/kit/net/exchange/onnx/graph-writer.ts';
import { onnxBytes } from '../../../../src/kit/net/exchange/onnx/write-onnx.ts';
import type { Graph } from '../../../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { outputNetwork, proposalNetwork, refinementNetwork } from '../../../../src/kit/net/mtcnn/cascade-graphs.ts';
import type { ParameterizedGraph } from '../../../../src/kit/net/model/model.ts';
import { loadEmbedder } from '../../../../src/kit/net/sessions/embedder.ts';
import type {
  Embedder,
  ImageBatch,
  InferenceSession,
  OutputValues,
} from '../../../../src/kit/net/sessions/inference-session.ts';
import { type NetworkSource, openSession } from '../../../../src/kit/net/sessions/open-session.ts';
import { failuresOf, temporaryFolder } from '../../dataset/tiny-faces.ts';
import { relativeDifference } from '../backends/compute-network.ts';
import { otherEngines } from '../backends/engines.ts';
import { randomParameters, randomPixels, randomValues, smallNetworks } from '../backends/small-networks.ts';

type Outputs = ReadonlyMap<string, OutputValues>;

const onnxruntime = installedOnnxruntime();
const missing = onnxruntime.installed ? '' : ` (skipped: ${onnxruntime.reason})`;
const engines: readonly EngineIdentity[] = [
  ...otherEngines(),
  ...(onnxruntime.installed ? [onnxruntime.identity] : []),
];

function withRandomWeights(graph: Graph): ParameterizedGraph {
  return { shaped: inferShapes(graph), parameters: randomParameters(graph, 3) };
}

/** PNet slides over images of any size; RNet and ONet end in rows, and take one size. */
const networks = {
  pnet: withRandomWeights(proposalNetwork({ height: 12, width: 12 })),
  rnet: withRandomWeights(refinementNetwork()),
  onet: withRandomWeights(outputNetwork()),
};

const batchOf = (...shape: ImageBatch['shape']): ImageBatch => ({
  data: randomValues(
    shape.reduce((product, length) => product * length, 1),
    shape[1],
  ),
  shape,
});

/** Two sizes for PNet, of which one cuts the last windows of its pooling; one image, and several. */
const cases = [
  { network: 'pnet', images: batchOf(1, 12, 12, 3) },
  { network: 'pnet', images: batchOf(3, 31, 44, 3) },
  { network: 'pnet', images: batchOf(2, 40, 27, 3) },
  { network: 'rnet', images: batchOf(5, 24, 24, 3) },
  { network: 'onet', images: batchOf(2, 48, 48, 3) },
] as const;

const sourceOf = (network: keyof typeof networks): NetworkSource => ({
  kind: 'graph',
  model: networks[network],
  file: `${network}.model`,
});

async function runOnce(session: InferenceSession, images: ImageBatch): Promise<Outputs> {
  const outputs = await session.run(images);
  await session.dispose();
  return outputs;
}

function expectSame(found: Outputs, expected: Outputs): void {
  expect([...found.keys()]).toEqual([...expected.keys()]);
  for (const [name, { shape, data }] of expected) {
    expect(found.get(name)?.shape).toEqual(shape);
    expect(relativeDifference(found.get(name)?.data ?? new Float32Array(), data)).toBeLessThan(1e-4);
  }
}

const cpu = { engine: trainingEngine('cpu').identity, threads: 1 };

// The reference first: one process has one backend at a time.
const expected: Outputs[] = [];
beforeAll(async () => {
  for (const { network, images } of cases) {
    expected.push(await runOnce(await openSession(sourceOf(network), cpu), images));
  }
});

describe.each(engines)('a session on $name', (engine) => {
  const open = (network: keyof typeof networks): Promise<InferenceSession> =>
    openSession(sourceOf(network), { engine, threads: 1 });

  it.each(cases.map(({ network, images }, index) => ({ network, images, index, shape: images.shape.join(' x ') })))(
    'computes every output of $network for $shape as the cpu backend does',
    async ({ network, images, index }) => {
      expectSame(await runOnce(await open(network), images), expected[index] ?? new Map<string, OutputValues>());
    },
  );

  it('declares its input and its outputs, and leaves open what depends on the images', async () => {
    const [pnet, rnet] = [await open('pnet'), await open('rnet')];
    expect(pnet.input).toMatchObject({ type: 'float32', shape: [undefined, undefined, undefined, 3] });
    expect(pnet.outputs).toEqual([
      { name: 'conv4_2', shape: [undefined, 4, undefined, undefined] },
      { name: 'prob1', shape: [undefined, 2, undefined, undefined] },
    ]);
    expect(rnet.input).toMatchObject({ type: 'float32', shape: [undefined, 24, 24, 3] });
    expect(rnet.outputs).toEqual([
      { name: 'conv5_2', shape: [undefined, 4] },
      { name: 'prob1', shape: [undefined, 2] },
    ]);
    await pnet.dispose();
    await rnet.dispose();
  });

  it('returns the outputs that are named, and takes bytes for the numbers they are', async () => {
    const session = await open('pnet');
    const numbers = randomPixels(2 * 20 * 20 * 3, 1);
    const shape = [2, 20, 20, 3] as const;
    const fromFloats = await session.run({ data: numbers, shape }, ['prob1']);
    const fromBytes = await session.run({ data: Uint8Array.from(numbers), shape }, ['prob1']);
    expect([...fromFloats.keys()]).toEqual(['prob1']);
    expectSame(fromBytes, fromFloats);
    await session.dispose();
  });

  it('refuses images that the network cannot take', async () => {
    const [pnet, rnet] = [await open('pnet'), await open('rnet')];
    const refused = async (session: InferenceSession, images: ImageBatch): Promise<unknown> =>
      (await failuresOf(() => session.run(images)))[0];
    expect(await refused(rnet, batchOf(1, 12, 12, 3))).toMatchObject({
      code: 'image-batch-mismatch',
      at: { file: 'rnet.model' },
      message: expect.stringMatching(
        /^input "\w+" takes images of 24 x 24 x 3 \(float32\), found 1 of 12 x 12 x 3 \(float32\)$/,
      ) as unknown,
    });
    expect(await refused(pnet, batchOf(1, 12, 12, 1))).toMatchObject({ code: 'image-batch-mismatch' });
    expect(await refused(pnet, batchOf(1, 4, 30, 3))).toMatchObject({
      message: expect.stringMatching(/found images of 4 x 30: layer "conv2" \(convolution\)/) as unknown,
    });
    await pnet.dispose();
    await rnet.dispose();
  });
});

describe.skipIf(!onnxruntime.installed)(`a session of onnxruntime${missing}`, () => {
  const options = { engine: onnxruntime.installed ? onnxruntime.identity : cpu.engine, threads: 1 };

  it.each(Object.keys(smallNetworks))('computes %s as the cpu backend does', async (name) => {
    const graph = smallNetworks[name];
    if (graph === undefined) return;
    const source = { kind: 'graph', model: withRandomWeights(graph), file: name } as const;
    const { height, width } = graph.input;
    const reference = await openSession(source, cpu);
    const session = await openSession(source, options);
    const isOpen = session.input.shape[1] === undefined;
    for (const images of [batchOf(2, height, width, 3), ...(isOpen ? [batchOf(1, height + 4, width + 3, 3)] : [])]) {
      expectSame(await session.run(images), await reference.run(images));
    }
    await session.dispose();
    await reference.dispose();
  });

  it('runs more images than it takes at a time in parts', async () => {
    const session = await openSession(sourceOf('pnet'), { ...options, maxBatchOnCpu: 2 });
    const [, images] = cases.map((each) => each.images);
    if (images !== undefined) expectSame(await runOnce(session, images), expected[1] ?? new Map());
  });

  /**
   * An ONNX file as another program writes a detector: planes of pixels, scores as maps, boxes as rows of all images
   * together, and the label of each position as an integer.
   */
  function detectorFile(batch?: number): string {
    const model = onnxModel.decode(new Cursor(onnxBytes(networks.pnet, { anySize: true }), 'pnet.onnx'));
    const writer = new GraphWriter();
    writer.node('Transpose', { output: 'boxes_last', inputs: ['conv4_2'], attributes: { perm: [0, 2, 3, 1] } });
    writer.node('Reshape', { output: 'boxes', inputs: ['boxes_last', writer.integers('rows', [-1, 4])] });
    writer.node('ArgMax', { output: 'labels', inputs: ['prob1'], attributes: { axis: 1, keepdims: 0 } });
    const { graph } = model;
    const output = (name: string, elementType = 1): OnnxValueInfo => ({ name, type: { tensorType: { elementType } } });
    const inputs = batch === undefined ? graph.inputs : graph.inputs.map((input) => withBatch(input, batch));
    const changed: OnnxModel = {
      ...model,
      producerName: 'another',
      graph: {
        ...graph,
        inputs,
        nodes: [...graph.nodes, ...writer.nodes],
        initializers: [...graph.initializers, ...writer.initializers],
        outputs: [output('prob1'), output('boxes'), output('labels', 7)],
      },
    };
    const file = join(temporaryFolder(), 'detector.onnx');
    writeFileSync(file, onnxModel.encode(changed));
    return file;
  }

  function withBatch({ name = '', type }: OnnxValueInfo, batch: number): OnnxValueInfo {
    const [, ...others] = type?.tensorType?.shape?.dimensions ?? [];
    return { name, type: { tensorType: { elementType: 1, shape: { dimensions: [{ value: batch }, ...others] } } } };
  }

  it('refuses an output that has no rows for each image, naming it', async () => {
    const model = onnxModel.decode(new Cursor(onnxBytes(networks.pnet, { anySize: true }), 'pnet.onnx'));
    const writer = new GraphWriter();
    writer.node('ReduceMean', { output: 'mean', inputs: ['prob1'], attributes: { axes: [0], keepdims: 1 } });
    const mean: OnnxValueInfo = { name: 'mean', type: { tensorType: { elementType: 1 } } };
    // It takes two images at a time and has one row for both.
    const inputs = model.graph.inputs.map((input) => withBatch(input, 2));
    const graph = { ...model.graph, inputs, nodes: [...model.graph.nodes, ...writer.nodes], outputs: [mean] };
    const file = join(temporaryFolder(), 'mean.onnx');
    writeFileSync(file, onnxModel.encode({ ...model, producerName: 'another', graph }));
    const session = await openSession({ kind: 'onnx-file', file, normalization }, options);
    const images = { data: new Uint8Array(4 * 12 * 12 * 3), shape: [4, 12, 12, 3] } as const;
    expect((await failuresOf(() => session.run(images)))[0]).toMatchObject({
      code: 'network-output-mismatch',
      message: 'output "mean" should have rows for each of 2 images, found shape [1, 2, 1, 1]',
      at: { file },
    });
  });

  const normalization = { mean: 127.5, scale: 1 / 128, colorOrder: 'bgr' } as const;

  it.each([
    ['any batch', undefined],
    ['one image at a time', 1],
    ['two images at a time', 2],
  ])('runs a foreign file with three outputs (%s), of images of any size', async (_batch, batch) => {
    const session = await openSession({ kind: 'onnx-file', file: detectorFile(batch), normalization }, options);
    expect(session.input).toEqual({ name: 'data', type: 'float32', shape: [undefined, undefined, undefined, 3] });
    expect(session.outputs.map(({ name }) => name)).toEqual(['prob1', 'boxes', 'labels']);
    for (const [height, width] of [
      [21, 30],
      [16, 14],
    ] as const) {
      const pixels = Uint8Array.from(randomPixels(3 * height * width * 3, height));
      const shape = [3, height, width, 3] as const;
      const normalized = Float32Array.from(pixels, (_, index) => {
        const channel = index % 3;
        return ((pixels[index - channel + 2 - channel] ?? 0) - 127.5) / 128;
      });
      const reference = await runOnce(await openSession(sourceOf('pnet'), cpu), { data: normalized, shape });
      const found = await session.run({ data: pixels, shape });
      const [scores, maps] = [reference.get('prob1'), reference.get('conv4_2')];
      const [, , rows = 0, columns = 0] = scores?.shape ?? [];
      const places = rows * columns;
      const at = (values: OutputValues | undefined, image: number, channel: number, place: number): number =>
        values?.data[(image * (values.shape[1] ?? 0) + channel) * places + place] ?? NaN;
      const perPlace = Array.from({ length: 3 * places }, (_, index) => [Math.floor(index / places), index % places]);
      const boxes = perPlace.flatMap(([image = 0, place = 0]) =>
        [0, 1, 2, 3].map((channel) => at(maps, image, channel, place)),
      );
      const labels = perPlace.map(([image = 0, place = 0]) =>
        at(scores, image, 1, place) > at(scores, image, 0, place) ? 1 : 0,
      );
      expectSame(
        found,
        new Map([
          ['prob1', scores ?? { shape: [], data: new Float32Array() }],
          ['boxes', { shape: [3 * places, 4], data: Float32Array.from(boxes) }],
          ['labels', { shape: [3, rows, columns], data: Float32Array.from(labels) }],
        ]),
      );
    }
    await session.dispose();
  });

  it('embeds with one of several outputs, if that is named and is a row for each image', async () => {
    const file = detectorFile();
    const load = (output?: string): Promise<Embedder> =>
      loadEmbedder({ model: file, ...options, normalization, output });
    const messageOf = async (output?: string): Promise<unknown> =>
      (await failuresOf(async () => (await load(output)).dispose()))[0];
    expect(await messageOf()).toMatchObject({
      code: 'not-an-embedding',
      message: 'the network does not embed faces: expected one output, found prob1, boxes, labels',
    });
    expect(await messageOf('embedding')).toMatchObject({
      message: 'the network does not embed faces: it has no output "embedding", but prob1, boxes, labels',
    });
    expect(await messageOf('boxes')).toMatchObject({ code: 'not-an-embedding' });
  });

  it('refuses a file whose input is not a batch of images', async () => {
    const graph = smallNetworks['channels of one image'];
    if (graph === undefined) throw new Error('no such network');
    const model = onnxModel.decode(new Cursor(onnxBytes(withRandomWeights(graph)), 'small.onnx'));
    const file = join(temporaryFolder(), 'two.onnx');
    const more = { ...model.graph.inputs[0], name: 'more' };
    const inputs = [...model.graph.inputs, more];
    writeFileSync(file, onnxModel.encode({ ...model, graph: { ...model.graph, inputs } }));
    const [failure] = await failuresOf(() => openSession({ kind: 'onnx-file', file, normalization }, options));
    expect(failure).toMatchObject({
      code: 'not-an-image-network',
      at: { file },
      message: 'the network does not take images: expected one input, the images, found data, more',
    });
  });
});
