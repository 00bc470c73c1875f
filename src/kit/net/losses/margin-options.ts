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
