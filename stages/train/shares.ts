import { fail } from '../../src/core/failure.ts';
import type { Params } from './contract.ts';
import { failures } from './failures.ts';

/** Fails with `ranks-mismatch` where batches are not made of the parts that are to be normalized. */
export function requireParts({ batch, normalizeOver = batch }: Params): void {
  if (batch % normalizeOver !== 0) fail(failures.normalizedRest({ batch, normalizeOver }));
}

/**
 * Fails with `batch-not-shared` where ranks would have shares of different sizes, and with `ranks-mismatch` where these are not
 * the parts over which batch normalisation is to go: the number of ranks is not part of the key, and must not change the result.
 */
export function requireShares(params: Params, ranks: number): void {
  requireParts(params);
  const { batch, normalizeOver = batch } = params;
  if (batch % ranks !== 0) fail(failures.batchNotShared({ batch, ranks }));
  if (normalizeOver === batch || normalizeOver * ranks === batch) return;
  fail(failures.normalizedParts({ batch, normalizeOver, ranks }));
}
