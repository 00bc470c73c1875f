import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { required } from '../../../../src/kit/net/backends/tensors.ts';
import { crossEntropy } from '../../../../src/kit/net/losses/cross-entropy.ts';
import type { Loss } from '../../../../src/kit/net/losses/loss.ts';

/*
 * Losses of kinds that none of ours is yet: they show that the interface carries them.
 */

/**
 * A squared distance of the embeddings from a running mean that the loss moves itself, as centre loss moves its centres
 * and CurricularFace its threshold, plus a bias that is learnt, as UniFace's is.
 */
export const statefulLoss: Loss<object> = {
  summary: 'For tests: state, and a bias.',
  formula: 'mean of (e - running mean - bias)^2',
  source: 'none',
  options: {},
  arrays: ({ embeddingSize }) => [
    { name: 'running_mean', shape: [embeddingSize], initial: 0, role: 'state' },
    { name: 'bias', shape: [], initial: 0, role: 'trained' },
  ],
  compute({ backend: { tf }, embeddings, arrays }) {
    const mean = required(arrays['running_mean'], 'running_mean');
    const bias = required(arrays['bias'], 'bias');
    const [batch, size] = embeddings.shape;
    const away: Tensor2D = tf.sub(tf.sub(embeddings, mean), bias);
    const gradient: Tensor2D = tf.mul(away, 2 / (batch * size));
    return {
      value: tf.mean(tf.square(away)),
      embeddingGradient: gradient,
      gradients: { bias: { values: tf.neg(tf.sum(gradient)) } },
      state: { running_mean: tf.add(tf.mul(mean, 0.9), tf.mul(tf.mean(embeddings, 0), 0.1)) },
      figures: { mean: tf.mean(mean) },
    };
  },
};

/**
 * Softmax over the labels of the batch and some other classes that are drawn in each step: Partial FC (An et al. 2022),
 * for one process.
 */
export const sampledLoss: Loss<{ readonly sampled: number }> = {
  summary: 'For tests: a sampled classifier.',
  formula: '-log softmax over some of the classes',
  source: 'An et al. 2022',
  options: { sampled: { type: 'integer', default: 2 } },
  arrays: ({ classes, embeddingSize }) => [
    { name: 'fc7_weight', shape: [classes, embeddingSize], initial: 'xavier', role: 'trained' },
  ],
  compute({ backend, embeddings, labels, arrays, random }, { sampled }) {
    const { tf } = backend;
    const weight = required(arrays['fc7_weight'], 'fc7_weight') as Tensor2D;
    const own = [...new Set(labels.dataSync())];
    const others = Array.from({ length: weight.shape[0] }, (_, row) => row).filter((row) => !own.includes(row));
    random.shuffle(others);
    const rows = [...own, ...others.slice(0, Math.max(0, sampled - own.length))];
    const places = new Map(rows.map((row, place) => [row, place]));
    const placed = tf.tensor1d(Array.from(labels.dataSync(), (label) => required(places.get(label), 'the row of a label')), 'int32'); // prettier-ignore
    const rowsTensor: Tensor1D = tf.tensor1d(rows, 'int32');
    const centres: Tensor2D = tf.gather(weight, rowsTensor);
    const logits: Tensor2D = tf.matMul(embeddings, centres, false, true);
    const { losses, gradient, correct } = crossEntropy(backend, logits, placed);
    const share = 1 / labels.size;
    return {
      value: tf.mean(losses),
      embeddingGradient: tf.mul(tf.matMul(gradient, centres), share),
      gradients: {
        fc7_weight: { values: tf.matMul(gradient, tf.mul(embeddings, share), true, false), rows: rowsTensor },
      },
      correct,
    };
  },
};
