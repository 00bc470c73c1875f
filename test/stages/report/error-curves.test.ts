import { describe, expect, it } from 'vitest';
import { errorCurves } from '../../../stages/report/error-curves.ts';
import { sampleVerification } from './sample-content.ts';

const result = sampleVerification('held-out');
const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

describe('curves of errors', () => {
  it('are an ROC and a DET on two kinds of axes each, with a band on each', () => {
    const { text } = errorCurves([{ name: 'held-out', result }]);
    expect(count(text, /<svg/g)).toBe(4);
    expect(count(text, /class="series band/g)).toBe(4);
    expect(text).toMatch(/<text[^>]*>1\/300<\/text/);
    expect(text).toContain('data-y="probit ');
  });

  it('begin where their own set does, beside one that measures more', () => {
    const larger = sampleVerification('larger', 2, 2000);
    const { text } = errorCurves([
      { name: 'larger', result: larger },
      { name: 'held-out', result },
    ]);
    const starts = [...text.matchAll(/class="series step c(\d)"[^>]*d="M([\d.]+) /g)].map(([, colour, x]) => [
      colour,
      Number(x),
    ]);
    // On the logarithmic axis from 0.001 to 1: at 1/1000, and at 1/300.
    expect(starts.slice(0, 2)).toEqual([
      ['0', 44],
      ['1', 103.6],
    ]);
  });

  it('have none where nothing is known of people, as in results of before', () => {
    const { uncertainty, ...before } = result;
    const { text } = errorCurves([{ name: 'held-out', result: before }]);
    expect(uncertainty?.curve).toBeDefined();
    expect(count(text, /<svg/g)).toBe(4);
    expect(count(text, /class="series band/g)).toBe(0);
  });

  it('end where a set measures no more, with a band around every point', () => {
    const curve = result.uncertainty?.curve ?? [];
    expect(curve[0]?.fmr).toBeCloseTo(1 / 300, 8);
    expect(curve.at(-1)).toMatchObject({ fmr: 1, fnmr: 0 });
    for (const { fnmr, low, high } of curve) {
      expect(low).toBeLessThanOrEqual(fnmr);
      expect(high).toBeGreaterThanOrEqual(fnmr);
    }
  });
});
