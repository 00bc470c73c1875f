import { Cursor } from '../codec/cursor.ts';
import { maxPixels, type RgbImage } from './rgb-image.ts';

/*
 * Windows bitmap (Microsoft, BITMAPFILEHEADER and BITMAPINFOHEADER), little-endian, uncompressed:
 *
 *   offset  bytes   field
 *   0       2       "BM"
 *   10      4       offset of the pixels
 *   14      4       size of the info header, at least 40
 *   18      4       width
 *   22      4       height; negative: rows run from top to bottom
 *   28      2       bits per pixel: 8 with a palette, 24 or 32
 *   30      4       compression: 0 none, 3 bit fields (32 bits, read as blue, green, red, unused)
 *   46      4       palette entries; 0: all that the bits allow
 *
 * Rows are padded to 4 bytes; pixels and palette entries are blue, green, red (and one unused byte).
 */
export function decodeBmp(bytes: Uint8Array, file: string): RgbImage {
  const cursor = new Cursor(bytes, file);
  const header = readHeader(cursor);
  const { width, height, bits, topDown, pixels } = header;
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const body = new Cursor(bytes.subarray(Math.min(pixels, bytes.length)), file, pixels);
  body.expectItems(height, rowBytes, 'the pixels');
  const palette = bytes.subarray(14 + header.infoBytes);
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row += 1) {
    const line = body.take(rowBytes, 'a row of pixels');
    const target = (topDown ? row : height - 1 - row) * width * 3;
    for (let column = 0; column < width; column += 1) {
      const [source, at] = bits === 8 ? [palette, 4 * (line[column] ?? 0)] : [line, (column * bits) / 8];
      data[target + 3 * column] = source[at + 2] ?? 0;
      data[target + 3 * column + 1] = source[at + 1] ?? 0;
      data[target + 3 * column + 2] = source[at] ?? 0;
    }
  }
  return { width, height, data };
}

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly topDown: boolean;
  /** Offset of the first row. */
  readonly pixels: number;
  readonly infoBytes: number;
}

function readHeader(cursor: Cursor): BmpHeader {
  cursor.take(10, 'the file header');
  const pixels = cursor.u32('the offset of the pixels');
  const infoBytes = cursor.u32('the size of the info header');
  const width = cursor.i32('the width');
  const signedHeight = cursor.i32('the height');
  cursor.take(2, 'the planes');
  const bits = cursor.u16('the bits per pixel');
  const compression = cursor.u32('the compression');
  const height = Math.abs(signedHeight);
  if (infoBytes < 40 || ![8, 24, 32].includes(bits) || (compression !== 0 && !(compression === 3 && bits === 32))) {
    cursor.damaged(`bitmaps of ${bits} bits, compression ${compression} and header size ${infoBytes} are not read`, 14);
  }
  if (width <= 0 || height === 0 || width * height > maxPixels) {
    cursor.damaged(`it claims ${width} x ${signedHeight} pixels`, 18);
  }
  return { width, height, bits, topDown: signedHeight < 0, pixels, infoBytes };
}
