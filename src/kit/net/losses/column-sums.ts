import type { Rank, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';

/** Sums over the rows, [rows, columns] to [columns], each row times its weight, [rows, 1]; as a product, which is faster than a sum. */
export function columnSums(tf: TensorLibrary, matrix: Tensor2D, weights?: Tensor2D): Tensor1D {
  const [rows, columns] = matrix.shape;
  return tf.reshape(tf.matMul(weights ?? tf.ones<Rank.R2>([rows, 1]), matrix, true, false), [columns]);
}
