import type { Pair, Window } from '../graph/layers/window.ts';
import type { KernelWeights } from './spread-kernel.ts';

/** Cells of padding before and behind an image, in height and width. */
export interface Pads {
  readonly begin: Pair;
  readonly end: Pair;
}

/** TensorFlow's padding SAME: as many positions as the size by the stride, rounded up; what is odd is behind the image. */
export function samePads(size: Pair, { kernel, stride }: Pick<Window, 'kernel' | 'stride'>): Pads {
  const total = (axis: 0 | 1): number =>
    Math.max(0, (Math.ceil(size[axis] / stride[axis]) - 1) * stride[axis] + kernel[axis] - size[axis]);
  const [rows, columns] = [total(0), total(1)];
  return {
    begin: [Math.floor(rows / 2), Math.floor(columns / 2)],
    end: [Math.ceil(rows / 2), Math.ceil(columns / 2)],
  };
}

/** Dimensions of what {@link evenlyPadded} makes. */
export function evenDims(dims: readonly number[], { begin, end }: Pads): number[] {
  const [filters = 0, channels = 0, rows = 0, columns = 0] = dims;
  return [filters, channels, rows + Math.abs(end[0] - begin[0]), columns + Math.abs(end[1] - begin[1])];
}

/**
 * The same convolution with as much padding on opposite sides: with a larger window, whose further weights are 0, where the
 * padding is larger.
 */
export function evenlyPadded(weight: KernelWeights, pads: Pads): KernelWeights & { readonly pad: Pair } {
  const { begin, end } = pads;
  const pad: Pair = [Math.max(begin[0], end[0]), Math.max(begin[1], end[1])];
  const [filters = 0, channels = 0, rows = 0, columns = 0] = weight.dims;
  const [top, left] = [pad[0] - begin[0], pad[1] - begin[1]];
  const [, , height = 0, width = 0] = evenDims(weight.dims, pads);
  if (height === rows && width === columns) return { ...weight, pad };
  const values = new Float32Array(filters * channels * height * width);
  for (let plane = 0; plane < filters * channels; plane += 1) {
    for (let row = 0; row < rows; row += 1) {
      const from = (plane * rows + row) * columns;
      values.set(weight.values.subarray(from, from + columns), (plane * height + row + top) * width + left);
    }
  }
  return { dims: [filters, channels, height, width], values, pad };
}
