import type { DataType, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { RawAttribute } from '../backend.ts';

/** A tensor as the binding tells of it. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: readonly number[];
  /** `DataType` of TensorFlow. */
  readonly dtype: number;
}

/** What we use of tfjs-node's binding (binding/tfjs_backend.cc); tensors are numbers. */
export interface NodeBinding {
  readonly TF_Version: string;
  /** The `DataType` of float32. */
  readonly TF_FLOAT: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  executeOp(
    operation: string,
    attributes: readonly RawAttribute[],
    inputs: readonly number[],
    outputCount: number,
  ): TensorMetadata[];
  createTensor(shape: readonly number[], dtype: number, values: ArrayBufferView): number;
  deleteTensor(id: number): void;
  /** Returns the number of the session. */
  loadSavedModel(folder: string, tags: string): number;
  /** Names, `<node>:<number of the output>`, are separated by commas. */
  runSavedModel(session: number, inputs: readonly number[], inputNames: string, outputNames: string): TensorMetadata[];
  deleteSavedModel(session: number): void;
}

/** What we use of tfjs-node's backend (dist/nodejs_kernel_backend.d.ts); its types are absent where it is not installed. */
export interface NodeBackend {
  /** Every kernel of tfjs-node is executed through it. */
  binding: NodeBinding;
  readonly isUsingGpuDevice: boolean;
  getDTypeInteger(dtype: DataType): number;
  /** Their numbers; those whose values the library has not yet are handed to it. */
  getInputTensorIds(tensors: readonly TensorInfo[]): number[];
  createOutputTensor(metadata: TensorMetadata): Tensor;
  executeMultipleOutputs(
    operation: string,
    attributes: readonly RawAttribute[],
    inputs: readonly Tensor[],
    outputCount: number,
  ): Tensor[];
}
