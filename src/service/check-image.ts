import { claimedSize } from '../kit/image/claimed-size.ts';
import { frameCount } from '../kit/image/frame-count.ts';
import { checkImage, imageFormat, isDamage } from '../kit/image/image-header.ts';
import type { ServiceLimits } from './limits.ts';
import { Problem } from './problem.ts';

/** Formats whose size is known without a library: what a header claims is checked before any library sees the bytes. */
const taken = ['jpeg', 'png', 'gif', 'bmp', 'webp', 'pnm'] as const;

/**
 * Huffman codes of JPEG have a bit or more, and each block of 8 x 8 values at least one of them (ITU-T T.81, F.1.2): a file with fewer
 * bits than blocks does not hold the image that its header claims.
 */
const blockPixels = 64;
/** DEFLATE makes at most 1032 bytes of one (RFC 1951: 258 bytes for two bits), and a pixel takes a bit at least. */
const mostPixelsPerByte = 8 * 1032;

/**
 * Refuses an encoded image that need not be decoded to know that it is not taken: 415 for another format, 413 for too many
 * bytes or pixels, 422 for one that is cut off, animated, or claims more than its bytes can hold.
 */
export function checkUpload(
  bytes: Uint8Array,
  { maxBytes, maxPixels }: Pick<ServiceLimits, 'maxBytes' | 'maxPixels'>,
): void {
  const refuse = (code: string, status: number, detail: string): never => {
    throw new Problem(code, status, { detail });
  };
  if (bytes.length === 0) refuse('empty-image', 422, 'the image is empty');
  if (bytes.length > maxBytes)
    refuse('too-many-bytes', 413, `the image has ${bytes.length} bytes, more than ${maxBytes}`);
  const format = imageFormat(bytes);
  if (format === undefined || !taken.some((each) => each === format)) {
    const found = format ?? 'something that is no image';
    refuse('unsupported-image', 415, `expected an image (${taken.join(', ')}), found ${found}`);
  }
  const damage = checkImage(bytes);
  if (isDamage(damage)) refuse('undecodable-image', 422, damage.problem);
  const size = claimedSize(bytes);
  if (size === undefined)
    return refuse('undecodable-image', 422, 'the header of the image is cut off or claims no pixels');
  const { width, height } = size;
  const pixels = width * height;
  if (pixels > maxPixels) {
    refuse(
      'too-many-pixels',
      413,
      `the image claims ${width} x ${height} pixels, more than the ${maxPixels} that are taken`,
    );
  }
  const frames = frameCount(bytes);
  if (frames > 1) refuse('animated-image', 422, `the image is animated: it holds ${frames} images, and one is taken`);
  const tooFew =
    format === 'jpeg'
      ? 8 * bytes.length < pixels / blockPixels
      : format === 'png' && bytes.length * mostPixelsPerByte < pixels;
  if (tooFew) {
    refuse(
      'undecodable-image',
      422,
      `${bytes.length} bytes cannot hold the ${width} x ${height} pixels that the header claims`,
    );
  }
}
