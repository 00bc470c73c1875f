import { describe, expect, it } from 'vitest';
import { matFile, pairsOfMat } from '../../../../src/kit/codec/matlab/mat-file.ts';
import { decodeFile } from '../../../../src/kit/codec/read-file.ts';
import { failuresOf } from '../../dataset/tiny-faces.ts';

// Written by scipy 1.10 in the structure of the published protocols, which are not free to copy.
const read = (name: string) => pairsOfMat(decodeFile(matFile, `test/kit/codec/golden/${name}`), name);

describe('a protocol in a MATLAB file', () => {
  it.each(['cfp-plain.mat', 'cfp-compressed.mat'])('lists pairs of paths with fold and label (%s)', (name) => {
    expect(read(name)).toEqual([
      { left: 'Data/Images/001/frontal/01.jpg', right: 'Data/Images/001/frontal/02.jpg', same: true, fold: 1 },
      { left: 'Data/Images/001/frontal/03.jpg', right: 'Data/Images/002/frontal/02.jpg', same: false, fold: 1 },
      { left: 'c', right: 'd', same: true, fold: 2 },
      { left: 'e', right: 'f', same: false, fold: 2 },
    ]);
  });

  it('lists splits of two rows, the same person by the name before the first underscore', () => {
    const pairs = read('agedb.mat');
    expect(pairs).toHaveLength(6);
    expect(pairs.map(({ same, fold }) => [same, fold])).toEqual([
      [true, 1],
      [false, 1],
      [false, 1],
      [true, 2],
      [false, 2],
      [false, 2],
    ]);
    expect(pairs[1]).toMatchObject({ left: 'PersonA_2_1_30_m', right: 'PersonB_3_1_30_m' });
  });

  it('names what it expected if the file is another', async () => {
    const [failure] = await failuresOf(() => pairsOfMat(new Map(), 'x.mat'));
    expect(failure?.message).toBe('expected a variable "pairs" (CFP) or "splits" (AgeDB), found no variables');
  });
});
