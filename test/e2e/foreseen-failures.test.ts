import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { jpeg, writeFaceFolder } from '../kit/dataset/tiny-faces.ts';
import { linearModel } from '../stages/linear-model.ts';
import { outcomes, Rig } from './rig.ts';

/** What is known before the work begins is said before it begins: by `flow check`, and by a run that has not started yet. */
let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  writeFaceFolder(rig.path('faces'), { anna: 2, bert: 2 });
  writeFaceFolder(rig.path('deep/train'), { anna: 2 });
  rig.write('pairs.txt', '1\t2\nanna\t1\t2\nbert\t1\t7\nanna\t1\tbert\t1\nanna\t2\tcarl\t1\n');
  for (const [name, side] of Object.entries({ set: 112, other: 96 })) {
    const set = new DatasetWriter(rig.path(name));
    for (let index = 0; index < 8; index += 1) set.add(index >> 1, true, jpeg(index, side));
    set.finish({ height: side, width: side });
  }
  const images = Array.from({ length: 20 }, (_, index) => jpeg(index % 5, 96));
  writeVerificationSet(rig.path('small.bin'), { images, same: images.slice(10).map((_, index) => index % 2 === 0) });
  writeVerificationSet(rig.path('none.bin'), { images: [], same: [] });
  writeFileSync(rig.path('model.onnx'), 'never read');
  linearModel(rig.path('one-layer'));
});

afterEach(async () => {
  await rig.dispose();
});

const training = {
  loss: { name: 'softmax' },
  network: { name: 'y1' },
  optimizer: { learningRate: 0.1 },
  schedule: { maxSteps: 1 },
  batch: 4,
};

const uses: Readonly<Record<string, readonly [stage: string, given: object, expected: string]>> = {
  'a protocol that names images which are not there, before packing': [
    'face2rec',
    { images: 'faces', protocol: 'pairs.txt' },
    'pairs.txt:3:1 missing-image: the protocol names image 7 of bert',
  ],
  'the same for pairs alone': [
    'pairs2bin',
    { images: 'faces', protocol: 'pairs.txt' },
    'pairs.txt:5:1 missing-image: the protocol names image 1 of carl',
  ],
  'a folder of images in the place of a set': [
    'train',
    { ...training, dataset: 'faces' },
    'not-a-dataset: expected a packed training set (a folder with train.rec, train.idx and property), found a folder of images, a sub-folder for each person',
  ],
  'a folder of sets in the place of images': [
    'face2rec',
    { images: 'set' },
    'nothing-to-pack: no image is left to train on',
  ],
  'people one level deeper': ['face2rec', { images: 'deep' }, `The folders of people are one level deeper: bind`],
  'a batch larger than the set': [
    'train',
    { ...training, dataset: 'set', batch: 100 },
    'too-few-images: the set holds 8 images, fewer than one batch of 100',
  ],
  'images of a size that the network does not take': [
    'train',
    { ...training, dataset: 'other' },
    'size-does-not-fit: y1 does not take images of 96 x 96 pixels, which this set has',
  ],
  'pairs of another size than those that are trained on': [
    'train',
    { ...training, dataset: 'set', validation: ['small.bin'] },
    'image-size-mismatch: the network takes images of 112 x 112 pixels, image 0 of verification set small has 96 x 96',
  ],
  'a pretrained model of another network': [
    'train',
    { ...training, dataset: 'set', pretrained: 'one-layer' },
    'pretrained-mismatch: parameter "fc1_weight" has shape ',
  ],
  'no pairs': ['verify', { model: 'model.onnx', pairs: 'none.bin' }, 'no-pairs: '],
  'sets of two sizes': ['merge', { datasets: ['set', 'other'] }, 'unequal-sizes: the images have 96 x 96 pixels'],
  'no set to split': ['split', { dataset: 'faces', validationIdentities: 1 }, 'not-a-dataset: '],
};

/** Of each what it would be refused for without the input that another stage makes. */
const pending: Readonly<Record<string, object>> = {
  'sets to watch': {
    uses: 'train',
    with: { ...training, dataset: 'set', keep: 'best', patience: 1, validation: '${stages.pack.outputs.pairs}' },
  },
  'a list of what to pack': {
    uses: 'face2rec',
    with: { images: 'deep', list: '${stages.faces.outputs.list}' },
  },
  'a list of what to align': {
    uses: 'align',
    with: { images: 'deep', list: '${stages.faces.outputs.list}' },
  },
};

function write(stages: object): void {
  rig.write('e.yaml', JSON.stringify({ name: 'e', stages }, undefined, 2));
}

describe('before anything runs', { timeout: 120_000 }, () => {
  it.each(Object.entries(uses))('is said: %s', async (_, [stage, given, expected]) => {
    write({
      first: { uses: './stages/scripted', with: { text: 'a', control: rig.control } },
      s: { uses: stage, with: given },
    });
    const checked = await rig.flow(['check', 'e.yaml']);
    expect(checked).toMatchObject({ code: 2, stdout: '' });
    expect(checked.stderr).toContain(expected);
    expect(checked.stderr).toMatch(/Stage "s" \(e\.yaml:11\) would end with this\.$/m);
    expect(await rig.flow(['run', 'e.yaml'])).toEqual(checked);
    expect(rig.starts('a')).toBe(0);
    expect(rig.runs()).toEqual([]);
  });

  it('is said of results that are there, and nothing of what has yet to be made', async () => {
    const pack = { uses: 'face2rec', with: { images: 'faces' } };
    write({ pack, t: { uses: 'train', with: { ...training, dataset: '${stages.pack.outputs.dataset}', batch: 100 } } });
    const wrong = 'too-few-images: the set holds 4 images, fewer than one batch of 100';
    expect((await rig.flow(['check', 'e.yaml'])).code).toBe(0);
    const first = await rig.flow(['run', 'e.yaml']);
    expect(first.code).toBe(1);
    expect(first.stdout).toContain(wrong);
    expect(await rig.flow(['run', 'e.yaml'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(wrong) as string,
    });
  });

  it.each(Object.entries(pending))(
    'nothing is said of an optional input that has yet to be made: %s',
    async (_, stage) => {
      const drawn = { identities: 4, imagesPerIdentity: 2, heldOut: 2, pairs: 20 };
      const pack = {
        uses: 'pairs2bin',
        with: { images: '${stages.faces.outputs.images}', protocol: '${stages.faces.outputs.protocol}' },
      };
      write({ faces: { uses: 'synthesize', with: drawn }, pack, s: stage });
      expect(await rig.flow(['check', 'e.yaml'])).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it('is left to the tasks themselves where the others are to run all the same', async () => {
    write({
      a: { uses: 'face2rec', with: { images: 'faces' } },
      b: { uses: 'split', with: { dataset: 'faces', validationIdentities: 1 } },
    });
    expect(outcomes(await rig.flow(['run', 'e.yaml', '--json', '--keep-going']))).toEqual({ a: 'done', b: 'failed' });
  });
});
