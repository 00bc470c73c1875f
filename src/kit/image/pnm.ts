import { Cursor } from '../codec/cursor.ts';
import { maxPixels, type RgbImage } from './rgb-image.ts';

/*
 * Portable anymap (Netpbm, doc/pgm.html, ppm.html): `P2` grey text, `P3` colour text, `P5` grey, `P6` colour; then
 * width, height and the largest value, separated by white space, with `#` comments; one white space; the samples,
 * two bytes each, high byte first, where the largest value is above 255. P1, P4 and P7 are not read.
 */
export function decodePnm(bytes: Uint8Array, file: string): RgbImage {
  const cursor = new Cursor(bytes, file);
  const kind = Buffer.from(cursor.take(2, 'the kind of the image')).toString('latin1');
  const channels = kind === 'P5' || kind === 'P2' ? 1 : kind === 'P6' || kind === 'P3' ? 3 : 0;
  if (channels === 0) cursor.damaged(`portable anymaps of kind ${JSON.stringify(kind)} are not read`, 0);
  const width = nextNumber(cursor, 'the width');
  const height = nextNumber(cursor, 'the height');
  const largest = nextNumber(cursor, 'the largest value');
  if (width * height > maxPixels || width * height === 0 || largest === 0 || largest > 65535) {
    cursor.damaged(`it claims ${width} x ${height} pixels of 0 to ${largest}`, 0);
  }
  const sampleCount = width * height * channels;
  const isText = kind === 'P2' || kind === 'P3';
  // A sample takes a digit and a space, one byte, or two.
  cursor.expectItems(sampleCount, largest > 255 ? 2 : 1, 'the pixels');
  const data = new Uint8Array(width * height * 3);
  for (let sample = 0; sample < sampleCount; sample += 1) {
    const value = isText
      ? nextNumber(cursor, 'a sample')
      : largest > 255
        ? cursor.u8('a sample') * 256 + cursor.u8('a sample')
        : cursor.u8('a sample');
    const level = toByte(value, largest);
    if (channels === 3) data[sample] = level;
    else data.fill(level, 3 * sample, 3 * sample + 3);
  }
  return { width, height, data };
}

/** Scales to 0..255; 16-bit samples lose their low byte, as in OpenCV. */
function toByte(value: number, largest: number): number {
  if (largest === 255) return value;
  if (largest === 65535) return value >> 8;
  return Math.min(255, Math.round((value * 255) / largest));
}

const space = /\s/;

/** The next decimal number and the one character after it. */
function nextNumber(cursor: Cursor, what: string): number {
  let digits = '';
  for (;;) {
    if (digits !== '' && cursor.remaining === 0) break;
    const at = cursor.offset;
    const character = String.fromCharCode(cursor.u8(what));
    if (character >= '0' && character <= '9') digits += character;
    else if (space.test(character) && digits === '') continue;
    else if (space.test(character)) break;
    else if (character === '#' && digits === '') cursor.line('a comment');
    else cursor.damaged(`expected ${what}, found ${JSON.stringify(character)}`, at);
    if (digits.length > 9) cursor.damaged(`${what} has too many digits`, at);
  }
  return Number(digits);
}
