import { activation } from './activation.ts';
import { add } from './add.ts';
import { batchNormalization } from './batch-normalization.ts';
import { clip } from './clip.ts';
import { concat } from './concat.ts';
import { convolution } from './convolution.ts';
import { deconvolution } from './deconvolution.ts';
import { dropout } from './dropout.ts';
import { equalizeNorms } from './equalize-norms.ts';
import { erf } from './erf.ts';
import { flatten } from './flatten.ts';
import { fullyConnected } from './fully-connected.ts';
import { identity } from './identity.ts';
import type { LayerDefinition } from './layer-definition.ts';
import { multiply } from './multiply.ts';
import { pooling } from './pooling.ts';
import { prelu } from './prelu.ts';
import { minusScalar, multiplyScalar } from './scalar.ts';
import { slice } from './slice.ts';
import { softmax } from './softmax.ts';
import { unitLength } from './unit-length.ts';

/** Every kind of layer there is. */
export const layers = {
  activation,
  add,
  'batch-normalization': batchNormalization,
  clip,
  concat,
  convolution,
  deconvolution,
  dropout,
  'equalize-norms': equalizeNorms,
  erf,
  flatten,
  'fully-connected': fullyConnected,
  identity,
  'minus-scalar': minusScalar,
  multiply,
  'multiply-scalar': multiplyScalar,
  pooling,
  prelu,
  slice,
  softmax,
  'unit-length': unitLength,
} as const;

export type LayerKind = keyof typeof layers;

/** The attributes of a layer of kind `Kind`. */
export type AttributesOf<Kind extends LayerKind> =
  (typeof layers)[Kind] extends LayerDefinition<infer Attributes> ? Attributes : never;
