import type { GroupPoint } from './groups/group-rates.ts';
import type { ErrorDiscard } from './quality/error-discard.ts';
import type { SetUncertainty } from './uncertainty/set-uncertainty.ts';

/** One fold of a verification: the threshold was chosen on the pairs of all other folds. */
export interface FoldResult {
  readonly pairs: number;
  readonly threshold: number;
  /** Share of right decisions on the fold's own pairs. */
  readonly accuracy: number;
}

/** Acceptance rates at one threshold, averaged over the folds. */
export interface RocPoint {
  readonly threshold: number;
  /** Share of different pairs accepted. */
  readonly falsePositiveRate: number;
  /** Share of same pairs accepted. */
  readonly truePositiveRate: number;
}

/** Share of same pairs accepted at a threshold that accepts `far` of the different pairs of the training folds. */
export interface TarAtFar {
  readonly far: number;
  /** Mean over the folds; where a single different pair is more than the rate, not a number: null in JSON. */
  readonly tar: number;
  /** Population standard deviation over the folds. */
  readonly deviation: number;
  /** Share of different pairs accepted on the test folds, mean. */
  readonly measuredFar: number;
  /** Mean threshold of the folds. */
  readonly threshold: number;
  /** Folds that hold both same and different pairs; only they count. 0: `tar` says nothing. */
  readonly folds: number;
}

/** A pair that was decided wrongly. */
export interface WrongPair {
  /** Position of the pair in the set, from 0. */
  readonly pair: number;
  readonly distance: number;
  /** Threshold of its fold. */
  readonly threshold: number;
  /** `data:image/jpeg;base64,...` of both images, small; empty when no thumbnails were asked for. */
  readonly thumbnails: readonly string[];
}

/** Who is in which group, and the rates of each. */
export interface GroupResult {
  /** In the order of the list. */
  readonly names: readonly string[];
  /** Of each image, two per pair, the position of its group; -1: in none. */
  readonly of: readonly number[];
  /** Images in no group, and pairs that do not count for that. */
  readonly imagesWithout: number;
  readonly pairsWithout: number;
  readonly points: readonly GroupPoint[];
}

/** What of a verification set was left out, since images cannot be read. */
export interface LeftOut {
  /** Pairs of the set as it was packed. */
  readonly of: number;
  /** Positions there of the pairs that are left out, from 0. */
  readonly pairs: readonly number[];
  /** Different images that cannot be read. */
  readonly images: number;
  /** Pairs that were measured in another fold than they have in the whole set: folds are cut out of what is left. */
  readonly inOtherFolds: number;
}

/** What `verification.json` holds: one result per model and set. */
export interface VerificationFile {
  readonly version: 2;
  readonly results: readonly VerificationResult[];
}

/** A model measured on a set. Distances are squared Euclidean distances of unit vectors: 0 to 4. */
export interface VerificationResult {
  /** Name of the model, e.g. that of its folder. */
  readonly model: string;
  /** Name of the set, e.g. `lfw`. */
  readonly set: string;
  readonly pairs: number;
  readonly samePairs: number;
  /** Where pairs that cannot be read were to be left out; everything else here is of those that were measured. */
  readonly leftOut?: LeftOut;
  readonly embeddingSize: number;
  /** Mean accuracy over the folds, embeddings of original and mirrored image added. */
  readonly accuracy: number;
  /** Population standard deviation of the fold accuracies. */
  readonly deviation: number;
  /** The same without mirrored images. */
  readonly accuracyWithoutFlip: number;
  readonly deviationWithoutFlip: number;
  /** Mean L2 norm of all embeddings, originals and mirrored, before normalisation. */
  readonly xnorm: number;
  readonly folds: readonly FoldResult[];
  readonly roc: readonly RocPoint[];
  readonly areaUnderCurve: number;
  /** For false acceptance rates 0.1, 0.01, 0.001 and 0.0001. */
  readonly tarAtFar: readonly TarAtFar[];
  readonly worst: {
    /** Different people taken for one, nearest first. */
    readonly falseAccepts: readonly WrongPair[];
    /** One person taken for two, farthest first. */
    readonly falseRejects: readonly WrongPair[];
  };
  /** How sure these figures are; not there in results of before, and during a training. */
  readonly uncertainty?: SetUncertainty;
  /** Error rates by group at thresholds of the whole set; where groups were given. */
  readonly groups?: GroupResult;
  /** Error against discarded share, for each quality that was asked for and each rate that the set measures. */
  readonly discard?: readonly ErrorDiscard[];
  /** Number of the person of each image, two per pair, as far as the set tells: for comparing models on the same draws. */
  readonly people?: readonly number[];
  /** Per pair, rounded to six decimals. */
  readonly distances: readonly number[];
  /** Per pair. */
  readonly same: readonly boolean[];
}
