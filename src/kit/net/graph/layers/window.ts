import type { ValueSchema } from '../value-schema.ts';

/** Height and width. */
export type Pair = readonly [height: number, width: number];

/** A window that slides over an image. */
export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
}

/** JSON schema of the attributes of a {@link Window}. */
export const windowAttributes = { kernel: pairSchema(1), stride: pairSchema(1), pad: pairSchema(0) };

function pairSchema(minimum: number): ValueSchema {
  const description = `two integers (height, width) of at least ${minimum}`;
  return { type: 'array', items: { type: 'integer', minimum }, minItems: 2, maxItems: 2, description };
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

/** What turns a mean over whole windows into one over the cells that a window has within the image; row by row. */
export function insideFactors(size: Pair, window: Window, positions: Pair): Float32Array {
  const along = (axis: 0 | 1): number[] =>
    Array.from({ length: positions[axis] }, (_, index) => {
      const start = index * window.stride[axis] - window.pad[axis];
      const inside = Math.min(start + window.kernel[axis], size[axis]) - Math.max(start, 0);
      return window.kernel[axis] / inside;
    });
  const columns = along(1);
  return Float32Array.from(along(0).flatMap((row) => columns.map((column) => row * column)));
}

/** Why a window does not fit an image; continues after the layer's name. */
export function doesNotFit(window: Window, [height, width]: Pair): { readonly problem: string } {
  return { problem: `a ${window.kernel.join(' x ')} window does not fit ${height} x ${width}` };
}

/** For outlines: empty for stride 1, otherwise `, /2` or `, /2x1`. */
export function strideWords([height, width]: Pair): string {
  if (height === 1 && width === 1) return '';
  return height === width ? `, /${height}` : `, /${height}x${width}`;
}
