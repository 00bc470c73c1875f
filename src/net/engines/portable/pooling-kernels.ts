import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { PoolingAttributes } from '../../layers/pooling.ts';
import type { Pair } from '../../layers/window.ts';
import { type ConvolutionPrimitives, rank4 } from '../convolution-kernels.ts';
import type { TensorLibrary } from '../engine-handle.ts';
import type { LayerKernels } from '../layer-kernels.ts';
import { explicitPadding, mutablePair } from './window-attributes.ts';

/** Stands for minus infinity, which times 0 would not be 0. */
const lowest = -3.4028234663852886e38;

const noPad: Pair = [0, 0];

/**
 * Pooling out of depthwise convolutions: an average is one with equal weights (and counts padded cells, as MXNet does),
 * and the gradient of a maximum is spread by filters that pick one cell each. Slow for large windows, and it runs on
 * every engine that can train.
 */
export function poolingKernels(tf: TensorLibrary, depthwise: ConvolutionPrimitives): LayerKernels<PoolingAttributes> {
  const pooling = new Pooling(tf, depthwise);
  return {
    keeps: 'inputs',
    forward({ attributes, inputs }) {
      const x = rank4(inputs[0]);
      const window = windowOf(attributes, x);
      return { output: attributes.function === 'max' ? pooling.max(x, window) : pooling.average(x, window) };
    },
    backward({ attributes, inputs, gradient }) {
      const x = rank4(inputs[0]);
      const window = windowOf(attributes, x);
      const dy = rank4(gradient);
      const input =
        attributes.function === 'max' ? pooling.maxGradient(dy, x, window) : pooling.averageGradient(dy, x, window);
      return { inputs: [input], parameters: {} };
    },
  };
}

interface PoolingWindow {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
}

function windowOf(attributes: PoolingAttributes, x: Tensor4D): PoolingWindow {
  if (!attributes.global) return attributes;
  return { kernel: [x.shape[1], x.shape[2]], stride: [1, 1], pad: noPad };
}

class Pooling {
  readonly #tf: TensorLibrary;
  readonly #depthwise: ConvolutionPrimitives;

  constructor(tf: TensorLibrary, depthwise: ConvolutionPrimitives) {
    this.#tf = tf;
    this.#depthwise = depthwise;
  }

  average(x: Tensor4D, window: PoolingWindow): Tensor4D {
    return this.#depthwise.forward(x, this.#equalWeights(x, window.kernel), window);
  }

  averageGradient(dy: Tensor4D, x: Tensor4D, window: PoolingWindow): Tensor4D {
    const filter = this.#equalWeights(x, window.kernel);
    return this.#depthwise.inputGradient(dy, filter, { ...window, inputShape: x.shape });
  }

  max(x: Tensor4D, { kernel, stride, pad }: PoolingWindow): Tensor4D {
    const padded = this.#tf.pad4d(x, explicitPadding(pad), lowest);
    return this.#tf.maxPool(padded, mutablePair(kernel), mutablePair(stride), 'valid');
  }

  /** Of several equal maxima, the first one (row by row) has the whole gradient. */
  maxGradient(dy: Tensor4D, x: Tensor4D, window: PoolingWindow): Tensor4D {
    const tf = this.#tf;
    const { kernel, stride, pad } = window;
    const padded = tf.pad4d(x, explicitPadding(pad), lowest);
    const greatest = tf.maxPool(padded, mutablePair(kernel), mutablePair(stride), 'valid');
    const unpadded = { kernel, stride, pad: noPad };
    let open = tf.onesLike(greatest);
    let gradient: Tensor4D = tf.zerosLike(padded);
    for (let cell = 0; cell < kernel[0] * kernel[1]; cell += 1) {
      const filter = this.#onlyCell(x, kernel, cell);
      const values = this.#depthwise.forward(padded, filter, unpadded);
      const isGreatest: Tensor4D = tf.mul(tf.cast(tf.equal(values, greatest), 'float32'), open);
      const share = this.#depthwise.inputGradient(tf.mul(dy, isGreatest), filter, {
        ...unpadded,
        inputShape: padded.shape,
      });
      gradient = tf.add(gradient, share);
      open = tf.sub(open, isGreatest);
    }
    return tf.slice4d(gradient, [0, pad[0], pad[1], 0], x.shape);
  }

  #equalWeights(x: Tensor4D, [height, width]: Pair): Tensor4D {
    return this.#tf.fill([height, width, x.shape[3], 1], 1 / (height * width));
  }

  #onlyCell(x: Tensor4D, [height, width]: Pair, cell: number): Tensor4D {
    const picks = this.#tf.oneHot(this.#tf.tensor1d([cell], 'int32'), height * width);
    const shaped = this.#tf.reshape(this.#tf.cast(picks, 'float32'), [height, width, 1, 1]);
    return rank4(this.#tf.tile(shaped, [1, 1, x.shape[3], 1]));
  }
}
