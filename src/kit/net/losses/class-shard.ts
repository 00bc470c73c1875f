import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import { copiedTensor } from '../backends/tensors.ts';
import type { Communicator } from '../ranks/communicator.ts';

/** Part of the classes of a loss: those whose centres one rank holds, or those of them that take part in a step. */
export interface ClassShard {
  readonly ranks: Communicator;
  /** [batch]: which of the classes here is the label of each sample; -1 where it is not here. */
  readonly columns: Int32Array;
}

/** Where in a matrix [batch, classes] the entries of labels are: [entries], int32 each. */
export interface LabelEntries {
  /** Absent: every row has one. */
  readonly rows?: Tensor1D;
  readonly columns: Tensor1D;
}

/** Of all samples, or of those whose label is in the shard. */
export function labelEntries(tf: TensorLibrary, labels: Tensor1D, shard: ClassShard | undefined): LabelEntries {
  if (shard === undefined) return { columns: labels };
  const { columns } = shard;
  const rows = Array.from(columns.keys()).filter((row) => (columns[row] ?? -1) >= 0);
  const own = rows.map((row) => columns[row] ?? -1);
  return { rows: tf.tensor1d(Int32Array.from(rows), 'int32'), columns: tf.tensor1d(Int32Array.from(own), 'int32') };
}

/** Of values of all samples, [batch], those of the entries. */
export function ofEntries(tf: TensorLibrary, values: Tensor1D, { rows }: LabelEntries): Tensor1D {
  return rows === undefined ? values : tf.gather(values, rows);
}

type Joined = 'sum' | 'max';

/**
 * Of the tensor that each rank has, the sum over all of them, or the greatest of each element; without a shard the tensor itself.
 */
export function overRanks<T extends Tensor>(
  { tf, shard }: { readonly tf: TensorLibrary; readonly shard: ClassShard | undefined },
  how: Joined,
  tensor: T,
): T {
  if (shard === undefined || shard.ranks.size === 1) return tensor;
  const values = Float32Array.from(tensor.dataSync<'float32'>());
  shard.ranks[how](values);
  return copiedTensor(tf, values, tensor.shape) as T;
}
