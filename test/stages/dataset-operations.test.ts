import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DatasetWriter, type DatasetWriterOptions } from '../../src/kit/dataset/dataset-writer.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { classOf } from '../../src/kit/codec/mxnet/image-record.ts';
import { RecordWriter } from '../../src/kit/codec/mxnet/record-writer.ts';
import { run as face2rec } from '../../stages/face2rec/run.ts';
import { run as merge } from '../../stages/merge/run.ts';
import { run as relabel } from '../../stages/relabel/run.ts';
import { run as split } from '../../stages/split/run.ts';
import { run as subset } from '../../stages/subset/run.ts';
import { run as unpack } from '../../stages/unpack/run.ts';
import { failuresOf, jpeg, temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { perform } from './perform-stage.ts';

/** A packed set: image i has label `labels[i]` and content jpeg(`first` + i). */
function pack(labels: readonly number[], options: DatasetWriterOptions = {}, first = 0, side = 16): string {
  const folder = temporaryFolder();
  const writer = new DatasetWriter(folder, options);
  for (const [index, label] of labels.entries()) writer.add(label, true, jpeg(first + index, side));
  writer.finish({ height: side, width: side });
  return folder;
}

const target = () => ({ dataset: join(temporaryFolder(), 'dataset') });

/** Label and content (the number its image was made from) of every image. */
function content(folder: string, side = 16): (readonly [number, number])[] {
  const numbers = new Map(
    Array.from({ length: 40 }, (_, seed) => [Buffer.from(jpeg(seed, side)).toString('base64'), seed]),
  );
  const set = new PackedDataset(folder);
  const images = Array.from({ length: set.imageCount }, (_, position) => {
    const record = set.readImage(position);
    return [classOf(record), numbers.get(Buffer.from(record.payload).toString('base64')) ?? -1] as const;
  });
  set.close();
  return images;
}

const labels = 'class-and-aligned' as const;

/** A set of three images, of which the last has these labels. */
function packWith(last: number | readonly number[]): string {
  const folder = pack([0, 1, 2], { identityRecords: false });
  const writer = new RecordWriter(join(folder, 'train.rec'), join(folder, 'train.idx'));
  for (const [index, label] of [0, [1, 0], last].entries()) {
    writer.write({ id: index, id2: 0, label, payload: jpeg(index) });
  }
  writer.finish();
  return folder;
}

describe('labels of images', () => {
  it.each([0.5, -1, NaN, [2, 35], [2, 1, 7]])(
    'that no face has are refused, and not copied in part: %s',
    async (last) => {
      const inputs = { dataset: packWith(last) };
      const expected = `expected a class (a whole number from 0 on), and after it at most whether the image is aligned (0 or 1), found ${[last].flat().join(', ')}`;
      for (const act of [
        () => perform(relabel, { params: { labels }, inputs, outputs: target() }),
        () =>
          perform(unpack, {
            params: { digits: 3 },
            inputs,
            outputs: { images: join(temporaryFolder(), 'i'), list: join(temporaryFolder(), 'l') },
          }),
      ]) {
        const [failure] = await failuresOf(act);
        expect(failure).toMatchObject({ code: 'damaged-file', message: expected });
      }
    },
  );

  it('are dropped but for the class where only that is asked for', async () => {
    const outputs = target();
    await perform(relabel, { params: { labels: 'class' }, inputs: { dataset: packWith([2, 35]) }, outputs });
    expect(content(outputs.dataset).map(([label]) => label)).toEqual([0, 1, 2]);
  });
});

describe('merge', () => {
  it('puts the identities of one set after those of the other', async () => {
    const outputs = target();
    const datasets = [pack([0, 0, 1]), pack([0, 1, 1], {}, 10)];
    const events = await perform(merge, { params: { labels }, inputs: { datasets }, outputs });
    expect(content(outputs.dataset)).toEqual([
      [0, 0],
      [0, 1],
      [1, 2],
      [2, 10],
      [3, 11],
      [3, 12],
    ]);
    expect(events).toContainEqual({ type: 'metric', name: 'identities', value: 4 });
  });

  it('refuses images of different sizes', async () => {
    const datasets = [pack([0]), pack([0], {}, 0, 24)];
    const [failure] = await failuresOf(() =>
      perform(merge, { params: { labels }, inputs: { datasets }, outputs: target() }),
    );
    expect(failure?.code).toBe('unequal-sizes');
  });
});

describe('relabel', () => {
  it('closes gaps, brings the images of an identity together and adds identity records', async () => {
    const dataset = pack([7, 3, 7, 3], { identityRecords: false });
    const outputs = target();
    await perform(relabel, { params: { labels: 'class' }, inputs: { dataset }, outputs });
    expect(content(outputs.dataset)).toEqual([
      [0, 0],
      [0, 2],
      [1, 1],
      [1, 3],
    ]);
    const set = new PackedDataset(outputs.dataset);
    expect(set.identityRanges()).toEqual([
      { first: 1, last: 2 },
      { first: 3, last: 4 },
    ]);
    expect(set.readImage(0).label).toBe(0);
    set.close();
  });
});

describe('subset', () => {
  const params = { identities: 0, imagesPerIdentity: 0, minImagesPerIdentity: 1, choose: 'first', labels } as const;

  it('keeps the first identities and the first images of each', async () => {
    const dataset = pack([0, 0, 0, 1, 2, 2]);
    const outputs = target();
    await perform(subset, {
      params: { ...params, identities: 2, imagesPerIdentity: 1, minImagesPerIdentity: 2 },
      inputs: { dataset },
      outputs,
    });
    expect(content(outputs.dataset)).toEqual([
      [0, 0],
      [1, 4],
    ]);
  });

  it('chooses by the seed where that is asked for', async () => {
    const dataset = pack([0, 1, 2, 3, 4, 5, 6, 7]);
    const choose = async (seed: number) => {
      const outputs = target();
      await perform(subset, {
        params: { ...params, identities: 3, choose: 'random' },
        inputs: { dataset },
        outputs,
        seed,
      });
      return content(outputs.dataset);
    };
    const one = await choose(1);
    expect(one.map(([label]) => label)).toEqual([0, 1, 2]);
    expect(await choose(1)).toEqual(one);
    expect(await choose(2)).not.toEqual(one);
  });

  it('says that nobody has enough images', async () => {
    const inputs = { dataset: pack([0, 1]) };
    const call = { params: { ...params, minImagesPerIdentity: 2 }, inputs, outputs: target() };
    const [failure] = await failuresOf(() => perform(subset, call));
    expect(failure?.message).toBe('no identity has 2 images or more');
  });
});

describe('split', () => {
  it('puts every image in one part and nobody in both', async () => {
    const dataset = pack([0, 0, 1, 1, 2, 2, 3, 3]);
    const folder = temporaryFolder();
    const outputs = { train: join(folder, 'train'), validation: join(folder, 'validation') };
    await perform(split, {
      params: { validationIdentities: 1, labels },
      inputs: { dataset, people: undefined },
      outputs,
    });
    const train = content(outputs.train);
    const validation = content(outputs.validation);
    expect([train.length, validation.length]).toEqual([6, 2]);
    const people = (images: readonly (readonly [number, number])[]) =>
      new Set(images.map(([, seed]) => Math.floor(seed / 2)));
    expect([...people(train), ...people(validation)].toSorted()).toEqual([0, 1, 2, 3]);
    expect(new Set(train.map(([label]) => label))).toEqual(new Set([0, 1, 2]));
  });

  it('refuses to leave nobody to train on', async () => {
    const folder = temporaryFolder();
    const outputs = { train: join(folder, 'train'), validation: join(folder, 'validation') };
    const inputs = { dataset: pack([0, 1]), people: undefined };
    const [failure] = await failuresOf(() =>
      perform(split, { params: { validationIdentities: 2, labels }, inputs, outputs }),
    );
    expect(failure?.code).toBe('too-few-identities');
  });
});

describe('unpack', () => {
  it('writes what face2rec packs into the same bytes again', async () => {
    const dataset = pack([0, 0, 1]);
    const folder = temporaryFolder();
    const outputs = { images: join(folder, 'images'), list: join(folder, 'train.lst') };
    await perform(unpack, { params: { digits: 7 }, inputs: { dataset }, outputs });
    expect(readFileSync(outputs.list, 'utf8')).toBe(
      '1\t0000000/0000000_0001.jpg\t0\n1\t0000000/0000000_0002.jpg\t0\n1\t0000001/0000001_0001.jpg\t1\n',
    );
    const again = { dataset: join(folder, 'again'), pairs: join(folder, 'pairs.bin') };
    await perform(face2rec, {
      params: {
        folds: [],
        minImagesPerIdentity: 1,
        strict: true,
        order: 'list',
        renumber: false,
        labels,
        duplicates: 'ignore',
        pictures: 'aligned',
        imageSize: { height: 112, width: 112 },
        encoding: 'jpg',
        quality: 95,
        withoutPoints: 'fail',
      },
      inputs: { images: outputs.images, list: outputs.list, protocol: undefined },
      outputs: again,
    });
    for (const name of ['train.rec', 'train.idx', 'property', 'dataset.json']) {
      expect(readFileSync(join(again.dataset, name)).equals(readFileSync(join(dataset, name)))).toBe(true);
    }
  });
});
