import { fail } from '../core/failure.ts';
import { alignmentMatrix, type Point2, similarityTransform, templateFor } from '../kit/face/align-face.ts';
import type { DetectedFace } from '../kit/face/detectors/detector.ts';
import { warpAffine } from '../kit/image/warp-affine.ts';
import type { ImageSize, RgbImage } from '../kit/image/rgb-image.ts';
import { failures } from './failures.ts';

/** Where a network expects the face in its input: as the 2018 system cuts it, or as dlib does. */
export type FaceTemplate = 'arcface' | 'dlib';

/**
 * The five points in a chip of dlib, in shares of the side: the mean face of dlib/image_transforms/interpolation.h
 * (get_face_chip_details) with a padding of a quarter; eyes are the means of their six points.
 */
const dlibPoints: readonly Point2[] = [
  [0.225492, 0.21599],
  [0.754761, 0.21599],
  [0.490127, 0.515625],
  [0.254149, 0.780233],
  [0.726104, 0.780233],
].map(([x = 0, y = 0]): Point2 => [(0.25 + x) / 1.5, (0.25 + y) / 1.5]);

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

/** Where the five points of a face are in the input of a network, in pixels. */
export function pointsIn(size: ImageSize, template: FaceTemplate): readonly Point2[] {
  if (template === 'arcface') return templateFor(size);
  return dlibPoints.map(([x, y]): Point2 => [x * size.width, y * size.height]);
}
