import { meanOf, sampleDeviation, studentQuantile } from '../../core/statistics.ts';

/** A difference with the ends of its 95 % interval. */
export interface PairedInterval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The mean of differences of pairs, with the 95 % interval of Student's t (Student 1908): of two rows with the same seeds, say.
 * Undefined of fewer than two.
 */
export function pairedInterval(differences: readonly number[]): PairedInterval | undefined {
  if (differences.length < 2) return undefined;
  const value = meanOf(differences);
  const half = (studentQuantile(differences.length - 1) * sampleDeviation(differences)) / Math.sqrt(differences.length);
  return { value, low: value - half, high: value + half };
}
