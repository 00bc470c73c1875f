import { createRequire } from 'node:module';
import type * as JpegTurbo from '@julusian/jpeg-turbo';
import type { Sharp } from 'sharp';
import { fail, FailureError } from '../../core/failure.ts';
import { decodeBmp } from './bmp.ts';
import { cmykToRgb } from './cmyk.ts';
import type { DecodeBuffers } from './decode-buffers.ts';
import { checkImage, isDamage, imageFormat, type ImageFormat, type ImageHeader } from './image-header.ts';
import { decodeJpegPart, type ImageArea } from './jpeg-part.ts';
import { decodePnm } from './pnm.ts';
import { maxPixels, type RgbImage } from './rgb-image.ts';

export type { RgbImage };

/** Where the bytes of an image come from, for the error that names it. */
export interface ImageSource {
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

/**
 * Decodes an image of any format exactly as libjpeg does by default (and so OpenCV and MXNet), through sharp. Grey is
 * replicated to three channels, opacity is dropped; neither EXIF orientation nor colour profiles are applied: packed
 * crops are upright, and the original programs knew no profiles.
 */
export function decodeImage(bytes: Uint8Array, source: string | ImageSource): Promise<RgbImage> {
  return decodeExactly(bytes, source, false);
}

/** The same for a photograph: turned upright as its EXIF orientation says, which OpenCV does too. */
export function decodePhotograph(bytes: Uint8Array, source: string | ImageSource): Promise<RgbImage> {
  return decodeExactly(bytes, source, true);
}

/**
 * The same where only some pixels are needed, which are the same; what the others are is left open. Twice as fast for the
 * common kind of JPEG, more where the area is small. The pixels may lie in `memory`, where the next image replaces them.
 */
export async function decodePhotographPart(
  bytes: Uint8Array,
  source: string | ImageSource,
  area: ImageArea,
  memory?: DecodeBuffers,
): Promise<RgbImage> {
  requireSound(bytes, source);
  return (isJpeg(bytes) ? decodeJpegPart(bytes, area, memory) : undefined) ?? decodePhotograph(bytes, source);
}

async function decodeExactly(bytes: Uint8Array, source: string | ImageSource, upright: boolean): Promise<RgbImage> {
  const header = requireSound(bytes, source);
  const own = ownDecoders[imageFormat(bytes) ?? 'jpeg'];
  if (own !== undefined) return decodeNamed(own, bytes, source);
  const { default: sharp } = await import('sharp');
  try {
    // libtiff calls the end of its data an error like any other.
    const failOn = imageFormat(bytes) === 'tiff' ? 'error' : 'truncated';
    const input = sharp(bytes, { limitInputPixels: maxPixels, failOn, ignoreIcc: true });
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
    return refuse(source, problem, 0, error);
  }
}

/** By the brand behind `ftyp` (ISO/IEC 23008-12, B.4): AVIF has others. */
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

function decodeNamed(decode: typeof decodePnm, bytes: Uint8Array, source: string | ImageSource): RgbImage {
  const file = typeof source === 'string' ? source : source.file;
  try {
    return decode(bytes, file);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const [{ message, at }] = error.failures;
    return refuse(source, message, at !== undefined && 'offset' in at ? (at.offset ?? 0) : 0, error);
  }
}

/**
 * Decodes a JPEG at eight times the speed of {@link decodeImage}, for the training reader: libjpeg-turbo with its fast
 * transform, whose pixels differ by 1.4 levels on average from the exact ones. Given `target` (height x width x 3
 * bytes), decodes into it. Other formats than JPEG are refused: use {@link decodeImage}.
 */
export function decodeJpegFast(bytes: Uint8Array, source: string | ImageSource, target?: Uint8Array): RgbImage {
  const { width, height } = requireSound(bytes, source) ?? refuse(source, 'it is no JPEG', 0);
  const { decompressSync, FORMAT_RGB } = turbo();
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const output = target === undefined ? Buffer.allocUnsafe(width * height * 3) : asBuffer(target);
  try {
    decompressSync(input, output, { format: FORMAT_RGB });
  } catch (error) {
    refuse(source, 'the JPEG data are damaged', 0, error);
  }
  return { width, height, data: output.subarray(0, width * height * 3) };
}

/** Whether {@link decodeJpegFast} can decode it. */
export function isJpeg(bytes: Uint8Array): boolean {
  return imageFormat(bytes) === 'jpeg';
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

/** Checks the structure of a JPEG or PNG and its size; fails where it is damaged, `undefined` for other formats. */
export function requireSound(bytes: Uint8Array, source: string | ImageSource): ImageHeader | undefined {
  const header = checkImage(bytes);
  if (isDamage(header)) refuse(source, header.problem, header.offset);
  if (header === undefined && imageFormat(bytes) === undefined) refuse(source, 'it is no image in a known format', 0);
  if (header !== undefined && header.width * header.height > maxPixels) {
    refuse(source, `it claims ${header.width} x ${header.height} pixels, more than the ${maxPixels} that are read`, 0);
  }
  return header;
}

/** `offset` counts from the start of the image. */
function refuse(source: string | ImageSource, problem: string, offset: number, cause?: unknown): never {
  const { file, offset: start, what }: ImageSource = typeof source === 'string' ? { file: source } : source;
  const within = start === undefined || offset === 0 ? '' : ` (byte ${offset} of the image)`;
  fail(
    {
      code: 'undecodable-image',
      message: `${what ?? 'the image'} cannot be decoded: ${problem}${within}`,
      at: { file, offset: start ?? offset },
      hint: 'Replace or remove the image.',
    },
    cause,
  );
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

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
