/** A difference with the ends of its 95 % interval. */
export interface PairedInterval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Mean of some values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of a sample, with n - 1 below; NaN of fewer than two. */
export function sampleDeviation(values: readonly number[]): number {
  if (values.length < 2) return NaN;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
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

/** The 97.5 percentile of Student's t for 1 to 30 degrees of freedom: any printed table of it. */
const quantiles = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

function studentQuantile(freedom: number): number {
  // From there on the first term of its expansion about the normal one is exact to three digits.
  return quantiles[freedom - 1] ?? 1.96 + 2.44 / freedom;
}
