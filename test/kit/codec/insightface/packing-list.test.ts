import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { packingList } from '../../../../src/kit/codec/insightface/packing-list.ts';
import { failuresOf } from '../../dataset/tiny-faces.ts';

const decode = (text: string) => packingList.decode(new Cursor(Buffer.from(text), 'train.lst'));

describe('a packing list', () => {
  it('has 3, 7 or 17 columns in the form of face2rec2', () => {
    const points = '90\t150\t124\t99\t148\t110\t104\t140\t172\t167.5';
    const text = `1\ta/1.jpg\t0\n0\ta/2.jpg\t0\t1\t2\t30\t40\n0\tb c/3.jpg\t1\t1\t2\t30\t40\t${points}\n`;
    const list = decode(text);
    expect(list).toEqual({
      form: 'face2rec2',
      entries: [
        { aligned: true, path: 'a/1.jpg', label: 0, line: 1 },
        { aligned: false, path: 'a/2.jpg', label: 0, box: [1, 2, 30, 40], line: 2 },
        {
          aligned: false,
          path: 'b c/3.jpg',
          label: 1,
          box: [1, 2, 30, 40],
          points: [90, 150, 124, 99, 148, 110, 104, 140, 172, 167.5],
          line: 3,
        },
      ],
    });
    expect(Buffer.from(packingList.encode(list)).toString()).toBe(text);
  });

  it('has an index first and the path last in the form of im2rec', () => {
    const list = decode('4\t1\twoman/1.jpg\n7\t1\t0.5\twoman/4.jpg\n');
    expect(list.form).toBe('im2rec');
    expect(list.entries).toEqual([
      { index: 4, labels: [1], path: 'woman/1.jpg', line: 1 },
      { index: 7, labels: [1, 0.5], path: 'woman/4.jpg', line: 2 },
    ]);
  });

  it('is told from the other form by the columns that must be numbers, and may have tabs at the end of lines', () => {
    expect(decode('0\t3\t1\t2\t3\t4\twoman/1.jpg\n').entries).toEqual([
      { index: 0, labels: [3, 1, 2, 3, 4], path: 'woman/1.jpg', line: 1 },
    ]);
    expect(decode('1\ta/1.jpg\t0\t\n1\ta/2.jpg\t0 \n').entries).toEqual([
      { aligned: true, path: 'a/1.jpg', label: 0, line: 1 },
      { aligned: true, path: 'a/2.jpg', label: 0, line: 2 },
    ]);
  });

  it.each([
    ['1\ta.jpg\n', 'expected 3, 7 or 17 tab separated columns'],
    ['2\ta.jpg\t0\n', 'expected 3, 7 or 17 tab separated columns'],
    ['1\ta.jpg\t0\n1\tb.jpg\tzero\n', 'expected 3, 7 or 17'],
    ['0\ta.jpg\t0\t1\t2\tx\t4\n', 'expected a number instead of "x"'],
    ['4\t1\ta.jpg\n5\tb.jpg\n', 'expected tab separated columns: index, one label or more, path'],
  ])('refuses %j', async (text, problem) => {
    const [failure] = await failuresOf(() => decode(text));
    expect(failure?.code).toBe('damaged-list');
    expect(failure?.message).toContain(problem);
  });

  it('is empty where the file is', () => {
    expect(decode('\n\n')).toEqual({ form: 'face2rec2', entries: [] });
  });

  const sample = '../shared/data/samples/mxnet-im2rec/train.lst';
  it.skipIf(!existsSync(sample))('reads and writes the list of im2rec itself', () => {
    const bytes = readFileSync(sample);
    const list = packingList.decode(new Cursor(bytes, sample));
    expect(list.form).toBe('im2rec');
    expect(list.entries).toHaveLength(8);
  });
});
