import { closeSync, createReadStream, readSync, type ReadStream } from 'node:fs';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { errorCode, fail } from '../../src/core/failure.ts';
import { Inflate64 } from '../../src/kit/codec/archive/inflate64.ts';
import { openForReading } from '../../src/kit/codec/read-file.ts';
import {
  readZipDirectory,
  zipContentOffset,
  type ReadRange,
  type ZipEntry,
} from '../../src/kit/codec/archive/zip-archive.ts';
import { decompressed, type Compression } from './decompress.ts';
import { failures } from './failures.ts';
import type { UnpackTarget } from './unpack-target.ts';

/** A symbolic link holds no more than a path. */
const maxLinkBytes = 4096;

/** Unpacks a zip archive that failures call `name`, entry by entry, in memory that does not depend on its size. */
export async function unpackZip(
  { path, name }: { readonly path: string; readonly name: string },
  target: UnpackTarget,
  onEntry: () => Promise<void> | undefined,
): Promise<void> {
  const { descriptor, size } = openForReading(path, 'zip archive');
  const read: ReadRange = (offset, length) => {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
    return bytes.subarray(0, bytes.length === 0 ? 0 : readSync(descriptor, bytes, 0, bytes.length, offset));
  };
  try {
    for (const entry of readZipDirectory(name, size, read)) {
      const start = zipContentOffset(entry, name, read);
      if (start + entry.packedSize > size) refuse(entry, name, { problem: 'is beyond the end of the file' });
      await place(entry, { path, archive: name, start }, target);
      await onEntry();
    }
  } finally {
    closeSync(descriptor);
  }
  target.finish();
}

/** Where the content of an entry begins. */
interface Place {
  readonly path: string;
  /** What the archive is called. */
  readonly archive: string;
  readonly start: number;
}

async function place(entry: ZipEntry, at: Place, target: UnpackTarget): Promise<void> {
  const { name, rawName, type, size } = entry;
  if (type === 'folder') {
    target.addFolder(name);
  } else if (type === 'link') {
    if (size > maxLinkBytes) refuse(entry, at.archive, { problem: 'is a link longer than any path' });
    const pieces: Buffer[] = [];
    await unpackContent(entry, at, (piece) => pieces.push(piece));
    const link = Buffer.concat(pieces).toString('utf8');
    target.addLink(name, posix.isAbsolute(link) ? link : posix.join(posix.dirname(name), link));
  } else {
    const file = target.addFile(name, rawName);
    try {
      await unpackContent(entry, at, (piece) => {
        file.write(piece);
      });
    } finally {
      file.close();
    }
  }
}

/** Hands over the content piece by piece; fails if it is not of the size and checksum that the directory names. */
async function unpackContent(
  entry: ZipEntry,
  { path, archive, start }: Place,
  use: (piece: Buffer) => void,
): Promise<void> {
  let size = 0;
  let sum = 0;
  const take = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of pieces) {
      size += piece.length;
      if (size > entry.size)
        refuse(entry, archive, { problem: `unpacks to more than the ${entry.size} bytes it claims` });
      sum = crc32(piece, sum);
      use(piece);
    }
  };
  if (entry.packedSize > 0) {
    const packed = createReadStream(path, { start, end: start + entry.packedSize - 1 });
    await unpacking(entry, packed, { archive, take }).catch((error: unknown) => {
      const code = errorCode(error) ?? '';
      if (!code.startsWith('Z_')) throw error;
      refuse(entry, archive, { problem: `cannot be unpacked (${code})`, cause: error });
    });
  }
  if (size !== entry.size || sum !== entry.crc32)
    refuse(entry, archive, { problem: 'has another size or checksum than it claims' });
}

async function unpacking(
  entry: ZipEntry,
  packed: ReadStream,
  { archive, take }: { readonly archive: string; readonly take: (pieces: AsyncIterable<Buffer>) => Promise<void> },
): Promise<void> {
  const by = (compression: Compression, source: Readable = packed): Promise<void> =>
    pipeline(decompressed(source, compression, archive), take);
  switch (entry.method) {
    case 0:
      return pipeline(packed, take);
    case 8:
      return pipeline(packed, createInflateRaw(), take);
    case 9:
      return pipeline(inflated64(entry, packed, archive), take);
    case 12:
      return by('bzip2');
    case 14:
      return by('lzma', Readable.from(asLzmaFile(entry, packed, archive)));
    case 20:
    case 93:
      return by('zstandard');
    case 95:
      return by('xz');
  }
}

async function* inflated64(entry: ZipEntry, packed: AsyncIterable<Buffer>, archive: string): AsyncGenerator<Buffer> {
  const inflate = new Inflate64((problem) => refuse(entry, archive, { problem: `cannot be unpacked: ${problem}` }));
  for await (const piece of packed) yield* inflate.push(piece, false);
  yield* inflate.push(Buffer.alloc(0), true);
}

/**
 * LZMA in ZIP (APPNOTE, 5.8.8) begins with the version of the SDK, the size of the properties and these; a .lzma file has the
 * properties and the unpacked size in 8 bytes instead, all ones where the data tell their end themselves.
 */
async function* asLzmaFile(entry: ZipEntry, packed: AsyncIterable<Buffer>, archive: string): AsyncGenerator<Buffer> {
  const headerBytes = 9;
  let begin: Buffer | undefined = Buffer.alloc(0);
  for await (const piece of packed) {
    if (begin === undefined) {
      yield piece;
      continue;
    }
    begin = Buffer.concat([begin, piece]);
    if (begin.length < headerBytes) continue;
    if (begin.readUInt16LE(2) !== 5) refuse(entry, archive, { problem: 'has LZMA properties of another size than 5' });
    const size = Buffer.alloc(8, 0xff);
    if (!entry.hasEndMarker) size.writeBigUInt64LE(BigInt(entry.size));
    yield Buffer.concat([begin.subarray(4, headerBytes), size, begin.subarray(headerBytes)]);
    begin = undefined;
  }
}

function refuse(entry: ZipEntry, file: string, { problem, cause }: { problem: string; cause?: unknown }): never {
  fail(failures.damagedEntry({ name: entry.name, problem }, { file, offset: entry.offset }), cause);
}
