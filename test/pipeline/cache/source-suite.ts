import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CacheEntry } from '../../../src/pipeline/cache/cache-entry.ts';
import { ResultCache } from '../../../src/pipeline/cache/result-cache.ts';
import type { ResultSource } from '../../../src/pipeline/cache/source.ts';
import type { Key } from '../../../src/pipeline/plan/key-document.ts';
import { documentOf, keyOf } from './sample-key.ts';

/** A source that results can be offered to, and a way to damage what it stores. */
export interface SourceUnderTest {
  readonly source: Required<ResultSource>;
  /** Changes the content of a stored file, of the same number of bytes. */
  damage(key: Key, path: string): void;
}

/** What every source of results has to do. `make` is given a folder, which does not exist yet. */
export function sourceSuite(name: string, make: (folder: string) => SourceUnderTest): void {
  let root: string;
  let origin: ResultCache;
  let tested: SourceUnderTest;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'source-'));
    origin = cacheIn('origin');
    tested = make(join(root, 'source'));
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  function cacheIn(folder: string, sources: readonly ResultSource[] = []): ResultCache {
    return new ResultCache({ entries: join(root, folder), scratch: join(root, `${folder}-scratch`) }, sources);
  }

  async function stored(letter: string, text: string): Promise<CacheEntry> {
    const scratch = origin.scratchOf(keyOf(letter));
    scratch.prepare(false);
    writeFileSync(join(scratch.outputs, 'out.txt'), text);
    mkdirSync(join(scratch.outputs, 'many', 'empty'), { recursive: true });
    writeFileSync(join(scratch.outputs, 'many', 'a file'), text.repeat(5000));
    writeFileSync(join(scratch.outputs, 'many', 'ü'), new Uint8Array([0, 255]));
    symlinkSync('a file', join(scratch.outputs, 'many', 'link'));
    const plans = { out: { kind: 'file', path: 'out.txt' }, many: { kind: 'folder', path: 'many' } };
    const facts = {
      keyDocument: documentOf(letter),
      experiment: 'test',
      task: letter,
      run: 'run',
      createdAt: '2024-01-01T00:00:00.000Z',
      durationMs: 1,
      peakMemoryBytes: null,
      engine: null,
      figures: [{ name: 'accuracy', value: 0.5 }],
    };
    return origin.publish(keyOf(letter), plans, facts);
  }

  async function offered(letter: string, text = 'text'): Promise<CacheEntry> {
    const entry = await stored(letter, text);
    expect(await tested.source.offer(entry.key, origin.entryFolder(entry.key))).toBe(true);
    return entry;
  }

  const facts = ({ key, task, createdAt, figures, outputs }: CacheEntry): unknown => ({
    key,
    task,
    createdAt,
    figures,
    digests: Object.entries(outputs).map(([port, { digest }]) => [port, digest]),
  });

  describe(`${name}: a result`, () => {
    it('that was offered is found, and brought to a cache whole', async () => {
      const entry = await offered('a');
      const cache = cacheIn('other', [tested.source]);
      const found = await cache.find(entry.key);
      expect(found.state === 'elsewhere' && facts(found.entry)).toEqual(facts(entry));
      expect(cache.keys()).toEqual([]);
      expect((await cache.adopt(entry.key)).state).toBe('whole');
      expect((await cache.find(entry.key)).state).toBe('whole');
      expect((await cache.verify(entry.key)).state).toBe('whole');
      const folder = join(cache.entryFolder(entry.key), 'outputs', 'many');
      expect(readdirSync(folder).sort()).toEqual(['a file', 'empty', 'link', 'ü']);
      expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('text'.repeat(5000));
    });

    it('that was never offered is not there', async () => {
      await offered('a');
      expect(await tested.source.lookUp(keyOf('b'))).toBeUndefined();
      expect(await tested.source.fetch(keyOf('b'), join(root, 'copy'))).toBe(false);
      const cache = cacheIn('other', [tested.source]);
      expect((await cache.find(keyOf('b'))).state).toBe('absent');
      expect((await cache.adopt(keyOf('b'))).state).toBe('absent');
    });

    it('is not there while nothing was offered at all', async () => {
      expect(await tested.source.lookUp(keyOf('a'))).toBeUndefined();
      expect(await tested.source.fetch(keyOf('a'), join(root, 'copy'))).toBe(false);
    });

    it('offered a second time changes nothing', async () => {
      const entry = await offered('a');
      expect(await tested.source.offer(entry.key, origin.entryFolder(entry.key))).toBe(false);
      expect((await cacheIn('other', [tested.source]).adopt(entry.key)).state).toBe('whole');
    });

    it('stays where it is: the source has a copy of its own', async () => {
      const entry = await offered('a');
      expect((await origin.verify(entry.key)).state).toBe('whole');
      origin.drop(entry.key);
      expect((await cacheIn('other', [tested.source]).adopt(entry.key)).state).toBe('whole');
    });

    it('that is offered by several at the same time is there once, and whole', async () => {
      const entry = await stored('a', 'text');
      const offers = [1, 2, 3].map(() => tested.source.offer(entry.key, origin.entryFolder(entry.key)));
      expect((await Promise.all(offers)).filter(Boolean).length).toBeGreaterThan(0);
      expect((await cacheIn('other', [tested.source]).adopt(entry.key)).state).toBe('whole');
    });

    it.each(['outputs/out.txt', 'outputs/many/ü', 'entry.json'])('is not taken if its %s was damaged', async (path) => {
      const { key } = await offered('a');
      await offered('b');
      tested.damage(key, path);
      const cache = cacheIn('other', [tested.source]);
      expect((await cache.adopt(key)).state).not.toBe('whole');
      expect(cache.keys()).toEqual([]);
      expect(readdirSync(join(root, 'other-scratch'))).toEqual([]);
      expect((await cache.adopt(keyOf('b'))).state).toBe('whole');
    });
  });

  it.each([
    ['key document', 'params', 'its key is not that of its key document'],
    ['outputs', '"path": "out.txt"', 'output out is not in its folder outputs'],
  ])(`${name}: a result whose %s leads elsewhere is not taken`, async (_, word, problem) => {
    const { key } = await stored('a', 'text');
    const file = join(origin.entryFolder(key), 'entry.json');
    const text = readFileSync(file, 'utf8');
    expect(text).toContain(word);
    writeFileSync(file, text.replace(word, word === 'params' ? 'words' : '"path": "../out.txt"'));
    await tested.source.offer(key, origin.entryFolder(key));
    expect(await cacheIn('other', [tested.source]).adopt(key)).toEqual({ state: 'damaged', problem });
  });

  it(`${name}: is asked in turn with others, and the first whole result is taken`, async () => {
    const { key } = await offered('a');
    const second = make(join(root, 'second'));
    await second.source.offer(key, origin.entryFolder(key));
    tested.damage(key, 'outputs/out.txt');
    const cache = cacheIn('other', [make(join(root, 'empty')).source, tested.source, second.source]);
    expect((await cache.adopt(key)).state).toBe('whole');
  });
}

/** Replaces a file by one of as many other bytes. */
export function overwrite(path: string): void {
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  const bytes = readFileSync(path).map((byte) => byte ^ 1);
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
}
