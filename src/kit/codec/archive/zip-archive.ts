import { closeSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { humanBytes } from '../../../core/human.ts';
import type { FileFormat } from '../codec.ts';
import { Cursor } from '../cursor.ts';
import { endingsOf, type Description } from '../description.ts';
import { openForReading } from '../read-file.ts';

/*
 * ZIP (PKWARE APPNOTE.TXT 6.3.10, sections 4.3.6 to 4.5.3), little-endian. The directory is at the end of the file:
 *
 *   end record     PK\5\6   22 bytes and a comment; place of the central directory
 *   its locator    PK\6\7   20 bytes before it, where any of its numbers does not fit: leads to the ZIP64 end record
 *   central header PK\1\2   46 bytes, name, extra fields, comment; one per entry
 *   local header   PK\3\4   30 bytes, name, extra fields; then the content, packed by its method
 */
export interface ZipEntry {
  readonly name: string;
  /** The bytes of the name as the archive has them, a character each: two entries with equal ones are meant to be one file. */
  readonly rawName: string;
  readonly type: 'file' | 'folder' | 'link';
  /** Bytes once unpacked. */
  readonly size: number;
  readonly packedSize: number;
  readonly method: ZipMethod;
  /** The packed data tell their own end, of LZMA. */
  readonly hasEndMarker: boolean;
  readonly crc32: number;
  /** Where the local header starts. */
  readonly offset: number;
}

/** How contents are packed: stored, deflated, Deflate64, bzip2, LZMA, Zstandard (two numbers), XZ. */
export type ZipMethod = 0 | 8 | 9 | 12 | 14 | 20 | 93 | 95;
const readMethods: readonly ZipMethod[] = [0, 8, 9, 12, 14, 20, 93, 95];

/** Reads `length` bytes at `offset`, or fewer where the file ends. */
export type ReadRange = (offset: number, length: number) => Uint8Array;

const endSignature = 0x06054b50;
const endBytes = 22;
const locatorSignature = 0x07064b50;
const locatorBytes = 20;
const wideEndSignature = 0x06064b50;
const wideEndBytes = 56;
const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;
const localBytes = 30;
const maxCommentBytes = 0xffff;
const inWideField = 0xffffffff;

/** What a ZIP archive holds, by its directory; contents are unpacked by the stage `fetch`. */
export const zipArchive: FileFormat<readonly ZipEntry[]> = {
  name: 'zip-archive',
  title: 'ZIP archive (.zip)',
  summary: 'Files in one file, packed; data sets are published so, and fetch unpacks them.',
  endings: ['.zip'],
  sniff: (head) => Buffer.from(head.subarray(0, 4)).toString('latin1') === 'PK\x03\x04',
  describeFile: describeZip,
  decode(cursor) {
    const start = cursor.offset;
    const archive = cursor.take(cursor.remaining, 'an archive');
    return readZipDirectory(cursor.file, archive.length, (offset, length) =>
      archive.subarray(offset - start, offset - start + length),
    );
  },
};

/** The entries of an archive of `size` bytes, as its central directory lists them. */
export function readZipDirectory(file: string, size: number, read: ReadRange): ZipEntry[] {
  const { entries, bytes, offset } = findDirectory(file, size, read);
  const cursor = new Cursor(read(offset, bytes), file, offset);
  if (cursor.remaining < bytes) cursor.truncated('the central directory', bytes);
  cursor.expectItems(entries, 46, 'the central directory');
  return Array.from({ length: entries }, () => decodeCentralHeader(cursor));
}

interface DirectoryPlace {
  readonly entries: number;
  readonly bytes: number;
  readonly offset: number;
}

function findDirectory(file: string, size: number, read: ReadRange): DirectoryPlace {
  const tailOffset = Math.max(0, size - endBytes - maxCommentBytes - locatorBytes);
  const tail = Buffer.from(read(tailOffset, size - tailOffset));
  const end = tail.lastIndexOf(Buffer.from('PK\x05\x06'));
  const cursor = new Cursor(tail.subarray(Math.max(0, end)), file, tailOffset + Math.max(0, end));
  if (end < 0)
    cursor.damaged('no end record of a zip archive was found: the file was cut off, or is not an archive', size);
  expectSignature(cursor, endSignature, 'the end record');
  cursor.take(6, 'the numbers of the disks');
  const place = {
    entries: cursor.u16('the number of entries'),
    bytes: cursor.u32('the size of the central directory'),
    offset: cursor.u32('the place of the central directory'),
  };
  const isWide = place.entries === 0xffff || place.bytes === inWideField || place.offset === inWideField;
  const locatorAt = Math.max(0, end - locatorBytes);
  const locator = new Cursor(tail.subarray(locatorAt, end), file, tailOffset + locatorAt);
  const found = isWide ? findWideDirectory(locator, read) : place;
  if (found.offset + found.bytes > size) cursor.damaged('the central directory is beyond the end of the file');
  return found;
}

function findWideDirectory(locator: Cursor, read: ReadRange): DirectoryPlace {
  expectSignature(locator, locatorSignature, 'the locator of the ZIP64 end record');
  locator.u32('a disk number');
  const at = locator.u64('the place of the ZIP64 end record');
  const wide = new Cursor(read(at, wideEndBytes), locator.file, at);
  expectSignature(wide, wideEndSignature, 'the ZIP64 end record');
  wide.take(28, 'the start of the ZIP64 end record');
  return {
    entries: wide.u64('the number of entries'),
    bytes: wide.u64('the size of the central directory'),
    offset: wide.u64('the place of the central directory'),
  };
}

function decodeCentralHeader(cursor: Cursor): ZipEntry {
  const at = cursor.offset;
  expectSignature(cursor, centralSignature, 'an entry of the central directory');
  const madeBy = cursor.u16('the version of the writer') >> 8;
  cursor.u16('the version needed');
  const flags = cursor.u16('the flags of an entry');
  const method = cursor.u16('the method of an entry');
  cursor.u32('the time of an entry');
  const checksum = cursor.u32('the checksum of an entry');
  const packed = cursor.u32('the packed size of an entry');
  const unpacked = cursor.u32('the size of an entry');
  const nameBytes = cursor.u16('the length of a name');
  const extraBytes = cursor.u16('the length of the extra fields');
  const commentBytes = cursor.u16('the length of a comment');
  cursor.u32('a disk number and attributes');
  const mode = cursor.u32('the attributes of an entry') >>> 16;
  const local = cursor.u32('the place of an entry');
  const raw = Buffer.from(cursor.take(nameBytes, 'a name'));
  const extra = extraFields(cursor.take(extraBytes, 'the extra fields'), cursor);
  const name = nameOf(raw, (flags & 0x800) !== 0, extra.get(unicodePathField)?.bytes);
  if (name === '' || name.includes('\0')) cursor.damaged('an entry has no usable name', at);
  const [size, packedSize, offset] = widen([unpacked, packed, local], extra.get(wideField));
  cursor.take(commentBytes, 'a comment');
  if ((flags & 1) !== 0) fail(failures.unreadEntry({ name, problem: 'is encrypted' }, cursor.at(at)));
  const known = readMethods.find((each) => each === method);
  if (known === undefined) {
    const problem = `is packed by method ${method} (${methods.get(method) ?? 'unknown'})`;
    fail(failures.unreadEntry({ name, problem }, cursor.at(at)));
  }
  const type = typeOf(name, madeBy === 3 ? mode : 0);
  return {
    name,
    rawName: raw.toString('latin1'),
    type,
    size,
    packedSize,
    method: known,
    hasEndMarker: (flags & 2) !== 0,
    crc32: checksum,
    offset,
  };
}

const methods: ReadonlyMap<number, string> = new Map([
  [1, 'shrunk'],
  [6, 'imploded'],
  [98, 'PPMd'],
  [99, 'encrypted by AES'],
]);

const wideField = 1;
const unicodePathField = 0x7075;

function extraFields(bytes: Uint8Array, { file, offset }: Cursor): ReadonlyMap<number, Cursor> {
  const cursor = new Cursor(bytes, file, offset - bytes.length);
  const fields = new Map<number, Cursor>();
  while (cursor.remaining >= 4) {
    const id = cursor.u16('the kind of an extra field');
    const length = cursor.u16('the length of an extra field');
    const at = cursor.offset;
    fields.set(id, new Cursor(cursor.take(length, 'an extra field'), file, at));
  }
  return fields;
}

/** Sizes and offsets that do not fit in 32 bits stand in extra field 1, in this order. */
function widen(
  [size, packed, offset]: readonly [number, number, number],
  field: Cursor | undefined,
): [number, number, number] {
  if (field === undefined) return [size, packed, offset];
  const wide = (value: number): number => (value === inWideField ? field.u64('a ZIP64 size') : value);
  return [wide(size), wide(packed), wide(offset)];
}

function typeOf(name: string, mode: number): ZipEntry['type'] {
  if ((mode & 0o170000) === 0o120000) return 'link';
  return name.endsWith('/') ? 'folder' : 'file';
}

/** 0x80 to 0xff of IBM's code page 437. */
const highCharacters =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * A name is UTF-8 if bit 11 of the flags says so or an extra field 0x7075 (version, CRC-32 of the name, UTF-8) repeats it
 * so, and of code page 437 otherwise (APPNOTE, 4.4.4, 4.6.9 and appendix D); many writers forget the bit, so what is sound
 * UTF-8 is read as such. Programs of Windows separate folders by backslashes.
 */
function nameOf(raw: Buffer, isUtf8: boolean, unicode: Uint8Array | undefined): string {
  const repeated =
    unicode?.[0] === 1 && unicode.length > 5 && Buffer.from(unicode).readUInt32LE(1) === crc32(raw)
      ? unicode.subarray(5)
      : raw;
  return textOf(isUtf8 ? raw : repeated).replaceAll('\\', '/');
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) =>
      byte < 128 ? String.fromCharCode(byte) : highCharacters.charAt(byte - 128),
    ).join('');
  }
}

/** Where the content of an entry starts. */
export function zipContentOffset(entry: ZipEntry, file: string, read: ReadRange): number {
  const cursor = new Cursor(read(entry.offset, localBytes), file, entry.offset);
  expectSignature(cursor, localSignature, `the local header of ${entry.name}`);
  cursor.take(22, 'a local header');
  const nameBytes = cursor.u16('the length of a name');
  return entry.offset + localBytes + nameBytes + cursor.u16('the length of the extra fields');
}

function expectSignature(cursor: Cursor, signature: number, what: string): void {
  const at = cursor.offset;
  const found = cursor.u32(what);
  if (found !== signature)
    cursor.damaged(`${what} should start with 0x${signature.toString(16)}, found 0x${found.toString(16)}`, at);
}

function describeZip(path: string): Description {
  const files = readZip(path).filter(({ type }) => type === 'file');
  return {
    facts: [
      { name: 'files', value: files.length },
      { name: 'endings', value: endingsOf(files.map(({ name }) => name)) },
      { name: 'unpacked', value: humanBytes(files.reduce((sum, file) => sum + file.size, 0)) },
    ],
  };
}

function readZip(path: string): readonly ZipEntry[] {
  const { descriptor, size } = openForReading(path, 'ZIP archive');
  try {
    return readZipDirectory(path, size, (offset, length) => {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
    });
  } finally {
    closeSync(descriptor);
  }
}
