import type { RgbImage } from '../image/image.ts';
import { alignmentTemplate } from './alignment-template.ts';
import { similarityTransform, type Point2 } from './similarity-transform.ts';
import { warpAffine, type AffineMatrix, type ImageSize } from './warp-affine.ts';

/**
 * Cuts a face out of an image so that its five points (image-left eye, image-right eye, nose, image-left and
 * image-right mouth corner) come to lie where the template has them (insightface, src/common/face_preprocess.py).
 * Heights other than 112 are not meant; widths other than 112 take the template of 96 pixels, as the original does.
 */
export function alignFace(image: RgbImage, points: readonly Point2[], size: ImageSize): RgbImage {
  return warpAffine(image, alignmentMatrix(points, size), size);
}

/** The map from the image to the cut face. */
export function alignmentMatrix(points: readonly Point2[], size: ImageSize): AffineMatrix {
  // The original holds the points in float32.
  const from = points.map(([x, y]): Point2 => [Math.fround(x), Math.fround(y)]);
  const { a, b, tx, ty } = similarityTransform(from, templateOfWidth(size.width));
  return [a, -b, tx, b, a, ty];
}

function templateOfWidth(width: number): readonly Point2[] {
  const shift = width === 112 ? 0 : -8;
  return alignmentTemplate.map(([x, y]): Point2 => [x + shift, y]);
}
