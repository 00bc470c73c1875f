import { fail } from '../../core/failure.ts';
import { decodeImage, type ImageOrigin } from '../image/image.ts';
import { JpegDecoder } from '../image/jpeg-decoder.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import { failures } from './failures.ts';
import { RecordFile } from '../codec/mxnet/record-file.ts';
import { classOf } from '../codec/mxnet/image-record.ts';

/** What the images of a packed set have in common. */
export interface BatchLayout extends ImageSize {
  readonly recordPath: string;
  /** Labels are below this. */
  readonly identities: number;
}

/** Which images make a batch. */
export interface BatchJob {
  /** Offsets of the records in the .rec file. */
  readonly offsets: Float64Array;
  /** 1: flip left to right. */
  readonly mirror: Uint8Array;
}

/** Where a batch goes: NHWC bytes and one label per image. */
export interface BatchTarget {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** Where the record of an image is. */
type RecordOrigin = Required<ImageOrigin>;

/** Reads, decodes and mirrors the images of batches; each thread has one. */
export class BatchFiller {
  readonly #layout: BatchLayout;
  readonly #records: RecordFile;
  readonly #decoder = new JpegDecoder();

  constructor(layout: BatchLayout) {
    this.#layout = layout;
    this.#records = new RecordFile(layout.recordPath);
  }

  async fill(job: BatchJob, target: BatchTarget): Promise<void> {
    const { height, width } = this.#layout;
    const imageBytes = height * width * 3;
    for (const [position, offset] of job.offsets.entries()) {
      const record = this.#records.readAt(offset);
      const origin = { file: this.#layout.recordPath, offset, what: `image ${String(record.id)}` };
      target.labels[position] = this.#checkedClass(classOf(record), origin);
      const pixels = target.images.subarray(position * imageBytes, (position + 1) * imageBytes);
      const image = await decodeImage(record.payload, origin, { decoder: this.#decoder, strict: true });
      this.#requireSize(image, origin);
      pixels.set(image.data);
      if (job.mirror[position] === 1) mirrorRows(pixels, width);
    }
  }

  close(): void {
    this.#records.close();
  }

  #checkedClass(label: number, origin: RecordOrigin): number {
    const { identities } = this.#layout;
    if (Number.isInteger(label) && label >= 0 && label < identities) return label;
    const { what, file, offset } = origin;
    fail(failures.labelOutOfRange({ what, label, identities }, { file, offset }));
  }

  #requireSize(found: ImageSize, { what, file, offset }: RecordOrigin): void {
    const { height, width } = this.#layout;
    if (found.height === height && found.width === width) return;
    fail(failures.wrongImageSize({ what, found, expected: { width, height } }, { file, offset }));
  }
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
