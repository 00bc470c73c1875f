import type { RawAttribute, RawKernels, TensorLibrary } from '../backend.ts';
import type { LayerKernels } from '../layer-kernels.ts';
import { required } from '../tensors.ts';
import { asImage, normalizationAttributes } from './batch-normalization-kernels.ts';

/**
 * PReLU through the negative part n = relu(-x): y = x + (1 - gamma) n. TensorFlow has no kernel for PReLU, and tfjs's
 * chain of selections takes four times as long. At x = 0 the slope is 1 here and gamma in MXNet.
 *
 * In the gradient, q = dy where n > 0: dx = dy + (gamma - 1) q, and gamma's is -sum(q n). The gradient kernel of a
 * frozen batch normalisation (mean 0, variance 1) computes a product per channel and such a sum in one go.
 */
export function negativePartPreluKernels(tf: TensorLibrary, raw: RawKernels): LayerKernels<object> {
  const reluGradient: RawAttribute[] = [{ name: 'T', type: raw.attributeType.type, value: raw.dataType('float32') }];
  const frozen = normalizationAttributes(raw, { epsilon: 0, training: false });
  return {
    saves: 'nothing',
    forward({ inputs, parameters, training }) {
      const x = required(inputs[0], 'input 0');
      const factor = tf.sub(1, required(parameters['gamma'], 'parameter gamma'));
      if (!training) return { output: tf.sub(x, tf.mul(tf.minimum(x, 0), factor)) };
      const negative = tf.relu(tf.neg(x));
      const share = tf.mul(negative, factor);
      return { output: tf.add(x, share), saved: [negative] };
    },
    backward({ saved, gradient, parameters, needsGradient }) {
      const negative = required(saved[0], 'saved tensor 0');
      const [below] = raw.run('ReluGrad', { attributes: reluGradient, inputs: [gradient, negative], outputCount: 1 });
      const factor = tf.sub(required(parameters['gamma'], 'parameter gamma'), 1);
      const [share, sum] = raw.run('FusedBatchNormGradV3', {
        attributes: frozen,
        inputs: [
          asImage(tf, required(below, 'the gradient of relu')),
          asImage(tf, negative),
          factor,
          tf.zerosLike(factor),
          tf.onesLike(factor),
          tf.tensor1d([]),
        ],
        outputCount: 5,
      });
      const input =
        needsGradient[0] === true
          ? tf.add(gradient, tf.reshape(required(share, 'the first output'), gradient.shape))
          : undefined;
      return { inputs: [input], parameters: { gamma: tf.neg(required(sum, 'the second output')) } };
    },
  };
}
