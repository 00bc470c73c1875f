import type { Json } from '../../core/digest.ts';
import type { Comparison } from './compare-runs.ts';

/** A comparison as data for other programs (`flow compare --json`); times are milliseconds. */
export function comparisonJson({ runs, rows }: Comparison): Json {
  return {
    ...{ format: 'faceflow-comparison', version: 1 },
    runs: runs.map(({ id, experiment }) => ({ id, experiment })),
    rows: rows.map(({ section, task, name, values }) => ({ section, task, name, values })),
  };
}
