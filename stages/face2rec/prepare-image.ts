import { fail, FailureError, type Failure } from '../../src/core/failure.ts';
import { alignmentMatrix } from '../../src/kit/face/align-face.ts';
import { cropFace } from '../../src/kit/face/crop-face.ts';
import { sourceArea, warpAffine } from '../../src/kit/image/warp-affine.ts';
import { checkedImage, ReusableBuffer, storedImage, type StoredImage } from '../../src/kit/image/image-file.ts';
import { decodeImage, encodeJpeg, encodePng } from '../../src/kit/image/image.ts';
import { JpegDecoder } from '../../src/kit/image/jpeg-decoder.ts';
import type { ImageSize, RgbImage } from '../../src/kit/image/rgb-image.ts';
import { failures } from './failures.ts';
import { loadImage, type SourceImage } from './image-source.ts';

/** How images that are not aligned become crops. */
export interface AlignmentRules {
  readonly size: ImageSize;
  readonly encoding: 'jpg' | 'png';
  /** JPEG: 1 to 100. PNG: compression level 0 to 9. */
  readonly quality: number;
  /** If an image has no points: fail, or crop its box or middle. */
  readonly withoutPoints: 'fail' | 'crop';
}

export type Preparation =
  | ({ readonly outcome: 'ready' } & StoredImage)
  | { readonly outcome: 'unusable'; readonly failures: readonly [Failure, ...Failure[]] };

/** What a worker thread is asked. */
export interface PreparationJob {
  readonly image: SourceImage;
  readonly rules: AlignmentRules;
}

/** Reads images one after the other: verbatim if they are aligned, cut out and encoded if they are not. */
export class ImagePreparer {
  readonly #fileBuffer = new ReusableBuffer();
  readonly #decoder = new JpegDecoder();

  /**
   * The image, whose bytes stay as they are until the next call; a promise of it if something has to be decoded, for a
   * promise costs as much as reading a small file. Neither throws nor rejects for a bad image.
   */
  prepare(job: PreparationJob): Preparation | Promise<Preparation> {
    try {
      return job.image.aligned ? this.#prepareStored(job.image) : this.#prepareSlowly(this.#align(job));
    } catch (error) {
      return unusable(error);
    }
  }

  #prepareStored(image: SourceImage): Preparation | Promise<Preparation> {
    const { bytes, origin } = loadImage(image, this.#fileBuffer);
    const checked = checkedImage(bytes, origin);
    return checked === undefined
      ? this.#prepareSlowly(storedImage(bytes, origin))
      : { outcome: 'ready', bytes, width: checked.width, height: checked.height };
  }

  async #prepareSlowly(image: Promise<StoredImage>): Promise<Preparation> {
    try {
      return { outcome: 'ready', ...(await image) };
    } catch (error) {
      return unusable(error);
    }
  }

  /** Decodes a photograph, cuts the face out, and encodes it. */
  async #align({ image, rules }: PreparationJob): Promise<StoredImage> {
    const { path, points, within } = image;
    if (points === undefined && rules.withoutPoints === 'fail') {
      const offset = within === undefined ? {} : { offset: within.offset };
      fail(failures.unalignedImage({}, { file: path, ...offset }));
    }
    const { bytes, origin } = loadImage(image, this.#fileBuffer);
    if (points === undefined) {
      const photograph = await decodeImage(bytes, origin, { upright: true });
      return { bytes: await encode(cropFace(photograph, image.box, rules.size), rules), ...rules.size };
    }
    const matrix = alignmentMatrix(pairUp(points), rules.size, { file: path });
    const area = sourceArea(matrix, rules.size);
    const photograph = await decodeImage(bytes, origin, { upright: true, area, decoder: this.#decoder });
    return { bytes: await encode(warpAffine(photograph, matrix, rules.size), rules), ...rules.size };
  }
}

function unusable(error: unknown): Preparation {
  if (error instanceof FailureError) return { outcome: 'unusable', failures: error.failures };
  throw error;
}

async function encode(face: RgbImage, { encoding, quality }: AlignmentRules): Promise<Uint8Array> {
  return encoding === 'png' ? encodePng(face, Math.min(9, quality)) : encodeJpeg(face, quality);
}

function pairUp(points: readonly number[]): (readonly [number, number])[] {
  const count = points.length / 2;
  return Array.from({ length: count }, (_, index) => [points[index] ?? 0, points[count + index] ?? 0] as const);
}
