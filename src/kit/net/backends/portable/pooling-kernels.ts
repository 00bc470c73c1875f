import type { NamedAttrMap, NamedTensorMap, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { PoolingAttributes } from '../../graph/layers/pooling.ts';
import {
  cutWindowFactors,
  insideFactors,
  overhang,
  type Pair,
  type Window,
  windowPositions,
} from '../../graph/layers/window.ts';
import { rank4 } from '../convolution-kernels.ts';
import type { TensorLibrary } from '../backend.ts';
import type { BackwardCall, ForwardCall, LayerKernels } from '../layer-kernels.ts';
import { required } from '../tensors.ts';
import { mutablePair } from './convolution-table.ts';

/** Less than every value, so that padding is never the maximum. */
const lowest = -3.4028234663852886e38;

/** Pooling out of tfjs's kernels on an image that has been padded before: they know neither our paddings nor cut windows. */
export function poolingKernels(tf: TensorLibrary): LayerKernels<PoolingAttributes> {
  return {
    saves: 'inputs',
    forward(call) {
      const output = forward(tf, call);
      // Where each maximum was is found by comparison with it.
      const isCompared = call.training && call.attributes.function === 'max';
      return { output, saved: isCompared ? [tf.clone(output)] : [] };
    },
    backward: (call) => ({ inputs: [backward(tf, call)], parameters: {} }),
  };
}

function forward(tf: TensorLibrary, { attributes, inputs }: ForwardCall<PoolingAttributes>): Tensor {
  const x = rank4(inputs[0]);
  if (attributes.global && attributes.function !== 'max') return tf.mean(x, [1, 2], true);
  const geometry = geometryOf(attributes, x);
  if (attributes.function === 'max') return maxPool(tf, padded(tf, x, { geometry, value: lowest }), geometry);
  const means = tf.avgPool(padded(tf, x, { geometry, value: 0 }), ...windowOf(geometry), 'valid');
  return needsFactors(attributes, geometry) ? tf.mul(means, factorTensor(tf, attributes, geometry)) : means;
}

/** Whether some windows have other cells than all of theirs in their mean. */
function needsFactors({ function: pooled }: PoolingAttributes, { isCut, window: { pad } }: Geometry): boolean {
  return isCut || (pooled === 'average-inside' && (pad[0] > 0 || pad[1] > 0));
}

function backward(tf: TensorLibrary, { attributes, inputs, gradient, saved }: BackwardCall<PoolingAttributes>): Tensor {
  const x = rank4(inputs[0]);
  const geometry = geometryOf(attributes, x);
  const kernel = (name: string, tensors: NamedTensorMap): Tensor4D =>
    tf.engine().runKernel(name, tensors, kernelAttributes(geometry));
  const unpadded = (whole: Tensor4D): Tensor4D =>
    tf.slice4d(whole, [0, geometry.window.pad[0], geometry.window.pad[1], 0], x.shape);
  if (attributes.function !== 'max') {
    const dy = needsFactors(attributes, geometry) ? tf.mul(gradient, factorTensor(tf, attributes, geometry)) : gradient;
    return unpadded(kernel('AvgPoolGrad', { dy, input: padded(tf, x, { geometry, value: 0 }) }));
  }
  const input = padded(tf, x, { geometry, value: lowest });
  const output = required(saved[0], 'the maxima');
  return unpadded(kernel('MaxPoolGrad', { dy: gradient, input, output }));
}

interface Geometry {
  readonly window: Window;
  readonly size: Pair;
  readonly positions: Pair;
  /** Cells by which the last windows reach beyond the far padding. */
  readonly overhang: Pair;
  readonly isCut: boolean;
}

function geometryOf(attributes: PoolingAttributes, x: Tensor4D): Geometry {
  const size: Pair = [x.shape[1], x.shape[2]];
  const window: Window = attributes.global ? { kernel: size, stride: [1, 1], pad: [0, 0] } : attributes;
  const positions = windowPositions(size, window, attributes.global ? 'valid' : attributes.convention);
  const beyond = overhang(size, window, positions);
  return { window, size, positions, overhang: beyond, isCut: beyond[0] > 0 || beyond[1] > 0 };
}

function maxPool(tf: TensorLibrary, x: Tensor4D, geometry: Geometry): Tensor4D {
  return tf.maxPool(x, ...windowOf(geometry), 'valid');
}

function windowOf({ window }: Geometry): [[number, number], [number, number]] {
  return [mutablePair(window.kernel), mutablePair(window.stride)];
}

function kernelAttributes({ window }: Geometry): NamedAttrMap {
  return { filterSize: mutablePair(window.kernel), strides: mutablePair(window.stride), pad: 'valid' };
}

function padded(
  tf: TensorLibrary,
  x: Tensor4D,
  { geometry, value }: { readonly geometry: Geometry; readonly value: number },
): Tensor4D {
  const { window, overhang: beyond } = geometry;
  const { pad } = window;
  const sides = [pad[0], pad[1], beyond[0], beyond[1]];
  if (sides.every((side) => side === 0)) return x;
  return tf.pad4d(
    x,
    [
      [0, 0],
      [pad[0], pad[0] + beyond[0]],
      [pad[1], pad[1] + beyond[1]],
      [0, 0],
    ],
    value,
  );
}

function factorTensor(
  tf: TensorLibrary,
  { function: pooled }: PoolingAttributes,
  { window, size, positions }: Geometry,
): Tensor {
  const factors = pooled === 'average-inside' ? insideFactors : cutWindowFactors;
  return tf.tensor(factors(size, window, positions), [1, ...positions, 1]);
}
