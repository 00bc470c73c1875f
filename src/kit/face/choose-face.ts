import type { ImageSize } from '../image/rgb-image.ts';
import type { DetectedFace, FaceBox } from './detectors/detector.ts';
import { areaOf, overlapOf } from './detectors/box-overlap.ts';

/** What the distance of a face from the middle of the image counts against its area (insightface, src/align/align_lfw.py). */
const distanceWeight = 2;

/**
 * Which of several faces an image is about: that with the greatest area minus twice the squared distance of its middle
 * from the middle of the image; of equal ones the first. Undefined if there are none.
 */
export function centralFace(faces: readonly DetectedFace[], size: ImageSize): number | undefined {
  return greatest(faces.map(({ box }) => centrality(box, size)));
}

/** Area minus twice the squared distance from the middle of the image, in square pixels. */
export function centrality(box: FaceBox, { width, height }: ImageSize): number {
  const x = (box.left + box.right) / 2 - width / 2;
  const y = (box.top + box.bottom) / 2 - height / 2;
  return areaOf(box) - distanceWeight * (x * x + y * y);
}

/** Which face overlaps most with a known box, by more than `above`; undefined if none does. */
export function overlappingFace(faces: readonly DetectedFace[], known: FaceBox, above: number): number | undefined {
  const overlaps = faces.map(({ box }) => overlapOf(box, known));
  const best = greatest(overlaps);
  return best !== undefined && (overlaps[best] ?? 0) > above ? best : undefined;
}

/** The place of the first of the greatest values. */
function greatest(values: readonly number[]): number | undefined {
  let best: number | undefined;
  for (const [index, value] of values.entries()) {
    if (best === undefined || value > (values[best] ?? -Infinity)) best = index;
  }
  return best;
}
