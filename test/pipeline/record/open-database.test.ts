import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../../../src/core/sqlite.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { factsOf } from '../../../src/pipeline/record/find-run.ts';
import { migrations } from '../../../src/pipeline/record/migrations.ts';
import { openDatabase } from '../../../src/pipeline/record/open-database.ts';
import { runOf } from '../../../src/pipeline/record/past-runs.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flow-database-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A database as an earlier version has left it, with one run in it. */
function writeOld(path: string, version: number): void {
  const old = openSqlite(path);
  for (const step of migrations.slice(0, version)) old.exec(step);
  old
    .prepare(
      `insert into run (id, experiment, file, workspace, startedAt, engineName, engineVersion, host, runnerPid,
         runnerStarted, facts) values ('r1', 'e', 'e.yaml', '/w', 1, 'cpu', '1', 'h', 1, '2', '{"id":"r1"}')`,
    )
    .run();
  old.pragma(`user_version = ${version}`);
  old.close();
}

it.each([1, 2])('a database of version %i is brought up to date, and keeps its runs', (version) => {
  const path = join(folder, 'flow.db');
  writeOld(path, version);
  const database = openDatabase(path);
  expect(database.pragma('user_version', { simple: true })).toBe(migrations.length);
  expect(runOf(database, 'r1')).toMatchObject({ experiment: 'e', outcome: 'running' });
  expect(factsOf(database, 'r1')).toEqual({ id: 'r1' });
  expect(database.pragma('foreign_key_check')).toEqual([]);
  database.prepare(`delete from run where id = 'r1'`).run();
  expect(database.prepare('select count(*) from runFacts').pluck().get()).toBe(0);
  database.close();
});

it('a database of a later version is left alone', () => {
  const path = join(folder, 'flow.db');
  writeOld(path, 2);
  const later = openSqlite(path);
  later.pragma('user_version = 1000');
  later.close();
  expect(() => openDatabase(path)).toThrow(
    `expected a database of version ${migrations.length} or less, found version 1000`,
  );
});
