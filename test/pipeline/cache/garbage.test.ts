import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  collectGarbage,
  freedBytes,
  listResults,
  pin,
  planGarbage,
  type CacheLimits,
  type StoredResult,
} from '../../../src/pipeline/cache/collect-garbage.ts';
import { ResultCache } from '../../../src/pipeline/cache/result-cache.ts';
import { checkpointFileName } from '../../../src/pipeline/cache/scratch-folder.ts';
import { folderSource } from '../../../src/pipeline/cache/sources/folder.ts';
import { TaskLocks } from '../../../src/pipeline/cache/task-locks.ts';
import { exportResults, importResults } from '../../../src/pipeline/cache/transfer.ts';
import type { Key } from '../../../src/pipeline/plan/key-document.ts';
import { documentOf, keyOf } from './sample-key.ts';

const hour = 3_600_000;
const now = 1_700_000_000_000;
const limits: CacheLimits = { bytes: 100, ageMs: 100 * hour, freshMs: hour };

let root: string;
let cache: ResultCache;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'garbage-'));
  cache = new ResultCache({ entries: join(root, 'cache'), scratch: join(root, 'scratch') });
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

async function store(letter: string, content: string, usedHoursAgo: number): Promise<Key> {
  const key = keyOf(letter);
  const scratch = cache.scratchOf(key);
  scratch.prepare(false);
  writeFileSync(join(scratch.outputs, 'out'), content);
  await cache.publish(
    key,
    { out: { kind: 'file', path: 'out' } },
    {
      keyDocument: documentOf(letter),
      experiment: 'test',
      task: letter,
      run: 'run',
      createdAt: '2024-01-01T00:00:00.000Z',
      durationMs: 1,
      peakMemoryBytes: null,
      engine: null,
      figures: [],
    },
  );
  scratch.remove();
  const seconds = (now - usedHoursAgo * hour) / 1000;
  utimesSync(join(cache.entryFolder(key), 'entry.json'), seconds, seconds);
  return key;
}

const dropped = (results: readonly StoredResult[], which: CacheLimits = limits): string[] =>
  planGarbage(results, which, now).drop.map(({ key, why }) => `${key.slice(0, 1)} ${why}`);

describe('what leaves a cache', () => {
  it('is what was not used for too long', async () => {
    await store('a', 'x', 99);
    await store('b', 'x', 101);
    expect(dropped(listResults(cache))).toEqual(['b old']);
  });

  it('is what was used least lately, until the rest fits', async () => {
    await store('a', 'x'.repeat(60), 5);
    await store('b', 'x'.repeat(60), 3);
    await store('c', 'x'.repeat(30), 4);
    expect(dropped(listResults(cache))).toEqual(['a size']);
  });

  it('is never what was used just now, nor what is pinned', async () => {
    await store('a', 'x'.repeat(200), 0.5);
    pin(cache, await store('b', 'x'.repeat(200), 1000), 'for the paper');
    await store('c', 'x', 2);
    expect(dropped(listResults(cache))).toEqual(['c size']);
  });

  it('is what has lost its description', async () => {
    rmSync(join(cache.entryFolder(await store('a', 'x', 2)), 'entry.json'));
    expect(dropped(listResults(cache))).toEqual(['a broken']);
  });
});

describe('two results with the same content', () => {
  it('are on the disk once, and free nothing before the last of them goes', async () => {
    const content = 'x'.repeat(10_000);
    const keys = [await store('a', content, 1), await store('b', content, 2)];
    const inodes = keys.map((key) => statSync(join(cache.entryFolder(key), 'outputs/out')).ino);
    expect(new Set(inodes).size).toBe(1);
    expect(freedBytes(cache, keys.slice(0, 1))).toBe(0);
    expect(freedBytes(cache, keys)).toBe(10_000);
    expect((await cache.verify(keys[0] ?? keyOf('a'))).state).toBe('whole');
  });

  it('do not share a file that another program has written to', async () => {
    const content = 'x'.repeat(10_000);
    const first = join(cache.entryFolder(await store('a', content, 1)), 'outputs/out');
    rmSync(first);
    const objects = join(cache.objectsFolder, readdirSync(cache.objectsFolder)[0] ?? '');
    const object = join(objects, readdirSync(objects)[0] ?? '');
    rmSync(object);
    writeFileSync(object, 'y'.repeat(10_000));
    const key = await store('b', content, 2);
    expect((await cache.verify(key)).state).toBe('whole');
  });
});

describe('collecting garbage', () => {
  it('removes results, contents without a use and abandoned work, but nothing that is locked', async () => {
    await store('a', 'a'.repeat(10_000), 200);
    await store('b', 'b'.repeat(10_000), 200);
    mkdirSync(join(root, 'scratch', keyOf('c')), { recursive: true });
    utimesSync(join(root, 'scratch', keyOf('c')), 1, 1);
    const locks = new TaskLocks(join(root, 'locks.db'), 'collector');
    const other = new TaskLocks(join(root, 'locks.db'), 'runner');
    expect(other.tryAcquire(keyOf('b')).outcome).toBe('acquired');
    const request = { limits, now: Date.now(), isDry: true };
    const dry = collectGarbage(cache, locks, request);
    expect({ freed: dry.freedBytes, drop: dry.drop.length, scratch: dry.scratch }).toEqual({
      freed: 20_000,
      drop: 2,
      scratch: [keyOf('c')],
    });
    expect(cache.keys()).toHaveLength(2);
    collectGarbage(cache, locks, { ...request, isDry: false });
    expect(cache.keys()).toEqual([keyOf('b')]);
    expect(readdirSync(join(root, 'scratch'))).toEqual([]);
    expect(
      readdirSync(cache.objectsFolder).flatMap((part) => readdirSync(join(cache.objectsFolder, part))),
    ).toHaveLength(1);
    locks.close();
    other.close();
  });

  it('leaves work alone in which a task has saved a checkpoint until its lock was free', () => {
    const scratch = join(root, 'scratch', keyOf('c'));
    mkdirSync(scratch, { recursive: true });
    const locks = new TaskLocks(join(root, 'locks.db'), 'collector');
    const tryAcquire = locks.tryAcquire.bind(locks);
    locks.tryAcquire = (key) => {
      writeFileSync(join(scratch, checkpointFileName), '7');
      return tryAcquire(key);
    };
    const { scratch: removed } = collectGarbage(cache, locks, { limits, now: Date.now(), isDry: false });
    expect(removed).toEqual([]);
    expect(readdirSync(scratch)).toEqual([checkpointFileName]);
    expect(locks.isFree(keyOf('c'))).toBe(true);
    locks.close();
  });
});

describe('results taken to another cache', () => {
  it('are whole there, and a damaged one is not taken', async () => {
    const keys = [await store('a', 'one', 1), await store('b', 'two', 1)];
    expect(await exportResults(cache, keys, join(root, 'out'))).toEqual(keys);
    expect(await exportResults(cache, keys, join(root, 'out'))).toEqual([]);
    const file = join(root, 'out', keyOf('b'), 'outputs/out');
    rmSync(file);
    writeFileSync(file, 'TWO');
    const other = new ResultCache({ entries: join(root, 'other'), scratch: join(root, 'other-scratch') });
    const result = await importResults(other, join(root, 'out'));
    expect(result.imported).toEqual([keyOf('a')]);
    expect(result.damaged.map(({ key }) => key)).toEqual([keyOf('b')]);
    expect(other.keys()).toEqual([keyOf('a')]);
    expect((await importResults(other, join(root, 'out'))).known).toEqual([keyOf('a')]);
  });

  it('are found in a second cache, and copied when they are adopted', async () => {
    const key = await store('a', 'one', 1);
    const folders = { entries: join(root, 'other'), scratch: join(root, 'other-scratch') };
    const other = new ResultCache(folders, [folderSource(cache.folders.entries)]);
    expect((await other.find(key)).state).toBe('elsewhere');
    expect(other.keys()).toEqual([]);
    expect((await other.adopt(key)).state).toBe('whole');
    expect((await other.find(key)).state).toBe('whole');
  });
});
