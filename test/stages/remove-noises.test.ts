import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { devkitList } from '../../src/kit/codec/megaface/devkit-list.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { readFeatureMask } from '../../src/kit/face/features/feature-mask.ts';
import { FeatureStore } from '../../src/kit/face/features/feature-store.ts';
import { listedRows } from '../../src/kit/face/features/listed-rows.ts';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import type { Inputs, Params } from '../../stages/remove-noises/contract.ts';
import { run } from '../../stages/remove-noises/run.ts';
import { printedFailure, temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { someContract, storeOf } from '../kit/face/features/store-of.ts';

const params: Params = { clean: 'both', form: 'mask', layout: 'matrix', suffix: '', missing: 'fail' };

interface Job {
  readonly params?: Partial<Params>;
  readonly inputs?: Partial<Inputs>;
  readonly seed?: number;
}

async function clean(folder: string, job: Job): Promise<readonly StageEvent[]> {
  const events: StageEvent[] = [];
  await run({
    params: { ...params, ...job.params },
    inputs: {
      ...{ probes: undefined, probeNoises: undefined, probeList: undefined },
      ...{ distractors: undefined, distractorNoises: undefined, distractorList: undefined },
      ...job.inputs,
    },
    outputs: {
      ...{ mask: join(folder, 'mask'), noises: join(folder, 'noises.json') },
      ...{ probes: join(folder, 'FaceScrub_Features'), distractors: join(folder, 'MegaFace_Features') },
    },
    scratch: folder,
    seed: job.seed ?? 1,
    signal: new AbortController().signal,
    engine: { name: 'cpu', version: '0' },
    cpus: 1,
    emit: (event) => events.push(event),
  });
  return events;
}

const probes = [
  ['Ada/Ada_1.png', [0.6, 0.8, 0]],
  ['Ada/Ada_2.png', [0, 0, 1]],
  ['Ada/Ada_3.png', [0.8, 0.6, 0]],
  ['Ben/Ben_1.png', [0, 1, 0]],
] as const;
const distractors = [
  ['375/a@N00/1_0.jpg', [1, 0, 0]],
  ['375/a@N00/1_1.jpg', [0, -1, 0]],
  ['925/b@N00/1_0.jpg', [0, 0, -1]],
] as const;

/** Ada's second image and one distractor are noise; the lists name others besides, one of them twice. */
function prepared(): { readonly folder: string; readonly inputs: Partial<Inputs> } {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'facescrub_noises.txt'), '#a comment\nAda_2.png\nZoe_1.png\n');
  writeFileSync(join(folder, 'megaface_noises.txt'), '#a comment\n375/a@N00/1_1.jpg\n1/c/1_0.jpg\n375/a@N00/1_1.jpg\n');
  return {
    folder,
    inputs: {
      probes: storeOf(join(folder, 'probes'), probes),
      probeNoises: join(folder, 'facescrub_noises.txt'),
      distractors: storeOf(join(folder, 'distractors'), distractors),
      distractorNoises: join(folder, 'megaface_noises.txt'),
    },
  };
}

describe('remove-noises', () => {
  it('masks noise: distractors are excluded, probes get the centre of the clean images of their person', async () => {
    const { folder, inputs } = prepared();
    const events = await clean(folder, { inputs });
    const mask = readFeatureMask(join(folder, 'mask'));
    expect(mask).toMatchObject({ contract: someContract, excluded: ['375/a@N00/1_1.jpg'], columns: 3 });
    expect([...mask.replaced]).toEqual([['Ada/Ada_2.png', 0]]);
    const sum = [1.4, 1.4, 0];
    for (const [column, value] of sum.entries()) {
      // Noise of 0.001 at most in each dimension, before the length becomes 1.
      expect(Math.abs((mask.replacements[column] ?? 0) - value / Math.hypot(...sum))).toBeLessThan(0.001);
    }
    expect(mask.replacements[2]).not.toBe(0);
    expect(Math.hypot(...mask.replacements)).toBeCloseTo(1, 6);
    expect(events.filter(({ type }) => type === 'metric')).toEqual(
      Object.entries({
        ...{ 'probes entries': 2, 'probes matched': 1, 'probes unused': 1, 'probes missing': 0 },
        ...{ 'distractors entries': 3, 'distractors matched': 1, 'distractors unused': 1, 'distractors missing': 0 },
      }).map(([name, value]) => ({ type: 'metric', name, value })),
    );
    expect(JSON.parse(readFileSync(join(folder, 'noises.json'), 'utf8'))).toMatchObject({
      probes: { images: 4, noises: ['Ada/Ada_2.png'], unusedNames: ['Zoe_1.png'] },
      distractors: { images: 3, entries: 3, distinct: 2, noises: ['375/a@N00/1_1.jpg'], unusedNames: ['1/c/1_0.jpg'] },
    });
    expect(existsSync(join(folder, 'FaceScrub_Features', 'features.json'))).toBe(false);
  });

  it('draws the same noise for the same seed, and other noise for another', async () => {
    const masks = [1, 1, 2].map(async (seed) => {
      const { folder, inputs } = prepared();
      await clean(folder, { inputs, seed });
      return readFeatureMask(join(folder, 'mask')).replacements;
    });
    const [one, again, other] = await Promise.all(masks);
    expect(one).toEqual(again);
    expect(one).not.toEqual(other);
  });

  it('writes vectors with an extra dimension, exactly as remove_noises.py has them', async () => {
    const { folder, inputs } = prepared();
    await clean(folder, { inputs, params: { form: 'vectors' } });
    const rowsOf = (name: string): number[][] => {
      const store = new FeatureStore(join(folder, name));
      return Array.from(store.names, (_, row) => [...store.read(row, 1)]);
    };
    const f = Math.fround;
    expect(rowsOf('MegaFace_Features')).toEqual([
      [1, 0, 0, 0],
      [0, -1, 0, 100],
      [0, 0, -1, 0],
    ]);
    const { replacements } = readFeatureMask(join(folder, 'mask'));
    expect(rowsOf('FaceScrub_Features')).toEqual([
      [f(0.6), f(0.8), 0, 0],
      [...replacements, 0],
      [f(0.8), f(0.6), 0, 0],
      [0, 1, 0, 0],
    ]);
    const contracts = ['FaceScrub_Features', 'MegaFace_Features'].map(
      (name) => new FeatureStore(join(folder, name)).index.contract,
    );
    expect(new Set([...contracts, someContract]).size).toBe(2);
  });

  it("writes the development kit's files of 513 numbers: 2,068 bytes that begin 01020000 01000000 04000000 05000000", async () => {
    const { folder } = prepared();
    const long = (first: number): number[] => [first, ...Array.from({ length: 511 }, () => 0.01)];
    const inputs: Partial<Inputs> = {
      distractors: storeOf(
        join(folder, 'long'),
        distractors.map(([name, [first]]) => [name, long(first)]),
        { layout: 'files', suffix: '_r100_112x112' },
      ),
      distractorNoises: join(folder, 'megaface_noises.txt'),
    };
    await clean(folder, { inputs, params: { form: 'vectors', layout: 'files', suffix: '_r100_cm_112x112' } });
    const file = readFileSync(join(folder, 'MegaFace_Features/375/a@N00/1_1.jpg_r100_cm_112x112.bin'));
    expect(file).toHaveLength(2068);
    expect(file.subarray(0, 16).toString('hex')).toBe('01020000010000000400000005000000');
    expect(file.readFloatLE(16 + 4 * 512)).toBe(100);
  });

  it('cleans one of the two, or none, for tables with and without', async () => {
    const found: unknown[] = [];
    for (const which of ['none', 'probes', 'distractors', 'both'] as const) {
      const { folder, inputs } = prepared();
      const events = await clean(folder, { inputs, params: { clean: which } });
      const { excluded, replaced } = readFeatureMask(join(folder, 'mask'));
      const left = events.filter((event) => event.type === 'log' && event.message.endsWith('left as they are'));
      found.push([which, excluded.length, replaced.size, left.length]);
      expect(events).toContainEqual({ type: 'metric', name: 'distractors matched', value: 1 });
    }
    expect(found).toEqual([
      ['none', 0, 0, 2],
      ['probes', 0, 1, 1],
      ['distractors', 1, 0, 1],
      ['both', 1, 1, 0],
    ]);
  });

  it('takes the images of lists only, and names those without features', async () => {
    const { folder, inputs } = prepared();
    const list = join(folder, 'probes_list.json');
    writeFileSync(
      list,
      JSON.stringify({ path: ['Ada/Ada_2.png', 'Ada/Ada_1.png', 'Zoe/Zoe_1.png'], id: ['A', 'A', 'Z'] }),
    );
    const events = await clean(folder, { inputs: { ...inputs, probeList: list }, params: { missing: 'skip' } });
    const [first = 0, second = 0] = readFeatureMask(join(folder, 'mask')).replacements;
    expect(first / second).toBeCloseTo(0.75, 1);
    expect(events).toContainEqual({
      ...{ type: 'log', level: 'warning', message: 'probes without features: 1, Zoe/Zoe_1.png' },
    });
  });
});

describe('remove-noises refuses', () => {
  async function printed(change: (inputs: Partial<Inputs>, folder: string) => Job): Promise<string> {
    const { folder, inputs } = prepared();
    const text = await printedFailure(() => clean(folder, change(inputs, folder)));
    return text.replaceAll(folder, '<folder>').trimEnd();
  }

  it('nothing-to-clean', async () => {
    expect(await printed(() => ({}))).toMatchInlineSnapshot(`
      "nothing-to-clean: neither probes nor distractors are given
        Bind probes with probeNoises, distractors with distractorNoises, or both."
    `);
    expect(await printed(({ probes: only }) => ({ inputs: { probes: only } }))).toContain('no list of noise is given');
    expect(
      await printed(({ probes: one, distractorNoises }) => ({ inputs: { probes: one, distractorNoises } })),
    ).toContain('distractorNoises is given without distractors');
  });

  it('noise-names-differ', async () => {
    const text = await printed((inputs, folder) => {
      writeFileSync(join(folder, 'jpg.txt'), 'Ada_2.jpg\nZoe_1.jpg\n');
      return { inputs: { ...inputs, probeNoises: join(folder, 'jpg.txt') } };
    });
    expect(text).toMatchInlineSnapshot(`
      "<folder>/jpg.txt: noise-names-differ: none of its 2 names is that of one of the probes, but 1 have the file name of one without its ending: Ada_2.jpg is listed, the features have Ada/Ada_2.png
        Align with the ending and the folders that the list has: encoding: png for FaceScrub, jpg for MegaFace."
    `);
  });

  it('noise-lists-swapped', async () => {
    const text = await printed((inputs) => {
      return { inputs: { ...inputs, probeNoises: inputs.distractorNoises, distractorNoises: inputs.probeNoises } };
    });
    expect(text).toMatchInlineSnapshot(`
      "<folder>/megaface_noises.txt: noise-lists-swapped: none of its names is that of one of the probes, but 1 are those of distractors
        Bind the list of FaceScrub to probeNoises, and that of MegaFace to distractorNoises."
    `);
  });

  it('none-clean', async () => {
    const text = await printed((inputs, folder) => {
      writeFileSync(join(folder, 'all.txt'), 'Ben_1.png\n');
      return { inputs: { ...inputs, probeNoises: join(folder, 'all.txt') } };
    });
    expect(text).toMatchInlineSnapshot(`
      "<folder>/probes: none-clean: all probes of Ben are noise: there is no centre that could replace them
        Leave these people out with probeList, or their images out of the list of noise."
    `);
  });

  it('features of two networks, features that are missing', async () => {
    const mixed = await printed((inputs, folder) => {
      return {
        inputs: { ...inputs, distractors: storeOf(join(folder, 'x'), distractors, { contract: 'c'.repeat(64) }) },
      };
    });
    expect(mixed).toContain('<folder>/x/features.json: other-contract: ');
    const missing = await printed((inputs, folder) => {
      writeFileSync(join(folder, 'm_list.json'), JSON.stringify({ path: ['375/a@N00/1_0.jpg', '1/c/1_0.jpg'] }));
      return { inputs: { ...inputs, distractorList: join(folder, 'm_list.json') } };
    });
    expect(missing).toContain(
      '<folder>/distractors: missing-features: 1 of 2 images that are asked for have no features: 1/c/1_0.jpg',
    );
  });
});

const published = resolve('../shared/data/megaface');
const isThere = existsSync(published);

describe.skipIf(!isThere)(`the published lists (${isThere ? 'there' : 'not there: not tested'})`, () => {
  const kit = join(published, 'devkit');

  /** Features of one number for each image of a list of the kit, stored once. */
  function storeOfList(folder: string, list: string): string {
    return storeOf(
      folder,
      decodeFile(devkitList, join(kit, list)).paths.map((path) => [path, [1, 1]] as const),
    );
  }

  it('match 24 of the probes and 0, 0, 0, 7, 80 of the distractors, of 605 and 719 (707) entries', async () => {
    const matches: number[] = [];
    for (const size of [10, 100, 1000, 10_000, 100_000]) {
      const folder = temporaryFolder();
      await clean(folder, {
        inputs: {
          probes: storeOfList(join(folder, 'probes'), 'facescrub_features_list.json'),
          probeNoises: join(published, 'facescrub_noises.txt'),
          distractors: storeOfList(join(folder, 'distractors'), `megaface_features_list.json_${size}_1`),
          distractorNoises: join(published, 'megaface_noises.txt'),
        },
      });
      const found = JSON.parse(readFileSync(join(folder, 'noises.json'), 'utf8')) as Record<
        string,
        Record<string, number>
      >;
      expect(found['probes']).toMatchObject({ images: 3530, entries: 605, distinct: 605, matched: 24, unused: 581 });
      expect(found['distractors']).toMatchObject({ images: size, entries: 719, distinct: 707 });
      matches.push(found['distractors']?.['matched'] ?? -1);
    }
    expect(matches).toEqual([0, 0, 0, 7, 80]);
  });

  it('and the list of probes gives 153,634 trials and 76,817 pairs', () => {
    const folder = storeOfList(temporaryFolder(), 'facescrub_features_list.json');
    const list = join(kit, 'facescrub_features_list.json');
    const { people } = listedRows(new FeatureStore(folder), { list, parts: 2, missing: 'fail' });
    const counts = new Map<string, number>();
    for (const person of people) counts.set(person, (counts.get(person) ?? 0) + 1);
    const trials = [...counts.values()].reduce((sum, count) => sum + count * (count - 1), 0);
    expect([counts.size, trials, trials / 2]).toEqual([80, 153_634, 76_817]);
  });
});
