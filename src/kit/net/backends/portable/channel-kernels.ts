import type { Tensor } from '@tensorflow/tfjs-core';
import { normEpsilon } from '../../graph/layers/equalize-norms.ts';
import { smallestNorm } from '../../graph/layers/unit-length.ts';
import type { SliceAttributes } from '../../graph/layers/slice.ts';
import type { TensorLibrary } from '../backend.ts';
import type { BackwardCall, LayerKernels } from '../layer-kernels.ts';
import { required } from '../tensors.ts';

/** Channels are the last axis on the backends, of images and of rows. */
export function concatKernels(tf: TensorLibrary): LayerKernels<object> {
  return {
    saves: 'nothing',
    forward: ({ inputs }) => ({ output: tf.concat([...inputs], required(inputs[0], 'input 0').rank - 1) }),
    backward({ gradient, inputShapes, needsGradient }) {
      let begin = 0;
      const inputs = inputShapes.map((shape, index) => {
        const channels = shape.at(-1) ?? 0;
        const own = needsGradient[index] === true ? channelsOf(tf, gradient, [begin, begin + channels]) : undefined;
        begin += channels;
        return own;
      });
      return { inputs, parameters: {} };
    },
  };
}

export function sliceKernels(tf: TensorLibrary): LayerKernels<SliceAttributes> {
  return {
    saves: 'nothing',
    forward: ({ attributes: { begin, end }, inputs }) => ({
      output: channelsOf(tf, required(inputs[0], 'input 0'), [begin, end]),
    }),
    backward({ attributes: { begin, end }, gradient, inputShapes }) {
      const shape = required(inputShapes[0], 'the shape of input 0');
      const around = shape.map((size, axis): [number, number] =>
        axis === shape.length - 1 ? [begin, size - end] : [0, 0],
      );
      return { inputs: [tf.pad(gradient, around)], parameters: {} };
    },
  };
}

function channelsOf(tf: TensorLibrary, x: Tensor, [begin, end]: readonly [number, number]): Tensor {
  const last = x.rank - 1;
  const from = x.shape.map((_, axis) => (axis === last ? begin : 0));
  const size = x.shape.map((length, axis) => (axis === last ? end - begin : length));
  return tf.slice(x, from, size);
}

/** dx = y (dy - sum over the channels of y dy). */
export function softmaxKernels(tf: TensorLibrary): LayerKernels<object> {
  return {
    saves: 'output',
    forward: ({ inputs }) => ({ output: tf.softmax(required(inputs[0], 'input 0')) }),
    backward({ gradient, output }) {
      const y = required(output, 'the output');
      const weighted = tf.mul(gradient, y);
      return { inputs: [tf.sub(weighted, tf.mul(y, tf.sum(weighted, -1, true)))], parameters: {} };
    },
  };
}

/** y = x m / n with n the norm at a position and m the mean of the norms of a sample. */
export function equalizeNormsKernels(tf: TensorLibrary): LayerKernels<object> {
  return {
    saves: 'inputs',
    forward({ inputs }) {
      const x = required(inputs[0], 'input 0');
      const norms = normsOf(tf, x);
      return { output: tf.mul(x, tf.div(tf.mean(norms, [1, 2], true), norms)) };
    },
    backward: (call) => ({ inputs: [equalizeNormsGradient(tf, call)], parameters: {} }),
  };
}

/** With s = x dy / n summed over the channels: dx = dy m / n + x / n (mean over the positions of s - s m / n). */
function equalizeNormsGradient(tf: TensorLibrary, { gradient, inputs }: BackwardCall<object>): Tensor {
  const x = required(inputs[0], 'input 0');
  const norms = normsOf(tf, x);
  const factor = tf.div(tf.mean(norms, [1, 2], true), norms);
  const along = tf.div(tf.sum(tf.mul(x, gradient), -1, true), norms);
  const change = tf.sub(tf.mean(along, [1, 2], true), tf.mul(along, factor));
  return tf.add(tf.mul(gradient, factor), tf.mul(x, tf.div(change, norms)));
}

function normsOf(tf: TensorLibrary, x: Tensor): Tensor {
  return tf.sqrt(tf.add(tf.sum(tf.square(x), -1, true), normEpsilon));
}

/** y = x / n with n the norm of the channels; dx = (dy - y (sum over the channels of y dy)) / n. */
export function unitLengthKernels(tf: TensorLibrary): LayerKernels<object> {
  const normOf = (x: Tensor): Tensor => tf.maximum(tf.sqrt(tf.sum(tf.square(x), -1, true)), smallestNorm);
  return {
    saves: 'inputs',
    forward({ inputs }) {
      const x = required(inputs[0], 'input 0');
      return { output: tf.div(x, normOf(x)) };
    },
    backward({ inputs, gradient }) {
      const x = required(inputs[0], 'input 0');
      const norm = normOf(x);
      const y = tf.div(x, norm);
      const along = tf.mul(y, tf.sum(tf.mul(y, gradient), -1, true));
      return { inputs: [tf.div(tf.sub(gradient, along), norm)], parameters: {} };
    },
  };
}
