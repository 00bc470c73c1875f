import type { Rank, Tensor2D, Tensor4D, backend_util } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../engine-handle.ts';
import { spreadBack } from './convolution-gradients.ts';
import { fitTo } from './zero-insertion.ts';

type Conv2DInfo = backend_util.Conv2DInfo;

/**
 * The gradient with respect to the input: dY with zeros inserted for the stride, convolved with the turned filter. With
 * a channel multiplier above 1 the sum over the multiplier's outputs.
 */
export function depthwiseInputGradient(tf: TensorLibrary, dy: Tensor4D, filter: Tensor4D, info: Conv2DInfo): Tensor4D {
  const turned = tf.reverse4d(filter, [0, 1]);
  const parts = multiplierParts(tf, dy, info).map((part, index) => {
    const weights = tf.slice4d(turned, [0, 0, 0, index], [info.filterHeight, info.filterWidth, info.inChannels, 1]);
    return spreadBack(tf, part, info, (spread, pad) => tf.depthwiseConv2d(spread, weights, 1, pad, 'NHWC', 1, 'floor'));
  });
  return tf.addN(parts);
}

/**
 * The gradient with respect to the filter, [kh, kw, c, multiplier]: for every cell of the window the sum over all
 * positions of X, shifted by that cell, times dY. The shifts are cheap because both are laid out as rows of channels in
 * frames of one width, zeros around dY: a shift is then another first row, copied in one piece. (Slicing in two
 * dimensions takes several times as long, and strided slicing a hundred times.)
 */
export function depthwiseFilterGradient(tf: TensorLibrary, x: Tensor4D, dy: Tensor4D, info: Conv2DInfo): Tensor4D {
  const { strideHeight, strideWidth, filterHeight, filterWidth, inChannels, batchSize } = info;
  const frame = frameOf(info);
  const phases = inputPhases(tf, x, info, frame);
  const rows = batchSize * frame.height * frame.width;
  const ones = tf.ones<Rank.R2>([1, rows]);
  const gradients = multiplierParts(tf, dy, info).map((part) => {
    const outputs = tf.reshape<Rank.R2>(fitTo(tf, part, [frame.height, frame.width]), [rows, inChannels]);
    return cells(filterHeight, filterWidth).map(([i, j]) => {
      const phase = phases[(i % strideHeight) * strideWidth + (j % strideWidth)];
      const first = Math.floor(i / strideHeight) * frame.width + Math.floor(j / strideWidth);
      if (phase === undefined) throw new Error('a window cell belongs to one of the phases of its stride');
      return shiftedProduct(tf, { phase, outputs, ones, first });
    });
  });
  const stacked = gradients.map((cellsOfPart) => tf.concat(cellsOfPart, 0));
  return tf.reshape(tf.stack(stacked, 2), [filterHeight, filterWidth, inChannels, gradients.length]);
}

/** Sum over rows of phase[row + first] * outputs[row], as [1, channels]. Summed by a product, which is ten times faster here. */
function shiftedProduct(
  tf: TensorLibrary,
  {
    phase,
    outputs,
    ones,
    first,
  }: { readonly phase: Tensor2D; readonly outputs: Tensor2D; readonly ones: Tensor2D; readonly first: number },
): Tensor2D {
  return tf.tidy(() => {
    const [rows, channels] = outputs.shape;
    const count = rows - first;
    const shifted = first === 0 ? phase : tf.slice2d(phase, [first, 0], [count, channels]);
    const aligned = first === 0 ? outputs : tf.slice2d(outputs, [0, 0], [count, channels]);
    const summands = first === 0 ? ones : tf.slice2d(ones, [0, 0], [1, count]);
    return tf.matMul(summands, tf.mul(shifted, aligned));
  });
}

interface Frame {
  readonly height: number;
  readonly width: number;
}

/** The padded input, one stride to a cell, large enough that no shifted output leaves it. */
function frameOf(info: Conv2DInfo): Frame {
  const { outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth } = info;
  return {
    height: outHeight + Math.floor((filterHeight - 1) / strideHeight),
    width: outWidth + Math.floor((filterWidth - 1) / strideWidth),
  };
}

/** The padded input taken apart into its cells of equal position within the stride, each as [batch * height * width, channels]. */
function inputPhases(tf: TensorLibrary, x: Tensor4D, info: Conv2DInfo, { height, width }: Frame): Tensor2D[] {
  const { strideHeight, strideWidth, inChannels, batchSize, padInfo } = info;
  const shifted = tf.pad4d(x, [
    [0, 0],
    [padInfo.top, 0],
    [padInfo.left, 0],
    [0, 0],
  ]);
  const framed = fitTo(tf, shifted, [height * strideHeight, width * strideWidth]);
  const rows = batchSize * height;
  if (strideHeight * strideWidth === 1) return [tf.reshape<Rank.R2>(framed, [rows * width, inChannels])];
  const grouped = tf.reshape<Rank.R4>(framed, [rows, strideHeight, width, strideWidth * inChannels]);
  return cells(strideHeight, strideWidth).map(([i, j]) =>
    tf.reshape<Rank.R2>(tf.slice4d(grouped, [0, i, 0, j * inChannels], [rows, 1, width, inChannels]), [
      rows * width,
      inChannels,
    ]),
  );
}

/** dY by index of the channel multiplier, each [n, h, w, c]. */
function multiplierParts(tf: TensorLibrary, dy: Tensor4D, info: Conv2DInfo): Tensor4D[] {
  const multiplier = info.outChannels / info.inChannels;
  if (multiplier === 1) return [dy];
  const [batch, height, width] = dy.shape;
  const grouped = tf.reshape<Rank.R4>(dy, [batch * height, width, info.inChannels, multiplier]);
  return Array.from({ length: multiplier }, (_, index) =>
    tf.reshape<Rank.R4>(tf.slice4d(grouped, [0, 0, 0, index], [batch * height, width, info.inChannels, 1]), [
      batch,
      height,
      width,
      info.inChannels,
    ]),
  );
}

function cells(height: number, width: number): [number, number][] {
  return Array.from({ length: height * width }, (_, cell) => [Math.floor(cell / width), cell % width]);
}
