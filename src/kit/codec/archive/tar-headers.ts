import { fail } from '../../../core/failure.ts';
import type { Cursor } from '../cursor.ts';
import { failures } from '../failures.ts';

/*
 * Tape archive (POSIX.1-2001 pax and ustar, and GNU's long names), as WebDataset shards are: blocks of 512 bytes. A
 * header block holds name (100 bytes at 0), size (12 octal digits at 124, or base 256 if the first bit is set),
 * checksum (8 at 148), type (1 at 156), magic `ustar` (257) and prefix of the name (155 at 345); the content follows,
 * padded to whole blocks. Two blocks of zeros end the archive.
 */
export const blockBytes = 512;

export interface TarEntry {
  readonly name: string;
  readonly type: 'file' | 'folder' | 'link' | 'other';
  readonly content: Uint8Array;
}

export interface TarHeader {
  readonly name: string;
  readonly size: number;
  readonly flag: string;
  /** What a link names; empty for everything else. */
  readonly link: string;
}

/** Bytes of zeros after a content of this size. */
export function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** Decodes header blocks one after the other and keeps the long names that precede some of them. */
export class TarHeaders {
  #longName: string | undefined;
  #longLink: string | undefined;
  #paxName: string | undefined;
  #paxSize: number | undefined;
  /** The content of the next entry is a map of the file and its pieces (tar --sparse). */
  #isSparse = false;

  /** The header of the next entry; undefined at the end of the archive. */
  next(block: Uint8Array, cursor: Cursor, at: number): TarHeader | undefined {
    if (block.every((byte) => byte === 0)) return undefined;
    const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('latin1');
    const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
    if (octal(text.slice(148, 156)) !== sum) cursor.damaged('the checksum of a tar header does not fit', at);
    const flag = text.charAt(156);
    const isExtension = ['L', 'K', 'x', 'g'].includes(flag);
    const prefix = text.slice(257, 262) === 'ustar' && text.charAt(262) === '\0' ? field(block, 345, 155) : '';
    const plain = prefix === '' ? field(block, 0, 100) : `${prefix}/${field(block, 0, 100)}`;
    const size =
      this.#sizeOf(block, text, isExtension) ?? cursor.damaged('the size of a tar entry is not a number', at);
    if (isExtension) return { name: plain, size, flag, link: '' };
    const name = this.#paxName ?? this.#longName ?? plain;
    // Bytes that are no UTF-8 became U+FFFD: two names could be the same now.
    if (name.includes('\ufffd')) fail(failures.nameNotUtf8({ name }, cursor.at(at)));
    if (this.#isSparse)
      fail(failures.unreadEntry({ name, problem: 'is stored with its holes left out' }, cursor.at(at)));
    const link = this.#longLink ?? field(block, 157, 100);
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#paxName = undefined;
    this.#paxSize = undefined;
    return { name, size, flag, link };
  }

  /** Takes in an entry that only says something about the next one; false where it is an entry of its own. */
  absorb(header: TarHeader, content: Uint8Array, cursor: Cursor, at: number): boolean {
    const text = Buffer.from(content).toString('utf8').replace(/\0.*$/s, '');
    if (header.flag === 'L') this.#longName = text;
    else if (header.flag === 'K') this.#longLink = text;
    else if (header.flag === 'x') this.#readPax(Buffer.from(content), cursor, at);
    return ['L', 'K', 'x', 'g'].includes(header.flag);
  }

  /** Records `length key=value\n`. */
  #readPax(content: Buffer, cursor: Cursor, at: number): void {
    for (let position = 0; position < content.length;) {
      const space = content.indexOf(32, position);
      const length = space < 0 ? NaN : Number(content.toString('latin1', position, space));
      if (!Number.isInteger(length) || length < 5 || position + length > content.length) {
        cursor.damaged('the extended header of a tar entry is damaged', at);
      }
      const [key = '', ...value] = content.toString('utf8', space + 1, position + length - 1).split('=');
      if (key.startsWith('GNU.sparse.')) this.#isSparse = true;
      if (key === 'path') this.#paxName = value.join('=');
      if (key === 'linkpath') this.#longLink = value.join('=');
      if (key === 'size') this.#paxSize = Number(value.join('='));
      position += length;
    }
  }

  #sizeOf(block: Uint8Array, text: string, isExtension: boolean): number | undefined {
    if (!isExtension && this.#paxSize !== undefined) return soundSize(this.#paxSize);
    if (((block[124] ?? 0) & 0x80) === 0) return octal(text.slice(124, 136));
    let size = (block[124] ?? 0) & 0x7f;
    for (let index = 125; index < 136; index += 1) size = size * 256 + (block[index] ?? 0);
    return soundSize(size);
  }
}

function soundSize(size: number): number | undefined {
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

export function typeOf(flag: string): TarEntry['type'] {
  if (flag === '0' || flag === '\0' || flag === '7') return 'file';
  if (flag === '5') return 'folder';
  return flag === '1' || flag === '2' ? 'link' : 'other';
}

function octal(text: string): number | undefined {
  const digits = text.replace(/[\0 ]+$/, '').trimStart();
  return /^[0-7]{1,12}$/.test(digits) ? parseInt(digits, 8) : digits === '' ? 0 : undefined;
}

function field(block: Uint8Array, start: number, length: number): string {
  return Buffer.from(block.subarray(start, start + length))
    .toString('utf8')
    .replace(/\0.*$/s, '');
}
