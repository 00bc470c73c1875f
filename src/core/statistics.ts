/** Mean of some values; NaN of none. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of a sample, with n - 1 below; NaN of fewer than two. */
export function sampleDeviation(values: readonly number[]): number {
  if (values.length < 2) return NaN;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** Quantile 0.975 of the normal distribution. */
export const twoSided = 1.959963984540054;

/** Quantile 0.975 of Student's t for one, two and three degrees of freedom, for which the expansion is not exact enough. */
const fewest = [12.706, 4.303, 3.182];

/**
 * Quantile 0.975 of Student's t: from four degrees of freedom on by the expansion of Fisher and Cornish (Abramowitz and Stegun
 * 26.7.5), within 0.001. They need not be whole: below four the value is that of the next whole number.
 */
export function studentQuantile(freedom: number): number {
  if (freedom <= fewest.length) return fewest[Math.max(1, Math.ceil(freedom)) - 1] ?? NaN;
  const z = twoSided;
  const per = 1 / Math.max(4, freedom);
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ];
  return terms.reduce((sum, term, order) => sum + term * per ** order, 0);
}
