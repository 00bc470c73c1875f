import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { type OptimizerChoice, optimizers, ruleOf } from '../../../../src/kit/net/optimizers/index.ts';
import { Optimizer } from '../../../../src/kit/net/optimizers/optimizer.ts';
import { everyEngine } from '../backends/engines.ts';

interface Update {
  readonly gradient: readonly number[];
  readonly learningRate: number;
}

const sgd = (momentum: number, weightDecay: number): OptimizerChoice => ({ learningRate: 0.1, momentum, weightDecay });

const numbers = async (tensor: Tensor | undefined): Promise<number[]> => Array.from((await tensor?.data()) ?? []);

describe.each([trainingEngine('cpu').identity, ...everyEngine()])('optimizers on $name', (identity) => {
  let engine: Backend;
  beforeAll(async () => {
    engine = await loadBackend(identity, { threads: 1 });
  });

  /** The weights after each update, and the optimizer. */
  async function run(
    choice: OptimizerChoice,
    start: readonly number[],
    updates: readonly Update[],
  ): Promise<[number[][], Optimizer]> {
    const { tf } = engine;
    const optimizer = new Optimizer(engine, ruleOf(choice));
    let weight: Tensor = tf.tensor1d([...start]);
    const weights: number[][] = [];
    for (const [index, { gradient, learningRate }] of updates.entries()) {
      optimizer.at({ learningRate, step: index + 1 });
      weight = optimizer.step('w', { weight, gradient: tf.tensor1d([...gradient]) });
      weights.push(await numbers(weight));
    }
    return [weights, optimizer];
  }

  function expectClose(found: readonly number[], expected: readonly number[]): void {
    expect(found.length).toBe(expected.length);
    for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 6);
  }

  it('sgd updates as v <- momentum v - rate (g + decay w), w <- w + v, with the rate inside of v', async () => {
    const [[first = [], second = []], optimizer] = await run(
      sgd(0.5, 0.1),
      [1],
      [
        { gradient: [2], learningRate: 0.1 },
        { gradient: [2], learningRate: 0.01 },
      ],
    );
    // v = -0.1 (2 + 0.1), w = 1 - 0.21
    expectClose(first, [0.79]);
    // v = 0.5 * -0.21 - 0.01 (2 + 0.079)
    expectClose(second, [0.79 - 0.105 - 0.02079]);
    expectClose(await numbers(optimizer.buffersOf('w')['velocity']), [-0.12579]);
  });

  it.each([
    ['all', true, true, true],
    ['no-bias-bn', true, false, true],
    ['all-but-classifier', true, true, false],
  ] as const)(
    'weight decay by the policy %s acts on matrices: %s, on vectors: %s, on the loss: %s',
    async (decay, ...expected) => {
      const { tf } = engine;
      for (const choice of [
        { ...sgd(0, 0.1), decay },
        { name: 'adamw', learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1, decay },
      ] as const) {
        const optimizer = new Optimizer(engine, ruleOf(choice));
        optimizer.at({ learningRate: 0.5, step: 1 });
        const still = async (name: string, weight: Tensor, ofLoss: boolean): Promise<number | undefined> => {
          const gradient = tf.zerosLike(weight);
          return (await numbers(optimizer.step(name, { weight, gradient, ofLoss })))[0];
        };
        const found = [
          await still('weight', tf.ones([2, 2]), false),
          await still('gamma', tf.ones([2]), false),
          await still('fc7_weight', tf.ones([2, 2]), true),
        ];
        expect(found.map((value) => (value ?? NaN) < 0.99)).toEqual(expected);
      }
    },
  );

  it('sgd is plain gradient descent with decay without momentum', async () => {
    const still = { gradient: [0], learningRate: 0.5 };
    const [weights] = await run(sgd(0, 0.1), [1], [still, still]);
    // (1 - rate decay)^2
    expectClose(weights[1] ?? [], [0.9025]);
  });

  it('adamw updates as PyTorch 2.15 does, in float64, with a rate that falls', async () => {
    const [weights, optimizer] = await run(
      { name: 'adamw', learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1 },
      [1, -2, 0.5],
      [
        { gradient: [0.3, -0.1, 2], learningRate: 0.01 },
        { gradient: [-0.2, 0.4, 0], learningRate: 0.01 },
        { gradient: [0.05, 0.5, -1], learningRate: 0.001 },
      ],
    );
    // torch.optim.AdamW on the same gradients; the rate set to 0.001 before the third step.
    expectClose(weights[0] ?? [], [0.9890332226, -1.9880990099, 0.4895049975]);
    expectClose(weights[1] ?? [], [0.9871716714, -1.9921204252, 0.4826524915]);
    expectClose(weights[2] ?? [], [0.9869110532, -1.992735295, 0.4825140299]);
    expectClose(await numbers(optimizer.buffersOf('w')['mean']), [0.0164, 0.1512, 0.056]);
    expectClose(await numbers(optimizer.buffersOf('w')['square']), [0.00608625, 0.02055125, 0.2305]);
  });

  it.each<OptimizerChoice>([
    sgd(0.9, 0.1),
    sgd(0, 0),
    { name: 'adamw', learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1 },
  ])('takes a gradient that is given as its part across and along the weight as the whole one: %j', async (choice) => {
    const { tf } = engine;
    const [optimizer, plain] = [new Optimizer(engine, ruleOf(choice)), new Optimizer(engine, ruleOf(choice))];
    const start = [[1, -2], [0.5, 3], [-1, 0.25]]; // prettier-ignore
    let weight: Tensor = tf.tensor2d(start);
    let other: Tensor = tf.tensor2d(start);
    const inward = tf.tensor1d([0.5, -1, 2]);
    for (let step = 1; step <= 3; step += 1) {
      const gradient = tf.tensor2d([[step, 1], [-1, 0.5], [2, -step]]); // prettier-ignore
      const whole = tf.sub(gradient, tf.mul(other, tf.reshape(inward, [-1, 1])));
      for (const each of [optimizer, plain]) each.at({ learningRate: 0.1, step });
      weight = optimizer.step('w', { weight, gradient, inward });
      other = plain.step('w', { weight: other, gradient: whole });
    }
    expectClose(await numbers(weight), await numbers(other));
  });

  it('updates some rows alone, and what it remembers of these', async () => {
    const { tf } = engine;
    const optimizer = new Optimizer(engine, ruleOf(sgd(0.5, 0)));
    const start = tf.tensor2d([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
    const rows = (...values: number[]): Tensor1D => tf.tensor1d(values, 'int32');
    const tensors = tf.memory().numTensors;
    const gradient = tf.tensor2d([[1, 1], [2, 2]]); // prettier-ignore
    optimizer.at({ learningRate: 1, step: 1 });
    const first = optimizer.step('w', { weight: start, gradient, rows: rows(2, 0) });
    expect(await numbers(first)).toEqual([-1, 0, 3, 4, 4, 5]);
    expect(await numbers(optimizer.buffersOf('w')['velocity'])).toEqual([-2, -2, 0, 0, -1, -1]);
    optimizer.at({ learningRate: 1, step: 2 });
    const second = optimizer.step('w', { weight: first, gradient, rows: rows(1, 2) });
    // Row 2: v = 0.5 * -1 - 2.
    expect(await numbers(second)).toEqual([-1, 0, 2, 3, 1.5, 2.5]);
    expect(await numbers(optimizer.buffersOf('w')['velocity'])).toEqual([-2, -2, -1, -1, -2.5, -2.5]);
    // The gradient, two sets of rows, two weights, the velocities, the rate.
    expect(tf.memory().numTensors).toBe(tensors + 7);
  });

  it.each(Object.keys(optimizers))('%s resumes from its buffers', async (name) => {
    const { tf } = engine;
    const choice: OptimizerChoice =
      name === 'adamw'
        ? { name, learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 }
        : sgd(0.9, 0.01);
    const updates = [1, -2, 3].map((value) => ({ gradient: [value], learningRate: 0.1 }));
    const [weights] = await run(choice, [1], updates);
    const [[, second = []], before] = await run(choice, [1], updates.slice(0, 2));
    const resumed = new Optimizer(engine, ruleOf(choice));
    resumed.restore('w', (buffer) => before.buffersOf('w')[buffer]?.clone());
    const weight = tf.tensor1d(second);
    resumed.at({ learningRate: 0.1, step: 3 });
    const third = resumed.step('w', { weight, gradient: tf.tensor1d([3]) });
    expect(await numbers(third)).toEqual(weights[2]);
  });
});

describe('the registry of optimizers', () => {
  it('takes sgd where no name is given, and names what each remembers', () => {
    expect(ruleOf(sgd(0, 0)).buffers).toEqual(['velocity']);
    expect(ruleOf({ name: 'sgd', learningRate: 1, momentum: 0, weightDecay: 0 }).buffers).toEqual(['velocity']);
  });

  it.each(Object.entries(optimizers))(
    '%s has a default for each option that was there from the start, and a learning rate',
    (_, { options }) => {
      expect(Object.keys(options)).toContain('learningRate');
      for (const [option, schema] of Object.entries<object>(options))
        if (option !== 'decay') expect(schema).toHaveProperty('default');
    },
  );
});
