import { studentQuantile } from '../../../core/statistics.ts';

/**
 * Quantile 0.975 of Student's t for an interval over people. Of fewer than four degrees of freedom it is that of four: an interval
 * as wide as theirs would hold every figure.
 */
export function peopleQuantile(freedom: number): number {
  return studentQuantile(Math.max(4, freedom));
}
