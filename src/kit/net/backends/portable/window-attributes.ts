import type { Pair } from '../../graph/layers/window.ts';

/** tfjs's form of a padding that is the same on opposite sides, NHWC. */
export function explicitPadding([height, width]: Pair): [
  [number, number],
  [number, number],
  [number, number],
  [number, number],
] {
  return [
    [0, 0],
    [height, height],
    [width, width],
    [0, 0],
  ];
}

export function mutablePair([height, width]: Pair): [number, number] {
  return [height, width];
}
