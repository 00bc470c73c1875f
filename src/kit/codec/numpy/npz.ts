import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Codec } from '../codec.ts';
import { tally } from '../description.ts';
import { Cursor } from '../cursor.ts';
import { repeatedName } from '../repeated-name.ts';
import { decodeNpy, encodeNpy, type NpyArray } from './npy.ts';

/** An array with its name; `compressed`: as `numpy.savez_compressed` stores it. */
export interface NpzEntry extends NpyArray {
  readonly name: string;
  readonly compressed: boolean;
}

/*
 * NumPy archive (numpy/lib/npyio.py `savez`): a ZIP archive (PKWARE APPNOTE.TXT) with one `.npy` file per array, stored
 * or deflated. Little-endian. At the end of the file:
 *
 *   end of central directory     PK\5\6, disks (2 + 2), entries here (2), entries (2), bytes (4), offset (4), comment (2 +)
 *   central directory, each      PK\1\2, versions (2 + 2), flags (2), method (2), time (4), CRC-32 (4), packed size (4),
 *                                size (4), lengths of name, extra, comment (2 each), disk (2), attributes (2 + 4),
 *                                offset of the local header (4), name, extra, comment
 *   local header, before data    PK\3\4, 22 bytes as above, lengths of name and extra (2 each), name, extra
 */
const localMagic = 0x04034b50;
const centralMagic = 0x02014b50;
const endMagic = 0x06054b50;
const endBytes = 22;
const maxCommentBytes = 0xffff;
const stored = 0;
const deflated = 8;
/** Deflate makes nothing smaller than this share of it. */
const maxExpansion = 1032;
/** 1 January 1980, midnight: what is written does not depend on the clock. */
const epochDate = 0x21;

export const npz: Codec<readonly NpzEntry[]> = {
  name: 'npz',
  title: 'NumPy archive (.npz)',
  summary: 'Named arrays in one file, as numpy.load opens it.',
  endings: ['.npz'],
  sniff: (head) => head[0] === 0x50 && head[1] === 0x4b && Buffer.from(head.subarray(4, 300)).includes('.npy'),
  decode(cursor) {
    const archive = cursor.take(cursor.remaining, 'an archive');
    const directory = directoryOf(archive, cursor);
    const twice = repeatedName(directory.map(({ name }) => name));
    if (twice !== undefined) cursor.damaged(`two arrays are called "${twice}"`, 0);
    return directory.map((entry) => readEntry(archive, entry, cursor));
  },
  describe(cursor) {
    const arrays = npz.decode(cursor);
    const shown = arrays.slice(0, 3).map(({ name, type, shape }) => `${name} ${type} (${shape.join(', ')})`);
    return {
      facts: [
        { name: 'arrays', value: arrays.length },
        { name: 'element types', value: tally(arrays.map(({ type }) => type)) },
        { name: 'stored', value: tally(arrays.map(({ compressed }) => (compressed ? 'deflated' : 'plain'))) },
        { name: 'first arrays', value: shown.join('; ') },
      ],
    };
  },
  encode(entries) {
    const parts: Uint8Array[] = [];
    const directory: Uint8Array[] = [];
    let offset = 0;
    for (const entry of entries) {
      const content = encodeNpy(entry);
      const packed = entry.compressed ? deflateRawSync(content) : content;
      const packedEntry = {
        name: Buffer.from(`${entry.name}.npy`),
        crc: crc32(content),
        packed,
        size: content.length,
        compressed: entry.compressed,
      };
      const local = header(localMagic, packedEntry);
      directory.push(header(centralMagic, packedEntry, offset));
      parts.push(local, packed);
      offset += local.length + packed.length;
    }
    const central = Buffer.concat(directory);
    return Buffer.concat([...parts, central, endRecord(entries.length, central.length, offset)]);
  },
};

interface DirectoryEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly offset: number;
  /** Where its entry in the directory is, for failures. */
  readonly at: number;
}

function directoryOf(archive: Uint8Array, whole: Cursor): DirectoryEntry[] {
  const end = endOf(archive) ?? whole.truncated('the directory at the end of the archive', endBytes);
  const trailer = new Cursor(archive.subarray(end), whole.file, end);
  trailer.take(10, 'the disks of the archive');
  const count = trailer.u16('the number of arrays');
  const size = trailer.u32('the size of the directory');
  const start = trailer.u32('the offset of the directory');
  if (start + size > end) whole.damaged('the directory is not before its end', end);
  const cursor = new Cursor(archive.subarray(start, start + size), whole.file, start);
  cursor.expectItems(count, 46, 'the directory');
  return Array.from({ length: count }, () => directoryEntry(cursor));
}

/** The last place where an end record fits. */
function endOf(archive: Uint8Array): number | undefined {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const first = Math.max(0, archive.length - endBytes - maxCommentBytes);
  for (let at = archive.length - endBytes; at >= first; at -= 1) {
    if (view.getUint32(at, true) === endMagic) return at;
  }
  return undefined;
}

function directoryEntry(cursor: Cursor): DirectoryEntry {
  const at = cursor.offset;
  if (cursor.u32('an entry of the directory') !== centralMagic) cursor.damaged('no entry of the directory is here', at);
  cursor.take(4, 'versions');
  if ((cursor.u16('flags') & 1) !== 0) cursor.damaged('an array is encrypted', at);
  const method = cursor.u16('a method');
  cursor.take(4, 'a time');
  const crc = cursor.u32('a check sum');
  const packedSize = cursor.u32('a packed size');
  const size = cursor.u32('a size');
  const [nameBytes, extraBytes, commentBytes] = [
    cursor.u16('a length'),
    cursor.u16('a length'),
    cursor.u16('a length'),
  ];
  cursor.take(8, 'attributes');
  const offset = cursor.u32('an offset');
  const name = cursor.text(nameBytes, 'a name');
  cursor.take(extraBytes + commentBytes, 'a comment');
  if (method !== stored && method !== deflated) cursor.damaged(`"${name}" is packed by method ${method}`, at);
  return { name, method, crc, packedSize, size, offset, at };
}

function readEntry(archive: Uint8Array, entry: DirectoryEntry, whole: Cursor): NpzEntry {
  if (!entry.name.endsWith('.npy')) whole.damaged(`"${entry.name}" is not an array`, entry.at);
  if (entry.offset > archive.length) whole.damaged(`"${entry.name}" is beyond the end of the file`, entry.at);
  const cursor = new Cursor(archive.subarray(entry.offset), whole.file, entry.offset);
  if (cursor.u32('the header of an array') !== localMagic) cursor.damaged('no array begins here', entry.offset);
  cursor.take(22, 'the header of an array');
  const skipped = cursor.u16('the length of a name') + cursor.u16('the length of an extra field');
  cursor.take(skipped, 'a name');
  const start = cursor.offset;
  const packed = cursor.take(entry.packedSize, `array "${entry.name}"`);
  const content = entry.method === stored ? packed : inflated(packed, entry, cursor);
  if (content.length !== entry.size) cursor.damaged(`"${entry.name}" has another size than the directory says`, start);
  if (crc32(content) !== entry.crc) cursor.damaged(`the check sum of "${entry.name}" is another`, start);
  const inside = new Cursor(content, whole.file, start);
  const array = decodeNpy(inside);
  inside.expectEnd(`the array "${entry.name}"`);
  return { ...array, name: entry.name.slice(0, -'.npy'.length), compressed: entry.method === deflated };
}

function inflated(packed: Uint8Array, { name, size, at }: DirectoryEntry, cursor: Cursor): Uint8Array {
  if (size > packed.length * maxExpansion) cursor.damaged(`"${name}" cannot become ${size} bytes`, at);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) });
  } catch (error) {
    return cursor.damaged(`"${name}" cannot be unpacked (${error instanceof Error ? error.message : ''})`, at);
  }
}

/** An array as it is stored. */
interface Stored {
  readonly name: Uint8Array;
  readonly crc: number;
  readonly packed: Uint8Array;
  readonly size: number;
  readonly compressed: boolean;
}

/** A local header, or with an offset the directory's entry, which has more of the same. */
function header(magic: number, { name, crc, packed, size, compressed }: Stored, offset?: number): Uint8Array {
  const isCentral = offset !== undefined;
  const bytes = Buffer.alloc(isCentral ? 46 : 30);
  bytes.writeUInt32LE(magic, 0);
  if (isCentral) bytes.writeUInt16LE(20, 4);
  const at = isCentral ? 6 : 4;
  bytes.writeUInt16LE(20, at);
  bytes.writeUInt16LE(compressed ? deflated : stored, at + 4);
  bytes.writeUInt16LE(epochDate, at + 8);
  bytes.writeUInt32LE(crc, at + 10);
  bytes.writeUInt32LE(packed.length, at + 14);
  bytes.writeUInt32LE(size, at + 18);
  bytes.writeUInt16LE(name.length, at + 22);
  if (isCentral) bytes.writeUInt32LE(offset, 42);
  return Buffer.concat([bytes, name]);
}

function endRecord(count: number, size: number, offset: number): Uint8Array {
  const bytes = Buffer.alloc(endBytes);
  bytes.writeUInt32LE(endMagic, 0);
  bytes.writeUInt16LE(count, 8);
  bytes.writeUInt16LE(count, 10);
  bytes.writeUInt32LE(size, 12);
  bytes.writeUInt32LE(offset, 16);
  return bytes;
}
