import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pairProtocol, type PairProtocol } from '../../../../src/kit/codec/lists/pair-protocol.ts';
import { decodeFile } from '../../../../src/kit/codec/read-file.ts';
import { failuresOf, temporaryFolder } from '../../dataset/tiny-faces.ts';

function read(...lines: readonly string[]): PairProtocol {
  const path = join(temporaryFolder(), 'pairs.txt');
  writeFileSync(path, `${lines.join('\r\n')}\n`);
  return decodeFile(pairProtocol, path);
}

const shown = ({ pairs }: PairProtocol): string[] =>
  pairs.map(({ left, right, same }) =>
    [left.path ?? `${left.name} ${left.number}`, right.path ?? `${right.name} ${right.number}`, same].join(' | '),
  );

describe('a list of pairs without a header', () => {
  it.each([
    ['paths and a label', 'ada/1.jpg ada/2.jpg 1', 'ada/1.jpg bo/1.jpg 0'],
    ['a label and paths', '1 ada/1.jpg ada/2.jpg', '0 ada/1.jpg bo/1.jpg'],
    ['commas', 'ada/1.jpg,ada/2.jpg,1', 'ada/1.jpg, bo/1.jpg, 0'],
    ['tabs and words', 'ada/1.jpg\tada/2.jpg\ttrue', 'ada/1.jpg\tbo/1.jpg\tfalse'],
    ['minus one', 'ada/1.jpg ada/2.jpg 1', 'ada/1.jpg bo/1.jpg -1'],
    ['columns by name', 'left,right,same', 'ada/1.jpg,ada/2.jpg,1', 'ada/1.jpg,bo/1.jpg,0'],
    ['the label first', 'label,image1,image2', '1,ada/1.jpg,ada/2.jpg', '0,ada/1.jpg,bo/1.jpg'],
    [
      'names and paths',
      'pair_id,image_a,image_b,is_same,image_a_path,image_b_path',
      '7,x.jpg,y.jpg,1,ada/1.jpg,ada/2.jpg',
      '8,x.jpg,z.jpg,0,"ada/1.jpg","bo/1.jpg"',
    ],
    ['backslashes', '.\\ada\\1.jpg .\\ada\\2.jpg 1', 'ada\\1.jpg bo\\1.jpg 0'],
  ])('has two images and a label a line: %s', (_, ...lines) => {
    const protocol = read(...lines);
    expect(shown(protocol)).toEqual(['ada/1.jpg | ada/2.jpg | true', 'ada/1.jpg | bo/1.jpg | false']);
    expect(protocol.pairs.map(({ left, right }) => [left.name, right.name])).toEqual([
      ['ada', 'ada'],
      ['ada', 'bo'],
    ]);
    expect(protocol.irregular).toContain('tells no folds');
  });

  it('has two lines a pair as CALFW and CPLFW: 0, or the fold, or 1', () => {
    const protocol = read('A_B_0001.jpg 3', 'A_B_0004.jpg 3', 'C_1.jpg 0', 'D_E_2.jpg 0', 'C_1.jpg 1', 'C_2.jpg 1');
    expect(shown(protocol)).toEqual([
      'A_B_0001.jpg | A_B_0004.jpg | true',
      'C_1.jpg | D_E_2.jpg | false',
      'C_1.jpg | C_2.jpg | true',
    ]);
    expect(protocol.pairs[1]?.right.name).toBe('D_E');
  });

  it.each([
    ['Ada 1 2', 'Ada 1 Bo 4'],
    ['Ada\t1\t2', 'Ada\t1\tBo\t4'],
    ['name,imagenum1,imagenum2,', 'Ada,1,2,', 'Ada,1,Bo,4'],
  ])("has LFW's lines: %s", (...lines) => {
    expect(shown(read(...lines))).toEqual(['Ada 1 | Ada 2 | true', 'Ada 1 | Bo 4 | false']);
  });

  it('has the folds that a column tells, in their order', () => {
    const rows = [2, 1, 2, 1].map(
      (fold, index) => `a/${index}.jpg,${index < 2 ? 'a' : 'b'}/x.jpg,${index < 2 ? 1 : 0},${fold}`,
    );
    const protocol = read('left,right,same,fold', ...rows);
    expect(protocol.folds).toBe(2);
    expect(protocol.irregular).toBeUndefined();
    expect(protocol.pairs.map(({ fold, same }) => [fold, same])).toEqual([
      [1, true],
      [1, false],
      [2, true],
      [2, false],
    ]);
  });

  it('is mixed if same and different pairs stand in blocks, for folds are cut out of it', () => {
    const rows = Array.from({ length: 40 }, (_, index) => `a/${index}.jpg b/${index}.jpg ${index < 20 ? 1 : 0}`);
    const { pairs, irregular } = read(...rows);
    expect(irregular).toContain('alternately');
    for (let start = 0; start < 40; start += 4) {
      expect(pairs.slice(start, start + 4).filter(({ same }) => same)).toHaveLength(2);
    }
  });

  it.each([
    [['a.jpg b.jpg 2'], '"a.jpg b.jpg 1", "1 a.jpg b.jpg"'],
    [['a.jpg b.jpg'], '"a.jpg b.jpg 1"'],
    [['a.jpg 1', 'b.jpg 1', 'c.jpg 0'], 'two of them are a pair'],
    [['a.jpg 1', 'b.jpg 0'], 'the number of the line before'],
    [['../a.jpg b.jpg 1'], 'within the folder of images'],
    [['/a.jpg b.jpg 1'], 'within the folder of images'],
    [['left,right,same', 'a.jpg,b.jpg,maybe'], '1 or 0 as the label'],
    [['left,right,same,fold', 'a.jpg,b.jpg,1,x'], 'a whole number as the fold'],
    [['Ada 1 1'], 'two images of one person'],
  ])('is refused with the line: %s', async (lines, expected) => {
    const [failure] = await failuresOf(() => read(...lines));
    expect(failure?.code).toBe('damaged-protocol');
    expect(failure?.message).toContain(expected);
    expect(failure?.at).toHaveProperty('line');
  });
});
