import type { Pair } from '../graph/layers/window.ts';

/** Weights of a convolution: filters, channels of a group, rows, columns. */
export interface KernelWeights {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/**
 * Zeros between weights and around them are written out: a file of some bytes would take any memory. The largest layers of networks
 * for faces have a tenth of it.
 */
export const mostWeights = 2 ** 28;

/** Whether spreading or padding makes more weights than any network has. */
export function isTooLarge(dims: readonly number[]): boolean {
  return dims.reduce((product, length) => product * length, 1) > mostWeights;
}

/** Side of a window whose cells are `dilation` apart. */
export function spreadSide(side: number, dilation: number): number {
  return (side - 1) * dilation + 1;
}

/** Dimensions of what {@link spreadKernel} makes. */
export function spreadDims(
  [filters = 0, channels = 0, rows = 0, columns = 0]: readonly number[],
  [down, across]: Pair,
): number[] {
  return [filters, channels, spreadSide(rows, down), spreadSide(columns, across)];
}

/**
 * The weights of a convolution with dilation as those of one without: zeros stand between the cells. It computes the same on
 * every backend and goes to every format; only in training the zeros are weights like others.
 */
export function spreadKernel({ dims, values }: KernelWeights, [down, across]: Pair): KernelWeights {
  const [filters = 0, channels = 0, rows = 0, columns = 0] = dims;
  const [height, width] = [spreadSide(rows, down), spreadSide(columns, across)];
  const spread = new Float32Array(filters * channels * height * width);
  for (let plane = 0; plane < filters * channels; plane += 1) {
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const target = (plane * height + row * down) * width + column * across;
        spread[target] = values[(plane * rows + row) * columns + column] ?? 0;
      }
    }
  }
  return { dims: [filters, channels, height, width], values: spread };
}
