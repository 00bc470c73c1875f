import { fail } from '../../../../core/failure.ts';
import { halfToNumber, littleEndianFloats } from '../../../codec/little-endian-floats.ts';
import type { OnnxTensor } from '../../../codec/onnx/onnx-messages.ts';
import { failures } from '../../failures.ts';
import { elementCount } from '../../graph/feature-shape.ts';
import { externalBytes } from './external-values.ts';

/** A tensor of the file: weights, or the sizes and axes that some operators take as inputs. */
export interface Constant {
  readonly name: string;
  readonly dims: readonly number[];
  /** Row by row; a view of the file if that holds float32. */
  readonly values: Float32Array | readonly number[];
}

/** Numbers of onnx.proto's TensorProto.DataType. */
const types = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 } as const;

const besideIt =
  'The file with the weights belongs beside the model, under the name and with the content it was saved with.';
const asItIs = 'The engine onnxruntime runs the file as it is.';

/** Bytes of a value of these types. */
const bytesEach: Readonly<Record<number, number | undefined>> = { 1: 4, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8 };

/**
 * The values of a tensor. Fails with `unsupported-tensor` for other types and for values that are not in the file that the
 * model names for them, and with `damaged-file` if there are more or fewer values than its sizes make.
 */
export function constantOf(tensor: OnnxTensor, file: string): Constant {
  const { name = '', dims } = tensor;
  const refuse = (problem: string): never =>
    fail(failures.unsupportedTensor({ message: `tensor "${name}" ${problem}`, hint: asItIs }, { file }));
  const expected = elementCount(dims);
  const values = valuesOf(withValues(tensor, file));
  if (values === undefined) return refuse(`is of type ${tensor.dataType ?? 0}, not of floats or integers`);
  if (values.length === expected) return { name, dims, values };
  return fail(failures.tensorSize({ name, found: values.length, dims, expected }, { file }));
}

/** The tensor, with its values if they are in a file beside the model. Fails with `unsupported-tensor` if they are not there. */
export function withValues(tensor: OnnxTensor, file: string): OnnxTensor {
  const { name = '', dims, dataType = 0, dataLocation } = tensor;
  const size = bytesEach[dataType];
  if (dataLocation !== 1 || size === undefined) return tensor;
  const found = externalBytes(tensor, file, size * elementCount(dims));
  if (typeof found !== 'string') return { ...tensor, rawData: found, dataLocation: 0 };
  return fail(failures.unsupportedTensor({ message: `tensor "${name}" ${found}`, hint: besideIt }, { file }));
}

/** The same as float32; a view if it is that. */
export function floatsOf({ values }: Constant): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

function valuesOf(tensor: OnnxTensor): Float32Array | number[] | undefined {
  const { dataType = 0, rawData } = tensor;
  if (rawData !== undefined) return rawValues(dataType, rawData);
  switch (dataType) {
    case types.float32:
      return tensor.floatData;
    case types.float64:
      return [...tensor.doubleData];
    case types.int64:
      return [...tensor.int64Data];
    case types.int32:
    case types.bool:
      return [...tensor.int32Data];
    case types.float16:
      return tensor.int32Data.map(halfToNumber);
    default:
      return undefined;
  }
}

function rawValues(type: number, bytes: Uint8Array): Float32Array | number[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const each = (size: number, read: (offset: number) => number): number[] =>
    Array.from({ length: Math.floor(bytes.length / size) }, (_, index) => read(index * size));
  switch (type) {
    case types.float32:
      return littleEndianFloats(bytes);
    case types.float64:
      return each(8, (offset) => view.getFloat64(offset, true));
    case types.int64:
      return each(8, (offset) => Number(view.getBigInt64(offset, true)));
    case types.int32:
      return each(4, (offset) => view.getInt32(offset, true));
    case types.bool:
      return [...bytes];
    case types.float16:
      return each(2, (offset) => halfToNumber(view.getUint16(offset, true)));
    default:
      return undefined;
  }
}
