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

  it('have none where nothing is known of people, as in results of before', () => {
    const before = structuredClone(result) as { -readonly [key in keyof typeof result]: (typeof result)[key] };
    delete before.uncertainty;
    const { text } = errorCurves([{ name: 'held-out', result: before }]);
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
