import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../engine-handle.ts';

/** Puts `strideHeight - 1` and `strideWidth - 1` zeros after every row and column: [n, h, w, c] to [n, h*s, w*t, c]. */
export function insertZeros(
  tf: TensorLibrary,
  x: Tensor4D,
  [strideHeight, strideWidth]: readonly [number, number],
): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const rows = tf.pad4d(tf.reshape(x, [batch * height, 1, width, channels]), [
    [0, 0],
    [0, strideHeight - 1],
    [0, 0],
    [0, 0],
  ]);
  const columns = tf.pad4d(tf.reshape(rows, [batch * height * strideHeight, width, 1, channels]), [
    [0, 0],
    [0, 0],
    [0, strideWidth - 1],
    [0, 0],
  ]);
  return tf.reshape(columns, [batch, height * strideHeight, width * strideWidth, channels]);
}

/** Cuts off or fills with zeros behind the last row and column, so that the image is `height` by `width`. */
export function fitTo(tf: TensorLibrary, x: Tensor4D, [height, width]: readonly [number, number]): Tensor4D {
  const [batch, rows, columns, channels] = x.shape;
  if (rows === height && columns === width) return x;
  const cut = tf.slice4d(x, [0, 0, 0, 0], [batch, Math.min(rows, height), Math.min(columns, width), channels]);
  return tf.pad4d(cut, [
    [0, 0],
    [0, Math.max(0, height - rows)],
    [0, Math.max(0, width - columns)],
    [0, 0],
  ]);
}
