import { fail } from '../../../core/failure.ts';
import type { ImageSize } from '../../image/rgb-image.ts';
import { failures } from '../failures.ts';
import type { DetectedFace, DetectorKind, FacePoints } from './detector.ts';
import { fullFrame, type FullFrameOption } from './full-frame.ts';
import { limitedTo, type NetworkOutputs, openOneNetwork, type Placement, roundedUp } from './one-network.ts';
import { longestSide, overlapOption, thresholdOption } from './shared-options.ts';
import { suppressOverlaps } from './suppress-overlaps.ts';

export interface YunetOptions extends FullFrameOption {
  readonly threshold: number;
  readonly overlap: number;
  readonly top: number;
  readonly longestSide: number;
}

const strides = [8, 16, 32] as const;

/**
 * YuNet (Wu et al. 2023; the interface of OpenCV's face_detect.cpp): class, presence, box and points for each cell of three
 * maps. It sees BGR, 0..255, at the image's own size, on black up to multiples of 32. `weights`: the ONNX file.
 */
export const yunet: DetectorKind<YunetOptions> = {
  summary: "YuNet: OpenCV's detector (MIT), an ONNX file of 0.2 MB, given as weights.",
  options: {
    threshold: thresholdOption(0.6),
    overlap: overlapOption(0.3),
    top: {
      type: 'integer',
      minimum: 1,
      default: 5000,
      description: 'So many boxes are compared, those of the highest scores.',
    },
    longestSide,
    fullFrame,
  },
  open(options, resources) {
    const { weights: file = '' } = resources;
    const network = {
      name: 'yunet',
      options: { ...options },
      normalization: { mean: 0, scale: 1, colorOrder: 'bgr' },
      placements: (image: ImageSize): Placement[] => {
        const size = limitedTo(image, options.longestSide);
        return [{ canvas: roundedUp(size, 32), size, image }];
      },
      decode: (outputs: NetworkOutputs, canvas: ImageSize) =>
        selected(facesOf(outputs, { canvas, file, ...options }), options),
      select: (faces: readonly DetectedFace[]) => [...faces],
    } as const;
    return openOneNetwork(network, resources);
  },
};

interface Decoding {
  readonly canvas: ImageSize;
  readonly threshold: number;
  readonly file: string;
}

function facesOf(outputs: NetworkOutputs, { canvas, threshold, file }: Decoding): DetectedFace[] {
  return strides.flatMap((stride) => {
    const columns = canvas.width / stride;
    const cells = columns * (canvas.height / stride);
    const of = (name: string, numbers: number): Float32Array => {
      const values = outputs.get(`${name}_${stride}`)?.values;
      if (values?.length === cells * numbers) return values;
      const found = values === undefined ? [...outputs.keys()].join(', ') : `${values.length} numbers`;
      const expected = `an output ${name}_${stride} of ${cells} x ${numbers} numbers`;
      return fail(failures.notThisDetector({ detector: 'yunet', expected, found }, { file }));
    };
    const maps = { box: of('bbox', 4), points: of('kps', 10) };
    const [classes, presences] = [of('cls', 1), of('obj', 1)];
    const faces: DetectedFace[] = [];
    for (let cell = 0; cell < cells; cell += 1) {
      const score = Math.sqrt(clipped(classes[cell]) * clipped(presences[cell]));
      const place = { column: cell % columns, row: Math.floor(cell / columns), cell, stride };
      if (score >= threshold) faces.push({ ...faceAt(maps, place), score });
    }
    return faces;
  });
}

function clipped(value = 0): number {
  return Math.min(Math.max(value, 0), 1);
}

interface Cell {
  readonly column: number;
  readonly row: number;
  readonly cell: number;
  readonly stride: number;
}

function faceAt(
  { box, points }: { readonly box: Float32Array; readonly points: Float32Array },
  { column, row, cell, stride }: Cell,
): Pick<DetectedFace, 'box'> & { readonly points: FacePoints } {
  const value = (index: number): number => box[4 * cell + index] ?? NaN;
  const [x, y] = [(column + value(0)) * stride, (row + value(1)) * stride];
  const [width, height] = [Math.exp(value(2)) * stride, Math.exp(value(3)) * stride];
  const point = (index: number): readonly [number, number] => [
    ((points[10 * cell + 2 * index] ?? NaN) + column) * stride,
    ((points[10 * cell + 2 * index + 1] ?? NaN) + row) * stride,
  ];
  const [left, top] = [x - width / 2, y - height / 2];
  return {
    box: { left, top, right: left + width, bottom: top + height },
    // Of the person the right eye comes first, which is on the left in the image.
    points: [point(0), point(1), point(2), point(3), point(4)],
  };
}

/** OpenCV compares boxes of integers (left, top, width, height, each cut) and keeps those of floats. */
function selected(faces: readonly DetectedFace[], { overlap, top }: YunetOptions): DetectedFace[] {
  const best = [...faces].sort((a, b) => b.score - a.score).slice(0, top);
  const boxes = best.map((face) => {
    const [left, upper] = [Math.trunc(face.box.left), Math.trunc(face.box.top)];
    const right = left + Math.trunc(face.box.right - face.box.left);
    return {
      left,
      top: upper,
      right,
      bottom: upper + Math.trunc(face.box.bottom - face.box.top),
      score: face.score,
      face,
    };
  });
  return suppressOverlaps(boxes, { threshold: overlap, shareOf: 'union', edge: 0 }).map(({ face }) => face);
}
