import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { GraphExecutor } from '../../../../src/kit/net/backends/graph-executor.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { required } from '../../../../src/kit/net/backends/tensors.ts';
import { modelFormatOf } from '../../../../src/kit/net/exchange/choose-format.ts';
import { readModelAs } from '../../../../src/kit/net/exchange/read-model-as.ts';
import { elementCount } from '../../../../src/kit/net/graph/feature-shape.ts';
import { GraphBuilder } from '../../../../src/kit/net/graph/graph-builder.ts';
import { foldBatchNormalization } from '../../../../src/kit/net/passes/fold-batch-normalization.ts';
import { type Graph, inputName } from '../../../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { lossOf } from '../../../../src/kit/net/losses/index.ts';
import type { ParameterizedGraph } from '../../../../src/kit/net/model/model.ts';
import { ruleOf } from '../../../../src/kit/net/optimizers/index.ts';
import { GraphSession, graphSession } from '../../../../src/kit/net/sessions/graph-session.ts';
import type { InferenceSession } from '../../../../src/kit/net/sessions/inference-session.ts';
import { Trainer } from '../../../../src/kit/net/training/trainer.ts';
import { otherEngines } from './engines.ts';
import { familyParameters, smallFamilies } from './small-families.ts';
import { randomParameters, randomPixels, randomValues, smallNetworks } from './small-networks.ts';
import { WatchedBinding } from './watched-binding.ts';

const identity = otherEngines().find(({ name }) => name === 'tensorflow');
/** Of one shape of images: kernel by kernel, then recorded, then as a graph. */
const rounds = 5;

const normalization = { mean: 127.5, scale: 1 / 128, colorOrder: 'rgb' } as const;
const foreignFiles = [
  'deconvolved-further.onnx',
  'depthwise.caffemodel',
  'dilated.onnx',
  'gluon-0000.params',
  'grey.onnx',
  'hswish_ts17.onnx',
  'largest.onnx',
  'samepad.onnx',
  'spatial0.onnx',
];

describe.runIf(identity !== undefined)('Inference as one graph', () => {
  const load = (recorded: boolean): Promise<Backend> => {
    if (identity === undefined) throw new Error('TensorFlow is not installed');
    return loadBackend(identity, { threads: 1, ...(recorded ? {} : { recordAfter: Infinity }) });
  };

  interface ComparedNetwork {
    /** One that records, and one that does not, with the same parameters. */
    readonly sessions: readonly [InferenceSession, InferenceSession];
    readonly channels: number;
  }

  /** `images` hold the batch, the height and the width. */
  async function expectSameBits(
    { sessions, channels }: ComparedNetwork,
    images: readonly [number, number, number],
    seed: number,
  ): Promise<void> {
    const [batch, height, width] = images;
    const data = randomPixels(batch * height * width * channels, seed);
    const [found, wanted] = await Promise.all(
      sessions.map(async (session) => {
        const outputs = await session.run({ data, shape: [batch, height, width, channels] });
        return [...outputs].map(([name, values]) => ({
          name,
          shape: values.shape,
          bytes: Buffer.from(values.data.buffer).toString('hex'),
        }));
      }),
    );
    expect(found).toEqual(wanted);
  }

  async function compare(model: ParameterizedGraph): Promise<ComparedNetwork> {
    const [recording, reference] = [await load(true), await load(false)];
    const sessions = [graphSession(recording, model), graphSession(reference, model)] as const;
    return { sessions, channels: model.shaped.graph.input.channels };
  }

  async function expectEqual(model: ParameterizedGraph): Promise<void> {
    const { tf } = await load(true);
    const before = tf.memory().numTensors;
    const watch = new WatchedBinding(tf);
    const network = await compare(model);
    const { height, width } = model.shaped.graph.input;
    for (let round = 0; round < rounds; round += 1) {
      await expectSameBits(network, [3, height, width], round);
      // The last batch of a set is smaller.
      await expectSameBits(network, [1, height, width], rounds + round);
    }
    expect(watch.held.graphs).toBeGreaterThanOrEqual(2);
    for (const session of network.sessions) await session.dispose();
    expect(watch.held).toEqual({ tensors: 0, graphs: 0 });
    watch.end();
    expect(tf.memory().numTensors).toBe(before);
  }

  const drawn = (graph: Graph): ParameterizedGraph => ({
    shaped: inferShapes(graph),
    parameters: randomParameters(graph, 1),
  });

  it.each(Object.entries(smallNetworks))('gives the bits of its kernels one by one: %s', async (_, graph) => {
    await expectEqual(drawn(graph));
  });

  it.each(Object.entries(smallFamilies))(
    'gives the bits of its kernels one by one, as trained and folded: family %s',
    async (_, family) => {
      const model = { shaped: inferShapes(family.graph), parameters: familyParameters(family) };
      await expectEqual(model);
      await expectEqual(foldBatchNormalization(model));
    },
  );

  it.each(foreignFiles)('gives the bits of its kernels one by one: the file %s of another program', async (name) => {
    const path = fileURLToPath(new URL(`../../../fixtures/foreign-models/${name}`, import.meta.url));
    await expectEqual(readModelAs({ format: modelFormatOf(path), path, options: { normalization } }));
  });

  it('takes constants as large as a map of an image', async () => {
    // Means of windows that are cut, of each of 150 x 150 positions.
    const builder = new GraphBuilder();
    const pooling = { function: 'average-inside', kernel: [3, 3], stride: [1, 1], pad: [1, 1], global: false, convention: 'valid' } as const; // prettier-ignore
    const last = builder.add('pooling', 'pooling', inputName, pooling);
    await expectEqual(drawn(builder.build({ channels: 1, height: 150, width: 150 }, last)));
  });

  it('takes the weights as they are at the time', async () => {
    const family = required(smallFamilies['resnet'], 'a family');
    const shaped = inferShapes(family.graph);
    const networks = [true, false].map(async (recorded) => {
      const backend = await load(recorded);
      const executor = new GraphExecutor(backend, shaped, familyParameters(family));
      return { executor, session: new GraphSession({ backend, executor, shaped }) };
    });
    const [recording, reference] = [await required(networks[0], 'one'), await required(networks[1], 'the other')];
    const { height, width, channels } = family.graph.input;
    const compared = { sessions: [recording.session, reference.session], channels } as const;
    for (let round = 0; round < rounds; round += 1) {
      await expectSameBits(compared, [2, height, width], 1);
      for (const { name, shape } of shaped.parameters) {
        const values = randomValues(elementCount(shape), round).map(Math.abs);
        for (const { executor } of [recording, reference]) executor.replace(name, executor.write({ name, shape, values })); // prettier-ignore
      }
    }
    await recording.session.dispose();
    await reference.session.dispose();
  });

  it.each([
    ['the weights in training', undefined],
    ['their moving average', 0.5],
  ])('in the midst of a training verifies with %s', { timeout: 60_000 }, async (_, averageDecay) => {
    const family = required(smallFamilies['resnet'], 'a family');
    const { height, width, channels } = family.graph.input;
    const train = async (recorded: boolean): Promise<string[]> => {
      const backend = await load(recorded);
      const trainer = new Trainer({
        ...{ backend, shaped: inferShapes(family.graph), weights: family.weights, classes: 3, seed: 3, averageDecay },
        loss: lossOf({ name: 'softmax' }),
        optimizer: ruleOf({ learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 }),
      });
      const images = Uint8Array.from(randomPixels(4 * height * width * channels, 2));
      const verified: string[] = [];
      // The steps are recorded as well, after the sixteenth.
      for (let step = 1; step <= 20; step += 1) {
        await trainer.step({ step, images, labels: Int32Array.of(0, 1, 2, 0), learningRate: 0.1 });
        const embedder = trainer.resultingEmbedder();
        verified.push(Buffer.from((await embedder.embed(images, 4)).buffer).toString('hex'));
      }
      trainer.dispose();
      return verified;
    };
    const found = await train(true);
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(await train(false));
  });

  describe('of images of many sizes', () => {
    const model = drawn(required(smallNetworks['convolution 3x3, padded'], 'a network that takes any size'));

    it('keeps eight recordings, of the sizes that come again first, and frees them in the end', async () => {
      const { tf } = await load(true);
      const watch = new WatchedBinding(tf);
      const network = await compare(model);
      const pyramid = Array.from({ length: 12 }, (_, index) => 12 + index);
      for (let round = 0; round < rounds; round += 1) {
        for (const side of pyramid) await expectSameBits(network, [1, side, side], side);
      }
      // Sizes that were there three times and more: none took the place of another one that was there as often.
      expect(watch.loaded).toBe(8);
      for (let round = 0; round < rounds; round += 1) await expectSameBits(network, [2, 20, 20], round);
      // One that is not used any more had to go.
      expect(watch.loaded).toBe(9);
      expect(watch.held.graphs).toBe(8);
      for (const session of network.sessions) await session.dispose();
      expect(watch.held).toEqual({ tensors: 0, graphs: 0 });
      watch.end();
    });

    it('does not record sizes that do not come again', async () => {
      const { tf } = await load(true);
      const watch = new WatchedBinding(tf);
      const session = graphSession(await load(true), model);
      for (let side = 12; side < 112; side += 1) {
        const shape = [1, side, 12, 3] as const;
        await session.run({ data: randomPixels(side * 12 * 3, side), shape });
        // Twice in all, and then long after.
        if (side % 2 === 0) await session.run({ data: randomPixels(side * 12 * 3, side), shape });
      }
      await session.run({ data: randomPixels(12 * 12 * 3, 1), shape: [1, 12, 12, 3] });
      expect(watch.loaded).toBe(0);
      await session.dispose();
      expect(watch.held).toEqual({ tensors: 0, graphs: 0 });
      watch.end();
    });
  });

  it('executes no kernel by itself but those of the images and the order of the outputs', async () => {
    const { tf } = await load(true);
    const watch = new WatchedBinding(tf);
    const family = required(smallFamilies['resnet'], 'a family');
    const session = graphSession(await load(true), drawn(family.graph));
    const { height, width, channels } = family.graph.input;
    const executed: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const before = watch.executed;
      await session.run({ data: randomPixels(2 * height * width * channels, 1), shape: [2, height, width, channels] });
      executed.push(watch.executed - before);
    }
    expect(executed.slice(0, 3).every((count) => count > family.graph.layers.length)).toBe(true);
    expect(executed.slice(3)).toEqual([0, 0]);
    await session.dispose();
    watch.end();
  });
});
