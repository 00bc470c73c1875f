import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { unreadFile } from '../../../src/kit/codec/unread-files.ts';
import { inspectPath } from '../../../src/kit/inspect/inspect-path.ts';
import { modelFormatOf } from '../../../src/kit/net/exchange/choose-format.ts';
import { failuresOf, temporaryFolder } from '../dataset/tiny-faces.ts';

/** A local header of a ZIP archive as PyTorch writes it: the name, and an extra field that fills up to 64 bytes. */
function torchArchive(name: string, extra = 'FB\u0010\u0000ZZZZZZZZZZZZZZZZ'): Buffer {
  const header = Buffer.alloc(30);
  header.write('PK\u0003\u0004', 'latin1');
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, Buffer.from(name + extra, 'latin1'), Buffer.from('80027d71002e', 'hex')]);
}

/** Starts of files of other programs. */
const starts: Readonly<Record<string, readonly [string, Buffer]>> = {
  'traced.pt': ['torch-script', torchArchive('net/code/__torch__.py')],
  'net.h5': ['hdf5', Buffer.from('\u0089HDF\r\n\u001a\n', 'latin1')],
  'net.tflite': ['tflite', Buffer.from('\u001c\u0000\u0000\u0000TFL3', 'latin1')],
  'net.param': ['ncnn', Buffer.from('7767517\n75 83\nInput data 0 1 data\n')],
  'dict.pkl': ['pickle', Buffer.from('80027d71002e', 'hex')],
  'dict-4.pkl': ['pickle', Buffer.from('80049502000000000000007d942e', 'hex')],
  'ordered.pkl': ['pickle', Buffer.from('\u0080\u0002ccollections\nOrderedDict\n)R.', 'latin1')],
};

describe('files of other programs that are not read', () => {
  it.each(Object.entries(starts))(
    '%s is called by its name, with what to do, and is not damaged',
    async (name, [kind, bytes]) => {
      const path = join(temporaryFolder(), name);
      writeFileSync(path, bytes);
      const unread = unreadFile(bytes);
      expect(unread?.name).toBe(kind);
      expect(await inspectPath(path)).toMatchObject({
        format: kind,
        title: unread?.title,
        notes: [unread?.remedy],
        damage: [],
      });
      const [failure] = await failuresOf(() => modelFormatOf(path));
      expect(failure?.message).toContain(`found ${unread?.title ?? ''}`);
      expect(failure?.hint).toBe(unread?.remedy);
    },
  );

  it('are none of those that are read', () => {
    const golden = fileURLToPath(new URL('golden', import.meta.url));
    const names = readdirSync(golden).filter((name) => !/\.npy$|\.py$|^refused-/.test(name));
    const read = names.map((name) => join(golden, name)).filter((path) => statSync(path).isFile());
    expect(read.length).toBeGreaterThan(20);
    expect(read.filter((path) => unreadFile(readFileSync(path).subarray(0, 4096)) !== undefined)).toEqual([]);
    // A set of images may have any name in it.
    expect(unreadFile(torchArchive('faces/data.pkl', ''))).toBeUndefined();
  });
});
