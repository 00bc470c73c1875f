import { fail } from '../../../core/failure.ts';
import type { ImageSize } from '../../image/rgb-image.ts';
import { failures } from '../failures.ts';
import type { DetectedFace, DetectorKind } from './detector.ts';
import { fullFrame, type FullFrameOption } from './full-frame.ts';
import { fittedInto, type NetworkOutputs, openOneNetwork, type Placement, roundedUp } from './one-network.ts';
import { overlapOption, thresholdOption } from './shared-options.ts';
import { withoutOverlaps } from './suppress-overlaps.ts';

export interface RetinafaceOptions extends FullFrameOption {
  readonly size: number;
  readonly threshold: number;
  readonly overlap: number;
}

/** Strides of the maps, and sides of their two anchors, in pixels. */
const levels = [
  { stride: 8, sides: [16, 32] },
  { stride: 16, sides: [64, 128] },
  { stride: 32, sides: [256, 512] },
] as const;

/** Factors of what the network says of centres and of sides. */
const [centreVariance, sideVariance] = [0.1, 0.2];

/**
 * RetinaFace (Deng et al. 2019) in the form of Pytorch_Retinaface's ONNX files: for each anchor four numbers of its box, two
 * probabilities and ten numbers of its points. It sees BGR with the mean of each channel taken off. `weights`: the ONNX file.
 */
export const retinaface: DetectorKind<RetinafaceOptions> = {
  summary: 'RetinaFace, as Pytorch_Retinaface exports it: an ONNX file of 2 to 110 MB, given as weights.',
  options: {
    size: {
      type: 'integer',
      minimum: 32,
      default: 640,
      description: 'Images are resized so that the longer side has so many pixels.',
    },
    threshold: thresholdOption(0.5),
    overlap: overlapOption(0.4),
    fullFrame,
  },
  open(options, resources) {
    const { weights: file = '' } = resources;
    const network = {
      name: 'retinaface',
      options: { ...options },
      // Of blue, green and red; given in the order of the file.
      normalization: { mean: 0, scale: 1, colorOrder: 'bgr' },
      channelMeans: [123, 117, 104],
      placements: (image: ImageSize): Placement[] => {
        const { size } = fittedInto(image, { width: options.size, height: options.size });
        return [{ canvas: roundedUp(size, 32), size, image }];
      },
      decode: (outputs: NetworkOutputs, canvas: ImageSize) => facesOf(outputs, { canvas, file, ...options }),
      select: (faces: readonly DetectedFace[]) =>
        withoutOverlaps(faces, { threshold: options.overlap, shareOf: 'union', edge: 1 }),
    } as const;
    return openOneNetwork(network, resources);
  },
};

interface Decoding {
  readonly canvas: ImageSize;
  readonly threshold: number;
  readonly file: string;
}

/** An anchor, and its row in the outputs. */
interface Anchor {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  readonly row: number;
}

function facesOf(outputs: NetworkOutputs, { canvas, threshold, file }: Decoding): DetectedFace[] {
  const anchors = anchorsOf(canvas);
  const of = (columns: number): Float32Array => {
    const found = [...outputs.values()].find((output) => output.columns === columns)?.values;
    if (found?.length === anchors.length * columns) return found;
    const facts = {
      detector: 'retinaface',
      expected: `outputs of 4, 2 and 10 numbers for each of ${anchors.length} anchors`,
      found: [...outputs]
        .map(([name, { values, columns: each }]) => `${name} of ${values.length / each} x ${each}`)
        .join(', '),
    };
    return fail(failures.notThisDetector(facts, { file }));
  };
  const [boxes, scores, points] = [of(4), of(2), of(10)];
  return anchors.flatMap((anchor): DetectedFace[] => {
    const score = scores[2 * anchor.row + 1] ?? 0;
    return score >= threshold ? [{ ...faceAt(anchor, boxes, points), score }] : [];
  });
}

function anchorsOf({ width, height }: ImageSize): Anchor[] {
  const anchors: Anchor[] = [];
  for (const { stride, sides } of levels) {
    for (let row = 0; row < Math.ceil(height / stride); row += 1) {
      for (let column = 0; column < Math.ceil(width / stride); column += 1) {
        const [x, y] = [(column + 0.5) * stride, (row + 0.5) * stride];
        for (const side of sides) anchors.push({ x, y, side, row: anchors.length });
      }
    }
  }
  return anchors;
}

function faceAt({ x, y, side, row }: Anchor, boxes: Float32Array, points: Float32Array): Omit<DetectedFace, 'score'> {
  const value = (index: number): number => boxes[4 * row + index] ?? NaN;
  const [centreX, centreY] = [x + value(0) * centreVariance * side, y + value(1) * centreVariance * side];
  const [width, height] = [side * Math.exp(value(2) * sideVariance), side * Math.exp(value(3) * sideVariance)];
  const [left, top] = [centreX - width / 2, centreY - height / 2];
  const point = (index: number): readonly [number, number] => [
    x + (points[10 * row + 2 * index] ?? NaN) * centreVariance * side,
    y + (points[10 * row + 2 * index + 1] ?? NaN) * centreVariance * side,
  ];
  return {
    box: { left, top, right: left + width, bottom: top + height },
    points: [point(0), point(1), point(2), point(3), point(4)],
  };
}
