import { describe, expect, it } from 'vitest';
import { adafaceTarget } from '../../../../src/kit/net/losses/adaface.ts';
import { angleOf, arcfaceTarget, shiftedCosine } from '../../../../src/kit/net/losses/angular-margin.ts';
import { combinedTarget } from '../../../../src/kit/net/losses/combined.ts';
import { extendedCosine, lambdaAt, sphereface } from '../../../../src/kit/net/losses/sphereface.ts';

// Check values of the specification, sections 3.1 to 3.3.

describe('ArcFace, margin 0.5', () => {
  it.each([
    [0.9, 0.580847],
    [0.5, 0.023597],
    [0, -0.479426],
    [-0.5, -0.853986],
    [-0.87, -0.999878],
    [-0.88, -1.119713],
  ])('turns the cosine %d into %d', (cosine, expected) => {
    expect(arcfaceTarget(cosine, { margin: 0.5, easyMargin: false }).value).toBeCloseTo(expected, 5);
  });

  it('leaves angles beyond a right angle alone with the easy margin', () => {
    const easy = (cosine: number): number => arcfaceTarget(cosine, { margin: 0.5, easyMargin: true }).value;
    expect([easy(0), easy(-0.5)]).toEqual([0, -0.5]);
    expect(easy(0.9)).toBeCloseTo(0.580847, 5);
  });

  it('stays finite at the cosine 1, and where rounding exceeds it', () => {
    for (const cosine of [1, 1 + 1e-7, -1, -1 - 1e-7]) {
      const { value, slope } = shiftedCosine(cosine, 0.5);
      expect(Number.isFinite(value) && Math.abs(slope) < 1100).toBe(true);
    }
    expect(angleOf(1).angle).toBeCloseTo(Math.sqrt(2e-7), 9);
  });
});

describe('the combined margin', () => {
  it.each([
    [[0.9, 0.4, 0.15], 0.9, 0.542445],
    [[0.9, 0.4, 0.15], 0.5, 0.07634],
    [[0.9, 0.4, 0.15], 0, -0.390538],
    [[0.9, 0.4, 0.15], -0.8, -1.03077],
    [[1.2, 0.4, 0], 0.9, 0.588793],
    [[1.2, 0.4, 0], 0.5, -0.085735],
    [[1.2, 0.4, 0], 0, -0.654982],
    [[1.2, 0.4, 0], -0.8, -0.967381],
    [[1, 0.3, 0.2], 0.9, 0.530989],
    [[1, 0.3, 0.2], 0.5, 0.02174],
    [[1, 0.3, 0.2], 0, -0.49552],
    [[1, 0.3, 0.2], -0.8, -1.141581],
  ] as const)('of %j turns the cosine %d into %d', ([angleFactor, angularMargin, cosineMargin], cosine, expected) => {
    expect(combinedTarget(cosine, { angleFactor, angularMargin, cosineMargin }).value).toBeCloseTo(expected, 5);
  });

  it('of (1, 0, m3) is the cosine less m3, also at the cosine 1', () => {
    const margins = { angleFactor: 1, angularMargin: 0, cosineMargin: 0.35 };
    expect(combinedTarget(1, margins)).toEqual({ value: 0.65, slope: 1 });
  });
});

describe('SphereFace', () => {
  it.each([
    [0.9, -0.2312],
    [0.5, -1.5],
    [0, -3],
    [-0.5, -4.5],
    [-0.8, -5.1568],
  ])('psi of 4 turns the cosine %d into %d', (cosine, expected) => {
    expect(extendedCosine(cosine, 4).value).toBeCloseTo(expected, 4);
  });

  it('psi falls from 1 to 1 - 2 m, with slopes of m^2 at both ends', () => {
    for (const factor of [1, 2, 3, 4, 7]) {
      expect(extendedCosine(1, factor)).toEqual({ value: 1, slope: factor ** 2 });
      expect(extendedCosine(-1, factor).value).toBeCloseTo(1 - 2 * factor, 9);
      expect(extendedCosine(-1, factor).slope).toBeCloseTo(factor ** 2, 9);
    }
  });

  it('lambda is 1000 at first and reaches 5 after 1659 steps, with the numbers for large sets after 8317', () => {
    const { lambdaStart, lambdaLeast, lambdaFreezeSteps, lambdaGamma, lambdaPower } = sphereface.options;
    expect([lambdaStart['default'], lambdaLeast['default'], lambdaFreezeSteps['default']]).toEqual([1000, 5, 0]);
    expect([lambdaGamma['default'], lambdaPower['default']]).toEqual([0.12, 1]);
    const small = { lambdaStart: 1000, lambdaLeast: 5, lambdaFreezeSteps: 0, lambdaGamma: 0.12, lambdaPower: 1 };
    expect(lambdaAt(1, small)).toBe(1000);
    expect(lambdaAt(2, small)).toBeCloseTo(1000 / 1.12, 9);
    expect(lambdaAt(1659, small)).toBeGreaterThan(5);
    expect(lambdaAt(1660, small)).toBe(5);
    const large = { ...small, lambdaFreezeSteps: 5000, lambdaGamma: 0.06 };
    expect(lambdaAt(5001, large)).toBe(1000);
    expect(lambdaAt(8317, large)).toBeGreaterThan(5);
    expect(lambdaAt(8318, large)).toBe(5);
  });
});

describe('AdaFace', () => {
  it('takes the margin off the cosine at mean quality, and off the angle at the ends', () => {
    const target = (cosine: number, quality: number): number => adafaceTarget(cosine, { margin: 0.4, quality }).value;
    expect(target(0.5, 0)).toBeCloseTo(0.1, 9);
    expect(target(0.5, -1)).toBeCloseTo(Math.cos(Math.PI / 3 + 0.4), 9);
    expect(target(0.5, 1)).toBeCloseTo(Math.cos(Math.PI / 3 - 0.4) - 0.8, 9);
  });

  it('keeps angles between 0.001 and pi - 0.001, where the slope is 0', () => {
    const near = adafaceTarget(0.99, { margin: 0.4, quality: 1 });
    expect(near.value).toBeCloseTo(Math.cos(1e-3) - 0.8, 12);
    const far = adafaceTarget(-0.99, { margin: 0.4, quality: -1 });
    expect(far.value).toBeCloseTo(Math.cos(Math.PI - 1e-3), 12);
    expect([near.slope, far.slope]).toEqual([0, 0]);
  });
});
