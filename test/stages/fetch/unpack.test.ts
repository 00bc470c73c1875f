import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../../../src/core/failure.ts';
import { Random } from '../../../src/core/random.ts';
import { unpackArchive } from '../../../stages/fetch/unpack-archive.ts';
import { tarArchive } from '../../../src/kit/codec/archive/tar-archive.ts';
import { failuresOf, printedFailure, temporaryFolder } from '../../kit/dataset/tiny-faces.ts';

/* Archives written by Python's tarfile and zipfile; the malicious ones too, which Python writes without a word. */
const golden = (name: string): Buffer => readFileSync(join('test/stages/fetch/golden', name));
const text = 'face '.repeat(200);
const options = { name: 'x', signal: new AbortController().signal, onEntry: () => Promise.resolve() };

/** Unpacks into a folder inside of another one, so that what leaves it would be seen. */
async function unpack(bytes: Uint8Array): Promise<{ readonly folder: string; readonly files: number }> {
  const around = temporaryFolder();
  const folder = join(around, 'a', 'b');
  mkdirSync(folder, { recursive: true });
  const path = join(around, 'archive');
  writeFileSync(path, bytes);
  try {
    return { folder, files: await unpackArchive(path, folder, options) };
  } finally {
    expect(readdirSync(around).sort()).toEqual(['a', 'archive']);
    expect(readdirSync(join(around, 'a'))).toEqual(['b']);
    expect(existsSync('/tmp/evil') || existsSync('/tmp/evil.txt')).toBe(false);
  }
}

function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** An archive of one empty file. */
function tarWithName(name: Buffer): Buffer {
  const archive = Buffer.from(
    tarArchive.encode([{ name: 'x'.repeat(name.length), type: 'file', content: new Uint8Array(0) }]),
  );
  name.copy(archive);
  archive.write(' '.repeat(8), 148, 'latin1');
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return archive;
}

describe('unpacking', () => {
  it.each(['pax.tar.gz', 'gnu.tar.gz'])('writes the files of %s, long names and links included', async (name) => {
    for (const bytes of [golden(name), gunzipSync(golden(name))]) {
      const { folder, files } = await unpack(bytes);
      expect(files).toBe(3);
      expect(filesOf(folder)).toEqual({
        'lfw/A_B/1.jpg': text,
        'lfw/Zoë/1.jpg': 'stored',
        'lfw/Zoë/soft.jpg': text,
        'lfw/hard.jpg': text,
        [`lfw/${'x'.repeat(120)}/${'y'.repeat(110)}.jpg`]: 'long',
      });
    }
  });

  it('writes the files of a zip archive, stored and deflated, with a comment and with 64-bit sizes', async () => {
    const { folder, files } = await unpack(golden('sound.zip'));
    expect(files).toBe(3);
    expect(filesOf(folder)).toEqual({
      'lfw/A_B/A_B_0001.jpg': text,
      'lfw/Zoë/1.jpg': 'stored',
      'lfw/again.jpg': text,
      'lfw/empty': '',
    });
    expect(filesOf((await unpack(golden('zip64.zip'))).folder)).toEqual({ 'big/1.jpg': text });
  });

  it.each([
    ['parent.tar.gz', 'the archive holds "a/../../evil", which is outside'],
    ['absolute.tar.gz', 'the archive holds "/tmp/evil", which is outside'],
    ['link.tar.gz', 'the link out leads to "/etc", which is outside'],
    ['link-up.tar.gz', 'the link a/out leads to "../etc", which is outside'],
    ['hard-link.tar.gz', 'the link out leads to "../passwd", which is outside'],
    ['through-link.tar.gz', 'the link a leads to "/tmp", which is outside'],
    ['device.tar.gz', 'null is a special file (type "3")'],
    ['parent.zip', 'the archive holds "../evil.txt", which is outside'],
    ['absolute.zip', 'the archive holds "/tmp/evil.txt", which is outside'],
    ['backslash.zip', 'which is outside'],
    ['link.zip', 'the link out leads to "../../etc/passwd", which is outside'],
  ])('refuses %s and writes nothing outside of the folder', async (name, message) => {
    const [failure] = await failuresOf(() => unpack(golden(name)));
    expect(failure?.code).toBe('unsafe-archive');
    expect(failure?.message).toContain(message);
  });

  it.each([
    ['cp437.zip', ['José/1.jpg', 'Josè/1.jpg']],
    ['windows.zip', ['P00/1.jpg', 'P01/1.jpg']],
    ['chain.tar', ['P00/1.jpg', 'P01/1.jpg', 'P02/1.jpg']],
    ['zeros.tar.gz', ['P00/1.jpg']],
  ])('gives the files of %s the names that they were packed with', async (name, names) => {
    expect(Object.keys(filesOf((await unpack(golden(name))).folder)).sort()).toEqual(names.sort());
  });

  it('says of what it cannot unpack which entry that is, and what to do', async () => {
    const printed: string[] = [];
    for (const name of ['encrypted.zip', 'sparse.tar', 'self-link.tar']) {
      printed.push(await printedFailure(() => unpack(golden(name))));
    }
    printed.push(await printedFailure(() => unpack(tarWithName(Buffer.from('Jos\xe9.jpg', 'latin1')))));
    expect(printed.join('\n')).toMatchInlineSnapshot(`
      "x: offset 4169: unsupported-entry: P00/1.jpg is encrypted, which is not read
        Unpack it with another program (7z, unzip, tar), and use the folder.
      x: offset 1024: unsupported-entry: ./GNUSparseFile.5373/sp.bin is stored with its holes left out, which is not read
        Unpack it with another program (7z, unzip, tar), and use the folder.
      x: unsafe-archive: the link a.jpg leads to a.jpg, which is not a file of the archive
        Unpack it by hand if you trust it, and use the folder instead.
      x: offset 0: name-not-utf8: the name of the entry "Jos�.jpg" is not UTF-8; which letters it means cannot be told
        Unpack it with tar, rename the files with convmv -r -f latin1 -t utf8 --notest FOLDER, and use the folder."
    `);
  });

  it('does not put one file in the place of another whose name only looks the same', async () => {
    // 0x82 and 0x8a are two letters of code page 437; as broken UTF-8 they were one.
    const bytes = Buffer.from(golden('cp437.zip').toString('latin1').replaceAll('Jos\x8a', 'Jos\x82'), 'latin1');
    expect((await unpack(bytes)).files).toBe(1);
    const slashes = golden('windows.zip').toString('latin1').replaceAll('P00\\1', 'P01/1');
    const [failure] = await failuresOf(() => unpack(Buffer.from(slashes, 'latin1')));
    expect(failure?.message).toBe('P01/1.jpg would replace another file of the archive');
  });

  it('names what it does not unpack', async () => {
    expect(await failuresOf(() => unpack(Buffer.from('Rar!')))).toMatchObject([
      {
        code: 'unknown-archive',
        message:
          'expected a .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst or .zip archive, found RAR, which is not unpacked here',
      },
    ]);
    expect(await failuresOf(() => unpack(Buffer.from('<html>')))).toMatchObject([
      { message: 'expected a .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst or .zip archive, found none' },
    ]);
  });

  it.each(['sound.zip', 'zip64.zip', 'gnu.tar.gz', 'pax.tar.gz'])(
    'stands cuts and corruptions of %s',
    { timeout: 120_000 },
    async (name) => {
      const bytes = golden(name);
      const random = Random.derive(1, name);
      let refused = 0;
      for (let trial = 0; trial < 600; trial += 1) {
        const damaged = Buffer.from(trial % 3 === 0 ? bytes.subarray(0, random.integer(bytes.length)) : bytes);
        if (trial % 3 !== 0) damaged.writeUInt8(random.integer(256), random.integer(damaged.length));
        try {
          await unpack(damaged);
        } catch (error) {
          if (!(error instanceof FailureError)) throw error;
          refused += 1;
        }
      }
      expect(refused).toBeGreaterThan(200);
    },
  );
});
