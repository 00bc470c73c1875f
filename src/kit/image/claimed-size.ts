import { checkImage, imageFormat, isDamage } from './image-header.ts';
import type { ImageSize } from './rgb-image.ts';

/**
 * Width and height in pixels as the first bytes of an image claim them, before anything is decoded; undefined for formats whose
 * header takes a library to read (TIFF, HEIF), for what is no image, and for a header that is cut off or damaged.
 */
export function claimedSize(bytes: Uint8Array): ImageSize | undefined {
  const format = imageFormat(bytes);
  if (format === undefined) return undefined;
  const size = readers[format]?.(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes);
  return size !== undefined && size.width > 0 && size.height > 0 ? size : undefined;
}

type Reader = (view: DataView, bytes: Uint8Array) => ImageSize | undefined;

const checked: Reader = (_, bytes) => {
  const header = checkImage(bytes);
  return header === undefined || isDamage(header) ? undefined : header;
};

/** GIF89a, 18: the screen. A frame may reach beyond it, which the library that decodes it checks. */
const gif: Reader = (view) =>
  view.byteLength < 13 ? undefined : { width: view.getUint16(6, true), height: view.getUint16(8, true) };

const bmp: Reader = (view) =>
  view.byteLength < 26
    ? undefined
    : { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };

/** RFC 9649, 2.5 to 2.7: the first chunk is VP8 (lossy), VP8L (lossless) or VP8X (extended). */
const webp: Reader = (view, bytes) => {
  if (view.byteLength < 30) return undefined;
  const chunk = Buffer.from(bytes.subarray(12, 16)).toString('latin1');
  if (chunk === 'VP8 ') return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (chunk === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  const threeBytes = (at: number): number => view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
  return chunk === 'VP8X' ? { width: threeBytes(24) + 1, height: threeBytes(27) + 1 } : undefined;
};

/** Netpbm: numbers after the kind, between white space and comments. */
const pnm: Reader = (_, bytes) => {
  const head = Buffer.from(bytes.subarray(0, 1024)).toString('latin1');
  const [, width, height] = head.replaceAll(/#[^\n]*\n/g, ' ').split(/\s+/, 3);
  const size = { width: Number(width), height: Number(height) };
  return Number.isInteger(size.width) && Number.isInteger(size.height) ? size : undefined;
};

const readers: Partial<Record<NonNullable<ReturnType<typeof imageFormat>>, Reader>> = {
  ...{ jpeg: checked, png: checked },
  ...{ gif, bmp, webp, pnm },
};
