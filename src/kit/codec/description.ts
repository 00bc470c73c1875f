import type { Failure } from '../../core/failure.ts';

/** What a file holds, as each format says of its own files. */
export interface Description {
  /** In the order in which they are shown. */
  readonly facts: readonly Fact[];
  /** What is unusual, but not damage. */
  readonly notes?: readonly string[];
  readonly damage?: readonly Failure[];
  readonly imagesPerIdentity?: readonly HistogramBar[];
  /** Encoded images in the file, of which some are looked at. */
  readonly images?: EmbeddedImages;
  /** About files that belong to this one and are next to it. */
  readonly companions?: readonly Fact[];
  /** If the file is part of something larger: what that is called. */
  readonly whole?: { readonly name: string; readonly title: string; readonly summary: string };
}

export interface Fact {
  readonly name: string;
  readonly value: string | number;
}

export interface HistogramBar {
  /** `1`, `2 to 4`, `100 and more`. */
  readonly range: string;
  readonly identities: number;
}

export interface EmbeddedImages {
  readonly count: number;
  /** Image `position`, from 0; its bytes are valid until the next call. */
  read(position: number): EmbeddedImage;
  close(): void;
}

export interface EmbeddedImage {
  readonly bytes: Uint8Array;
  /** What failures call it: `image 17`. */
  readonly what: string;
  /** `image 17, class 3`. */
  readonly caption: string;
  /** Where its record starts in the file. */
  readonly offset?: number;
}

const lowerBounds = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500];

/** How many identities have how many images. Empty ranges at either end are left out. */
export function histogramOf(counts: Iterable<number>): HistogramBar[] {
  const bars = lowerBounds.map((low, index) => ({
    low,
    high: (lowerBounds[index + 1] ?? Infinity) - 1,
    identities: 0,
  }));
  for (const count of counts) {
    const bar = bars.findLast(({ low }) => count >= low);
    if (bar !== undefined) bar.identities += 1;
  }
  const first = bars.findIndex(({ identities }) => identities > 0);
  const last = bars.findLastIndex(({ identities }) => identities > 0);
  return bars.slice(Math.max(0, first), last + 1).map(({ low, high, identities }) => ({
    range:
      low === high ? String(low) : high === Infinity ? `${String(low)} and more` : `${String(low)} to ${String(high)}`,
    identities,
  }));
}

/** How often each value occurs, in the order of their first occurrences. */
export function countEach<Value>(values: Iterable<Value>): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** `112 x 112 (3), 96 x 112 (1)`: how often each value occurs, most frequent first. */
export function tally(values: Iterable<string>, shown = 5): string {
  const sorted = [...countEach(values)].sort((a, b) => b[1] - a[1]);
  if (sorted.length === 1) return sorted[0]?.[0] ?? '';
  const words = sorted.slice(0, shown).map(([value, count]) => `${value} (${String(count)})`);
  return [...words, ...(sorted.length > shown ? [`${String(sorted.length - shown)} others`] : [])].join(', ');
}

/** `.jpg (13233), .txt (1)`. */
export function endingsOf(names: readonly string[]): string {
  const endings = names.map((name) => /\.[^/]*$/.exec(name)?.[0] ?? 'none');
  return tally(endings, 8);
}

/** The first arrays with their shapes: `conv1/weights (2, 2); conv1/biases (1)`. */
export function firstArrays(arrays: readonly { readonly name: string; readonly shape: readonly number[] }[]): string {
  const shown = arrays.slice(0, 3).map(({ name, shape }) => `${name} (${shape.join(', ')})`);
  return shown.join('; ');
}

/** How many pairs a protocol has, in how many folds. */
export function pairFacts(pairs: readonly { readonly same: boolean }[], folds: number): Fact[] {
  const same = pairs.filter((pair) => pair.same).length;
  return [
    { name: 'pairs', value: `${String(pairs.length)} (${String(same)} of the same person)` },
    { name: 'folds', value: folds },
  ];
}
