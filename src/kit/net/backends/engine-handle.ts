import type * as core from '@tensorflow/tfjs-core';
import type { EngineIdentity } from '../../../core/engine-identity.ts';

/** The public functions of tfjs-core. Only the instance in an {@link EngineHandle} has a backend registered. */
export type TensorLibrary = typeof core;

export interface LoadOptions {
  /** Threads the backend may keep busy. Changes results by rounding at most. */
  readonly threads: number;
}

/** A tensor library that is loaded, has its backend chosen, and is ready to compute. */
export interface EngineHandle {
  /** What was asked for; the versions of the loaded libraries have been compared with it. */
  readonly identity: EngineIdentity;
  readonly tf: TensorLibrary;
  /** Where tensors are computed: `gpu` where the CUDA library has found a device. */
  readonly device: 'cpu' | 'gpu';
  /** Threads the backend was told to use; the wasm and cpu engines have one whatever is asked. */
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

/** Direct access to TensorFlow's own kernels, e.g. `FusedBatchNormV3`, by their names in its operation registry. */
export interface RawKernels {
  readonly attributeType: Readonly<Record<'string' | 'int' | 'float' | 'bool' | 'type' | 'shape', number>>;
  /** The number of a tfjs dtype in an attribute of type `type`. */
  dataType(dtype: core.DataType): number;
  /** Executes one operation; gives its outputs in the order of the operation's definition. */
  run(
    operation: string,
    attributes: readonly RawAttribute[],
    inputs: readonly core.Tensor[],
    outputCount: number,
  ): core.Tensor[];
}
