import { copyFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { indexFile, readIndexFile } from '../../../src/kit/codec/mxnet/index-file.ts';
import { classOf } from '../../../src/kit/codec/mxnet/image-record.ts';
import { RecordFile } from '../../../src/kit/codec/mxnet/record-file.ts';
import { DatasetWriter, requireExactIds, type DatasetWriterOptions } from '../../../src/kit/dataset/dataset-writer.ts';
import { firstIdentityId, PackedDataset } from '../../../src/kit/dataset/packed-dataset.ts';
import { failuresOf, jpeg, printedFailure, temporaryFolder } from './tiny-faces.ts';

function pack(labels: readonly number[], options: DatasetWriterOptions = {}): string {
  const folder = temporaryFolder();
  const writer = new DatasetWriter(folder, options);
  for (const [index, label] of labels.entries()) writer.add(label, true, jpeg(index));
  writer.finish({ height: 16, width: 16 });
  return folder;
}

/** Sets the id in the header of every record to 0. */
function forgetIds(folder: string): void {
  const path = join(folder, 'train.rec');
  const bytes = readFileSync(path);
  const { offsets } = readIndexFile(join(folder, 'train.idx'));
  for (const offset of offsets) bytes.fill(0, offset + 16, offset + 24);
  writeFileSync(path, bytes);
}

describe('ids in labels', () => {
  it('are refused where a 32-bit float would round them, with what to do', async () => {
    requireExactIds({ images: 2 ** 24 - 11, identities: 10, canOrder: true }, '/set');
    expect(
      await printedFailure(() => {
        requireExactIds({ images: 2 ** 24 - 10, identities: 10, canOrder: true }, '/set');
      }),
    ).toMatchInlineSnapshot(`
      "/set: too-many-records: 16777206 images of 10 identities need ids up to 16777217, but the index records hold ids exactly only up to 16777216 (2^24): they are 32-bit floats
        Choose order: pictures, which writes no index records, or pack several sets."
    `);
  });
});

it('an image larger than the format can hold is refused before anything is written', async () => {
  const folder = temporaryFolder();
  const writer = new DatasetWriter(folder);
  const text = await printedFailure(() => {
    writer.add(0, true, new Uint8Array(2 ** 29));
  });
  writer.abandon();
  expect(text.replaceAll(folder, '<set>')).toMatchInlineSnapshot(`
    "<set>/train.rec: record-too-long: expected a record of 536870911 bytes (512 MiB) at most, as much as the format can hold, found one of 536870944
      Store the image with fewer pixels or as a JPEG."
  `);
});

describe('a packed set', () => {
  it('knows its images, identities and their ranges, with and without the index', () => {
    const folder = pack([0, 0, 1, 2, 2, 2]);
    for (const withIndex of [true, false]) {
      if (!withIndex) rmSync(join(folder, 'train.idx'));
      const set = new PackedDataset(folder);
      expect(set.imageCount).toBe(6);
      expect(set.identities).toBe(3);
      expect(set.property).toEqual({ identities: 3, height: 16, width: 16 });
      expect(set.identityRanges()).toEqual([
        { first: 1, last: 2 },
        { first: 3, last: 3 },
        { first: 4, last: 6 },
      ]);
      const image = set.readImage(4);
      expect(image.label).toEqual([2, 1]);
      expect(Buffer.from(image.payload).equals(jpeg(4))).toBe(true);
      set.close();
    }
  });

  it('writes record 0 after the images and the identities after it', () => {
    const folder = pack([0, 1]);
    const ids = readFileSync(join(folder, 'train.idx'), 'latin1')
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(ids).toEqual(['1', '2', '0', '3', '4', '']);
    expect(readFileSync(join(folder, 'property'), 'latin1')).toBe('2,16,16\n');
  });

  it('says where a cut .rec file ends', async () => {
    const folder = pack([0, 1]);
    const path = join(folder, 'train.rec');
    const size = readFileSync(path).length;
    truncateSync(path, size - 20);
    const [failure] = await failuresOf(() => new PackedDataset(folder).identityRanges());
    expect(failure).toMatchObject({ code: 'truncated-file', at: { file: path, offset: size - 40 } });
  });

  it('says that a file of the set is missing', async () => {
    const folder = pack([0]);
    rmSync(join(folder, 'property'));
    const printed = await printedFailure(() => new PackedDataset(folder));
    expect(printed.replaceAll(folder, '<set>')).toMatchInlineSnapshot(`
      "<set>/property: missing-file: expected a property file beside train.rec, found no file
        flow index --property writes it, out of the records: one line, identities,height,width of the images, such as 85742,112,112; identities is the largest label + 1."
    `);
  });

  it('finds the first identity record beyond 2^24 by what the records hold', () => {
    for (const images of [17_091_658, 2 ** 24, 2 ** 24 + 1, 40_000_001, 42_474_557]) {
      const holdsImage = (id: number): boolean | undefined => (id > images + 100 ? undefined : id >= 1 && id <= images);
      expect(firstIdentityId(Math.fround(images + 1), holdsImage)).toBe(images + 1);
    }
    expect(firstIdentityId(2 ** 25, () => undefined)).toBeNaN();
    expect(firstIdentityId(7, () => undefined)).toBe(7);
  });

  it('is not opened with an index that is cut off, or without a record', async () => {
    const folder = pack([0, 0, 1]);
    const index = join(folder, 'train.idx');
    const lines = readFileSync(index, 'latin1').split('\n');
    writeFileSync(index, '');
    const print = async () => (await printedFailure(() => new PackedDataset(folder))).replaceAll(folder, '<set>');
    const bytes = statSync(join(folder, 'train.rec')).size;
    expect((await print()).replaceAll(String(bytes), '<bytes>')).toMatchInlineSnapshot(`
      "<set>/train.idx: damaged-index: the 0 records of the index end at byte 0 of the .rec file, which has <bytes> bytes: the index is cut off, or belongs to another file
        Delete the .idx file, or write it again: flow index --force."
    `);
    writeFileSync(index, `${lines.slice(0, 3).join('\n')}\n`);
    expect(await print()).toContain('damaged-index: the 3 records of the index end at byte');
    writeFileSync(index, lines.filter((line) => !line.startsWith('0\t')).join('\n'));
    expect(await print()).toMatchInlineSnapshot(`
      "<set>/train.idx: damaged-index: the .rec file ends with records of identities, but the index has no record 0, which tells their ids
        Delete the .idx file, or write it again: flow index --force."
    `);
    writeFileSync(join(folder, 'train.rec'), '');
    expect(await print()).toMatchInlineSnapshot(`
      "<set>/train.rec: empty-set: the packed set holds no image
        Pack it again, or copy it again: an interrupted packer or download leaves such a file."
    `);
  });

  it('is not opened with an index that leads past a record, or to one twice', async () => {
    const folder = pack([0, 0, 1, 2], { identityRecords: false });
    const index = join(folder, 'train.idx');
    const lines = readFileSync(index, 'latin1').trim().split('\n');
    const print = async () => (await printedFailure(() => new PackedDataset(folder))).replaceAll(folder, '<set>');
    const offsets = lines.map((line) => line.split('\t')[1] ?? '');
    for (const [missing, next] of [
      [0, 1],
      [2, 3],
    ] as const) {
      writeFileSync(index, `${lines.filter((_, place) => place !== missing).join('\n')}\n`);
      expect(await print()).toContain(
        `damaged-index: the index has no record at byte ${offsets[missing] ?? ''} of the .rec file, and the next one at ${offsets[next] ?? ''} of`,
      );
    }
    writeFileSync(index, `${[...lines, `9\t${offsets[1] ?? ''}`].join('\n')}\n`);
    expect(await print()).toContain(
      `at byte ${offsets[1] ?? ''} of the .rec file, which is within another one or comes twice`,
    );
    // Shuffled lists are indexed in their order, which need not be that of the file.
    writeFileSync(index, `${lines.toReversed().join('\n')}\n`);
    new PackedDataset(folder).close();
  });

  it('is not opened if the property file says another size than the images have', async () => {
    const folder = pack([0, 1]);
    writeFileSync(join(folder, 'property'), '2,112,96');
    const [failure] = await failuresOf(() => new PackedDataset(folder));
    expect(failure).toMatchObject({
      code: 'damaged-property',
      message: 'it says that the images are 96 x 112, and the first one is 16 x 16',
      hint: 'Its line is: identities,16,16.',
    });
  });

  it('is read though every record has id 0, as some packers write, with its index and without', async () => {
    for (const identityRecords of [true, false]) {
      const folder = pack([0, 0, 1, 2], { identityRecords });
      forgetIds(folder);
      const index = readFileSync(join(folder, 'train.idx'), 'latin1');
      for (const withIndex of [true, false]) {
        if (!withIndex) rmSync(join(folder, 'train.idx'));
        const set = new PackedDataset(folder);
        expect([set.imageCount, set.identities]).toEqual([4, 3]);
        expect(set.identityRanges()?.length).toBe(identityRecords ? 3 : undefined);
        expect([0, 1, 2, 3].map((position) => classOf(set.readImage(position)))).toEqual([0, 0, 1, 2]);
        set.close();
      }
      const file = new RecordFile(join(folder, 'train.rec'));
      if (identityRecords) expect(indexFile.encode(file.buildIndex())).toEqual(Buffer.from(index));
      file.close();
    }
    const folder = pack([0, 1]);
    forgetIds(folder);
    const path = join(folder, 'train.rec');
    writeFileSync(path, Buffer.concat([readFileSync(path), readFileSync(path)]));
    rmSync(join(folder, 'train.idx'));
    const printed = await printedFailure(() => new PackedDataset(folder));
    expect(printed.replaceAll(folder, '<set>')).toMatchInlineSnapshot(`
      "<set>/train.rec: repeated-ids: several records have the same id, and the index record does not stand after the images: which id each had in the index cannot be told
        Bring back the .idx file that was written with this .rec file, or pack the set again."
    `);
  });

  it('refuses a label that 32-bit floats do not hold', async () => {
    const writer = new DatasetWriter(temporaryFolder());
    writer.add(2 ** 24, true, jpeg(1));
    const [failure] = await failuresOf(() => {
      writer.add(2 ** 24 + 1, true, jpeg(1));
    });
    writer.abandon();
    expect(failure?.code).toBe('label-too-large');
  });

  const sample = '../shared/data/samples/mxnet-im2rec';
  it.skipIf(!existsSync(sample))('reads what im2rec wrote: no index record, one label each', () => {
    const folder = temporaryFolder();
    for (const name of ['train.rec', 'train.idx']) copyFileSync(join(sample, name), join(folder, name));
    writeFileSync(join(folder, 'property'), '2,112,112');
    const set = new PackedDataset(folder);
    expect(set.imageCount).toBe(8);
    expect(set.identities).toBe(2);
    expect(set.identityRanges()).toBeUndefined();
    const records = Array.from({ length: 8 }, (_, position) => set.readImage(position));
    expect(records.map(({ id }) => id)).toEqual([0, 4, 7, 5, 1, 6, 3, 2]);
    expect(records.map(({ label }) => label)).toEqual([0, 1, 1, 1, 0, 1, 0, 0]);
    set.close();
  });
});
