/** One threshold of a curve: how many of those that were taken out were to be, and how many of those that were to be were taken out. */
export interface CurvePoint {
  readonly threshold: number;
  readonly removed: number;
  readonly precision: number;
  readonly recall: number;
}

/** Precision and recall at thresholds, by the table `identities.tsv` of remove-overlap and the labels of those who are in both sets. */
export function overlapCurve(table: string, planted: ReadonlySet<number>, thresholds: readonly number[]): CurvePoint[] {
  const rows = table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [, label, , , cosine] = line.split('\t');
      return { label: Number(label), cosine: Number(cosine) };
    });
  return thresholds.map((threshold) => {
    const removed = rows.filter(({ cosine }) => cosine >= threshold);
    const right = removed.filter(({ label }) => planted.has(label)).length;
    return {
      threshold,
      removed: removed.length,
      precision: removed.length === 0 ? NaN : right / removed.length,
      recall: right / planted.size,
    };
  });
}
