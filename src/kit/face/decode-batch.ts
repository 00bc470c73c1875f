import { type Failure, fail, FailureError } from '../../core/failure.ts';
import type { ImagePlace } from '../dataset/image-place.ts';
import { decodeImage } from '../image/image.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import { failures } from './failures.ts';

/** An image that is yet to be decoded. */
export interface EncodedImage {
  /** The bytes of its file; asked for once, when its batch is next. */
  readonly read: () => Uint8Array;
  /** The file it comes from, and what it is in there: `image 17 of verification set lfw`. For failures. */
  readonly file: string;
  readonly what: string;
  /** Where the bytes are, for threads that read them themselves. */
  readonly place?: ImagePlace;
}

/** Decoded images of a batch: as they are, then mirrored; [2 x count, height, width, 3]. */
export interface DecodedBatch {
  readonly pixels: Uint8Array;
  /** Those that cannot be decoded, by their positions in the batch; their pixels are meaningless. */
  readonly undecodable: readonly UndecodableImage[];
}

export interface UndecodableImage {
  readonly position: number;
  readonly failure: Failure;
}

/** Whether an image of another size than the network's fails the batch, or counts as one that cannot be decoded. */
export type OtherSizes = 'fail' | 'skip';

/** Decodes batches of images, some of them ahead of those that are waited for. */
export interface BatchDecoder {
  /** Batches that may be asked for before the first of them is waited for. */
  readonly ahead: number;
  /** Rejects with `image-size-mismatch`: a network takes images of one size. */
  decode(images: readonly EncodedImage[]): Promise<DecodedBatch>;
}

/** Decodes in the calling thread. */
export function localDecoder(size: ImageSize): BatchDecoder {
  return {
    ahead: 1,
    async decode(images) {
      const pixels = new Uint8Array(2 * images.length * size.height * size.width * 3);
      const undecodable = await decodeInto(pixels, images, { size, otherSizes: 'fail' });
      return { pixels, undecodable };
    },
  };
}

/**
 * Decodes images into `pixels`, [2 x count, height, width, 3], exactly as libjpeg does by default, which the published figures were
 * measured with: first as they are, then mirrored left to right. Returns those that cannot be decoded. Fails with
 * `image-size-mismatch` unless images of other sizes are to be skipped.
 */
export async function decodeInto(
  pixels: Uint8Array,
  images: readonly Pick<EncodedImage, 'read' | 'file' | 'what'>[],
  { size, otherSizes }: { readonly size: ImageSize; readonly otherSizes: OtherSizes },
): Promise<UndecodableImage[]> {
  const imageBytes = size.height * size.width * 3;
  const undecodable: UndecodableImage[] = [];
  const decodeOne = async (image: Pick<EncodedImage, 'read' | 'file' | 'what'>, position: number): Promise<void> => {
    const { file, what } = image;
    const decoded = await decodeImage(image.read(), { file, what });
    requireSize(decoded, size, image);
    const [own, mirrored] = [position, images.length + position].map((each) => each * imageBytes);
    pixels.set(decoded.data, own);
    pixels.set(decoded.data, mirrored);
    mirrorPixels(pixels.subarray(mirrored, (mirrored ?? 0) + imageBytes), size.width);
  };
  const decoding = images.map(async (image, position) => {
    try {
      await decodeOne(image, position);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      if (otherSizes === 'fail' && error.failures[0].code === failures.imageSizeMismatch.code) throw error;
      undecodable.push({ position, failure: error.failures[0] });
    }
  });
  await Promise.all(decoding);
  return undecodable.sort((a, b) => a.position - b.position);
}

function requireSize(found: ImageSize, size: ImageSize, { file, what }: Pick<EncodedImage, 'file' | 'what'>): void {
  if (found.width === size.width && found.height === size.height) return;
  const facts = { expected: `${size.width} x ${size.height}`, what, found: `${found.width} x ${found.height}` };
  fail(failures.imageSizeMismatch(facts, { file }));
}

/** Mirrors RGB images left to right in place: every row of `width` pixels is reversed. */
export function mirrorPixels(pixels: Uint8Array, width: number): void {
  const rowBytes = width * 3;
  for (let row = 0; row < pixels.length; row += rowBytes) {
    for (let left = row, right = row + rowBytes - 3; left < right; left += 3, right -= 3) {
      for (let channel = 0; channel < 3; channel += 1) {
        const value = pixels[left + channel] ?? 0;
        pixels[left + channel] = pixels[right + channel] ?? 0;
        pixels[right + channel] = value;
      }
    }
  }
}
