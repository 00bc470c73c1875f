import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { classOf } from '../../src/kit/codec/mxnet/image-record.ts';
import { readIndexFile } from '../../src/kit/codec/mxnet/index-file.ts';
import { RecordWriter } from '../../src/kit/codec/mxnet/record-writer.ts';
import { run as merge } from '../../stages/merge/run.ts';
import { run as relabel } from '../../stages/relabel/run.ts';
import { run as split } from '../../stages/split/run.ts';
import { run as subset } from '../../stages/subset/run.ts';
import { run as unpack } from '../../stages/unpack/run.ts';
import { failuresOf, jpeg, printedFailure, temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { perform } from './perform-stage.ts';

const warnings = (events: readonly StageEvent[]) =>
  events.flatMap((event) => (event.type === 'log' && event.level === 'warning' ? [event.message] : []));
const figure = (events: readonly StageEvent[], wanted: string) =>
  events.flatMap((event) => (event.type === 'metric' && event.name === wanted ? [event.value] : []))[0];

const notAnImage = Buffer.from('<html>404 not found</html>');
const cut = (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 40);

/** What people download: as `face2rec` writes it, but that some images are none, and bytes were lost on the way. */
function damagedSet(): string {
  const folder = temporaryFolder();
  const writer = new DatasetWriter(folder);
  const images = [jpeg(0), notAnImage, jpeg(2), jpeg(3), cut(jpeg(4)), jpeg(5), jpeg(6, 24), jpeg(7)];
  for (const [index, image] of images.entries()) writer.add(Math.floor(index / 2), true, image);
  writer.finish({ height: 16, width: 16 });
  const rec = join(folder, 'train.rec');
  const bytes = readFileSync(rec);
  const offset = readIndexFile(join(folder, 'train.idx')).offsetOf(3) ?? 0;
  bytes.writeUInt32LE(0xdeadbeef, offset);
  writeFileSync(rec, bytes);
  return folder;
}

/** Class of each image. */
function classes(folder: string): number[] {
  const set = new PackedDataset(folder);
  const found = Array.from({ length: set.imageCount }, (_, position) => classOf(set.readImage(position)));
  set.close();
  return found;
}

const labels = 'class-and-aligned' as const;
const target = () => ({ dataset: join(temporaryFolder(), 'dataset') });

describe('records that cannot be read', () => {
  it('fail the stage unless they are to be left out', async () => {
    const dataset = damagedSet();
    const [failure] = await failuresOf(() =>
      perform(relabel, { params: { labels }, inputs: { dataset }, outputs: target() }),
    );
    expect(failure?.code).toBe('damaged-file');
  });

  it('are named, counted and left out on request, whatever is wrong with them', async () => {
    const outputs = target();
    const dataset = damagedSet();
    const events = await perform(relabel, { params: { labels, unreadable: 'drop' }, inputs: { dataset }, outputs });
    expect(classes(outputs.dataset)).toEqual([0, 1, 2, 3]);
    expect(figure(events, 'unreadable records')).toBe(4);
    expect(figure(events, 'images')).toBe(4);
    const index = readIndexFile(join(dataset, 'train.idx'));
    const at = (id: number): string => `record ${id} at byte ${index.offsetOf(id) ?? NaN}`;
    expect(warnings(events).map((text) => text.replace(join(dataset, 'train.rec'), '<rec>'))).toEqual([
      expect.stringMatching(`^left out ${at(2)}: .*image`),
      expect.stringMatching(
        `^left out bytes ${index.offsetOf(3) ?? NaN} to ${index.offsetOf(4) ?? NaN}: a record should start with 0xced7230a`,
      ),
      expect.stringMatching(`^left out ${at(5)}: .*cut off`),
      `left out ${at(7)}: it is 24 x 24, the set 16 x 16`,
      'left out 4 records of <rec> that cannot be read; 4 images can',
    ]);
  });

  it('are left out by all stages that copy packed sets', async () => {
    const params = { labels, unreadable: 'drop' } as const;
    const dataset = damagedSet();
    const outputs = target();
    await perform(merge, { params, inputs: { datasets: [dataset, damagedSet()] }, outputs });
    expect(classes(outputs.dataset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const smaller = target();
    const some = { identities: 2, imagesPerIdentity: 0, minImagesPerIdentity: 1, choose: 'first' } as const;
    await perform(subset, { params: { ...params, ...some }, inputs: { dataset }, outputs: smaller });
    expect(classes(smaller.dataset)).toEqual([0, 1]);
    const parts = { train: join(temporaryFolder(), 'train'), validation: join(temporaryFolder(), 'validation') };
    const inputs = { dataset, people: undefined };
    await perform(split, { params: { ...params, validationIdentities: 1 }, inputs, outputs: parts });
    expect([classes(parts.train), classes(parts.validation)]).toEqual([[0, 1, 2], [0]]);
    const unpacked = { images: join(temporaryFolder(), 'i'), list: join(temporaryFolder(), 'l') };
    await perform(unpack, { params: { digits: 1, unreadable: 'drop' }, inputs: { dataset }, outputs: unpacked });
    expect(readFileSync(unpacked.list, 'utf8').trim().split('\n')).toHaveLength(4);
  });

  it('are those without a class too; a file that ends too early loses its end only', async () => {
    const folder = temporaryFolder();
    new DatasetWriter(folder).abandon();
    const writer = new RecordWriter(join(folder, 'train.rec'), join(folder, 'train.idx'));
    for (const [id, label] of [0, -1, NaN, 0.5, 1, 2].entries()) writer.write({ id, id2: 0, label, payload: jpeg(id) });
    writer.finish();
    writeFileSync(join(folder, 'property'), '3,16,16\n');
    const rec = join(folder, 'train.rec');
    writeFileSync(rec, readFileSync(rec).subarray(0, -8));
    const outputs = target();
    const params = { labels, unreadable: 'drop' } as const;
    const events = await perform(relabel, { params, inputs: { dataset: folder }, outputs });
    expect([classes(outputs.dataset), figure(events, 'unreadable records')]).toEqual([[0, 1], 4]);
  });

  it('that are all there is end in a failure', async () => {
    const folder = temporaryFolder();
    const writer = new DatasetWriter(folder);
    writer.add(0, true, notAnImage);
    writer.finish({ height: 16, width: 16 });
    const params = { labels, unreadable: 'drop' } as const;
    const printed = await printedFailure(() =>
      perform(relabel, { params, inputs: { dataset: folder }, outputs: target() }),
    );
    expect(printed.replace(folder, '<set>')).toMatchInlineSnapshot(`
      "<set>/train.rec: nothing-readable: none of 1 records can be read; of the first: the image cannot be decoded: it is not an image in a known format
        Look at the file with flow inspect: it may be of another program, or its property file of another set."
    `);
  });
});
