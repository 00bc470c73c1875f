/*
 * Weights of a convolution are (out, in, height, width) here and (height, width, in, out) in TensorFlow; in one group per channel
 * (channels x multiplier, 1, height, width) becomes (height, width, channel, multiplier), which are the same numbers in the same order.
 */

/** As many numbers as a processor fetches at once: one after the other they would be fetched as often as they are. */
const together = 16;

/** Of ours, of that shape, a copy as TensorFlow has them. */
export function toTensorflow(
  values: Float32Array,
  [outs = 0, ins = 0, height = 0, width = 0]: readonly number[],
): Float32Array {
  const [cells, size] = [height * width, ins * height * width];
  const copy = new Float32Array(values.length);
  for (let first = 0; first < outs; first += together) {
    const end = Math.min(outs, first + together);
    for (let own = 0; own < size; own += 1) {
      const other = ((own % cells) * ins + Math.floor(own / cells)) * outs;
      for (let out = first; out < end; out += 1) copy[other + out] = values[out * size + own] ?? 0;
    }
  }
  return copy;
}

/** Of TensorFlow's, of that shape, a copy as they are here. */
export function fromTensorflow(
  values: Float32Array,
  [height = 0, width = 0, ins = 0, outs = 0]: readonly number[],
): Float32Array {
  const [cells, size] = [height * width, ins * height * width];
  const copy = new Float32Array(values.length);
  for (let first = 0; first < outs; first += together) {
    const end = Math.min(outs, first + together);
    for (let own = 0; own < size; own += 1) {
      const other = ((own % cells) * ins + Math.floor(own / cells)) * outs;
      for (let out = first; out < end; out += 1) copy[out * size + own] = values[other + out] ?? 0;
    }
  }
  return copy;
}
