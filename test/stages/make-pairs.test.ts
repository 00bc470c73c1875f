import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { readVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import type { FacePair } from '../../src/kit/codec/lists/face-pair.ts';
import { pairProtocol, peopleInPairs } from '../../src/kit/codec/lists/pair-protocol.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { findImage } from '../../src/kit/dataset/image-folder.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { decodeImage } from '../../src/kit/image/image.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import type { Params } from '../../stages/make-pairs/contract.ts';
import { differentPairs, possiblePairs, samePairs } from '../../stages/make-pairs/draw-pairs.ts';
import { run } from '../../stages/make-pairs/run.ts';
import { run as split } from '../../stages/split/run.ts';
import { Random } from '../../src/core/random.ts';
import { jpeg, printedFailure, temporaryFolder, writeFaceFolder } from '../kit/dataset/tiny-faces.ts';
import { embed, linearModel, side } from './linear-model.ts';
import { perform } from './perform-stage.ts';

const params: Params = {
  ...{ people: 0, minImagesPerIdentity: 1, folds: 2, pairsPerFold: 0, hardShare: 0 },
  ...{ batch: 4, engine: 'auto' },
};

/** Images of each person. */
const counts = { Ada: 3, Ben: 1, Cleo: 4, Dan: 2, Eva: 3, Finn: 1, Gil: 2, Hal: 5 };

interface Made {
  readonly folder: string;
  readonly pairs: readonly FacePair[];
  readonly folds: number;
  readonly events: readonly StageEvent[];
}

async function make(
  more: Partial<Params> = {},
  { folder = faces(), seed = 1, isModel = false, isPacked = false } = {},
): Promise<Made> {
  const events: StageEvent[] = [];
  const at = (name: string): string => join(folder, name);
  await run({
    params: { ...params, ...more },
    inputs: {
      images: isPacked ? undefined : at('images'),
      dataset: isPacked ? at('set') : undefined,
      model: isModel ? at('model') : undefined,
    },
    outputs: { pairs: at('pairs.bin'), protocol: at('pairs.txt') },
    scratch: folder,
    seed,
    signal: new AbortController().signal,
    engine: trainingEngine('cpu').identity,
    cpus: 1,
    emit: (event) => {
      events.push(event);
    },
  });
  const { pairs, folds, irregular } = decodeFile(pairProtocol, at('pairs.txt'));
  expect(irregular).toBe(undefined);
  return { folder, pairs, folds, events };
}

function faces(images: Readonly<Record<string, number>> = counts): string {
  const folder = temporaryFolder();
  writeFaceFolder(join(folder, 'images'), images, side);
  return folder;
}

const keyOf = ({ left, right }: FacePair): string =>
  [left, right]
    .map(({ name, number }) => `${name}/${number}`)
    .sort()
    .join(' ');

describe('make-pairs', () => {
  it('puts nobody into two folds, as many pairs of either kind into each, and repeats none', async () => {
    const { pairs, folds } = await make();
    expect(folds).toBe(2);
    const people = [1, 2].map((fold) => [...peopleInPairs(pairs.filter((pair) => pair.fold === fold))]);
    expect(people[0]?.filter((name) => people[1]?.includes(name))).toEqual([]);
    expect(new Set(pairs.map(keyOf)).size).toBe(pairs.length);
    for (const fold of [1, 2]) {
      const own = pairs.filter((pair) => pair.fold === fold);
      expect(own.filter(({ same }) => same)).toHaveLength(own.length / 2);
    }
    for (const { left, right, same } of pairs) expect(left.name === right.name).toBe(same);
  });

  it('packs the images of the pairs in the order of the protocol', async () => {
    const { folder, pairs } = await make({ pairsPerFold: 3 });
    expect(pairs).toHaveLength(2 * 2 * 3);
    const set = readVerificationSet(join(folder, 'pairs.bin'));
    expect(set.same).toEqual(pairs.map(({ same }) => same));
    const images = pairs.flatMap(({ left, right }) => [left, right]);
    for (const [place, { name, number }] of images.entries()) {
      const file = findImage(join(folder, 'images'), { name, number }) ?? '';
      expect(readFileSync(file).equals(set.images[place] ?? Buffer.alloc(0))).toBe(true);
    }
  });

  it('draws by the seed', async () => {
    const [one, again, other] = [await make(), await make(), await make({}, { seed: 2 })];
    const bytes = ({ folder }: Made): string => readFileSync(join(folder, 'pairs.txt'), 'utf8');
    expect(bytes(again)).toBe(bytes(one));
    expect(bytes(other)).not.toBe(bytes(one));
  });

  it('holds out as many people as it is told, of those who have images enough', async () => {
    const { pairs, events } = await make({ people: 4, minImagesPerIdentity: 3 });
    expect([...peopleInPairs(pairs)].sort()).toEqual(['Ada', 'Cleo', 'Eva', 'Hal']);
    expect(events).toContainEqual({ type: 'metric', name: 'people', value: 4 });
  });

  it('names images by their files where these have no numbers, and finds them again', async () => {
    const folder = temporaryFolder();
    let seed = 1;
    for (const person of ['Ada Byron', 'Ben', 'Cleo', 'Dan']) {
      mkdirSync(join(folder, 'images', person), { recursive: true });
      for (const name of ['IMG 20.jpg', 'at home.jpeg', 'x.2.JPG']) {
        writeFileSync(join(folder, 'images', person, name), jpeg((seed += 1), side));
      }
    }
    const { pairs } = await make({}, { folder });
    const set = readVerificationSet(join(folder, 'pairs.bin'));
    const images = pairs.flatMap(({ left, right }) => [left, right]);
    for (const [place, { name, number }] of images.entries()) {
      expect(typeof number).toBe('string');
      const file = findImage(join(folder, 'images'), { name, number }) ?? '';
      expect(readFileSync(file).equals(set.images[place] ?? Buffer.alloc(0))).toBe(true);
    }
  });

  it('takes the pairs that a model finds hardest, of every two people one before the next of them', async () => {
    const folder = faces();
    const weights = linearModel(join(folder, 'model'));
    const { pairs } = await make({ hardShare: 1, pairsPerFold: 4 }, { folder, isModel: true });
    const unit = async ({ name, number }: FacePair['left']): Promise<number[]> => {
      const { data } = await decodeImage(readFileSync(findImage(join(folder, 'images'), { name, number }) ?? ''), {
        file: '',
      });
      const mirrored = embed(data, weights, true);
      const sum = embed(data, weights, false).map((value, at) => value + (mirrored[at] ?? 0));
      return sum.map((value) => value / Math.hypot(...sum));
    };
    const cosineOf = async ({ left, right }: FacePair): Promise<number> => {
      const [one, other] = await Promise.all([unit(left), unit(right)]);
      return one.reduce((sum, value, at) => sum + value * (other[at] ?? NaN), 0);
    };
    for (const fold of [1, 2]) {
      const own = pairs.filter((pair) => pair.fold === fold);
      const people = Object.entries(counts).filter(([name]) => peopleInPairs(own).has(name));
      const images = people.flatMap(([name, count]) =>
        Array.from({ length: count }, (_, at) => ({ name, number: at + 1 })),
      );
      const all = images.flatMap((left, at) =>
        images.slice(at + 1).map((right) => ({ left, right, same: left.name === right.name, fold, line: 0 })),
      );
      for (const same of [true, false]) {
        const cosines = await Promise.all(all.filter((pair) => pair.same === same).map(cosineOf));
        const hardest = same ? Math.min(...cosines) : Math.max(...cosines);
        const [first] = own.filter((pair) => pair.same === same);
        expect(first === undefined ? NaN : await cosineOf(first)).toBeCloseTo(hardest, 5);
      }
    }
  });

  it('says how many pairs there could be where too many are asked for', async () => {
    const folder = faces();
    const images = join(folder, 'images');
    expect(await printedFailure(() => make({ pairsPerFold: 20 }, { folder }))).toMatch(
      new RegExp(
        `^${images}: too-few-images: 2 folds of 20 pairs of the same person are asked for, but a fold has images for \\d+ of them\n`,
      ),
    );
    expect(await printedFailure(() => make({ folds: 5 }, { folder }))).toBe(
      `${images}: too-few-people: 5 folds need 10 people at least, two in each, but 8 have an image\n  Bind a folder with a sub-folder per person or a packed set, or lower people, folds or minImagesPerIdentity.`,
    );
    expect(await printedFailure(() => make({ people: 9 }, { folder }))).toMatch(
      /: 9 people are to be held out, but 8 have an image\n/,
    );
    expect(await printedFailure(() => make({ hardShare: 0.5 }, { folder }))).toBe(
      'no-model: hardShare is 0.5, but no model is bound that could tell which pairs are hard\n  Bind the input model, or leave hardShare out.',
    );
  });

  it('refuses names that would part a line of the protocol', async () => {
    const folder = faces({ 'A\tB': 2, Ben: 2, Cleo: 2, Dan: 2 });
    expect(await printedFailure(() => make({}, { folder }))).toBe(
      `${join(folder, 'images')}: name-with-tab: the name "A\\tB" has a tab or an end of line in it, which part the names in a protocol\n  Rename the folder or the file.`,
    );
  });
});

describe('drawn pairs', () => {
  const images = [3, 1, 4, 2];

  it('are all there are, each once', () => {
    const drawn = [...samePairs(images, new Random(1)), ...differentPairs(images, new Random(2))];
    const { same, different } = possiblePairs(images);
    expect({ same, different }).toEqual({ same: 3 + 6 + 1, different: 45 - 10 });
    expect(drawn).toHaveLength(same + different);
    const keys = drawn.map((pair) =>
      pair
        .map(({ person, image }) => `${person}/${image}`)
        .sort()
        .join(' '),
    );
    expect(new Set(keys).size).toBe(drawn.length);
    for (const { person, image } of drawn.flat()) expect(image).toBeLessThan(images[person] ?? 0);
  });

  it('begin with one pair of everybody who has two images', () => {
    const people = [...samePairs(images, new Random(3))].slice(0, 3).map(([{ person }]) => person);
    expect(people.sort()).toEqual([0, 2, 3]);
  });
});

describe('make-pairs from a packed set', () => {
  /** Two classes are Ada, one has no name; classes are not in order. */
  function packed(names: string | undefined): string {
    const folder = temporaryFolder();
    const writer = new DatasetWriter(join(folder, 'set'), { identityRecords: false, labelForm: 'class' });
    const labels = [3, 3, 0, 0, 0, 1, 1, 2, 2, 7, 7, 1];
    for (const [seed, label] of labels.entries()) writer.add(label, true, jpeg(seed, side));
    writer.finish({ height: side, width: side });
    if (names !== undefined) writeFileSync(join(folder, 'set', 'names.txt'), names);
    return folder;
  }

  /** Seeds of the images of each person, in the order of the file. */
  const images: Readonly<Record<string, readonly number[]>> = {
    ...{ '0': [2, 3, 4], '1': [5, 6, 11], '2': [7, 8], '3': [0, 1], '7': [9, 10] },
  };
  const named: typeof images = { Ada: [2, 3, 4, 7, 8], 'Ben Bo': [5, 6, 11], '3': [0, 1], Eva: [9, 10] };

  it.each([
    ['without names, whose classes are people', undefined, images],
    ['with names, of which several classes may have one', '0\tAda\n1\tBen Bo\n2\tAda\n7\tEva\n', named],
  ])('%s: the images of the pairs are those that the protocol names', async (_, names, seedsOf) => {
    const folder = packed(names);
    const { pairs } = await make({}, { folder, isPacked: true });
    expect([...peopleInPairs(pairs)].sort()).toEqual(Object.keys(seedsOf).sort());
    const set = readVerificationSet(join(folder, 'pairs.bin'));
    expect(set.same).toEqual(pairs.map(({ same }) => same));
    for (const [place, { name, number }] of pairs.flatMap(({ left, right }) => [left, right]).entries()) {
      const seed = seedsOf[name]?.[Number(number) - 1] ?? NaN;
      expect(Buffer.from(set.images[place] ?? []).equals(jpeg(seed, side))).toBe(true);
    }
  });

  it('has its people left out of training by split, with names or without', async () => {
    for (const names of [undefined, '0\tAda\n1\tBen Bo\n2\tAda\n7\tEva\n']) {
      const folder = packed(names);
      const { pairs } = await make({ people: 2, folds: 1 }, { folder, isPacked: true });
      const outputs = { train: join(folder, 'train'), validation: join(folder, 'validation') };
      const inputs = { dataset: join(folder, 'set'), people: join(folder, 'pairs.txt') };
      await perform(split, { params: { labels: 'class', validationIdentities: 1 }, inputs, outputs });
      const payloads = (dataset: string): string[] => {
        const set = new PackedDataset(dataset);
        const all = Array.from({ length: set.imageCount }, (_, place) =>
          Buffer.from(set.readImage(place).payload).toString('base64'),
        );
        set.close();
        return all;
      };
      const inPairs = readVerificationSet(join(folder, 'pairs.bin')).images.map((bytes) =>
        Buffer.from(bytes).toString('base64'),
      );
      const training = new Set(payloads(outputs.train));
      expect(inPairs.filter((image) => training.has(image))).toEqual([]);
      const seedsOf = names === undefined ? images : named;
      const held = [...peopleInPairs(pairs)].flatMap((name) => seedsOf[name] ?? []);
      expect(payloads(outputs.validation)).toHaveLength(held.length);
    }
  });

  it('chooses hard pairs of it as of the same images in folders', async () => {
    const folder = packed(undefined);
    linearModel(join(folder, 'model'));
    for (const [name, seeds] of Object.entries(images)) {
      mkdirSync(join(folder, 'images', name), { recursive: true });
      for (const [place, seed] of seeds.entries()) {
        writeFileSync(join(folder, 'images', name, `${name}_000${place + 1}.jpg`), jpeg(seed, side));
      }
    }
    const options = { hardShare: 1, pairsPerFold: 2, folds: 1 };
    const fromSet = await make(options, { folder, isModel: true, isPacked: true });
    const bytes = readFileSync(join(folder, 'pairs.bin'));
    rmSync(join(folder, 'rows'));
    const fromFolder = await make(options, { folder, isModel: true });
    expect(fromSet.pairs.map(keyOf).sort()).toEqual(fromFolder.pairs.map(keyOf).sort());
    expect(bytes.length).toBe(readFileSync(join(folder, 'pairs.bin')).length);
  });

  it('is in place of the folder, not beside it', async () => {
    const folder = packed(undefined);
    const inputs = { images: folder, dataset: join(folder, 'set'), model: undefined };
    const outputs = { pairs: join(folder, 'pairs.bin'), protocol: join(folder, 'pairs.txt') };
    const printed = [
      await printedFailure(() => perform(run, { params, inputs, outputs })),
      await printedFailure(() =>
        perform(run, { params, inputs: { ...inputs, images: undefined, dataset: undefined }, outputs }),
      ),
    ];
    expect(printed).toMatchInlineSnapshot(`
      [
        "no-people: one of the inputs images and dataset is needed, and both are bound
        Bind images to a folder with a sub-folder per person, or dataset to a packed set.",
        "no-people: one of the inputs images and dataset is needed, and neither is bound
        Bind images to a folder with a sub-folder per person, or dataset to a packed set.",
      ]
    `);
  });
});
