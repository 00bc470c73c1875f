import { createReadStream, type ReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { errorCode, fail, FailureError } from '../../src/core/failure.ts';
import { type ArchiveKind, findArchive } from '../../src/kit/codec/archive/archive-kind.ts';
import { decompressed } from './decompress.ts';
import { failures } from './failures.ts';
import { UnpackTarget } from './unpack-target.ts';
import { unpackTar } from './unpack-tar.ts';
import { unpackZip } from './unpack-zip.ts';

export interface UnpackOptions {
  /** What the archive is called, for failures. */
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onEntry: () => Promise<void> | undefined;
}

/** Unpacks an archive, recognised by its content, into a folder; returns how many files it held. */
export async function unpackArchive(path: string, folder: string, options: UnpackOptions): Promise<number> {
  const { name, signal, onEntry } = options;
  const target = new UnpackTarget(folder, name);
  const kind = archiveKind(path, name);
  if (kind === 'zip') await unpackZip({ path, name }, target, onEntry);
  else {
    const unpack = (chunks: AsyncIterable<Buffer>): Promise<void> => unpackTar({ chunks, file: name }, target, onEntry);
    const file = createReadStream(path);
    if (kind === 'tar') await pipeline(file, unpack, { signal });
    else if (kind === 'tar.gz') {
      await unpackGzip(file, unpack, signal).catch((error: unknown) => refuseGzip(error, name));
    } else await pipeline(decompressed(file, kind, name), unpack, { signal });
  }
  return target.files;
}

function archiveKind(path: string, name: string): ArchiveKind {
  const found = findArchive(path);
  return found?.kind ?? fail(failures.unknownArchive({ found: found?.title }, { file: name }));
}

/**
 * Not one pipeline from the file on: the compressed data may end before the file does (tapes are filled up with zeros,
 * and gzip passes over them), which a pipeline takes for a fault.
 */
async function unpackGzip(
  file: ReadStream,
  unpack: (chunks: AsyncIterable<Buffer>) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const gunzip = createGunzip();
  file.on('error', (error) => gunzip.destroy(error));
  file.pipe(gunzip);
  try {
    await pipeline(gunzip, unpack, { signal });
  } finally {
    file.destroy();
  }
}

function refuseGzip(error: unknown, name: string): never {
  const code = errorCode(error) ?? '';
  if (error instanceof FailureError || !code.startsWith('Z_')) throw error;
  fail(failures.damagedCompression({ zlibCode: code }, { file: name }), error);
}
