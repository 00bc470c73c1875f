import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { tarArchive } from '../../src/kit/codec/archive/tar-archive.ts';
import { jpeg, writeFaceFolder } from '../kit/dataset/tiny-faces.ts';
import { linearModel, side } from '../stages/linear-model.ts';
import { failuresOfStages, type StageCall } from './printed-failures.ts';
import { Rig } from './rig.ts';

/** Failures of the stages that pack, rearrange and embed images, as one run of them all prints them. */
let rig: Rig;
let printed: ReadonlyMap<string, string>;

const packing = (images: string, more: object = {}): StageCall => ({ uses: 'face2rec', with: { images, ...more } });
const pairing = (more: object): StageCall => ({
  uses: 'pairs2bin',
  with: { images: 'faces', protocol: 'pairs.txt', ...more },
});
const embedding = (more: object): StageCall => ({
  uses: 'features',
  with: { model: 'model', images: 'faces', ...more },
});

const stages: Readonly<Record<string, StageCall>> = {
  'list-not-grouped': packing('faces', { list: 'scattered.lst' }),
  'unaligned-image': packing('faces', { list: 'unaligned.lst' }),
  'unequal-sizes': packing('sizes'),
  'unequal-sizes-of-sets': { uses: 'merge', with: { datasets: ['set', 'large-set'] } },
  'sample-without-image': packing('shards/no-image.tar'),
  'unlabelled-sample': packing('shards/no-label.tar'),
  'damaged-file': packing('shards/bad-label.tar'),
  'damaged-protocol': pairing({ protocol: 'bad-pairs.txt' }),
  'missing-points': pairing({ align: 'points' }),
  'wrong-points': pairing({ align: 'points', points: 'points' }),
  'missing-record': { uses: 'subset', with: { dataset: 'lost-record' } },
  'too-few-identities': { uses: 'split', with: { dataset: 'set', validationIdentities: 2 } },
  'too-few-identities-to-draw': { uses: 'synthesize', with: { identities: 4, heldOut: 5 } },
  'image-not-aligned': embedding({ list: 'unaligned.lst' }),
  'name-outside': embedding({ list: 'outside.lst', layout: 'files' }),
};

beforeAll(async () => {
  rig = new Rig();
  writeFaceFolder(rig.path('faces'), { anna: 2, bert: 1 }, side);
  rig.write('scattered.lst', '1\tanna/anna_0001.jpg\t0\n1\tbert/bert_0001.jpg\t1\n1\tanna/anna_0002.jpg\t0\n');
  rig.write('unaligned.lst', '1\tanna/anna_0001.jpg\t0\n0\tbert/bert_0001.jpg\t1\n');
  rig.write('outside.lst', '1\t../faces/anna/anna_0001.jpg\t0\n');
  rig.write('pairs.txt', '1\t1\nanna\t1\t2\nanna\t1\tbert\t1\n');
  rig.write('bad-pairs.txt', '1\t1\nanna\t1\nanna\t1\tbert\t1\n');
  rig.write('points/anna_0001.pts', 'version: 1\nn_points: 2\n{\n1 1\n2 2\n}\n');
  writeFaceFolder(rig.path('sizes'), { anna: 1 }, side);
  writeFaceFolder(rig.path('sizes'), { bert: 1 }, 2 * side);
  packedSet('set', side);
  packedSet('large-set', 2 * side);
  packedSet('lost-record', side);
  rig.write('lost-record/train.idx', rig.read('lost-record/train.idx').replace(/^2\t/m, '9\t'));
  mkdirSync(rig.path('shards'));
  shard('no-image', { 'a.cls': '0' });
  shard('no-label', { 'a.jpg': jpeg(1) });
  shard('bad-label', { 'a.jpg': jpeg(1), 'a.cls': 'anna' });
  linearModel(rig.path('model'));
  printed = await failuresOfStages(rig, stages);
}, 60_000);

afterAll(async () => {
  await rig.dispose();
});

/** Three images of two identities. */
function packedSet(folder: string, size: number): void {
  const writer = new DatasetWriter(rig.path(folder));
  for (const [index, label] of [0, 0, 1].entries()) writer.add(label, true, jpeg(index, size));
  writer.finish({ height: size, width: size });
}

function shard(name: string, files: Readonly<Record<string, Uint8Array | string>>): void {
  const entries = Object.entries(files).map(([path, content]) => {
    return { name: path, type: 'file' as const, content: typeof content === 'string' ? Buffer.from(content) : content };
  });
  writeFileSync(rig.path('shards', `${name}.tar`), tarArchive.encode(entries));
}

describe('of packing', () => {
  it('list-not-grouped', () => {
    expect(printed.get('list-not-grouped')).toMatchInlineSnapshot(`
      "<workspace>/scattered.lst:3:1 list-not-grouped: label 0 comes back after other labels; all images of an identity must follow each other
        Sort the list by label, or choose order: identities or order: pictures."
    `);
  });
  it('unaligned-image', () => {
    expect(printed.get('unaligned-image')).toMatchInlineSnapshot(`
      "<workspace>/faces/bert/bert_0001.jpg: unaligned-image: the image is not aligned, and no list has points to align it by
        Add its ten coordinates to the list (columns 8 to 17), or choose withoutPoints: crop."
    `);
  });
  it('unequal-sizes', () => {
    expect(printed.get('unequal-sizes')).toMatchInlineSnapshot(`
      "<workspace>/sizes/bert/bert_0001.jpg: unequal-sizes: the image has 16 x 16 pixels, but <workspace>/sizes/anna/anna_0001.jpg has 8 x 8; aligned images all have one size
        Bring the images to one size, or have the stage cut all of them to its imageSize."
    `);
  });
  it('sample-without-image', () => {
    expect(printed.get('sample-without-image')).toMatchInlineSnapshot(`
      "<workspace>/shards/no-image.tar: offset 512: sample-without-image: expected an image in every sample, found only a.cls
        The files of a sample follow each other and have one name up to its first dot: 12.jpg, 12.cls."
    `);
  });
  it('unlabelled-sample', () => {
    expect(printed.get('unlabelled-sample')).toMatchInlineSnapshot(`
      "<workspace>/shards/no-label.tar: offset 512: unlabelled-sample: a.jpg has no label: there is no .cls file next to it, and other images have one or it is not in a folder
        Put a .cls file next to every image, or leave them out and have a folder per identity."
    `);
  });
  it('damaged-file', () => {
    expect(printed.get('damaged-file')).toMatchInlineSnapshot(`
      "<workspace>/shards/bad-label.tar: offset 2048: damaged-file: a.cls should hold the number of a class, found "anna"
        A class is an integer from 0 on."
    `);
  });
});

describe('of pairs', () => {
  it('damaged-protocol', () => {
    expect(printed.get('damaged-protocol')).toMatchInlineSnapshot(`
      "<workspace>/bad-pairs.txt:2:1 damaged-protocol: expected "name i j" or "name i name2 j", separated by tabs or spaces, found "anna\\t1"
        anna→1
        ~~~~~~"
    `);
  });
  it('missing-points', () => {
    expect(printed.get('missing-points')).toMatchInlineSnapshot(`
      "<workspace>/faces/anna/anna_0001.jpg: missing-points: expected anna_0001.pts with the points of this image, found no such file
        Bind the port points to the folder of the .pts files, or choose align: crop."
    `);
  });
  it('wrong-points', () => {
    expect(printed.get('wrong-points')).toMatchInlineSnapshot(`
      "<workspace>/points/anna_0001.pts: wrong-points: expected 68 points, found 2
        Use .pts files of the 68 points of 300-W, or choose align: crop."
    `);
  });
});

describe('of packed sets', () => {
  it('missing-record', () => {
    expect(printed.get('missing-record')).toMatchInlineSnapshot(`
      "<workspace>/lost-record/train.rec: missing-record: there is no record 2, but record 0 or the size of the set requires one
        Delete the .idx file if it belongs to another .rec file; otherwise pack the set again."
    `);
  });
  it('too-few-identities', () => {
    expect(printed.get('too-few-identities')).toMatchInlineSnapshot(`
      "<workspace>/set: too-few-identities: 2 of 2 identities were to be in the validation set; none would be left to train on
        Lower validationIdentities."
    `);
  });
  it('too-few-identities-to-draw', () => {
    expect(printed.get('too-few-identities-to-draw')).toMatchInlineSnapshot(`
      "too-few-identities: heldOut is 5, more than the 4 identities there are
        Raise identities or lower heldOut."
    `);
  });
  it('unequal-sizes-of-sets', () => {
    expect(printed.get('unequal-sizes-of-sets')).toMatchInlineSnapshot(`
      "<workspace>/large-set: unequal-sizes: the images have 16 x 16 pixels, those of <workspace>/set have 8 x 8
        A packed set holds images of one size: pack both with the same imageSize."
    `);
  });
});

describe('of features', () => {
  it('image-not-aligned', () => {
    expect(printed.get('image-not-aligned')).toMatchInlineSnapshot(`
      "<workspace>/unaligned.lst:2:1 image-not-aligned: bert/bert_0001.jpg is marked as not aligned (0); a network takes aligned images only
        Let face2rec align the images, and pass its set as the input dataset."
    `);
  });
  it('name-outside', () => {
    expect(printed.get('name-outside')).toMatchInlineSnapshot(`
      "<workspace>/outside.lst:1:1 name-outside: the path ../faces/anna/anna_0001.jpg leads out of its folder; a file of features is named after the path of its image
        Write the list relative to the folder of images, or ask for the layout "matrix"."
    `);
  });
});
