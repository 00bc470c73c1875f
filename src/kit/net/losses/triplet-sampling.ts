import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import type { Sampling } from '../../dataset/batch-order.ts';
import { chooseTriplets } from './triplet-mining.ts';

/** Options of the choice of triplets, common to the losses that take them. */
export interface MiningOptions {
  readonly imagesPerIdentity: number;
  readonly poolSize: number;
  readonly maxPositiveDistance: number;
}

export const miningOptions = {
  imagesPerIdentity: {
    type: 'integer',
    minimum: 2,
    default: 5,
    description: 'Images of an identity, at most, among which pairs are formed (--images-per-identity).',
  },
  poolSize: {
    type: 'integer',
    minimum: 3,
    default: 3600,
    description: 'Images that are embedded at a time to choose triplets from them (--triplet-bag-size).',
  },
  maxPositiveDistance: {
    type: 'number',
    minimum: 0,
    default: 0,
    description:
      'Pairs of an identity at a greater squared distance are left out, as probably mislabelled (--triplet-max-ap); 0: none.',
  },
} as const;

/** Batches of semi-hard triplets; negatives are further than the positive by less than `negativeMargin`, in squared distances. */
export function minedTriplets(options: MiningOptions & { readonly negativeMargin: number }): Sampling {
  const { imagesPerIdentity, poolSize, maxPositiveDistance, negativeMargin } = options;
  return {
    imagesPerIdentity,
    batchMultiple: 3,
    mining: {
      poolSize,
      choose: (pool, { batch, random }) =>
        chooseTriplets(pool, { batch, random, margin: negativeMargin, maxPositiveDistance }),
    },
  };
}

/** Anchors, positives and negatives of a batch. */
export function thirds(tf: TensorLibrary, rows: Tensor2D): [Tensor2D, Tensor2D, Tensor2D] {
  if (rows.shape[0] % 3 !== 0) throw new Error(`a batch of ${rows.shape[0]} images is not made of triplets`);
  return tf.split(rows, 3) as [Tensor2D, Tensor2D, Tensor2D];
}
