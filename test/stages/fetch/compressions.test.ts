import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/core/digest.ts';
import { unpackArchive } from '../../../stages/fetch/unpack-archive.ts';
import { failuresOf, printedFailure, temporaryFolder } from '../../kit/dataset/tiny-faces.ts';

/* Archives of the same three files, written by Python's bz2, lzma, zipfile and tarfile, the package zstandard, and 7-Zip (Deflate64). */
const golden = (name: string): Buffer => readFileSync(join('test/stages/fetch/golden', name));
const options = { name: 'x', signal: new AbortController().signal, onEntry: () => undefined };

async function unpack(bytes: Uint8Array): Promise<Record<string, string>> {
  const around = temporaryFolder();
  const folder = join(around, 'folder');
  mkdirSync(folder);
  writeFileSync(join(around, 'archive'), bytes);
  await unpackArchive(join(around, 'archive'), folder, options);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, digestOf(readFileSync(join(folder, name))).slice(0, 16)]));
}

const isThere = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args).status === 0;
const archives = ['packed.tar.bz2', 'packed.tar.xz', 'method9.zip', 'method12.zip', 'method14.zip', 'method95.zip'];
const ofZstandard = ['packed.tar.zst', 'method93.zip'];
const hasZstandard = isThere('zstd', '--version');

const content = {
  'lfw/A_B/1.jpg': digestOf('face '.repeat(200)).slice(0, 16),
  'lfw/big.bin': '3a261c8c06da72dd',
  'lfw/empty.jpg': digestOf('').slice(0, 16),
};

describe('archives that are packed in other ways than gzip and deflate', () => {
  it.each(archives)('%s gives its files', async (name) => {
    expect(await unpack(golden(name))).toEqual(content);
  });

  // Without zstd nothing here unpacks these, which the next test but one is about.
  it.skipIf(!hasZstandard).each(ofZstandard)('%s gives its files where zstd is installed', async (name) => {
    expect(await unpack(golden(name))).toEqual(content);
  });

  it.each([...archives, ...(hasZstandard ? ofZstandard : [])])(
    '%s is refused where it was cut or damaged',
    async (name) => {
      const bytes = golden(name);
      const [cut] = await failuresOf(() => unpack(bytes.subarray(0, Math.floor(bytes.length / 2))));
      expect(cut?.code).toMatch(/^(damaged|truncated)-file$/);
      const damaged = Buffer.from(bytes);
      for (let at = 600; at < 700; at += 1) damaged[at] = (damaged[at] ?? 0) ^ 0x55;
      const [failure] = await failuresOf(() => unpack(damaged));
      expect(failure?.code).toMatch(/^(damaged|truncated)-file$/);
    },
  );

  it('are unpacked by Python where the system has no program, and refused with what to install without either', async () => {
    const { PATH: path } = process.env;
    const only = temporaryFolder();
    try {
      process.env['PATH'] = only;
      const texts = [await printedFailure(() => unpack(golden('packed.tar.zst')))];
      texts.push(await printedFailure(() => unpack(golden('method12.zip'))));
      expect(texts.join('\n')).toMatchInlineSnapshot(`
        "x: no-unpacker: the data are compressed by zstandard, which no program here unpacks; tried: zstd, python3
          Install zstd (apt-get install zstd), or unpack the archive elsewhere and use the folder.
        x: no-unpacker: the data are compressed by bzip2, which no program here unpacks; tried: bzip2, python3
          Install bzip2 (apt-get install bzip2), or unpack the archive elsewhere and use the folder."
      `);
      const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
        env: { ...process.env, PATH: path },
        encoding: 'utf8',
      }).stdout.trim();
      symlinkSync(python, join(only, 'python3'));
      for (const name of ['packed.tar.bz2', 'packed.tar.xz', 'method14.zip']) {
        expect(await unpack(golden(name))).toEqual(content);
      }
    } finally {
      process.env['PATH'] = path;
    }
  });
});
