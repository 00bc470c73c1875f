import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { verificationSet } from '../../../src/kit/codec/insightface/verification-set.ts';
import { pairProtocol } from '../../../src/kit/codec/lists/pair-protocol.ts';
import { matFile, pairsOfMat } from '../../../src/kit/codec/matlab/mat-file.ts';
import type { MatStruct, MatValue } from '../../../src/kit/codec/matlab/mat-reader.ts';
import { mxnetParams } from '../../../src/kit/codec/mxnet/mxnet-params.ts';
import { npyFile } from '../../../src/kit/codec/numpy/npy-file.ts';
import { encodeNpy } from '../../../src/kit/codec/numpy/npy.ts';
import { npz } from '../../../src/kit/codec/numpy/npz.ts';
import type { FileFormat } from '../../../src/kit/codec/codec.ts';
import { decodeFile } from '../../../src/kit/codec/read-file.ts';
import { readWeightShards } from '../../../src/kit/codec/tfjs/weight-shards.ts';
import { refusalOf } from '../refusal.ts';

/*
 * Readers count what they have consumed: whatever is behind the content, comes twice or is of another kind than expected
 * is refused by name, since it may be what was meant.
 */
const folder = mkdtempSync(join(tmpdir(), 'passed-over-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function answerOf(
  format: FileFormat<unknown>,
  name: string,
  ...parts: readonly (Uint8Array | string)[]
): Promise<string> {
  const path = join(folder, name);
  writeFileSync(
    path,
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
  );
  return refusalOf(() => decodeFile(format, path));
}

const one = { type: '<f4', shape: [1], fortranOrder: false, data: new Uint8Array(4) } as const;

describe('what follows the content of a file', () => {
  const params = mxnetParams.encode([]);
  const set = verificationSet.encode({ images: [Uint8Array.of(1), Uint8Array.of(2)], same: [true] });

  it.each([
    ['x.params', mxnetParams, params, 'the arrays and their names'],
    ['x.bin', verificationSet, set, 'the pickle'],
    ['x.npy', npyFile, encodeNpy(one), 'the array'],
  ] as const)('is refused: %s', async (name, format, bytes, before) => {
    expect(await answerOf(format, name, bytes)).toBe('none');
    expect(await answerOf(format, name, bytes, 'more')).toBe(
      `damaged-file: 4 bytes follow ${before}, which no reader knows`,
    );
  });

  it('is refused in an array of an archive, and in shards of weights', async () => {
    const entry = { ...one, name: 'a', compressed: false };
    const longer = { ...entry, data: new Uint8Array(8) };
    expect(await answerOf(npz, 'x.npz', npz.encode([entry]))).toBe('none');
    expect(await answerOf(npz, 'x.npz', npz.encode([longer]))).toContain('4 bytes follow the array "a.npy"');
    const manifest = join(folder, 'x-weights_manifest.json');
    writeFileSync(join(folder, 'shard'), new Uint8Array(16));
    const shards = (sizes: readonly number[], name = 'b'): Promise<string> => {
      const weights = sizes.map((size, index) => ({ name: index === 0 ? 'a' : name, shape: [size], dtype: 'float32' }));
      writeFileSync(manifest, JSON.stringify([{ paths: ['shard'], weights }]));
      return refusalOf(() => readWeightShards(manifest));
    };
    expect(await shards([2, 2])).toBe('none');
    expect(await shards([2, 1])).toContain('expected arrays of the 16 bytes that shard have, found arrays of 12');
    expect(await shards([2, 2], 'a')).toContain('expected "a" to be one array, and not two');
  });
});

describe('names that come twice', () => {
  it('are refused', async () => {
    const entry = { ...one, name: 'a', compressed: false };
    expect(await answerOf(npz, 'x.npz', npz.encode([entry, entry]))).toContain('two arrays are called "a.npy"');
  });
});

describe('a pickle of arrays by layer', () => {
  const header = "{'descr': '|O', 'fortran_order': False, 'shape': (), }".padEnd(117);
  const npy = (content: string): Promise<string> =>
    answerOf(npyFile, 'layers.npy', '\x93NUMPY\x01\x00', Uint8Array.of(118, 0), `${header}\n`, content);

  it('has names as keys, each once', async () => {
    expect(await npy('(dp0\nS"a"\n(dp1\ns.')).toBe('none');
    expect(await npy('(dp0\nI7\n(dp1\ns.')).toContain('expected names as keys, each once, found 7');
    expect(await npy('(dp0\nS"a"\n(dp1\nsS"a"\n(dp2\ns.')).toContain('expected names as keys, each once, found a');
  });
});

describe('a verification set', () => {
  const text = (content: string): Promise<string> => answerOf(verificationSet, 'x.bin', content);
  // Protocol 0: two images as text, then whether they show the same person.
  it('of three parts, or with images of characters that are no bytes, is refused', async () => {
    expect(await text('((lVa\naVb\na(lI01\nat.')).toBe('none');
    expect(await text('((lVa\naVb\na(lI01\na(lt.')).toContain('expected a pair of lists');
    expect(await text('((lV\\u0142\naVb\na(lI01\nat.')).toContain('image 0 is neither a byte string nor a uint8 array');
  });
});

describe('a MATLAB file', () => {
  const words = (content: string): MatValue => ({ type: 'text', dimensions: [1, content.length], text: content });
  const numbers = (...values: number[]): MatValue => {
    return { type: 'numbers', dimensions: [1, values.length], values: Float64Array.from(values) };
  };
  const struct = (...items: (readonly MatValue[])[]): MatStruct => ({
    type: 'struct',
    dimensions: [1, items.length],
    items: items.map((fields) => new Map(fields.map((field, index) => [`f${String(index)}`, field]))),
  });
  const cfp = (...fields: readonly MatValue[]): Promise<string> =>
    refusalOf(() => pairsOfMat(new Map([['pairs', struct([words('a'), words('b'), ...fields])]]), 'x.mat'));

  it('says fold and label of a pair, each one number', async () => {
    expect(await cfp(numbers(1), numbers(-1))).toBe('none');
    const expected =
      'damaged-protocol: expected pairs(1) to be path, path, fold (from 1), label, found f0 (text of 1 x 1)';
    expect(await cfp(numbers(1), numbers())).toContain(expected);
    expect(await cfp(numbers(1), numbers(NaN))).toContain(expected);
    expect(await cfp(numbers(0), numbers(1))).toContain(expected);
    expect(await cfp(numbers(1.5), numbers(1))).toContain(expected);
    expect(await cfp(numbers(1), numbers(1), numbers(5))).toContain(expected);
  });

  it('has one list of pairs in each split', async () => {
    const entry = struct([words('Ann_1'), numbers(30)]);
    const cell = (...items: readonly MatValue[]): MatValue => ({
      type: 'cell',
      dimensions: [2, items.length / 2],
      items,
    });
    const split = (...lists: readonly MatValue[]): Promise<string> => {
      const value: MatValue = { type: 'cell', dimensions: [1, 1], items: [struct(...lists.map((list) => [list]))] };
      return refusalOf(() => pairsOfMat(new Map([['splits', value]]), 'x.mat'));
    };
    expect(await split(cell(entry, entry))).toBe('none');
    expect(await split(cell(entry, entry), cell(entry, entry))).toContain('splits{1} to hold one 2 x P cell');
    expect(await split(cell())).toContain('splits{1} to hold one 2 x P cell, found cell of 2 x 0');
  });

  it('has text in UTF-8 or in characters of 16 bits', () => {
    const element = (type: number, content: Buffer): Buffer => {
      const head = Buffer.alloc(8);
      head.writeUInt32LE(type, 0);
      head.writeUInt32LE(content.length, 4);
      return Buffer.concat([head, content, Buffer.alloc((8 - (content.length % 8)) % 8)]);
    };
    const header = Buffer.alloc(128, ' ');
    header.write('MATLAB 5.0');
    header.writeUInt16LE(0x0100, 124);
    header.writeUInt16LE(0x4d49, 126);
    const sizes = Buffer.alloc(8);
    sizes.writeInt32LE(1, 0);
    sizes.writeInt32LE(4, 4);
    const flags = Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]);
    const read = (type: number, content: Buffer): MatValue | undefined => {
      const body = [element(6, flags), element(5, sizes), element(1, Buffer.from('name')), element(type, content)];
      const path = join(folder, 'text.mat');
      writeFileSync(path, Buffer.concat([header, element(14, Buffer.concat(body))]));
      return decodeFile(matFile, path).get('name');
    };
    expect(read(16, Buffer.from('José'))).toMatchObject({ text: 'José' });
    expect(read(4, Buffer.from('José', 'utf16le'))).toMatchObject({ text: 'José' });
  });
});

describe('a pair protocol', () => {
  const protocol = (line: string): Promise<string> => answerOf(pairProtocol, 'pairs.txt', `1\nAnn\t1\t2\n${line}\n`);

  it('does not call one person two, nor one image two', async () => {
    expect(await protocol('Ann\t1\tBob\t1')).toBe('none');
    expect(await protocol('Ann\t1\tAnn\t2')).toContain('expected "Ann i j" for two images of one person');
    expect(await protocol('Ann\t2\t2')).toContain('expected two images, and not one twice');
  });
});
