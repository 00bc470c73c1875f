import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { planComparison } from '../../src/kit/face/similarity/block-plan.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { groupRates } from '../../src/kit/face/groups/group-rates.ts';
import { resamplingOf } from '../../src/kit/face/uncertainty/resampling.ts';
import { installedOnnxruntime, trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import type { Inputs, Params } from '../../stages/all-pairs/contract.ts';
import type { PartRecord } from '../../stages/all-pairs/record.ts';
import { run } from '../../stages/all-pairs/run.ts';
import { jpeg, temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { personNames, personVectors, writeFeatureFolder } from '../kit/face/similarity/random-features.ts';
import { refusalOf } from '../kit/refusal.ts';

interface Job {
  readonly params?: Partial<Params>;
  readonly inputs?: Partial<Inputs>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StageEvent) => void;
}

const onnxruntime = installedOnnxruntime();

async function allPairs(folder: string, job: Job = {}) {
  const events: StageEvent[] = [];
  const outputs = { result: join(folder, 'all-pairs.json'), curves: join(folder, 'curves') };
  await run({
    params: { rates: [0.1, 0.01, 1e-3], draws: 200, engine: 'auto', ...job.params },
    inputs: { features: join(folder, 'features'), dataset: undefined, groups: undefined, ...job.inputs },
    outputs,
    scratch: folder,
    seed: 1,
    signal: job.signal ?? new AbortController().signal,
    engine: onnxruntime.installed ? onnxruntime.identity : trainingEngine('wasm').identity,
    cpus: 2,
    emit(event) {
      events.push(event);
      job.onEvent?.(event);
    },
  });
  const { parts } = JSON.parse(readFileSync(outputs.result, 'utf8')) as { parts: PartRecord[] };
  return { parts, events, lines: events.flatMap((event) => (event.type === 'log' ? [event.message] : [])) };
}

interface Features {
  readonly names: readonly string[];
  readonly values: Float32Array;
  readonly columns: number;
}

/** The figures by comparing every pair with every other, in float64. */
function byHand({ names, values, columns }: Features, rates: readonly number[]) {
  const person = names.map((name) => name.split('/')[0]);
  const scores: Record<'same' | 'different', number[]> = { same: [], different: [] };
  for (let one = 0; one < names.length; one += 1) {
    for (let other = one + 1; other < names.length; other += 1) {
      let sum = 0;
      for (let column = 0; column < columns; column += 1) {
        sum += (values[one * columns + column] ?? NaN) * (values[other * columns + column] ?? NaN);
      }
      scores[person[one] === person[other] ? 'same' : 'different'].push(sum);
    }
  }
  const descending = Float64Array.from(scores.different).sort().reverse();
  return rates.map((far) => {
    const allowed = Math.floor(far * descending.length + 1e-9);
    const threshold = descending[allowed];
    if (threshold === undefined) throw new Error('all are accepted');
    const accepted = descending.findIndex((score) => score <= threshold);
    const tar = scores.same.filter((score) => score > threshold).length / scores.same.length;
    return { far, threshold, accepted, reached: accepted / descending.length, tar };
  });
}

const counts = Array.from({ length: 60 }, (_, person) => 1 + (person % 12));

/** People of whom some look alike; several images are there twice, also under the name of another person. */
function written(folder: string, columns = 8): Features {
  const names = personNames(counts);
  const values = personVectors(counts, { columns, spread: 0.6, seed: 3 });
  for (let copy = 0; copy < 40; copy += 1) {
    values.copyWithin(9 * copy * columns, (copy % 5) * columns, ((copy % 5) + 1) * columns);
  }
  writeFeatureFolder(join(folder, 'features'), names, { values, columns });
  return { names, values, columns };
}

describe('all-pairs', () => {
  it('accepts what comparing every pair by hand accepts, with equal images of two people', async () => {
    const folder = temporaryFolder();
    const features = written(folder);
    const rates: Params['rates'] = [0.5, 0.1, 0.01, 1e-3, 2e-4];
    const { parts } = await allPairs(folder, { params: { rates } });
    const [part] = parts;
    const found = part?.points.map(({ far, threshold, accepted, reached, tar }) => ({
      ...{ far, threshold, accepted, reached, tar },
    }));
    expect(found).toEqual(byHand(features, rates));
    // The equal images show: fewer are accepted than the rate allows.
    expect(part?.points.some(({ far, accepted, reached }) => reached < far - 1 / (accepted + 1) ** 3)).toBe(true);
  });

  it('tells that a rate is not measurable where one pair is more, and never lets in more than the rate', async () => {
    const folder = temporaryFolder();
    written(folder);
    const { parts, lines, events } = await allPairs(folder, { params: { rates: [1e-3, 1e-9] } });
    expect(parts[0]?.points.map(({ isMeasurable }) => isMeasurable)).toEqual([true, false]);
    expect(parts[0]?.points.every(({ reached, far }) => reached <= far)).toBe(true);
    expect(lines.at(-1)).toBe(
      `all: TAR at FAR 1e-9 is not measurable on ${parts[0]?.differentPairs ?? 0} pairs, at most one in ${parts[0]?.differentPairs ?? 0} is`,
    );
    const names = events.flatMap((event) => (event.type === 'metric' ? [event.name] : []));
    expect(names).toEqual([
      'tarAtFar1e-3',
      'tarAtFar1e-3Low',
      'tarAtFar1e-3High',
      'tarAtFar1e-3Reached',
      'samePairs',
      'differentPairs',
    ]);
  });

  it('compares the images of each group among themselves on request', async () => {
    const folder = temporaryFolder();
    const { names, values, columns } = written(folder);
    const groupOf = (name: string): string => (Number(/\d+/.exec(name)?.[0]) < 25 ? 'young' : 'old');
    const people = [...new Set(names.map((name) => name.split('/')[0] ?? ''))];
    const groups = join(folder, 'groups.tsv');
    writeFileSync(groups, people.map((person) => `${person}\t${groupOf(person)}\n`).join('') + 'person 99\told\n');
    const { parts, lines } = await allPairs(folder, { inputs: { groups } });
    expect(parts.map(({ group }) => group)).toEqual([undefined, 'young', 'old']);
    for (const part of parts.slice(1)) {
      const rows = names.flatMap((name, row) => (groupOf(name) === part.group ? [row] : []));
      const own = {
        names: rows.map((row) => names[row] ?? ''),
        values: Float32Array.from(rows.flatMap((row) => [...values.subarray(row * columns, (row + 1) * columns)])),
        columns,
      };
      expect(part.points.map(({ threshold, accepted, tar }) => ({ threshold, accepted, tar }))).toEqual(
        byHand(own, [0.1, 0.01, 1e-3]).map(({ threshold, accepted, tar }) => ({ threshold, accepted, tar })),
      );
    }
    expect(lines).toContain('1 names of the list of groups are no person and no image of the features');
  });

  it('tells how often each group is decided wrongly at the one threshold of all images, with intervals and a warning', async () => {
    const folder = temporaryFolder();
    const counts = Array.from({ length: 60 }, (_, person) => 2 + (person % 3));
    const columns = 6;
    const [names, values] = [personNames(counts), personVectors(counts, { columns, spread: 0.35, seed: 9 })];
    writeFeatureFolder(join(folder, 'features'), names, { values, columns });
    const groupOf = (name: string): string => (Number(/\d+/.exec(name)?.[0]) < 35 ? 'one' : 'other');
    const groups = join(folder, 'groups.tsv');
    writeFileSync(
      groups,
      [...new Set(names.map((name) => name.split('/')[0] ?? ''))]
        .map((person) => `${person}\t${groupOf(person)}\n`)
        .join(''),
    );
    const { parts, lines, events } = await allPairs(folder, {
      inputs: { groups },
      params: { draws: 1000, rates: [0.1, 0.02] },
    });
    const [whole, ...each] = parts;
    expect(whole?.atOneThreshold).toBeUndefined();
    for (const part of each) {
      const rows = names.flatMap((name, row) => (groupOf(name) === part.group ? [row] : []));
      expect(part.atOneThreshold?.map(({ threshold }) => threshold)).toEqual(
        whole?.points.map(({ threshold }) => threshold),
      );
      // Every pair of the group, as verify takes them.
      const pairs = { images: [] as string[], distances: [] as number[], same: [] as boolean[] };
      for (const [place, row] of rows.entries()) {
        for (const other of rows.slice(place + 1)) {
          const people = [row, other].map((at) => names[at]?.split('/')[0] ?? '');
          pairs.images.push(...people);
          pairs.same.push(people[0] === people[1]);
          pairs.distances.push(-scoreOf(values, columns, [row, other]));
        }
      }
      const points = (part.atOneThreshold ?? []).map(({ far, reached, threshold }) => {
        // Accepted is what is closer than the threshold, there what is not farther than a distance.
        return { far, reached, distance: -threshold - 1e-15 };
      });
      const reference = groupRates({
        ...{ pairs, people: resamplingOf(pairs.images, pairs.same), groups: ['all'], draws: 200, seed: 1, points },
        of: new Int32Array(pairs.images.length),
      });
      for (const [index, { fnmr, fmr }] of (part.atOneThreshold ?? []).entries()) {
        const [cell] = reference[index]?.cells ?? [];
        for (const [own, wanted] of [
          [fnmr, cell?.fnmr],
          [fmr, cell?.fmr],
        ] as const) {
          const { value, pairs: count, errors, units } = own;
          expect({ value, count, errors, units }).toEqual({
            value: wanted?.value,
            count: wanted?.pairs,
            errors: wanted?.errors,
            units: wanted?.units,
          });
          // By hand pairs count as products of draws, here by what is linear in them.
          const [width, other] = [own.interval, wanted?.interval].map(
            (ends) => (ends?.high ?? NaN) - (ends?.low ?? NaN),
          );
          if (own.interval !== undefined) expect((width ?? NaN) / (other ?? NaN)).toBeGreaterThan(0.6);
          if (own.interval !== undefined) expect((width ?? NaN) / (other ?? NaN)).toBeLessThan(1.7);
        }
      }
    }
    const figures = events.flatMap((event) => (event.type === 'metric' ? [event.name] : []));
    expect(figures).toEqual(
      expect.arrayContaining(['one/fnmrAtFmr1e-1', 'other/fmrAtFmr2e-2High', 'one/fmrAtFmr1e-1Low']),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^one: FNMR [\d.e-]+ \[.+\] \(\d+ of \d+\), FMR [\d.e-]+ \[.+\] \(\d+ of \d+\) at the threshold of FAR 0\.02 of all images, 0\.\d{6}$/,
      ),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^other: fewer than 30 errors, so that its rates say little: at FAR 0\.1 \d+ false non-matches/,
      ),
    );
  });

  it('finds the threshold of a hundred million pairs by a sample, and continues where it was stopped', async () => {
    const folder = temporaryFolder();
    const columns = 3;
    const many = Array.from({ length: 7_000 }, () => 2);
    const values = personVectors(many, { columns, spread: 0.01, seed: 5 });
    writeFeatureFolder(join(folder, 'features'), personNames(many), { values, columns });
    const controller = new AbortController();
    let steps = 0;
    const stopped = allPairs(folder, {
      params: { rates: [1e-3, 1e-6] },
      signal: controller.signal,
      onEvent(event) {
        if (event.type === 'progress' && (steps += 1) === 10) controller.abort(new Error('stopped'));
      },
    });
    await expect(stopped).rejects.toThrow('stopped');
    expect(existsSync(join(folder, 'all-pairs.json'))).toBe(false);
    const { parts, lines, events } = await allPairs(folder, { params: { rates: [1e-3, 1e-6] } });
    const next = Number(/^continuing from strip (\d+)$/m.exec(lines.join('\n'))?.[1]);
    const progress = events.flatMap((event) => (event.type === 'progress' ? [event.done] : []));
    // Those that were given to an engine before it was stopped are counted too.
    expect(next).toBeGreaterThanOrEqual(10);
    const plan = planComparison(14_000, undefined);
    expect(next).toBeLessThan(plan.count);
    expect(progress[0]).toBe(plan.pairsBefore(next + 1));
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(parts[0]?.passes).toBe(1);
    const points = parts[0]?.points ?? [];
    const around = countAround(
      values,
      columns,
      points.map(({ threshold = NaN }) => threshold),
    );
    for (const [index, { accepted, far, reached }] of points.entries()) {
      const { above = NaN, equal = NaN } = around[index] ?? {};
      const { differentPairs = NaN } = parts[0] ?? {};
      expect({ accepted, reached }).toEqual({ accepted: above, reached: above / differentPairs });
      expect((above + equal) / differentPairs).toBeGreaterThan(far);
    }
  });

  it('takes who is on an image from the labels of a packed set, and refuses another set', async () => {
    const folder = temporaryFolder();
    const { names, values, columns } = written(folder);
    const dataset = join(folder, 'dataset');
    mkdirSync(dataset);
    const writer = new DatasetWriter(dataset);
    const bytes = jpeg(1);
    for (const name of names) writer.add(Number(/\d+/.exec(name)?.[0]), true, bytes);
    writer.finish({ height: 16, width: 16 });
    const byFolder = await allPairs(folder);
    const numbers = names.map((_, index) => String(index).padStart(3, '0'));
    writeFeatureFolder(join(folder, 'features'), numbers, { values, columns });
    const byLabel = await allPairs(folder, { inputs: { dataset } });
    expect(byLabel.parts).toEqual(byFolder.parts);
    writeFeatureFolder(join(folder, 'features'), numbers.with(2, '999'), { values, columns });
    expect(await refusalOf(() => allPairs(folder, { inputs: { dataset } }))).toBe(
      `other-dataset: the features are not of this packed set: a row is named 999, expected a number below ${names.length}`,
    );
  });

  it('refuses features without pairs, groups that do not match, and vectors that are not of length 1', async () => {
    const folder = temporaryFolder();
    const columns = 4;
    const values = personVectors([1, 1, 1], { columns, spread: 0.1, seed: 1 });
    writeFeatureFolder(join(folder, 'features'), personNames([1, 1, 1]), { values, columns });
    expect(await refusalOf(() => allPairs(folder))).toBe(
      'nothing-to-compare: the folder of features has 3 images of 3 people: no pair of one person',
    );
    writeFeatureFolder(join(folder, 'features'), personNames([2, 1]), { values, columns });
    const groups = join(folder, 'groups.tsv');
    writeFileSync(groups, 'somebody\told\n');
    expect(await refusalOf(() => allPairs(folder, { inputs: { groups } }))).toBe(
      'bad-groups: none of the 1 names is a person or an image of the features',
    );
    writeFileSync(groups, 'person 0\told\nperson 0\tyoung\n');
    expect(await refusalOf(() => allPairs(folder, { inputs: { groups } }))).toBe(
      'bad-groups: person 0 is in the groups old and young',
    );
    writeFileSync(groups, 'person 0 old\n');
    expect(await refusalOf(() => allPairs(folder, { inputs: { groups } }))).toBe(
      'bad-groups: expected a name, a tab and a group, found "person 0 old"',
    );
    for (const [factor, message] of [
      [2, 'feature-not-unit: the feature of person 0/1.jpg has length 2.00000, expected 1'],
      [NaN, 'feature-not-finite: the feature of person 0/1.jpg is not made of finite numbers'],
      [0, 'zero-feature: the feature of person 0/1.jpg is zero in all its numbers'],
    ] as const) {
      const odd = values.map((value, at) => (at >= columns && at < 2 * columns ? value * factor : value));
      writeFeatureFolder(join(folder, 'features'), personNames([2, 1]), { values: odd, columns });
      expect(await refusalOf(() => allPairs(folder))).toBe(message);
    }
  });
});

function scoreOf(values: Float32Array, columns: number, [one, other]: readonly [number, number]): number {
  let sum = 0;
  for (let column = 0; column < columns; column += 1) {
    sum += (values[one * columns + column] ?? NaN) * (values[other * columns + column] ?? NaN);
  }
  return sum;
}

/** How many pairs of different people are above each threshold, and at it; images 2n and 2n + 1 are of one person. */
function countAround(values: Float32Array, columns: number, thresholds: readonly number[]) {
  const counts = thresholds.map((threshold) => ({ threshold, above: 0, equal: 0 }));
  const lowest = Math.min(...thresholds);
  const rows = values.length / columns;
  for (let one = 0; one < rows; one += 1) {
    for (let other = one + (one % 2 === 0 ? 2 : 1); other < rows; other += 1) {
      let sum = 0;
      for (let column = 0; column < columns; column += 1) {
        sum += (values[one * columns + column] ?? NaN) * (values[other * columns + column] ?? NaN);
      }
      if (sum < lowest) continue;
      for (const count of counts) {
        if (sum > count.threshold) count.above += 1;
        else if (sum === count.threshold) count.equal += 1;
      }
    }
  }
  return counts;
}
