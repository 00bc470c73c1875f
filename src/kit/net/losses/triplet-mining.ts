import type { Random } from '../../../core/random.ts';
import type { EmbeddedPool } from '../../dataset/batch-order.ts';

export interface TripletMining {
  /** Images per batch, a multiple of 3. */
  readonly batch: number;
  readonly random: Random;
  readonly margin: number;
  /** Greatest squared distance of anchor and positive; 0: any. */
  readonly maxPositiveDistance: number;
}

interface Triplet {
  readonly anchor: number;
  readonly positive: number;
  readonly negative: number;
}

/**
 * The 2018 system's choice of semi-hard triplets: for every two images i < j of an identity, i the anchor, one negative
 * drawn from those that are further from the anchor than the positive, but by less than the margin (squared distances).
 * Returns positions in the pool: per batch the anchors, then the positives, then the negatives. What does not fill a
 * batch is left out.
 */
export function chooseTriplets(pool: EmbeddedPool, mining: TripletMining): Int32Array {
  const triplets = semiHardTriplets(pool, mining);
  mining.random.shuffle(triplets);
  const perBatch = mining.batch / 3;
  const batches = Math.floor(triplets.length / perBatch);
  const positions = new Int32Array(batches * mining.batch);
  for (const [index, triplet] of triplets.slice(0, batches * perBatch).entries()) {
    const start = Math.floor(index / perBatch) * mining.batch + (index % perBatch);
    positions[start] = triplet.anchor;
    positions[start + perBatch] = triplet.positive;
    positions[start + 2 * perBatch] = triplet.negative;
  }
  return positions;
}

function semiHardTriplets({ embeddings, labels }: EmbeddedPool, mining: TripletMining): Triplet[] {
  const { random, margin, maxPositiveDistance } = mining;
  const triplets: Triplet[] = [];
  const distances = new Float64Array(labels.length);
  for (let anchor = 0; anchor < labels.length; anchor += 1) {
    const end = endOfRun(labels, anchor);
    if (end === anchor + 1) continue;
    fillDistances(distances, embeddings, anchor);
    for (let positive = anchor + 1; positive < end; positive += 1) {
      const near = distances[positive] ?? 0;
      if (maxPositiveDistance > 0 && near > maxPositiveDistance) continue;
      const candidates: number[] = [];
      for (const [other, far] of distances.entries()) {
        if (labels[other] !== labels[anchor] && near < far && far - near < margin) candidates.push(other);
      }
      const negative = candidates[random.integer(candidates.length)];
      if (negative !== undefined) triplets.push({ anchor, positive, negative });
    }
  }
  return triplets;
}

/** One past the last of the images that are adjacent to `start` and of its identity. */
function endOfRun(labels: Int32Array, start: number): number {
  let end = start + 1;
  while (end < labels.length && labels[end] === labels[start]) end += 1;
  return end;
}

/** Squared distances of all rows from one. */
function fillDistances(distances: Float64Array, embeddings: Float32Array, from: number): void {
  const size = embeddings.length / distances.length;
  for (let row = 0; row < distances.length; row += 1) {
    let sum = 0;
    for (let index = 0; index < size; index += 1) {
      const difference = (embeddings[row * size + index] ?? 0) - (embeddings[from * size + index] ?? 0);
      sum += difference * difference;
    }
    distances[row] = sum;
  }
}
