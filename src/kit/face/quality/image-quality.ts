import { type Digest, digestOf } from '../../../core/digest.ts';
import { decodeImage } from '../../image/image.ts';
import { laplacianVariance } from '../blur.ts';

/**
 * What can tell how good an image is for recognition: the length of its embedding before it is brought to 1, as XNorm (mean of the image and
 * its mirror image); the score of the detector that found the face; the variance of the Laplacian of the aligned image. The higher, the better.
 */
export const qualityNames = ['norm', 'score', 'blur'] as const;

export type QualityName = (typeof qualityNames)[number];

/** How sharp each image is; equal ones are decoded once. Fails as the decoder does. */
export async function blurOf(images: readonly Uint8Array[], what: (index: number) => string): Promise<Float64Array> {
  const known = new Map<Digest, number>();
  const values = new Float64Array(images.length);
  for (const [index, bytes] of images.entries()) {
    const digest = digestOf(bytes);
    const value = known.get(digest) ?? laplacianVariance(await decodeImage(bytes, what(index)));
    known.set(digest, value);
    values[index] = value;
  }
  return values;
}
