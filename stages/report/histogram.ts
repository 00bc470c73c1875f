export interface Histogram {
  /** One more than there are counts; equally spaced. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** Counts values in equal bins over a domain; what lies outside falls into the first or last bin. */
export function histogram(values: readonly number[], [low, high]: readonly [number, number], bins: number): Histogram {
  const counts = Array.from({ length: bins }, () => 0);
  const width = (high - low) / bins;
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((value - low) / width)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { counts, edges: Array.from({ length: bins + 1 }, (_, edge) => low + edge * width) };
}
