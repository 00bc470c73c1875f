import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import { copiedTensor } from '../backends/tensors.ts';
import type { Communicator } from '../ranks/communicator.ts';

/** Embeddings and labels of a batch of which each rank has an equal share; they are the caller's. */
export interface WholeBatch {
  /** [batch, embeddingSize]. */
  readonly embeddings: Tensor2D;
  /** [batch], int32. */
  readonly labels: Tensor1D;
  /** The same as numbers. */
  readonly labelValues: Int32Array;
}

/**
 * What all ranks have together: every loss is that of the whole batch on each of them. An embedding is small beside the layers that
 * it comes from.
 */
export async function wholeBatch(
  tf: TensorLibrary,
  ranks: Communicator,
  { output, labels }: { readonly output: Tensor2D; readonly labels: Int32Array },
): Promise<WholeBatch> {
  if (ranks.size === 1) {
    return { embeddings: output.clone(), labels: tf.tensor1d(labels, 'int32'), labelValues: labels };
  }
  const [count, size] = output.shape;
  const rows = ranks.gather(Float32Array.from(await output.data<'float32'>()));
  const all = ranks.gather(labels.slice());
  const embeddings = copiedTensor(tf, rows, [count * ranks.size, size]) as Tensor2D;
  return { embeddings, labels: tf.tensor1d(all, 'int32'), labelValues: all };
}

/** Of a matrix with a row of each image of the batch, the rows of this rank's images; the given one is disposed of. */
export function ownRows(tf: TensorLibrary, ranks: Communicator, matrix: Tensor2D): Tensor2D {
  if (ranks.size === 1) return matrix;
  const [rows, columns] = matrix.shape;
  const count = rows / ranks.size;
  const own = tf.slice(matrix, [ranks.rank * count, 0], [count, columns]);
  matrix.dispose();
  return own;
}
