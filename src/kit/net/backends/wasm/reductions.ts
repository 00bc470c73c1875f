import type { TensorInfo } from '@tensorflow/tfjs-core';
import { computeOnHeap, type WasmHeap } from './wasm-heap.ts';

/**
 * Sum over all axes but the last `kept` ones, divided by `divisor`. The backend transposes first, which takes three
 * times as long, and adds in float32.
 */
export function sumOfRows(heap: WasmHeap, x: TensorInfo, { shape, divisor }: Reduction): TensorInfo {
  const columns = shape.reduce((product, size) => product * size, 1);
  return computeOnHeap(heap, [x], {
    shape: [...shape],
    fill: (out, values) => {
      const sums = new Float64Array(columns);
      for (let row = 0; row < values.length; row += columns) {
        for (let column = 0; column < columns; column += 1) {
          sums[column] = (sums[column] ?? 0) + (values[row + column] ?? 0);
        }
      }
      for (let column = 0; column < columns; column += 1) out[column] = (sums[column] ?? 0) / divisor;
    },
  });
}

interface Reduction {
  /** Of the result; its values are the columns of the input. */
  readonly shape: readonly number[];
  readonly divisor: number;
}

/** True where `axes` are the first axes of a tensor of `rank` axes, one or more, and at least one is left. */
export function areLeadingAxes(axes: readonly number[], rank: number): boolean {
  const sorted = [...axes].sort((left, right) => left - right);
  return axes.length > 0 && axes.length < rank && sorted.every((axis, index) => axis === index);
}
