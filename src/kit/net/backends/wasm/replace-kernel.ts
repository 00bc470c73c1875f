import type { KernelFunc } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../engine-handle.ts';

/** Registers a kernel with the wasm backend and gives back the one that had the name, if any. */
export function replaceKernel(tf: TensorLibrary, kernelName: string, kernelFunc: KernelFunc): KernelFunc | undefined {
  const former = tf.getKernelsForBackend('wasm').find((kernel) => kernel.kernelName === kernelName);
  if (former !== undefined) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  return former?.kernelFunc;
}
