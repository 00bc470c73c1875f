import type { Tensor } from '@tensorflow/tfjs-core';
import type { BatchNormalizationAttributes } from '../../graph/layers/batch-normalization.ts';
import type { RawAttribute, RawKernels, TensorLibrary } from '../backend.ts';
import type { ForwardCall, ForwardResult, LayerKernels } from '../layer-kernels.ts';
import { required } from '../tensors.ts';

/** Batch normalisation through TensorFlow's fused kernels: half the time and memory of elementary operations. */
export function fusedBatchNormalizationKernels(
  tf: TensorLibrary,
  raw: RawKernels,
): LayerKernels<BatchNormalizationAttributes> {
  return {
    saves: 'inputs',
    forward: (call) => forward(tf, raw, call),
    backward({ attributes, gradient, inputs, parameters, saved, needsGradient }) {
      const x = required(inputs[0], 'input 0');
      const [dx, gamma, beta] = raw.run('FusedBatchNormGradV3', {
        attributes: normalizationAttributes(raw, { epsilon: attributes.epsilon, training: true }),
        inputs: [asImage(tf, gradient), asImage(tf, x), required(parameters['gamma'], 'parameter gamma'), ...saved],
        outputCount: 5,
      });
      const own = attributes.fixGamma
        ? { beta: required(beta, 'the gradient of beta') }
        : { gamma: required(gamma, 'the gradient of gamma'), beta: required(beta, 'the gradient of beta') };
      const input =
        needsGradient[0] === true ? tf.reshape(required(dx, 'the gradient of the input'), x.shape) : undefined;
      return { inputs: [input], parameters: own };
    },
  };
}

function forward(
  tf: TensorLibrary,
  raw: RawKernels,
  { attributes, inputs, parameters, training }: ForwardCall<BatchNormalizationAttributes>,
): ForwardResult {
  const x = required(inputs[0], 'input 0');
  const moving = training
    ? [tf.tensor1d([]), tf.tensor1d([])]
    : [
        required(parameters['moving_mean'], 'parameter moving_mean'),
        required(parameters['moving_var'], 'parameter moving_var'),
      ];
  const [output, mean, variance, ...saved] = raw.run('FusedBatchNormV3', {
    attributes: normalizationAttributes(raw, { epsilon: attributes.epsilon, training }),
    inputs: [
      asImage(tf, x),
      required(parameters['gamma'], 'parameter gamma'),
      required(parameters['beta'], 'parameter beta'),
      ...moving,
    ],
    outputCount: 6,
  });
  const shaped = tf.reshape(required(output, 'the output'), x.shape);
  if (!training) return { output: shaped };
  const biased = tf.mul(required(variance, 'the variance'), besselInverse(x.size / required(mean, 'the mean').size));
  return { output: shaped, saved, statistics: { moving_mean: required(mean, 'the mean'), moving_var: biased } };
}

/** The kernel returns the unbiased variance, MXNet's moving statistics hold the biased one. */
function besselInverse(count: number): number {
  return Math.max(count - 1, 1) / count;
}

/** Of `FusedBatchNormV3` and `FusedBatchNormGradV3`. */
export function normalizationAttributes(
  raw: RawKernels,
  { epsilon, training }: { readonly epsilon: number; readonly training: boolean },
): RawAttribute[] {
  const { type, float, string, bool } = raw.attributeType;
  return [
    { name: 'T', type, value: raw.dataType('float32') },
    { name: 'U', type, value: raw.dataType('float32') },
    { name: 'epsilon', type: float, value: epsilon },
    { name: 'data_format', type: string, value: 'NHWC' },
    { name: 'is_training', type: bool, value: training },
  ];
}

/** Rows as images of one pixel: TensorFlow's kernels for channels take four axes only. */
export function asImage(tf: TensorLibrary, x: Tensor): Tensor {
  return x.rank === 4 ? x : tf.reshape(x, [x.shape[0], 1, 1, x.shape[1] ?? 0]);
}
