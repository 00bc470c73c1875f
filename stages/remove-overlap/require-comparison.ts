import { fail } from '../../src/core/failure.ts';
import type { Inputs } from './contract.ts';
import { failures } from './failures.ts';

/** Fails with `nothing-to-compare` where one set is given and no exclusion. */
export function requireComparison({ datasets, pairs, excluded }: Omit<Inputs, 'model'>): void {
  if (datasets.length > 1 || pairs.length + excluded.length > 0) return;
  fail(failures.nothingToCompare({}, { file: datasets[0] ?? '' }));
}
