/** Height and width. */
export type Pair = readonly [height: number, width: number];

/** A window that slides over an image. */
export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
}

/** `valid`: only whole windows. `full`: also one that is cut at the far border (Caffe's way of pooling). */
export type WindowConvention = 'valid' | 'full';

/** Positions of a window along each side: (size + 2 pad - kernel) / stride + 1, rounded down (`valid`) or up (`full`). */
export function windowPositions(size: Pair, window: Window, convention: WindowConvention = 'valid'): Pair {
  const round = convention === 'valid' ? Math.floor : Math.ceil;
  const along = (axis: 0 | 1): number =>
    round((size[axis] + 2 * window.pad[axis] - window.kernel[axis]) / window.stride[axis]) + 1;
  return [along(0), along(1)];
}

/** How far the last windows reach beyond the far padding: 0 in the `valid` convention. */
export function overhang(size: Pair, window: Window, positions: Pair): Pair {
  const along = (axis: 0 | 1): number => {
    const end = (positions[axis] - 1) * window.stride[axis] + window.kernel[axis];
    return Math.max(0, end - size[axis] - 2 * window.pad[axis]);
  };
  return [along(0), along(1)];
}

/** What turns a mean over whole windows into one over the cells that a window has within the padding; row by row. */
export function cutWindowFactors(size: Pair, window: Window, positions: Pair): Float32Array {
  const along = (axis: 0 | 1): number[] =>
    Array.from({ length: positions[axis] }, (_, index) => {
      const remaining = size[axis] + 2 * window.pad[axis] - index * window.stride[axis];
      return window.kernel[axis] / Math.min(window.kernel[axis], remaining);
    });
  const columns = along(1);
  return Float32Array.from(along(0).flatMap((row) => columns.map((column) => row * column)));
}
