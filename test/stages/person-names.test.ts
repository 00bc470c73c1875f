import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { readPersonNames } from '../../src/kit/dataset/person-names.ts';
import { run as merge } from '../../stages/merge/run.ts';
import { run as split } from '../../stages/split/run.ts';
import { run as unpack } from '../../stages/unpack/run.ts';
import { failuresOf, jpeg, printedFailure, temporaryFolder, writeFaceFolder } from '../kit/dataset/tiny-faces.ts';
import { logs, pack } from './pack-faces.ts';
import { perform } from './perform-stage.ts';

const labels = 'class-and-aligned' as const;
const names = (folder: string) => [...(readPersonNames(folder) ?? [])];
const parts = () => {
  const folder = temporaryFolder();
  return { train: join(folder, 'train'), validation: join(folder, 'validation') };
};

function written(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

/** A set whose classes are anna, bert, carl. */
async function named(): Promise<string> {
  const images = writeFaceFolder(temporaryFolder(), { anna: 2, bert: 1, carl: 2 });
  return (await pack({ images, params: { names: true } })).dataset;
}

describe('names beside a packed set', () => {
  it('are written by face2rec on request only, so that sets of before are the same', async () => {
    const images = writeFaceFolder(temporaryFolder(), { anna: 2, bert: 1 });
    expect(existsSync(join((await pack({ images })).dataset, 'names.txt'))).toBe(false);
    expect(names((await pack({ images, params: { names: true } })).dataset)).toEqual([
      [0, 'anna'],
      [1, 'bert'],
    ]);
  });

  it('hold people out of a packed set: by a list of names, and by the protocol that shows them', async () => {
    const dataset = await named();
    for (const people of [
      written('people.txt', 'bert\nzoe\n'),
      written('pairs.txt', '1\nbert\t1\t2\nbert\t1\tzoe\t1\n'),
    ]) {
      const outputs = parts();
      const params = { labels, validationIdentities: 100 };
      const events = await perform(split, { params, inputs: { dataset, people }, outputs });
      expect([names(outputs.train), names(outputs.validation)]).toEqual([
        [
          [0, 'anna'],
          [1, 'carl'],
        ],
        [[0, 'bert']],
      ]);
      expect(logs(events)).toEqual(['1 of 2 people of the list are not in the set: zoe']);
    }
  });

  it('are written by hand for sets of other programs, a name a line', async () => {
    const dataset = temporaryFolder();
    const writer = new DatasetWriter(dataset, { identityRecords: false, labelForm: 'class' });
    for (const [seed, label] of [0, 1, 1].entries()) writer.add(label, true, jpeg(seed));
    writer.finish({ height: 16, width: 16 });
    const inputs = { dataset, people: written('people.txt', 'Bo Ek\n') };
    const params = { labels, validationIdentities: 1 };
    const missing = await printedFailure(() => perform(split, { params, inputs, outputs: parts() }));
    expect(missing.replace(dataset, '<set>')).toMatchInlineSnapshot(`
      "<set>: no-names: expected names.txt beside the records, which tells who each class is, found no such file
        Write a line "class name", separated by a tab, for each class; face2rec writes the file with names: true."
    `);
    writeFileSync(join(dataset, 'names.txt'), 'Ada\nBo Ek\n');
    const outputs = parts();
    await perform(split, { params, inputs, outputs });
    expect(names(outputs.train)).toEqual([[0, 'Ada']]);
    const nobody = { dataset, people: written('people.txt', 'bo ek\n') };
    const failure = await printedFailure(() => perform(split, { params, inputs: nobody, outputs: parts() }));
    expect(failure.replace(nobody.people, '<people>')).toMatchInlineSnapshot(`
      "<people>: unknown-people: none of 1 people of the list is in names.txt of the packed set
        Names have to be written as in names.txt beside the records, letter by letter."
    `);
  });

  it('stay with their people when sets are merged, and name the folders of unpacked images', async () => {
    const outputs = { dataset: join(temporaryFolder(), 'dataset') };
    await perform(merge, { params: { labels }, inputs: { datasets: [await named(), await named()] }, outputs });
    expect(names(outputs.dataset)).toEqual(
      ['anna', 'bert', 'carl', 'anna', 'bert', 'carl'].map((name, i) => [i, name]),
    );
    const folder = temporaryFolder();
    const unpacked = { images: join(folder, 'images'), list: join(folder, 'list') };
    await perform(unpack, { params: { digits: 7 }, inputs: { dataset: outputs.dataset }, outputs: unpacked });
    expect(readdirSync(unpacked.images).sort()).toEqual(['anna', 'bert', 'carl']);
    expect(readdirSync(join(unpacked.images, 'anna'))).toHaveLength(4);
    expect(readFileSync(unpacked.list, 'utf8').trim().split('\n')).toHaveLength(10);
  });

  it('that no folder can have, and lines of another form, are refused with their line', async () => {
    const dataset = await named();
    for (const text of ['0\tanna\nbert\n', '0\tanna\n0\tbert\n', '0\t../anna\n']) {
      writeFileSync(join(dataset, 'names.txt'), text);
      const inputs = { dataset, people: written('people.txt', 'anna\n') };
      const params = { labels, validationIdentities: 1 };
      const [failure] = await failuresOf(() => perform(split, { params, inputs, outputs: parts() }));
      expect(failure).toMatchObject({ code: 'damaged-list', at: { file: join(dataset, 'names.txt') } });
    }
  });
});
