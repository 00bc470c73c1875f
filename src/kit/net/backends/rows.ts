import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { Backend } from './backend.ts';
import { required } from './tensors.ts';

interface Rows {
  /** [rows], int32, without repetitions. */
  readonly rows: Tensor1D;
  /** [rows, ...], of the other axes of the array. */
  readonly values: Tensor;
}

/**
 * An array with other values in some rows. Where TensorFlow computes on the CPU they are written into the memory of the array,
 * which is not to be used any more: a copy of a million centres for a tenth of them takes longer than all that is computed of them, and twice the
 * memory (`InplaceUpdate`, core/kernels/inplace_ops.cc).
 */
export function withRows(
  { tf, raw, device }: Pick<Backend, 'tf' | 'raw' | 'device'>,
  array: Tensor,
  { rows, values }: Rows,
): Tensor {
  if (rows.size === 0) return tf.clone(array);
  if (raw === undefined || device !== 'cpu') return tf.tensorScatterUpdate(array, tf.reshape(rows, [-1, 1]), values);
  const attributes = [{ name: 'T', type: raw.attributeType.type, value: raw.dataType(array.dtype) }];
  const [written] = raw.run('InplaceUpdate', { attributes, inputs: [array, rows, values], outputCount: 1 });
  return required(written, 'the written array');
}
