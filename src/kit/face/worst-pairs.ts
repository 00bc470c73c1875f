import { decodeImage, encodeJpeg } from '../image/image.ts';
import type { VerificationSet } from '../codec/insightface/verification-set.ts';
import type { ScoredPairs } from './acceptance-counts.ts';
import type { FoldResult, VerificationResult, WrongPair } from './verification-result.ts';

/** Small enough for a page that shows dozens, good enough to see why the network erred. */
const thumbnailQuality = 75;

export interface WorstPairsOptions {
  readonly pairs: ScoredPairs;
  /** In order; their thresholds decide what is wrong. */
  readonly folds: readonly FoldResult[];
  readonly set: VerificationSet;
  /** Pairs of either kind to keep. */
  readonly limit: number;
}

/** The wrong decisions farthest from their threshold, with thumbnails of both images. */
export async function worstPairs(options: WorstPairsOptions): Promise<VerificationResult['worst']> {
  const { falseAccepts, falseRejects } = wrongPairs(options.pairs, options.folds);
  const falseAcceptsShown = falseAccepts.slice(0, options.limit);
  const falseRejectsShown = falseRejects.slice(0, options.limit);
  return {
    falseAccepts: await Promise.all(falseAcceptsShown.map((wrong) => withThumbnails(wrong, options.set))),
    falseRejects: await Promise.all(falseRejectsShown.map((wrong) => withThumbnails(wrong, options.set))),
  };
}

/** All wrong decisions: false accepts by rising, false rejects by falling distance. */
export function wrongPairs(pairs: ScoredPairs, folds: readonly FoldResult[]): VerificationResult['worst'] {
  const thresholds = folds.flatMap((fold) => Array.from({ length: fold.pairs }, () => fold.threshold));
  const wrong = thresholds
    .map((threshold, pair): WrongPair => ({ pair, distance: pairs.distances[pair] ?? 0, threshold, thumbnails: [] }))
    .filter(({ pair, distance, threshold }) => distance < threshold !== pairs.same[pair]);
  return {
    falseAccepts: wrong.filter(({ pair }) => !pairs.same[pair]).sort((a, b) => a.distance - b.distance),
    falseRejects: wrong.filter(({ pair }) => pairs.same[pair]).sort((a, b) => b.distance - a.distance),
  };
}

async function withThumbnails(wrong: WrongPair, set: VerificationSet): Promise<WrongPair> {
  const images = [set.images[2 * wrong.pair], set.images[2 * wrong.pair + 1]];
  const thumbnails = images.map(async (bytes) => {
    const image = await decodeImage(bytes ?? new Uint8Array(), `pair ${wrong.pair}`);
    const jpeg = encodeJpeg(image, thumbnailQuality);
    return `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
  });
  return { ...wrong, thumbnails: await Promise.all(thumbnails) };
}
