import type { DataType, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backend.ts';

/** What this folder uses of tfjs's wasm backend (dist/backend_wasm.d.ts): the heap that holds its tensors. */
export interface WasmHeap {
  /** Memory for the result of a kernel. It may grow the heap, after which older views are void. */
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array | Int32Array | Uint8Array;
}

/** The output of a kernel, float32, filled by `fill` from a view of each input. */
export function computeOnHeap(
  heap: WasmHeap,
  inputs: readonly TensorInfo[],
  output: { readonly shape: number[]; readonly fill: (out: Float32Array, ...inputs: Float32Array[]) => void },
): TensorInfo {
  const result = heap.makeOutput(output.shape, 'float32');
  const views = [result, ...inputs].map((tensor) => heap.typedArrayFromHeap(tensor) as Float32Array);
  const [out, ...rest] = views;
  if (out !== undefined) output.fill(out, ...rest);
  return result;
}

/** Registers a kernel with the wasm backend and returns the one that had the name, if any. */
export function replaceKernel(tf: TensorLibrary, kernelName: string, kernelFunc: KernelFunc): KernelFunc | undefined {
  const former = tf.getKernelsForBackend('wasm').find((kernel) => kernel.kernelName === kernelName);
  if (former !== undefined) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  return former?.kernelFunc;
}
