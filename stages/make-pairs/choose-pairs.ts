import { fail } from '../../src/core/failure.ts';
import { Random } from '../../src/core/random.ts';
import type { FolderIdentity } from '../../src/kit/dataset/image-folder.ts';
import { differentPairs, type ImagePair, possiblePairs, samePairs } from './draw-pairs.ts';
import { failures } from './failures.ts';
import { type HardPairs, pairKey } from './hard-pairs.ts';

/** As many as a fold of LFW has. */
const usualPairsPerFold = 300;

interface Wanted {
  readonly pairsPerFold: number;
  readonly folder: string;
}

/**
 * How many pairs of either kind each fold gets: those asked for, or, where 0 are, as many as the fold with the fewest has
 * images for, 300 at most. Fails with `too-few-images`.
 */
export function pairsOfEachFold(
  folds: readonly (readonly FolderIdentity[])[],
  { pairsPerFold, folder }: Wanted,
): number {
  const possible = folds.map((people) => possiblePairs(people.map(({ images }) => images.length)));
  const same = Math.min(...possible.map((each) => each.same));
  const different = Math.min(...possible.map((each) => each.different));
  const wanted = pairsPerFold === 0 ? Math.max(1, Math.min(usualPairsPerFold, same, different)) : pairsPerFold;
  const facts = { wanted, folds: folds.length };
  const at = { file: folder };
  if (wanted > same) fail(failures.tooFewPairsOfImages({ ...facts, possible: same, kind: 'of the same person' }, at));
  if (wanted > different) {
    fail(failures.tooFewPairsOfImages({ ...facts, possible: different, kind: 'of different people' }, at));
  }
  return wanted;
}

export interface FoldPairs {
  readonly same: readonly ImagePair[];
  readonly different: readonly ImagePair[];
}

export interface FoldChoice {
  readonly people: readonly FolderIdentity[];
  /** Of either kind. */
  readonly pairs: number;
  /** So many of them at most are hard ones. */
  readonly hard: number;
  readonly hardPairs: HardPairs | undefined;
  readonly seed: number;
  readonly fold: number;
}

/** The pairs of one fold: the hard ones, and others by the seed. */
export function choosePairs({ people, pairs, hard, hardPairs, seed, fold }: FoldChoice): FoldPairs {
  const counts = people.map(({ images }) => images.length);
  const random = (kind: string): Random => Random.derive(seed, `make-pairs ${kind} ${fold}`);
  return {
    same: filled(hardPairs?.same.slice(0, hard) ?? [], samePairs(counts, random('same')), pairs),
    different: filled(hardPairs?.different.slice(0, hard) ?? [], differentPairs(counts, random('different')), pairs),
  };
}

/** `chosen`, and drawn ones that are not among them. */
function filled(chosen: readonly ImagePair[], drawn: Iterable<ImagePair>, count: number): ImagePair[] {
  const pairs = [...chosen];
  const known = new Set(chosen.map(pairKey));
  if (pairs.length === count) return pairs;
  for (const pair of drawn) {
    if (known.has(pairKey(pair))) continue;
    pairs.push(pair);
    if (pairs.length === count) break;
  }
  return pairs;
}
