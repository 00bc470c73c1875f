import { fail } from '../../core/failure.ts';
import { decodeImage, decodeJpegFast, requireSound, type ImageSource } from '../image/image.ts';
import { RecordFile } from '../codec/mxnet/record-file.ts';
import { classOf } from '../codec/mxnet/image-record.ts';

/** What the images of a packed set have in common. */
export interface BatchLayout {
  readonly recordPath: string;
  readonly height: number;
  readonly width: number;
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

/** Reads, decodes and mirrors the images of batches; each thread has one. */
export class BatchFiller {
  readonly #layout: BatchLayout;
  readonly #records: RecordFile;

  constructor(layout: BatchLayout) {
    this.#layout = layout;
    this.#records = new RecordFile(layout.recordPath);
  }

  async fill(job: BatchJob, target: BatchTarget): Promise<void> {
    const { height, width } = this.#layout;
    const imageBytes = height * width * 3;
    for (const [position, offset] of job.offsets.entries()) {
      const record = this.#records.readAt(offset);
      const source = { file: this.#layout.recordPath, offset, what: `image ${String(record.id)}` };
      target.labels[position] = this.#checkedClass(classOf(record), source);
      const pixels = target.images.subarray(position * imageBytes, (position + 1) * imageBytes);
      const header = requireSound(record.payload, source);
      if (header !== undefined) this.#requireSize(header, source);
      // The fast decoder has no way from CMYK.
      if (header?.format === 'jpeg' && header.channels !== 4) {
        decodeJpegFast(record.payload, source, pixels);
      } else {
        const image = await decodeImage(record.payload, source);
        this.#requireSize(image, source);
        pixels.set(image.data);
      }
      if (job.mirror[position] === 1) mirrorRows(pixels, width);
    }
  }

  close(): void {
    this.#records.close();
  }

  #checkedClass(label: number, source: ImageSource): number {
    const { identities } = this.#layout;
    if (Number.isInteger(label) && label >= 0 && label < identities) return label;
    fail({
      code: 'label-out-of-range',
      message: `${source.what ?? 'an image'} has label ${label}, expected 0 to ${identities - 1} (the set has ${identities} identities)`,
      at: { file: source.file, ...(source.offset === undefined ? {} : { offset: source.offset }) },
      hint: 'Pack the set again, or correct the first number of its property file.',
    });
  }

  #requireSize(size: { readonly height: number; readonly width: number }, source: ImageSource): void {
    const { height, width } = this.#layout;
    if (size.height === height && size.width === width) return;
    fail({
      code: 'wrong-image-size',
      message: `${source.what ?? 'an image'} has ${size.width} x ${size.height} pixels, the property file of its set says ${width} x ${height}`,
      at: { file: source.file, ...(source.offset === undefined ? {} : { offset: source.offset }) },
      hint: 'Pack the set again, or correct height and width in its property file.',
    });
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
