import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { FullyConnectedAttributes } from '../../graph/layers/fully-connected.ts';
import { rank4 } from '../convolution-kernels.ts';
import type { TensorLibrary } from '../backend.ts';
import type { LayerKernels } from '../layer-kernels.ts';
import { required } from '../tensors.ts';

export function flattenKernels(tf: TensorLibrary): LayerKernels<object> {
  return {
    saves: 'nothing',
    forward: ({ inputs }) => ({ output: rows(tf, required(inputs[0], 'input 0')) }),
    backward: ({ gradient, inputShapes }) => ({
      inputs: [unflatten(tf, gradient, required(inputShapes[0], 'the shape of input 0'))],
      parameters: {},
    }),
  };
}

export function fullyConnectedKernels(tf: TensorLibrary): LayerKernels<FullyConnectedAttributes> {
  return {
    saves: 'inputs',
    forward({ inputs, parameters: { weight, bias } }) {
      const product = tf.matMul(
        rows(tf, required(inputs[0], 'input 0')),
        required(weight, 'parameter weight'),
        false,
        true,
      );
      return { output: bias === undefined ? product : tf.add(product, bias) };
    },
    backward({ attributes, gradient, inputs, inputShapes, parameters, needsGradient }) {
      const x = rows(tf, required(inputs[0], 'input 0'));
      const weight = tf.matMul(gradient, x, true, false);
      const bias = attributes.bias ? { bias: tf.sum(gradient, 0) } : {};
      const input =
        needsGradient[0] === true
          ? unflatten(
              tf,
              tf.matMul(gradient, required(parameters['weight'], 'parameter weight')),
              required(inputShapes[0], 'the shape of input 0'),
            )
          : undefined;
      return { inputs: [input], parameters: { weight, ...bias } };
    },
  };
}

/** [batch, height, width, channels] to rows in the order channels, height, width, which is MXNet's. */
function rows(tf: TensorLibrary, x: Tensor): Tensor2D {
  const ordered = x.rank === 4 ? tf.transpose(rank4(x), [0, 3, 1, 2]) : x;
  return tf.reshape(ordered, [x.shape[0], -1]);
}

/** The inverse of {@link rows}. */
function unflatten(tf: TensorLibrary, x: Tensor, shape: readonly number[]): Tensor {
  const [batch = 0, height, width, channels] = shape;
  if (height === undefined || width === undefined || channels === undefined) return tf.reshape(x, [...shape]);
  return tf.transpose(tf.reshape(x, [batch, channels, height, width]), [0, 2, 3, 1]);
}
