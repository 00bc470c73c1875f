import type { EngineHandle } from './engine-handle.ts';
import type { LayerKernelTable } from './layer-kernels.ts';
import { portableKernels } from './portable/layer-kernels.ts';
import { tensorflowKernels } from './tensorflow/layer-kernels.ts';

/** The kernels with which an engine computes layers. */
export function kernelsOf({ tf, raw }: EngineHandle): LayerKernelTable {
  return raw === undefined ? portableKernels(tf) : tensorflowKernels(tf, raw);
}
