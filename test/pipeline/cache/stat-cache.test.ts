import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../../../src/core/sqlite.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { digestOf } from '../../../src/core/digest.ts';
import { StatCache } from '../../../src/pipeline/cache/stat-cache.ts';

let folder: string;
let cache: StatCache;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stat-'));
  cache = new StatCache(join(folder, 'stat.db'));
});

afterEach(() => {
  cache.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Whether a file was read, told by its access time, which the test sets back before. */
function setUnread(path: string): void {
  const { mtimeMs } = statSync(path);
  utimesSync(path, 0, mtimeMs / 1000);
}

function wasRead(path: string): boolean {
  return statSync(path).atimeMs > 1000;
}

it('reads a file once while it does not change', async () => {
  const path = join(folder, 'data');
  writeFileSync(path, 'content');
  setUnread(path);
  await sleep(40);
  const first = await cache.digest(path);
  expect(first).toEqual({ digest: digestOf('content'), bytes: 7 });
  expect(wasRead(path)).toBe(true);
  replaceRecord(path, 'f'.repeat(64));
  // The record is believed: the file is not looked into.
  expect((await cache.digest(path)).digest).toBe('f'.repeat(64));
});

it('reads again a file that was recorded in the same moment as it was written', async () => {
  const path = join(folder, 'data');
  writeFileSync(path, 'content');
  // However long this process was not given a processor.
  vi.useFakeTimers({ toFake: ['Date'], now: statSync(path).ctimeMs });
  await cache.digest(path);
  vi.useRealTimers();
  replaceRecord(path, 'f'.repeat(64));
  // Recorded within the grain of the clock: a second write could have left the same time.
  expect((await cache.digest(path)).digest).toBe(digestOf('content'));
});

it('notices content that was replaced under the same size and time', async () => {
  const path = join(folder, 'data');
  writeFileSync(path, 'content');
  const { mtimeMs } = statSync(path);
  await sleep(40);
  await cache.digest(path);
  writeFileSync(path, 'CONTENT');
  utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
  expect((await cache.digest(path)).digest).toBe(digestOf('CONTENT'));
});

it('reads of a folder only the files that have changed', async () => {
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  for (let index = 0; index < 20; index += 1) writeFileSync(join(tree, String(index)), `file ${index}`);
  await sleep(40);
  const before = await cache.digest(tree);
  writeFileSync(join(tree, '7'), 'changed');
  replaceRecord(join(tree, '3'), 'f'.repeat(64));
  const poisoned = await cache.digest(tree);
  expect(poisoned.digest).not.toBe(before.digest);
  // Had file 3 been read again, its true digest would have come back.
  writeFileSync(join(tree, '7'), 'file 7');
  expect((await cache.digest(tree)).digest).not.toBe(before.digest);
  const fresh = new StatCache(join(folder, 'fresh.db'));
  expect((await fresh.digest(tree)).digest).toBe(before.digest);
  fresh.close();
  expect(readFileSync(join(tree, '3'), 'utf8')).toBe('file 3');
});

/** Puts a recognisable digest into the record of a path: if it comes back, the file was not read. */
function replaceRecord(path: string, digest: string): void {
  const database = openSqlite(join(folder, 'stat.db'));
  const { changes } = database.prepare('update digest set digest = ? where path = ?').run(digest, path);
  database.close();
  expect(changes).toBe(1);
}
