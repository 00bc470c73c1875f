/** Probability of a value of the standard normal distribution below `x`: relative error below 1.2e-7 (Numerical Recipes, `erfcc`). */
export function normalProbability(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + z / 2);
  const polynomial = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ].reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  const beyond = (t * Math.exp(-z * z + polynomial)) / 2;
  return x < 0 ? beyond : 1 - beyond;
}

const central = {
  numerator: [
    2.506628277459239, -30.66479806614716, 138.357751867269, -275.9285104469687, 220.9460984245205, -39.69683028665376,
  ],
  denominator: [1, -13.28068155288572, 66.80131188771972, -155.6989798598866, 161.5858368580409, -54.47609879822406],
} as const;
const tail = {
  numerator: [
    2.938163982698783, 4.374664141464968, -2.549732539343734, -2.400758277161838, -0.3223964580411365,
    -0.007784894002430293,
  ],
  denominator: [1, 3.754408661907416, 2.445134137142996, 0.3224671290700398, 0.007784695709041462],
} as const;
const tailBegins = 0.02425;

/** The value that a standard normal variable is below with this probability, the probit: relative error below 1.2e-9 (Acklam 2003). */
export function normalQuantile(probability: number): number {
  if (probability <= 0) return -Infinity;
  if (probability >= 1) return Infinity;
  if (probability > 1 - tailBegins) return -normalQuantile(1 - probability);
  if (probability < tailBegins) {
    const root = Math.sqrt(-2 * Math.log(probability));
    return polynomial(tail.numerator, root) / polynomial(tail.denominator, root);
  }
  const centred = probability - 0.5;
  const square = centred * centred;
  return (centred * polynomial(central.numerator, square)) / polynomial(central.denominator, square);
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}
