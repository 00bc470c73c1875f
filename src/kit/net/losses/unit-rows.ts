import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Backend, TensorLibrary } from '../backends/backend.ts';
import { required } from '../backends/tensors.ts';

/** Rows scaled to length 1. */
export interface UnitRows {
  readonly rows: Tensor2D;
  /** [rows, 1]. */
  readonly inverseNorms: Tensor2D;
}

/** Added to squared norms, as in MXNet's `L2Normalization`. */
const epsilon = 1e-10;

function inverseRoots<T extends Tensor>(tf: TensorLibrary, squaredNorms: T): T {
  const padded: T = tf.add(squaredNorms, epsilon);
  return tf.rsqrt(padded);
}

/** 1 / sqrt(sum x^2 + 1e-10) of each row, [rows]. */
export function inverseNormsOf({ tf, raw }: Backend, x: Tensor2D): Tensor1D {
  if (raw === undefined) return inverseRoots(tf, tf.sum(tf.square(x), 1));
  // One kernel that reads x once; the squares of 85,742 centres would be written and read again.
  const attributes = [
    { name: 'T', type: raw.attributeType.type, value: raw.dataType('float32') },
    { name: 'Tidx', type: raw.attributeType.type, value: raw.dataType('int32') },
    { name: 'keep_dims', type: raw.attributeType.bool, value: false },
  ];
  const inputs = [x, tf.tensor1d([1], 'int32')];
  const [norms] = raw.run('EuclideanNorm', { attributes, inputs, outputCount: 1 });
  return inverseRoots(tf, tf.square(required(norms, 'the norms') as Tensor1D));
}

/** x / sqrt(sum x^2 + 1e-10), MXNet's `L2Normalization`. */
export function unitRows(tf: TensorLibrary, x: Tensor2D): UnitRows {
  const inverseNorms = inverseRoots<Tensor2D>(tf, tf.sum(tf.square(x), 1, true));
  return { rows: tf.mul(x, inverseNorms), inverseNorms };
}

/** Gradient with respect to what was normalized: (dy - y (y . dy)) / norm. */
export function unitRowsGradient(tf: TensorLibrary, { rows, inverseNorms }: UnitRows, gradient: Tensor2D): Tensor2D {
  const along = tf.sum(tf.mul(rows, gradient), 1, true);
  return tf.mul(tf.sub(gradient, tf.mul(rows, along)), inverseNorms);
}
