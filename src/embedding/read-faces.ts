import { fail } from '../core/failure.ts';
import { centralFace } from '../kit/face/choose-face.ts';
import type { RgbImage } from '../kit/image/rgb-image.ts';
import { decodeImage, type DecodeImageOptions } from './decode-image.ts';
import type { Detector, Face } from './detector.ts';
import type { Embedder } from './embedder.ts';
import { failures } from './failures.ts';

/** `all` that there are, at least one; `one`: exactly one, or a failure; `central`: of several the most central. */
export type FaceChoice = 'all' | 'one' | 'central';

/** A face as it was found, and cut out as the network takes it. */
export interface CutFace {
  /** Undefined where the image was aligned before: nothing looked for a face. */
  readonly face: Face | undefined;
  readonly crop: RgbImage;
}

/** What finds faces and cuts them out. Without a detector images are taken for aligned faces. */
export interface FaceReaders {
  readonly detector: Detector | undefined;
  readonly embedder: Pick<Embedder, 'align' | 'size'>;
}

export interface ReadFacesOptions extends DecodeImageOptions {
  readonly choice: FaceChoice;
  readonly signal?: AbortSignal;
}

/**
 * The faces of an encoded photograph, by descending score. Rejects with `too-many-pixels`, `undecodable-image`, `no-face`,
 * `several-faces`, `no-points`, and `not-aligned` where an image should be aligned already.
 */
export async function readFaces(
  bytes: Uint8Array,
  { detector, embedder }: FaceReaders,
  { choice, name = 'the image', maxPixels, signal }: ReadFacesOptions,
): Promise<readonly CutFace[]> {
  const at = { file: name };
  const image = await decodeImage(bytes, { name, maxPixels });
  if (detector === undefined) return [{ face: undefined, crop: requireAligned(image, embedder, name) }];
  const [faces = []] = await detector.detect([image], signal === undefined ? {} : { signal });
  if (faces.length === 0) fail(failures.noFace({ size: image }, at));
  if (choice === 'one' && faces.length > 1) fail(failures.severalFaces({ count: faces.length }, at));
  const central = choice === 'central' ? centralFace(faces, image) : undefined;
  const chosen = central === undefined ? faces : faces.filter((_, index) => index === central);
  return chosen.map((face) => ({ face, crop: embedder.align(image, face) }));
}

function requireAligned(image: RgbImage, { size }: Pick<Embedder, 'size'>, name: string): RgbImage {
  if (image.width === size.width && image.height === size.height) return image;
  return fail(failures.notAligned({ size, found: image }, { file: name }));
}
