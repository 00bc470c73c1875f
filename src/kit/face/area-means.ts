import type { ImageSize, RgbImage } from '../image/rgb-image.ts';
import { resizeModule, type ResizeModule } from './resize-module.ts';

/** For one axis: the source pixels of all target pixels one after the other, with their shares. */
export interface Coverage {
  /** Where the pixels of each target pixel begin, and behind the last one where they end. */
  readonly start: Int32Array;
  readonly source: Int32Array;
  readonly share: Float32Array;
}

/** What each pixel of the result is made of, across and down. */
export interface Coverages {
  readonly columns: Coverage;
  readonly rows: Coverage;
}

/** Means of areas in 32-bit floats, in OpenCV's order (across each row first, then down), rounded to bytes. */
export function roundedMeans(image: RgbImage, coverages: Coverages, { width, height }: ImageSize): Uint8Array {
  const module = openFor(image, coverages.columns);
  const row = new Uint8Array(module.memory.buffer, module.bytes.value, width * 3);
  const result = new Uint8Array(width * height * 3);
  sumRows(module, image, coverages.rows, {
    across() {
      module.sumAcross();
    },
    down(share, isFirst) {
      module.addDown(share, isFirst);
    },
    done(y) {
      module.round();
      result.set(row, y * width * 3);
    },
  });
  return result;
}

/** The same in 64-bit floats, not rounded. */
export function exactMeans(image: RgbImage, coverages: Coverages, { width, height }: ImageSize): Float64Array {
  const module = openFor(image, coverages.columns);
  const row = new Float64Array(module.memory.buffer, module.exact.value, width * 3);
  const result = new Float64Array(width * height * 3);
  sumRows(module, image, coverages.rows, {
    across() {
      module.sumAcrossExactly();
    },
    down(share, isFirst) {
      module.addDownExactly(share, isFirst);
    },
    done(y) {
      result.set(row, y * width * 3);
    },
  });
  return result;
}

/** The module with room for rows of an image, and what its columns become. */
function openFor({ width }: RgbImage, { start, source, share }: Coverage): ResizeModule {
  const module = resizeModule();
  if (module.open(width, start.length - 1, source.length) === 0) throw new Error(`no memory for ${width} pixels`);
  const { buffer } = module.memory;
  new Int32Array(buffer, module.start.value, start.length).set(start);
  const places = new Int32Array(buffer, module.source.value, source.length);
  for (let at = 0; at < source.length; at += 1) places[at] = 3 * (source[at] ?? 0);
  new Float32Array(buffer, module.share.value, share.length).set(share);
  return module;
}

interface RowWork {
  across(): void;
  down(share: number, isFirst: boolean): void;
  done(y: number): void;
}

function sumRows(module: ResizeModule, { data, width }: RgbImage, rows: Coverage, work: RowWork): void {
  const row = new Uint8Array(module.memory.buffer, module.row.value, width * 3);
  // The last row of one pixel is often the first of the next.
  let summed = -1;
  for (let y = 0; y + 1 < rows.start.length; y += 1) {
    const begin = rows.start[y] ?? 0;
    const end = rows.start[y + 1] ?? 0;
    for (let at = begin; at < end; at += 1) {
      const source = rows.source[at] ?? 0;
      if (source !== summed) {
        row.set(data.subarray(source * width * 3, (source + 1) * width * 3));
        work.across();
        summed = source;
      }
      work.down(rows.share[at] ?? 0, at === begin);
    }
    work.done(y);
  }
}
