import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { type DevkitList, devkitList } from '../../src/kit/codec/megaface/devkit-list.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { writeFeatureMask } from '../../src/kit/face/features/feature-mask.ts';
import { installedOnnxruntime, trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import type { Inputs, Params } from '../../stages/megaface/contract.ts';
import { drawRoc, type GalleryRecord } from '../../stages/megaface/record.ts';
import { run } from '../../stages/megaface/run.ts';
import { temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { personNames, personVectors, writeFeatureFolder } from '../kit/face/similarity/random-features.ts';
import { refusalOf } from '../kit/refusal.ts';

interface Job {
  readonly params?: Partial<Params>;
  readonly inputs?: Partial<Inputs>;
}

const onnxruntime = installedOnnxruntime();

async function megaface(folder: string, job: Job = {}) {
  const events: StageEvent[] = [];
  const outputs = { result: join(folder, 'megaface.json'), kit: join(folder, 'kit'), curves: join(folder, 'curves') };
  await run({
    params: {
      ...{
        sizes: [],
        sets: 1,
        rates: [0.1, 0.01, 1e-3],
        algorithm: 'test',
        probeNames: [],
        draws: 100,
        engine: 'auto',
      },
      ...job.params,
    },
    inputs: {
      probes: [join(folder, 'probes')],
      distractors: join(folder, 'distractors'),
      probeLists: [],
      distractorLists: [],
      mask: undefined,
      ...job.inputs,
    },
    outputs,
    scratch: folder,
    seed: 1,
    signal: new AbortController().signal,
    engine: onnxruntime.installed ? onnxruntime.identity : trainingEngine('wasm').identity,
    cpus: 2,
    emit: (event) => events.push(event),
  });
  const { results } = JSON.parse(readFileSync(outputs.result, 'utf8')) as { results: GalleryRecord[] };
  const kitFile = (name: string): unknown => JSON.parse(readFileSync(join(outputs.kit, name), 'utf8'));
  return { results, events, kitFile, lines: events.flatMap((event) => (event.type === 'log' ? [event.message] : [])) };
}

interface Vectors {
  readonly names: readonly string[];
  readonly values: Float32Array;
}

function squaredDistance(one: Vectors, i: number, other: Vectors, j: number, columns: number): number {
  let sum = 0;
  for (let column = 0; column < columns; column += 1) {
    sum += ((one.values[i * columns + column] ?? NaN) - (other.values[j * columns + column] ?? NaN)) ** 2;
  }
  return sum;
}

/** Section 5.5 of the protocol, pair by pair in float64: the rank of each ordered pair of one person, and TAR at FAR. */
function byHand(probes: Vectors, distractors: Vectors, columns: number) {
  const person = probes.names.map((name) => name.split('/')[0]);
  const impostors = probes.names.map((_, i) =>
    distractors.names.map((_name, j) => squaredDistance(probes, i, distractors, j, columns)),
  );
  const ranks: number[] = [];
  const same: number[] = [];
  for (const [gallery, own] of person.entries()) {
    for (const [probe, other] of person.entries()) {
      if (probe === gallery || own !== other) continue;
      const mate = squaredDistance(probes, probe, probes, gallery, columns);
      ranks.push(impostors[probe]?.filter((distance) => distance < mate).length ?? NaN);
      if (probe < gallery) same.push(mate);
    }
  }
  const all = Float64Array.from(impostors.flat()).sort();
  const tar = (far: number) => {
    const threshold = all[Math.floor(far * all.length + 1e-9)] ?? Infinity;
    const accepted = all.filter((distance) => distance < threshold).length;
    return {
      far,
      squaredDistance: threshold,
      accepted,
      value: same.filter((each) => each < threshold).length / same.length,
    };
  };
  return { ranks, tar, withinRank: (rank: number) => ranks.filter((each) => each < rank).length / ranks.length };
}

const columns = 8;
const probeCounts = Array.from({ length: 14 }, (_, person) => 1 + (person % 5));

/** Some distractors are images of probes, once or several times; probes have doubles too. */
function written(folder: string, spread = 0.5): { readonly probes: Vectors; readonly distractors: Vectors } {
  const values = personVectors(probeCounts, { columns, spread, seed: 7 });
  values.copyWithin(12 * columns, 11 * columns, 12 * columns);
  const probes = { names: personNames(probeCounts), values };
  const many = Array.from({ length: 300 }, () => 2);
  const others = personVectors(many, { columns, spread, seed: 8 });
  for (const [place, probe] of [3, 3, 11, 20].entries()) {
    others.set(values.subarray(probe * columns, (probe + 1) * columns), (place * 7 + 5) * columns);
  }
  const distractors = { names: personNames(many).map((name) => `000/${name}`), values: others };
  writeFeatureFolder(join(folder, 'probes'), probes.names, { values, columns });
  writeFeatureFolder(join(folder, 'distractors'), distractors.names, { values: others, columns });
  return { probes, distractors };
}

describe('megaface', () => {
  it('ranks each mate and accepts as comparing by hand does, with distractors that are as close as a mate', async () => {
    const folder = temporaryFolder();
    const { probes, distractors } = written(folder);
    const { results, kitFile } = await megaface(folder, { params: { sizes: [600] } });
    const expected = byHand(probes, distractors, columns);
    const [record] = results;
    expect(record?.trials).toBe(expected.ranks.length);
    expect(record?.identification.map(({ rank, value }) => [rank, value])).toEqual(
      [1, 10, 100].map((rank) => [rank, expected.withinRank(rank)]),
    );
    expect(record?.identification[0]?.value).toBeGreaterThan(0.2);
    expect(record?.identification[0]?.value).toBeLessThan(0.9);
    const found = record?.verification.map(({ far, squaredDistance: at, accepted, value }) => {
      return { far, squaredDistance: at, accepted, value };
    });
    expect(found).toEqual([0.1, 0.01, 1e-3].map((far) => expected.tar(far)));
    const matches = kitFile('matches_facescrub_megaface_test_600_1.json') as { probes: { rank: number[] } }[];
    expect(matches.flatMap(({ probes: { rank } }) => rank)).toEqual(expected.ranks);
  });

  it('writes the curves of the development kit, thinned as it thins them, and its lines', async () => {
    const folder = temporaryFolder();
    const { probes, distractors } = written(folder);
    const { kitFile, lines } = await megaface(folder, { params: { sizes: [600] } });
    const {
      cmc,
      roc,
      traditional_cmc: traditional,
    } = kitFile('cmc_facescrub_megaface_test_600_1.json') as Record<string, [number[], number[]]>;
    const { withinRank } = byHand(probes, distractors, columns);
    const [ranks = [], rates = []] = cmc ?? [];
    expect(ranks[0]).toBe(0);
    expect([ranks.at(-1), rates.at(-1)]).toEqual([600, 1]);
    expect(rates.slice(0, -1)).toEqual(ranks.slice(0, -1).map((rank) => Math.fround(withinRank(rank + 1))));
    for (const [index, rate] of rates.slice(1, -1).entries())
      expect(rate - (rates[index] ?? 0)).toBeGreaterThanOrEqual(0.01);
    expect([roc?.[0][0], roc?.[0].at(-1), roc?.[1].at(-1)]).toEqual([0, 1, 1]);
    expect([traditional?.[0][0], traditional?.[0].at(-1)]).toEqual([0, 600 + 13]);
    expect(lines.slice(1, 14)).toEqual([
      'Creating feature list of 600 photos for set 1',
      'Running probe to probe comparison',
      'Running test with size 600 images for set 1',
      'Computing test results with 600 images for set 1',
      'Loaded 40 probes spanning 14 classes',
      'Probe score matrix size: 40 40',
      'distractor score matrix size: 40 600',
      'Finding top distractors!',
      'Done sorting distractor scores',
      'Making gallery!',
      'Done Making Gallery!',
      'Allocating ranks (614)',
      `Rank 1: ${Math.fround(withinRank(1)).toPrecision(6)}`,
    ]);
  });

  it('draws TAR over FAR down to the lowest rate that it knows, also where all scores are in one bin of the curve', async () => {
    const folder = temporaryFolder();
    written(folder, 1e-3);
    const near = personVectors(
      Array.from({ length: 60 }, () => 2),
      { columns, spread: 1e-3, seed: 8 },
    );
    // Everybody is alike.
    const alike = near.map((value, at) => (near[at % columns] ?? 0) + 1e-4 * value);
    for (let row = 0; row < alike.length; row += columns) {
      const length = Math.hypot(...alike.subarray(row, row + columns));
      for (let at = row; at < row + columns; at += 1) alike[at] = (alike[at] ?? 0) / length;
    }
    const counts = Array.from({ length: 10 }, () => 6);
    writeFeatureFolder(join(folder, 'probes'), personNames(counts), { values: alike.slice(0, 60 * columns), columns });
    const names = personNames(counts).map((name) => `000/${name}`);
    writeFeatureFolder(join(folder, 'distractors'), names, { values: alike.slice(60 * columns), columns });
    const { results } = await megaface(folder, { params: { sizes: [60] } });
    const [record] = results;
    expect(record?.roc[0]?.[0]).toBeGreaterThan(0.2);
    const svg = drawRoc(results);
    const [, path = ''] = /class="series line c0"[^>]* d="([^"]+)"/.exec(svg) ?? [];
    // From the least of the exact rates on.
    expect(path.split('L').length).toBe((record?.roc.length ?? 0) + 3);
    const first = Number(/^M([\d.]+)/.exec(path)?.[1]);
    expect(first).toBeLessThan(44 + (342 * 2) / 3);
  });

  it('leaves out what is marked in a 513th number or by a mask, which counts as a distractor all the same', async () => {
    const folder = temporaryFolder();
    const { probes, distractors } = written(folder);
    const noises = [5, 12, 19, 26].map((row) => distractors.names[row] ?? '');
    const kept = distractors.names.flatMap((name, row) => (noises.includes(name) ? [] : [row]));
    const clean = {
      names: kept.map((row) => distractors.names[row] ?? ''),
      values: Float32Array.from(
        kept.flatMap((row) => [...distractors.values.subarray(row * columns, (row + 1) * columns)]),
      ),
    };
    const expected = byHand(probes, clean, columns);
    const mask = join(folder, 'mask');
    const none = { columns, replaced: new Map<string, number>(), replacements: new Float32Array(0) };
    writeFeatureMask(mask, { contract: 'c0ffee', excluded: noises, ...none });
    const masked = await megaface(folder, { params: { sizes: [600], rates: [0.01, 1] }, inputs: { mask } });
    const [record] = masked.results;
    expect(record?.identification[0]?.value).toBe(expected.withinRank(1));
    expect([record?.size, record?.excluded]).toEqual([600, 4]);
    expect(record?.verification.map(({ accepted, reached }) => [accepted, reached])).toEqual([
      [240, 0.01],
      [40 * 596, 596 / 600],
    ]);
    // The same with vectors of one number more.
    const marked = temporaryFolder();
    const longer = ({ names, values }: Vectors, mark: (name: string) => number): Float32Array =>
      Float32Array.from(
        names.flatMap((name, row) => [...values.subarray(row * columns, (row + 1) * columns), mark(name)]),
      );
    const values = longer(distractors, (name) => (noises.includes(name) ? 100 : 0));
    writeFeatureFolder(join(marked, 'distractors'), distractors.names, { values, columns: columns + 1 });
    writeFeatureFolder(join(marked, 'probes'), probes.names, { values: longer(probes, () => 0), columns: columns + 1 });
    const vectors = await megaface(marked, { params: { sizes: [600], rates: [0.01, 1] } });
    expect(vectors.results).toEqual(masked.results);
  });

  it('takes probes and distractors of the kit’s lists, random sets otherwise, and a second set of probes', async () => {
    const folder = temporaryFolder();
    const { probes, distractors } = written(folder);
    mkdirSync(join(folder, 'lists'));
    const list = (name: string, content: Parameters<typeof devkitList.encode>[0]): string => {
      writeFileSync(join(folder, 'lists', name), devkitList.encode(content));
      return join(folder, 'lists', name);
    };
    const paths = [...probes.names].reverse().slice(0, 20);
    const probeLists = [list('probes_list.json', { paths, ids: paths.map((path) => path.slice(0, 9)) })];
    const sets = [distractors.names.slice(100, 150), distractors.names.slice(10, 60)];
    const distractorLists = sets.map((names, index) => list(`d_list.json_50_${index + 1}`, { paths: names }));
    const listed = await megaface(folder, { inputs: { probeLists, distractorLists } });
    expect(listed.results.map(({ size, set, images }) => [size, set, images])).toEqual([
      [50, 1, 20],
      [50, 2, 20],
    ]);
    for (const [index, names] of sets.entries()) {
      const chosen = ({ names: all, values }: Vectors, some: readonly string[]): Vectors => ({
        names: some,
        values: Float32Array.from(
          some.flatMap((name) => [...values.subarray(all.indexOf(name) * columns, (all.indexOf(name) + 1) * columns)]),
        ),
      });
      const { withinRank } = byHand(chosen(probes, paths), chosen(distractors, names), columns);
      expect(listed.results[index]?.identification[0]?.value).toBe(withinRank(1));
    }
    const both = { probes: [join(folder, 'probes'), join(folder, 'probes')] };
    const drawn = await megaface(folder, { params: { sets: 2 }, inputs: both });
    expect(drawn.results.map(({ probes: name, size, set }) => `${name} ${size} ${set}`)).toEqual(
      ['facescrub', 'fgnet'].flatMap((name) =>
        ['10 1', '10 2', '100 1', '100 2', '600 1'].map((set) => `${name} ${set}`),
      ),
    );
    expect(
      drawn.results.slice(0, 5).map(({ identification, verification }) => ({ identification, verification })),
    ).toEqual(drawn.results.slice(5).map(({ identification, verification }) => ({ identification, verification })));
  });

  it('falls with planted images of probes by what they predict, and comes back when they are excluded', async () => {
    const folder = temporaryFolder();
    const spread = 0.02;
    const { probes } = written(folder, spread);
    const many = Array.from({ length: 100 }, () => 1);
    const values = personVectors(many, { columns, spread, seed: 9 });
    const names = personNames(many).map((name) => `000/${name}`);
    writeFeatureFolder(join(folder, 'distractors'), names, { values, columns });
    const before = await megaface(folder, { params: { sizes: [100] } });
    expect(before.results[0]?.identification[0]?.value).toBe(1);
    // An image of a probe itself is closer to it than every mate: all its trials as the probe are lost.
    const planted = probes.names.findIndex((name) => name.startsWith('person 4/'));
    values.set(probes.values.subarray(planted * columns, (planted + 1) * columns), 50 * columns);
    writeFeatureFolder(join(folder, 'distractors'), names, { values, columns });
    const noisy = await megaface(folder, { params: { sizes: [100] } });
    const own = byHand(probes, { names, values }, columns);
    expect(noisy.results[0]?.identification[0]?.value).toBe(own.withinRank(1));
    const lost = own.ranks.filter((rank) => rank > 0).length;
    expect(lost).toBeGreaterThanOrEqual(4);
    const mask = join(folder, 'mask');
    const none = { columns, replaced: new Map<string, number>(), replacements: new Float32Array(0) };
    writeFeatureMask(mask, { contract: 'c0ffee', excluded: [names[50] ?? ''], ...none });
    const cleaned = await megaface(folder, { params: { sizes: [100] }, inputs: { mask } });
    expect(cleaned.results[0]?.identification[0]?.value).toBe(1);
  });
});

const kit = resolve('../shared/data/megaface/devkit');

describe.skipIf(!existsSync(kit))('the lists of the development kit (skipped without ../shared/data)', () => {
  it('give 153,634 trials and 76,817 pairs of 80 people, and FG-NET beside them, among the first of its sets', async () => {
    const folder = temporaryFolder();
    const read = (name: string) => decodeFile(devkitList, join(kit, name));
    const probeSets = ['facescrub_features_list.json', 'fgnet_feature_list.json'];
    const [facescrub, fgnet] = probeSets.map(read);
    const distractorLists = [10, 100, 1000].map((size) => join(kit, `megaface_features_list.json_${size}_1`));
    const names = [...new Set(distractorLists.flatMap((list) => decodeFile(devkitList, list).paths))];
    // Images of a person are close to each other, as in the list of the kit; strangers are not.
    const vectorsOf = ({ paths, ids = paths }: DevkitList, spread: number, seed: number): Float32Array => {
      const people = [...new Set(ids)];
      const counts = people.map((person) => ids.filter((id) => id === person).length);
      const sorted = personVectors(counts, { columns: 32, spread, seed });
      const next = counts.map((_, person) => counts.slice(0, person).reduce((sum, count) => sum + count, 0));
      return Float32Array.from(
        ids.flatMap((id) => {
          const row = next[people.indexOf(id)] ?? 0;
          next[people.indexOf(id)] = row + 1;
          return [...sorted.subarray(row * 32, (row + 1) * 32)];
        }),
      );
    };
    for (const [name, list] of Object.entries({ facescrub, fgnet, distractors: { paths: names } })) {
      if (list === undefined) throw new Error(`there is no list of ${name}`);
      writeFeatureFolder(join(folder, name), list.paths, {
        values: vectorsOf(list, 0.9, name.length),
        columns: 32,
      });
    }
    const { results, kitFile, lines } = await megaface(folder, {
      params: { rates: [1e-3, 1e-6], draws: 0 },
      inputs: {
        probes: [join(folder, 'facescrub'), join(folder, 'fgnet')],
        probeLists: probeSets.map((name) => join(kit, name)),
        distractorLists,
      },
    });
    expect(
      results.map(({ probes, size, images, people, trials }) => ({ probes, size, images, people, trials })),
    ).toEqual(
      [
        { probes: 'facescrub', images: 3530, people: 80, trials: 153_634 },
        { probes: 'fgnet', images: 975, people: 82, trials: 11_084 },
      ].flatMap((facts) => [10, 100, 1000].map((size) => ({ ...facts, size }))),
    );
    expect(lines).toContain('Loaded 3530 probes spanning 80 classes');
    expect(lines).toContain('Allocating ranks (1080)');
    const matches = kitFile('matches_facescrub_megaface_test_1000_1.json') as { probes: { rank: number[] } }[];
    const ranks = matches.flatMap(({ probes: { rank } }) => rank);
    expect(ranks.length).toBe(153_634);
    const first = results[2]?.identification[0]?.value ?? NaN;
    expect(first).toBe(ranks.filter((rank) => rank === 0).length / 153_634);
    expect(first).toBeGreaterThan(0.5);
    expect(first).toBeLessThan(0.99);
    // TAR is a share of unordered pairs: a multiple of 1 / 76,817.
    const [accepted = NaN] = results[2]?.verification.map(({ value }) => value * 76_817) ?? [];
    expect(accepted).toBeCloseTo(Math.round(accepted), 6);
    expect(accepted).toBeGreaterThan(0);
  });
});

describe('megaface refuses', () => {
  it('features that do not tell a contract, unless they are accepted, which the result tells', async () => {
    const folder = temporaryFolder();
    written(folder);
    const index = join(folder, 'distractors', 'features.json');
    const { contract, ...others } = JSON.parse(readFileSync(index, 'utf8')) as Record<string, unknown>;
    expect(contract).toBe('c0ffee');
    writeFileSync(index, JSON.stringify(others));
    expect(await refusalOf(() => megaface(folder))).toBe(
      'unproven-features: the features of the distractors tell no contract, so that nothing proves that they are of the same network and preprocessing',
    );
    const accepted = await megaface(folder, { params: { sizes: [600], withoutContract: 'accept' } });
    expect(accepted.lines).toContain(
      'the features of the distractors tell no contract: nothing proves that they may be compared',
    );
    const result = JSON.parse(readFileSync(join(folder, 'megaface.json'), 'utf8')) as Record<string, unknown>;
    expect(result['withoutContract']).toEqual(['the distractors']);
    written(folder);
    const proven = await megaface(folder, { params: { sizes: [600], withoutContract: 'accept' } });
    expect(proven.results).toEqual(accepted.results);
    expect(JSON.parse(readFileSync(join(folder, 'megaface.json'), 'utf8'))).not.toHaveProperty('withoutContract');
  });

  it('features of two networks, of two lengths, and a mask of others', async () => {
    const folder = temporaryFolder();
    const { distractors } = written(folder);
    const other = { values: distractors.values, columns, contract: 'decade' };
    writeFeatureFolder(join(folder, 'distractors'), distractors.names, other);
    expect(await refusalOf(() => megaface(folder))).toBe(
      `other-contract: the features are of another network or preprocessing than those of ${join(folder, 'probes')}: contract decade, expected c0ffee`,
    );
    writeFeatureFolder(join(folder, 'distractors'), distractors.names.slice(0, 300), {
      values: distractors.values.map((value) => value / Math.SQRT2),
      columns: 2 * columns,
    });
    expect(await refusalOf(() => megaface(folder))).toBe(
      'feature-length: the feature of each image has 16 numbers, expected 8',
    );
    written(folder);
    const mask = join(folder, 'mask');
    const none = { columns, excluded: [], replaced: new Map<string, number>(), replacements: new Float32Array(0) };
    writeFeatureMask(mask, { contract: 'decade', ...none });
    expect(await refusalOf(() => megaface(folder, { inputs: { mask } }))).toMatch(/^other-contract: /);
  });

  it('vectors that are not finite, zero or of another length than 1, among the probes as among the distractors', async () => {
    const folder = temporaryFolder();
    const { probes, distractors } = written(folder);
    for (const [what, { names, values }] of Object.entries({ probes, distractors })) {
      for (const [factor, code, message] of [
        [NaN, 'feature-not-finite', 'is not made of finite numbers'],
        [0, 'zero-feature', 'is zero in all its numbers'],
        [0.5, 'feature-not-unit', 'has length 0.500000, expected 1'],
      ] as const) {
        const row = names.length - 2;
        const odd = values.map((value, at) => (Math.floor(at / columns) === row ? value * factor : value));
        writeFeatureFolder(join(folder, what), names, { values: odd, columns });
        expect(await refusalOf(() => megaface(folder))).toBe(`${code}: the feature of ${names[row] ?? ''} ${message}`);
      }
      writeFeatureFolder(join(folder, what), names, { values, columns });
    }
    expect(await refusalOf(() => megaface(folder, { params: { sizes: [600] } }))).toBe('none');
  });

  it('probes without mates, images on both sides, lists that do not match, and more distractors than there are', async () => {
    const folder = temporaryFolder();
    const { probes, distractors } = written(folder);
    expect(await refusalOf(() => megaface(folder, { params: { sizes: [601] } }))).toBe(
      'too-few-distractors: 601 distractors are asked for, and there are 600',
    );
    expect(await refusalOf(() => megaface(folder, { inputs: { probeLists: ['a', 'b'] } }))).toBe(
      'probe-lists-mismatch: 2 lists of probes are given for 1 sets of probes',
    );
    const list = join(folder, 'd_list.json');
    writeFileSync(list, devkitList.encode({ paths: ['x/1.jpg', distractors.names[0] ?? '', 'x/2.jpg'] }));
    expect(await refusalOf(() => megaface(folder, { inputs: { distractorLists: [list] } }))).toBe(
      'missing-features: 2 of 3 images that are asked for have no features: x/1.jpg, x/2.jpg',
    );
    const twice = [0, 1, 0].map((row) => distractors.names[row] ?? '');
    writeFileSync(list, devkitList.encode({ paths: twice }));
    expect(await refusalOf(() => megaface(folder, { inputs: { distractorLists: [list] } }))).toBe(
      `unusable-list: 1 of 2 images are listed more than once: ${twice[0] ?? ''}`,
    );
    writeFileSync(list, devkitList.encode({ paths: probes.names.with(1, probes.names[0] ?? '') }));
    expect(await refusalOf(() => megaface(folder, { inputs: { probeLists: [list] } }))).toMatch(
      /^unusable-list: 1 of /,
    );
    writeFileSync(list, devkitList.encode({ paths: [] }));
    expect(await refusalOf(() => megaface(folder, { inputs: { distractorLists: [list] } }))).toBe(
      'unusable-list: the list names no image',
    );
    const both = { probes: [join(folder, 'probes'), join(folder, 'probes')] };
    expect(await refusalOf(() => megaface(folder, { inputs: both, params: { probeNames: ['fgnet'] } }))).toBe(
      'same-names: two sets of probes are called fgnet, so that the files of one would take the place of those of the other',
    );
    const names = distractors.names.with(4, probes.names[0] ?? '');
    writeFeatureFolder(join(folder, 'distractors'), names, { values: distractors.values, columns });
    expect(await refusalOf(() => megaface(folder))).toBe(
      'probe-among-distractors: 1 images are probes and distractors: person 0/0.jpg',
    );
    writeFeatureFolder(join(folder, 'distractors'), names.with(3, names[2] ?? ''), {
      values: distractors.values,
      columns,
    });
    expect(await refusalOf(() => megaface(folder))).toMatch(/^repeated-feature: /);
    writeFeatureFolder(join(folder, 'probes'), personNames([1, 1]), { values: probes.values.slice(0, 16), columns });
    expect(await refusalOf(() => megaface(folder))).toBe(
      'no-trials: none of the 2 probes of facescrub has a second image of the same person, so that there is nothing to find',
    );
  });
});
