import type { RecordFile } from './record-file.ts';

/** Records whose ends are looked at, spread over the file: all of a small set, and what costs a hundredth of a second of a large one. */
const lookedAt = 4096;

/** Bytes of a .rec file that an index leads past. */
export interface IndexGap {
  /** Where a record begins, or would if there were no gap. */
  readonly start: number;
  /** Where the next record of the index begins, or the file ends. */
  readonly next: number;
}

/**
 * The first place where a record of the index does not end where the next one begins: lines are missing or come twice
 * there. Undefined: none was found.
 */
export function firstGap(records: RecordFile, offsets: Float64Array): IndexGap | undefined {
  const ascending = offsets.every((offset, entry) => entry === 0 || offset >= (offsets[entry - 1] ?? 0));
  const starts = ascending ? offsets : offsets.toSorted();
  const [first = 0] = starts;
  if (first !== 0) return { start: 0, next: first };
  const step = Math.max(1, Math.floor(starts.length / lookedAt));
  for (let place = 0; place < starts.length; place += step) {
    const start = records.endOf(starts[place] ?? 0);
    const next = starts[place + 1] ?? records.size;
    if (start !== next) return { start, next };
  }
  return undefined;
}
