import type { Tensor } from '@tensorflow/tfjs-core';
import type { BatchNormalizationAttributes } from '../graph/layers/batch-normalization.ts';
import type { Communicator } from '../ranks/communicator.ts';
import type { Backend, OutsideComputation, TensorLibrary } from './backend.ts';
import type { RankedMode } from './execution-plan.ts';
import type { BackwardCall, ForwardCall, LayerKernels, LayerKernelTable } from './layer-kernels.ts';
import { asImage, normalizationAttributes } from './tensorflow/batch-normalization-kernels.ts';
import { computedOutside, required } from './tensors.ts';

type Normalization = LayerKernels<BatchNormalizationAttributes>;

/** The table for a rank whose normalisations take the statistics of the whole batch, of which it has a share. */
export function synchronizedKernels(
  backend: Backend,
  table: LayerKernelTable,
  { communicator }: RankedMode,
): LayerKernelTable {
  return { ...table, 'batch-normalization': synchronized(backend, table['batch-normalization'], communicator) };
}

/**
 * Batch normalisation over all ranks. Forward, each computes mean and variance of its share, of which those of the whole follow;
 * backward, dx = gamma inverse (dy - mean(dy) - xhat mean(dy xhat)) with means over the whole batch, so that the gradient goes
 * through the statistics of all shares.
 */
function synchronized(backend: Backend, kernels: Normalization, ranks: Communicator): Normalization {
  const { tf } = backend;
  return {
    saves: 'inputs',
    forward(call) {
      if (!call.training) return kernels.forward(call);
      const { mean, variance } = statisticsOfAll(backend, ranks, kernels.forward(call).statistics ?? {});
      const { output } = kernels.forward(asInInference(call, { mean, variance }));
      // Clones: what is saved and what goes into the moving statistics is disposed of at different times.
      const saved = [tf.clone(mean), tf.clone(variance)];
      return { output, saved, statistics: { moving_mean: mean, moving_var: variance } };
    },
    backward(call) {
      const own = backend.raw === undefined ? ownGradients(tf, call) : fusedGradients(backend, call);
      const parameters = call.attributes.fixGamma ? { beta: own.beta } : { gamma: own.gamma, beta: own.beta };
      if (call.needsGradient[0] !== true) return { inputs: [undefined], parameters };
      return { inputs: [throughStatistics(backend, ranks, { call, own })], parameters };
    },
  };
}

interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

function asInInference(
  call: ForwardCall<BatchNormalizationAttributes>,
  { mean, variance }: Statistics,
): ForwardCall<BatchNormalizationAttributes> {
  const parameters = { ...call.parameters, moving_mean: mean, moving_var: variance };
  return { ...call, training: false, parameters };
}

/** The variance of equal shares together: the mean of theirs, and the variance of their means (Chan et al. 1979). */
function statisticsOfAll(
  backend: Backend,
  ranks: Communicator,
  { moving_mean: ownMean, moving_var: ownVariance }: Readonly<Record<string, Tensor>>,
): Statistics {
  const [mean, variance] = [required(ownMean, 'the mean'), required(ownVariance, 'the variance')];
  const whole = outside(backend, backend.tf.concat([mean, variance]), (own) => joinedStatistics(ranks, own));
  return { mean: halfOf(backend.tf, whole, 0), variance: halfOf(backend.tf, whole, 1) };
}

/** Means and variances of the whole batch; `own` holds those of this rank's share, one behind the other as well. */
function joinedStatistics(ranks: Communicator, own: Float32Array): Float32Array {
  const channels = own.length / 2;
  const all = ranks.gather(own);
  const joined = new Float32Array(own.length);
  for (let channel = 0; channel < channels; channel += 1) {
    let [sum, sumOfVariances, squares] = [0, 0, 0];
    for (let start = channel; start < all.length; start += own.length) sum += all[start] ?? NaN;
    const whole = sum / ranks.size;
    for (let start = channel; start < all.length; start += own.length) {
      sumOfVariances += all[start + channels] ?? NaN;
      squares += ((all[start] ?? NaN) - whole) ** 2;
    }
    joined[channel] = whole;
    joined[channel + channels] = (sumOfVariances + squares) / ranks.size;
  }
  return joined;
}

/** As the recorder has it, where there is one. */
function outside({ tf, recorder }: Backend, given: Tensor, compute: OutsideComputation): Tensor {
  return recorder === undefined ? computedOutside(tf, given, compute) : recorder.outside(given, compute);
}

function halfOf(tf: TensorLibrary, vector: Tensor, which: 0 | 1): Tensor {
  const half = vector.size / 2;
  return tf.slice(vector, [which * half], [half]);
}

/** Gradients of a share where the statistics are held fast. */
interface OwnGradients {
  readonly input: Tensor;
  readonly gamma: Tensor;
  readonly beta: Tensor;
}

function ownGradients(
  tf: TensorLibrary,
  { attributes, gradient, inputs, parameters, saved: [mean, variance] }: BackwardCall<BatchNormalizationAttributes>,
): OwnGradients {
  const x = required(inputs[0], 'input 0');
  const axes = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
  const inverse = tf.rsqrt(tf.add(required(variance, 'the variance'), attributes.epsilon));
  const normalized = tf.mul(tf.sub(x, required(mean, 'the mean')), inverse);
  const scale = tf.mul(inverse, required(parameters['gamma'], 'parameter gamma'));
  return {
    input: tf.mul(gradient, scale),
    gamma: tf.sum(tf.mul(gradient, normalized), axes),
    beta: tf.sum(gradient, axes),
  };
}

/** As {@link ownGradients}, by one kernel: TensorFlow's gradient of the normalisation in inference, which takes the statistics as given. */
function fusedGradients(
  { tf, raw }: Backend,
  { attributes, gradient, inputs, parameters, saved }: BackwardCall<BatchNormalizationAttributes>,
): OwnGradients {
  const kernels = required(raw, 'direct access to kernels');
  const x = required(inputs[0], 'input 0');
  const [input, gamma, beta] = kernels.run('FusedBatchNormGradV3', {
    attributes: normalizationAttributes(kernels, { epsilon: attributes.epsilon, training: false }),
    inputs: [
      asImage(tf, gradient),
      asImage(tf, x),
      required(parameters['gamma'], 'parameter gamma'),
      ...saved,
      tf.zerosLike(required(saved[0], 'the mean')),
    ],
    outputCount: 5,
  });
  return {
    input: tf.reshape(required(input, 'the gradient of the input'), x.shape),
    gamma: required(gamma, 'the gradient of gamma'),
    beta: required(beta, 'the gradient of beta'),
  };
}

/** Subtracts what comes through mean and variance: gamma inverse (sum dy + xhat sum(dy xhat)) / count, sums and count of all ranks. */
function throughStatistics(
  backend: Backend,
  ranks: Communicator,
  { call, own }: { readonly call: BackwardCall<BatchNormalizationAttributes>; readonly own: OwnGradients },
): Tensor {
  const { tf } = backend;
  const { attributes, inputs, parameters, saved } = call;
  const x = required(inputs[0], 'input 0');
  const [mean, variance] = [required(saved[0], 'the mean'), required(saved[1], 'the variance')];
  const count = (x.size / mean.size) * ranks.size;
  const sums = outside(backend, tf.concat([own.beta, own.gamma]), (values) => {
    ranks.sum(values);
    return values;
  });
  const inverse = tf.rsqrt(tf.add(variance, attributes.epsilon));
  const scale = tf.div(tf.mul(inverse, required(parameters['gamma'], 'parameter gamma')), count);
  const slope = tf.mul(tf.mul(scale, inverse), halfOf(tf, sums, 1));
  const shift = tf.sub(tf.mul(scale, halfOf(tf, sums, 0)), tf.mul(slope, mean));
  return tf.sub(own.input, affine(backend, x, { slope, shift }));
}

/** x slope + shift, by channel; of TensorFlow as one kernel, a normalisation with mean 0 and variance 1: broadcasts take longer. */
function affine(
  { tf, raw }: Backend,
  x: Tensor,
  { slope, shift }: { readonly slope: Tensor; readonly shift: Tensor },
): Tensor {
  if (raw === undefined) return tf.add(tf.mul(x, slope), shift);
  const [output] = raw.run('FusedBatchNormV3', {
    attributes: normalizationAttributes(raw, { epsilon: 0, training: false }),
    inputs: [asImage(tf, x), slope, shift, tf.zerosLike(slope), tf.onesLike(slope)],
    outputCount: 6,
  });
  return tf.reshape(required(output, 'the output'), x.shape);
}
