import type { Failure } from '../../core/failure.ts';

/** What a file or folder is and holds, in words a newcomer understands. */
export interface Inspection {
  readonly path: string;
  /** Name of the format, `image`, `packed-set`, `image-folder`, `folder` or `unknown`. */
  readonly format: string;
  /** `verification set (.bin)`. */
  readonly title: string;
  /** What this kind of file is for. */
  readonly summary: string;
  /** In the order in which they are shown. */
  readonly facts: readonly Fact[];
  /** What is unusual, but no damage. */
  readonly notes: readonly string[];
  readonly damage: readonly Failure[];
  readonly imagesPerIdentity?: readonly HistogramBar[];
  /** Some images, for the contact sheet. */
  readonly samples: readonly SampleImage[];
}

/** What can be said of the content of a file. */
export interface Description {
  readonly facts: readonly Fact[];
  readonly notes?: readonly string[];
  readonly imagesPerIdentity?: readonly HistogramBar[];
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

export interface SampleImage {
  readonly caption: string;
  readonly bytes: Uint8Array;
}

/** Images that are kept for a contact sheet. */
export const sampleCount = 48;

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

/** `112 x 112 (3 of 7), 96 x 112`: how often each value occurs, most frequent first. */
export function tally(values: Iterable<string>, shown = 5): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  if (sorted.length === 1) return sorted[0]?.[0] ?? '';
  const words = sorted.slice(0, shown).map(([value, count]) => `${value} (${String(count)})`);
  return [...words, ...(sorted.length > shown ? [`${String(sorted.length - shown)} others`] : [])].join(', ');
}

/** Up to `count` positions spread evenly over 0..total-1. */
export function spread(total: number, count: number): number[] {
  if (total <= count) return Array.from({ length: total }, (_, position) => position);
  return Array.from({ length: count }, (_, index) => Math.floor((index * total) / count));
}

/** `1 identity`, `2 identities`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${String(count)} ${count === 1 ? singular : plural}`;
}

/** The value of a fact: `13,233`, `0.333333`; texts stay as they are. */
export function shownValue(value: Fact['value']): string {
  return typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 6 }) : value;
}

/** `.jpg (13233), .txt (1)`. */
export function endingsOf(names: readonly string[]): string {
  const endings = names.map((name) => /\.[^/]*$/.exec(name)?.[0] ?? 'none');
  return tally(endings, 8);
}
