import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namesOfPairs } from '../../src/kit/face/groups/names-of-pairs.ts';
import { readVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { references } from '../../stages/pairs2bin/references.ts';
import { run } from '../../stages/pairs2bin/run.ts';
import { failuresOf, jpeg, printedFailure, temporaryFolder } from '../kit/dataset/tiny-faces.ts';

/** Two people, two frontal images and one profile each, in the layout of cfp-dataset.zip. */
function cfp(): string {
  const root = temporaryFolder();
  const write = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const images = [1, 2].flatMap((person) => [
    ...[1, 2].map((image) => `00${person}/frontal/0${image}.jpg`),
    `00${person}/profile/01.jpg`,
  ]);
  for (const [seed, path] of images.entries()) write(`Data/Images/${path}`, jpeg(seed));
  const listOf = (kind: string): string =>
    images
      .filter((path) => path.includes(kind))
      .map((path, index) => `${index + 1} ../Data/Images/${path}\r\n`)
      .join('');
  write('Protocol/Pair_list_F.txt', listOf('frontal'));
  write('Protocol/Pair_list_P.txt', listOf('profile'));
  write('Protocol/Split/FF/01/same.txt', '1,2\n');
  write('Protocol/Split/FF/01/diff.txt', '1,3\n');
  write('Protocol/Split/FF/02/same.txt', '3,4\n');
  write('Protocol/Split/FF/02/diff.txt', '2,4\n');
  write('Protocol/Split/FP/01/same.txt', '1,1\r\n');
  write('Protocol/Split/FP/01/diff.txt', '1,2\r\n');
  return root;
}

async function pack(images: string, protocol: string, folds: readonly number[] = []) {
  const output = join(temporaryFolder(), 'pairs.bin');
  await run({
    params: {
      ...{ folds, missing: 'fail', align: 'stored', imageSize: { height: 112, width: 112 } },
      ...{ encoding: 'png', quality: 6 },
    },
    inputs: { images, protocol, points: undefined },
    outputs: { pairs: output },
    ...{ scratch: temporaryFolder(), seed: 1, signal: new AbortController().signal },
    ...{ engine: { name: 'cpu', version: '0' }, cpus: 1, emit: () => undefined },
  });
  return readVerificationSet(output);
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const images = (...seeds: readonly number[]) => seeds.map((seed) => base64(jpeg(seed)));

describe('the lists of CFP as they are published', () => {
  it('pair frontal with frontal images, fold by fold, wherever in the set the folder of images is bound', async () => {
    const root = cfp();
    const split = join(root, 'Protocol/Split/FF');
    for (const folder of ['Data/Images', 'Data', '.']) {
      const { images: found, same } = await pack(join(root, folder), split);
      expect(found.map(base64)).toEqual(images(0, 1, 0, 3, 3, 4, 1, 4));
      expect(same).toEqual([true, false, true, false]);
    }
    expect((await pack(root, split, [2])).images.map(base64)).toEqual(images(3, 4, 1, 4));
  });

  it('pair frontal images with profiles, whose numbers are of a list of their own, which is in the key', async () => {
    const root = cfp();
    const protocol = join(root, 'Protocol/Split/FP');
    const set = await pack(root, protocol);
    expect(set.images.map(base64)).toEqual(images(0, 2, 0, 5));
    const lists = ['Pair_list_F.txt', 'Pair_list_P.txt'].map((name) => join(root, 'Protocol', name));
    expect([...references({ images: root, protocol, points: undefined })]).toEqual(lists);
    const { names } = namesOfPairs({ protocol, folds: [], set: { name: 'cfp', set } });
    expect(names[3]).toContain('002');
  });

  it('are refused with file and line where a number or a list is missing', async () => {
    const root = cfp();
    const diff = join(root, 'Protocol/Split/FP/01/diff.txt');
    writeFileSync(diff, '1,2\n9,1\n');
    const [failure] = await failuresOf(() => pack(root, join(root, 'Protocol/Split/FP')));
    expect(failure).toMatchObject({ code: 'damaged-protocol', at: { file: diff, line: 2 } });
    const other = await printedFailure(() => pack(root, join(root, 'Protocol')));
    expect(other.replace(root, '<cfp>')).toMatchInlineSnapshot(`
      "<cfp>/Protocol: not-a-cfp-split: expected a split of CFP: a folder FF or FP with the folders 01 to 10 of same.txt and diff.txt
        Bind Protocol/Split/FF or Protocol/Split/FP of the set as it is published; Pair_list_F.txt and Pair_list_P.txt are beside Split."
    `);
  });
});
