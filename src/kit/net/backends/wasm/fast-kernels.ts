import type { KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backend.ts';
import { computeOnHeap, replaceKernel, type WasmHeap } from './wasm-kernel.ts';

/** Does the case it is made for, and says undefined to all others. */
type FastPath = (heap: WasmHeap, x: TensorInfo, attributes: NamedAttrMap) => TensorInfo | undefined;

/** Kernels that wasm has and that take most of the time of a training step; in all other cases the backend's own serve. */
const fastPaths: Readonly<Record<string, FastPath>> = {
  Sum: (heap, x, attributes) => overLeadingAxes(heap, x, { attributes, mean: false }),
  Mean: (heap, x, attributes) => overLeadingAxes(heap, x, { attributes, mean: true }),
  Tile: (heap, x, attributes) => (x.dtype === 'float32' ? tile(heap, x, attributes['reps'] as number[]) : undefined),
};

const replaced = new WeakSet<TensorLibrary>();

/** Puts the fast paths before the wasm backend's own kernels, once. */
export function registerFastKernels(tf: TensorLibrary): void {
  if (replaced.has(tf)) return;
  replaced.add(tf);
  for (const [name, fastPath] of Object.entries(fastPaths)) {
    const own = replaceKernel(tf, name, (call) => fast(call) ?? ownKernel(call));
    const fast: (call: Parameters<KernelFunc>[0]) => TensorInfo | undefined = ({ inputs, backend, attrs = {} }) =>
      inputs['x'] === undefined ? undefined : fastPath(backend as WasmHeap, inputs['x'], attrs);
    const ownKernel: KernelFunc = (call) => {
      if (own === undefined) throw new Error(`the wasm backend has no kernel ${name}`);
      return own(call);
    };
  }
}

function overLeadingAxes(
  heap: WasmHeap,
  x: TensorInfo,
  { attributes, mean }: { readonly attributes: NamedAttrMap; readonly mean: boolean },
): TensorInfo | undefined {
  const rank = x.shape.length;
  const axis = attributes['axis'] as number | readonly number[] | undefined;
  const axes = [axis ?? []].flat().map((each) => (each < 0 ? each + rank : each));
  if (x.dtype !== 'float32' || !areLeadingAxes(axes, rank)) return undefined;
  const rest = x.shape.slice(axes.length);
  const shape = attributes['keepDims'] === true ? [...axes.map(() => 1), ...rest] : rest;
  const rows = x.shape.slice(0, axes.length).reduce((product, size) => product * size, 1);
  return sumOfRows(heap, x, { shape, divisor: mean ? rows : 1 });
}

/**
 * Sum over all axes but the last `kept` ones, divided by `divisor`. The backend transposes first, which takes three
 * times as long, and adds in float32.
 */
function sumOfRows(heap: WasmHeap, x: TensorInfo, { shape, divisor }: Reduction): TensorInfo {
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
function areLeadingAxes(axes: readonly number[], rank: number): boolean {
  const sorted = [...axes].sort((left, right) => left - right);
  return axes.length > 0 && axes.length < rank && sorted.every((axis, index) => axis === index);
}

/** Repeats a float32 tensor along each axis. The backend's own kernel computes the place of every value, fifty times slower. */
function tile(heap: WasmHeap, x: TensorInfo, repetitions: readonly number[]): TensorInfo {
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
