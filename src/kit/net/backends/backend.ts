import type * as core from '@tensorflow/tfjs-core';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import type { Arithmetic } from '../engines/arithmetic.ts';

/** The public functions of tfjs-core. Only the instance in a {@link Backend} has one of tfjs's backends registered. */
export type TensorLibrary = typeof core;

export interface LoadOptions extends Arithmetic {
  /** Threads the backend may keep busy. Changes results by rounding at most. */
  readonly threads: number;
  /**
   * How often a computation is executed kernel by kernel before it is recorded, where the library can: to make a graph takes as long
   * as some ten steps. Absent: 16 times; infinity: it never is.
   */
  readonly recordAfter?: number;
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
  /** Absent where kernels can only be executed one by one. */
  readonly recorder?: GraphRecorder;
}

/** Makes one graph of the kernels that a computation executes, to be executed again with other values. */
export interface GraphRecorder {
  /** How often a computation is executed kernel by kernel before it is worth a graph. */
  readonly after: number;
  /**
   * Executes `compute`, kernel by kernel. It has nothing to compute with but `inputs` and constants, and executes the same kernels
   * whatever values they hold. The graph makes what `compute` returns, which may be `inputs` too.
   */
  record(inputs: readonly core.Tensor[], compute: () => readonly core.Tensor[]): RecordedGraph;
  /**
   * A vector of what `compute` makes of the values of a tensor, outside of the library. Within a computation that is recorded, it is done
   * in every run of it: the graph is in two then, and the second one takes the result.
   */
  outside(given: core.Tensor, compute: OutsideComputation): core.Tensor;
}

export type OutsideComputation = (values: Float32Array) => Float32Array;

export interface RecordedGraph {
  /** New tensors, equal to the bit to those of the kernels one by one, but for the rounding of XLA where it is on. The inputs stay the caller's, in the order of `record`. */
  run(inputs: readonly core.Tensor[]): core.Tensor[];
  dispose(): void;
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
