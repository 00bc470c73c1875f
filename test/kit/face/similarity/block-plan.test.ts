import { describe, expect, it } from 'vitest';
import {
  planComparison,
  productColumns,
  productRanges,
  stripRows,
} from '../../../../src/kit/face/similarity/block-plan.ts';

describe('planComparison', () => {
  it('covers a matrix of several panels once', () => {
    const plan = planComparison(5000, 40_000);
    const strips = [...plan.strips(0)];
    const corners = new Set(strips.map(({ left, panel }) => `${left.start} ${panel.start}`));
    expect(corners.size).toBe(Math.ceil(5000 / stripRows) * Math.ceil(40_000 / (8 * productColumns)));
    expect(strips.length).toBe(corners.size);
    expect(strips.reduce((sum, { left, panel }) => sum + left.count * panel.count, 0)).toBe(5000 * 40_000);
    expect(plan.pairs).toBe(5000 * 40_000);
  });

  it('covers what is above the diagonal once, the left rows once for each panel', () => {
    const plan = planComparison(40_000, undefined);
    const strips = [...plan.strips(0)];
    expect(strips.reduce((sum, { pairs }) => sum + pairs, 0)).toBe((40_000 * 39_999) / 2);
    expect(strips.every(({ left, panel }) => left.start < panel.start + panel.count - 1)).toBe(true);
    // Counted pair by pair, of a strip that the diagonal crosses.
    const crossed = strips.find(({ left, panel }) => left.start > panel.start && panel.start > 0);
    let pairs = 0;
    const { left = { start: 0, count: 0 }, panel = left } = crossed ?? {};
    for (let row = left.start; row < left.start + left.count; row += 1) {
      for (let column = panel.start; column < panel.start + panel.count; column += 1) if (row < column) pairs += 1;
    }
    expect(crossed?.pairs).toBe(pairs);
    expect(pairs).toBeLessThan(left.count * panel.count);
  });

  it('continues at any strip, and knows what was before', () => {
    const plan = planComparison(40_000, undefined);
    const [first] = plan.strips(100);
    expect(first?.index).toBe(100);
    const before = [...plan.strips(0)].slice(0, 100);
    expect(plan.pairsBefore(100)).toBe(before.reduce((sum, { pairs }) => sum + pairs, 0));
  });

  it('has no strip where there is nothing to compare', () => {
    expect([...planComparison(0, 10).strips(0)]).toEqual([]);
    expect([...planComparison(0, undefined).strips(0)]).toEqual([]);
    expect([...planComparison(1, undefined).strips(0)]).toEqual([]);
  });

  it('divides a panel into products that cover it', () => {
    const ranges = [...productRanges({ start: 7, count: 2 * productColumns + 3 })];
    expect(ranges.map(({ start }) => start)).toEqual([7, 7 + productColumns, 7 + 2 * productColumns]);
    expect(ranges.at(-1)?.count).toBe(3);
  });
});
