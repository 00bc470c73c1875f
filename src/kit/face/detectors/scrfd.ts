import { fail } from '../../../core/failure.ts';
import type { ImageSize } from '../../image/rgb-image.ts';
import { failures } from '../failures.ts';
import type { DetectedFace, DetectorKind, FacePoints } from './detector.ts';
import { fullFrame, type FullFrameOption } from './full-frame.ts';
import { fittedInto, type ImageOutput, type NetworkOutputs, openOneNetwork } from './one-network.ts';
import { overlapOption, thresholdOption } from './shared-options.ts';
import { withoutOverlaps } from './suppress-overlaps.ts';

export interface ScrfdOptions extends FullFrameOption {
  readonly sizes: readonly number[];
  readonly threshold: number;
  readonly overlap: number;
}

/** What a file has follows from the number of its outputs: scores of each stride, then boxes, then, if it has them, points. */
const layouts: Readonly<Record<number, { readonly strides: readonly number[]; readonly anchors: number }>> = {
  6: { strides: [8, 16, 32], anchors: 2 },
  9: { strides: [8, 16, 32], anchors: 2 },
  10: { strides: [8, 16, 32, 64, 128], anchors: 1 },
  15: { strides: [8, 16, 32, 64, 128], anchors: 1 },
};

/**
 * SCRFD (Guo et al. 2021; the interface of insightface's scrfd.py): scores, distances to the four edges and points for each
 * cell and anchor of three or five maps. It sees RGB, (v - 127.5) / 128, as large as a square allows, on black. `weights`:
 * the ONNX file, whose published weights are for research only.
 */
export const scrfd: DetectorKind<ScrfdOptions> = {
  summary: "SCRFD: insightface's detectors, ONNX files of 2 to 17 MB, given as weights.",
  options: {
    sizes: {
      type: 'array',
      items: { type: 'integer', minimum: 32, multipleOf: 32 },
      minItems: 1,
      default: [640],
      description:
        'Sides of the squares that an image is looked at in; with 128 beside 640, faces that fill it are found.',
    },
    threshold: thresholdOption(0.5),
    overlap: overlapOption(0.4),
    fullFrame,
  },
  open(options, resources) {
    const { weights: file = '' } = resources;
    const network = {
      name: 'scrfd',
      options: { ...options },
      normalization: { mean: 127.5, scale: 1 / 128, colorOrder: 'rgb' },
      placements: (image: ImageSize) => options.sizes.map((side) => fittedInto(image, { width: side, height: side })),
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

function facesOf(outputs: NetworkOutputs, { canvas, threshold, file }: Decoding): DetectedFace[] {
  const all = [...outputs.values()];
  const layout = layouts[all.length];
  const refuse = (expected: string, found: string): never =>
    fail(failures.notThisDetector({ detector: 'scrfd', expected, found }, { file }));
  if (layout === undefined) return refuse('6, 9, 10 or 15 outputs', String(all.length));
  const { strides, anchors } = layout;
  return strides.flatMap((stride, level) => {
    const columns = Math.ceil(canvas.width / stride);
    const rows = columns * Math.ceil(canvas.height / stride) * anchors;
    const [scores, boxes, points] = [0, 1, 2].map((part) => all[part * strides.length + level]);
    const has = (output: ImageOutput | undefined, numbers: number): boolean => output?.values.length === rows * numbers;
    if (!scores || !boxes || !has(scores, 1) || !has(boxes, 4) || (points !== undefined && !has(points, 10))) {
      const found = [scores, boxes, points].map((output) => String(output?.values.length ?? 0)).join(', ');
      return refuse(`${rows} anchors of 1, 4 and 10 numbers at stride ${stride}`, `${found} numbers`);
    }
    const faces: DetectedFace[] = [];
    scores.values.forEach((score, row) => {
      if (score < threshold) return;
      const cell = Math.floor(row / anchors);
      const place = { x: (cell % columns) * stride, y: Math.floor(cell / columns) * stride, stride, row };
      const box = boxAt(boxes.values, place);
      faces.push(points === undefined ? { box, score } : { box, score, points: pointsAt(points.values, place) });
    });
    return faces;
  });
}

/** The corner of a cell, from which distances are counted; an anchor's row in the outputs. */
interface Anchor {
  readonly x: number;
  readonly y: number;
  readonly stride: number;
  readonly row: number;
}

function boxAt(distances: Float32Array, { x, y, stride, row }: Anchor): DetectedFace['box'] {
  const distance = (edge: number): number => (distances[4 * row + edge] ?? NaN) * stride;
  return { left: x - distance(0), top: y - distance(1), right: x + distance(2), bottom: y + distance(3) };
}

function pointsAt(offsets: Float32Array, { x, y, stride, row }: Anchor): FacePoints {
  const point = (index: number): readonly [number, number] => [
    x + (offsets[10 * row + 2 * index] ?? NaN) * stride,
    y + (offsets[10 * row + 2 * index + 1] ?? NaN) * stride,
  ];
  return [point(0), point(1), point(2), point(3), point(4)];
}
