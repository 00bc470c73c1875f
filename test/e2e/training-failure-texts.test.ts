import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { GraphBuilder } from '../../src/kit/net/graph/graph-builder.ts';
import { writeModel } from '../../src/kit/net/model/model-folder.ts';
import { jpeg } from '../kit/dataset/tiny-faces.ts';
import { randomParameters } from '../kit/net/backends/small-networks.ts';
import { linearModel, side } from '../stages/linear-model.ts';
import { failuresOfStages, type StageCall } from './printed-failures.ts';
import { Rig } from './rig.ts';

/** Failures of training and verification, as one run of them all prints them. */
let rig: Rig;
let printed: ReadonlyMap<string, string>;

/** About the least that the last feature map of y1, 7 x 7, allows. */
const trainingSide = 97;

const training = (dataset: string | readonly string[], more: object = {}): StageCall => ({
  uses: 'train',
  with: {
    dataset,
    network: { name: 'y1', embeddingSize: 8 },
    loss: { name: 'softmax' },
    schedule: { maxSteps: 4 },
    batch: 2,
    logEverySteps: 1,
    ...more,
  },
});
const verifying = (more: object): StageCall => ({
  uses: 'verify',
  with: { model: 'model', pairs: 'pairs.bin', folds: 2, ...more },
});

const stages: Readonly<Record<string, StageCall>> = {
  'too-few-images': training('faces', { batch: 5 }),
  'too-few-identities': training('one-identity'),
  'label-out-of-range': training('label-too-large'),
  'undecodable-image': training(['faces', 'damaged']),
  'unequal-sets': training(['faces', 'larger']),
  'set-twice': training(['faces', './faces']),
  'empty-range': training('faces', { augment: { lowResolution: { smallest: 0.8, largest: 0.5 } } }),
  'batch-not-divisible': training('faces', { loss: { name: 'triplet' } }),
  'damaged-property': training('wrong-size'),
  'wrong-image-size': training('mixed'),
  'training-diverged': training('faces', { optimizer: { learningRate: 9e15, momentum: 0, weightDecay: 0 } }),
  'pretrained-mismatch': training('faces', { pretrained: 'other-shape' }),
  'pretrained-mismatch-of-names': training('faces', { pretrained: 'other-names' }),
  'too-few-pairs-to-watch': training('faces', { validation: 'pairs.bin' }),
  'bad-epoch-range': verifying({ model: 'epochs', max: [3, 3] }),
  'several-models': verifying({ model: 'checkpoints' }),
  'no-pairs': verifying({ pairs: 'no-pairs.bin' }),
  'too-few-pairs': verifying({ folds: 10 }),
  'embedding-not-finite': verifying({ model: 'overflowing' }),
};

beforeAll(async () => {
  rig = new Rig();
  packedSet('faces', `2,${trainingSide},${trainingSide}`);
  packedSet('one-identity', `1,${trainingSide},${trainingSide}`, [0, 0, 0, 0]);
  packedSet('label-too-large', `2,${trainingSide},${trainingSide}`, [0, 0, 2, 1], false);
  packedSet('wrong-size', '2,112,112');
  packedSet('larger', '2,112,112', undefined, true, [112, 112, 112, 112]);
  packedSet('mixed', '2,112,112', undefined, true, [112, 112, trainingSide, 112]);
  packedSet('damaged', `2,${trainingSide},${trainingSide}`);
  damageThirdImage(rig.path('damaged'));
  oneLayer('other-shape', 'fc1', 16);
  oneLayer('other-names', 'embedding', 8);
  linearModel(rig.path('model'));
  linearModel(rig.path('epochs/model-1'));
  for (const name of ['a-0001.params', 'b-0001.params']) rig.write(`checkpoints/${name}`, '');
  oneLayer('overflowing', 'fc1', 8, 3e38);
  const images = Array.from({ length: 4 }, (_, index) => jpeg(index, side));
  writeVerificationSet(rig.path('pairs.bin'), { images, same: [true, false] });
  writeVerificationSet(rig.path('no-pairs.bin'), { images: [], same: [] });
  printed = await failuresOfStages(rig, stages, { FLOW_ENGINE: 'wasm' });
}, 120_000);

afterAll(async () => {
  await rig.dispose();
});

/** Four images, and what the property file says of them. */
function packedSet(
  folder: string,
  property: string,
  labels = [0, 0, 1, 1],
  identityRecords = true,
  sides: readonly number[] = [],
): void {
  const writer = new DatasetWriter(rig.path(folder), { identityRecords });
  for (const [index, label] of labels.entries()) writer.add(label, true, jpeg(index, sides[index] ?? trainingSide));
  writer.finish({ height: trainingSide, width: trainingSide });
  rig.write(`${folder}/property`, `${property}\n`);
}

/** Ends the data of the third image early, where libjpeg would only warn. */
function damageThirdImage(folder: string): void {
  const set = new PackedDataset(folder);
  const end = set.offsetOfImage(3);
  set.close();
  const bytes = readFileSync(join(folder, 'train.rec'));
  const marker = bytes.lastIndexOf(Uint8Array.of(0xff, 0xd9), end);
  bytes.set([0xff, 0xd9], marker - 60);
  writeFileSync(join(folder, 'train.rec'), bytes);
}

/** One fully connected layer whose weights are drawn, or all the same. */
function oneLayer(folder: string, layer: string, units: number, weight?: number): void {
  const builder = new GraphBuilder();
  const output = builder.add('fully-connected', layer, builder.data, { units, bias: false });
  const graph = builder.build({ channels: 3, height: side, width: side }, output);
  const parameters = [...randomParameters(graph, 4).values()];
  if (weight !== undefined) for (const { values } of parameters) values.fill(weight);
  writeModel(rig.path(folder), { graph, parameters, origin: {} });
}

describe('of training', () => {
  it('too-few-images', () => {
    expect(printed.get('too-few-images')).toMatchInlineSnapshot(`
      "<workspace>/faces/train.rec: too-few-images: the set holds 4 images, fewer than one batch of 5
        Choose a smaller batch."
    `);
  });
  it('label-out-of-range', () => {
    expect(printed.get('label-out-of-range')).toMatchInlineSnapshot(`
      "<workspace>/label-too-large/train.rec: offset 7768: label-out-of-range: image 3 has label 2, expected 0 to 1 (the set has 2 identities)
        Pack the set again, or correct the first number of its property file."
    `);
  });
  it('too-few-identities', () => {
    expect(printed.get('too-few-identities')).toMatchInlineSnapshot(`
      "<workspace>/one-identity/train.rec: too-few-identities: the training set has 1 identity, expected two at least: a loss tells them apart
        Choose a set of several people: flow inspect shows how many it has."
    `);
  });
  it('undecodable-image', () => {
    expect(printed.get('undecodable-image')).toMatchInlineSnapshot(`
      "<workspace>/damaged/train.rec: offset 7768: undecodable-image: image 3 cannot be decoded: VipsJpeg: Corrupt JPEG data: premature end of data segment
        Replace or remove the image."
    `);
  });
  it('unequal-sets', () => {
    expect(printed.get('unequal-sets')).toMatchInlineSnapshot(`
      "<workspace>/larger: unequal-sets: the images of this set have 112 x 112 pixels, those of <workspace>/faces have 97 x 97
        A network takes images of one size: pack both sets with the same imageSize."
    `);
  });
  it('set-twice', () => {
    expect(printed.get('set-twice')).toMatchInlineSnapshot(`
      "<workspace>/faces: set-twice: this packed set is bound twice: its people would count as other people the second time
        Bind each set once."
    `);
  });
  it('empty-range', () => {
    expect(printed.get('empty-range')).toMatchInlineSnapshot(`
      "empty-range: expected augment.lowResolution.smallest to be augment.lowResolution.largest at most, found 0.8 and 0.5
        Exchange the two, or leave one of them out."
    `);
  });
  it('batch-not-divisible', () => {
    expect(printed.get('batch-not-divisible')).toMatchInlineSnapshot(`
      "batch-not-divisible: a batch of 2 images is not made of groups of 3, as this loss needs it
        Choose a batch of 3, for one."
    `);
  });
  it('damaged-property', () => {
    expect(printed.get('damaged-property')).toMatchInlineSnapshot(`
      "<workspace>/wrong-size/property: damaged-property: it says that the images are 112 x 112, and the first one is 97 x 97
        Its line is: identities,97,97."
    `);
  });
  it('wrong-image-size', () => {
    expect(printed.get('wrong-image-size')).toMatchInlineSnapshot(`
      "<workspace>/mixed/train.rec: offset 9280: wrong-image-size: image 3 has 97 x 97 pixels, the property file of its set has 112 x 112
        Pack the set again, or correct height and width in its property file."
    `);
  });
  it('training-diverged', () => {
    // How large they are depends on how the processor rounds.
    const text = printed
      .get('training-diverged')
      ?.replaceAll(/(is|embeddings|parameters|arrays of the loss) \d[\d.e+]*/g, '$1 <n>');
    expect(text).toMatchInlineSnapshot(`
      "training-diverged: the training has diverged: the loss of step 2 is <n>, above 1000000 (learning rate 9000000000000000); all that the network computes is finite; norms: of the embeddings <n> on average, of the parameters <n>, of the arrays of the loss <n>; images 2, 4
        Lower optimizer.learningRate, let it rise slowly with schedule.warmupSteps, or limit steps with clipGradient; onDivergence: rewind goes back by itself."
    `);
  });
  it('too-few-pairs-to-watch', () => {
    expect(printed.get('too-few-pairs-to-watch')).toMatchInlineSnapshot(`
      "<workspace>/pairs.bin: too-few-pairs: the verification set pairs holds 2 pairs, fewer than the 10 folds asked for
        Ask for fewer folds, or pack more pairs."
    `);
  });
  it('pretrained-mismatch', () => {
    expect(printed.get('pretrained-mismatch')).toMatchInlineSnapshot(`
      "<workspace>/other-shape: pretrained-mismatch: parameter "fc1_weight" has shape [16, 192] in the pretrained model, expected [8, 512], its shape in the network
        Start from a model of the same network and embedding size."
    `);
  });
  it('pretrained-mismatch-of-names', () => {
    expect(printed.get('pretrained-mismatch-of-names')).toMatchInlineSnapshot(`
      "<workspace>/other-names: pretrained-mismatch: the pretrained model has no parameter of the network: not "conv_1_conv2d_weight", for one; it has "embedding_weight" and the like
        Start from a model of the same network."
    `);
  });
});

describe('of verification', () => {
  it('bad-epoch-range', () => {
    expect(printed.get('bad-epoch-range')).toMatchInlineSnapshot(`
      "bad-epoch-range: expected "max" to be two positions, the first below the second, found [3, 3]
        For example, max: [0, 3] takes the three newest epochs."
    `);
  });
  it('several-models', () => {
    expect(printed.get('several-models')).toMatchInlineSnapshot(`
      "<workspace>/checkpoints: several-models: expected the checkpoints of one network, found those of several: a, b
        Name a file of the one that is meant, as in <workspace>/checkpoints/a-symbol.json, or move the others away."
    `);
  });
  it('no-pairs', () => {
    expect(printed.get('no-pairs')).toMatchInlineSnapshot(`
      "<workspace>/no-pairs.bin: no-pairs: the verification set no-pairs holds no pairs; at least one per fold is needed
        Pack it with a protocol: face2rec and pairs2bin take one."
    `);
  });
  it('too-few-pairs', () => {
    expect(printed.get('too-few-pairs')).toMatchInlineSnapshot(`
      "<workspace>/pairs.bin: too-few-pairs: the verification set pairs holds 2 pairs, fewer than the 10 folds asked for
        Ask for fewer folds, or pack more pairs."
    `);
  });
  it('embedding-not-finite', () => {
    expect(printed.get('embedding-not-finite')).toMatchInlineSnapshot(`
      "<workspace>/pairs.bin: embedding-not-finite: the network computes an embedding of image 0 of verification set pairs that is not made of finite numbers
        If it was trained here, the training has diverged: lower the learning rate, or warm it up."
    `);
  });
});
