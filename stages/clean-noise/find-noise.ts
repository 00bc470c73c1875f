import type { IdentityImages } from '../../src/kit/dataset/dataset-copy.ts';
import type { EmbeddedSet } from '../../src/kit/face/embedded-set.ts';
import { largestCluster } from './clusters.ts';
import type { Params } from './contract.ts';

/** An identity, and what of it is kept, in the order in which it is written. */
export interface CleanedIdentity {
  readonly label: number;
  readonly kept: IdentityImages['positions'];
  readonly dropped: IdentityImages['positions'];
}

/**
 * What dataset_clean keeps (insightface, src/data/dataset_clean.py), but for its left-over experiment, which drops every identity of
 * more than 15 images. Mode centre: the images at or above the threshold, the least alike first, as the tool writes them.
 * Mode clusters: the largest of the first ten clusters; an image alone is in none.
 */
export function findNoise(set: EmbeddedSet, cosines: Float64Array, params: Params): CleanedIdentity[] {
  return set.identities.map(({ label, positions }) => {
    const kept = params.mode === 'centre' ? nearCentre(positions, cosines, params) : inCluster(set, positions, params);
    const isKept = new Set(kept);
    return { label, kept, dropped: positions.filter((position) => !isKept.has(position)) };
  });
}

function nearCentre(positions: readonly number[], cosines: Float64Array, { threshold }: Params): number[] {
  const cosineOf = (position: number): number => cosines[position] ?? NaN;
  return positions
    .filter((position) => cosineOf(position) >= threshold)
    .sort((one, other) => cosineOf(one) - cosineOf(other));
}

function inCluster(set: EmbeddedSet, positions: readonly number[], params: Params): number[] {
  const rows = positions.map((position) => set.row(position));
  return largestCluster(rows, params).map((place) => positions[place] ?? NaN);
}
