import { decay, type DecayPolicy } from './decay-policy.ts';
import type { OptimizerRule } from './optimizer.ts';

export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly decay?: DecayPolicy;
}

/**
 * MXNet's SGD: v <- momentum v - rate (gradient + decay w), w <- w + v. The rate is inside of v, so what is in the buffer
 * keeps its old rate after a drop. The decay acts on every parameter, biases and slopes included, as it did in 2018.
 */
export const sgd: OptimizerRule<SgdOptions, 'velocity', 'change'> = {
  summary: 'Stochastic gradient descent with momentum and L2 decay of every parameter, as in the 2018 system.',
  options: {
    learningRate: { type: 'number', default: 0.1, description: 'Initial learning rate.', exclusiveMinimum: 0 },
    momentum: { type: 'number', default: 0.9, description: 'Momentum of SGD.', minimum: 0, exclusiveMaximum: 1 },
    weightDecay: {
      type: 'number',
      default: 0.0005,
      description: 'L2 decay; acts on every parameter, as in the 2018 system.',
      minimum: 0,
    },
    decay,
  },
  buffers: ['velocity'],
  takesInward: true,
  factors: ({ learningRate }) => ({ change: -learningRate }),
  update(tf, { weight, gradient, inward, buffers, factors, decays }, { momentum, weightDecay }) {
    const own = decays ? weightDecay : 0;
    const pull = inward === undefined ? own : tf.sub(own, inward);
    const change = tf.mul(tf.add(gradient, tf.mul(weight, pull)), factors.change);
    const velocity = momentum === 0 ? change : tf.add(tf.mul(buffers.velocity, momentum), change);
    return { weight: tf.add(weight, velocity), buffers: { velocity } };
  },
};
