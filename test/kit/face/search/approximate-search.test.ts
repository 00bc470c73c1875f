import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import { packageFolder } from '../../../../src/core/package-folder.ts';
import { Random } from '../../../../src/core/random.ts';
import { ApproximateSearch, type MarkedVector } from '../../../../src/kit/face/search/approximate-search.ts';
import { loadUsearch, usearchVersion } from '../../../../src/kit/face/search/usearch.ts';
import { VectorSearch, type VectorOwner } from '../../../../src/kit/face/search/vector-search.ts';

const columns = 128;
const contract = 'ab'.repeat(32);

type Stored = MarkedVector & VectorOwner;

/** Five images of each person, around a direction of its own. */
function drawnPersons(count: number, seed: number): Map<number, Stored> {
  const random = Random.derive(seed, 'persons');
  const stored = new Map<number, Stored>();
  const centres = Array.from({ length: Math.ceil(count / 5) }, () =>
    Float64Array.from({ length: columns }, () => random.normal()),
  );
  for (let id = 1; id <= count; id += 1) {
    const person = id % centres.length;
    const values = Float64Array.from({ length: columns }, (_, at) => (centres[person]?.[at] ?? 0) + random.normal());
    const length = Math.hypot(...values);
    const vector = Float32Array.from(values, (value) => value / length);
    stored.set(id, { id, mark: Math.imul(id, 2_654_435_761) >>> 0, owner: `p${person}`, group: 1, vector });
  }
  return stored;
}

function readerOf(stored: ReadonlyMap<number, Stored>) {
  return (ids: readonly number[]): Stored[] => ids.flatMap((id) => stored.get(id) ?? []);
}

function pairsOf(stored: ReadonlyMap<number, Stored>): Uint32Array {
  return Uint32Array.from([...stored.values()].flatMap(({ id, mark }) => [id, mark]));
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'flow-graph-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

function product(query: Float32Array, vector: Float32Array | undefined): number {
  return query.reduce((sum, value, at) => sum + value * (vector?.[at] ?? NaN), 0);
}

function open(): Promise<ApproximateSearch> {
  return ApproximateSearch.open({ columns, contract, threads: 2 });
}

/**
 * Which share of what the exact search answers this one has too. What it answers besides is true: a vector of that owner with its own
 * score, which may not be the owner's best.
 */
async function recall(search: ApproximateSearch, stored: ReadonlyMap<number, Stored>, seed: number): Promise<number> {
  const exact = new VectorSearch({ columns, threads: 1 });
  await exact.add([...stored.values()]);
  const random = Random.derive(seed, 'queries');
  let [found, wanted, first] = [0, 0, 0];
  for (let round = 0; round < 30; round += 1) {
    const some = [...stored.values()][random.integer(stored.size)];
    if (some === undefined) throw new Error('there are vectors');
    const query = round % 2 === 0 ? some.vector : some.vector.map((value, at) => value + 0.05 * Math.sin(at * round));
    const request = { query, group: 1, count: 5, read: readerOf(stored) };
    const answer = await search.nearest(request);
    expect(answer).toHaveLength(5);
    const scores = new Map((await exact.nearest({ ...request, count: stored.size })).map((each) => [each.owner, each]));
    for (const { id, owner, score } of answer) {
      expect(stored.get(id)?.owner).toBe(owner);
      expect(score).toBeCloseTo(product(query, stored.get(id)?.vector), 5);
      expect(score).toBeLessThanOrEqual((scores.get(owner)?.score ?? NaN) + 1e-6);
    }
    const best = [...scores.values()].slice(0, 5);
    wanted += best.length;
    found += best.filter(({ id }) => answer.some((each) => each.id === id)).length;
    first += answer[0]?.id === best[0]?.id ? 1 : 0;
  }
  expect(first).toBeGreaterThanOrEqual(29);
  await exact.close();
  return found / wanted;
}

describe('approximate search', { timeout: 120_000 }, () => {
  it('finds nearly all that the exact search finds, with its scores, while some come and others go', async () => {
    const stored = drawnPersons(3000, 1);
    const search = await open();
    await search.openGroup(1, { place: undefined, stored: pairsOf(stored) }, readerOf(stored));
    expect(await recall(search, stored, 2)).toBeGreaterThan(0.95);
    const coming = [...drawnPersons(6000, 3).values()].filter(({ id }) => id > 3000);
    for (let round = 0; round < 5; round += 1) {
      const leaving = [...stored.values()].filter(({ id }) => id % 7 === round);
      for (const { id } of leaving) stored.delete(id);
      const removed = search.remove(1, leaving);
      const some = coming.splice(0, 400);
      for (const each of some) stored.set(each.id, each);
      const added = search.add(some);
      // Asked for after the changes, it is of what there is then.
      const [query] = some;
      if (query === undefined) throw new Error('some come');
      const request = { query: query.vector, group: 1, count: 1, read: readerOf(stored) };
      expect(await search.nearest(request)).toMatchObject([{ id: query.id, owner: query.owner }]);
      await Promise.all([removed, added]);
      expect(search.size).toBe(stored.size);
    }
    expect(await recall(search, stored, 4)).toBeGreaterThan(0.9);
    await search.close();
  });

  it('answers every owner of a small group, and nothing of an empty or another one', async () => {
    const stored = drawnPersons(40, 5);
    const search = await open();
    await search.openGroup(1, { place: undefined, stored: pairsOf(stored) }, readerOf(stored));
    await search.openGroup(2, { place: undefined, stored: new Uint32Array(0) }, () => []);
    const query = stored.get(1)?.vector ?? new Float32Array(columns);
    const ask = (group: number, count: number) => search.nearest({ query, group, count, read: readerOf(stored) });
    expect(await ask(1, 8)).toHaveLength(8);
    expect(await ask(1, 100)).toHaveLength(8);
    expect(await ask(2, 5)).toEqual([]);
    await search.removeGroup(1);
    expect(await ask(1, 5)).toEqual([]);
    await expect(search.add([{ id: 1, mark: 0, group: 2, vector: new Float32Array(3) }])).rejects.toThrow(
      'a vector of 3 numbers',
    );
    await search.close();
  });

  it('begins with what was saved, and with what has changed since', async () => {
    const place = { folder: join(temporaryFolder(), 'index'), name: 'all' };
    const stored = drawnPersons(2000, 6);
    const group = async (columnsOfIt = contract, at = place) => {
      const search = await ApproximateSearch.open({ columns, contract: columnsOfIt, threads: 2 });
      const opened = await search.openGroup(1, { place: at, stored: pairsOf(stored) }, readerOf(stored));
      return { search, opened };
    };
    const { search, opened } = await group();
    expect(opened).toEqual({ read: 0, added: 2000 });
    // What comes later is saved at the end.
    const later = [...drawnPersons(2010, 6).values()].slice(2000);
    for (const each of later) stored.set(each.id, each);
    await search.add(later);
    await search.close();
    const second = await group();
    expect(second.opened).toEqual({ read: 2010, added: 0 });
    await second.search.close();
    // Without its knowledge: some go, some come, and of one the id is another face now.
    for (let id = 1; id <= 50; id += 1) stored.delete(id);
    const replaced = stored.get(60);
    if (replaced === undefined) throw new Error('it is there');
    stored.set(60, { ...replaced, mark: 7, vector: replaced.vector.map((value) => -value) });
    const third = await group();
    expect(third.opened).toEqual({ read: 1959, added: 1 });
    expect(third.search.size).toBe(stored.size);
    expect(await recall(third.search, stored, 7)).toBeGreaterThan(0.95);
    await third.search.close();
    expect(readdirSync(place.folder).sort()).toEqual(['all.3.graph', 'all.3.keys', 'all.json']);

    truncateSync(join(place.folder, 'all.3.graph'), 1000);
    const fourth = await group();
    expect(fourth.opened).toEqual({ read: 0, added: 1960, problem: 'a file of it is damaged' });
    expect(await recall(fourth.search, stored, 8)).toBeGreaterThan(0.95);
    await fourth.search.close();
    writeFileSync(join(place.folder, 'all.json'), '{"format": "faceflow-gr');
    const fifth = await group();
    expect(fifth.opened).toMatchObject({ added: 1960, problem: 'its description is damaged' });
    await fifth.search.close();
    const sixth = await group('cd'.repeat(32));
    expect(sixth.opened).toMatchObject({
      added: 1960,
      problem: 'it was made for other vectors, or by another version of the library',
    });
    mkdirSync(join(place.folder, 'other.1.keys'));
    await expect(group(undefined, { ...place, name: 'other' })).rejects.toMatchObject({
      failures: [{ code: 'graph-not-a-file', at: { file: join(place.folder, 'other.1.keys') } }],
    });
    await sixth.search.removeGroup(1);
    expect(readdirSync(place.folder).filter((name) => name === 'all.json')).toEqual([]);
    await sixth.search.close();
  });
});

it('says with what command its library is installed where it is not, or of another version', () => {
  const root = temporaryFolder();
  const version = usearchVersion(packageFolder());
  cpSync(join(packageFolder(), 'package.json'), join(root, 'package.json'));
  const failure = (): string => {
    try {
      loadUsearch(root);
    } catch (error) {
      if (error instanceof FailureError)
        return `${error.failures[0].code}: ${error.failures[0].message}\n  ${error.failures[0].hint ?? ''}`;
      throw error;
    }
    return 'loaded';
  };
  const hint = `In the folder of faceflow: npm install --no-save --ignore-scripts usearch@${version}. It has binaries for Linux (glibc) and macOS; the exact index, which is the usual one, needs nothing.`;
  expect(failure()).toBe(
    `index-library-missing: the approximate index needs usearch ${version}: Cannot find module 'usearch'\n  ${hint}`,
  );
  const folder = join(root, 'node_modules/usearch/javascript/dist/cjs');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'usearch.js'), '');
  writeFileSync(
    join(root, 'node_modules/usearch/package.json'),
    JSON.stringify({ version: '1.0.0', main: 'javascript/dist/cjs/usearch.js' }),
  );
  expect(failure()).toBe(
    `index-library-missing: the approximate index needs usearch ${version}: version 1.0.0 is installed\n  ${hint}`,
  );
  expect(loadUsearch(packageFolder()).Index).toBeTypeOf('function');
});
