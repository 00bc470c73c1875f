import type { RgbImage } from '../../../image/rgb-image.ts';
import type { ImageBatch } from '../../../net/sessions/inference-session.ts';
import type { Window } from './arithmetic.ts';

/** (v - 127.5) / 128 of each byte. */
const normalized = Float32Array.from({ length: 256 }, (_, value) => (value - 127.5) * 0.0078125);

/** RGB images of one size, 0..255, as the networks take them: BGR, (v - 127.5) / 128. */
export class NetworkInput {
  readonly #data: Float32Array;
  readonly #shape: ImageBatch['shape'];
  readonly #imageLength: number;

  constructor(images: number, { height, width }: { readonly height: number; readonly width: number }) {
    this.#shape = [images, height, width, 3];
    this.#imageLength = height * width * 3;
    this.#data = new Float32Array(images * this.#imageLength);
  }

  /** Puts image number `index`, of the batch's size. */
  set(index: number, pixels: ArrayLike<number>): void {
    const data = this.#data;
    const start = index * this.#imageLength;
    if (pixels instanceof Uint8Array) {
      for (let at = 0; at < this.#imageLength; at += 3) {
        data[start + at] = normalized[pixels[at + 2] ?? 0] ?? 0;
        data[start + at + 1] = normalized[pixels[at + 1] ?? 0] ?? 0;
        data[start + at + 2] = normalized[pixels[at] ?? 0] ?? 0;
      }
      return;
    }
    for (let at = 0; at < this.#imageLength; at += 3) {
      data[start + at] = ((pixels[at + 2] ?? 0) - 127.5) * 0.0078125;
      data[start + at + 1] = ((pixels[at + 1] ?? 0) - 127.5) * 0.0078125;
      data[start + at + 2] = ((pixels[at] ?? 0) - 127.5) * 0.0078125;
    }
  }

  get batch(): ImageBatch {
    return { data: this.#data, shape: this.#shape };
  }
}

/** The pixels of a window, black where it is outside of the image. */
export function cutWindow(image: RgbImage, { left, top, width, height }: Window): RgbImage {
  const data = new Uint8Array(width * height * 3);
  const from = Math.max(left, 0);
  const to = Math.min(left + width, image.width);
  if (to <= from) return { width, height, data };
  for (let row = Math.max(top, 0); row < Math.min(top + height, image.height); row += 1) {
    const pixels = image.data.subarray((row * image.width + from) * 3, (row * image.width + to) * 3);
    data.set(pixels, ((row - top) * width + from - left) * 3);
  }
  return { width, height, data };
}
