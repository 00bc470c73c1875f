import { createRequire } from 'node:module';
import type * as JpegTurbo from '@julusian/jpeg-turbo';
import type { Sharp } from 'sharp';
import { fail, FailureError } from '../../core/failure.ts';
import { decodeBmp } from './bmp.ts';
import { failures } from './failures.ts';
import { checkImage, isDamage, imageFormat, type ImageFormat, type ImageHeader } from './image-header.ts';
import { JpegDecoder } from './jpeg-decoder.ts';
import { decodePnm } from './pnm.ts';
import { maxPixels, type ImageArea, type RgbImage } from './rgb-image.ts';

export type { RgbImage };

/** Where the bytes of an image come from, for the failure that names it. */
export interface ImageOrigin {
  readonly file: string;
  /** Where the image's record starts in the file, if it is part of one. */
  readonly offset?: number;
  /** What it is within the file: `image 17 of class 3`. */
  readonly what?: string;
}

// Both libraries are native and take 20 to 60 ms to load; most users of this module need only one of them.
const require = createRequire(import.meta.url);
let jpegTurbo: typeof JpegTurbo | undefined;
function turbo(): typeof JpegTurbo {
  jpegTurbo ??= require('@julusian/jpeg-turbo') as typeof JpegTurbo;
  return jpegTurbo;
}

export interface DecodeOptions {
  /**
   * Turn the image upright as its EXIF orientation says, as OpenCV does: for photographs. Default false: packed crops are
   * upright, and the original programs ignore it.
   */
  readonly upright?: boolean;
  /** Only these pixels are needed, the others are unspecified: less work for the common kind of JPEG. Default: all. */
  readonly area?: ImageArea;
  /** In whose memory the pixels may be left; the next image replaces them. */
  readonly decoder?: JpegDecoder;
  /**
   * Refuse what libjpeg only warns of: data with a damaged part, whose pixels would be grey or a mess, which OpenCV and MXNet take
   * as they are. Default false.
   */
  readonly strict?: boolean;
  /** Images with more pixels are refused before they are decoded. Default, and at the most: 16,384 x 16,384. */
  readonly maxPixels?: number;
}

/** Of those who keep what it decodes: their pixels are copied out of it. */
const sharedDecoder = new JpegDecoder();

/**
 * Decodes an image of any format exactly as libjpeg does by default (and so OpenCV and MXNet): the common kind of JPEG by
 * {@link JpegDecoder}, everything else through sharp. Grey is replicated to three channels, opacity is dropped; colour profiles
 * are not applied, since the original programs know none. Fails with `undecodable-image`.
 */
export async function decodeImage(
  bytes: Uint8Array,
  origin: string | ImageOrigin,
  { upright = false, area, decoder, strict = false, maxPixels: limit = maxPixels }: DecodeOptions = {},
): Promise<RgbImage> {
  const header = requireSound(bytes, origin);
  const format = imageFormat(bytes);
  if (format === 'jpeg') {
    const image = (decoder ?? sharedDecoder).decode(bytes, { area, upright });
    if (image !== undefined) return decoder === undefined ? { ...image, data: image.data.slice() } : image;
  }
  const own = ownDecoders[format ?? 'jpeg'];
  if (own !== undefined) return decodeByOwn(own, bytes, origin);
  const { default: sharp } = await import('sharp');
  try {
    // libtiff calls the end of its data an error like any other.
    const failOn = format === 'tiff' ? 'error' : strict ? 'warning' : 'truncated';
    const input = sharp(bytes, { limitInputPixels: limit, failOn, ignoreIcc: true });
    const inks = await isCmyk(bytes, header, input);
    const turned = (upright ? input.autoOrient() : input).removeAlpha();
    const { data, info } = await (inks ? turned.pipelineColourspace('cmyk') : turned)
      .toColourspace(inks ? 'cmyk' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      data: inks ? cmykToRgb(data) : threeChannels(data, info.channels),
    };
  } catch (error) {
    const problem = isHeic(bytes)
      ? "it is HEIC (HEVC), which sharp's library as it is shipped does not read; convert it to JPEG or PNG first"
      : error instanceof Error
        ? error.message
        : String(error);
    return refuse(origin, { problem, cause: error });
  }
}

/** By the brand after `ftyp` (ISO/IEC 23008-12, B.4): AVIF has others. */
function isHeic(bytes: Uint8Array): boolean {
  const brand = Buffer.from(bytes.subarray(8, 12)).toString('latin1');
  return imageFormat(bytes) === 'heif' && /^he[iv][cxms]$/.test(brand);
}

/** Images for printing: JPEG and TIFF can be. */
async function isCmyk(bytes: Uint8Array, header: ImageHeader | undefined, input: Sharp): Promise<boolean> {
  if (header !== undefined) return header.format === 'jpeg' && header.channels === 4;
  return imageFormat(bytes) === 'tiff' && (await input.metadata()).space === 'cmyk';
}

/** Formats that sharp's library, as it is shipped, does not read. */
const ownDecoders: Partial<Record<ImageFormat, typeof decodePnm>> = { pnm: decodePnm, bmp: decodeBmp };

function decodeByOwn(decode: typeof decodePnm, bytes: Uint8Array, origin: string | ImageOrigin): RgbImage {
  const file = typeof origin === 'string' ? origin : origin.file;
  try {
    return decode(bytes, file);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const [{ message, at }] = error.failures;
    const offset = at !== undefined && 'offset' in at ? (at.offset ?? 0) : 0;
    return refuse(origin, { problem: message, offset, cause: error });
  }
}

/**
 * Decodes a JPEG with the fast transform of libjpeg-turbo, whose pixels differ by 1.4 levels on average from the exact ones of
 * {@link decodeImage}: the drawn faces of the stage `synthesize` are made of them. Other formats than JPEG are refused.
 */
export function decodeJpegFast(bytes: Uint8Array, origin: string | ImageOrigin): RgbImage {
  const { width, height } = requireSound(bytes, origin) ?? refuse(origin, { problem: 'it is not a JPEG' });
  const { decompressSync, FORMAT_RGB } = turbo();
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const output = Buffer.allocUnsafe(width * height * 3);
  try {
    decompressSync(input, output, { format: FORMAT_RGB });
  } catch (error) {
    refuse(origin, { problem: 'the JPEG data are damaged', cause: error });
  }
  return { width, height, data: output };
}

/** Encodes losslessly. */
export async function encodePng({ data, width, height }: RgbImage, compressionLevel = 6): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel })
    .toBuffer();
}

/** Encodes as JPEG (colour at half resolution, 4:2:0), quality 95 unless told. */
export function encodeJpeg(image: RgbImage, quality = 95): Uint8Array {
  const { compressSync, FORMAT_RGB, SAMP_420 } = turbo();
  const { width, height } = image;
  return compressSync(asBuffer(image.data), { format: FORMAT_RGB, width, height, subsampling: SAMP_420, quality });
}

/** Checks the structure of a JPEG or PNG and its size; fails if it is damaged, `undefined` for other formats. */
export function requireSound(bytes: Uint8Array, origin: string | ImageOrigin): ImageHeader | undefined {
  const header = checkImage(bytes);
  if (isDamage(header)) refuse(origin, header);
  if (header === undefined && imageFormat(bytes) === undefined) {
    refuse(origin, { problem: bytes.length === 0 ? 'it is empty' : 'it is not an image in a known format' });
  }
  if (header !== undefined && header.width * header.height > maxPixels) {
    const problem = `it claims ${header.width} x ${header.height} pixels, more than the ${maxPixels} that are read`;
    refuse(origin, { problem });
  }
  return header;
}

interface DecodingProblem {
  readonly problem: string;
  /** From the start of the image. */
  readonly offset?: number;
  readonly cause?: unknown;
}

function refuse(origin: string | ImageOrigin, { problem, offset = 0, cause }: DecodingProblem): never {
  const { file, offset: start, what }: ImageOrigin = typeof origin === 'string' ? { file: origin } : origin;
  const within = start === undefined || offset === 0 ? undefined : offset;
  fail(failures.undecodableImage({ what, problem, offset: within }, { file, offset: start ?? offset }), cause);
}

function threeChannels(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const pixels = data.length / channels;
  const rgb = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      rgb[3 * pixel + channel] = data[pixel * channels + (channels > 2 ? channel : 0)] ?? 0;
    }
  }
  return rgb;
}

/**
 * Colours of inks, as OpenCV mixes them (modules/imgcodecs/src/utils.cpp, `icvCvt_CMYK2BGR_8u_C4C3R`): with c and k the
 * light that cyan and black leave, 0..255, red is k - ((255 - c) * k >> 8). No colour profile is asked.
 *
 * @param inks cyan, magenta, yellow, black of each pixel, 0..255, where 255 is all ink.
 */
function cmykToRgb(inks: Uint8Array): Uint8Array {
  const pixels = Math.floor(inks.length / 4);
  const rgb = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const black = 255 - (inks[4 * pixel + 3] ?? 0);
    for (let channel = 0; channel < 3; channel += 1) {
      rgb[3 * pixel + channel] = black - (((inks[4 * pixel + channel] ?? 0) * black) >> 8);
    }
  }
  return rgb;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
