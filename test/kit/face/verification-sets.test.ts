import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeVerificationSet } from '../../../src/kit/codec/insightface/verification-set.ts';
import { readVerificationSets } from '../../../src/kit/face/verification-sets.ts';
import { failuresOf, jpeg, printedFailure, temporaryFolder } from '../dataset/tiny-faces.ts';

function written(name: string, content: string | Uint8Array): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

it('reads sets, and names them after their files unless names are given', () => {
  const path = join(temporaryFolder(), 'lfw.bin');
  writeVerificationSet(path, { images: [jpeg(1, 8), jpeg(2, 8)], same: [true] });
  expect(readVerificationSets([path])).toMatchObject([{ name: 'lfw', file: path, set: { same: [true] } }]);
  expect(readVerificationSets([path], ['faces'])).toMatchObject([{ name: 'faces' }]);
});

it('names what a file looks like that is not a verification set', async () => {
  const path = written('notes.bin', 'pairs of faces, to be packed: naïve\n');
  expect(await printedFailure(() => readVerificationSets([path]))).toBe(
    `${path}: not-a-verification-set: expected a verification set (.bin), found a text file\n` +
      '  face2rec and pairs2bin write verification sets; flow inspect shows what a file holds.',
  );
});

it.each([
  ['an empty file', new Uint8Array(0)],
  ['an image (jpeg)', jpeg(1, 8)],
  ['a file that looks like: ZIP archive (.zip)', Buffer.from('PK\x03\x04 and so on')],
  ['a file of an unknown format', Uint8Array.of(1, 2, 3, 0xff)],
])('tells %s from a verification set', async (found, content) => {
  const path = written('other.bin', content);
  expect(await failuresOf(() => readVerificationSets([path]))).toMatchObject([
    { code: 'not-a-verification-set', message: `expected a verification set (.bin), found ${found}` },
  ]);
});

it('names every file that is not a verification set', async () => {
  const paths = [written('a.bin', 'text'), written('b.bin', 'text')];
  const failures = await failuresOf(() => readVerificationSets(paths));
  expect(failures.map(({ at }) => at?.file)).toEqual(paths);
});
