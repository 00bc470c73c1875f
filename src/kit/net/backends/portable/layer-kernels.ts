import { type ConvolutionTable, convolutionKernels } from '../convolution-kernels.ts';
import { deconvolutionKernels } from '../deconvolution-kernels.ts';
import type { TensorLibrary } from '../backend.ts';
import type { LayerKernelTable } from '../layer-kernels.ts';
import { batchNormalizationKernels } from './batch-normalization-kernels.ts';
import {
  concatKernels,
  equalizeNormsKernels,
  sliceKernels,
  softmaxKernels,
  unitLengthKernels,
} from './channel-kernels.ts';
import { portableConvolutions } from './convolution-table.ts';
import { flattenKernels, fullyConnectedKernels } from './dense-kernels.ts';
import {
  activationKernels,
  addKernels,
  clipKernels,
  dropoutKernels,
  erfKernels,
  identityKernels,
  minusScalarKernels,
  multiplyKernels,
  multiplyScalarKernels,
  preluKernels,
} from './element-kernels.ts';
import { poolingKernels } from './pooling-kernels.ts';

/** Every layer out of operations that all backends of tfjs have. On the plain CPU backend this is the reference. */
export function portableKernels(
  tf: TensorLibrary,
  convolutions: ConvolutionTable = portableConvolutions(tf),
): LayerKernelTable {
  return {
    activation: activationKernels(tf),
    add: addKernels(tf),
    'batch-normalization': batchNormalizationKernels(tf),
    clip: clipKernels(tf),
    concat: concatKernels(tf),
    convolution: convolutionKernels(tf, convolutions),
    deconvolution: deconvolutionKernels(tf, convolutions),
    dropout: dropoutKernels(tf),
    'equalize-norms': equalizeNormsKernels(tf),
    erf: erfKernels(tf),
    flatten: flattenKernels(tf),
    'fully-connected': fullyConnectedKernels(tf),
    identity: identityKernels(tf),
    'minus-scalar': minusScalarKernels(tf),
    multiply: multiplyKernels(tf),
    'multiply-scalar': multiplyScalarKernels(tf),
    pooling: poolingKernels(tf),
    prelu: preluKernels(tf),
    slice: sliceKernels(tf),
    softmax: softmaxKernels(tf),
    'unit-length': unitLengthKernels(tf),
  };
}
