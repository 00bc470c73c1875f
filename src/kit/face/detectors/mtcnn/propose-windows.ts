import type { ImageSize, RgbImage } from '../../../image/rgb-image.ts';
import type { ImageBatch, InferenceSession } from '../../../net/sessions/inference-session.ts';
import type { FaceBox } from '../detector.ts';
import { suppressOverlaps } from '../suppress-overlaps.ts';
import type { Arithmetic, BoxShift } from './arithmetic.ts';
import { NetworkInput } from './network-input.ts';

/** Of PNet: the side of its window, and how far windows are apart. */
const [windowSide, stride] = [12, 2];

/** PNet is run on bands of an image, since a whole one of 50 megapixels takes gigabytes between its layers. */
const maxBandPixels = 1 << 18;

export interface Proposal extends FaceBox {
  readonly score: number;
  readonly shift: BoxShift;
}

export interface ProposalOptions {
  readonly arithmetic: Arithmetic;
  readonly session: InferenceSession;
  readonly threshold: number;
  /** Of one image of the pyramid to the one before. */
  readonly factor: number;
  /** Where a map has a single proposal, its shift is read from the column opposite, as the original on TensorFlow does. */
  readonly mirrorsSingle: boolean;
}

/** The sizes relative to the image at which faces are looked for, so that the smallest fills PNet's window. */
export function pyramidScales(
  { width, height }: ImageSize,
  {
    minimumSize,
    factor,
    arithmetic,
  }: { readonly minimumSize: number } & Pick<ProposalOptions, 'factor' | 'arithmetic'>,
): number[] {
  // Below a pixel there is nothing to find, and images would grow without end.
  const largest = windowSide / Math.max(minimumSize, 1);
  const scales: number[] = [];
  for (let side = Math.min(width, height) * largest; arithmetic.hasScale(side); side *= factor) {
    scales.push(largest * factor ** scales.length);
  }
  return scales;
}

/** The windows in which PNet sees a face in one image of the pyramid, for each of several images of one size. */
export async function proposeAtScale(
  images: readonly RgbImage[],
  scale: number,
  options: ProposalOptions,
): Promise<Proposal[][]> {
  const [first] = images;
  if (first === undefined) return [];
  const size = { width: Math.ceil(first.width * scale), height: Math.ceil(first.height * scale) };
  const input = new NetworkInput(images.length, size);
  for (const [index, image] of images.entries()) input.set(index, options.arithmetic.scaleImage(image, size).data);
  const maps = await runOnBands(options.session, input.batch);
  return images.map((_, index) => {
    const found = proposalsOf(maps, index, { ...options, scale });
    return suppressOverlaps(found, { threshold: 0.5, shareOf: 'union', edge: 1 });
  });
}

/** What PNet says of the windows of several images: [images, 2 or 4, rows, columns]. */
interface ProposalMaps {
  readonly probabilities: Float32Array;
  readonly shifts: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Runs PNet, in bands of whole rows of windows where the image is large: each band begins at an even row, where the
 * pooling does too, and so the values are the same as of the whole.
 */
async function runOnBands(session: InferenceSession, { data, shape }: ImageBatch): Promise<ProposalMaps> {
  const [images, height, width] = shape;
  const columns = mapLength(width);
  const rows = mapLength(height);
  const atATime = Math.max(8, Math.floor(maxBandPixels / (images * width * stride)));
  const maps = {
    probabilities: new Float32Array(images * 2 * rows * columns),
    shifts: new Float32Array(images * 4 * rows * columns),
    ...{ rows, columns },
  };
  for (let row = 0; row < rows; row += atATime) {
    const count = Math.min(atATime, rows - row);
    const end = row + count === rows ? height : stride * (row + count - 1) + windowSide;
    const part = bandOf({ data, shape }, stride * row, end);
    const results = await session.run(part, ['conv4_2', 'prob1']);
    const place = { row, count, ...maps };
    copyRows(results.get('prob1')?.data, maps.probabilities, place);
    copyRows(results.get('conv4_2')?.data, maps.shifts, place);
  }
  return maps;
}

/** Of PNet's map, from the side of the image: 3x3, pooling by 2 with a cut window at the end, 3x3, 3x3. */
function mapLength(side: number): number {
  return Math.ceil((side - 4) / 2) + 1 - 4;
}

function bandOf({ data, shape }: ImageBatch, from: number, to: number): ImageBatch {
  const [images, height, width, channels] = shape;
  if (from === 0 && to === height) return { data, shape };
  const row = width * channels;
  const part = new Float32Array(images * (to - from) * row);
  for (let image = 0; image < images; image += 1) {
    part.set(data.subarray((image * height + from) * row, (image * height + to) * row), image * (to - from) * row);
  }
  return { data: part, shape: [images, to - from, width, channels] };
}

interface BandPlace {
  /** The first row of the whole map that the band has, and how many follow with it. */
  readonly row: number;
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
}

function copyRows(band: Float32Array | undefined, whole: Float32Array, { row, count, rows, columns }: BandPlace): void {
  const planes = whole.length / (rows * columns);
  if (band?.length !== planes * count * columns) {
    throw new Error(`PNet gave ${String(band?.length)} values for ${planes} planes of ${count} x ${columns} windows`);
  }
  for (let plane = 0; plane < planes; plane += 1) {
    const values = band.subarray(plane * count * columns, (plane + 1) * count * columns);
    whole.set(values, (plane * rows + row) * columns);
  }
}

function proposalsOf(
  { probabilities, shifts, rows, columns }: ProposalMaps,
  image: number,
  { arithmetic, threshold, scale, mirrorsSingle }: ProposalOptions & { readonly scale: number },
): Proposal[] {
  const cells = rows * columns;
  const face = probabilities.subarray((2 * image + 1) * cells, (2 * image + 2) * cells);
  const places: number[] = [];
  // Compared as 32-bit floats, as numpy does.
  const limit = Math.fround(threshold);
  face.forEach((probability, cell) => {
    if (arithmetic.isProposal(probability, limit)) places.push(cell);
  });
  const columnOf = (cell: number): number => cell % columns;
  if (arithmetic.proposalOrder === 'columns') places.sort((a, b) => columnOf(a) - columnOf(b) || a - b);
  const isMirrored = mirrorsSingle && places.length === 1;
  return places.map((cell) => {
    const column = columnOf(cell);
    const row = (cell - column) / columns;
    const from = isMirrored ? row * columns + columns - 1 - column : cell;
    const shift = (edge: number): number => shifts[(4 * image + edge) * cells + from] ?? NaN;
    return {
      ...arithmetic.proposal(column, row, scale),
      score: face[cell] ?? NaN,
      shift: [shift(0), shift(1), shift(2), shift(3)],
    };
  });
}
