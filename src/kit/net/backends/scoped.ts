import type { TensorContainer } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from './engine-handle.ts';

/** `tf.tidy` for results of our own types: disposes of every tensor that `compute` made and that is not in its result. */
export function scoped<Result extends object>(tf: TensorLibrary, compute: () => Result): Result {
  return tf.tidy(() => compute() as unknown as TensorContainer) as unknown as Result;
}
