import { closeSync, readSync } from 'node:fs';
import { humanBytes } from '../../core/human.ts';
import { openForReading } from '../codec/read-file.ts';
import { TarFile } from '../codec/archive/tar-file.ts';
import { readZipDirectory, type ZipEntry } from '../codec/archive/zip-directory.ts';
import { counted, endingsOf, type Description } from './inspection.ts';

/** What an archive of any size holds: its headers are read, its contents passed over. */
export const archiveDescribers = { tarArchive: describeTar, zipArchive: describeZip };

function describeTar(path: string): Description {
  const archive = new TarFile(path);
  try {
    const members = [...archive.members()].map(({ name, type, size }) => ({ name, type, size }));
    const files = members.filter(({ type }) => type === 'file');
    const samples = new Set(files.map(({ name }) => name.replace(/\.[^/]*$/, '')));
    const others = members.length - files.length;
    return {
      facts: [
        { name: 'files', value: files.length },
        { name: 'samples', value: `${String(samples.size)} (names up to the first dot)` },
        { name: 'endings', value: endingsOf(files.map(({ name }) => name)) },
        { name: 'size', value: humanBytes(archive.size) },
      ],
      notes: others > 0 ? [`${counted(others, 'entry', 'entries')} are folders, links or others.`] : [],
    };
  } finally {
    archive.close();
  }
}

function describeZip(path: string): Description {
  const { entries, size } = readZip(path);
  const files = entries.filter(({ type }) => type === 'file');
  return {
    facts: [
      { name: 'files', value: files.length },
      { name: 'endings', value: endingsOf(files.map(({ name }) => name)) },
      { name: 'unpacked', value: humanBytes(files.reduce((sum, file) => sum + file.size, 0)) },
      { name: 'size', value: humanBytes(size) },
    ],
  };
}

function readZip(path: string): { readonly entries: readonly ZipEntry[]; readonly size: number } {
  const { descriptor, size } = openForReading(path, 'ZIP archive');
  try {
    const entries = readZipDirectory(path, size, (offset, length) => {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
    });
    return { entries, size };
  } finally {
    closeSync(descriptor);
  }
}
