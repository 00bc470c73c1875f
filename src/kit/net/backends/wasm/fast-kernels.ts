import type { KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../engine-handle.ts';
import { areLeadingAxes, sumOfRows } from './reductions.ts';
import { replaceKernel } from './replace-kernel.ts';
import { tile } from './tile.ts';
import type { WasmHeap } from './wasm-heap.ts';

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
