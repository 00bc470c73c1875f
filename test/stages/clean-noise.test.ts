import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { identityImages } from '../../src/kit/dataset/dataset-copy.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { decodeImage } from '../../src/kit/image/image.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import type { Params } from '../../stages/clean-noise/contract.ts';
import { largestCluster } from '../../stages/clean-noise/clusters.ts';
import type { NoiseReport } from '../../stages/clean-noise/report.ts';
import { run } from '../../stages/clean-noise/run.ts';
import { run as centreDistances } from '../../stages/centre-distances/run.ts';
import { jpeg, printedFailure, temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { embed, linearModel, side } from './linear-model.ts';

const params: Params = {
  ...{ mode: 'centre', threshold: 0.6, distance: 0.6, clusters: 10, renumber: true, shownImages: 4 },
  ...{ batch: 2, engine: 'auto', labels: 'class-and-aligned' },
};

/** Seeds of the images of each identity. */
const people = [[1, 2, 3], [4], [5, 6, 7, 8, 9], [10, 10, 11]];
const seeds = people.flat();

function pack(folder: string): string {
  const writer = new DatasetWriter(folder);
  for (const [label, own] of people.entries()) for (const seed of own) writer.add(label, seed !== 6, jpeg(seed, side));
  writer.finish({ height: side, width: side });
  return folder;
}

const contextOf = (folder: string, events: StageEvent[]) => ({
  scratch: folder,
  seed: 1,
  signal: new AbortController().signal,
  engine: trainingEngine('cpu').identity,
  cpus: 1,
  emit: (event: StageEvent) => {
    events.push(event);
  },
});

async function clean(folder: string, more: Partial<Params>): Promise<readonly StageEvent[]> {
  const events: StageEvent[] = [];
  const at = (name: string): string => join(folder, name);
  if (!existsSync(at('model'))) linearModel(at('model'));
  if (!existsSync(at('set'))) pack(at('set'));
  await run({
    ...contextOf(folder, events),
    params: { ...params, ...more },
    inputs: { dataset: at('set'), model: at('model') },
    outputs: { dataset: at('out'), noise: at('noise.json'), c2c: at('c2c'), details: at('details') },
  });
  return events;
}

const reportOf = (folder: string): NoiseReport =>
  JSON.parse(readFileSync(join(folder, 'noise.json'), 'utf8')) as NoiseReport;

/** Label and seeds of the images of each identity that is left, in the order of the set. */
function left(folder: string): [number, number[]][] {
  const set = new PackedDataset(join(folder, 'out'));
  try {
    const seedOf = (position: number): number => {
      const bytes = Buffer.from(set.readImage(position).payload);
      return seeds.find((seed) => bytes.equals(jpeg(seed, side))) ?? NaN;
    };
    return identityImages(set).map(({ label, positions }) => [label, positions.map(seedOf)]);
  } finally {
    set.close();
  }
}

/** Cosine of each image to the centre of its identity, in float64. */
async function cosinesByHand(): Promise<number[][]> {
  const weights = linearModel(join(temporaryFolder(), 'model'));
  const unit = (row: readonly number[]): number[] => row.map((value) => value / Math.hypot(...row));
  return Promise.all(
    people.map(async (own) => {
      const rows = await Promise.all(
        own.map(async (seed) => {
          const { data } = await decodeImage(jpeg(seed, side), { file: 'x' });
          return unit(embed(data, weights, false));
        }),
      );
      const centre = unit((rows[0] ?? []).map((_, at) => rows.reduce((sum, row) => sum + (row[at] ?? NaN), 0)));
      return rows.map((row) => row.reduce((sum, value, at) => sum + value * (centre[at] ?? NaN), 0));
    }),
  );
}

describe('clean-noise', () => {
  it('drops what is farther from the centre than the threshold, and writes the rest by rising cosine', async () => {
    const folder = temporaryFolder();
    const cosines = await cosinesByHand();
    const sorted = cosines.flat().toSorted((one, other) => one - other);
    const threshold = ((sorted[4] ?? 0) + (sorted[5] ?? 0)) / 2;
    const expected = people.flatMap((own, label) => {
      const kept = own.filter((_, at) => (cosines[label]?.[at] ?? 0) >= threshold);
      const cosineOf = (seed: number): number => cosines[label]?.[own.indexOf(seed)] ?? NaN;
      return kept.length === 0 ? [] : [kept.sort((one, other) => cosineOf(one) - cosineOf(other))];
    });
    const events = await clean(folder, { threshold });
    expect(left(folder)).toEqual(expected.map((kept, label) => [label, kept]));
    expect(events).toContainEqual({ type: 'metric', name: 'images dropped', value: 5 });
    const report = reportOf(folder);
    expect(report.images).toEqual({ before: 12, after: 7 });
    const at = Math.ceil(threshold * 100);
    expect(report.belowThreshold[at]?.images).toBe(sorted.filter((cosine) => cosine < at / 100).length);
    const table = readFileSync(join(folder, 'details', 'dropped.tsv'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(table).toHaveLength(1 + 5);
    expect(existsSync(join(folder, 'details', 'dropped.jpg'))).toBe(true);
    expect(existsSync(join(folder, 'details', 'near-threshold.jpg'))).toBe(true);
  });

  it('leaves gaps between the labels where they are not numbered again', async () => {
    const folder = temporaryFolder();
    await clean(folder, { mode: 'clusters', distance: 0.001, renumber: false });
    // Only the two equal images are that near to each other.
    expect(left(folder)).toEqual([[3, [10, 10]]]);
    expect(readFileSync(join(folder, 'out', 'property'), 'utf8').trim()).toBe(`4,${side},${side}`);
    expect(reportOf(folder).vanished).toEqual([0, 1, 2]);
  });

  it('does not drop an identity for its number of images', async () => {
    const folder = temporaryFolder();
    const writer = new DatasetWriter(join(folder, 'set'));
    for (let copy = 0; copy < 20; copy += 1) writer.add(0, true, jpeg(1, side));
    writer.finish({ height: side, width: side });
    await clean(folder, {});
    expect(reportOf(folder).images).toEqual({ before: 20, after: 20 });
  });

  it('lists the cosine of each image to its centre, as centre-distances does', async () => {
    const folder = temporaryFolder();
    await clean(folder, { threshold: 0 });
    const listing = readFileSync(join(folder, 'c2c'), 'utf8');
    const expected = (await cosinesByHand()).flat();
    const lines = listing.trimEnd().split('\n');
    expect(lines).toHaveLength(12);
    for (const [position, line] of lines.entries()) {
      const [number, cosine, second] = line.split(',');
      expect({ number, second }).toEqual({ number: String(position + 1), second: seeds[position] === 6 ? '0' : '1' });
      expect(cosine).toMatch(/^-?[01]\.\d{6}$/);
      expect(Number(cosine)).toBeCloseTo(expected[position] ?? NaN, 5);
    }
    const other = temporaryFolder();
    await centreDistances({
      ...contextOf(other, []),
      params: { batch: 5, engine: 'auto' },
      inputs: { dataset: join(folder, 'set'), model: join(folder, 'model') },
      outputs: { c2c: join(other, 'c2c') },
    });
    expect(readFileSync(join(other, 'c2c'), 'utf8')).toBe(listing);
  });

  it('fails where nothing would be left: images that are alone are in no cluster', async () => {
    const folder = temporaryFolder();
    const writer = new DatasetWriter(join(folder, 'set'));
    for (const seed of [1, 2]) writer.add(seed - 1, true, jpeg(seed, side));
    writer.finish({ height: side, width: side });
    expect(await printedFailure(() => clean(folder, { mode: 'clusters' }))).toBe(
      `${folder}/set: nothing-to-pack: all 2 images would be dropped: none is near another one of its identity\n  Raise the distance.`,
    );
  });
});

describe('the largest cluster', () => {
  /** Points on a circle, by their angles in degrees. */
  const circle = (...degrees: number[]): Float32Array[] =>
    degrees.map((angle) => Float32Array.of(Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)));
  const step = 2 * Math.sin((10.5 * Math.PI) / 360);

  it('is what hangs together by steps, though its ends are far from each other', () => {
    expect(largestCluster(circle(0, 90, 10, 100, 20, 200, 30), { distance: step, clusters: 0 })).toEqual([0, 2, 4, 6]);
  });

  it('is the first of equal ones, and nothing where all rows are alone', () => {
    expect(largestCluster(circle(0, 90, 91, 1), { distance: step, clusters: 0 })).toEqual([0, 3]);
    expect(largestCluster(circle(0, 90, 180), { distance: step, clusters: 0 })).toEqual([]);
  });

  it('is one of the first ten where only these are looked at, as in the 2018 tool', () => {
    const pairs = Array.from({ length: 10 }, (_, index) => [30 * index, 30 * index + 1]).flat();
    const rows = circle(...pairs, 320, 321, 322);
    expect(largestCluster(rows, { distance: step / 4, clusters: 10 })).toEqual([0, 1]);
    expect(largestCluster(rows, { distance: step / 4, clusters: 0 })).toEqual([20, 21, 22]);
  });
});
