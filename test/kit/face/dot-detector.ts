import type { RgbImage } from '../../../src/kit/image/rgb-image.ts';
import type { Point2 } from '../../../src/kit/face/align-face.ts';
import type { DetectedFace, Detector, FaceBox } from '../../../src/kit/face/detectors/detector.ts';
import { boxAround } from '../../../src/kit/face/search-face.ts';

/** Colours of the five points of a drawn face, each its own mixture of full and no light. */
const colours: readonly (readonly [number, number, number])[] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 0],
  [255, 0, 255],
];

/** A black image with a face of five dots at `points`. */
export function dottedImage(width: number, height: number, points: readonly Point2[] = []): RgbImage {
  const image = { width, height, data: new Uint8Array(width * height * 3) };
  for (const [index, [x, y]] of points.entries()) {
    for (let row = Math.round(y) - 3; row <= Math.round(y) + 3; row += 1) {
      for (let column = Math.round(x) - 3; column <= Math.round(x) + 3; column += 1) {
        if (row < 0 || column < 0 || row >= height || column >= width) continue;
        image.data.set(colours[index] ?? [0, 0, 0], 3 * (row * width + column));
      }
    }
  }
  return image;
}

/** The least of a detector: sees the face of five dots, if all of them are there. */
export const dotDetector: Detector = {
  identity: { name: 'dots', options: {}, weights: {} },
  computesWith: 'nothing',
  detect(images, { minimumSizes = [] } = {}) {
    return Promise.resolve(images.map((image, index) => facesIn(image, minimumSizes[index] ?? 1)));
  },
  refineBoxes(boxed) {
    return Promise.resolve(
      boxed.map(({ image, box }) => {
        const [face] = facesIn(image, 1);
        const isThere = face?.points?.every((point) => isWithin(box, point)) === true;
        return isThere ? face : { box, score: 0.1, points: pointsOf(box) };
      }),
    );
  },
  dispose: () => Promise.resolve(),
};

function facesIn(image: RgbImage, minimumSize: number): readonly DetectedFace[] {
  const [a, b, c, d, e] = colours.map((colour) => middleOf(image, colour));
  if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined) return [];
  const box = headAround([a, b, c, d, e]);
  if (Math.max(box.right - box.left, box.bottom - box.top) < minimumSize) return [];
  return [{ box, score: 0.9, points: [a, b, c, d, e] }];
}

/** A head has twice the size of what is between eyes and mouth. */
function headAround(points: readonly Point2[]): FaceBox {
  const { left, top, right, bottom } = boxAround(points);
  const [x, y] = [(right - left) / 2, (bottom - top) / 2];
  return { left: left - x, top: top - y, right: right + x, bottom: bottom + y };
}

/** The middle of the pixels of a colour, which an enlargement may have mixed with black. */
function middleOf({ width, data }: RgbImage, colour: readonly number[]): Point2 | undefined {
  let [x, y, count] = [0, 0, 0];
  for (let pixel = 0; pixel < data.length / 3; pixel += 1) {
    if (!colour.every((light, channel) => (data[3 * pixel + channel] ?? 0) > 127 === light > 0)) continue;
    x += pixel % width;
    y += Math.floor(pixel / width);
    count += 1;
  }
  return count === 0 ? undefined : [x / count, y / count];
}

function isWithin({ left, top, right, bottom }: FaceBox, [x, y]: Point2): boolean {
  return x >= left && x <= right && y >= top && y <= bottom;
}

function pointsOf({ left, top, right, bottom }: FaceBox): NonNullable<DetectedFace['points']> {
  return [
    [left, top],
    [right, top],
    [(left + right) / 2, (top + bottom) / 2],
    [left, bottom],
    [right, bottom],
  ];
}
