import { imageFormat, type ImageFormat } from './image-header.ts';

/** How many images an animated GIF, PNG or WebP holds, of which the first is decoded; 1 for all others. Reads no pixels. */
export function frameCount(bytes: Uint8Array): number {
  const count = counters[imageFormat(bytes) ?? 'jpeg'];
  return count === undefined ? 1 : Math.max(1, count(bytes));
}

/** Image descriptors (GIF89a, 20), passing over colour tables, extensions and data by their lengths. */
function gifFrames(bytes: Uint8Array): number {
  const tableBytes = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1));
  let frames = 0;
  let at = 13 + tableBytes(bytes[10] ?? 0);
  const passBlocks = (): void => {
    while (at < bytes.length && bytes[at] !== 0) at += 1 + (bytes[at] ?? 0);
    at += 1;
  };
  while (at < bytes.length) {
    const sign = bytes[at];
    if (sign === 0x2c) {
      frames += 1;
      at += 10 + tableBytes(bytes[at + 9] ?? 0) + 1;
    } else if (sign === 0x21) at += 2;
    else break;
    passBlocks();
  }
  return frames;
}

/** Chunks ANMF (RFC 9649, 2.7.1.1). */
function webpFrames(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let frames = 0;
  for (let at = 12; at + 8 <= bytes.length;) {
    if (nameAt(bytes, at) === 'ANMF') frames += 1;
    const length = view.getUint32(at + 4, true);
    at += 8 + length + (length & 1);
  }
  return frames;
}

/** The number of frames in the chunk acTL (PNG, third edition, 11.3.6.1), which stands before the first data. */
function pngFrames(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length;) {
    const name = nameAt(bytes, at + 4);
    if (name === 'acTL') return view.getUint32(at + 8);
    if (name === 'IDAT') return 1;
    at += 12 + view.getUint32(at);
  }
  return 1;
}

function nameAt(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.subarray(at, at + 4)).toString('latin1');
}

/** Of the formats that may be animated. */
const counters: Partial<Record<ImageFormat, (bytes: Uint8Array) => number>> = {
  gif: gifFrames,
  webp: webpFrames,
  png: pngFrames,
};
