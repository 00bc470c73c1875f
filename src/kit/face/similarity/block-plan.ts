/*
 * Which blocks a product of two long matrices is computed in. Rows of the right matrix are taken a panel at a time; for each
 * panel the left matrix is read once from beginning to end. So 16,384 rows are read for 16,384 x 2,048 scores, which
 * take a hundred times longer to compute.
 */

/** At most so many rows and columns of a block: 16 MB of scores. Measured: larger ones are not computed faster. */
export const blockColumns = 2048;
const blockRows = blockColumns;
const panelRows = 8 * blockRows;

/** The most scores of a block. */
export const blockScores = blockRows ** 2;

interface RowRange {
  readonly start: number;
  readonly count: number;
}

export interface PlannedBlock {
  readonly index: number;
  readonly left: RowRange;
  readonly right: RowRange;
  /** The rows of the right matrix that are in memory with those of the block. */
  readonly panel: RowRange;
  readonly diagonal: boolean;
  readonly pairs: number;
}

export interface BlockPlan {
  /** Of all blocks. */
  readonly count: number;
  readonly pairs: number;
  /** From the one with that index on. */
  blocks(first: number): Generator<PlannedBlock, undefined>;
  /** In the blocks before that one. */
  pairsBefore(first: number): number;
}

/**
 * `rightRows` undefined: the left matrix with itself, the blocks on and above the diagonal. `only`: those blocks, which keep the index
 * that they have among all.
 */
export function planBlocks(
  leftRows: number,
  rightRows: number | undefined,
  only: (index: number) => boolean = () => true,
): BlockPlan {
  const blocks = function* (first: number): Generator<PlannedBlock, undefined> {
    for (const block of allBlocks(leftRows, rightRows)) if (block.index >= first && only(block.index)) yield block;
    return undefined;
  };
  let [count, pairs] = [0, 0];
  for (const block of blocks(0)) {
    count += 1;
    pairs += block.pairs;
  }
  return {
    count,
    pairs,
    blocks,
    pairsBefore(first) {
      let before = pairs;
      for (const block of blocks(first)) before -= block.pairs;
      return before;
    },
  };
}

function* allBlocks(leftRows: number, rightRows: number | undefined): Generator<PlannedBlock, undefined> {
  let index = 0;
  for (const panel of ranges({ start: 0, count: rightRows ?? leftRows }, panelRows)) {
    for (const left of ranges({ start: 0, count: leftRows }, blockRows)) {
      for (const right of ranges(panel, blockRows)) {
        if (rightRows === undefined && right.start < left.start) continue;
        const diagonal = rightRows === undefined && right.start === left.start;
        const pairs = diagonal ? (left.count * (left.count - 1)) / 2 : left.count * right.count;
        yield { index, left, right, panel, diagonal, pairs };
        index += 1;
      }
    }
  }
  return undefined;
}

function* ranges({ start, count }: RowRange, size: number): Generator<RowRange, undefined> {
  const end = start + count;
  for (let at = start; at < end; at += size) yield { start: at, count: Math.min(size, end - at) };
  return undefined;
}
