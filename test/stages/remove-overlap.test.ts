import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { identityImages } from '../../src/kit/dataset/dataset-copy.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { decodeImage } from '../../src/kit/image/image.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import type { Inputs, Params } from '../../stages/remove-overlap/contract.ts';
import type { OverlapReport } from '../../stages/remove-overlap/report.ts';
import { aboutGap } from '../../stages/remove-overlap/gap-note.ts';
import { run } from '../../stages/remove-overlap/run.ts';
import { jpeg, printedFailure, temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { embed, linearModel, side } from './linear-model.ts';

const params: Params = {
  threshold: 0.4,
  mergeThreshold: 0.3,
  names: [],
  closestPairs: 4,
  batch: 2,
  engine: 'auto',
  labels: 'class-and-aligned',
};

/** Seeds of the images of each identity. */
type Seeds = readonly (readonly number[])[];

const people: Seeds = [[1, 2], [3], [4, 5, 6], [7, 8]];

function pack(folder: string, identities: Seeds, size = side): string {
  const writer = new DatasetWriter(folder);
  for (const [label, seeds] of identities.entries())
    for (const seed of seeds) writer.add(label, true, jpeg(seed, size));
  writer.finish({ height: size, width: size });
  return folder;
}

function pairsOf(file: string, seeds: readonly number[]): string {
  const same = Array.from({ length: seeds.length / 2 }, () => true);
  writeVerificationSet(file, { images: seeds.map((seed) => jpeg(seed, side)), same });
  return file;
}

interface Job {
  readonly folder: string;
  readonly params?: Partial<Params>;
  readonly inputs: Pick<Inputs, 'datasets'> & Partial<Inputs>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StageEvent) => void;
}

async function remove(job: Job): Promise<readonly StageEvent[]> {
  const { folder } = job;
  const events: StageEvent[] = [];
  if (!existsSync(join(folder, 'model'))) linearModel(join(folder, 'model'));
  const at = (name: string): string => join(folder, name);
  await run({
    params: { ...params, ...job.params },
    inputs: { model: at('model'), pairs: [], excluded: [], ...job.inputs },
    outputs: { dataset: at('out'), overlap: at('overlap.json'), details: at('details') },
    scratch: folder,
    seed: 1,
    signal: job.signal ?? new AbortController().signal,
    engine: trainingEngine('cpu').identity,
    cpus: 1,
    emit(event) {
      events.push(event);
      job.onEvent?.(event);
    },
  });
  return events;
}

const reportOf = (folder: string): OverlapReport =>
  JSON.parse(readFileSync(join(folder, 'overlap.json'), 'utf8')) as OverlapReport;

/** The seeds of the images of each identity that was kept, found by their bytes. */
function keptSeeds(folder: string): number[][] {
  const set = new PackedDataset(join(folder, 'out'));
  try {
    const seedOf = (position: number): number => {
      const bytes = Buffer.from(set.readImage(position).payload);
      return Array.from({ length: 100 }, (_, seed) => seed).find((seed) => bytes.equals(jpeg(seed, side))) ?? NaN;
    };
    return identityImages(set).map(({ positions }) => positions.map(seedOf));
  } finally {
    set.close();
  }
}

/** Centres and images by hand, as section 7 of the description of the 2018 tools says, in float64. */
function unitsByHand(): {
  readonly image: (seed: number) => Promise<number[]>;
  readonly centre: (seeds: readonly number[]) => Promise<number[]>;
} {
  const weights = linearModel(join(temporaryFolder(), 'model'));
  const unit = (row: readonly number[]): number[] => row.map((value) => value / Math.hypot(...row));
  const image = async (seed: number): Promise<number[]> => {
    const { data } = await decodeImage(jpeg(seed, side), { file: 'x' });
    return unit(embed(data, weights, false));
  };
  const centre = async (seeds: readonly number[]): Promise<number[]> => {
    const rows = await Promise.all(seeds.map(image));
    return unit((rows[0] ?? []).map((_, at) => rows.reduce((sum, row) => sum + (row[at] ?? NaN), 0)));
  };
  return { image, centre };
}

const cosine = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? NaN), 0);

describe('remove-overlap', () => {
  it('takes out whose centre is near an image of a verification set, and reports the cosines of the 2018 tool', async () => {
    const folder = temporaryFolder();
    const tests = [3, 20, 7, 3];
    const { image, centre } = unitsByHand();
    const images = await Promise.all(tests.map(image));
    const expected = await Promise.all(
      people.map(async (seeds) => {
        const own = await centre(seeds);
        return Math.max(...images.map((test) => cosine(own, test)));
      }),
    );
    // Between the second and the third: two are out.
    const [, second = 0, third = 0] = expected.toSorted((one, other) => other - one);
    const threshold = (second + third) / 2;
    const datasets = [pack(join(folder, 'set'), people)];
    const events = await remove({
      folder,
      params: { threshold },
      inputs: { datasets, pairs: [pairsOf(join(folder, 'lfw.bin'), tests)] },
    });
    expect(keptSeeds(folder)).toEqual(people.filter((_, label) => (expected[label] ?? 0) < threshold));
    const report = reportOf(folder);
    const out = [...expected.entries()].filter(([, value]) => value >= threshold).map(([label]) => label);
    expect(report.removed.map(({ label }) => label)).toEqual(out);
    for (const { label, cosine: found } of report.closest) expect(found).toBeCloseTo(expected[label] ?? NaN, 5);
    expect(report.exclusions).toMatchObject([{ name: 'lfw', compared: 'images', count: 3, removed: 2 }]);
    const { gap } = report;
    expect(gap?.identities).toBeGreaterThan(0);
    // What the curve of this set suggests, whatever the threshold was.
    const suggested = (((gap?.from ?? NaN) + (gap?.to ?? NaN)) / 2).toFixed(2);
    const isInside = threshold > (gap?.from ?? NaN) && threshold <= (gap?.to ?? NaN);
    const messages = events.flatMap((event) => (event.type === 'log' ? [event.message] : []));
    expect(messages.at(-1)).toContain(
      isInside
        ? `the threshold ${threshold} is in it`
        : `threshold: ${suggested} leaves out the ${gap?.identities ?? NaN} above it, ${threshold} leaves out 2`,
    );
    expect(report.atThreshold.at(-1)?.threshold).toBe(1);
    const imagesOut = out.reduce((sum, label) => sum + (people[label]?.length ?? 0), 0);
    expect(events).toContainEqual({ type: 'metric', name: 'images removed', value: imagesOut });
    expect(events).toContainEqual({ type: 'metric', name: 'removed/lfw', value: 2 });
  });

  it('warns where its threshold is below a clear gap, and says which one is in it', () => {
    // What the y1 model finds on LFW: docs/overlap.md.
    const counts = { 0.4: 634, 0.5: 443, 0.53: 438, 0.64: 437, 0.8: 435 };
    const atThreshold = Object.entries(counts).map(([threshold, identities]) => ({
      ...{ threshold: Number(threshold), identities, images: identities },
    }));
    const gap = { from: 0.53, to: 0.756, identities: 437 };
    const range = 'no identity has a cosine between 0.530 and 0.756, the widest gap';
    expect(aboutGap({ threshold: 0.4, atThreshold }, gap)).toEqual({
      level: 'warning',
      message: `${range}; threshold: 0.64 leaves out the 437 above it, 0.4 leaves out 634: the other 197 may be people who only look alike, or people whose images differ. near-threshold.jpg shows them`,
    });
    expect(aboutGap({ threshold: 0.64, atThreshold }, gap)).toEqual({
      ...{ level: 'info', message: `${range}: the threshold 0.64 is in it` },
    });
    expect(aboutGap({ threshold: 0.8, atThreshold }, gap)).toEqual({
      ...{ level: 'info', message: `${range}; threshold: 0.64 leaves out the 437 above it, 0.8 leaves out 435` },
    });
    // A narrow one is found in any set.
    expect(aboutGap({ threshold: 0.4, atThreshold }, { from: 0.53, to: 0.56, identities: 437 }).level).toBe('info');
  });

  it('shows the closest pairs as images, and lists every identity', async () => {
    const folder = temporaryFolder();
    const datasets = [pack(join(folder, 'set'), people)];
    await remove({
      folder,
      params: { threshold: 0.9999 },
      inputs: { datasets, pairs: [pairsOf(join(folder, 'lfw.bin'), [3, 3])] },
    });
    expect(readdirSync(join(folder, 'details')).sort()).toEqual([
      'closest-pairs.jpg',
      'identities.tsv',
      'near-threshold.jpg',
      'thresholds.svg',
    ]);
    expect(readFileSync(join(folder, 'details', 'thresholds.svg'), 'utf8')).toContain('threshold 0.9999');
    const sheet = await decodeImage(readFileSync(join(folder, 'details', 'closest-pairs.jpg')), { file: 'sheet' });
    // Four pairs in a row, a gap between them, and the threshold below.
    expect({ width: sheet.width, height: sheet.height }).toEqual({
      width: 4 * 2 * side + 3 * 10,
      height: side + 10 + 20,
    });
    const [header, ...lines] = readFileSync(join(folder, 'details', 'identities.tsv'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(header).toBe('set\tlabel\timages\toutcome\tcosine\tlike set\tlike');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^0\t1\t1\texcluded\t1\.000000\tlfw\timage 0$/);
  });

  it('compares identities with the identities of a packed set, centre with centre', async () => {
    const folder = temporaryFolder();
    const datasets = [pack(join(folder, 'set'), people)];
    const excluded = [
      pack(join(folder, 'test-set'), [
        [40, 41],
        [6, 5, 4],
      ]),
    ];
    await remove({ folder, params: { threshold: 0.99999 }, inputs: { datasets, excluded } });
    expect(keptSeeds(folder)).toEqual([[1, 2], [3], [7, 8]]);
    expect(reportOf(folder).removed).toMatchObject([
      { label: 2, images: 3, like: { set: 'test-set', what: 'identity 1' } },
    ]);
  });

  it('of several sets adds who is not in those before, and compares nobody with the own set', async () => {
    const folder = temporaryFolder();
    const first = pack(join(folder, 'first'), [[1], [2], [2]]);
    const second = pack(join(folder, 'second'), [[2], [30], [30]]);
    await remove({ folder, params: { mergeThreshold: 0.99999 }, inputs: { datasets: [first, second] } });
    expect(keptSeeds(folder)).toEqual([[1], [2], [2], [30], [30]]);
    const report = reportOf(folder);
    expect(report.removed).toMatchObject([
      { set: 'second', label: 0, outcome: 'duplicate', like: { set: 'first', what: 'identity 1' } },
    ]);
    expect(report.sets.map(({ removed }) => removed.duplicate.identities)).toEqual([0, 1]);
    expect(existsSync(join(folder, 'details', 'closest-of-sets.jpg'))).toBe(true);
  });

  it('writes the same bytes after an interruption, and embeds no image twice', async () => {
    const [whole, cut] = [temporaryFolder(), temporaryFolder()];
    const jobOf = (folder: string): Job => ({
      folder,
      params: { threshold: 0.9999 },
      inputs: { datasets: [pack(join(folder, 'set'), people)], pairs: [pairsOf(join(folder, 'lfw.bin'), [3, 21])] },
    });
    await remove(jobOf(whole));
    const stop = new AbortController();
    const first = jobOf(cut);
    await expect(
      remove({
        ...first,
        signal: stop.signal,
        onEvent(event) {
          if (event.type === 'progress' && event.done >= 6) stop.abort();
        },
      }),
    ).rejects.toThrow();
    const events = await remove(first);
    const done = events.flatMap((event) => (event.type === 'progress' && event.total === 10 ? [event.done] : []));
    expect(Math.min(...done)).toBeGreaterThan(6);
    for (const file of ['overlap.json', 'out/train.rec', 'details/identities.tsv', 'details/closest-pairs.jpg']) {
      expect(readFileSync(join(cut, file)).equals(readFileSync(join(whole, file)))).toBe(true);
    }
  });

  it('refuses a model that gives zero, whose cosines would mean nothing', async () => {
    const folder = temporaryFolder();
    linearModel(join(folder, 'model'), 4, { factor: 0 });
    const datasets = [pack(join(folder, 'set'), people)];
    const pairs = [pairsOf(join(folder, 'lfw.bin'), [3, 21])];
    expect(await printedFailure(() => remove({ folder, inputs: { datasets, pairs } }))).toBe(
      `${datasets[0]}/train.rec: embedding-is-zero: the embedding of image 0 of the packed set is zero in every number: it has no direction that could be compared\n  Choose another model: this one does not embed such images.`,
    );
  });
});
