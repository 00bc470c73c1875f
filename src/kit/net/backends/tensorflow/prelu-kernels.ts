import type { RawKernels, TensorLibrary } from '../backend.ts';
import type { LayerKernels } from '../layer-kernels.ts';
import { required } from '../tensors.ts';
import { asImage, normalizationAttributes } from './batch-normalization-kernels.ts';

/**
 * PReLU through the negative part n = min(x, 0): y = x - (1 - gamma) n. TensorFlow has no kernel for PReLU, and tfjs's
 * chain of selections takes four times as long. At x = 0 the slope is 1 here and gamma in MXNet.
 *
 * gamma's gradient is sum(dy n), and that of x is gamma dy where n < 0, dy elsewhere. The gradient kernel of a frozen batch
 * normalisation (mean 0, variance 1) computes the product per channel and the sum in one go.
 */
export function negativePartPreluKernels(tf: TensorLibrary, raw: RawKernels): LayerKernels<object> {
  const frozen = normalizationAttributes(raw, { epsilon: 0, training: false });
  return {
    saves: 'nothing',
    forward({ inputs, parameters, training }) {
      const x = required(inputs[0], 'input 0');
      const factor = tf.sub(1, required(parameters['gamma'], 'parameter gamma'));
      const negative = tf.minimum(x, 0);
      // A sum would be joined with what comes before it in a recorded graph, and rounded otherwise.
      const output = tf.sub(x, tf.mul(negative, factor));
      return training ? { output, saved: [negative] } : { output };
    },
    backward({ saved, gradient, parameters, needsGradient }) {
      const negative = required(saved[0], 'saved tensor 0');
      const gamma = required(parameters['gamma'], 'parameter gamma');
      const [below, sum] = raw.run('FusedBatchNormGradV3', {
        attributes: frozen,
        inputs: [
          asImage(tf, gradient),
          asImage(tf, negative),
          gamma,
          tf.zerosLike(gamma),
          tf.onesLike(gamma),
          tf.tensor1d([]),
        ],
        outputCount: 5,
      });
      const input =
        needsGradient[0] === true
          ? tf.where(tf.less(negative, 0), tf.reshape(required(below, 'the first output'), gradient.shape), gradient)
          : undefined;
      return { inputs: [input], parameters: { gamma: required(sum, 'the second output') } };
    },
  };
}
