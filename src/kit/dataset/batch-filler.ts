import { fail } from '../../core/failure.ts';
import { augmentImage, type Augmentations } from './augmentations/index.ts';
import { decodeImage, type ImageOrigin } from '../image/image.ts';
import { JpegDecoder } from '../image/jpeg-decoder.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import { failures } from './failures.ts';
import { RecordFile } from '../codec/mxnet/record-file.ts';
import { classOf } from '../codec/mxnet/image-record.ts';

/** What the images of the packed sets have in common. */
export interface BatchLayout extends ImageSize {
  readonly sets: readonly SetLayout[];
  readonly augment: Augmentations;
}

export interface SetLayout {
  readonly recordPath: string;
  /** Labels in the records are below this. */
  readonly identities: number;
  /** What is added to them: labels of a set come after those of the sets before it. */
  readonly firstLabel: number;
}

/** Which images make a batch. */
export interface BatchJob {
  /** Number of the set of each image, from 0. */
  readonly sets: Uint16Array;
  /** Offsets of the records in the .rec files. */
  readonly offsets: Float64Array;
  /** 1: flip left to right. */
  readonly mirror: Uint8Array;
  /** Of each image, for its augmentations; absent: none. */
  readonly seeds?: Uint32Array;
}

/** Where a batch goes: NHWC bytes and one label per image. */
export interface BatchTarget {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** Where the record of an image is. */
type RecordOrigin = Required<ImageOrigin>;

/** Reads, decodes, mirrors and augments the images of batches; each thread has one. */
export class BatchFiller {
  readonly #layout: BatchLayout;
  readonly #records: readonly RecordFile[];
  readonly #decoder = new JpegDecoder();

  constructor(layout: BatchLayout) {
    this.#layout = layout;
    this.#records = layout.sets.map(({ recordPath }) => new RecordFile(recordPath));
  }

  async fill(job: BatchJob, target: BatchTarget): Promise<void> {
    const { height, width, augment } = this.#layout;
    const imageBytes = height * width * 3;
    for (const [position, offset] of job.offsets.entries()) {
      const pixels = target.images.subarray(position * imageBytes, (position + 1) * imageBytes);
      target.labels[position] = await this.#read(job.sets[position] ?? 0, offset, pixels);
      if (job.mirror[position] === 1) mirrorRows(pixels, width);
      if (job.seeds === undefined) continue;
      augmentImage({ width, height, data: pixels }, augment, job.seeds[position] ?? 0);
    }
  }

  close(): void {
    for (const records of this.#records) records.close();
  }

  /** Decodes an image into `pixels` and returns its label. */
  async #read(number: number, offset: number, pixels: Uint8Array): Promise<number> {
    const [set, records] = [this.#layout.sets[number], this.#records[number]];
    if (set === undefined || records === undefined) throw new Error(`there is no set ${String(number)}`);
    const record = records.readAt(offset);
    const origin = { file: set.recordPath, offset, what: `image ${String(record.id)}` };
    const label = checkedClass(classOf(record), set.identities, origin);
    const image = await decodeImage(record.payload, origin, { decoder: this.#decoder, strict: true });
    this.#requireSize(image, origin);
    pixels.set(image.data);
    return set.firstLabel + label;
  }

  #requireSize(found: ImageSize, { what, file, offset }: RecordOrigin): void {
    const { height, width } = this.#layout;
    if (found.height === height && found.width === width) return;
    fail(failures.wrongImageSize({ what, found, expected: { width, height } }, { file, offset }));
  }
}

function checkedClass(label: number, identities: number, { what, file, offset }: RecordOrigin): number {
  if (Number.isInteger(label) && label >= 0 && label < identities) return label;
  return fail(failures.labelOutOfRange({ what, label, identities }, { file, offset }));
}

/** Flips rows of RGB pixels left to right, in place. */
export function mirrorRows(pixels: Uint8Array, width: number): void {
  const rowBytes = width * 3;
  for (let start = 0; start < pixels.length; start += rowBytes) {
    for (let left = start, right = start + rowBytes - 3; left < right; left += 3, right -= 3) {
      const red = pixels[left] ?? 0;
      const green = pixels[left + 1] ?? 0;
      const blue = pixels[left + 2] ?? 0;
      pixels[left] = pixels[right] ?? 0;
      pixels[left + 1] = pixels[right + 1] ?? 0;
      pixels[left + 2] = pixels[right + 2] ?? 0;
      pixels[right] = red;
      pixels[right + 1] = green;
      pixels[right + 2] = blue;
    }
  }
}
