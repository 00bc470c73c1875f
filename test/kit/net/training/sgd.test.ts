import { beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { Sgd } from '../../../../src/kit/net/training/sgd.ts';
import { referenceEngine } from '../backends/engines.ts';

let engine: Backend;

beforeAll(async () => {
  engine = await referenceEngine();
});

describe('Sgd', () => {
  it('updates as v <- momentum v - rate (g + decay w), w <- w + v, with the rate inside of v', () => {
    const { tf } = engine;
    const sgd = new Sgd(tf, { momentum: 0.5, weightDecay: 0.1 });
    const gradient = tf.tensor1d([2]);
    const first = sgd.step('w', { weight: tf.tensor1d([1]), gradient, rate: 0.1 });
    // v = -0.1 (2 + 0.1), w = 1 - 0.21
    expect(first.dataSync()[0]).toBeCloseTo(0.79, 6);
    const second = sgd.step('w', { weight: first, gradient, rate: 0.01 });
    // v = 0.5 * -0.21 - 0.01 (2 + 0.079)
    expect(second.dataSync()[0]).toBeCloseTo(0.79 - 0.105 - 0.02079, 6);
    expect(sgd.velocity('w')?.dataSync()[0]).toBeCloseTo(-0.12579, 6);
  });

  it('is plain gradient descent with decay without momentum', () => {
    const { tf } = engine;
    const sgd = new Sgd(tf, { momentum: 0, weightDecay: 0.1 });
    let weight = tf.tensor1d([1]);
    for (let step = 0; step < 2; step += 1) {
      weight = sgd.step('w', { weight, gradient: tf.tensor1d([0]), rate: 0.5 }) as typeof weight;
    }
    // (1 - rate decay)^2
    expect(weight.dataSync()[0]).toBeCloseTo(0.9025, 6);
  });
});
