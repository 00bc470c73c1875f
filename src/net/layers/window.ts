/** Height and width. */
export type Pair = readonly [height: number, width: number];

/** Positions of a sliding window along each side: floor((size + 2 pad - kernel) / stride) + 1 (MXNet's `valid` convention). */
export function windowPositions(
  size: Pair,
  window: { readonly kernel: Pair; readonly stride: Pair; readonly pad: Pair },
): Pair {
  const along = (axis: 0 | 1): number =>
    Math.floor((size[axis] + 2 * window.pad[axis] - window.kernel[axis]) / window.stride[axis]) + 1;
  return [along(0), along(1)];
}
