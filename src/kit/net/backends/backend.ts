import type * as core from '@tensorflow/tfjs-core';
import type { EngineIdentity } from '../../../core/engine-identity.ts';

/** The public functions of tfjs-core. Only the instance in a {@link Backend} has one of tfjs's backends registered. */
export type TensorLibrary = typeof core;

export interface LoadOptions {
  /** Threads the backend may keep busy. Changes results by rounding at most. */
  readonly threads: number;
}

/** A tensor library that is loaded and ready to execute graphs: one of tfjs's backends. */
export interface Backend {
  /** What was requested; the versions of the loaded libraries have been compared with it. */
  readonly identity: EngineIdentity;
  readonly tf: TensorLibrary;
  /** Where tensors are computed: `gpu` where the CUDA library has found a device. */
  readonly device: 'cpu' | 'gpu';
  /** The graphics processor as its driver calls it, where the library tells. */
  readonly deviceName?: string;
  /** Threads the backend was told to use; wasm and cpu have one, whatever is requested. */
  readonly threads: number;
  /** Kernels of TensorFlow that tfjs has no operation for; absent where another library computes. */
  readonly raw?: RawKernels;
}

/** An attribute of a TensorFlow operation, as the binding of tfjs-node takes it. */
export interface RawAttribute {
  readonly name: string;
  /** One of the `TF_ATTR_*` numbers of {@link RawKernels}. */
  readonly type: number;
  readonly value: unknown;
}

export interface RawCall {
  readonly attributes: readonly RawAttribute[];
  readonly inputs: readonly core.Tensor[];
  /** As many as the operation defines. */
  readonly outputCount: number;
}

/** Direct access to TensorFlow's own kernels, e.g. `FusedBatchNormV3`, by their names in its operation registry. */
export interface RawKernels {
  readonly attributeType: Readonly<Record<'string' | 'int' | 'float' | 'bool' | 'type' | 'shape', number>>;
  /** The number of a tfjs dtype in an attribute of type `type`. */
  dataType(dtype: core.DataType): number;
  /** Executes one operation; returns its outputs in the order of the operation's definition. */
  run(operation: string, call: RawCall): core.Tensor[];
}
