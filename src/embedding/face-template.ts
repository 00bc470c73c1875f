import { fail } from '../core/failure.ts';
import { alignmentMatrix, type FaceTemplate, pointsIn, similarityTransform } from '../kit/face/align-face.ts';
import type { DetectedFace } from '../kit/face/detectors/detector.ts';
import { warpAffine } from '../kit/image/warp-affine.ts';
import type { ImageSize, RgbImage } from '../kit/image/rgb-image.ts';
import { failures } from './failures.ts';

/** The template that a network of this input size was trained with, where nothing else is known: dlib's takes 150 x 150. */
export function usualTemplate({ width, height }: ImageSize): FaceTemplate {
  return width === 150 && height === 150 ? 'dlib' : 'arcface';
}

/**
 * Cuts a face out of an image for a network, by its five points. Fails with `no-points`, and with `equal-points` where all are at
 * one place.
 */
export function cutFace(
  image: RgbImage,
  { points }: Pick<DetectedFace, 'points'>,
  { size, template }: { readonly size: ImageSize; readonly template: FaceTemplate },
): RgbImage {
  if (points === undefined) return fail(failures.noPoints({}));
  const arcface = alignmentMatrix(points, size);
  if (template === 'arcface') return warpAffine(image, arcface, size);
  const { a, b, tx, ty } = similarityTransform(points, pointsIn(size, template));
  return warpAffine(image, [a, -b, tx, b, a, ty], size);
}
