import { fail, type FailureLocation } from '../core/failure.ts';
import { claimedSize } from '../kit/image/claimed-size.ts';
import { decodeImage as decode } from '../kit/image/image.ts';
import type { RgbImage } from '../kit/image/rgb-image.ts';
import { failures } from './failures.ts';

/** A photograph of 40 million pixels takes 120 MB, and its search for faces twice as much. */
export const usualMaxPixels = 40_000_000;

export interface DecodeImageOptions {
  /** What the image is called in failures. Default: `the image`. */
  readonly name?: string | undefined;
  /** Images that claim more are refused before anything of them is decoded. Default 40 million. */
  readonly maxPixels?: number | undefined;
}

/**
 * Decodes a photograph (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP, PNM), upright as its EXIF data say, with the pixels of libjpeg's
 * default. Rejects with `too-many-pixels` and `undecodable-image`; nothing is decoded of a file that is cut off.
 */
export async function decodeImage(
  bytes: Uint8Array,
  { name = 'the image', maxPixels = usualMaxPixels }: DecodeImageOptions = {},
): Promise<RgbImage> {
  requireFewPixels(bytes, maxPixels, { file: name });
  return decode(bytes, name, { upright: true, maxPixels });
}

/** Fails with `too-many-pixels` if the header claims more. */
export function requireFewPixels(bytes: Uint8Array, limit: number, at?: FailureLocation): void {
  const size = claimedSize(bytes);
  if (size !== undefined && size.width * size.height > limit) fail(failures.tooManyPixels({ size, limit }, at));
}
