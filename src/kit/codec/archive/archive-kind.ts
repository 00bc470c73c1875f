import { closeSync, openSync, readSync } from 'node:fs';
import { tarArchive } from './tar-archive.ts';

/** Archives that the stage fetch unpacks. */
export type ArchiveKind = 'tar' | 'tar.gz' | 'zip' | 'xz' | 'bzip2' | 'zstandard';

/** What a file is packed with; `kind` is undefined for what is not unpacked here. */
export interface FoundArchive {
  readonly kind: ArchiveKind | undefined;
  readonly title: string;
}

/** First bytes of what people pack with, read here or not. */
const signatures: readonly (readonly [string, FoundArchive])[] = [
  ['PK\x03\x04', { kind: 'zip', title: 'zip' }],
  ['PK\x05\x06', { kind: 'zip', title: 'an empty zip' }],
  ['\x1f\x8b', { kind: 'tar.gz', title: 'gzip' }],
  ['\xfd7zXZ', { kind: 'xz', title: 'xz' }],
  ['BZh', { kind: 'bzip2', title: 'bzip2' }],
  ['7z\xbc\xaf', { kind: undefined, title: '7-Zip' }],
  ['Rar!', { kind: undefined, title: 'RAR' }],
  ['\x28\xb5\x2f\xfd', { kind: 'zstandard', title: 'zstandard' }],
];

/** By the first bytes of a file; undefined if they are those of no archive. */
export function findArchive(path: string): FoundArchive | undefined {
  const head = Buffer.alloc(512);
  const descriptor = openSync(path, 'r');
  const got = readSync(descriptor, head);
  closeSync(descriptor);
  if (tarArchive.sniff(head.subarray(0, got), path)) return { kind: 'tar', title: 'tar' };
  const text = head.toString('latin1', 0, got);
  return signatures.find(([start]) => text.startsWith(start))?.[1];
}
