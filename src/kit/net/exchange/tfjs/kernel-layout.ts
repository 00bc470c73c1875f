/**
 * Weights of a convolution as TensorFlow has them, (height, width, in, out), of ours, (out, in, height, width); in one group
 * per channel (channels x multiplier, 1, height, width) becomes (height, width, channel, multiplier), which are the same numbers
 * in the same order. A copy.
 */
export function toTensorflow(
  values: Float32Array,
  [outs = 0, ins = 0, height = 0, width = 0]: readonly number[],
): Float32Array {
  const cells = height * width;
  const copy = new Float32Array(values.length);
  for (let out = 0; out < outs; out += 1) {
    for (let channel = 0; channel < ins; channel += 1) {
      const from = (out * ins + channel) * cells;
      for (let cell = 0; cell < cells; cell += 1) {
        copy[(cell * ins + channel) * outs + out] = values[from + cell] ?? 0;
      }
    }
  }
  return copy;
}

/** The inverse; `shape` is TensorFlow's: (height, width, in, out). */
export function fromTensorflow(
  values: Float32Array,
  [height = 0, width = 0, ins = 0, outs = 0]: readonly number[],
): Float32Array {
  const cells = height * width;
  const copy = new Float32Array(values.length);
  for (let out = 0; out < outs; out += 1) {
    for (let channel = 0; channel < ins; channel += 1) {
      const to = (out * ins + channel) * cells;
      for (let cell = 0; cell < cells; cell += 1) {
        copy[to + cell] = values[(cell * ins + channel) * outs + out] ?? 0;
      }
    }
  }
  return copy;
}
