/*
 * From the planes of a JPEG file to colours, as libjpeg does by default: chroma of half resolution by the triangle
 * filter (jdsample.c, h2v1_fancy_upsample and h2v2_fancy_upsample), YCbCr to RGB by tables with 16 bits of fraction
 * (jdcolor.c). Equal to it bit for bit.
 */
export interface Plane {
  readonly samples: Uint8ClampedArray;
  /** Samples from one row to the next. */
  readonly stride: number;
  /** Samples that belong to the image; those beyond them fill up blocks. */
  readonly width: number;
  readonly height: number;
}

/** How many pixels a chroma sample covers. */
export interface ChromaScale {
  readonly across: 1 | 2;
  readonly down: 1 | 2;
}

const fractionBits = 16;
const half = 1 << (fractionBits - 1);

/** For each value of chroma, `factor` times its distance from grey, plus `addend`, in 1/65536. */
function shares(factor: number, addend: number): Int32Array {
  const share = Math.floor(Math.abs(factor) * (1 << fractionBits) + 0.5) * Math.sign(factor);
  return Int32Array.from({ length: 256 }, (_, chroma) => share * (chroma - 128) + addend);
}

// What red (Cr) and blue (Cb) chroma add to the colours; the halves round.
const redOfRed = shares(1.402, half).map((sum) => sum >> fractionBits);
const blueOfBlue = shares(1.772, half).map((sum) => sum >> fractionBits);
const greenOfRed = shares(-0.71414, 0);
const greenOfBlue = shares(-0.34414, half);

/** Rows of pixels to write, and what they are made of. */
export interface ColourRows {
  /** Luma, blue and red chroma. */
  readonly planes: readonly [Plane, Plane, Plane];
  readonly scale: ChromaScale;
  readonly rgb: Uint8ClampedArray;
  /** Pixels in a row. */
  readonly width: number;
  /** The columns `from` up to but not including `to`. */
  readonly from: number;
  readonly to: number;
}

/**
 * Writes the colours of row `y`: of the columns, and of one more at each end where chroma covers pairs. One pass, which keeps the
 * sums of three samples of chroma at hand: rows of upsampled chroma in between would cost half as much again.
 */
export function paintRow(rows: ColourRows, y: number): void {
  if (rows.scale.across === 1) paintSingles(rows, y);
  else paintPairs(rows, rowsAround(rows.planes[1], rows.scale, y), y);
}

function paintSingles({ planes: [luma, cb, cr], rgb, width, from, to }: ColourRows, y: number): void {
  const row = y * width * 3;
  for (let x = from; x < to; x += 1) {
    const light = luma.samples[y * luma.stride + x] ?? 0;
    const chroma = y * cb.stride + x;
    paintPixel(rgb, row + 3 * x, light, cb.samples[chroma] ?? 0, cr.samples[chroma] ?? 0);
  }
}

/** Rows of chroma that make the chroma of a row of pixels, with the weights 3 and 1. */
interface ChromaRows {
  /** Where the rows start in the samples. */
  readonly near: number;
  readonly other: number;
  /** What is added to 16 times the chroma of a left and a right pixel before it is divided: rounding alternates, so that no colour drifts. */
  readonly leftHalf: number;
  readonly rightHalf: number;
}

/** At full height a row is its own neighbour, and the weights down add up to 4. */
function rowsAround({ stride, height }: Plane, { down }: ChromaScale, y: number): ChromaRows {
  if (down === 1) return { near: y * stride, other: y * stride, leftHalf: 4, rightHalf: 8 };
  const near = y >> 1;
  const other = Math.min(height - 1, Math.max(0, (y & 1) === 1 ? near + 1 : near - 1));
  return { near: near * stride, other: other * stride, leftHalf: 8, rightHalf: 7 };
}

/** Weights 3 and 1 down, then 3 and 1 across; beyond the ends the sample at the end is repeated. */
function paintPairs(rows: ColourRows, { near, other, leftHalf, rightHalf }: ChromaRows, y: number): void {
  const { planes, rgb, width, from, to } = rows;
  const [{ samples: luma, stride }, { samples: cb, width: chromaWidth }, { samples: cr }] = planes;
  const first = from >> 1;
  const last = (to - 1) >> 1;
  const sum = (samples: Uint8ClampedArray, at: number): number =>
    3 * (samples[near + at] ?? 0) + (samples[other + at] ?? 0);
  const before = Math.max(0, first - 1);
  let blueBefore = sum(cb, before);
  let redBefore = sum(cr, before);
  let blue = sum(cb, first);
  let red = sum(cr, first);
  let light = y * stride + 2 * first;
  let at = (y * width + 2 * first) * 3;
  for (let column = first; column <= last; column += 1, light += 2, at += 6) {
    const after = column + 1 < chromaWidth ? column + 1 : column;
    const blueAfter = sum(cb, after);
    const redAfter = sum(cr, after);
    const left = luma[light] ?? 0;
    paintPixel(rgb, at, left, (3 * blue + blueBefore + leftHalf) >> 4, (3 * red + redBefore + leftHalf) >> 4);
    // The last pixel of an odd width has no partner.
    if (2 * column + 1 < width) {
      const right = luma[light + 1] ?? 0;
      paintPixel(rgb, at + 3, right, (3 * blue + blueAfter + rightHalf) >> 4, (3 * red + redAfter + rightHalf) >> 4);
    }
    blueBefore = blue;
    redBefore = red;
    blue = blueAfter;
    red = redAfter;
  }
}

/** Clamping is left to the array. */
function paintPixel(rgb: Uint8ClampedArray, at: number, light: number, blue: number, red: number): void {
  rgb[at] = light + (redOfRed[red] ?? 0);
  rgb[at + 1] = light + (((greenOfRed[red] ?? 0) + (greenOfBlue[blue] ?? 0)) >> fractionBits);
  rgb[at + 2] = light + (blueOfBlue[blue] ?? 0);
}
