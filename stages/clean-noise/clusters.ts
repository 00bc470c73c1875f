import { exactScore } from '../../src/kit/face/similarity/exact-score.ts';

export interface ClusterRules {
  /** Vectors at this Euclidean distance, or nearer, are of one cluster. */
  readonly distance: number;
  /** So many clusters are looked at; 0: all. */
  readonly clusters: number;
}

/**
 * Places of the rows in the largest cluster, ascending; of equal ones the first; empty if no two rows are near each other.
 * The clusters are those of DBSCAN (Ester et al. 1996) with two samples: of two, either has a neighbour or is noise, so that
 * they are what hangs together by steps of at most `distance`. Clusters are numbered by their first rows.
 */
export function largestCluster(rows: readonly Float32Array[], { distance, clusters }: ClusterRules): number[] {
  // Of unit vectors: |a - b|^2 = 2 - 2 cos.
  const leastCosine = 1 - distance ** 2 / 2;
  const isNear = (one: number, other: number): boolean => {
    const [left, right] = [rows[one], rows[other]];
    if (left === undefined || right === undefined) return false;
    return exactScore({ values: left, at: 0 }, { values: right, at: 0 }, left.length) >= leastCosine;
  };
  const free = new Set(rows.keys());
  let largest: number[] = [];
  let number = 0;
  for (const first of rows.keys()) {
    if (!free.delete(first)) continue;
    const cluster = [first];
    // Grows while it is gone through.
    for (const member of cluster) {
      for (const other of free) {
        if (!isNear(member, other)) continue;
        free.delete(other);
        cluster.push(other);
      }
    }
    if (cluster.length < 2) continue;
    if (cluster.length > largest.length) largest = cluster;
    number += 1;
    if (number === clusters) break;
  }
  return largest.sort((one, other) => one - other);
}
