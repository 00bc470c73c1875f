import type { Tensor } from '@tensorflow/tfjs-core';
import type { BatchNormalizationAttributes } from '../../graph/layers/batch-normalization.ts';
import type { TensorLibrary } from '../backend.ts';
import type { BackwardCall, BackwardResult, ForwardCall, ForwardResult, LayerKernels } from '../layer-kernels.ts';
import { required } from '../tensors.ts';

/** Batch normalisation out of elementary operations (Ioffe and Szegedy 2015, algorithm 1 and the gradients in section 3). */
export function batchNormalizationKernels(tf: TensorLibrary): LayerKernels<BatchNormalizationAttributes> {
  return {
    saves: 'inputs',
    forward: (call) => (call.training ? normalizeByBatch(tf, call) : { output: normalizeByMovingStatistics(tf, call) }),
    backward: (call) => backward(tf, call),
  };
}

export function normalizeByMovingStatistics(
  tf: TensorLibrary,
  { attributes, inputs, parameters }: ForwardCall<BatchNormalizationAttributes>,
): Tensor {
  const variance = tf.add(required(parameters['moving_var'], 'parameter moving_var'), attributes.epsilon);
  const scale = tf.mul(required(parameters['gamma'], 'parameter gamma'), tf.rsqrt(variance));
  const shift = tf.sub(
    required(parameters['beta'], 'parameter beta'),
    tf.mul(required(parameters['moving_mean'], 'parameter moving_mean'), scale),
  );
  return tf.add(tf.mul(required(inputs[0], 'input 0'), scale), shift);
}

function normalizeByBatch(
  tf: TensorLibrary,
  { attributes, inputs, parameters }: ForwardCall<BatchNormalizationAttributes>,
): ForwardResult {
  const x = required(inputs[0], 'input 0');
  const { mean, variance } = tf.moments(x, allButChannels(x));
  const inverse = tf.rsqrt(tf.add(variance, attributes.epsilon));
  const normalized = tf.mul(tf.sub(x, mean), inverse);
  const output = tf.add(
    tf.mul(normalized, required(parameters['gamma'], 'parameter gamma')),
    required(parameters['beta'], 'parameter beta'),
  );
  // Clones: what is saved and what goes into the moving statistics is disposed at different times.
  return { output, saved: [tf.clone(mean), inverse], statistics: { moving_mean: mean, moving_var: variance } };
}

/** dx = gamma inverse (dy - mean(dy) - xhat mean(dy xhat)). */
function backward(
  tf: TensorLibrary,
  { attributes, gradient, inputs, parameters, saved, needsGradient }: BackwardCall<BatchNormalizationAttributes>,
): BackwardResult {
  const x = required(inputs[0], 'input 0');
  const [mean, inverse] = [required(saved[0], 'saved tensor 0'), required(saved[1], 'saved tensor 1')];
  const axes = allButChannels(x);
  const normalized = tf.mul(tf.sub(x, mean), inverse);
  const beta = tf.sum(gradient, axes);
  const gamma = tf.sum(tf.mul(gradient, normalized), axes);
  const own = attributes.fixGamma ? { beta } : { gamma, beta };
  if (needsGradient[0] !== true) return { inputs: [undefined], parameters: own };
  const count = x.size / mean.size;
  const centred = tf.sub(gradient, tf.add(tf.div(beta, count), tf.mul(normalized, tf.div(gamma, count))));
  const input = tf.mul(tf.mul(inverse, required(parameters['gamma'], 'parameter gamma')), centred);
  return { inputs: [input], parameters: own };
}

function allButChannels(x: Tensor): number[] {
  return Array.from({ length: x.rank - 1 }, (_, axis) => axis);
}
