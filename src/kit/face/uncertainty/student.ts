/** Quantile 0.975 of the normal distribution. */
export const twoSided = 1.959963984540054;

/**
 * Quantile 0.975 of Student's t, by the expansion of Fisher and Cornish (Abramowitz and Stegun 26.7.5): within 0.001 from four
 * degrees of freedom on, and for fewer the value of four. It need not be whole.
 */
export function studentQuantile(freedom: number): number {
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
