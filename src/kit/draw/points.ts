/** A point of a series. A line breaks where `y` is not a number. */
export type Point = readonly [x: number, y: number];

/** The number of neighbouring points over which a curve is averaged for the eye: a thirtieth of it, odd, so that it has a middle. */
export function smoothingWindow(points: number): number {
  return 2 * Math.floor(points / 60) + 1;
}

/**
 * Mean of the `window` points around each point (fewer at the ends). Centred: unlike an exponential mean it does not lag
 * behind, so drops stay where the learning rate fell.
 */
export function smooth(points: readonly Point[], window: number): readonly Point[] {
  const reach = (window - 1) / 2;
  return points.map(([x], index) => {
    const around = points.slice(Math.max(0, index - reach), index + reach + 1).map(([, y]) => y);
    const known = around.filter(Number.isFinite);
    return [x, known.length === 0 ? Number.NaN : known.reduce((sum, y) => sum + y, 0) / known.length];
  });
}

/** Thins a curve to at most about `limit` points: of each stretch of equal length the lowest and the highest, so that no peak is lost. */
export function thin(points: readonly Point[], limit: number): readonly Point[] {
  if (points.length <= limit) return points;
  const stretches = Math.floor(limit / 2);
  return Array.from({ length: stretches }, (_, stretch) => {
    const start = Math.floor((stretch * points.length) / stretches);
    const end = Math.floor(((stretch + 1) * points.length) / stretches);
    return extremes(points.slice(start, end));
  }).flat();
}

function extremes(stretch: readonly Point[]): readonly Point[] {
  const [first] = stretch;
  if (first === undefined) return [];
  const unknown = stretch.find(([, y]) => !Number.isFinite(y));
  if (unknown !== undefined) return [unknown];
  const lowest = stretch.reduce((a, b) => (b[1] < a[1] ? b : a), first);
  const highest = stretch.reduce((a, b) => (b[1] > a[1] ? b : a), first);
  if (lowest === highest) return [lowest];
  return lowest[0] < highest[0] ? [lowest, highest] : [highest, lowest];
}

export interface Histogram {
  /** One more than there are counts; equally spaced. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** Counts values in equal bins over a domain; values outside of it count in the first or the last bin. */
export function histogram(values: readonly number[], [low, high]: readonly [number, number], bins: number): Histogram {
  const counts = Array.from({ length: bins }, () => 0);
  const width = (high - low) / bins;
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((value - low) / width)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { counts, edges: Array.from({ length: bins + 1 }, (_, edge) => low + edge * width) };
}
