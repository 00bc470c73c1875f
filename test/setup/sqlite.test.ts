import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureSqlite } from '../../setup/sqlite.mjs';

const isOld = process.versions.node.startsWith('20.');
const line = isOld ? 'node-20' : 'node-22';

let root: string;

/** A package of set-up's own with a better-sqlite3 of a few lines, which on Node.js 20 has to be made first, as the real one. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'flow-sqlite-'));
  const install = isOld ? { scripts: { install: 'node make.js' } } : {};
  write(
    'package/package.json',
    JSON.stringify({ name: 'better-sqlite3', version: '0.0.1', main: 'index.js', ...install }),
  );
  write(
    'package/make.js',
    `const fs = require('fs');
     fs.mkdirSync('build/Release', { recursive: true });
     fs.writeFileSync('build/Release/better_sqlite3.node', '');
     fs.appendFileSync(${JSON.stringify(join(root, 'made'))}, 'x');`,
  );
  write(
    'package/index.js',
    `${isOld ? "require('fs').readFileSync(__dirname + '/build/Release/better_sqlite3.node');" : ''}
     module.exports = class {
       prepare() { return { pluck: () => ({ get: () => '9.8.7' }) }; }
     };`,
  );
  execFileSync('npm', ['pack', '--silent', './package'], { cwd: root });
  const dependencies = { 'better-sqlite3': `file:${join(root, 'better-sqlite3-0.0.1.tgz')}` };
  const allowScripts = { 'better-sqlite3': true };
  write(
    `setup/sqlite/${line}/package.json`,
    JSON.stringify({ name: 'sqlite', private: true, dependencies, allowScripts }),
  );
  const lock = ['install', '--package-lock-only', '--ignore-scripts', '--offline', '--no-audit', '--no-fund'];
  execFileSync('npm', lock, { cwd: join(root, 'setup', 'sqlite', line), stdio: 'ignore' });
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function ensure(): ReturnType<typeof ensureSqlite> {
  return ensureSqlite(root, { ...process.env, FLOW_LIBRARIES: join(root, 'cache') });
}

/** One letter each time that the binary was made. */
function madeMarks(): string {
  const path = join(root, 'made');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

describe('the SQLite of set-up', () => {
  it('is installed and made for this Node.js once, and made only where it has to be', async () => {
    expect(await ensure()).toEqual({ version: '9.8.7', origin: isOld ? 'made' : 'shipped' });
    expect(await ensure()).toEqual({ version: '9.8.7', origin: isOld ? 'kept' : 'shipped' });
    // What `npm ci` does to it.
    rmSync(join(root, 'node_modules'), { recursive: true });
    expect(await ensure()).toEqual({ version: '9.8.7', origin: isOld ? 'kept' : 'shipped' });
    expect(madeMarks()).toBe(isOld ? 'x' : '');
  });

  it('names what is wrong with one that does not load, and the remedy', async () => {
    await ensure();
    write(
      `node_modules/.faceflow/sqlite-${line}/node_modules/better-sqlite3/index.js`,
      "throw new Error('no such symbol')",
    );
    await expect(ensure()).rejects.toMatchObject({
      message: 'SQLite (better-sqlite3) does not load: Error: no such symbol',
      remedy: 'remove node_modules, then npm ci',
    });
  });
});
