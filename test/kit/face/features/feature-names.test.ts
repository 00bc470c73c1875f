import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FeatureNames } from '../../../../src/kit/face/features/feature-names.ts';
import { refusalOf } from '../../refusal.ts';
import { temporaryFolder } from '../../dataset/tiny-faces.ts';

/** Of several blocks of 1 MB, of which lines reach from one into the next; with letters of two bytes. */
const many = Array.from(
  { length: 45_000 },
  (_, row) => `${row % 1000}/user with a long name ${row % 7}/photo_ä_${row}_0.jpg`,
);

function written(names: readonly string[], rows = names.length, sorted?: number): FeatureNames {
  const file = join(temporaryFolder(), 'names.txt');
  writeFileSync(file, names.map((name) => `${name}\n`).join(''));
  return new FeatureNames(file, rows, sorted);
}

describe('names of features', () => {
  it('are read in their order, one by its row, and rows by their names, over several blocks', () => {
    const names = written(many);
    expect([...names]).toEqual(many);
    for (const row of [0, 44_999, 30_000, 29_999, 33_333, 33_334]) expect(names.at(row)).toBe(many[row]);
    expect([names.at(-1), names.at(45_000)]).toEqual([undefined, undefined]);
    const found = names.find([many[39_000] ?? '', 'nobody.jpg', many[5] ?? '']);
    expect(Object.fromEntries(found)).toEqual({ [many[5] ?? '']: 5, [many[39_000] ?? '']: 39_000 });
    // By its row first, before anything was read.
    expect(written(many).at(37_777)).toBe(many[37_777]);
  });

  it.each([1 << 23, 20_000])('are different, as comparing the hashes of %i at a time shows', async (sorted) => {
    const names = written(many, many.length, sorted);
    expect(() => {
      names.requireDifferent();
    }).not.toThrow();
    const twice = [...many.slice(0, 40_000), many[77] ?? '', ...many.slice(40_000)];
    expect(await refusalOf(() => written(twice, twice.length, sorted).find(['a']))).toBe(
      'repeated-feature: the name 77/user with a long name 0/photo_ä_77_0.jpg is there for the second time, as number 40001',
    );
  });

  it('are refused unless there are as many as rows, whatever is asked first', async () => {
    for (const [rows, found] of [
      [4, 3],
      [2, 3],
    ] as const) {
      for (const ask of [
        (names: FeatureNames) => [...names],
        (names: FeatureNames) => names.at(1),
        (names: FeatureNames) => names.find(['a']),
      ]) {
        expect(await refusalOf(() => ask(written(['a', 'b', 'c'], rows)))).toBe(
          `damaged-features: expected ${rows} names, as features.json says, found ${found}`,
        );
      }
    }
  });
});
