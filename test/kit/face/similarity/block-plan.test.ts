import { describe, expect, it } from 'vitest';
import { planBlocks } from '../../../../src/kit/face/similarity/block-plan.ts';

describe('planBlocks', () => {
  it('covers a matrix of several panels once', () => {
    const plan = planBlocks(5000, 40_000);
    const blocks = [...plan.blocks(0)];
    const corners = new Set(blocks.map(({ left, right }) => `${left.start} ${right.start}`));
    expect(corners.size).toBe(Math.ceil(5000 / 2048) * Math.ceil(40_000 / 2048));
    expect(blocks.length).toBe(corners.size);
    expect(blocks.reduce((sum, { left, right }) => sum + left.count * right.count, 0)).toBe(5000 * 40_000);
    expect(
      blocks.every(({ panel, right }) => panel.start <= right.start && right.start < panel.start + panel.count),
    ).toBe(true);
  });

  it('covers what is above the diagonal once, the left rows once for each panel', () => {
    const plan = planBlocks(40_000, undefined);
    const blocks = [...plan.blocks(0)];
    const side = Math.ceil(40_000 / 2048);
    expect(blocks.length).toBe((side * (side + 1)) / 2);
    expect(blocks.every(({ left, right }) => left.start <= right.start)).toBe(true);
    expect(blocks.reduce((sum, { pairs }) => sum + pairs, 0)).toBe(plan.pairs);
    const reads = blocks.filter(({ left }, at) => left.start !== blocks[at - 1]?.left.start);
    expect(reads.length).toBeLessThanOrEqual(side * Math.ceil(side / 8));
  });

  it('continues at any block, and knows what was before', () => {
    const plan = planBlocks(40_000, undefined);
    const [first] = plan.blocks(100);
    expect(first?.index).toBe(100);
    const before = [...plan.blocks(0)].slice(0, 100);
    expect(plan.pairsBefore(100)).toBe(before.reduce((sum, { pairs }) => sum + pairs, 0));
  });

  it('has no block where there is nothing to compare', () => {
    expect([...planBlocks(0, 10).blocks(0)]).toEqual([]);
    expect([...planBlocks(0, undefined).blocks(0)]).toEqual([]);
  });
});
