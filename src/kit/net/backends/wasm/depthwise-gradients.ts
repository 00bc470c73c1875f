import type { Tensor4D, TensorInfo, backend_util } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backend.ts';
import { type ConvolutionOperands, spreadBack } from './convolution-gradients.ts';
import { computeOnHeap, type WasmHeap } from './wasm-kernel.ts';

type Conv2DInfo = backend_util.Conv2DInfo;

/**
 * The gradient with respect to the input: dY with zeros inserted for the stride, convolved with the turned filter. With
 * a channel multiplier above 1 the sum over the multiplier's outputs.
 */
export function depthwiseInputGradient(
  tf: TensorLibrary,
  { dy, filter }: ConvolutionOperands<'filter'>,
  info: Conv2DInfo,
): Tensor4D {
  const turned = tf.reverse4d(filter, [0, 1]);
  const parts = multiplierParts(tf, dy, info).map((part, index) => {
    const weights = tf.slice4d(turned, [0, 0, 0, index], [info.filterHeight, info.filterWidth, info.inChannels, 1]);
    return spreadBack(tf, { dy: part, info }, (spread, pad) =>
      tf.depthwiseConv2d(spread, weights, 1, pad, 'NHWC', 1, 'floor'),
    );
  });
  return tf.addN(parts);
}

/** dY by index of the channel multiplier, each [n, h, w, c]. */
function multiplierParts(tf: TensorLibrary, dy: Tensor4D, info: Conv2DInfo): Tensor4D[] {
  const multiplier = info.outChannels / info.inChannels;
  if (multiplier === 1) return [dy];
  const [batch, height, width] = dy.shape;
  const grouped: Tensor4D = tf.reshape(dy, [batch * height, width, info.inChannels, multiplier]);
  return Array.from({ length: multiplier }, (_, index) =>
    tf.reshape(tf.slice4d(grouped, [0, 0, 0, index], [batch * height, width, info.inChannels, 1]), [
      batch,
      height,
      width,
      info.inChannels,
    ]),
  );
}

/**
 * The gradient with respect to the filter, [kh, kw, c, multiplier]: for every cell of the window the sum over all
 * positions of X, shifted by that cell, times dY. A loop over the heap, since there is nothing to make it of: as products
 * of shifted slices it takes five times as long, as a convolution of one group per channel ten times.
 */
export function depthwiseFilterGradient(
  heap: WasmHeap,
  { x, dy }: Readonly<Record<'x' | 'dy', TensorInfo>>,
  info: Conv2DInfo,
): TensorInfo {
  return computeOnHeap(heap, [x, dy], {
    shape: info.filterShape,
    fill: (out, inputs, gradients) => {
      const sums = new Float64Array(out.length);
      for (const row of windowRows(info)) addRow(sums, inputs, { ...row, gradients, info });
      out.set(sums);
    },
  });
}

interface WindowRow {
  /** First value of the input's row, and of the output's. */
  readonly inputStart: number;
  readonly outputStart: number;
  /** Row of the window that meets them. */
  readonly filterRow: number;
}

/** Every row of the output with every row of the input that its windows cover. */
function* windowRows(info: Conv2DInfo): Generator<WindowRow> {
  const { batchSize, outHeight, outWidth, outChannels, inHeight, inWidth, inChannels, filterHeight } = info;
  for (let image = 0; image < batchSize; image += 1) {
    for (let outputRow = 0; outputRow < outHeight; outputRow += 1) {
      for (let filterRow = 0; filterRow < filterHeight; filterRow += 1) {
        const inputRow = outputRow * info.strideHeight + filterRow - info.padInfo.top;
        if (inputRow < 0 || inputRow >= inHeight) continue;
        yield {
          inputStart: (image * inHeight + inputRow) * inWidth * inChannels,
          outputStart: (image * outHeight + outputRow) * outWidth * outChannels,
          filterRow,
        };
      }
    }
  }
}

function addRow(
  sums: Float64Array,
  inputs: Float32Array,
  row: WindowRow & { readonly gradients: Float32Array; readonly info: Conv2DInfo },
): void {
  const { gradients, info, inputStart, outputStart, filterRow } = row;
  const { outWidth, outChannels, inWidth, inChannels, filterWidth, strideWidth, padInfo } = info;
  for (let column = 0; column < outWidth; column += 1) {
    for (let filterColumn = 0; filterColumn < filterWidth; filterColumn += 1) {
      const inputColumn = column * strideWidth + filterColumn - padInfo.left;
      if (inputColumn < 0 || inputColumn >= inWidth) continue;
      addCell(
        sums,
        { inputs, gradients },
        {
          input: inputStart + inputColumn * inChannels,
          output: outputStart + column * outChannels,
          sum: (filterRow * filterWidth + filterColumn) * outChannels,
          channels: inChannels,
          multiplier: outChannels / inChannels,
        },
      );
    }
  }
}

interface Cell {
  /** First value of the input pixel, of the output pixel, and of the window cell's sums. */
  readonly input: number;
  readonly output: number;
  readonly sum: number;
  readonly channels: number;
  readonly multiplier: number;
}

function addCell(
  sums: Float64Array,
  { inputs, gradients }: Readonly<Record<'inputs' | 'gradients', Float32Array>>,
  cell: Cell,
): void {
  const { input, output, sum, channels, multiplier } = cell;
  for (let index = 0; index < channels * multiplier; index += 1) {
    const channel = multiplier === 1 ? index : Math.floor(index / multiplier);
    sums[sum + index] = (sums[sum + index] ?? 0) + (inputs[input + channel] ?? 0) * (gradients[output + index] ?? 0);
  }
}
