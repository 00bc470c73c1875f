import type { Tensor } from '@tensorflow/tfjs-core';
import type { RawAttribute, RawKernels, TensorLibrary } from '../engine-handle.ts';
import type { LayerKernels } from '../layer-kernels.ts';
import { required } from '../required.ts';
import { asImage } from './as-image.ts';

/**
 * PReLU through the negative part n = relu(-x): y = x + (1 - gamma) n. TensorFlow has no kernel for PReLU, and tfjs's
 * chain of selections takes four times as long. At x = 0 the slope is 1 here and gamma in MXNet.
 *
 * In the gradient, q = dy where n > 0: dx = dy + (gamma - 1) q, and gamma's is -sum(q n). The gradient kernel of a
 * frozen batch normalisation (mean 0, variance 1) gives a product per channel and such a sum in one go.
 */
export function negativePartPreluKernels(tf: TensorLibrary, raw: RawKernels): LayerKernels<object> {
  const reluGradient: RawAttribute[] = [{ name: 'T', type: raw.attributeType.type, value: raw.dataType('float32') }];
  const frozen = frozenNormalization(raw);
  return {
    keeps: 'nothing',
    forward({ inputs, parameters, training }) {
      const x = required(inputs[0]);
      const factor = tf.sub(1, required(parameters['gamma']));
      if (!training) return { output: tf.sub(x, tf.mul(tf.minimum(x, 0), factor)) };
      const negative = tf.relu(tf.neg(x));
      const share = tf.mul(negative, factor);
      return { output: tf.add(x, share), saved: [negative] };
    },
    backward({ saved, gradient, parameters, wanted }) {
      const negative = required(saved[0]);
      const below = required(raw.run('ReluGrad', reluGradient, [gradient, negative], 1)[0]);
      const factor = tf.sub(required(parameters['gamma']), 1);
      const [share, sum] = raw.run(
        'FusedBatchNormGradV3',
        frozen,
        [asImage(tf, below), asImage(tf, negative), factor, tf.zerosLike(factor), tf.onesLike(factor), none(tf)],
        5,
      );
      const input = wanted[0] === true ? tf.add(gradient, tf.reshape(required(share), gradient.shape)) : undefined;
      return { inputs: [input], parameters: { gamma: tf.neg(required(sum)) } };
    },
  };
}

function none(tf: TensorLibrary): Tensor {
  return tf.tensor1d([]);
}

function frozenNormalization(raw: RawKernels): RawAttribute[] {
  const { type, float, string, bool } = raw.attributeType;
  return [
    { name: 'T', type, value: raw.dataType('float32') },
    { name: 'U', type, value: raw.dataType('float32') },
    { name: 'epsilon', type: float, value: 0 },
    { name: 'data_format', type: string, value: 'NHWC' },
    { name: 'is_training', type: bool, value: false },
  ];
}
