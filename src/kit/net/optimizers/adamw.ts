import { decay, type DecayPolicy } from './decay-policy.ts';
import type { OptimizerRule } from './optimizer.ts';

export interface AdamwOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly decay?: DecayPolicy;
}

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2) as PyTorch computes it: w <- (1 - rate decay) w, then
 * w <- w - rate m' / (sqrt(v') + epsilon), where m' and v' are the moving means of the gradient and of its square,
 * divided by 1 - beta^step. The decay acts on every parameter.
 */
export const adamw: OptimizerRule<AdamwOptions, 'mean' | 'square', 'root' | 'change' | 'kept'> = {
  summary: 'Adam with a decay of the weights that is not part of the gradient.',
  options: {
    learningRate: { type: 'number', default: 0.001, description: 'Initial learning rate.', exclusiveMinimum: 0 },
    beta1: {
      type: 'number',
      default: 0.9,
      description: 'Share of its old value that the moving mean of the gradient keeps in a step.',
      minimum: 0,
      exclusiveMaximum: 1,
    },
    beta2: {
      type: 'number',
      default: 0.999,
      description: 'Share of its old value that the moving mean of the squared gradient keeps in a step.',
      minimum: 0,
      exclusiveMaximum: 1,
    },
    epsilon: { type: 'number', default: 1e-8, description: 'Added to the root of that.', exclusiveMinimum: 0 },
    weightDecay: {
      type: 'number',
      default: 0.01,
      description: 'Share of itself, times the learning rate, that every parameter loses in a step.',
      minimum: 0,
    },
    decay,
  },
  buffers: ['mean', 'square'],
  factors: ({ learningRate, step }, { beta1, beta2, weightDecay }) => ({
    root: Math.sqrt(1 - beta2 ** step),
    change: learningRate / (1 - beta1 ** step),
    kept: 1 - learningRate * weightDecay,
  }),
  update(tf, { weight, gradient, buffers, factors, decays }, { beta1, beta2, epsilon }) {
    const mean = tf.add(tf.mul(buffers.mean, beta1), tf.mul(gradient, 1 - beta1));
    const square = tf.add(tf.mul(buffers.square, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const root = tf.add(tf.div(tf.sqrt(square), factors.root), epsilon);
    const change = tf.mul(tf.div(mean, root), factors.change);
    return {
      weight: tf.sub(decays ? tf.mul(weight, factors.kept) : weight, change),
      buffers: { mean, square },
    };
  },
};
