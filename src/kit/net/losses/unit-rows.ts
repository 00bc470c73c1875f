import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';

/** Rows scaled to length 1. */
export interface UnitRows {
  readonly rows: Tensor2D;
  /** [rows, 1]. */
  readonly inverseNorms: Tensor2D;
}

/** x / sqrt(sum x^2 + 1e-10), MXNet's `L2Normalization`. */
export function unitRows(tf: TensorLibrary, x: Tensor): UnitRows {
  const squaredNorms: Tensor2D = tf.add(tf.sum(tf.square(x), 1, true), 1e-10);
  const inverseNorms = tf.rsqrt(squaredNorms);
  return { rows: tf.mul(x, inverseNorms), inverseNorms };
}

/** Gradient by what was normalised: (dy - y (y . dy)) / norm. */
export function unitRowsGradient(tf: TensorLibrary, { rows, inverseNorms }: UnitRows, gradient: Tensor2D): Tensor2D {
  const along = tf.sum(tf.mul(rows, gradient), 1, true);
  return tf.mul(tf.sub(gradient, tf.mul(rows, along)), inverseNorms);
}
