import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import type { LossChoice } from '../../../../src/kit/net/losses/index.ts';
import type { OptimizerChoice } from '../../../../src/kit/net/optimizers/index.ts';
import { otherEngines } from '../backends/engines.ts';
import { type SmallFamily, smallFamilies } from '../backends/small-families.ts';
import { WatchedBinding } from '../backends/watched-binding.ts';
import { type Course, train } from './short-training.ts';

const adamw: OptimizerChoice = {
  name: 'adamw',
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
};
function firstHalf({ graph: { layers } }: SmallFamily): Set<string> {
  return new Set(layers.slice(0, layers.length / 2).map(({ name }) => name));
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
