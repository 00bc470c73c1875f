import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { decodeImage } from '../../../../src/kit/image/image.ts';
import {
  readVerificationSet,
  verificationSet,
  writeVerificationSet,
} from '../../../../src/kit/codec/insightface/verification-set.ts';
import { failuresOf, temporaryFolder } from '../../dataset/tiny-faces.ts';

// Written by CPython 3.11 with numpy 1.23, by Jython 2.7 and in the way of Python 2; the content of all is the same.
const golden = 'test/kit/codec/golden';
const images = [
  Buffer.from('\xff\xd8first', 'latin1'),
  Buffer.from('second\n\'"\\'),
  Buffer.concat([Uint8Array.from({ length: 256 }, (_, byte) => byte), Buffer.from('long')]),
  Buffer.alloc(0),
];

function refusal(file: string) {
  return failuresOf(() => readVerificationSet(join(golden, file)));
}

describe('a verification set', () => {
  const protocols = [0, 1, 2, 3, 4, 5].flatMap((protocol) =>
    ['bytes', 'numpy'].map((content) => `${content}-protocol-${String(protocol)}.bin`),
  );

  const jython = ['protocol-0', 'protocol-1', 'protocol-2', 'bytearray'].map((name) => `jython-2.7-${name}.bin`);
  it.each([...protocols, ...jython, 'python2-protocol-2.bin'])('reads %s', (file) => {
    const set = readVerificationSet(join(golden, file));
    expect(set.images.map((bytes) => Buffer.from(bytes))).toEqual(images);
    expect(set.same).toEqual([true, false]);
  });

  it('reads the text protocol of Python 2', () => {
    const set = readVerificationSet(join(golden, 'python2-protocol-0.bin'));
    expect(set.images.map((bytes) => Buffer.from(bytes))).toEqual(images.slice(0, 2));
  });

  it("writes Python 2's protocol 2, byte for byte", () => {
    const expected = readFileSync(join(golden, 'python2-protocol-2.bin'));
    expect(Buffer.from(verificationSet.encode({ images, same: [true, false] })).equals(expected)).toBe(true);
  });

  it('writes lists in groups of 1000, as Python does, and long memo numbers', () => {
    const many = Array.from({ length: 2002 }, (_, index) => Uint8Array.of(index & 255));
    const bytes = verificationSet.encode({ images: many, same: many.slice(0, 1001).map(() => true) });
    const back = verificationSet.decode(new Cursor(bytes, 'x.bin'));
    expect(back.images).toHaveLength(2002);
    expect(Buffer.from(bytes).toString('latin1').split('e').length - 1).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['refused-os-system-protocol-0.bin', 'it asks Python to import posix.system', 6],
    ['refused-os-system-protocol-2.bin', 'it asks Python to import posix.system', 5],
    ['refused-os-system-protocol-4.bin', 'it asks Python to import posix.system', 30],
    ['refused-instance-protocol-2.bin', 'it asks Python to import __main__.Plain', 2],
  ])('refuses %s with the name and offset of what it wants', async (file, wish, offset) => {
    const [failure] = await refusal(file);
    expect(failure?.code).toBe('pickle-refused');
    expect(failure?.message).toContain(wish);
    expect(failure?.at).toEqual({ file: join(golden, file), offset });
  });

  it('refuses to make instances even of names that it knows', async () => {
    const text = Buffer.from('cnumpy\nndarray\n)\x81.', 'latin1');
    const [failure] = await failuresOf(() => verificationSet.decode(new Cursor(text, 'x.bin')));
    expect(failure).toMatchObject({ code: 'pickle-refused', at: { offset: 16 } });
    expect(failure?.message).toContain('opcode NEWOBJ would run code');
  });

  it('ends every cut file with a failure that has an offset', async () => {
    for (const file of ['python2-protocol-2.bin', 'numpy-protocol-5.bin', 'numpy-protocol-0.bin']) {
      const whole = readFileSync(join(golden, file));
      for (let length = 0; length < whole.length; length += 1) {
        const [failure] = await failuresOf(() =>
          verificationSet.decode(new Cursor(whole.subarray(0, length), 'cut.bin')),
        );
        expect(failure?.at).toHaveProperty('offset');
      }
    }
  });

  it('says that pairs and images do not match', async () => {
    const bytes = verificationSet.encode({ images: images.slice(0, 3), same: [true] });
    const [failure] = await failuresOf(() => verificationSet.decode(new Cursor(bytes, 'x.bin')));
    expect(failure?.message).toBe('1 pairs need 2 images, found 3');
  });

  const sample = '../shared/data/samples/small_lfw.bin';
  it.skipIf(!existsSync(sample))('reads a published set with numpy arrays and writes it back', async () => {
    const set = readVerificationSet(sample);
    expect(set.images).toHaveLength(20);
    expect(set.same).toEqual(Array.from({ length: 10 }, () => true));
    const image = await decodeImage(set.images[7] ?? new Uint8Array(0), sample);
    expect([image.width, image.height]).toEqual([112, 112]);
    const copy = join(temporaryFolder(), 'copy.bin');
    writeVerificationSet(copy, set);
    expect(readVerificationSet(copy).images.map((bytes) => Buffer.from(bytes))).toEqual(
      set.images.map((bytes) => Buffer.from(bytes)),
    );
  });

  it('reports a missing file', async () => {
    const path = join(temporaryFolder(), 'lfw.bin');
    const [failure] = await failuresOf(() => readVerificationSet(path));
    expect(failure?.message).toBe('expected a verification set (.bin), found no file');
    writeFileSync(path, '');
    const [empty] = await failuresOf(() => readVerificationSet(path));
    expect(empty?.code).toBe('truncated-file');
  });
});
