import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { indexFile, readIndexFile, RecordIndex } from '../../../../src/kit/codec/mxnet/index-file.ts';
import { failuresOf, temporaryFolder } from '../../dataset/tiny-faces.ts';

function write(text: string): string {
  const path = join(temporaryFolder(), 'train.idx');
  writeFileSync(path, text);
  return path;
}

describe('the index of a .rec file', () => {
  it('keeps the order of the file and finds every id', () => {
    const index = readIndexFile(write('1\t0\n2\t44\r\n0\t104\n\n'));
    expect([...index.ids]).toEqual([1, 2, 0]);
    expect(index.offsetOf(0)).toBe(104);
    expect(index.positionOf(2)).toBe(1);
    expect(index.offsetOf(3)).toBeUndefined();
  });

  it('holds ids that are far apart', () => {
    const index = RecordIndex.of([
      [5, 0],
      [9_000_000_000, 48],
    ]);
    expect(index.offsetOf(9_000_000_000)).toBe(48);
    expect(index.offsetOf(6)).toBeUndefined();
  });

  it('is written as it was read', () => {
    const text = '1\t0\n0\t44\n';
    expect(Buffer.from(indexFile.encode(readIndexFile(write(text)))).toString()).toBe(text);
  });

  it.each([
    ['1\t0\n2 44\n', 2, 'found " "'],
    ['1\t0\n2\t\n', 2, 'a number is missing'],
    ['1\t0\n2\t4', 2, 'the last line does not end with a line feed'],
    ['1\t99999999999999999999\n', 1, 'a number is too large'],
  ])('refuses %j with the line', async (text, line, problem) => {
    const path = write(text);
    const [failure] = await failuresOf(() => readIndexFile(path));
    expect(failure?.message).toBe(`expected "id <tab> byte offset", ${problem}`);
    expect(failure?.at).toMatchObject({ file: path, line });
  });
});
