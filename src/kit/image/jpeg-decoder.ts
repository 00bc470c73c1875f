import { wasmInstance } from '../../core/wasm-instance.ts';
import type { ImageArea, RgbImage } from './rgb-image.ts';

interface MutableNumber {
  value: number;
}

/** What wasm/jpeg/decoder.ts exports. */
interface DecoderExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  place(bytes: number): number;
  decode(bytes: number, passesExif: boolean): number;
  readonly width: MutableNumber;
  readonly height: MutableNumber;
  readonly pixels: MutableNumber;
  readonly left: MutableNumber;
  readonly top: MutableNumber;
  readonly right: MutableNumber;
  readonly bottom: MutableNumber;
}

export interface JpegOptions {
  /** Only these pixels are needed, the others are unspecified. Default: all. */
  readonly area?: ImageArea | undefined;
  /** An EXIF orientation matters: files with EXIF data are left to the library. */
  readonly upright?: boolean;
}

/** The memory of a module only grows: one huge image must not hold it until the end. */
const maxKeptBytes = 1 << 26;

/** Once per thread. */

/**
 * Decodes JPEG images with the pixels of libjpeg's default, bit for bit, in 0.7 of the time that OpenCV takes: in WebAssembly, on
 * any processor. Only the kind that cameras and libraries write most: baseline, YCbCr with chroma at full or half resolution,
 * one scan, no restart intervals, six pixels wide or more.
 */
export class JpegDecoder {
  #exports: DecoderExports | undefined;

  /**
   * The pixels are in the memory of the decoder: the next image replaces them. `undefined` for every other kind, and if the data
   * are damaged: decode those by a library, which also reports what is wrong.
   */
  decode(bytes: Uint8Array, { area, upright = false }: JpegOptions = {}): RgbImage | undefined {
    const decoder = this.#ready();
    // Addresses are unsigned, numbers of WebAssembly are not.
    const at = decoder.place(bytes.length) >>> 0;
    if (at === 0) return undefined;
    new Uint8Array(decoder.memory.buffer, at, bytes.length).set(bytes);
    decoder.left.value = inside(area?.left ?? 0);
    decoder.top.value = inside(area?.top ?? 0);
    decoder.right.value = inside(area?.right ?? maxSide);
    decoder.bottom.value = inside(area?.bottom ?? maxSide);
    if (decoder.decode(bytes.length, !upright) === 0) return undefined;
    const [width, height] = [decoder.width.value, decoder.height.value];
    return {
      width,
      height,
      data: new Uint8Array(decoder.memory.buffer, decoder.pixels.value >>> 0, width * height * 3),
    };
  }

  #ready(): DecoderExports {
    if (this.#exports !== undefined && this.#exports.memory.buffer.byteLength <= maxKeptBytes) return this.#exports;
    this.#exports = wasmInstance('jpeg') as DecoderExports;
    return this.#exports;
  }
}

/** Sizes of JPEG have 16 bits. */
const maxSide = 0xffff;

function inside(coordinate: number): number {
  return Math.min(maxSide, Math.max(0, coordinate));
}
