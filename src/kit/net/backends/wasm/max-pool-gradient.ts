import type { TensorInfo, backend_util } from '@tensorflow/tfjs-core';
import { computeOnHeap, type WasmHeap } from './wasm-kernel.ts';

type Pool2DInfo = backend_util.Conv2DInfo;

/**
 * The gradient of a maximum goes to the first of the largest cells, row by row. The backend's own kernel (4.22) overlooks
 * windows in which every value is negative.
 */
export function maxPoolGradient(
  heap: WasmHeap,
  { dy, input }: Readonly<Record<'dy' | 'input', TensorInfo>>,
  info: Pool2DInfo,
): TensorInfo {
  return computeOnHeap(heap, [dy, input], {
    shape: input.shape,
    fill: (out, gradients, values) => {
      out.fill(0);
      let position = 0;
      for (const cells of windows(info)) {
        for (let channel = 0; channel < info.inChannels; channel += 1) {
          const cell = maxCell(values, cells, channel);
          out[cell] = (out[cell] ?? 0) + (gradients[position] ?? 0);
          position += 1;
        }
      }
    },
  });
}

/** For every position of the output, where the pixels of its window begin. */
function* windows(info: Pool2DInfo): Generator<readonly number[]> {
  const { batchSize, outHeight, outWidth, inHeight, inWidth, inChannels, strideHeight, strideWidth, padInfo } = info;
  for (let image = 0; image < batchSize; image += 1) {
    for (let row = 0; row < outHeight; row += 1) {
      const rows = covered(row * strideHeight - padInfo.top, info.filterHeight, inHeight);
      for (let column = 0; column < outWidth; column += 1) {
        const columns = covered(column * strideWidth - padInfo.left, info.filterWidth, inWidth);
        yield rows.flatMap((y) => columns.map((x) => ((image * inHeight + y) * inWidth + x) * inChannels));
      }
    }
  }
}

/** Those of `length` places from `begin` that are within 0 .. size - 1. */
function covered(begin: number, length: number, size: number): number[] {
  const from = Math.max(0, begin);
  return Array.from({ length: Math.min(size, begin + length) - from }, (_, index) => from + index);
}

function maxCell(values: Float32Array, cells: readonly number[], channel: number): number {
  let max = (cells[0] ?? 0) + channel;
  for (const begin of cells) {
    if ((values[begin + channel] ?? 0) > (values[max] ?? 0)) max = begin + channel;
  }
  return max;
}
