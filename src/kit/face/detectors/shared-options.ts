/** The option `threshold` of a detector. */
export function thresholdOption<Value extends number>(value: Value) {
  return { type: 'number', minimum: 0, maximum: 1, default: value, description: 'The least score of a face.' } as const;
}

/** The option `overlap`, by which boxes of one face are known. */
export function overlapOption<Value extends number>(value: Value) {
  return {
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: value,
    description: 'The share of two boxes in common above which the lower score goes.',
  } as const;
}

/** The option of detectors that see images at their own size. */
export const longestSide = {
  type: 'integer',
  minimum: 0,
  default: 1920,
  description: 'Larger images are made smaller: pixels of the longer side. 0: never.',
} as const;
