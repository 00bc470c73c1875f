import { type Digest, digestOf } from '../../core/digest.ts';
import { fail, FailureError } from '../../core/failure.ts';
import type { NamedSet, VerificationSet } from '../codec/insightface/verification-set.ts';
import { mostFrequentSize, otherSize } from '../image/frequent-size.ts';
import { decodeImage } from '../image/image.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import { failures } from './failures.ts';
import { movedPairs } from './folds.ts';
import type { LeftOut } from './verification-result.ts';

/** A verification set without what cannot be read. */
export interface ReadablePairs {
  readonly set: VerificationSet;
  /** Of its images, where they were in the whole set. */
  readonly positions: readonly number[];
  readonly leftOut: LeftOut;
  /** What is wrong with each image that cannot be read, once for equal ones, in the order of the set. */
  readonly problems: readonly { readonly image: number; readonly problem: string }[];
}

export interface ReadablePairsOptions {
  readonly folds: number;
  /** Called after every image that was decoded. */
  readonly onImage: () => Promise<void> | undefined;
}

/** Different images: where the first of each is, and its digest by position. */
interface DifferentImages {
  readonly digests: readonly Digest[];
  readonly firsts: ReadonlyMap<Digest, number>;
}

/**
 * Leaves the pairs out of which an image cannot be decoded, or has another size than most. Decodes every different image
 * once. Fails with `no-readable-pair`.
 */
export async function readablePairs(named: NamedSet, { folds, onImage }: ReadablePairsOptions): Promise<ReadablePairs> {
  const { name, file, set } = named;
  const images = differentImages(set);
  const problemOf = await unreadableImages(named, images, onImage);
  const isReadable = (image: number): boolean => {
    const digest = images.digests[image];
    return digest !== undefined && !problemOf.has(digest);
  };
  const pairs = [...set.same.keys()];
  const isLeft = pairs.map((pair) => isReadable(2 * pair) && isReadable(2 * pair + 1));
  const kept = pairs.filter((pair) => isLeft[pair]);
  const problems = [...problemOf]
    .map(([digest, problem]) => ({ image: images.firsts.get(digest) ?? 0, problem }))
    .sort((one, other) => one.image - other.image);
  const [first] = problems;
  if (kept.length === 0 && first !== undefined) {
    fail(failures.noReadablePair({ name, pairs: pairs.length, ...first }, { file }));
  }
  const positions = kept.flatMap((pair) => [2 * pair, 2 * pair + 1]);
  return {
    set: {
      images: positions.map((image) => set.images[image] ?? new Uint8Array()),
      same: kept.map((pair) => set.same[pair] === true),
    },
    positions,
    problems,
    leftOut: {
      of: pairs.length,
      pairs: pairs.filter((pair) => isLeft[pair] !== true),
      images: problems.length,
      inOtherFolds: movedPairs(kept, pairs.length, folds),
    },
  };
}

function differentImages({ images }: VerificationSet): DifferentImages {
  const digests = images.map((bytes) => digestOf(bytes));
  const firsts = new Map<Digest, number>();
  for (const [image, digest] of digests.entries()) if (!firsts.has(digest)) firsts.set(digest, image);
  return { digests, firsts };
}

/** What is wrong with each that cannot be used. */
async function unreadableImages(
  { file, set }: NamedSet,
  { firsts }: DifferentImages,
  onImage: ReadablePairsOptions['onImage'],
): Promise<ReadonlyMap<Digest, string>> {
  const sizes = new Map<Digest, ImageSize>();
  const problemOf = new Map<Digest, string>();
  for (const [digest, image] of firsts) {
    try {
      const { width, height } = await decodeImage(set.images[image] ?? new Uint8Array(), { file });
      sizes.set(digest, { width, height });
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      problemOf.set(digest, error.failures[0].message);
    }
    await onImage();
  }
  const frequent = mostFrequentSize(sizes.values());
  for (const [digest, size] of sizes) {
    const problem = otherSize(size, frequent);
    if (problem !== undefined) problemOf.set(digest, problem);
  }
  return problemOf;
}
