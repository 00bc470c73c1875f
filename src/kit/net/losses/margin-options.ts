import { fail } from '../../../core/failure.ts';
import { meanOf } from '../../../core/statistics.ts';
import { failures } from '../failures.ts';

/** For curves: of margins that differ from sample to sample. */
export function marginFigures(margins: readonly number[]): {
  readonly margin: number;
  readonly marginDeviation: number;
} {
  const margin = meanOf(margins);
  return { margin, marginDeviation: Math.sqrt(meanOf(margins.map((each) => (each - margin) ** 2))) };
}

/** Fails with `empty-range` unless the first of two options is the smaller one, or, where that is allowed, equal to the second. */
export function requireRising(options: {
  readonly low: string;
  readonly least: number;
  readonly high: string;
  readonly greatest: number;
  readonly mayBeEqual: boolean;
}): void {
  const { least, greatest, mayBeEqual } = options;
  if (least > greatest || (least === greatest && !mayBeEqual)) fail(failures.emptyLossRange(options));
}

/** Options that margin losses have in common. */
export interface MarginOptions {
  readonly interclassFilter?: number;
  readonly gradient?: 'exact' | 'straight-through';
}

export const scale = {
  type: 'number',
  exclusiveMinimum: 0,
  default: 64,
  description: 'Factor of the cosines.',
} as const;

// Neither of the following has a default: trainings of before they existed keep their keys in the cache.

export const interclassFilter = {
  type: 'number',
  minimum: -1,
  exclusiveMaximum: 1,
  description:
    'Cosines with other classes above this count as 0, as probably of the same person (Partial FC, An et al. 2022: 0.4); ' +
    'left out: none.',
} as const;

export const gradient = {
  enum: ['exact', 'straight-through'],
  description:
    'exact, also if left out: the derivative of the formula. straight-through: the margin changes the value only, its own ' +
    'derivative counts as 1, as in arcface_torch.',
} as const;

export const angularMargin = {
  type: 'number',
  minimum: 0,
  exclusiveMaximum: 1.5707963267948966,
  default: 0.5,
  description: 'Additive angular margin in radians.',
} as const;
