import type { RawKernels, TensorLibrary } from '../backend.ts';
import type { LayerKernelTable } from '../layer-kernels.ts';
import { portableKernels } from '../portable/layer-kernels.ts';
import { activationKernelsWithReluGradient } from './activation-kernels.ts';
import { fusedBatchNormalizationKernels } from './batch-normalization-kernels.ts';
import { tensorflowConvolutions } from './convolution-table.ts';
import { negativePartPreluKernels } from './prelu-kernels.ts';

/** The portable kernels, and TensorFlow's own where they are faster or can do more. */
export function tensorflowKernels(tf: TensorLibrary, raw: RawKernels): LayerKernelTable {
  return {
    ...portableKernels(tf, tensorflowConvolutions(tf, raw)),
    activation: activationKernelsWithReluGradient(tf, raw),
    'batch-normalization': fusedBatchNormalizationKernels(tf, raw),
    prelu: negativePartPreluKernels(tf, raw),
  };
}
