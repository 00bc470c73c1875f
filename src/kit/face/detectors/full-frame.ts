import type { ImageSize, RgbImage } from '../../image/rgb-image.ts';
import { resizeBilinear } from '../resize-bilinear.ts';
import { overlapOf } from './box-overlap.ts';
import type { DetectedFace, DetectionSettings, Detector } from './detector.ts';
import { movedFace } from './moved-face.ts';

/** The option of every detector that adds a second look. */
export interface FullFrameOption {
  readonly fullFrame: boolean;
}

export const fullFrame = {
  type: 'boolean',
  default: false,
  description:
    'Look a second time, at the image made small on a wide border: faces that fill the frame or are cut by it are found so.',
} as const;

/** Of the second look: the border on each side in sides of the image, and the longer side of what is looked at. */
const [border, coarseSide] = [0.5, 256];
/** Smaller faces, in sides of the image, are for the first look. */
const smallestShare = 0.25;
/** A face of the second look that has more than this in common with one of the first is the same. */
const sameFace = 0.3;

/**
 * A detector that looks at each image twice. Networks that were trained on photographs of scenes miss faces that fill the
 * frame (insightface #1518): the second time the image is small, on a border, so that they look like others.
 */
export function withFullFrames(detector: Detector): Detector {
  const refineCrops = detector.refineCrops?.bind(detector);
  const refineBoxes = detector.refineBoxes?.bind(detector);
  return {
    identity: detector.identity,
    computesWith: detector.computesWith,
    async detect(images, settings = {}) {
      const found = await detector.detect(images, settings);
      const coarse = images.map(coarseView);
      const again = await detector.detect(
        coarse.map(({ image }) => image),
        {
          ...settings,
          minimumSizes: coarse.map(({ scale }, index) => leastSide(images[index], settings, index) * scale),
        },
      );
      return found.map((faces, index) => {
        const moved = (again[index] ?? []).map((face) => movedBack(face, coarse[index]));
        return merged(faces, moved);
      });
    },
    ...(refineCrops === undefined ? {} : { refineCrops }),
    ...(refineBoxes === undefined ? {} : { refineBoxes }),
    dispose: () => detector.dispose(),
  };
}

/** In pixels of the image. */
function leastSide(
  image: ImageSize = { width: 0, height: 0 },
  { minimumSizes = [] }: DetectionSettings,
  index: number,
): number {
  return Math.max(minimumSizes[index] ?? 0, smallestShare * Math.min(image.width, image.height));
}

/** The small image, and how it was made: x' = (x + left) * scale. */
interface CoarseView {
  readonly image: RgbImage;
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

function coarseView(image: RgbImage): CoarseView {
  const longer = Math.max(image.width, image.height);
  if (image.width < 1 || image.height < 1) return { image, scale: 1, left: 0, top: 0 };
  const scale = Math.min(1, coarseSide / (longer * (1 + 2 * border)));
  const size = {
    width: Math.max(1, Math.round(image.width * scale)),
    height: Math.max(1, Math.round(image.height * scale)),
  };
  const margin = Math.round(border * Math.max(size.width, size.height));
  const small = scale === 1 ? image : resizeBilinear(image, size);
  const bordered = onBorder(small, margin);
  return {
    image: bordered,
    scale: size.width / image.width,
    left: margin / (size.width / image.width),
    top: margin / (size.height / image.height),
  };
}

/** The image in the middle of its mean colour. */
function onBorder({ width, height, data }: RgbImage, margin: number): RgbImage {
  const whole = { width: width + 2 * margin, height: height + 2 * margin };
  const result = new Uint8Array(whole.width * whole.height * 3);
  const mean = [0, 1, 2].map((channel) => meanOf(data, channel));
  for (let at = 0; at < result.length; at += 1) result[at] = mean[at % 3] ?? 0;
  for (let row = 0; row < height; row += 1) {
    result.set(data.subarray(row * width * 3, (row + 1) * width * 3), ((row + margin) * whole.width + margin) * 3);
  }
  return { ...whole, data: result };
}

function meanOf(data: Uint8Array, channel: number): number {
  let sum = 0;
  for (let at = channel; at < data.length; at += 3) sum += data[at] ?? 0;
  return Math.round((3 * sum) / data.length);
}

function movedBack(face: DetectedFace, view: CoarseView | undefined): DetectedFace {
  const { scale, left, top } = view ?? { scale: 1, left: 0, top: 0 };
  return movedFace(
    face,
    (value) => value / scale - left,
    (value) => value / scale - top,
  );
}

function merged(faces: readonly DetectedFace[], again: readonly DetectedFace[]): DetectedFace[] {
  const added = again.filter(({ box }) => faces.every((face) => overlapOf(face.box, box) <= sameFace));
  return [...faces, ...added].sort((a, b) => b.score - a.score);
}
