import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FailureError } from '../../src/core/failure.ts';
import { isSqliteError, loadSqlite, openSqlite } from '../../src/core/sqlite.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'flow-sqlite-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test('a database opens with the SQLite that fits this Node.js', () => {
  const database = openSqlite(':memory:');
  database.exec('create table run (id text primary key)');
  database.prepare('insert into run values (?)').run('a');
  expect(database.prepare('select id from run').pluck().all()).toEqual(['a']);
  database.close();
});

test('an error of SQLite is known by its code', () => {
  const database = openSqlite(':memory:');
  database.exec("create table run (id text primary key); insert into run values ('a')");
  let thrown: unknown;
  try {
    database.exec("insert into run values ('a')");
  } catch (error) {
    thrown = error;
  }
  database.close();
  expect(isSqliteError(thrown, 'SQLITE_CONSTRAINT')).toBe(true);
  expect(isSqliteError(thrown, 'SQLITE_NOTADB', 'SQLITE_CORRUPT')).toBe(false);
  expect(isSqliteError(new Error('SQLITE_CONSTRAINT'), 'SQLITE_CONSTRAINT')).toBe(false);
});

test.each(['20.19.0', '22.20.0', '24.19.0'])('a SQLite that is not installed for Node.js %s is a failure', (node) => {
  const root = temporaryFolder();
  writeFileSync(join(root, 'package.json'), '{}');
  let thrown: unknown;
  try {
    loadSqlite(root, node);
  } catch (error) {
    thrown = error;
  }
  const [failure] = thrown instanceof FailureError ? thrown.failures : [];
  expect(failure?.code).toBe('sqlite-missing');
  expect(failure?.message).toMatch(new RegExp(`^SQLite for Node.js ${node} does not load: Cannot find module`));
  expect(failure?.message).toContain(node.startsWith('20') ? 'sqlite-node-20/' : 'sqlite-node-22/');
  expect(failure?.hint).toContain('npm ci');
});
