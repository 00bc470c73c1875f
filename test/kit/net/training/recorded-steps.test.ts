import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.ts';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { lossOf } from '../../../../src/kit/net/losses/index.ts';
import type { LossChoice } from '../../../../src/kit/net/losses/index.ts';
import { type OptimizerChoice, ruleOf } from '../../../../src/kit/net/optimizers/index.ts';
import { Trainer, type TrainerOptions } from '../../../../src/kit/net/training/trainer.ts';
import { otherEngines } from '../backends/engines.ts';
import { type SmallFamily, smallFamilies } from '../backends/small-families.ts';
import { WatchedBinding } from '../backends/watched-binding.ts';

const classes = 5;
const batch = 6;
const sgd: OptimizerChoice = { learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 };
const adamw: OptimizerChoice = {
  name: 'adamw',
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
};
const arcface: LossChoice = { name: 'arcface', margin: 0.5, scale: 64, easyMargin: false };

interface Course {
  readonly options?: Partial<Omit<TrainerOptions, 'loss' | 'optimizer'>>;
  readonly loss?: LossChoice;
  readonly optimizer?: OptimizerChoice;
  /** Batches of a step. */
  readonly parts?: number;
  readonly steps?: number;
}

function firstHalf({ graph: { layers } }: SmallFamily): Set<string> {
  return new Set(layers.slice(0, layers.length / 2).map(({ name }) => name));
}

interface Trained {
  readonly results: readonly object[];
  readonly state: ReadonlyMap<string, Buffer>;
}

/**
 * Losses and norms of every step, and all that a checkpoint holds at the end. Kernel by kernel in the first steps, each with
 * images, rates and dropout of its own.
 */
async function train(backend: Backend, { graph, weights }: SmallFamily, course: Course): Promise<Trained> {
  const { options, loss = arcface, optimizer = sgd, parts = 1, steps = 6 } = course;
  const shaped = inferShapes(graph);
  const bound = { loss: lossOf(loss), optimizer: ruleOf(optimizer) };
  const trainer = new Trainer({ backend, shaped, weights, classes, ...bound, seed: 3, ...options });
  const random = new Random(5);
  const { height, width, channels } = graph.input;
  const results: object[] = [];
  for (let step = 1; step <= steps; step += 1) {
    for (let index = 0; index < parts; index += 1) {
      const images = Uint8Array.from({ length: batch * height * width * channels }, () => random.integer(256));
      const labels = Int32Array.from({ length: batch }, () => random.integer(classes));
      const part = { index, count: parts };
      const measure = step % 2 === 0;
      results.push(await trainer.step({ step, images, labels, learningRate: 0.01 / step, part, measure }));
    }
  }
  const state = new Map<string, Buffer>();
  for await (const { name, values } of trainer.state()) state.set(name, Buffer.from(values.slice().buffer));
  trainer.dispose();
  return { results, state };
}

const identity = otherEngines().find(({ name }) => name === 'tensorflow');

describe.runIf(identity !== undefined)('A step as one graph', () => {
  const load = (recorded: boolean): Promise<Backend> => {
    if (identity === undefined) throw new Error('TensorFlow is not installed');
    return loadBackend(identity, { threads: 1, recordAfter: recorded ? 1 : Infinity });
  };

  async function expectEqual(family: SmallFamily, course: Course = {}): Promise<void> {
    const { tf } = await load(true);
    const before = tf.memory().numTensors;
    const found = await train(await load(true), family, course);
    const wanted = await train(await load(false), family, course);
    expect(found.results).toEqual(wanted.results);
    const unlike = [...wanted.state].filter(([name, bytes]) => found.state.get(name)?.equals(bytes) !== true);
    expect(unlike.map(([name]) => name)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  }

  it.each(Object.entries(smallFamilies))(
    'gives the bits of its kernels one by one: %s',
    { timeout: 120_000 },
    async (_, family) => {
      await expectEqual(family);
    },
  );

  const { resnet, densenet, m1: mobilenet } = smallFamilies;
  if (resnet === undefined || densenet === undefined || mobilenet === undefined)
    throw new Error('the families have other names');

  it.each<[string, SmallFamily, Course]>([
    ['AdamW', resnet, { optimizer: adamw }],
    ['steps of three batches', resnet, { parts: 3 }],
    ['steps of two batches with a limited gradient', resnet, { parts: 2, options: { clipGradient: 0.5 } }],
    ['a moving average', resnet, { options: { averageDecay: 0.9 } }],
    ['values that are computed once more, and dropout', densenet, { options: { recompute: true } }],
    ['frozen layers', resnet, { options: { frozen: new Set(['conv0', 'bn0', 'relu0', 'stage1_unit1_conv1']) } }],
    ['frozen layers, depthwise and pointwise', mobilenet, { options: { frozen: firstHalf(mobilenet) } }],
    ['triplets', resnet, { loss: { name: 'triplet', margin: 0.3, imagesPerIdentity: 2, poolSize: 12 } as LossChoice }],
  ])('gives the bits of its kernels one by one: %s', { timeout: 120_000 }, async (_, family, course) => {
    await expectEqual(family, course);
  });

  it('is one graph: from the seventh step on no convolution is issued by itself', async () => {
    const backend = await load(true);
    const { raw } = backend;
    if (raw === undefined) throw new Error('TensorFlow has no kernels');
    let issued = 0;
    const counting: Backend = {
      ...backend,
      raw: {
        ...raw,
        run(operation, call) {
          issued += operation.startsWith('Conv2D') ? 1 : 0;
          return raw.run(operation, call);
        },
      },
    };
    await train(counting, resnet, { steps: 6 });
    const first = issued;
    await train(counting, resnet, { steps: 9 });
    expect(first).toBeGreaterThan(0);
    expect(issued).toBe(2 * first);
  });

  it('follows with the average of the weights without a kernel by itself', { timeout: 120_000 }, async () => {
    const backend = await load(true);
    const watch = new WatchedBinding(backend.tf);
    const executedIn = async (steps: number, options: Course['options'] = {}): Promise<number> => {
      const before = watch.executed;
      await train(backend, resnet, { steps, options });
      return watch.executed - before;
    };
    const average = { averageDecay: 0.9 };
    const ofThreeSteps = (await executedIn(9)) - (await executedIn(6));
    expect((await executedIn(9, average)) - (await executedIn(6, average))).toBe(ofThreeSteps);
    expect(await executedIn(1, average)).toBeGreaterThan(await executedIn(1));
    expect(watch.held.graphs).toBe(0);
    watch.end();
  });
});
