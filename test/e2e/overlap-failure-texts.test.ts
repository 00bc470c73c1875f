import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { jpeg, writeFaceFolder } from '../kit/dataset/tiny-faces.ts';
import { linearModel, side } from '../stages/linear-model.ts';
import { complaint, failuresOfStages, type StageCall } from './printed-failures.ts';
import { Rig } from './rig.ts';

/** Failures of the stages that find people who are in several sets, and images that are wrongly filed, as a run prints them. */
let rig: Rig;
let printed: ReadonlyMap<string, string>;

const removing = (more: object): StageCall => ({
  uses: 'remove-overlap',
  with: { datasets: 'set', model: 'model', ...more },
});
const cleaning = (more: object): StageCall => ({
  uses: 'clean-noise',
  with: { dataset: 'set', model: 'model', ...more },
});
const pairing = (more: object): StageCall => ({ uses: 'make-pairs', with: { images: 'faces', folds: 1, ...more } });

const stages: Readonly<Record<string, StageCall>> = {
  'no-identity-left': removing({ pairs: 'pairs.bin', threshold: -1 }),
  'no-excluded-people': removing({ pairs: 'empty.bin' }),
  'nothing-to-compare': removing({}),
  'image-of-another-size': removing({ pairs: 'large.bin' }),
  'set-of-another-size': removing({ excluded: 'large-set' }),
  'not-a-set': removing({ pairs: 'pairs.txt' }),
  'zero-image': removing({ pairs: 'pairs.bin', model: 'zero' }),
  'zero-of-noise': cleaning({ model: 'zero' }),
  'zero-of-listing': { uses: 'centre-distances', with: { dataset: 'set', model: 'zero' } },
  'all-noise': cleaning({ mode: 'clusters', distance: 1e-9 }),
  'too-few-people': pairing({ folds: 3 }),
  'too-few-images': pairing({ pairsPerFold: 100 }),
  'no-model': pairing({ hardShare: 0.5 }),
};

beforeAll(async () => {
  rig = new Rig();
  writeFaceFolder(rig.path('faces'), { anna: 2, bert: 1, cleo: 3 }, side);
  packedSet('set', side);
  packedSet('large-set', 2 * side);
  writeVerificationSet(rig.path('pairs.bin'), { images: [jpeg(50, side), jpeg(51, side)], same: [true] });
  writeVerificationSet(rig.path('large.bin'), { images: [jpeg(50, 16), jpeg(51, 16)], same: [true] });
  writeVerificationSet(rig.path('empty.bin'), { images: [], same: [] });
  rig.write('pairs.txt', '1\t1\nanna\t1\t2\nanna\t1\tbert\t1\n');
  mkdirSync(rig.path('zero'));
  linearModel(rig.path('model'));
  linearModel(rig.path('zero'), 4, { factor: 0 });
  printed = await failuresOfStages(rig, stages);
}, 60_000);

afterAll(async () => {
  await rig.dispose();
});

/** Three images of three identities. */
function packedSet(folder: string, size: number): void {
  const writer = new DatasetWriter(rig.path(folder));
  for (const label of [0, 1, 2]) writer.add(label, true, jpeg(label, size));
  writer.finish({ height: size, width: size });
}

it('no-identity-left', () => {
  expect(printed.get('no-identity-left')).toMatchInlineSnapshot(`
    "<workspace>/set: no-identity-left: all 3 identities have a cosine of -1 or more to an excluded person: none is left
      Raise the threshold, or look whether the set is that of the excluded people; for a model that was trained too little all faces are alike."
  `);
});
it('no-excluded-people', () => {
  expect(printed.get('no-excluded-people')).toMatchInlineSnapshot(`
    "<workspace>/empty.bin: no-excluded-people: the verification set empty holds no pairs: there are no people to take out
      Pack it with a protocol: face2rec and pairs2bin take one."
  `);
});
it('nothing-to-compare', () => {
  expect(printed.get('nothing-to-compare')).toMatchInlineSnapshot(`
    "<workspace>/set: nothing-to-compare: one packed set is given and none whose people are to be taken out of it: there is nothing to compare
      Bind verification sets to pairs, packed sets to excluded, or several sets to datasets."
  `);
});
it('image-size-mismatch, of a verification set', () => {
  expect(printed.get('image-of-another-size')).toMatchInlineSnapshot(`
    "<workspace>/large.bin: image-size-mismatch: the network takes images of 8 x 8 pixels, image 0 of verification set large has 16 x 16
      Pack the set from images aligned to the size the network was trained on."
  `);
});
it('image-size-mismatch, of an excluded set', () => {
  expect(printed.get('set-of-another-size')).toMatchInlineSnapshot(`
    "<workspace>/large-set/train.rec: image-size-mismatch: the network takes images of 8 x 8 pixels, image 0 of the packed set has 16 x 16
      Pack the set from images aligned to the size the network was trained on."
  `);
});
it('not-a-verification-set', () => {
  expect(printed.get('not-a-set')).toMatchInlineSnapshot(`
    "<workspace>/pairs.txt: not-a-verification-set: expected a verification set (.bin), found a file that looks like: pair protocol (LFW pairs.txt)
      face2rec and pairs2bin write verification sets; flow inspect shows what a file holds."
  `);
});
it('embedding-is-zero, wherever embeddings are compared', () => {
  expect(printed.get('zero-image')).toMatchInlineSnapshot(`
    "<workspace>/set/train.rec: embedding-is-zero: the embedding of image 0 of the packed set is zero in every number: it has no direction that could be compared
      Choose another model: this one does not embed such images."
  `);
  expect(printed.get('zero-of-noise')).toBe(printed.get('zero-image'));
  expect(printed.get('zero-of-listing')).toBe(printed.get('zero-image'));
});
it('nothing-to-pack, where all images are noise', () => {
  expect(printed.get('all-noise')).toMatchInlineSnapshot(`
    "<workspace>/set: nothing-to-pack: all 3 images would be dropped: none is near another one of its identity
      Raise the distance."
  `);
});
it('too-few-people', () => {
  expect(printed.get('too-few-people')).toMatchInlineSnapshot(`
    "<workspace>/faces: too-few-people: 3 folds need 6 people at least, two in each, but 3 have an image
      Bind a folder with a sub-folder per person or a packed set, or lower people, folds or minImagesPerIdentity."
  `);
});
it('too-few-images', () => {
  expect(printed.get('too-few-images')).toMatchInlineSnapshot(`
    "<workspace>/faces: too-few-images: 1 fold of 100 pairs of the same person are asked for, but a fold has images for 4 of them
      Lower pairsPerFold or folds, or hold more people out; pairsPerFold: 0 takes as many as there can be."
  `);
});
it('no-model', () => {
  expect(printed.get('no-model')).toMatchInlineSnapshot(`
    "no-model: hardShare is 0.5, but no model is bound that could tell which pairs are hard
      Bind the input model, or leave hardShare out."
  `);
});

it('a threshold that no cosine can have is refused where it is written', async () => {
  rig.write(
    'outside.yaml',
    'name: outside\nstages:\n  clean:\n    uses: remove-overlap\n    with: { datasets: set, model: model, pairs: pairs.bin, threshold: 1.4 }\n',
  );
  expect(await complaint(rig, 'run', 'outside.yaml')).toMatchInlineSnapshot(`
    "outside.yaml:5:71 bad-param: "threshold" of stage "clean" must be at most 1, found 1.4
      with: { datasets: set, model: model, pairs: pairs.bin, threshold: 1.4 }
                                                                        ~~~"
  `);
});
