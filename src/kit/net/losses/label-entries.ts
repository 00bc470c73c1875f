import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Backend, TensorLibrary } from '../backends/backend.ts';
import { required } from '../backends/tensors.ts';
import type { LabelEntries } from './class-shard.ts';

/** Which column of each row, or of some rows, is meant, and what is to stand there: all of one length, rows and columns int32. */
export interface ColumnValues extends LabelEntries {
  readonly values: Tensor1D;
}

/** The value of each row at its column: [rows, columns] to [rows]. */
export function atColumns(tf: TensorLibrary, matrix: Tensor2D, columns: Tensor1D): Tensor1D {
  return tf.gatherND(matrix, positionsOf(tf, { columns })) as Tensor1D;
}

/** A matrix with other values in some places, for a while. */
export interface Exchanged {
  readonly matrix: Tensor2D;
  /** The given matrix is what it was, and `matrix` is no longer to be used. */
  readonly putBack: () => void;
}

/**
 * A matrix with one value of each row exchanged. Until `putBack` the given one is not to be used: TensorFlow writes into its memory,
 * since a copy of the logits of 85,742 classes costs a twentieth of a matrix product.
 */
export function exchanged(backend: Backend, matrix: Tensor2D, entries: ColumnValues): Exchanged {
  const { tf } = backend;
  const { values, ...at } = entries;
  if (at.columns.size === 0) return { matrix, putBack: () => undefined };
  if (!canWriteInPlace(backend, matrix)) {
    const copy: Tensor2D = tf.tensorScatterUpdate(matrix, positionsOf(tf, at), values);
    return { matrix: copy, putBack: () => undefined };
  }
  const before = tf.gatherND(matrix, positionsOf(tf, at)) as Tensor1D;
  return {
    matrix: writtenInPlace(backend, matrix, entries),
    putBack() {
      writtenInPlace(backend, matrix, { ...at, values: before });
    },
  };
}

/** A matrix with one value of each row replaced. The given one, which no one else may have, is not to be used afterwards. */
export function replaced(backend: Backend, matrix: Tensor2D, entries: ColumnValues): Tensor2D {
  if (entries.columns.size === 0) return matrix;
  if (canWriteInPlace(backend, matrix)) return writtenInPlace(backend, matrix, entries);
  return backend.tf.tensorScatterUpdate(matrix, positionsOf(backend.tf, entries), entries.values);
}

/**
 * Where nothing else shares the memory: the sums over the rows of a matrix of one column are the matrix itself. Of the kernels on
 * a GPU nothing is known.
 */
const canWriteInPlace = ({ raw, device }: Backend, { shape: [, width] }: Tensor2D): boolean =>
  raw !== undefined && device === 'cpu' && width > 1;

/** `InplaceUpdate` of TensorFlow (core/kernels/inplace_ops.cc) returns its input, with some rows replaced: here rows of one number. */
function writtenInPlace({ tf, raw }: Backend, matrix: Tensor2D, { columns, values, ...at }: ColumnValues): Tensor2D {
  const kernels = required(raw, 'direct access to kernels');
  const [rows, width] = matrix.shape;
  const starts = tf.mul(at.rows ?? tf.range(0, rows, 1, 'int32'), tf.scalar(width, 'int32'));
  const inputs = [tf.reshape(matrix, [-1, 1]), tf.add(starts, columns), tf.reshape(values, [-1, 1])];
  const attributes = [{ name: 'T', type: kernels.attributeType.type, value: kernels.dataType('float32') }];
  const [written] = kernels.run('InplaceUpdate', { attributes, inputs, outputCount: 1 });
  return tf.reshape(required(written, 'the written matrix'), [rows, width]);
}

/** Row and column of each entry, [rows, 2]. */
function positionsOf(tf: TensorLibrary, { rows, columns }: LabelEntries): Tensor2D {
  return tf.stack([rows ?? tf.range(0, columns.size, 1, 'int32'), columns], 1) as Tensor2D;
}
