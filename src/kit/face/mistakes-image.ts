import { decodeImage, type RgbImage } from '../image/image.ts';
import type { VerificationSet } from '../codec/insightface/verification-set.ts';
import { pairSheet } from './pair-sheet.ts';
import type { WrongPair } from './verification-result.ts';

/** Wrong pairs as one image, with their distances and the mean threshold of the folds. Undefined if there are none. */
export async function mistakesImage(
  wrong: readonly WrongPair[],
  set: VerificationSet,
  threshold: number,
): Promise<RgbImage | undefined> {
  const pairs = wrong.map(async ({ pair, distance }) => ({ faces: await facesOf(set, pair), value: distance }));
  return pairSheet(await Promise.all(pairs), threshold);
}

async function facesOf(set: VerificationSet, pair: number): Promise<readonly RgbImage[]> {
  const faces = [set.images[2 * pair], set.images[2 * pair + 1]];
  return Promise.all(faces.map((bytes) => decodeImage(bytes ?? new Uint8Array(), `pair ${pair}`)));
}
