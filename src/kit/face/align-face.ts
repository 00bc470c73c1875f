import { fail, type FailureLocation } from '../../core/failure.ts';
import { failures } from './failures.ts';
import type { RgbImage } from '../image/image.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import { warpAffine, type AffineMatrix } from '../image/warp-affine.ts';

/** x' = a x - b y + tx, y' = b x + a y + ty. */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

/** x, y. */
export type Point2 = readonly [number, number];

/**
 * The rotation, scale and shift that bring `from` nearest to `to` (least squares; Umeyama 1991 without reflection, in
 * the closed form for two dimensions). Points must not all coincide.
 */
export function similarityTransform(from: readonly Point2[], to: readonly Point2[]): Similarity {
  const [fromX, fromY] = centroid(from);
  const [toX, toY] = centroid(to);
  let squares = 0;
  let along = 0;
  let across = 0;
  from.forEach(([x, y], index) => {
    const [targetX, targetY] = to[index] ?? [0, 0];
    const px = x - fromX;
    const py = y - fromY;
    const qx = targetX - toX;
    const qy = targetY - toY;
    squares += px * px + py * py;
    along += px * qx + py * qy;
    across += px * qy - py * qx;
  });
  const a = along / squares;
  const b = across / squares;
  return { a, b, tx: toX - a * fromX + b * fromY, ty: toY - b * fromX - a * fromY };
}

function centroid(points: readonly Point2[]): Point2 {
  const sum = points.reduce<Point2>(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

/**
 * Where the five points are in an aligned image 112 pixels wide and high: image-left eye, image-right eye, nose tip,
 * image-left and image-right mouth corner (the 2018 system's template for 96 x 112, moved right by 8).
 */
export const alignmentTemplate: readonly Point2[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];

/** Where a network expects the face in its input: as the 2018 system cuts it, or as dlib does. */
export type FaceTemplate = 'arcface' | 'dlib';

/** An aligned image. */
export interface AlignedSize extends ImageSize {
  /** Default: `arcface`. */
  readonly template?: FaceTemplate;
}

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

/** Where the five points of a face are in an aligned image, in pixels; those of dlib in the middle of the width. */
export function pointsIn(size: ImageSize, template: FaceTemplate): readonly Point2[] {
  if (template === 'arcface') return templateFor(size);
  const { width, height } = size;
  return dlibPoints.map(([x, y]): Point2 => [x * height + (width - height) / 2, y * height]);
}

/**
 * Where the five points are in an aligned image of any size, as ArcFace has them. Height 112: as the 2018 system has it, all widths but 112
 * take the template of 96 pixels (insightface, src/common/face_preprocess.py). Squares of a multiple of 112, or else of
 * 128: as insightface has it today (python-package/insightface/utils/face_align.py), the latter with the face 8 pixels of
 * 128 further right. All others: enlarged with the height, and in the middle of the width.
 */
export function templateFor({ width, height }: ImageSize): readonly Point2[] {
  const { scale, shift } = placement(width, height);
  return alignmentTemplate.map(([x, y]): Point2 => [(x + shift) * scale, y * scale]);
}

function placement(width: number, height: number): { readonly scale: number; readonly shift: number } {
  if (height === 112) return { scale: 1, shift: width === 112 ? 0 : -8 };
  if (width === height && height % 112 !== 0 && height % 128 === 0) return { scale: height / 128, shift: 8 };
  const scale = height / 112;
  return { scale, shift: (width / scale - 112) / 2 };
}

/**
 * Cuts a face out of an image so that its five points (image-left eye, image-right eye, nose, image-left and
 * image-right mouth corner) are moved to where the template has them.
 */
export function alignFace(image: RgbImage, points: readonly Point2[], size: ImageSize): RgbImage {
  return warpAffine(image, alignmentMatrix(points, size), size);
}

/** The map from the image to the cut face. Fails with `equal-points`, at `at`, if the points are at one place. */
export function alignmentMatrix(points: readonly Point2[], size: AlignedSize, at?: FailureLocation): AffineMatrix {
  // The original holds the points in float32.
  const from = points.map(([x, y]): Point2 => [Math.fround(x), Math.fround(y)]);
  const [first] = from;
  const areFinite = from.every((point) => point.every(Number.isFinite));
  const areApart = from.some(([x, y]) => x !== first?.[0] || y !== first[1]);
  if (!areFinite || !areApart) fail(failures.equalPoints({}, at));
  const { a, b, tx, ty } = similarityTransform(from, pointsIn(size, size.template ?? 'arcface'));
  return [a, -b, tx, b, a, ty];
}

/** A point where a map takes it. */
export function mapPoint([m0, m1, m2, m3, m4, m5]: AffineMatrix, [x, y]: Point2): Point2 {
  return [m0 * x + m1 * y + m2, m3 * x + m4 * y + m5];
}

/**
 * How far the five points of an aligned face are from the template, on average, in pixels of an image 112 high: 1 to 3
 * for a face seen from the front, more from the side; much more where the points are no face's.
 */
export function alignmentResidual(points: readonly Point2[], matrix: AffineMatrix, size: AlignedSize): number {
  const template = pointsIn(size, size.template ?? 'arcface');
  const distances = points.map((point, index) => {
    const [x, y] = mapPoint(matrix, point);
    const [wantedX, wantedY] = template[index] ?? [x, y];
    return Math.hypot(x - wantedX, y - wantedY);
  });
  return (distances.reduce((sum, distance) => sum + distance, 0) / distances.length) * (112 / size.height);
}
