import type { Pair, Window } from '../../graph/layers/window.ts';

/** What turns a mean over whole windows into one over the cells that a window has within the padding. */
export function cutWindowFactors(size: Pair, window: Window, positions: Pair): Float32Array {
  const along = (axis: 0 | 1): number[] =>
    Array.from({ length: positions[axis] }, (_, index) => {
      const left = size[axis] + 2 * window.pad[axis] - index * window.stride[axis];
      return window.kernel[axis] / Math.min(window.kernel[axis], left);
    });
  const columns = along(1);
  return Float32Array.from(along(0).flatMap((row) => columns.map((column) => row * column)));
}
