import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { VerificationFile } from '../../src/kit/face/verification-result.ts';
import { type VerificationSet, writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import type { Inputs, Params } from '../../stages/verify/contract.ts';
import { run } from '../../stages/verify/run.ts';
import { jpeg, temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { refusalOf } from '../kit/refusal.ts';
import { linearModel, side } from './linear-model.ts';

/** Forty pairs: of one person where the number of the pair is even; nobody is in two pairs but the second ones of the odd pairs. */
const pairs = Array.from({ length: 40 }, (_, pair) => ({
  same: pair % 2 === 0,
  left: pair,
  right: pair % 2 === 0 ? pair : pair + 40,
}));
const set: VerificationSet = {
  images: pairs.flatMap(({ left, right, same }) => [jpeg(left, side), jpeg(same ? left + 100 : right, side)]),
  same: pairs.map(({ same }) => same),
};
const protocol = [
  '1\t20',
  ...pairs.map(({ same, left, right }) => (same ? `p${left}\t1\t2` : `p${left}\t1\tp${right}\t1`)),
  '',
];
/** Those of even pairs alternate; both of an odd pair are of one group, or of two. */
const groupOf = (person: number): string => (person % 4 < 2 ? 'north' : 'south');
const groupList = Array.from({ length: 80 }, (_, person) => `p${person}\t${groupOf(person)}\n`).join('');

const params: Params = {
  ...{ folds: 4, batch: 8, engine: 'auto', rates: [0.5, 0.05], protocolFolds: [], quality: [], names: [], max: [] },
  ...{ mistakes: false, draws: 100, embeddings: 'none' },
};

interface Job {
  readonly params?: Partial<Params>;
  readonly inputs?: Partial<Inputs>;
}

function prepared(): string {
  const folder = temporaryFolder();
  linearModel(join(folder, 'model'));
  writeVerificationSet(join(folder, 'lfw.bin'), set);
  writeFileSync(join(folder, 'pairs.txt'), protocol.join('\n'));
  writeFileSync(join(folder, 'groups.tsv'), groupList);
  return folder;
}

async function verify(folder: string, job: Job = {}) {
  const lines: string[] = [];
  const figures: Record<string, number> = {};
  const outputs = { verification: join(folder, 'verification.json'), details: join(folder, 'details') };
  await run({
    params: { ...params, ...job.params },
    inputs: {
      ...{ model: [join(folder, 'model')], pairs: [join(folder, 'lfw.bin')], protocol: [join(folder, 'pairs.txt')] },
      ...{ groups: join(folder, 'groups.tsv'), faces: [], ...job.inputs },
    },
    ...{ outputs, scratch: folder, seed: 1, signal: new AbortController().signal, cpus: 1 },
    engine: trainingEngine('cpu').identity,
    emit(event) {
      if (event.type === 'log') lines.push(event.message);
      if (event.type === 'metric') figures[event.name] = event.value;
    },
  });
  const [result] = (JSON.parse(readFileSync(outputs.verification, 'utf8')) as VerificationFile).results;
  if (result === undefined) throw new Error('no result');
  return { result, lines, figures };
}

describe('verify with a list of groups', () => {
  it('tells the errors of each group and across groups at the threshold of the whole set, in the file, as figures and in words', async () => {
    const { result, lines, figures } = await verify(prepared());
    const [point, ...others] = result.groups?.points ?? [];
    expect(others.map(({ far }) => far)).toEqual([0.05]);
    const whole = result.uncertainty?.tarAtFar[0];
    expect(point).toMatchObject({ far: 0.5, distance: whole?.distance, reached: whole?.reached });
    const cells = point?.cells ?? [];
    expect(cells.map(({ groups }) => groups)).toEqual([['north'], ['south']]);
    const rejected = cells.reduce((sum, { fnmr }) => sum + (fnmr?.errors ?? NaN), 0);
    expect(rejected / 20).toBeCloseTo(1 - (whole?.value ?? NaN), 12);
    const accepted = cells.reduce((sum, { fmr }) => sum + (fmr?.errors ?? NaN), 0);
    expect(accepted / 20).toBeCloseTo(whole?.reached ?? NaN, 12);
    expect(figures).toMatchObject({
      'north/fnmrAtFmr5e-1': cells[0]?.fnmr?.value,
      'south/fmrAtFmr5e-1': cells[1]?.fmr?.value,
      'north less south/fmrAtFmr5e-1': (cells[0]?.fmr?.value ?? NaN) - (cells[1]?.fmr?.value ?? NaN),
    });
    expect(figures).toHaveProperty('north less south/fmrAtFmr5e-1Low');
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^\[lfw]north: FNMR 0\.\d{5} \[.*\] \(\d+ of 10\), FMR .* \(\d+ of 10\) at the threshold of FMR 0\.5$/,
      ),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^\[lfw]fewer than 30 errors, so that rates and gaps say little: north at FMR 0\.5: \d+ false/,
      ),
    );
  });

  it('names impostors across two groups separately, counts images without a group, and takes an image before its person', async () => {
    const folder = prepared();
    const list = groupList
      .split('\n')
      .filter((line) => !line.startsWith('p41\t') && line !== '')
      .map((line) => line.replace('\t', ','));
    writeFileSync(
      join(folder, 'groups.tsv'),
      [...list, 'p0/p0_0002.jpg,south', 'p43_0001,north', 'nobody,west', ''].join('\n'),
    );
    const { result, lines, figures } = await verify(folder);
    expect(result.groups?.names).toEqual(['north', 'south']);
    expect(result.groups).toMatchObject({ imagesWithout: 1, pairsWithout: 1 });
    const across = result.groups?.points[0]?.cells.find(({ groups }) => groups.length === 2);
    // One image of p0 is in the other group, and p43 of pair 3 is.
    expect([across?.fnmr?.pairs, across?.fmr?.pairs]).toEqual([1, 1]);
    expect(figures).toHaveProperty('north x south/fmrAtFmr5e-1');
    // Twenty of the eighty people are in no pair.
    expect(lines).toContain('[lfw]21 names of the list of groups are no person and no image of the set');
    expect(lines).toContain('[lfw]1 of 80 images are in no group: their pairs count for the whole set only');
  });

  it('knows who is who by the names, for all its intervals', async () => {
    const folder = prepared();
    const named = await verify(folder);
    const unnamed = await verify(folder, { inputs: { protocol: [], groups: undefined } });
    expect(named.result.accuracy).toBe(unnamed.result.accuracy);
    expect(named.result.groups).toBeDefined();
    expect(unnamed.result.groups).toBeUndefined();
  });

  it('of a set of some folds takes these folds of the protocol', async () => {
    const folder = prepared();
    const lines = [
      '2\t10',
      ...[0, 1].flatMap((fold) => {
        const own = pairs
          .slice(20 * fold, 20 * fold + 20)
          .map(({ same, left, right }) => ({ same, text: same ? `p${left}\t1\t2` : `p${left}\t1\tp${right}\t1` }));
        return [...own.filter(({ same }) => same), ...own.filter(({ same }) => !same)].map(({ text }) => text);
      }),
      '',
    ];
    writeFileSync(join(folder, 'pairs.txt'), lines.join('\n'));
    writeVerificationSet(join(folder, 'lfw.bin'), { images: set.images.slice(40), same: set.same.slice(20) });
    expect(await refusalOf(() => verify(folder))).toBe(
      'other-protocol: the set was not packed from this protocol: it has 40 pairs, the set lfw has 20',
    );
    const { result } = await verify(folder, { params: { protocolFolds: [2] } });
    expect(result.groups?.points[0]?.cells.map(({ fnmr }) => fnmr?.pairs)).toEqual([5, 5]);
  });

  it('refuses what it has no names for, another protocol, and lists that do not fit', async () => {
    const folder = prepared();
    const groups = join(folder, 'groups.tsv');
    expect(await refusalOf(() => verify(folder, { inputs: { protocol: [] } }))).toBe(
      'names-needed: groups are given by name, and a verification set (.bin) holds images without names',
    );
    const two = [join(folder, 'pairs.txt'), join(folder, 'pairs.txt')];
    expect(await refusalOf(() => verify(folder, { inputs: { protocol: two } }))).toBe(
      'protocols-do-not-match: expected a protocol for each of the 1 verification sets, found 2',
    );
    writeFileSync(join(folder, 'pairs.txt'), protocol.toSpliced(1, 2, protocol[2] ?? '', protocol[1] ?? '').join('\n'));
    expect(await refusalOf(() => verify(folder))).toBe(
      'other-protocol: the set was not packed from this protocol: pair 1 is of one person in the set lfw, and of two people in the protocol',
    );
    writeFileSync(join(folder, 'pairs.txt'), protocol.join('\n'));
    writeFileSync(groups, 'somebody\tnorth\n');
    expect(await refusalOf(() => verify(folder))).toBe(
      'bad-groups: none of the 1 names is a person or an image of the set lfw',
    );
    writeFileSync(groups, '');
    expect(await refusalOf(() => verify(folder))).toBe('bad-groups: the list of groups is empty');
    writeFileSync(groups, 'p1\tnorth\np3\tnorth\n');
    expect(await refusalOf(() => verify(folder))).toBe(
      'no-grouped-pairs: no pair of the set lfw has both of its images in a group',
    );
    writeFileSync(groups, Array.from({ length: 80 }, (_, person) => `p${person}\tgroup ${person}\n`).join(''));
    expect(await refusalOf(() => verify(folder))).toBe(
      'too-many-groups: the list has 60 groups, at most 20 are compared with each other',
    );
  });

  it('goes by the names of the images that are left where some cannot be read', async () => {
    const folder = prepared();
    const images = set.images.map((bytes, image) => (image === 8 ? Buffer.from('nothing') : bytes));
    writeVerificationSet(join(folder, 'lfw.bin'), { images, same: set.same });
    const { result } = await verify(folder, { params: { unreadable: 'drop' } });
    const whole = await verify(prepared());
    const without = <Item>(items: readonly Item[]) => items.filter((_, image) => image !== 8 && image !== 9);
    expect(result.leftOut?.pairs).toEqual([4]);
    expect(result.groups?.of).toEqual(without(whole.result.groups?.of ?? []));
  });
});

describe('verify with qualities', () => {
  /** What align says of the images of the even pairs: higher scores for later ones; none of p0. */
  const faces = pairs
    .filter(({ same }) => same)
    .flatMap(({ left }) =>
      [1, 2].map((number) => {
        const file = `p${left}/p${left}_000${number}.png`;
        return JSON.stringify({
          ...{ image: file.replace('png', 'jpg'), identity: `p${left}`, outcome: 'aligned', file },
          ...(left === 0 ? {} : { score: 0.5 + left / 100 }),
        });
      }),
    );

  it('tells the error against the discarded share by norm, blur and the score of the detector, in the file and as figures', async () => {
    const folder = prepared();
    writeFileSync(join(folder, 'faces.ndjson'), `${faces.join('\n')}\n`);
    const { result, lines, figures } = await verify(folder, {
      params: { quality: ['norm', 'blur', 'score'], rates: [0.5] },
      inputs: { groups: undefined, faces: [join(folder, 'faces.ndjson')] },
    });
    expect(result.discard?.map(({ quality, pairs: known, without }) => [quality, known, without])).toEqual([
      ['norm', 20, 0],
      ['blur', 20, 0],
      ['score', 19, 1],
    ]);
    const score = result.discard?.[2];
    // By this score the pairs leave in their order, p0 being left out.
    const distance = score?.distance ?? NaN;
    const rejected = pairs.flatMap(({ same }, pair) =>
      same && pair > 0 ? [(result.distances[pair] ?? 0) > distance] : [],
    );
    for (const { share, fnmr } of score?.curve ?? []) {
      const left = rejected.slice(Math.floor(share * 19 + 1e-9));
      expect(fnmr).toBeCloseTo(left.filter(Boolean).length / left.length, 6);
    }
    expect(figures['discardByScore/areaAtFmr5e-1']).toBe(score?.area.value);
    expect(figures).toHaveProperty('discardByNorm/areaAtFmr5e-1Low');
    expect(lines).toContain('[lfw]1 pairs of one person have no score: they are left out of its curve');
    expect(lines).toContainEqual(
      expect.stringMatching(/^\[lfw]FNMR while the 0 to 30 % of lowest blur are discarded: 0\.\d{5} /),
    );
  });

  it('refuses a score that nothing has, and what is no file of faces', async () => {
    const folder = prepared();
    const file = join(folder, 'faces.ndjson');
    const withScore = (inputs: Partial<Inputs>) => () => verify(folder, { params: { quality: ['score'] }, inputs });
    expect(await refusalOf(withScore({}))).toBe(
      'scores-needed: the quality "score" needs the port "faces": nothing else has the scores of a detector',
    );
    expect(await refusalOf(withScore({ groups: undefined, protocol: [], faces: [file] }))).toBe(
      'names-needed: scores of a detector are given by name, and a verification set (.bin) holds images without names',
    );
    writeFileSync(file, `${JSON.stringify({ image: 'somebody/1.jpg', score: 1 })}\n`);
    expect(await refusalOf(withScore({ faces: [file] }))).toBe(
      'no-scores: no pair of one person of the set lfw has a score of the detector for both images; 0 of its images have one',
    );
    writeFileSync(file, 'p0 0.5\n');
    expect(await refusalOf(withScore({ faces: [file] }))).toBe(
      'bad-faces: expected a line of JSON for each image, as align writes (faces.ndjson), found a line that is no JSON',
    );
    writeFileSync(file, '{"score":1}\n');
    expect(await refusalOf(withScore({ faces: [file] }))).toBe(
      'bad-faces: expected a line of JSON for each image, as align writes (faces.ndjson), found a line without "image"',
    );
  });
});
