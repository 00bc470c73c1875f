import { describe, expect, it } from 'vitest';
import { normalProbability, normalQuantile } from '../../src/core/normal-distribution.ts';

/** As scipy.stats.norm.ppf gives them (SciPy 1.15). */
const quantiles = [
  [1e-6, -4.753424308822899],
  [0.001, -3.090232306167813],
  [0.024, -1.977368428181947],
  [0.025, -1.9599639845400545],
  [0.3, -0.5244005127080407],
  [0.5, 0],
  [0.975, 1.959963984540054],
  [0.9999, 3.719016485455709],
] as const;

describe('the normal distribution', () => {
  it.each(quantiles)('has its quantile %f at %f, and back', (probability, quantile) => {
    expect(normalQuantile(probability)).toBeCloseTo(quantile, 7);
    expect(normalProbability(quantile) / probability).toBeCloseTo(1, 6);
  });

  it('has no quantile at its ends', () => {
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
  });
});
