/**
 * Smooth value noise: random values at whole coordinates, blended with a cubic between them. -1 to 1, and the same for
 * the same seed on every machine.
 */
export function valueNoise(seed: number, x: number, y: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const blendX = fade(x - column);
  const blendY = fade(y - row);
  const top = mix(lattice(seed, column, row), lattice(seed, column + 1, row), blendX);
  const bottom = mix(lattice(seed, column, row + 1), lattice(seed, column + 1, row + 1), blendX);
  return mix(top, bottom, blendY);
}

/** Two octaves of {@link valueNoise}. */
export function cloudNoise(seed: number, x: number, y: number): number {
  return 0.65 * valueNoise(seed, x, y) + 0.35 * valueNoise(seed + 1, 2.1 * x, 2.1 * y);
}

export function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/** 0 below `low`, 1 above `high`, a cubic between them. `low` may be the greater one. */
export function smoothStep(low: number, high: number, value: number): number {
  return fade(clamp((value - low) / (high - low), 0, 1));
}

/** exp(-x^2) of a distance in units of `width`; nothing beyond three of them. */
export function bump(distance: number, width: number): number {
  const scaled = distance / width;
  const square = scaled * scaled;
  return square > 9 ? 0 : Math.exp(-square);
}

function fade(t: number): number {
  return t * t * (3 - 2 * t);
}

function lattice(seed: number, column: number, row: number): number {
  let hash = Math.imul(column, 0x27d4eb2d) ^ Math.imul(row, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) / 2 ** 31;
}
