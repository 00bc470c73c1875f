import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/core/digest.ts';
import type { CacheEntry, ExecutionFacts } from '../../../src/pipeline/cache/cache-entry.ts';
import { ResultCache } from '../../../src/pipeline/cache/result-cache.ts';
import { documentOf, keyOf } from './sample-key.ts';

const key = keyOf('a');
const facts: ExecutionFacts = {
  keyDocument: documentOf('a'),
  experiment: 'test',
  task: 'task',
  run: 'run',
  createdAt: '2024-01-01T00:00:00.000Z',
  durationMs: 1,
  peakMemoryBytes: null,
  engine: null,
  figures: [{ name: 'accuracy', value: 0.5 }],
};
const plans = { file: { kind: 'file', path: 'a.txt' }, folder: { kind: 'folder', path: 'many' } };

let root: string;
let cache: ResultCache;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cache-'));
  cache = new ResultCache({ entries: join(root, 'cache'), scratch: join(root, 'scratch') });
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** What a task would leave in its scratch folder. */
function leave(text: string, files = 3): void {
  const scratch = cache.scratchOf(key);
  scratch.prepare(false);
  writeFileSync(join(scratch.outputs, 'a.txt'), text);
  mkdirSync(join(scratch.outputs, 'many'));
  for (let index = 0; index < files; index += 1) writeFileSync(join(scratch.outputs, 'many', `${index}`), `${index}`);
}

async function store(): Promise<CacheEntry> {
  leave('text');
  return cache.publish(key, plans, facts);
}

const stored = (path: string): string => join(root, 'cache', key, 'outputs', path);

describe('a published result', () => {
  it('is found with its facts, digests and files', async () => {
    const entry = await store();
    expect(entry.outputs['file']).toMatchObject({ kind: 'file', path: 'a.txt', digest: digestOf('text'), bytes: 4 });
    expect(await cache.find(key)).toEqual({ state: 'whole', entry });
    expect(readFileSync(stored('a.txt'), 'utf8')).toBe('text');
    expect(readdirSync(join(root, 'scratch', key))).toEqual(['work']);
  });

  it('of many files is written by the other way of syncing and found as well', async () => {
    leave('text', 150);
    await cache.publish(key, plans, facts);
    expect((await cache.find(key)).state).toBe('whole');
    expect(readdirSync(stored('many'))).toHaveLength(150);
  });

  it('takes the place of a damaged one', async () => {
    await store();
    rmSync(stored('a.txt'));
    expect((await cache.find(key)).state).toBe('damaged');
    await store();
    expect((await cache.find(key)).state).toBe('whole');
    expect(readdirSync(join(root, 'scratch'))).toEqual([key]);
  });

  it('may have been copied without its times: it is read once and then believed again', async () => {
    await store();
    cpSync(join(root, 'cache'), join(root, 'copy'), { recursive: true });
    const copied = new ResultCache({ entries: join(root, 'copy'), scratch: join(root, 'scratch') });
    expect((await copied.find(key)).state).toBe('whole');
  });
});

describe('a result is damaged', () => {
  it.each<[string, () => void, RegExp]>([
    [
      'when an output is gone',
      () => {
        rmSync(stored('a.txt'));
      },
      /output file is missing/,
    ],
    [
      'when a file of a folder is gone',
      () => {
        rmSync(stored('many/1'));
      },
      /output folder is not what was stored/,
    ],
    [
      'when a file was added',
      () => {
        writeFileSync(stored('many/new'), '');
      },
      /output folder is not what was stored/,
    ],
    [
      'when a file was cut off',
      () => {
        overwrite('a.txt', 'te');
      },
      /expected 4 bytes, found 2 bytes/,
    ],
    [
      'when a file was rewritten',
      () => {
        overwrite('a.txt', 'TEXT');
      },
      /its content differs/,
    ],
    [
      'when its description is gone',
      () => {
        rmSync(join(root, 'cache', key, 'entry.json'));
      },
      /entry.json is missing/,
    ],
    [
      'when its description is of another key',
      () => {
        otherKey();
      },
      /entry.json is missing or cut off/,
    ],
  ])('%s', async (_, damage, problem) => {
    await store();
    damage();
    const lookup = await cache.find(key);
    expect(lookup.state).toBe('damaged');
    expect(lookup.state === 'damaged' && lookup.problem).toMatch(problem);
  });

  it('when a byte was changed behind the back of stat, which only verify can see', async () => {
    const entry = await store();
    const times = 1_700_000_000;
    utimesSync(stored('a.txt'), times, times);
    expect((await cache.find(key)).state).toBe('whole');
    overwrite('a.txt', 'TEXT');
    utimesSync(stored('a.txt'), times, times);
    expect((await cache.find(key)).state).toBe('whole');
    expect((await cache.verify(key)).state).toBe('damaged');
    expect(entry.key).toBe(key);
  });

  function overwrite(path: string, text: string): void {
    chmodSync(stored(path), 0o644);
    writeFileSync(stored(path), text);
  }

  function otherKey(): void {
    const path = join(root, 'cache', key, 'entry.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(key, 'b'.repeat(64)));
  }
});

describe('a result is refused', () => {
  it('when an output is missing', async () => {
    cache.scratchOf(key).prepare(false);
    await expect(cache.publish(key, plans, facts)).rejects.toThrow('without writing its output file (a.txt)');
    expect((await cache.find(key)).state).toBe('absent');
  });

  it('when an output is a link to something elsewhere', async () => {
    leave('text');
    const scratch = cache.scratchOf(key);
    writeFileSync(join(root, 'elsewhere'), 'x');
    symlinkSync(join(root, 'elsewhere'), join(scratch.outputs, 'many', 'link'));
    await expect(cache.publish(key, plans, facts)).rejects.toThrow('leads out of the outputs');
    expect(existsSync(cache.entryFolder(key))).toBe(false);
  });
});

describe('a scratch folder', () => {
  it('keeps the work of an interrupted task if there is a checkpoint, and never its outputs', () => {
    leave('text');
    const scratch = cache.scratchOf(key);
    writeFileSync(join(scratch.work, 'checkpoint'), '7');
    scratch.prepare(true);
    expect(readdirSync(scratch.outputs)).toEqual([]);
    expect(readFileSync(join(scratch.work, 'checkpoint'), 'utf8')).toBe('7');
    scratch.prepare(false);
    expect(readdirSync(scratch.work)).toEqual([]);
  });
});
