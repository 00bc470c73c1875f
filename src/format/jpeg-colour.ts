/*
 * From the planes of a JPEG file to colours, as libjpeg does by default: chroma of half resolution by the triangle
 * filter (jdsample.c, h2v1_fancy_upsample and h2v2_fancy_upsample), YCbCr to RGB by tables with 16 bits of fraction
 * (jdcolor.c). Equal to it bit for bit.
 */
export interface Plane {
  readonly samples: Uint8ClampedArray;
  /** Samples from one row to the next. */
  readonly stride: number;
  /** Samples that belong to the picture; what lies beyond them fills up blocks. */
  readonly width: number;
  readonly height: number;
}

/** How many pixels a chroma sample covers. */
export interface ChromaScale {
  readonly across: 1 | 2;
  readonly down: 1 | 2;
}

/** The columns `from` up to but not including `to`. */
export interface Columns {
  readonly from: number;
  readonly to: number;
}

const fractionBits = 16;
const half = 1 << (fractionBits - 1);
const inFraction = (value: number): number => Math.floor(value * (1 << fractionBits) + 0.5);
const chromaTable = (value: (difference: number) => number): Int32Array =>
  Int32Array.from({ length: 256 }, (_, sample) => value(sample - 128));
const redOfCr = chromaTable((difference) => (inFraction(1.402) * difference + half) >> fractionBits);
const blueOfCb = chromaTable((difference) => (inFraction(1.772) * difference + half) >> fractionBits);
const greenOfCr = chromaTable((difference) => -inFraction(0.71414) * difference);
const greenOfCb = chromaTable((difference) => -inFraction(0.34414) * difference + half);

/** Upsamples the chroma of rows; holds the sums of a row, so that nothing is allocated per row. */
export class ChromaUpsampler {
  readonly #scale: ChromaScale;
  readonly #sums: Int32Array;

  constructor(scale: ChromaScale, width: number) {
    this.#scale = scale;
    this.#sums = new Int32Array(width + 2);
  }

  /** The chroma of the pixels of row `y`, in `target` at the pixels' columns, and perhaps at one more on each side. */
  row(plane: Plane, y: number, columns: Columns, target: Uint8Array): void {
    const { samples, stride } = plane;
    const { across, down } = this.#scale;
    if (across === 1) target.set(samples.subarray(y * stride + columns.from, y * stride + columns.to), columns.from);
    else if (down === 1) this.#widen(plane, { near: y, other: y }, columns, target);
    else {
      const near = y >> 1;
      const other = Math.min(plane.height - 1, Math.max(0, (y & 1) === 1 ? near + 1 : near - 1));
      this.#widen(plane, { near, other }, columns, target);
    }
  }

  /**
   * Weights 3 and 1 down, then 3 and 1 across. At full height a row is its own neighbour, and the former add up to 4. Rounding
   * alternates, up and down, so that no colour drifts.
   */
  #widen(plane: Plane, rows: { near: number; other: number }, columns: Columns, target: Uint8Array): void {
    const { samples, stride, width } = plane;
    const sums = this.#sums;
    const near = rows.near * stride;
    const other = rows.other * stride;
    const isOwnNeighbour = near === other && this.#scale.down === 1;
    const first = columns.from >> 1;
    const last = (columns.to - 1) >> 1;
    const from = Math.max(0, first - 1);
    const to = Math.min(width - 1, last + 1);
    for (let at = from; at <= to; at += 1) sums[at + 1] = 3 * (samples[near + at] ?? 0) + (samples[other + at] ?? 0);
    // Beyond the ends lies the sample at the end.
    if (first === 0) sums[0] = sums[1] ?? 0;
    if (last === width - 1) sums[width + 1] = sums[width] ?? 0;
    const [leftHalf, rightHalf] = isOwnNeighbour ? [4, 8] : [8, 7];
    let before = sums[first] ?? 0;
    let here = sums[first + 1] ?? 0;
    for (let at = first, x = 2 * first; at <= last; at += 1, x += 2) {
      const after = sums[at + 2] ?? 0;
      target[x] = (3 * here + before + leftHalf) >> 4;
      target[x + 1] = (3 * here + after + rightHalf) >> 4;
      before = here;
      here = after;
    }
  }
}

/** Writes the colours of some columns of a row; `at` is the byte of its first pixel in `rgb`. */
export function convertRow(
  { samples, stride }: Plane,
  y: number,
  chroma: { readonly cb: Uint8Array; readonly cr: Uint8Array },
  columns: Columns,
  target: { readonly rgb: Uint8ClampedArray; readonly row: number },
): void {
  const { cb, cr } = chroma;
  const { rgb } = target;
  const luma = y * stride;
  for (let x = columns.from, at = target.row + 3 * x; x < columns.to; x += 1, at += 3) {
    const light = samples[luma + x] ?? 0;
    const blue = cb[x] ?? 0;
    const red = cr[x] ?? 0;
    rgb[at] = light + (redOfCr[red] ?? 0);
    rgb[at + 1] = light + (((greenOfCb[blue] ?? 0) + (greenOfCr[red] ?? 0)) >> fractionBits);
    rgb[at + 2] = light + (blueOfCb[blue] ?? 0);
  }
}
